import { outputError, type Hessian } from './hessian.ts'
import { nearestCodes, offOf, type RowGrid } from './round-row.ts'

/** A row of a layer with the group whose columns it sees. */
export interface GroupedRow {
  readonly row: Float64Array
  readonly group: number
}

/** Shares of the full step: coarse where codes are few and clipping can win much, fine where it can win little (ALGORITHMS 5.9). */
const COARSE = Array.from({ length: 20 }, (_, index) => (20 - index) / 20)
const FINE = Array.from({ length: 21 }, (_, index) => (100 - index) / 100)

/**
 * The step for rows that share one, among shares of the full step: the one with the least squared error of the outputs with nearest
 * codes; of equals the wider. None goes below `least`.
 */
export function searchStep(rows: readonly GroupedRow[], full: RowGrid, least: number, hessian: Hessian, bits: number): number {
  let best = { step: full.step, error: Number.POSITIVE_INFINITY }
  for (const share of bits <= 6 ? COARSE : FINE) {
    const step = Math.fround(full.step * share)
    if (step < least && share < 1) break
    const error = rows.reduce((sum, { row, group }) => sum + outputError(offOf(row, nearestCodes(row, { ...full, step }), step), hessian, group), 0)
    if (error < best.error) best = { step, error }
  }
  return best.step
}
