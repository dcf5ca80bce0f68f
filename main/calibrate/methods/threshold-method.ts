import { Fault } from '../../core/fault.ts'
import { bitsOf, type Grid, type Range, type Threshold } from '../../core/grid.ts'
import type { TensorStatistics } from '../statistics.ts'
import { expectedError } from './expected-error.ts'
import { rangeOf } from './levels.ts'
import { type View, viewOf } from './view.ts'

export interface MethodOptions {
  /** Percentile: the share of values that is not clipped, in (0, 1). */
  readonly p?: number
  /** Multiplies the range that was found; above 1 it may become wider than the data. */
  readonly thresholdScale?: number
  /** A range instead of a method: both ends, or the largest |x|. */
  readonly fixed?: number | Range
}

/** Picks the clip range of a tensor for the grid that it will be deployed on. Throws `samples.no-data` when nothing was seen. */
export type ThresholdMethod = (statistics: TensorStatistics, grid: Grid, options?: MethodOptions) => Threshold

/** What a method finds: a range with the reason, or why it cannot decide (then MAX does). */
export type Finding = (Range & { readonly why: string }) | { readonly cannot: string }

export const maxRange = (view: View): Range => rangeOf(view, view.absmax)

/** A 16-bit clip must gain this much on MAX by the histogram, whose bins are coarser than the steps there. */
const WIDE_GAIN = 0.75

/** Clipping away all but this share of the range is no answer. */
const NARROWEST = 1e-7

/**
 * Wraps what makes a method with the rules that all share (ALGORITHMS 3): no data is an error, all zeros is told, the range
 * holds 0 and is never wider than the data, MAX decides where the method cannot, and above 8 bits unless it is error-based.
 */
export function thresholdMethod(name: string, find: (view: View, grid: Grid, options: MethodOptions) => Finding, rules: { errorBased?: boolean } = {}): ThresholdMethod {
  return (statistics, grid, options = {}) => {
    if (statistics.sampled === 0) {
      throw new Fault({ code: 'samples.no-data', where: `tensor '${statistics.tensor}'`, what: 'no values were seen', next: 'Calibrate with samples that reach this tensor.' })
    }
    const view = viewOf(statistics)
    if (options.fixed !== undefined) return scaled(fixedThreshold(view, options.fixed), options)
    if (view.absmax === 0) return { lo: 0, hi: 0, method: name, why: 'constantZero: every value seen is 0' }
    return scaled(decide(name, view, grid, find, options, rules.errorBased ?? false), options)
  }
}

function decide(name: string, view: View, grid: Grid, find: (view: View, grid: Grid, options: MethodOptions) => Finding, options: MethodOptions, errorBased: boolean): Threshold {
  const widest = maxRange(view)
  const max = (why: string): Threshold => ({ ...widest, method: 'max', why })
  const wide = bitsOf(grid.type) > 8
  if (wide && !errorBased && name !== 'max') return max(`${name} is for up to 8 bits: ${bitsOf(grid.type)} bits hold the whole range`)
  const found = find(view, grid, options)
  if ('cannot' in found) return max(`${name} cannot decide: ${found.cannot}`)
  const lo = Math.min(Math.max(found.lo, widest.lo), 0)
  const hi = Math.max(Math.min(found.hi, widest.hi), 0)
  if (!(hi - lo >= NARROWEST * (view.max - view.min))) return max(`${name} cannot decide: its range ${lo}..${hi} holds next to nothing`)
  if (wide && errorBased && (lo > widest.lo || hi < widest.hi)) {
    const gain = expectedError(view, lo, hi, grid).total / expectedError(view, widest.lo, widest.hi, grid).total
    if (!(gain < WIDE_GAIN)) return max(`clipping gains nothing sure at ${bitsOf(grid.type)} bits`)
  }
  return { lo, hi, method: name, why: found.why }
}

/** A single number is cut to the smaller side's extreme there, so that an asymmetric grid wastes no codes. */
function fixedThreshold(view: View, fixed: number | Range): Threshold {
  const bad = (): never => {
    throw new Fault({ code: 'recipe.threshold', what: 'a fixed threshold must be a positive number, or a range around 0', next: 'Correct the threshold.' })
  }
  if (typeof fixed === 'number') {
    if (!(fixed > 0 && Number.isFinite(fixed))) bad()
    const larger = view.max >= -view.min
    const smaller = Math.min(fixed, Math.max(larger ? -view.min : view.max, 0))
    return { lo: larger ? 0 - smaller : -fixed, hi: larger ? fixed : smaller, method: 'fixed', why: `threshold ${fixed} is given` }
  }
  if (!(fixed.lo <= 0 && fixed.hi >= 0 && Number.isFinite(fixed.hi - fixed.lo))) bad()
  return { lo: fixed.lo, hi: fixed.hi, method: 'fixed', why: `range ${fixed.lo}..${fixed.hi} is given` }
}

function scaled(threshold: Threshold, { thresholdScale }: MethodOptions): Threshold {
  if (thresholdScale === undefined || thresholdScale === 1) return threshold
  if (!(thresholdScale > 0 && Number.isFinite(thresholdScale))) {
    throw new Fault({ code: 'recipe.threshold-scale', what: `a threshold cannot be scaled by ${thresholdScale}`, next: 'Give a positive number.' })
  }
  return { ...threshold, lo: threshold.lo * thresholdScale, hi: threshold.hi * thresholdScale, why: `${threshold.why}; scaled by ${thresholdScale}` }
}
