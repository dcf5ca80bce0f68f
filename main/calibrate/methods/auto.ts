import type { Grid, Range, Threshold } from '../../core/grid.ts'
import type { TensorStatistics } from '../statistics.ts'
import { expectedError } from './expected-error.ts'
import { max } from './max.ts'
import { type MethodOptions, type ThresholdMethod } from './threshold-method.ts'
import { type View, viewOfHistogram } from './view.ts'

/** Candidates: |x| cut at absmax · 2^(-k/16), down to a sixteenth. */
const STEPS_AN_OCTAVE = 16
const CANDIDATES = 64

/** Clipping must leave at most this share of the error of the whole range, on samples that did not choose it. */
const MOST_ERROR_LEFT = 0.9

/**
 * Chooses between the whole range and a clipped one so that the choice holds on pictures that were not seen: each half of the
 * samples names the cut of least squared error (ALGORITHMS 3.4a), the wider of the two is taken, and only if it clearly
 * lowers the error on *both* halves. With 16 bits, or with all samples in one half, nothing is clipped.
 */
export const auto: ThresholdMethod = (statistics: TensorStatistics, grid: Grid, options: MethodOptions = {}): Threshold => {
  const whole = max(statistics, grid, options)
  const cut = options.fixed === undefined ? survivingCut(statistics, grid) : 'a range is given'
  if (typeof cut === 'string') return { ...whole, why: whole.why.startsWith('constantZero') ? whole.why : `nothing is clipped: ${cut}` }
  const scale = options.thresholdScale ?? 1
  return { lo: cut.lo * scale, hi: cut.hi * scale, method: 'auto', why: cut.why }
}

/** The cut, or in words why there is none. */
function survivingCut(statistics: TensorStatistics, grid: Grid): (Range & { why: string }) | string {
  if (!grid.type.endsWith('8') && !grid.type.endsWith('4')) return 'the codes are fine enough for the whole range'
  const absmax = Math.max(-statistics.min, statistics.max, 0)
  if (absmax === 0) return 'every value is 0'
  const halves = statistics.folds.map((histogram) => viewOfHistogram(histogram, statistics))
  if (halves.some((half) => half.count === 0)) return 'there are too few samples to check a choice on others'
  const range = (cut: number): Range => ({ lo: Math.max(Math.min(statistics.min, 0), -cut), hi: Math.min(Math.max(statistics.max, 0), cut) })
  const errorOf = (half: View, cut: number) => {
    const { lo, hi } = range(cut)
    return expectedError(half, lo, hi, grid).total
  }
  const cut = Math.max(...halves.map((half) => leastError(absmax, (candidate) => errorOf(half, candidate))))
  if (cut === absmax) return 'half of the samples would lose by it'
  const left = Math.max(...halves.map((half) => errorOf(half, cut) / errorOf(half, absmax)))
  const percent = (100 * left).toFixed(0)
  if (!(left <= MOST_ERROR_LEFT)) return `cutting at ${cut.toPrecision(4)} would leave ${percent} % of the error on the other half of the samples`
  return { ...range(cut), why: `cut at ${cut.toPrecision(4)} of ${absmax.toPrecision(4)}: at most ${percent} % of the squared error is left, on both halves of the samples` }
}

function leastError(absmax: number, errorOf: (cut: number) => number): number {
  let best = { cut: absmax, error: errorOf(absmax) }
  for (let step = 1; step < CANDIDATES; step++) {
    const cut = absmax * 2 ** (-step / STEPS_AN_OCTAVE)
    const error = errorOf(cut)
    if (error < best.error) best = { cut, error }
  }
  return best.cut
}
