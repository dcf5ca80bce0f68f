import { describe, expect, it } from 'vitest'
import { aciqAlphas, gaussFactor, laplaceFactor } from '../../../main/calibrate/methods/aciq.ts'
import { denseHistogram, leastDivergence } from '../../../main/calibrate/methods/divergence.ts'
import { expectedError } from '../../../main/calibrate/methods/expected-error.ts'
import { METHODS, type MethodName, solveThreshold } from '../../../main/calibrate/methods/index.ts'
import { viewOf, viewOfHistogram } from '../../../main/calibrate/methods/view.ts'
import { codeOf, lowerEdge, magnitudeOf, SIGN, upperEdge } from '../../../main/calibrate/codes.ts'
import type { TensorStatistics } from '../../../main/calibrate/statistics.ts'
import { statisticsOf } from '../../../main/calibrate/statistics-of.ts'
import type { Grid } from '../../../main/core/grid.ts'
import { qparams, workingCodes } from '../../../main/core/qparams.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { roundHalfEven } from '../../../main/core/round.ts'

const s8: Grid = { type: 'int8', symmetric: true }
const u8: Grid = { type: 'uint8', symmetric: false }
const names = Object.keys(METHODS) as MethodName[]

type Draw = (random: () => number) => number
const gauss: Draw = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const laplace: Draw = (random) => (random() < 0.5 ? 1 : -1) * Math.log(1 - random())
const uniform: Draw = (random) => 2 * random() - 1

function draw(shape: Draw, count = 400_000, seed = 5): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length: count }, () => shape(random))
}

const statistics = (values: Iterable<number>) => statisticsOf('t', Float32Array.from(values))

/** Statistics with bins up to 32 that hold what a density puts there; rectified: its other half is zeros. */
function statisticsOfDensity(density: (x: number) => number, bothSides: boolean): TensorStatistics {
  const codes = Array.from({ length: (codeOf(32) - codeOf(2 ** -12)) }, (_, index) => codeOf(2 ** -12) + index)
  const counts = codes.map((code) => 1e9 * density(magnitudeOf(code)) * (upperEdge(code) - lowerEdge(code)))
  const histogram = bothSides
    ? { codes: Uint32Array.from([...codes, ...codes.map((code) => code | SIGN)]), counts: Float64Array.from([...counts, ...counts]) }
    : { codes: Uint32Array.from([0, ...codes]), counts: Float64Array.from([1e9, ...counts]) }
  const ends = { min: bothSides ? -32 : 0, max: 32 }
  return { ...statistics([ends.min, ends.max]), folds: [histogram, { codes: new Uint32Array(), counts: new Float64Array() }] }
}

/** Mean squared error on the values themselves. */
function rawError(values: Float32Array, lo: number, hi: number, grid: Grid): number {
  const { scale, zeroPoint } = qparams({ lo, hi }, grid)
  const [min, max] = workingCodes(grid)
  let sum = 0
  for (const value of values) {
    const code = Math.max(min, Math.min(max, roundHalfEven(Math.fround(value / scale)) + zeroPoint))
    sum += (value - (code - zeroPoint) * scale) ** 2
  }
  return sum / values.length
}

describe('methods on known densities', () => {
  // Bins filled by the density itself: random values would scatter the optimum by some percent.
  it.each([
    ['Laplace, int8', (x: number) => Math.exp(-Math.abs(x)), true, s8, 9.88],
    ['Gauss, int8', (x: number) => Math.exp((-x * x) / 2), true, s8, 3.92],
    ['rectified Gauss, 255 levels', (x: number) => Math.exp((-x * x) / 2), false, u8, 4.29],
  ] as const)('mse and octav find the clip of %s', (_, density, bothSides, grid, expected) => {
    const tensor = statisticsOfDensity(density, bothSides)
    for (const name of ['mse', 'octav'] as const) expect(Math.abs(solveThreshold(name, tensor, grid).hi / expected - 1), name).toBeLessThan(0.03)
  })

  it('leave uniform data nearly whole', () => {
    for (const name of ['mse', 'octav', 'admm'] as const) expect(solveThreshold(name, statistics(draw(uniform)), s8).hi, name).toBeGreaterThan(0.98)
  })

  it('kl, symkl and jsd keep most of smooth data', () => {
    for (const name of ['kl', 'symkl', 'jsd'] as const) {
      const tensor = statistics(draw(laplace))
      const { hi, method } = solveThreshold(name, tensor, s8)
      expect(method).toBe(name)
      expect(hi / tensor.max).toBeGreaterThan(0.6)
    }
  })

  it('solve the equations of ALGORITHMS 3.6 to its printed digits', () => {
    const table: [number, number, number][] = [[1, 1.86281686, 1.23990527], [4, 5.02864014, 2.55913646], [8, 9.89675977, 3.92403549], [9, 11.16268502, 4.21632983], [16, 20.27017164, 5.93824808]]
    for (const [bits, a, b] of table) {
      expect(laplaceFactor(bits)).toBeCloseTo(a, 7)
      expect(gaussFactor(bits)).toBeCloseTo(b, 7)
    }
    expect(aciqAlphas(statistics(draw(gauss)), s8).gauss).toBeCloseTo(3.924, 1)
  })

  it('percentile interpolates as numpy does, to one bin', () => {
    const values = draw(gauss, 100_001)
    const sorted = values.map(Math.abs).toSorted()
    const { hi } = solveThreshold('percentile', statistics(values), s8, { p: 0.999 })
    expect(Math.abs(hi / sorted[99_900]! - 1)).toBeLessThan(2 ** -10)
    const both = solveThreshold('percentile', statistics(values), u8, { p: 0.99 })
    const signed = values.toSorted()
    expect(Math.abs(both.lo / signed[500]! - 1)).toBeLessThan(2 ** -9)
    expect(Math.abs(both.hi / signed[99_500]! - 1)).toBeLessThan(2 ** -9)
  })
})

