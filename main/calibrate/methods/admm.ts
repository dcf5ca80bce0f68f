import type { Grid, Range } from '../../core/grid.ts'
import { qparams, workingCodes } from '../../core/qparams.ts'
import { roundHalfEven } from '../../core/round.ts'
import { expectedError } from './expected-error.ts'
import { rangeOf } from './levels.ts'
import { mseRange } from './mse.ts'
import { octavThreshold } from './octav.ts'
import { magnitudeQuantile } from './percentile.ts'
import { thresholdMethod } from './threshold-method.ts'
import { type Side, sumsBelow, type View } from './view.ts'

const MAX_STEPS = 30
const TOLERANCE = 1e-6
const GEOMETRIC_STARTS = 8
/** Finest grid for which projecting cell by cell is worth it; beyond, least squares returns the scale it started with. */
const MAX_LEVELS = 1024

/**
 * Alternates projection onto the grid and a least squares fit of the scale (and zero point), from several starts, because
 * it hardly moves at 8 bits (ALGORITHMS 3.7). The name is the field's; there is no dual variable without a training loss.
 */
export const admm = thresholdMethod(
  'admm',
  (view, grid) => {
    if (view.magnitude.total === 0) return { cannot: 'the sampled values are all 0' }
    const octav = octavThreshold(view, grid)
    const lowest = octav * 0.7
    const thresholds = [view.absmax, octav, magnitudeQuantile(view, 0.9999)]
    for (let step = 0; step < GEOMETRIC_STARTS; step++) thresholds.push(lowest * (view.absmax / lowest) ** (step / (GEOMETRIC_STARTS - 1)))
    const starts = [mseRange(view, grid), ...thresholds.map((threshold) => rangeOf(view, threshold))]
    const widest = rangeOf(view, view.absmax)
    let best: Range = widest
    let least = expectedError(view, best.lo, best.hi, grid).total
    for (const start of starts) {
      for (const range of [start, alternate(view, grid, start)]) {
        const inside = { lo: Math.max(range.lo, widest.lo), hi: Math.min(range.hi, widest.hi) }
        const error = expectedError(view, inside.lo, inside.hi, grid).total
        if (error < least) [best, least] = [inside, error]
      }
    }
    return { ...best, why: `best of ${starts.length} alternating scale fits` }
  },
  { errorBased: true },
)

function alternate(view: View, grid: Grid, start: Range): Range {
  const [min, max] = workingCodes(grid)
  const first = qparams(start, grid)
  let { scale, zeroPoint } = first
  if (first.degenerate || max - min > 2 * MAX_LEVELS) return start
  for (let step = 0; step < MAX_STEPS; step++) {
    const fit = project(view, scale, max - zeroPoint, zeroPoint - min)
    if (fit.qq === 0) break
    const spread = fit.qq - (fit.q * fit.q) / fit.n
    let next = fit.xq / fit.qq
    if (!grid.symmetric && view.oneSided === null && spread > 0) {
      // x ≈ s·q + t over q counted from the zero point; t moves the zero point.
      const slope = (fit.xq - (fit.x * fit.q) / fit.n) / spread
      const shift = roundHalfEven(-((fit.x - slope * fit.q) / fit.n) / slope)
      zeroPoint = Math.max(min, Math.min(max, zeroPoint + shift))
      next = slope
    }
    if (!(next > 0)) break
    const moved = Math.abs(next - scale)
    scale = next
    if (moved < TOLERANCE * scale) break
  }
  return { lo: (min - zeroPoint) * scale, hi: (max - zeroPoint) * scale }
}

interface Projection {
  n: number
  q: number
  qq: number
  x: number
  xq: number
}

/** Sums over all values x with their nearest codes q, counted from the zero point. */
function project(view: View, scale: number, up: number, down: number): Projection {
  const sums: Projection = { n: view.count, q: 0, qq: 0, x: 0, xq: 0 }
  addProjected(sums, view.positive, scale, up, 1)
  addProjected(sums, view.negative, scale, down, -1)
  return sums
}

const below = new Float64Array(3)

function addProjected(sums: Projection, side: Side, scale: number, levels: number, sign: 1 | -1): void {
  if (side.bins === 0) return
  let [n, sum] = [0, 0]
  for (let level = 0; level <= levels && n < side.total; level++) {
    sumsBelow(side, level === levels ? Infinity : (level + 0.5) * scale, below)
    sums.q += sign * level * (below[0]! - n)
    sums.qq += level * level * (below[0]! - n)
    sums.xq += level * (below[1]! - sum)
    n = below[0]!
    sum = below[1]!
  }
  sums.x += sign * side.s1[side.bins]!
}
