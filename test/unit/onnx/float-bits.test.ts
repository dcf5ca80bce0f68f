import { describe, expect, it } from 'vitest'
import {
  bfloat16ToFloat32, float16ToFloat32, float32ToFloat16, float4e2m1ToFloat32, float8e4m3fnToFloat32, float8e4m3fnuzToFloat32,
  float8e5m2ToFloat32, float8e5m2fnuzToFloat32, float8e8m0ToFloat32,
} from '../../../main/onnx/float-bits.ts'

const every16 = Array.from({ length: 65536 }, (_, bits) => bits)

describe('float16', () => {
  it('reads every bit pattern as the engine does', () => {
    const bits = Uint16Array.from(every16)
    const expected = new Float16Array(bits.buffer)
    expect(every16.filter((code) => !Object.is(float16ToFloat32(code), expected[code]!))).toEqual([])
  })

  it('writes every value back to its bits, NaN to a quiet one', () => {
    const isNaN16 = (bits: number): boolean => (bits & 0x7fff) > 0x7c00
    expect(every16.filter((bits) => !isNaN16(bits) && float32ToFloat16(float16ToFloat32(bits)) !== bits)).toEqual([])
    expect(float32ToFloat16(NaN)).toBe(0x7e00)
  })

  it('rounds halfway cases to even, and its neighbours away from them', () => {
    const step = new Float16Array(1)
    const bitsOf = new Uint16Array(step.buffer)
    for (let bits = 0; bits < 0x7bff; bits += 7) {
      const middle = Math.fround((float16ToFloat32(bits) + float16ToFloat32(bits + 1)) / 2)
      for (const value of [middle, middle * (1 + 2 ** -20), middle * (1 - 2 ** -20), -middle]) {
        step[0] = Math.fround(value)
        expect(float32ToFloat16(value)).toBe(bitsOf[0])
      }
    }
  })

  it('overflows to infinity from 65520 on', () => {
    expect(float32ToFloat16(65519.99)).toBe(0x7bff)
    expect(float32ToFloat16(65520)).toBe(0x7c00)
    expect(float32ToFloat16(-1e30)).toBe(0xfc00)
  })
})

describe('bfloat16', () => {
  it('is the upper half of a float32', () => {
    expect([0x3f80, 0xc049, 0x0001, 0x7f80, 0x8000].map(bfloat16ToFloat32)).toEqual([1, -3.140625, 2 ** -133, Infinity, -0])
    expect(bfloat16ToFloat32(0x7fc0)).toBeNaN()
  })
})

describe('8- and 4-bit floats (values of the ONNX documentation)', () => {
  it('knows the largest, the smallest and the special codes', () => {
    expect([0x7e, 0x01, 0x08, 0xfe].map(float8e4m3fnToFloat32)).toEqual([448, 2 ** -9, 2 ** -6, -448])
    expect(float8e4m3fnToFloat32(0x7f)).toBeNaN()
    expect([0x7f, 0x01, 0x08].map(float8e4m3fnuzToFloat32)).toEqual([240, 2 ** -10, 2 ** -7])
    expect(float8e4m3fnuzToFloat32(0x80)).toBeNaN()
    expect([0x7b, 0x01, 0x7c, 0xfc].map(float8e5m2ToFloat32)).toEqual([57344, 2 ** -16, Infinity, -Infinity])
    expect(float8e5m2ToFloat32(0x7d)).toBeNaN()
    expect([0x7f, 0x01].map(float8e5m2fnuzToFloat32)).toEqual([57344, 2 ** -17])
    expect(float8e5m2fnuzToFloat32(0x80)).toBeNaN()
    expect([0, 127, 254].map(float8e8m0ToFloat32)).toEqual([2 ** -127, 1, 2 ** 127])
    expect([0, 1, 2, 3, 4, 5, 6, 7, 15].map(float4e2m1ToFloat32)).toEqual([0, 0.5, 1, 1.5, 2, 3, 4, 6, -6])
  })
})
