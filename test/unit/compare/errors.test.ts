import { describe, expect, test } from 'vitest'
import { addErrors, cosine, decibels, meanSquaredError, noErrors, noiseRatio, sqnrDb } from '../../../main/compare/errors.ts'
import { addOwnErrors } from '../../../main/compare/fake-quantize.ts'
import { parseProtocol } from '../../../main/compare/protocol.ts'
import { meanScore, shownScore } from '../../../main/compare/scores.ts'
import type { ScaleRow } from '../../../main/core/scale-table.ts'

const sumsOf = (r: readonly number[], q: readonly number[]) => {
  const sums = noErrors()
  addErrors(sums, Float32Array.from(r), Float32Array.from(q))
  return sums
}

describe('error sums', () => {
  test('by hand: r = (3, 4), q = (3, 5)', () => {
    const sums = sumsOf([3, 4], [3, 5])
    expect(sums).toEqual({ count: 2, signal: 25, other: 34, product: 29, noise: 1, maxAbs: 1 })
    expect(sqnrDb(sums)).toBeCloseTo(10 * Math.log10(25), 12)
    expect(cosine(sums)).toBeCloseTo(29 / (5 * Math.sqrt(34)), 12)
    expect(meanSquaredError(sums)).toBe(0.5)
    expect(noiseRatio(sums)).toBeCloseTo(1 / 25, 8)
  })

  test('a pure offset is an error (means are not removed), a pure gain keeps the cosine at 1', () => {
    expect(sqnrDb(sumsOf([1, 2, 3], [2, 3, 4]))).toBeCloseTo(10 * Math.log10(14 / 3), 12)
    expect(cosine(sumsOf([1, -2, 3], [1.5, -3, 4.5]))).toBeCloseTo(1, 12)
    expect(sqnrDb(sumsOf([1, -2, 3], [1.5, -3, 4.5]))).toBeCloseTo(10 * Math.log10(4), 12)
  })

  test('parts add up to the whole', () => {
    const parts = noErrors()
    addErrors(parts, Float32Array.of(3), Float32Array.of(2))
    addErrors(parts, Float32Array.of(4, -1), Float32Array.of(5, -1.5))
    expect(parts).toEqual(sumsOf([3, 4, -1], [2, 5, -1.5]))
  })

  test('zero cases', () => {
    expect(sqnrDb(sumsOf([1], [1]))).toBe(120)
    expect(sqnrDb(sumsOf([0, 0], [0, 1]))).toBe(-120)
    expect(sqnrDb(sumsOf([0], [0]))).toBe(120)
    expect([cosine(sumsOf([0], [0])), cosine(sumsOf([0], [1])), cosine(sumsOf([1], [0])), cosine(sumsOf([1], [-1]))]).toEqual([1, 0, 0, -1])
    expect(decibels(1, 1e-30)).toBe(120)
  })
})

describe('scores over samples', () => {
  test('noise ratios are averaged before they become dB', () => {
    const sqnr = parseProtocol('sqnr/output')
    expect(meanScore(sqnr, [0.01, 0.0001]).mean).toBeCloseTo(-10 * Math.log10(0.00505), 10)
    expect(shownScore(sqnr, 0.01)).toBeCloseTo(20, 10)
    expect(meanScore(sqnr, [0, 0])).toEqual({ mean: 120, infinite: 0 })
  })

  test('PSNR is averaged as dB; infinite samples are left out and counted', () => {
    const psnr = parseProtocol('psnr-y/shave2/studio')
    expect(meanScore(psnr, [30, Infinity, 40])).toEqual({ mean: 35, infinite: 1 })
    expect(meanScore(psnr, [Infinity])).toEqual({ mean: null, infinite: 1 })
    expect(meanScore(psnr, [])).toEqual({ mean: null, infinite: 0 })
    expect(shownScore(psnr, Infinity)).toBeNull()
  })
})

const row = (fields: Partial<ScaleRow>): ScaleRow => ({
  tensor: 't', kind: 'activation', type: 'uint8', granularity: 'tensor', axis: null, scale: [1], zeroPoint: [0], lo: 0, hi: 255,
  method: 'max', float: false, reason: '', ...fields,
})

describe('own errors of a tensor', () => {
  const held = (values: readonly number[], fields: Partial<ScaleRow>) => {
    const sums = noErrors()
    const clipped = addOwnErrors(sums, Float32Array.from(values), row(fields))
    return { sums, clipped }
  }

  test('ties go to even before the zero point is added: (0.5, 1.5, 2.5) become (0, 2, 2)', () => {
    const { sums, clipped } = held([0.5, 1.5, 2.5], { zeroPoint: [3] })
    expect(sums).toEqual({ count: 3, signal: 8.75, other: 8, product: 8, noise: 0.75, maxAbs: 0.5 })
    expect(clipped).toBe(0)
  })

  test('values beyond the codes are clipped and counted; half a step beyond is still rounding', () => {
    const { sums, clipped } = held([-1, 0, 25.5, 25.54, 25.56, 30], { scale: [Math.fround(0.1)] })
    expect(clipped).toBe(3)
    expect(sums.maxAbs).toBeCloseTo(4.5, 5)
  })

  test('signed codes reach -128 whatever range made the scale', () => {
    const { sums, clipped } = held([-128, -129, 127, 128], { type: 'int8' })
    expect([sums.noise, clipped]).toEqual([2, 2])
  })

  test('a scale a channel is used along its axis', () => {
    const sums = noErrors()
    const values = Float32Array.of(1.2, 2.4, 10, 20, 3.6, 1.2, 30, 40)
    addOwnErrors(sums, values, row({ granularity: 'channel', axis: 1, scale: [Math.fround(1.2), 10], zeroPoint: [0, 0] }), 2, 2)
    expect(sums.noise).toBeLessThan(1e-10)
  })

  test('a float row has no codes', () => {
    expect(() => held([1], { type: 'float32', scale: [], zeroPoint: [], float: true })).toThrow(expect.objectContaining({ code: 'bug.float-row' }))
  })
})
