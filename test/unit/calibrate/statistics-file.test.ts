import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { samplesSha256Of } from '../../../main/calibrate/observed-samples.ts'
import { decodeStatistics, encodeStatistics } from '../../../main/calibrate/statistics-file.ts'
import { statisticsOf } from '../../../main/calibrate/statistics-of.ts'
import type { Statistics } from '../../../main/calibrate/statistics.ts'
import { Fault } from '../../../main/core/fault.ts'
import { sha256 } from '../../../main/core/hash.ts'
import { seededRandom } from '../../../main/core/random.ts'

const random = seededRandom(3)
const tensors = ['in put', '特徴', 'empty'].map((name) =>
  statisticsOf(name, Float32Array.from({ length: name === 'empty' ? 0 : 333 }, () => (random() - 0.5) * 1e6)),
)
const observed = [{ id: 'picture_01', sha256: sha256('1') }]
const statistics: Statistics = {
  format: 1, modelSha256: sha256('model'), samplesSha256: samplesSha256Of(observed), samples: 1, observed, valuesPerTensor: 16384, protocol: 'raw',
  tensors: new Map(tensors.map((tensor) => [tensor.tensor, tensor])),
}
const bytes = encodeStatistics(statistics)

/** The bytes with their checksum made right again: what someone who wants to do harm would write. */
function signed(change: (copy: Uint8Array) => Uint8Array | undefined): Uint8Array {
  const copy = new Uint8Array(bytes)
  const changed = change(copy) ?? copy
  changed.set(createHash('sha256').update(changed.subarray(40)).digest(), 8)
  return changed
}

function withHeader(edit: (header: string) => string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const length = view.getUint32(40, true)
  const header = new TextEncoder().encode(edit(new TextDecoder().decode(bytes.subarray(44, 44 + length))))
  const payload = bytes.subarray(Math.ceil((44 + length) / 8) * 8)
  const start = Math.ceil((44 + header.length) / 8) * 8
  return signed(() => {
    const made = new Uint8Array(start + payload.length)
    made.set(bytes.subarray(0, 8))
    new DataView(made.buffer).setUint32(40, header.length, true)
    made.set(header, 44)
    made.set(payload, start)
    return made
  })
}

describe('a statistics file', () => {
  it('comes back as it was written, from a Buffer of a larger pool too', () => {
    expect(decodeStatistics(bytes)).toEqual(statistics)
    const pool = Buffer.alloc(bytes.length + 3)
    pool.set(bytes, 3)
    expect(decodeStatistics(pool.subarray(3))).toEqual(statistics)
  })

  it('is the same bytes each time', () => {
    expect(encodeStatistics(decodeStatistics(bytes))).toEqual(bytes)
  })

  it('is laid out as documented', () => {
    const view = new DataView(bytes.buffer)
    const headerBytes = view.getUint32(40, true)
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(44, 44 + headerBytes)))
    expect(header).toMatchObject({ format: 1, valuesPerTensor: 16384, tensors: [{ tensor: 'in put', channels: 1, count: 333, sampled: 333, sums: 1 }, {}, { sums: 0 }] })
    expect(view.getFloat32(Math.ceil((44 + headerBytes) / 8) * 8, true)).toBe(tensors[0]!.min)
  })

  it('is refused wherever it is cut short', () => {
    for (let length = 0; length < bytes.length; length += 97) expect(() => decodeStatistics(bytes.subarray(0, length), 'a.stat')).toThrow(Fault)
    expect(() => decodeStatistics(bytes.subarray(0, bytes.length - 1), 'a.stat')).toThrow(/a\.stat: .*cut short/)
  })

  it('is refused when any byte changed', () => {
    for (let at = 0; at < bytes.length; at += 61) {
      const copy = new Uint8Array(bytes)
      copy[at]! ^= 0x10
      expect(() => decodeStatistics(copy)).toThrow(Fault)
    }
  })

  it.each([
    ['another kind of file', new TextEncoder().encode('\x08\x07model.onnx and more than forty-four bytes of it'), /no statistics file/],
    ['an empty file', new Uint8Array(), /no statistics file/],
    ['a newer format', signed((copy) => void copy.set(new TextEncoder().encode('02'), 6)), /format 02, this version reads 01/],
    ['a header that is longer than the file', signed((copy) => void new DataView(copy.buffer).setUint32(40, 2 ** 32 - 1, true)), /cut short/],
    ['a header that is no JSON', withHeader((text) => text.slice(1)), /not JSON/],
    ['an unknown key', withHeader((text) => text.replace('"format"', '"fromat"')), /header is wrong/],
    ['more bins than bytes', withHeader((text) => text.replace(/"bins":\[\d+/, '"bins":[900000000000')), /asks for \d+ bytes/],
    ['a negative length', withHeader((text) => text.replace('"sums":1', '"sums":-1')), /header is wrong at 'tensors.0.sums'/],
    ['more sampled than seen', withHeader((text) => text.replace('"count":333', '"count":332')), /333 of 332 values/],
    ['other counts than said', withHeader((text) => text.replaceAll('333', '444')), /count 333 values instead of 444/],
    ['a tensor twice', withHeader((text) => text.replace('特徴', 'in put')), /stands twice/],
    ['a foreign sample', withHeader((text) => text.replace('picture_01', 'picture_02')), /list of samples/],
    ['something behind the end', signed((copy) => Uint8Array.of(...copy, 0)), /asks for/],
  ])('refuses %s', (_, file, message) => {
    expect(() => decodeStatistics(file)).toThrow(message)
  })

  it('refuses bins out of order', () => {
    const broken = { ...tensors[0]!, folds: [{ codes: tensors[0]!.folds[0].codes.toReversed(), counts: tensors[0]!.folds[0].counts }, tensors[0]!.folds[1]] as const }
    expect(() => decodeStatistics(encodeStatistics({ ...statistics, tensors: new Map([[broken.tensor, broken]]) }))).toThrow(/bins out of order/)
  })
})
