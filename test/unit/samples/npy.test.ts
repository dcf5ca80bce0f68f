import { describe, expect, it } from 'vitest'
import { zipSync } from 'fflate'
import { Fault } from '../../../main/core/fault.ts'
import { decodeNpy, encodeNpy } from '../../../main/samples/npy.ts'
import { decodeNpz, encodeNpz } from '../../../main/samples/npz.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { floats, longs } from '../../fixtures/build-model.ts'

/** A .npy file with this dictionary and these bytes of values. */
function npy(dictionary: string, values: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const text = new TextEncoder().encode(`${dictionary}\n`)
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0]
  return Uint8Array.from([0x93, ...new TextEncoder().encode('NUMPY'), version, 0, ...length, ...text, ...values])
}

const dictionary = (descr: string, shape: string, fortran = 'False') => `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`
const bytesOf = (values: { buffer: ArrayBufferLike }) => new Uint8Array(values.buffer)

const refused = (bytes: Uint8Array): string => {
  try {
    decodeNpy(bytes, 'a.npy')
  } catch (error) {
    expect(error).toBeInstanceOf(Fault)
    expect((error as Fault).code).toBe('samples.npy')
    expect((error as Fault).where).toBe('a.npy')
    return (error as Fault).what
  }
  throw new Error('it was read')
}

describe('.npy', () => {
  it.each([1, 2, 3])('reads version %i', (version) => {
    const { type, dims, data } = decodeNpy(npy(dictionary('<f4', '(2, 3)'), bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6)), version), 'a')
    expect({ type, dims, data: [...(data as Float32Array)] }).toEqual({ type: 'float32', dims: [2, 3], data: [1, 2, 3, 4, 5, 6] })
  })

  it.each([
    ['<f8', 'float64', Float64Array.of(0.1, -2)], ['<f2', 'float16', Uint16Array.of(0x3c00, 0xc000)], ['|u1', 'uint8', Uint8Array.of(0, 255)], ['|i1', 'int8', Int8Array.of(-128, 127)],
    ['<u2', 'uint16', Uint16Array.of(1, 65535)], ['<i2', 'int16', Int16Array.of(-32768, 5)], ['<i4', 'int32', Int32Array.of(-7, 2 ** 31 - 1)], ['<u4', 'uint32', Uint32Array.of(0, 2 ** 32 - 1)],
    ['<i8', 'int64', BigInt64Array.of(-(2n ** 63n), 3n)], ['<u8', 'uint64', BigUint64Array.of(2n ** 64n - 1n, 0n)], ['|b1', 'bool', Uint8Array.of(0, 1)],
  ] as const)('reads %s', (descr, type, values) => {
    expect(decodeNpy(npy(dictionary(descr, '(2,)'), bytesOf(values)), 'a')).toEqual({ type, dims: [2], data: values })
  })

  it('reads a Node Buffer, which it leaves as it is', () => {
    const file = Buffer.concat([Buffer.alloc(3), npy(dictionary('>f8', '(1,)'), Uint8Array.of(0x3f, 0xf8, 0, 0, 0, 0, 0, 0))]).subarray(3)
    const before = [...file]
    expect(decodeNpy(file, 'a').data).toEqual(Float64Array.of(1.5))
    expect([...file]).toEqual(before)
  })

  it('reads big-endian values', () => {
    expect(decodeNpy(npy(dictionary('>i2', '(2,)'), Uint8Array.of(1, 2, 0xff, 0xfe)), 'a').data).toEqual(Int16Array.of(258, -2))
  })

  it('turns column-major values into row-major ones', () => {
    const values = Int32Array.from({ length: 24 }, (_, i) => i)
    const { data, dims } = decodeNpy(npy(dictionary('<i4', '(2, 3, 4)', 'True'), bytesOf(values)), 'a')
    expect(dims).toEqual([2, 3, 4])
    for (let i = 0; i < 24; i++) expect(data[i]).toBe(Math.floor(i / 12) + 2 * (Math.floor(i / 4) % 3) + 6 * (i % 4))
  })

  it('reads a scalar, an empty array and keys in another order', () => {
    expect(decodeNpy(npy(dictionary('<f4', '()'), bytesOf(Float32Array.of(7))), 'a').dims).toEqual([])
    expect(decodeNpy(npy(dictionary('<f4', '(0, 3)')), 'a').data).toHaveLength(0)
    expect(decodeNpy(npy(`{"shape":(1,),"fortran_order":False,"descr":"|u1"}`, Uint8Array.of(9)), 'a').data).toEqual(Uint8Array.of(9))
  })

  it.each([
    ['pickled objects', npy(dictionary('|O', '(1,)'), new Uint8Array(8)), /'\|O'/],
    ['text', npy(dictionary('<U3', '(1,)'), new Uint8Array(12)), /'<U3'/],
    ['a structure', npy(`{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }`, new Uint8Array(4)), /not plain numbers/],
    ['complex numbers', npy(dictionary('<c8', '(1,)'), new Uint8Array(8)), /'<c8'/],
    ['too few bytes', npy(dictionary('<f4', '(2,)'), new Uint8Array(7)), /needs 8 bytes, the file has 7/],
    ['too many bytes', npy(dictionary('<f4', '(2,)'), new Uint8Array(9)), /needs 8 bytes, the file has 9/],
    ['a shape beyond all memory', npy(dictionary('<f4', '(99999999999, 99999999999)')), /impossible shape/],
    ['a large shape without data', npy(dictionary('<f4', '(999999999,)')), /needs 3999999996 bytes/],
    ['a negative side', npy(dictionary('<f4', '(-1,)')), /not plain numbers/],
    ['an expression', npy(`{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os').system('true'),), }`), /not plain numbers/],
    ['a key twice', npy(`{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}`), /descr twice/],
    ['a missing key', npy(`{'descr': '<f4', 'shape': (1,)}`), /lacks/],
    ['an unknown version', npy(dictionary('<f4', '(0,)'), undefined, 4), /version 4/],
    ['a header that is cut off', npy(dictionary('<f4', '(0,)')).subarray(0, 40), /cut off/],
    ['four bytes', Uint8Array.of(0x93, 0x4e, 0x55, 0x4d), /not a .npy/],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), /not a .npy/],
    ['nothing', new Uint8Array(0), /not a .npy/],
    ['truth values beyond 0 and 1', npy(dictionary('|b1', '(1,)'), Uint8Array.of(2)), /truth/],
  ])('refuses %s', (_, bytes, reason) => {
    expect(refused(bytes)).toMatch(reason)
  })

  it('writes what it reads, header padded to 64 bytes', () => {
    for (const values of [floats([2, 2], [1, -0.5, 3e38, 0]), longs([1, -2, 3]), tensor('uint8', [1, 1, 3], Uint8Array.of(1, 2, 3)), floats([], [4])]) {
      const bytes = encodeNpy(values)
      expect((10 + bytes[8]! + 256 * bytes[9]!) % 64).toBe(0)
      expect(decodeNpy(bytes, 'a')).toEqual(values)
    }
  })

  it('writes the bytes that numpy.save writes', () => {
    // numpy 2: numpy.save(f, numpy.arange(3, dtype='<i8'))
    const header = `{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }`.padEnd(117) + '\n'
    const expected = Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0, ...new TextEncoder().encode(header), ...bytesOf(BigInt64Array.of(0n, 1n, 2n))])
    expect(encodeNpy(longs([0, 1, 2]))).toEqual(expected)
  })
})

