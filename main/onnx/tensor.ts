import { Fault } from '../core/fault.ts'
import type { ElementType } from './element-type.ts'
import {
  bfloat16ToFloat32, float16ToFloat32, float4e2m1ToFloat32, float8e4m3fnToFloat32, float8e4m3fnuzToFloat32, float8e5m2ToFloat32,
  float8e5m2fnuzToFloat32, float8e8m0ToFloat32,
} from './float-bits.ts'
import type { Tensor, TensorData } from './graph.ts'
import { storageOf } from './storage.ts'

/** Elements of a shape; 1 for a scalar. */
export const elementCount = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1)

/**
 * A tensor of values in row-major order, as graph.ts lays them out (complex: two array elements an element).
 * Throws `bug.tensor` when the array is of another kind or length than type and dims ask for.
 */
export function tensor(type: ElementType, dims: readonly number[], data: TensorData): Tensor {
  const storage = storageOf(type)
  const fits = storage === null ? type === 'string' && Array.isArray(data) : data instanceof storage.array
  const expected = elementCount(dims) * (storage?.parts ?? 1)
  if (!fits || data.length !== expected) {
    const given = Array.isArray(data) ? 'strings' : data.constructor.name
    throw new Fault({
      code: 'bug.tensor', what: `${data.length} values in ${given} do not make a ${type} tensor [${dims.join(', ')}]`,
    })
  }
  return { type, dims, data }
}

/** Numbers into a tensor of any numeric type with one array element an element; values are converted as typed arrays do. */
export function tensorOfNumbers(type: ElementType, dims: readonly number[], values: ArrayLike<number>): Tensor {
  const storage = storageOf(type)
  if (storage === null || storage.parts !== 1) throw new Fault({
    code: 'bug.tensor', what: `numbers do not make a ${type} tensor`,
  })
  const { array } = storage
  if (array === BigInt64Array || array === BigUint64Array) return tensor(type, dims, array.from(Array.from(values, BigInt)))
  const data = new array(values.length) as Exclude<TensorData, BigInt64Array | BigUint64Array | string[]>
  data.set(values)
  return tensor(type, dims, data)
}

/** A list of whole numbers as a one-dimensional int64 tensor: shapes, axes, pads. */
export const int64List = (values: readonly number[]): Tensor => tensorOfNumbers('int64', [values.length], values)

export const float32List = (values: readonly number[]): Tensor => tensor('float32', [values.length], Float32Array.from(values))

export const float32Scalar = (value: number): Tensor => tensor('float32', [], Float32Array.of(value))

const FROM_BITS: Partial<Record<ElementType, (bits: number) => number>> = {
  float16: float16ToFloat32,
  bfloat16: bfloat16ToFloat32,
  float8e4m3fn: float8e4m3fnToFloat32,
  float8e4m3fnuz: float8e4m3fnuzToFloat32,
  float8e5m2: float8e5m2ToFloat32,
  float8e5m2fnuz: float8e5m2fnuzToFloat32,
  float8e8m0: float8e8m0ToFloat32,
  float4e2m1: float4e2m1ToFloat32,
}

/** Whether the type stands for real numbers with a fraction, in whatever bits. */
export const isFloat = (type: ElementType): boolean => type === 'float32' || type === 'float64' || type in FROM_BITS

/** Values of any float type as float32: float32 itself is returned as it stands, float64 is rounded, the others are exact. */
export function float32(values: Tensor): Float32Array {
  if (values.data instanceof Float32Array && values.type === 'float32') return values.data
  if (values.data instanceof Float64Array && values.type === 'float64') return Float32Array.from(values.data)
  const convert = FROM_BITS[values.type]
  if (convert === undefined) throw new Fault({ code: 'bug.tensor', what: `a ${values.type} tensor was used as float` })
  const bits = values.data as Uint16Array | Uint8Array
  const result = new Float32Array(bits.length)
  for (let index = 0; index < bits.length; index++) result[index] = convert(bits[index]!)
  return result
}

/** Values of any integer type as numbers. Throws `model.integer-range` where one is beyond 2^53. */
export function integers(values: Tensor): number[] {
  const { data } = values
  if (isFloat(values.type) || Array.isArray(data)) throw new Fault({
    code: 'bug.tensor', what: `a ${values.type} tensor was used as integers`,
  })
  return Array.from(data as ArrayLike<number | bigint>, (value) => {
    const number = Number(value)
    if (!Number.isSafeInteger(number)) throw new Fault({
      code: 'model.integer-range', what: `the value ${value} is too large to be used`,
    })
    return number
  })
}
