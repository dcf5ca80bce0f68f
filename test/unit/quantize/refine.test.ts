import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { columnsAt, drawPositions, positionCount } from '../../../main/quantize/refine/columns.ts'
import { splitOf } from '../../../main/quantize/refine/held-out.ts'
import { outputError, type Hessian } from '../../../main/quantize/refine/hessian.ts'
import type { MatrixLayer } from '../../../main/quantize/refine/layer.ts'
import { clippedMean, normMeans } from '../../../main/quantize/refine/norm-means.ts'
import { nearestCodes, offOf, roundRow } from '../../../main/quantize/refine/round-row.ts'
import { searchStep } from '../../../main/quantize/refine/search-step.ts'
import { targetRows } from '../../../main/quantize/refine/target-rows.ts'
import { floats, graph, node } from '../../fixtures/build-model.ts'

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

describe('means that BatchNormalization tells', () => {
  it.each([
    [0, 1, 0, Infinity, 1 / Math.sqrt(2 * Math.PI)],
    // Far above 0 a Relu changes nothing, far below it leaves nothing.
    [40, 2, 0, Infinity, 40],
    [-40, 2, 0, Infinity, 0],
    // Both ends cut alike.
    [3, 5, 0, 6, 3],
    // Nothing is cut.
    [0, 2, -Infinity, Infinity, 0],
    [-7, 0, 0, 6, 0],
    [9, 0, 0, 6, 6],
    // By tables: 3·(φ(-1) - φ(1)) + 3·(Φ(1) - Φ(-1)) + 6·(1 - Φ(1)) = 3.
    [3, 3, 0, 6, 3],
    // Φ(1) = 0.841344746, φ(1) = 0.241970725: E relu of N(1, 1).
    [1, 1, 0, Infinity, 0.841344746 + 0.241970725],
  ])('N(%f, %f²) cut to %f..%f', (mean, deviation, lo, hi, wanted) => {
    // The share below a value is known to 1.5e-7.
    expect(clippedMean(mean, deviation, lo, hi)).toBeCloseTo(wanted, 5)
  })

  it('go through what keeps them, and end where nothing is known', () => {
    const means = normMeans(graph({
      inputs: { x: [1, 2, 4, 4] }, outputs: { y: null },
      nodes: [
        node('Conv', ['x', 'w'], ['c']), node('BatchNormalization', ['c', 'gamma', 'beta', 'zero', 'one'], ['n']), node('Relu', ['n'], ['r']), node('Add', ['n', 'r'], ['s']), node('Concat', ['s', 'r'], ['j'], { axis: 1 }),
        node('GlobalAveragePool', ['j'], ['p']), node('Relu', ['s'], ['unknown']), node('MaxPool', ['n'], ['largest'], { kernel_shape: [2, 2] }), node('Add', ['n', 'c'], ['y']),
      ],
      initializers: { w: floats([2, 2, 1, 1], [1, 0, 0, 1]), gamma: floats([2], [-1, 0]), beta: floats([2], [0, 5]), zero: floats([2], [0, 0]), one: floats([2], [1, 1]) },
    }))
    const half = expect.closeTo(1 / Math.sqrt(2 * Math.PI), 6) as number
    expect(Object.fromEntries([...means].map(([tensor, values]) => [tensor, [...values]]))).toEqual({ n: [0, 5], r: [half, 5], s: [half, 10], j: [half, 10, half, 5], p: [half, 10, half, 5] })
  })
})

describe('targetRows', () => {
  const one = { groups: 1, rows: 1, products: 1 }

  it('makes up for inputs that arrive halved, as far as damping lets it', () => {
    // x̂ = x / 2: Ĥ = S / 4, G = S / 2, λ = 0.01 · S / 4.
    expect(targetRows(Float64Array.of(3), one, hessian([[25]]), hessian([[50]]))[0]).toBeCloseTo((3 * (50 + 0.25)) / (25 + 0.25), 12)
  })

  it('leaves weights alone where inputs arrive as they are, or never', () => {
    const sums = hessian([[4, 2, 0], [2, 9, 0], [0, 0, 0]])
    const weights = Float64Array.of(1, -2, 5, 0.5, 0, -7)
    for (const [index, value] of targetRows(weights, { groups: 1, rows: 2, products: 3 }, sums, sums).entries()) expect(value).toBeCloseTo(weights[index]!, 12)
    expect(targetRows(Float64Array.of(3), one, hessian([[0]]), hessian([[0]]))).toEqual(Float64Array.of(3))
  })

  it('solves for inputs that go together: what one lost the other makes up for', () => {
    // x = (t, t), x̂ = (t, 0): G = [[T, 0], [T, 0]], Ĥ = [[T, 0], [0, 0]]; both weights go to the first.
    const [first, second] = targetRows(Float64Array.of(2, 3), { groups: 1, rows: 1, products: 2 }, hessian([[10, 0], [0, 0]]), hessian([[10, 0], [10, 0]]))
    // λ = 0.01 · 10 / 2.
    expect(first).toBeCloseTo((50 + 0.1) / 10.05, 12)
    expect(second).toBeCloseTo(3, 12)
  })
})
