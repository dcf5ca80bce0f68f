import { leastDivergence, logSums } from './divergence.ts'
import { thresholdMethod } from './threshold-method.ts'

/** Least KL(P,Q) + KL(Q,P) (ALGORITHMS 3.3). */
export const symkl = thresholdMethod(
  'symkl',
  leastDivergence((candidate) => {
    const { p, q, pLogP, pLogQ, qLogQ, qLogP } = logSums(candidate)
    // The logarithms of the two sums cancel.
    return (pLogP - pLogQ) / p + (qLogQ - qLogP) / q
  }, 'symmetric KL divergence'),
)
