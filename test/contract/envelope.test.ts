import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../main/core/random.ts'
import { decodeReply, encodeReply, type Reply } from '../../preload/contract/envelope.ts'

const ARRAYS = {
  i8: Int8Array.of(-128, 127), u8: Uint8Array.of(0, 255, 7), i16: Int16Array.of(-32768), u16: Uint16Array.of(65535), i32: Int32Array.of(-(2 ** 31), 5),
  u32: Uint32Array.of(2 ** 32 - 1), f32: Float32Array.of(NaN, -0, Infinity, 1e-45), f64: Float64Array.of(Number.MIN_VALUE, -Infinity, NaN), none: new Float64Array(0),
}

/** An answer of every kind of thing that a call may give. */
const RICH: Reply = {
  ok: true,
  value: { text: '校准 \u0000 😀', deep: [{ counts: Float64Array.of(1, 2, 3) }, null, ['x', { edges: Float32Array.of(1.5) }]], ...ARRAYS, '$array': 0, '__proto__x': null, empty: {} },
}

describe('the envelope of a reply', () => {
  it('gives back every typed array as it was, whatever its length and place', () => {
    expect(decodeReply(encodeReply(RICH))).toStrictEqual(RICH)
    const top: Reply = { ok: true, value: Float64Array.of(1, 2) }
    expect(decodeReply(encodeReply(top))).toStrictEqual(top)
    expect(decodeReply(encodeReply({ ok: true, value: undefined }))).toStrictEqual({ ok: true, value: null })
  })

  it('gives back faults', () => {
    const reply: Reply = { ok: false, fault: { code: 'recipe.unknown-key', what: 'w', where: 'recipe:1:2', next: 'n' } }
    expect(decodeReply(encodeReply(reply))).toStrictEqual(reply)
  })

  it('takes a view of a part of a larger array, and bytes that begin anywhere', () => {
    const whole = Float64Array.from({ length: 10 }, (_, index) => index)
    const bytes = encodeReply({ ok: true, value: whole.subarray(3, 6) })
    for (let shift = 0; shift < 9; shift++) {
      const moved = new Uint8Array(bytes.length + shift)
      moved.set(bytes, shift)
      expect(decodeReply(moved.subarray(shift))).toStrictEqual({ ok: true, value: Float64Array.of(3, 4, 5) })
    }
  })

  it('puts large arrays behind the header, not into it: 8 bytes a number', () => {
    const values = Float64Array.from({ length: 100_000 }, (_, index) => Math.sin(index))
    expect(encodeReply({ ok: true, value: { values } }).length).toBeLessThan(800_000 + 200)
  })

  it('refuses numbers that JSON cannot hold', () => {
    for (const value of [NaN, Infinity, { a: [1, -Infinity] }]) expect(() => encodeReply({ ok: true, value })).toThrow(TypeError)
  })

  it('refuses every cut of a reply', () => {
    const bytes = encodeReply(RICH)
    for (let length = 0; length < bytes.length; length++) expect(() => decodeReply(bytes.subarray(0, length)), `${length} bytes`).toThrow(TypeError)
    const longer = new Uint8Array(bytes.length + 8)
    longer.set(bytes)
    expect(() => decodeReply(longer)).toThrow(/belong to nothing/)
  })

  it('survives 4000 damaged replies: a TypeError or a reply, nothing else', () => {
    const random = seededRandom(3)
    const bytes = encodeReply(RICH)
    for (let round = 0; round < 4000; round++) {
      const damaged = bytes.slice()
      for (let flips = 0; flips < 1 + (round % 4); flips++) damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256)
      try {
        expect(typeof decodeReply(damaged).ok).toBe('boolean')
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError)
      }
    }
  })

  it('places arrays only where a null stands, and never on a prototype', () => {
    const forged = (value: unknown, path: unknown[], length = 1): Uint8Array => {
      const header = new TextEncoder().encode(JSON.stringify({ ok: true, value, arrays: [{ path, type: 'Float64Array', length }] }))
      const bytes = new Uint8Array(Math.ceil((8 + header.length) / 8) * 8 + 8)
      bytes.set([0x53, 0x57, 0x52, 0x31])
      new DataView(bytes.buffer).setUint32(4, header.length, true)
      bytes.set(header, 8)
      return bytes
    }
    expect(decodeReply(forged({ a: null }, ['a']))).toStrictEqual({ ok: true, value: { a: new Float64Array(1) } })
    for (const path of [['__proto__', 'polluted'], ['constructor', 'prototype', 'polluted'], ['b'], ['a', 'b'], ['toString']]) {
      expect(() => decodeReply(forged({ a: null }, path))).toThrow(TypeError)
    }
    expect(() => decodeReply(forged({ a: 1 }, ['a']))).toThrow(TypeError)
    for (const length of [2, 2 ** 40, 1.5, -1]) expect(() => decodeReply(forged({ a: null }, ['a'], length))).toThrow(TypeError)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
