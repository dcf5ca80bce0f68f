import { Fault } from '../core/fault.ts'
import type { ElementType } from '../onnx/element-type.ts'
import type { Tensor, TensorData } from '../onnx/graph.ts'
import { gathered } from '../onnx/strided.ts'
import { elementCount, tensor } from '../onnx/tensor.ts'

/**
 * NumPy's array file, versions 1 to 3: magic, version, header length, a Python dictionary, raw values.
 * Format: NumPy Enhancement Proposal 1 (numpy.lib.format). Only plain numbers are read, never pickled objects.
 */

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
const MAX_RANK = 32
const MAX_HEADER_BYTES = 65536

type ArrayType = new (buffer: ArrayBuffer) => Exclude<TensorData, string[]>

/** NumPy's kind and item size → our element type and the array that holds it (float16 as its bits). */
const TYPES: Readonly<Record<string, readonly [type: ElementType, array: ArrayType]>> = {
  f2: ['float16', Uint16Array],
  f4: ['float32', Float32Array],
  f8: ['float64', Float64Array],
  i1: ['int8', Int8Array],
  u1: ['uint8', Uint8Array],
  b1: ['bool', Uint8Array],
  i2: ['int16', Int16Array],
  u2: ['uint16', Uint16Array],
  i4: ['int32', Int32Array],
  u4: ['uint32', Uint32Array],
  i8: ['int64', BigInt64Array],
  u8: ['uint64', BigUint64Array],
}

const DESCR_OF = new Map(Object.entries(TYPES).map(([code, [type]]) => [type, code]))

export interface NpyHeader {
  readonly type: ElementType
  readonly itemBytes: number
  readonly bigEndian: boolean
  readonly fortranOrder: boolean
  readonly dims: readonly number[]
  /** Offset of the first value. */
  readonly dataFrom: number
}

function refuse(where: string, what: string): never {
  throw new Fault({ code: 'samples.npy', where, what, next: 'Save the array again with numpy.save or numpy.savez, as plain numbers.' })
}

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }` and nothing else: keys once each, in any order. */
function parseDictionary(text: string, where: string): { descr: string; fortran: boolean; dims: number[] } {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  if (body === undefined) refuse(where, 'the header of the array is not a dictionary')
  const entry = /^\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:(['"])([^'"\\]*)\3|(True|False)|\(([\d\s,]*)\))\s*(?:,|$)/
  const found = new Map<string, RegExpExecArray>()
  let rest = body
  while (rest.trim() !== '') {
    const match = entry.exec(rest)
    if (match === null) refuse(where, `the header of the array has something that is not plain numbers: ${rest.trim().slice(0, 60)}`)
    if (found.has(match[2]!)) refuse(where, `the header of the array says ${match[2]} twice`)
    found.set(match[2]!, match)
    rest = rest.slice(match[0].length)
  }
  const descr = found.get('descr')?.[4]
  const fortran = found.get('fortran_order')?.[5]
  const shape = found.get('shape')?.[6]
  if (descr === undefined || fortran === undefined || shape === undefined) refuse(where, 'the header of the array lacks descr, fortran_order or shape')
  return { descr, fortran: fortran === 'True', dims: dimsOf(shape, where) }
}

function dimsOf(text: string, where: string): number[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.at(-1) === '') parts.pop()
  const dims = parts.map(Number)
  const valid = parts.every((part) => /^\d{1,15}$/.test(part)) && dims.length <= MAX_RANK
  if (!valid || !Number.isSafeInteger(elementCount(dims))) refuse(where, `the header of the array has an impossible shape: (${text.slice(0, 60)})`)
  return dims
}

/** Reads the header from the file's beginning. Throws a `samples.npy` Fault. */
export function npyHeader(bytes: Uint8Array, where: string): NpyHeader {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) refuse(where, 'this is not a .npy array')
  const version = bytes[6]
  if (version !== 1 && version !== 2 && version !== 3) refuse(where, `a .npy array of version ${version} is not known`)
  const lengthBytes = version === 1 ? 2 : 4
  const from = 8 + lengthBytes
  if (bytes.length < from) refuse(where, 'the header of the array is cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > MAX_HEADER_BYTES) refuse(where, `the header of the array has ${length} bytes`)
  if (from + length > bytes.length) refuse(where, 'the header of the array is cut off')
  const { descr, fortran, dims } = parseDictionary(new TextDecoder('latin1').decode(bytes.subarray(from, from + length)), where)
  const code = descr.slice(1)
  const known = TYPES[code]
  if (known === undefined || !'<>|='.includes(descr[0] ?? ' ') || (descr[0] === '|' && code[1] !== '1')) {
    refuse(where, `the array holds '${descr}', not plain numbers of 8 to 64 bits`)
  }
  return { type: known[0], itemBytes: Number(code[1]), bigEndian: descr[0] === '>', fortranOrder: fortran, dims, dataFrom: from + length }
}

function swapBytes(bytes: Uint8Array, itemBytes: number): void {
  for (let at = 0; at < bytes.length; at += itemBytes) bytes.subarray(at, at + itemBytes).reverse()
}

/** Steps along each axis of column-major values. */
const columnMajorStrides = (dims: readonly number[]): number[] => dims.map((_, axis) => elementCount(dims.slice(0, axis)))

/**
 * A .npy file as a tensor in row-major order; float16 as its bits, bool as 0 and 1. The file must have exactly the bytes that
 * its shape asks for. Throws a `samples.npy` Fault.
 */
export function decodeNpy(bytes: Uint8Array, where: string): Tensor {
  const { type, itemBytes, bigEndian, fortranOrder, dims, dataFrom } = npyHeader(bytes, where)
  const wanted = elementCount(dims) * itemBytes
  const present = bytes.length - dataFrom
  if (wanted !== present) refuse(where, `the array [${dims.join(', ')}] needs ${wanted} bytes, the file has ${present}`)
  // A copy of its own, aligned for every type (slice of a Buffer would be a view).
  const raw = new Uint8Array(bytes.subarray(dataFrom))
  if (bigEndian) swapBytes(raw, itemBytes)
  const [, ArrayOf] = TYPES[DESCR_OF.get(type)!]!
  const values = new ArrayOf(raw.buffer)
  if (type === 'bool' && (values as Uint8Array).some((value) => value > 1)) refuse(where, 'the array of truth values holds more than 0 and 1')
  return tensor(type, dims, fortranOrder && dims.length > 1 ? gathered(values, dims, columnMajorStrides(dims)) : values)
}

/** A tensor as a .npy file of version 1: little-endian, row-major, header padded to 64 bytes. The same tensor gives the same bytes. */
export function encodeNpy(values: Tensor): Uint8Array {
  const code = DESCR_OF.get(values.type)
  if (code === undefined || Array.isArray(values.data)) {
    throw new Fault({ code: 'input.npy-type', what: `a tensor of ${values.type} cannot be written as .npy`, next: 'Convert it to float32 or an integer type first.' })
  }
  const descr = `${code[1] === '1' ? '|' : '<'}${code}`
  const shape = values.dims.length === 1 ? `(${values.dims[0]},)` : `(${values.dims.join(', ')})`
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10
  const header = new TextEncoder().encode(`${dictionary.padEnd(length - 1)}\n`)
  const raw = new Uint8Array(values.data.buffer, values.data.byteOffset, values.data.byteLength)
  const bytes = new Uint8Array(10 + length + raw.length)
  bytes.set([...MAGIC, 1, 0, length & 0xff, length >> 8])
  bytes.set(header, 10)
  bytes.set(raw, 10 + length)
  return bytes
}
