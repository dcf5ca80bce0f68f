import { create, isFieldSet } from '@bufbuild/protobuf'
import { Fault } from '../core/fault.ts'
import { ELEMENT_TYPES, elementTypeNumber } from './element-type.ts'
import type { ElementType } from './element-type.ts'
import type { Tensor, TensorData } from './graph.ts'
import { TensorProtoSchema } from './onnx_pb.ts'
import type { TensorProto } from './onnx_pb.ts'
import { pack, unpack } from './packing.ts'
import { rawByteLength, storageOf } from './storage.ts'
import type { Storage } from './storage.ts'
import { elementCount } from './tensor.ts'

/** `TensorProto.data_location`. */
export const EXTERNAL = 1
const MAX_DIM = 2n ** 31n
const MAX_ELEMENTS = 2n ** 34n

/** The element type of a number in the file; a Fault where this version of the format has none. */
export function elementTypeOf(number: number, where: string): ElementType {
  const type = ELEMENT_TYPES[number]
  if (type === undefined) {
    throw new Fault({
      code: 'model.element-type', what: `element type ${number} is not known`, where,
      next: 'Export the model with an ONNX release up to IR version 14.',
    })
  }
  return type
}

/** Dims of a tensor in the file, checked before anything is allocated: each ≤ 2^31, their product ≤ 2^34. */
export function dimsOf(proto: TensorProto, where: string): number[] {
  const product = proto.dims.reduce((sum, dim) => sum * dim, 1n)
  if (proto.dims.some((dim) => dim < 0n || dim > MAX_DIM) || product > MAX_ELEMENTS) {
    throw new Fault({
      code: 'model.tensor-dims', what: `the dims [${proto.dims.join(', ')}] are not those of a real tensor`, where,
      next: 'The file is damaged or made to harm: export the model again.',
    })
  }
  return proto.dims.map(Number)
}

/** Reads a tensor of the file. `where` names it in errors. External data must have been brought in before (model-file.ts). */
export function tensorOf(proto: TensorProto, where: string): Tensor {
  const type = elementTypeOf(proto.dataType, where)
  const dims = dimsOf(proto, where)
  if (proto.dataLocation === EXTERNAL) {
    throw new Fault({
      code: 'model.external-data', what: 'its values lie in another file', where,
      next: 'Give the model as a file beside its data files, not as bytes.',
    })
  }
  checkTensorSize(proto, where)
  return { type, dims, data: valuesOf(proto, type, dims), proto }
}

/** Whether the values are raw bytes; an empty tensor has none, in whichever field. */
const isRaw = (proto: TensorProto): boolean => proto.rawData.length > 0 || isFieldSet(proto, TensorProtoSchema.field.rawData)

/** Throws `model.tensor-dims`, `model.tensor-size` or `model.element-type` where the values cannot be those of type and dims. */
export function checkTensorSize(proto: TensorProto, where: string): void {
  const type = elementTypeOf(proto.dataType, where)
  const dims = dimsOf(proto, where)
  const count = elementCount(dims)
  const storage = storageOf(type)
  if (type === 'undefined') throw new Fault({
    code: 'model.element-type', what: 'its element type is not stated', where, next: 'Export the model again.',
  })
  const fault = (has: number, needs: number, unit: string): Fault =>
    new Fault({
      code: 'model.tensor-size', where, what: `a ${type} tensor [${dims.join(', ')}] needs ${needs} ${unit} but has ${has}`,
      next: 'The file is damaged: export the model again.',
    })
  if (storage === null) {
    if (proto.stringData.length !== count) throw fault(proto.stringData.length, count, 'texts')
  } else if (isRaw(proto)) {
    const needs = rawByteLength(type, count)!
    if (proto.rawData.length !== needs) throw fault(proto.rawData.length, needs, 'bytes')
  } else {
    const needs = storage.packed === undefined ? count * storage.parts : Math.ceil((count * storage.packed) / 8)
    if (proto[storage.field].length !== needs) throw fault(proto[storage.field].length, needs, 'values')
  }
}

function valuesOf(proto: TensorProto, type: ElementType, dims: readonly number[]): TensorData {
  const count = elementCount(dims)
  const storage = storageOf(type)
  if (storage === null) {
    const text = new TextDecoder()
    return proto.stringData.map((bytes) => text.decode(bytes))
  }
  if (isRaw(proto)) return rawValues(proto.rawData, count, storage)
  const values = proto[storage.field]
  if (storage.packed !== undefined) return unpack(Uint8Array.from(values as number[]), count, storage.packed, storage.array === Int8Array)
  // uint32 lies in uint64_data, whose elements are bigint.
  const numbers = storage.array === Uint32Array ? Array.from(values as bigint[], Number) : values
  return (storage.array as { from(values: ArrayLike<number | bigint>): TensorData }).from(numbers)
}

/** The file's bytes are views at any offset and typed arrays want an aligned one: copied, not by `slice`, which of a Buffer is a view. */
function rawValues(bytes: Uint8Array, count: number, storage: Storage): TensorData {
  if (storage.packed !== undefined) return unpack(bytes, count, storage.packed, storage.array === Int8Array)
  return new storage.array(new Uint8Array(bytes).buffer)
}

/** The values of a tensor as the file's raw little-endian bytes. Throws `bug.tensor` for strings, which have none. */
export function rawBytes(values: Tensor): Uint8Array {
  const { data, type } = values
  const packed = storageOf(type)?.packed
  if (Array.isArray(data)) throw new Fault({ code: 'bug.tensor', what: 'strings have no raw bytes' })
  if (packed !== undefined) return pack(data as Int8Array | Uint8Array, packed)
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** A tensor for the file: what it was read from as it stands, else raw bytes under `name`. */
export function tensorProtoOf(values: Tensor, name: string): TensorProto {
  const { proto } = values
  if (proto !== undefined) return proto.name === name ? proto : Object.assign(create(TensorProtoSchema), proto, { name })
  const content = Array.isArray(values.data)
    ? { stringData: values.data.map((text) => new TextEncoder().encode(text)) }
    : { rawData: rawBytes(values) }
  return create(TensorProtoSchema, {
    dims: values.dims.map(BigInt), dataType: elementTypeNumber(values.type), ...(name === '' ? {} : { name }), ...content,
  })
}
