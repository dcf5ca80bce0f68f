import { describe, expect, it } from 'vitest'
import { binCounter, countFloats, countHalves, histogramOf } from '../../../main/calibrate/bin-counter.ts'
import { codeOf, codeOfHalf, lowerEdge, magnitudeOf, SIGN, upperEdge } from '../../../main/calibrate/codes.ts'
import { exactSum, meanOf, numberOfUnits, unitsOf } from '../../../main/calibrate/exact-sum.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { float16ToFloat32, float32ToFloat16 } from '../../../main/onnx/float-bits.ts'

const spread = (count: number, from: number, to: number, seed = 1): Float32Array => {
  const random = seededRandom(seed)
  return Float32Array.from({ length: count }, () => (random() < 0.5 ? -1 : 1) * 2 ** (from + (to - from) * random()))
}

describe('codes', () => {
  it('round to 11 significant bits, ties to even, at any exponent', () => {
    expect(codeOf(1)).toBe(127 << 10)
    expect(codeOf(-1)).toBe((127 << 10) | SIGN)
    expect(codeOf(1 + 2 ** -11)).toBe(127 << 10)
    expect(codeOf(1 + 3 * 2 ** -11)).toBe((127 << 10) + 2)
    expect(codeOf(1 + 2 ** -11 + 2 ** -20)).toBe((127 << 10) + 1)
    expect(magnitudeOf(codeOf(-1e-30))).toBeCloseTo(1e-30, 33)
  })

  it('hold zeros of either sign in code 0 and the largest float32 in a finite bin', () => {
    expect([codeOf(0), codeOf(-0), codeOf(-1e-45), codeOfHalf(0x8000)]).toEqual([0, 0, 0, 0])
    expect(magnitudeOf(codeOf(3.4028234663852886e38))).toBeLessThan(Infinity)
  })

  it('agree with binary16 for each of its normal and subnormal values', () => {
    for (let half = 0; half < 0x7c00; half++) {
      expect(codeOfHalf(half)).toBe(codeOf(float16ToFloat32(half)))
      expect(codeOfHalf(half | 0x8000)).toBe(half === 0 ? 0 : codeOfHalf(half) | SIGN)
    }
  })

  it('agree with rounding to binary16 for values in its normal range', () => {
    for (const value of spread(5000, -13, 15.9)) expect(codeOfHalf(float32ToFloat16(value))).toBe(codeOf(value))
  })

  it('have edges half way to the neighbours', () => {
    const one = codeOf(1)
    expect([lowerEdge(one), upperEdge(one)]).toEqual([1 - 2 ** -12, 1 + 2 ** -11])
  })
})

describe('a bin counter', () => {
  it('counts halves as it counts the same values given as floats', () => {
    const values = spread(20_000, -13, 6)
    const [a, b] = [binCounter(), binCounter()]
    countHalves(a, Uint16Array.from(values, float32ToFloat16))
    countFloats(b, values)
    expect(histogramOf(a)).toEqual(histogramOf(b))
  })

  it('gives codes ascending and goes on counting after a histogram was made', () => {
    const counter = binCounter()
    countHalves(counter, Uint16Array.of(0, 0x8000, 0x0001, 0x8001, 0x3c00))
    histogramOf(counter)
    countHalves(counter, Uint16Array.of(0x3c00))
    const { codes, counts } = histogramOf(counter)
    expect([...codes]).toEqual([0, codeOf(2 ** -24), codeOf(1), codeOf(-(2 ** -24))])
    expect([...counts]).toEqual([2, 1, 2, 1])
  })
})

describe('exact sums', () => {
  it('do not depend on the order, over the whole range of float32', () => {
    const values = spread(3000, -148, 127)
    const forward = exactSum(values)
    expect(exactSum(values.toReversed())).toBe(forward)
    expect([...values].reduce((sum, value) => sum + unitsOf(value), 0n)).toBe(forward)
  })

  it('keep what float64 would lose', () => {
    expect(exactSum(Float32Array.of(1e30, 1e-30, -1e30))).toBe(unitsOf(1e-30))
  })

  it('become numbers with one rounding', () => {
    expect(numberOfUnits(unitsOf(-0.1))).toBe(Math.fround(-0.1))
    expect(numberOfUnits(exactSum(Float32Array.of(2 ** 60, 2 ** -60)))).toBe(2 ** 60)
    expect(meanOf([unitsOf(3), unitsOf(-1)], 4)).toBe(0.5)
  })
})
