import { bitsOf, type Grid } from '../../core/grid.ts'
import { workingCodes } from '../../core/qparams.ts'
import type { View } from './view.ts'

/** Bits that a grid really uses. */
export const usedBits = (grid: Grid): number => bitsOf(grid.type) - (grid.reduced ? 1 : 0)

/** Steps of a grid from its lowest to its highest working code. */
export function steps(grid: Grid): number {
  const [min, max] = workingCodes(grid)
  return max - min
}

/** Steps that |x| gets on a symmetric grid. */
export const symmetricLevels = (grid: Grid): number => Math.floor(steps(grid) / 2)

/**
 * Steps between 0 and T for |x| <= T: half of the grid when it is symmetric, all of it for one-sided data, and what the
 * smaller side leaves otherwise (it needs no more than its own extreme).
 */
export function levelsAt(view: View, grid: Grid, threshold: number): number {
  if (grid.symmetric) return symmetricLevels(grid)
  if (view.oneSided !== null) return steps(grid)
  const smaller = Math.min(-view.min, view.max)
  return (steps(grid) * threshold) / (threshold + Math.min(threshold, smaller))
}

/** The clip range of a threshold on |x|: both sides cut to T, neither wider than the data, one-sided data on its side. */
export function rangeOf(view: View, threshold: number): { lo: number; hi: number } {
  const lo = view.oneSided === 'positive' ? 0 : Math.max(-threshold, Math.min(view.min, 0))
  const hi = view.oneSided === 'negative' ? 0 : Math.min(threshold, Math.max(view.max, 0))
  return { lo, hi }
}
