import { create } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { ELEMENT_TYPES, elementTypeNumber } from '../../../main/onnx/element-type.ts'
import type { ElementType } from '../../../main/onnx/element-type.ts'
import type { TensorData } from '../../../main/onnx/graph.ts'
import { TensorProtoSchema } from '../../../main/onnx/onnx_pb.ts'
import { pack, unpack } from '../../../main/onnx/packing.ts'
import { rawByteLength, storageOf } from '../../../main/onnx/storage.ts'
import { float32, float32List, int64List, integers, tensor, tensorOfNumbers } from '../../../main/onnx/tensor.ts'
import { rawBytes, tensorOf, tensorProtoOf } from '../../../main/onnx/tensor-proto.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

/** Codes that use every bit of the type, seven of them: an odd count leaves bits over in packed types. */
function sampleOf(type: ElementType): TensorData {
  const storage = storageOf(type)
  if (storage === null) return ['a', '', 'ü', 'd', 'e', 'f', 'g']
  const count = 7 * storage.parts
  if (storage.packed !== undefined) {
    const full = 2 ** storage.packed
    const low = storage.array === Int8Array ? -full / 2 : 0
    const codes = Array.from({ length: count }, (_, index) => low + ((index * 3) % full))
    return storage.array === Int8Array ? Int8Array.from(codes) : Uint8Array.from(codes)
  }
  const bytes = Uint8Array.from({ length: count * storage.array.BYTES_PER_ELEMENT }, (_, index) => (type === 'bool' ? index % 2 : (index * 37 + 11) & 0xff))
  return new storage.array(bytes.buffer)
}

/** The same values in the field that is typed, as writers without raw data have them. */
function typedFields(type: ElementType, data: TensorData): object {
  const storage = storageOf(type)
  if (storage === null || Array.isArray(data)) return { stringData: (data as string[]).map((text) => new TextEncoder().encode(text)) }
  if (storage.packed !== undefined) return { int32Data: [...pack(data as Uint8Array, storage.packed)] }
  return { [storage.field]: Array.from(data as ArrayLike<number | bigint>, (value) => (type === 'uint32' ? BigInt(value) : value)) }
}

const types = ELEMENT_TYPES.filter((type) => type !== 'undefined')

describe.each(types)('%s', (type) => {
  const data = sampleOf(type)

  it('comes back from raw bytes at an unaligned offset', () => {
    const proto = tensorProtoOf(tensor(type, [7], data), 't')
    const shifted = new Uint8Array(proto.rawData.length + 1)
    shifted.set(proto.rawData, 1)
    const moved = type === 'string' ? proto : Object.assign(create(TensorProtoSchema), proto, { rawData: shifted.subarray(1) })
    const back = tensorOf(moved, 't')
    expect(back).toMatchObject({ type, dims: [7] })
    expect(back.data).toEqual(data)
    if (type !== 'string') expect(proto.rawData.length).toBe(rawByteLength(type, 7))
  })

  it('comes back from its typed field', () => {
    const proto = create(TensorProtoSchema, { dims: [7n], dataType: elementTypeNumber(type), name: 't', ...typedFields(type, data) })
    expect(tensorOf(proto, 't').data).toEqual(data)
  })

  it('refuses values that are one short', async () => {
    const typed = create(TensorProtoSchema, { dims: [9n], dataType: elementTypeNumber(type), ...typedFields(type, data) })
    const fault = await faultOf(() => tensorOf(typed, 'x.onnx: tensor \'w\''))
    expect(fault).toMatchObject({ code: 'model.tensor-size', where: 'x.onnx: tensor \'w\'' })
    if (type !== 'string') expect((await faultOf(() => tensorOf(create(TensorProtoSchema, { dims: [9n], dataType: elementTypeNumber(type), rawData: rawBytes(tensor(type, [7], data)) }), 'w'))).code).toBe('model.tensor-size')
  })
})

describe('packing', () => {
  it('puts the first element into the low bits', () => {
    expect([...pack(Int8Array.of(1, -8, 7), 4)]).toEqual([0x81, 0x07])
    expect([...pack(Uint8Array.of(15, 1), 4)]).toEqual([0x1f])
    expect([...pack(Int8Array.of(1, -2, -1, 0, 1), 2)]).toEqual([0b00111001, 0b01])
    expect([...unpack(Uint8Array.of(0x81, 0x07), 3, 4, true)]).toEqual([1, -8, 7])
    expect([...unpack(Uint8Array.of(0b00111001, 0b01), 5, 2, false)]).toEqual([1, 2, 3, 0, 1])
  })
})

describe('dims', () => {
  it.each([[[-1n]], [[2n ** 62n, 4n]], [[2n ** 31n, 2n ** 31n]], [[2n ** 33n]]])('refuses %s before it allocates', async (dims) => {
    const proto = create(TensorProtoSchema, { dims, dataType: 1, rawData: new Uint8Array(4) })
    expect((await faultOf(() => tensorOf(proto, 'w'))).code).toBe('model.tensor-dims')
  })

  it('reads a scalar and an empty tensor', () => {
    expect(tensorOf(create(TensorProtoSchema, { dataType: 1, rawData: new Uint8Array(4) }), 's')).toMatchObject({ dims: [], data: Float32Array.of(0) })
    expect(tensorOf(create(TensorProtoSchema, { dims: [0n], dataType: 1 }), 'e').data).toHaveLength(0)
  })

  it('refuses an element type of a later format', async () => {
    expect((await faultOf(() => tensorOf(create(TensorProtoSchema, { dataType: 99 }), 'w'))).code).toBe('model.element-type')
  })
})

describe('values as numbers', () => {
  it('reads any float type as float32', () => {
    expect([...float32(tensorOfNumbers('float16', [2], [0x3c00, 0xc000]))]).toEqual([1, -2])
    expect([...float32(tensorOfNumbers('bfloat16', [2], [0x3f80, 0xc000]))]).toEqual([1, -2])
    expect([...float32(tensor('float64', [1], Float64Array.of(0.1)))]).toEqual([Math.fround(0.1)])
    expect([...float32(tensorOfNumbers('float8e4m3fn', [1], [0x38]))]).toEqual([1])
    expect([...float32(float32List([3]))]).toEqual([3])
  })

  it('reads integers and refuses what a number cannot hold', async () => {
    expect(integers(int64List([1, -2]))).toEqual([1, -2])
    expect((await faultOf(() => integers(tensor('int64', [1], BigInt64Array.of(2n ** 60n))))).code).toBe('model.integer-range')
  })

  it('refuses an array of another kind or length', async () => {
    expect((await faultOf(() => tensor('float32', [3], Float32Array.of(1)))).code).toBe('bug.tensor')
    expect((await faultOf(() => tensor('int8', [1], Uint8Array.of(1)))).code).toBe('bug.tensor')
  })
})
