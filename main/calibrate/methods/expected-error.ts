import { CODE_LIMITS, type Grid } from '../../core/grid.ts'
import { qparams, workingCodes } from '../../core/qparams.ts'
import type { Side, View } from './view.ts'
import { sumsBelow } from './view.ts'

/** Mean squared error of quantizing a tensor, by cause. */
export interface ExpectedError {
  readonly round: number
  readonly clip: number
  readonly total: number
}

/**
 * Levels up to which cells are looked at one by one. Beyond, a bin (2^-10 of its value) is wider than a step, so that
 * values stand anywhere in their cell and the rounding error is step²/12.
 */
const FINE_LEVELS = 1024

const below = new Float64Array(3)

/** Mean squared error of the values of a view on a grid, when its scale and zero point are made from [lo, hi] (ALGORITHMS 3.4a). */
export function expectedError(view: View, lo: number, hi: number, grid: Grid): ExpectedError {
  if (view.count === 0) return { round: 0, clip: 0, total: 0 }
  const { scale, zeroPoint, degenerate } = qparams({ lo, hi }, grid)
  const [min, max] = degenerate ? CODE_LIMITS[grid.type] : workingCodes(grid)
  const [up, down] = [max - zeroPoint, zeroPoint - min]
  const sums = { round: 0, clip: 0 }
  if (up === down) addSide(sums, view.magnitude, scale, up)
  else {
    addSide(sums, view.positive, scale, up)
    addSide(sums, view.negative, scale, down)
  }
  return { round: sums.round / view.count, clip: sums.clip / view.count, total: (sums.round + sums.clip) / view.count }
}

/** Squared error of one side on the levels 0, step .. levels·step. O(levels), at most FINE_LEVELS. */
function addSide(sums: { round: number; clip: number }, side: Side, step: number, levels: number): void {
  if (side.bins === 0) return
  const top = levels * step
  const cells = Math.min(levels, FINE_LEVELS)
  let [round, n, sum, squares] = [0, 0, 0, 0]
  // The last cell ends at the top level, beyond which values are clipped; on a fine grid the steps between are uniform.
  for (let level = 0; level <= cells && n < side.total; level++) {
    sumsBelow(side, level === levels ? top : (level + 0.5) * step, below)
    const value = level * step
    round += Math.max(below[2]! - squares - 2 * value * (below[1]! - sum) + value * value * (below[0]! - n), 0)
    n = below[0]!
    sum = below[1]!
    squares = below[2]!
  }
  sumsBelow(side, top, below)
  sums.round += round + (Math.max(below[0]! - n, 0) * step * step) / 12
  sums.clip += Math.max(side.s2[side.bins]! - below[2]! - 2 * top * (side.s1[side.bins]! - below[1]!) + top * top * (side.total - below[0]!), 0)
}