describe('expectedError', () => {
  it.each<[string, Grid]>([
    ['int8', s8], ['uint8', u8], ['reduced uint8', { ...u8, reduced: true }], ['symmetric uint8', { type: 'uint8', symmetric: true }], ['int4', { type: 'int4', symmetric: true }], ['uint16', { type: 'uint16', symmetric: false }],
  ])('is what the values themselves give, on %s', (_, grid) => {
    const values = draw((random) => gauss(random) + 0.7, 50_000)
    const view = viewOf(statistics(values))
    for (const [lo, hi] of [[view.min, view.max], [-1.3, 2.1], [-0.2, 3]] as const) {
      const { total, round, clip } = expectedError(view, lo, hi, grid)
      // Values stand somewhere in their bin: 1 % where bins are a tenth of a step and finer, 3 % at 16 bits.
      expect(Math.abs(total / rawError(values, lo, hi, grid) - 1)).toBeLessThan(grid.type === 'uint16' ? 0.03 : 0.01)
      expect(round + clip).toBeCloseTo(total, 12)
    }
  })

  it('works on one fold', () => {
    const tensor = statistics(draw(gauss, 20_000))
    const [a, b] = tensor.folds.map((fold) => viewOfHistogram(fold, tensor))
    expect([a!.count, b!.count]).toEqual([10_000, 10_000])
    expect(expectedError(a!, -3, 3, s8).clip).not.toBe(expectedError(b!, -3, 3, s8).clip)
  })
})

describe('mse', () => {
  it('finds both ends of two-sided data on an asymmetric grid, not worse than any range of a fine search', () => {
    const values = draw((random) => (random() < 0.0005 ? -20 * random() : random() < 0.3 ? -0.3 * random() : Math.abs(gauss(random))), 30_000)
    const { lo, hi } = solveThreshold('mse', statistics(values), u8)
    let best = Infinity
    for (let a = 1; a <= 40; a++) for (let b = 1; b <= 40; b++) best = Math.min(best, rawError(values, (-20 * a) / 40, (5 * b) / 40, u8))
    expect(rawError(values, lo, hi, u8)).toBeLessThan(best * 1.02)
  })

  it('clips a far outlier when it weighs little', () => {
    const values = draw(gauss, 200_000)
    values[7] = 12
    expect(solveThreshold('mse', statistics(values), { type: 'int4', symmetric: true }).hi).toBeLessThan(4)
  })
})

