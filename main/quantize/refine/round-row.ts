import { roundHalfEven } from '../../core/round.ts'
import { slope, type Hessian } from './hessian.ts'

/** The codes of a grid, zero point taken off: whole numbers from `least` to `most`, `step` apart in real units. */
export interface RowGrid {
  readonly step: number
  readonly least: number
  readonly most: number
}

const within = (code: number, { least, most }: RowGrid): number => (code < least ? least : code > most ? most : code)

/** Nearest codes of a row, as QuantizeLinear rounds: float32 quotient, ties to even. */
export const nearestCodes = (row: Float64Array, grid: RowGrid): Float64Array => row.map((value) => within(roundHalfEven(Math.fround(value / grid.step)), grid))

/** What the codes of a row miss. */
export const offOf = (row: Float64Array, codes: Float64Array, step: number): Float64Array => row.map((value, index) => value - step * codes[index]!)

const MOST_SWEEPS = 5

/**
 * Codes of a row that make the squared error of its outputs small (ALGORITHMS 5.11a): coordinate descent on e H eᵀ, e = w - s q,
 * from the nearest codes on. Every change takes a code to its best value while the others stand, so the error never grows.
 * A weight whose inputs are always 0 keeps its nearest code.
 */
export function roundRow(row: Float64Array, grid: RowGrid, hessian: Hessian, group: number): Float64Array {
  const size = row.length
  const from = group * size * size
  const { sums } = hessian
  const codes = nearestCodes(row, grid)
  const residual = slope(offOf(row, codes, grid.step), hessian, group)
  const diagonal = Float64Array.from({ length: size }, (_, j) => sums[from + j * size + j]!)
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    const weight = offOf(row, codes, grid.step).map((off, j) => diagonal[j]! * off ** 2)
    const order = Uint32Array.from({ length: size }, (_, j) => j).toSorted((a, b) => weight[b]! - weight[a]! || a - b)
    let changed = false
    for (const j of order) {
      if (diagonal[j]! <= 0) continue
      const next = within(roundHalfEven(codes[j]! + residual[j]! / diagonal[j]! / grid.step), grid)
      const move = (next - codes[j]!) * grid.step
      if (move === 0) continue
      codes[j] = next
      changed = true
      const start = from + j * size
      for (let i = 0; i < size; i++) residual[i]! -= move * sums[start + i]!
    }
    if (!changed) break
  }
  return codes
}
