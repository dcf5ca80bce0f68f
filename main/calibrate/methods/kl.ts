import { leastDivergence, logSums } from './divergence.ts'
import { thresholdMethod } from './threshold-method.ts'

/** Least Kullback-Leibler divergence Σ P ln(P/Q) of the quantized from the seen distribution (ALGORITHMS 3.3). */
export const kl = thresholdMethod(
  'kl',
  leastDivergence((candidate) => {
    const { p, q, pLogP, pLogQ } = logSums(candidate)
    return (pLogP - pLogQ) / p - Math.log(p / q)
  }, 'KL divergence'),
)