describe('rules that all methods share', () => {
  const shapes: [string, Float32Array][] = [
    ['gauss', draw(gauss, 5000)],
    ['one-sided', draw((random) => Math.max(gauss(random), 0), 5000)],
    ['negative', draw((random) => -Math.abs(gauss(random)), 5000)],
    ['tiny', draw(gauss, 5000).map((value) => value * 1e-30)],
    ['huge', draw(gauss, 5000).map((value) => value * 1e30)],
    ['constant', new Float32Array(500).fill(5)],
    ['constant below 0', new Float32Array(500).fill(-5)],
    ['one value', Float32Array.of(3)],
    ['pixels', draw((random) => Math.floor(256 * random()), 5000)],
    ['almost all zeros', Float32Array.from({ length: 5000 }, (_, index) => (index === 9 ? 1 : 0))],
  ]
  const grids: Grid[] = [s8, u8, { type: 'int8', symmetric: false }, { ...u8, reduced: true }, { type: 'int4', symmetric: true }, { type: 'int16', symmetric: true }, { type: 'uint16', symmetric: false }]

  it.each(names)('%s: the range holds 0, is never wider than the data, and something is left', (name) => {
    for (const [shape, values] of shapes) {
      const tensor = statistics(values)
      for (const grid of grids) {
        const { lo, hi, why } = solveThreshold(name, tensor, grid)
        const where = `${shape}, ${grid.type}`
        expect(lo <= 0 && hi >= 0 && hi - lo > 0, where).toBe(true)
        expect(lo >= Math.min(tensor.min, 0) && hi <= Math.max(tensor.max, 0), where).toBe(true)
        expect(why.length, where).toBeGreaterThan(5)
      }
    }
  })

  it.each(names)('%s: marks a tensor of zeros', (name) => {
    expect(solveThreshold(name, statistics([0, -0, 0]), u8)).toMatchObject({ lo: 0, hi: 0, why: expect.stringContaining('constantZero') })
  })

  it.each(names)('%s: refuses a tensor without data', (name) => {
    expect(() => solveThreshold(name, statistics([]), u8)).toThrow(/no values were seen/)
  })

  it('keep the whole range at 16 bits, where no clip is worth it', () => {
    for (const name of names) {
      for (const values of [draw(gauss, 20_000), draw((random) => Math.floor(256 * random()), 20_000)]) {
        const tensor = statistics(values)
        const { lo, hi } = solveThreshold(name, tensor, { type: 'int16', symmetric: true })
        expect(Math.max(-lo, hi), name).toBe(Math.max(-tensor.min, tensor.max))
      }
    }
  })

  it('fall back to MAX and say why, for a histogram of one bin', () => {
    for (const name of ['kl', 'symkl', 'jsd'] as const) {
      expect(solveThreshold(name, statistics(new Float32Array(5000).fill(2)), s8)).toMatchObject({ method: 'max', hi: 2, why: expect.stringMatching(/occupied bins are fewer than 254/) })
      expect(solveThreshold(name, statistics([1, 2, 3]), s8)).toMatchObject({ method: 'max', why: expect.stringMatching(/3 values .* fewer than 1016/) })
    }
  })

  it('kl, symkl and jsd do not clip everything of values that keep away from 0', () => {
    const values = draw(uniform, 100_000).map((value) => 0.3125 + Math.abs(value) * 2)
    for (const name of ['kl', 'symkl', 'jsd'] as const) {
      for (const grid of [s8, u8]) expect(solveThreshold(name, statistics(values), grid).hi, name).toBeGreaterThan(1.5)
    }
  })

  it('kl takes a histogram with an empty last bin', () => {
    const values = draw(gauss, 100_000).filter((value) => Math.abs(value) < 3)
    const tensor = statistics([...values, 3.5])
    const view = viewOf(tensor)
    expect(denseHistogram(view.magnitude, view.absmax).a.at(-10)).toBe(0)
    for (const name of ['kl', 'symkl', 'jsd'] as const) {
      const { hi, method } = solveThreshold(name, tensor, s8)
      expect(method, name).toBe(name)
      expect(hi, name).toBeGreaterThan(1)
    }
  })

  it('give ties of the divergence to the largest threshold', () => {
    const view = viewOf(statistics(draw(gauss, 50_000)))
    expect(leastDivergence(() => 1, 'nothing')(view, s8, {})).toMatchObject({ hi: Math.min(view.absmax, view.max) })
  })

  it('take a fixed threshold and a scale', () => {
    const tensor = statistics([-0.5, 0, 4])
    expect(solveThreshold('mse', tensor, u8, { fixed: 3 })).toMatchObject({ lo: -0.5, hi: 3, method: 'fixed' })
    expect(solveThreshold('mse', tensor, u8, { fixed: { lo: -8, hi: 8 } })).toMatchObject({ lo: -8, hi: 8 })
    expect(solveThreshold('max', tensor, u8, { thresholdScale: 1.5 })).toMatchObject({ lo: -0.75, hi: 6, why: expect.stringContaining('scaled by 1.5') })
    expect(() => solveThreshold('max', tensor, u8, { fixed: -1 })).toThrow(/positive/)
    expect(() => solveThreshold('max', tensor, u8, { thresholdScale: 0 })).toThrow(/cannot be scaled/)
    expect(() => solveThreshold('percentile', tensor, u8, { p: 1 })).toThrow(/between 0 and 1/)
  })

  it('name the nearest method for one that does not exist', () => {
    expect(() => solveThreshold('msee', statistics([1]), u8)).toThrow(expect.objectContaining({ code: 'recipe.unknown-method', next: expect.stringContaining('mse') }))
  })
})
