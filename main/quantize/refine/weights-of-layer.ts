import { bitsOf } from '../../core/grid.ts'
import { workingCodes } from '../../core/qparams.ts'
import type { MatrixLayer } from './layer.ts'
import type { Hessian } from './hessian.ts'
import type { CodedRows } from './output-errors.ts'
import { nearestCodes, roundRow, type RowGrid } from './round-row.ts'
import { searchStep } from './search-step.ts'

/** Codes that a layer's weights could take. */
export interface Candidates {
  /** As the table has them: full steps, nearest codes. */
  readonly nearest: CodedRows
  /** Searched steps, nearest codes; absent where no step was searched. */
  readonly searched?: CodedRows
  /** Codes by output error, on the full and on the searched steps; absent where only nearest codes are wished for. */
  readonly rounded?: CodedRows
  readonly both?: CodedRows
}

export interface CandidateWishes {
  readonly search: boolean
  readonly round: boolean
}

/** What the table says of a weight: a step and a zero point a channel (or one for all), and the least step that its bias allows. */
export interface WeightGrid {
  readonly scale: readonly number[]
  readonly zeroPoint: readonly number[]
  readonly floors: readonly number[]
}

/** Rows that share a step: all of them, those of one group of channels, or each alone. */
export function channelsOf({ groups, rows, plan }: MatrixLayer, scale: readonly number[]): number[][] {
  const all = Array.from({ length: groups * rows }, (_, row) => row)
  if (plan.axis === null) return [all]
  return plan.groups === undefined ? all.map((row) => [row]) : [...Map.groupBy(all, (row) => scale[row]!).values()]
}

export function candidatesOf(layer: MatrixLayer, weights: Float64Array, grid: WeightGrid, hessian: Hessian, wishes: CandidateWishes): Candidates {
  const { products, rows, groups, plan } = layer
  const [least, most] = workingCodes(plan.grid)
  const zero = grid.zeroPoint[0]!
  const channels = channelsOf(layer, grid.scale)
  const rowOf = (row: number) => weights.subarray(row * products, (row + 1) * products)
  const groupOf = (row: number) => Math.floor(row / rows)
  const gridAt = (step: number): RowGrid => ({ step, least: least - zero, most: most - zero })
  const full = new Float64Array(groups * rows)
  const found = new Float64Array(groups * rows)
  for (const members of channels) {
    const at = plan.axis === null ? 0 : members[0]!
    const step = grid.scale[at]!
    const floor = plan.axis === null ? (grid.floors[0] ?? 0) : Math.max(0, ...members.map((row) => grid.floors[row] ?? 0))
    const shared = members.map((row) => ({ row: rowOf(row), group: groupOf(row) }))
    const best = wishes.search ? searchStep(shared, gridAt(step), floor, hessian, bitsOf(plan.grid.type)) : step
    for (const row of members) {
      full[row] = step
      found[row] = best
    }
  }
  const coded = (steps: Float64Array, code: (row: Float64Array, grid: RowGrid, group: number) => Float64Array): CodedRows => {
    const codes = new Int16Array(weights.length)
    for (let row = 0; row < steps.length; row++) codes.set(code(rowOf(row), gridAt(steps[row]!), groupOf(row)), row * products)
    return { codes, steps }
  }
  const rounding = (row: Float64Array, at: RowGrid, group: number) => roundRow(row, at, hessian, group)
  return {
    nearest: coded(full, nearestCodes),
    ...(wishes.search ? { searched: coded(found, nearestCodes) } : {}),
    ...(wishes.round ? { rounded: coded(full, rounding) } : {}),
    ...(wishes.search && wishes.round ? { both: coded(found, rounding) } : {}),
  }
}
