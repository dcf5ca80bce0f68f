import { Fault } from '../../core/fault.ts'
import { rangeOf } from './levels.ts'
import { thresholdMethod } from './threshold-method.ts'
import { valueAtRank, type View } from './view.ts'

export const DEFAULT_PERCENTILE = 0.99999

/**
 * Clips a share 1 - p of the values (ALGORITHMS 3.2): the p-quantile of |x|, zeros included, for symmetric grids and
 * one-sided data; else half of the share at each end. Interpolated inside the bin.
 */
export const percentile = thresholdMethod('percentile', (view, grid, { p = DEFAULT_PERCENTILE }) => {
  if (!(p > 0 && p < 1)) throw new Fault({ code: 'recipe.percentile', what: `p must lie between 0 and 1, not ${p}`, next: 'Give a share such as 0.9999.' })
  if (grid.symmetric || view.oneSided !== null) {
    return { ...rangeOf(view, magnitudeQuantile(view, p)), why: `${percent(p)} of |x|` }
  }
  const tail = (1 - p) / 2
  const fromEnd = tail * (view.count - 1) + 1
  const lo = 0 - valueAtRank(view.negative, view.negative.total - fromEnd)
  const hi = valueAtRank(view.positive, view.positive.total - fromEnd)
  return { lo, hi, why: `${percent(p)} of the values, as many cut below as above` }
})

/** The p-quantile of |x|, zeros included: rank p·(count - 1), as numpy's default counts. */
export const magnitudeQuantile = (view: View, p: number): number => valueAtRank(view.magnitude, p * (view.count - 1) - view.zeros)

const percent = (p: number): string => `${Number((100 * p).toPrecision(9))} %`
