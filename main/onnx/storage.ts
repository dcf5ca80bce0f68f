import type { ElementType } from './element-type.ts'
import type { PackedBits } from './packing.ts'

/** The field of TensorProto that holds values which are not raw bytes. */
export type TypedField = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data'

type NumericArray =
  | Float32ArrayConstructor | Float64ArrayConstructor | Int8ArrayConstructor | Uint8ArrayConstructor | Int16ArrayConstructor
  | Uint16ArrayConstructor | Int32ArrayConstructor | Uint32ArrayConstructor | BigInt64ArrayConstructor | BigUint64ArrayConstructor

/** How an element type lies in memory and in the file. */
export interface Storage {
  readonly array: NumericArray
  readonly field: TypedField
  /** Array elements a tensor element: 2 for complex. */
  readonly parts: 1 | 2
  /** Bits an element where several share a byte. */
  readonly packed?: PackedBits
}

const plain = (array: NumericArray, field: TypedField, parts: 1 | 2 = 1): Storage => ({ array, field, parts })
const packed = (array: NumericArray, bits: PackedBits): Storage => ({ array, field: 'int32Data', parts: 1, packed: bits })
const byte = plain(Uint8Array, 'int32Data')

const STORAGE: Readonly<Record<Exclude<ElementType, 'undefined' | 'string'>, Storage>> = {
  float32: plain(Float32Array, 'floatData'),
  float64: plain(Float64Array, 'doubleData'),
  float16: plain(Uint16Array, 'int32Data'),
  bfloat16: plain(Uint16Array, 'int32Data'),
  uint8: byte,
  int8: plain(Int8Array, 'int32Data'),
  uint16: plain(Uint16Array, 'int32Data'),
  int16: plain(Int16Array, 'int32Data'),
  int32: plain(Int32Array, 'int32Data'),
  int64: plain(BigInt64Array, 'int64Data'),
  bool: byte,
  uint32: plain(Uint32Array, 'uint64Data'),
  uint64: plain(BigUint64Array, 'uint64Data'),
  complex64: plain(Float32Array, 'floatData', 2),
  complex128: plain(Float64Array, 'doubleData', 2),
  float8e4m3fn: byte,
  float8e4m3fnuz: byte,
  float8e5m2: byte,
  float8e5m2fnuz: byte,
  float8e8m0: byte,
  uint4: packed(Uint8Array, 4),
  int4: packed(Int8Array, 4),
  float4e2m1: packed(Uint8Array, 4),
  uint2: packed(Uint8Array, 2),
  int2: packed(Int8Array, 2),
}

/** null for strings, which have no fixed size, and for `undefined`. */
export const storageOf = (type: ElementType): Storage | null => (type === 'string' || type === 'undefined' ? null : STORAGE[type])

/** Bytes of `count` elements as raw data; null where the type has no fixed size. */
export function rawByteLength(type: ElementType, count: number): number | null {
  const storage = storageOf(type)
  if (storage === null) return null
  if (storage.packed !== undefined) return Math.ceil((count * storage.packed) / 8)
  return count * storage.parts * storage.array.BYTES_PER_ELEMENT
}