const NUMPY_SAVEZ = [
  'UEsDBC0AAAAAAAAAIQDWQ0sF//////////8FABQAeC5ucHkBABAAiAAAAAAAAACIAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsIC',
  'dmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg',
  'ICAgICAgICAgICAgICAgICAKAADAPwAAAMBQSwMELQAAAAAAAAAhAAwtsbT//////////wUAFABuLm5weQEAEACEAAAAAAAAAIQAAAAAAAAAk0',
  '5VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAg',
  'ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoHAAAAUEsBAi0DLQAAAAAAAAAhANZDSwWIAAAAiAAAAAUAAAAAAA',
  'AAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAAAAAAhAAwtsbSEAAAAhAAAAAUAAAAAAAAAAAAAAIABvwAAAG4ubnB5UEsFBgAAAAACAAIAZgAA',
  'AHoBAAAAAA==',
].join('')

describe('.npz', () => {
  it('writes what it reads, the same bytes each time', () => {
    const arrays = { input: floats([1, 2], [1, 2]), 'a/b': longs([5]) }
    expect(encodeNpz(arrays)).toEqual(encodeNpz(arrays))
    expect(decodeNpz(encodeNpz(arrays), 'a.npz')).toEqual(new Map(Object.entries(arrays)))
  })

  it('reads an archive of numpy.savez (zip64 local headers)', () => {
    // numpy.savez(f, x=numpy.array([1.5, -2], 'f4'), n=numpy.array(7, 'i4'))
    const file = Buffer.from(NUMPY_SAVEZ, 'base64')
    expect(decodeNpz(file, 'a.npz')).toEqual(new Map([['x', floats([2], [1.5, -2])], ['n', tensor('int32', [], Int32Array.of(7))]]))
  })

  const entry = encodeNpy(floats([1], [1]))
  it.each([
    ['what is not an archive', Uint8Array.of(1, 2, 3, 4), /not a whole .npz/],
    ['a cut archive', encodeNpz({ a: floats([1], [1]) }).subarray(0, 100), /not a whole .npz/],
    ['other files inside', zipSync({ 'a.npy': entry, 'run.sh': Uint8Array.of(1) }), /run\.sh/],
    ['no arrays', zipSync({}), /no arrays/],
    ['a broken array', zipSync({ 'a.npy': entry.subarray(0, 100) }), /cut off/],
  ])('refuses %s', (_, bytes, reason) => {
    expect(() => decodeNpz(bytes, 'a.npz')).toThrow(reason)
    expect(() => decodeNpz(bytes, 'a.npz')).toThrow(Fault)
  })
})

