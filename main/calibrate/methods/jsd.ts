import { eachCell, lastBin, leastDivergence, logSums } from './divergence.ts'
import { thresholdMethod } from './threshold-method.ts'

/** Least Jensen-Shannon divergence ½KL(P,M) + ½KL(Q,M), M = (P+Q)/2 (ALGORITHMS 3.3). */
export const jsd = thresholdMethod(
  'jsd',
  leastDivergence((candidate) => {
    const { histogram: { a }, kept } = candidate
    const { p, q, pLogP, qLogQ } = logSums(candidate)
    const last = lastBin(candidate)
    let middle = 0
    eachCell(candidate, (from, to, mass, bins) => {
      const share = mass / bins / q
      for (let bin = from; bin < to; bin++) {
        const seen = bin === kept - 1 ? last : a[bin]!
        if (seen === 0) continue
        const m = (seen / p + share) / 2
        middle += m * Math.log(m)
      }
    })
    return (pLogP / p - Math.log(p) + qLogQ / q - Math.log(q)) / 2 - middle
  }, 'Jensen-Shannon divergence'),
)
