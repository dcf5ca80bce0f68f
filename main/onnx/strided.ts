import type { Tensor, TensorData } from './graph.ts'
import { elementCount, tensor } from './tensor.ts'

type Numbers = Exclude<TensorData, string[]>

/** Steps of one element along each axis of row-major values. */
export const rowMajorStrides = (dims: readonly number[]): number[] => dims.map((_, axis) => elementCount(dims.slice(axis + 1)))

/** What lies in `from` at `offset + Σ index·stride`, as row-major values of `dims`. Offset and strides count elements. */
export function gathered<T extends Numbers>(from: T, dims: readonly number[], strides: readonly number[], offset = 0): T {
  const count = elementCount(dims)
  const values = new (from.constructor as new (length: number) => T)(count)
  const position = dims.map(() => 0)
  let at = offset
  for (let index = 0; index < count; index++) {
    values[index] = from[at]!
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += strides[axis]!
      if (++position[axis]! < dims[axis]!) break
      at -= dims[axis]! * strides[axis]!
      position[axis] = 0
    }
  }
  return values
}

/** The tensor with its axes in another order: axis `i` of the result is axis `perm[i]` of it. */
export function transposed(from: Tensor, perm: readonly number[]): Tensor {
  const strides = rowMajorStrides(from.dims)
  const dims = perm.map((axis) => from.dims[axis]!)
  return tensor(from.type, dims, gathered(from.data as Numbers, dims, perm.map((axis) => strides[axis]!)))
}
