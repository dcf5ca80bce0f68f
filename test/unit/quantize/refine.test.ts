import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { columnsAt, drawPositions, positionCount } from '../../../main/quantize/refine/columns.ts'
import { splitOf } from '../../../main/quantize/refine/held-out.ts'
import { outputError, type Hessian } from '../../../main/quantize/refine/hessian.ts'
import type { MatrixLayer } from '../../../main/quantize/refine/layer.ts'
import { nearestCodes, offOf, roundRow } from '../../../main/quantize/refine/round-row.ts'
import { searchStep } from '../../../main/quantize/refine/search-step.ts'
import { floats, node } from '../../fixtures/build-model.ts'

const grid = { step: 1, least: -127, most: 127 }
const hessian = (rows: readonly (readonly number[])[]): Hessian => ({ groups: 1, products: rows.length, sums: Float64Array.from(rows.flat()) })

/** Σ x xᵀ of columns that share a common part. */
function correlated(size: number, seed: number): Hessian {
  const random = seededRandom(seed)
  const sums = new Float64Array(size * size)
  for (let column = 0; column < 200; column++) {
    const common = random()
    const x = Float64Array.from({ length: size }, () => common + 0.3 * (random() - 0.5))
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) sums[i * size + j]! += x[i]! * x[j]!
  }
  return { groups: 1, products: size, sums }
}

describe('roundRow', () => {
  it('lets equal inputs share what nearest rounding loses twice', () => {
    const row = Float64Array.of(0.4, 0.4)
    const equal = hessian([[1, 1], [1, 1]])
    expect(Array.from(nearestCodes(row, grid))).toEqual([0, 0])
    const codes = roundRow(row, grid, equal, 0)
    expect(codes[0]! + codes[1]!).toBe(1)
    expect(outputError(offOf(row, nearestCodes(row, grid), 1), equal, 0)).toBeCloseTo(0.64, 12)
    expect(outputError(offOf(row, codes, 1), equal, 0)).toBeCloseTo(0.04, 12)
  })

  it('keeps nearest codes where inputs have nothing in common, and where nothing ever comes in', () => {
    const row = Float64Array.of(0.4, -1.6, 2.5)
    expect(roundRow(row, grid, hessian([[3, 0, 0], [0, 1, 0], [0, 0, 0]]), 0)).toEqual(nearestCodes(row, grid))
  })

  it('never makes the error larger, and halves it on correlated inputs', () => {
    const random = seededRandom(7)
    const together = { nearest: 0, rounded: 0 }
    for (let trial = 0; trial < 20; trial++) {
      const sums = correlated(18, trial)
      const row = Float64Array.from({ length: 18 }, () => (random() - 0.5) * 20)
      const nearest = outputError(offOf(row, nearestCodes(row, grid), 1), sums, 0)
      const rounded = outputError(offOf(row, roundRow(row, grid, sums, 0), 1), sums, 0)
      expect(rounded).toBeLessThanOrEqual(nearest)
      together.nearest += nearest
      together.rounded += rounded
    }
    // ALGORITHMS 5.11 found 0.5 on other correlated inputs.
    expect(together.rounded).toBeLessThan(0.5 * together.nearest)
  })

  it('stays on the codes of a narrow grid', () => {
    const narrow = { step: 1, least: -2, most: 2 }
    const codes = roundRow(Float64Array.of(1.9, 1.9, 1.9), narrow, correlated(3, 1), 0)
    expect(Math.max(...codes)).toBeLessThanOrEqual(2)
  })
})

describe('searchStep', () => {
  const row = Float64Array.of(7, 2.4)
  const full = { step: 1, least: -7, most: 7 }
  /** The large weight sees nothing: only the small one counts. */
  const blind = hessian([[0, 0], [0, 1]])

  it('gives up a weight that nothing comes through for one that counts', () => {
    const step = searchStep([{ row, group: 0 }], full, 0, blind, 4)
    expect(step).toBeLessThan(1)
    expect(Math.abs(2.4 - step * Math.round(2.4 / step))).toBeLessThan(0.01)
  })

  it('keeps the full step where none is better, and never goes below what a bias needs', () => {
    expect(searchStep([{ row: Float64Array.of(7, 2), group: 0 }], full, 0, blind, 4)).toBe(1)
    expect(searchStep([{ row, group: 0 }], full, 0.97, blind, 4)).toBe(1)
    expect(searchStep([{ row, group: 0 }], full, 0.9, blind, 4)).toBeGreaterThanOrEqual(Math.fround(0.9))
  })

  it('is one step for rows that share it', () => {
    const step = searchStep([{ row, group: 0 }, { row: Float64Array.of(0, 4.8), group: 0 }], full, 0, blind, 4)
    expect(Math.abs(4.8 - step * Math.round(4.8 / step))).toBeLessThan(0.02)
  })
})

describe('columns', () => {
  const layer: MatrixLayer = {
    node: node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] }), plan: { tensor: 'w', node: 'n', grid: { type: 'int8', symmetric: true }, axis: 0 }, dims: [1, 1, 3, 3], groups: 1, rows: 1, products: 9, rowMajor: true,
  }

  it('are what the kernel sees, zeros over the border', () => {
    const input = floats([1, 1, 2, 2], [1, 2, 3, 4])
    expect(positionCount(layer, input.dims)).toBe(4)
    expect(Array.from(columnsAt(layer, input, [0, 3]))).toEqual([0, 0, 0, 0, 1, 2, 0, 3, 4, 1, 2, 0, 3, 4, 0, 0, 0, 0])
  })

  it('are drawn once each, spread over all, the same for the same seed', () => {
    const drawn = drawPositions(1000, 50, seededRandom(3))
    expect(new Set(drawn).size).toBe(50)
    expect(drawn.every((position, index) => Math.floor(position / 20) === index)).toBe(true)
    expect(drawPositions(1000, 50, seededRandom(3))).toEqual(drawn)
    expect(drawPositions(3, 50, seededRandom(3))).toEqual([0, 1, 2])
  })
})

describe('splitOf', () => {
  it('holds every fourth sample out, of few the last', () => {
    expect(splitOf({ count: 8 }, 'key')).toEqual({ chosen: [0, 1, 2, 4, 5, 6], held: [3, 7] })
    expect(splitOf({ count: 3 }, 'key')).toEqual({ chosen: [0, 1], held: [2] })
  })

  it('refuses to check a choice on the sample that it was made on', () => {
    expect(() => splitOf({ count: 1 }, 'quantize.weights.rounding=adaround')).toThrow(expect.objectContaining({ code: 'recipe.few-samples' }))
  })
})
