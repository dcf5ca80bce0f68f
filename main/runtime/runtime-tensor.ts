import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { ElementType } from '../onnx/element-type.ts'
import type { Dim, Tensor, TensorData, ValueInfo } from '../onnx/graph.ts'
import { Tensor as RuntimeTensor } from './onnxruntime.ts'
import type { InferenceSession } from './onnxruntime.ts'

/** The array that holds each element type which the runtime for Node takes in. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Partial<Record<ElementType, unknown>>

type FedType = keyof typeof ARRAYS

const isFedType = (type: string): type is FedType => Object.hasOwn(ARRAYS, type)

/** What the runtime says of an input or output. Throws `model.unsupported-type` for sequences, maps and optionals. */
export function valueInfoOf(value: InferenceSession.ValueMetadata, where: string): ValueInfo {
  if (!value.isTensor) {
    throw new Fault({
      code: 'model.unsupported-type',
      where: `${where}, '${value.name}'`,
      what: 'an input or output is not a tensor (a sequence, map or optional)',
      next: 'Only models whose inputs and outputs are tensors can be run.',
    })
  }
  const dims = value.shape.map((dim): Dim => (dim === '' ? null : dim))
  return { name: value.name, type: value.type, dims: dims.length === 0 ? null : dims }
}

/** Checks feeds against the model's inputs and hands them over without copying. Throws `samples.*` and names the input. */
export function toRuntime(feeds: Readonly<Record<string, Tensor>>, inputs: readonly ValueInfo[]): Record<string, RuntimeTensor> {
  const names = inputs.map((input) => input.name)
  for (const name of Object.keys(feeds)) {
    if (!names.includes(name)) {
      const next = didYouMean(name, names)
      throw new Fault({ code: 'samples.unknown-input', where: `input '${name}'`, what: 'the model has no such input', next })
    }
  }
  return Object.fromEntries(
    inputs.map((input) => {
      const fed = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined
      if (fed === undefined) {
        throw new Fault({
          code: 'samples.missing-input',
          where: `input '${input.name}'`,
          what: 'the model needs this input and the sample does not have it',
          next: `Give ${names.length === 1 ? 'it' : `all of ${names.join(', ')}`}.`,
        })
      }
      checkFeed(input, fed)
      return [input.name, runtimeTensor(input.name, fed)]
    }),
  )
}

function checkFeed(input: ValueInfo, fed: Tensor): void {
  const where = `input '${input.name}'`
  if (fed.type !== input.type) {
    const what = `values are ${fed.type}, the model takes ${input.type}`
    throw new Fault({ code: 'samples.wrong-type', where, what, next: `Convert them to ${input.type}.` })
  }
  const fits =
    input.dims === null ||
    (input.dims.length === fed.dims.length && input.dims.every((dim, axis) => typeof dim !== 'number' || dim === fed.dims[axis]))
  if (!fits) {
    throw new Fault({
      code: 'samples.wrong-shape',
      where,
      what: `the shape is [${fed.dims.join(', ')}], the model takes [${input.dims!.map((dim) => dim ?? '?').join(', ')}]`,
      next: 'Resize, crop or pad the samples to that shape, or choose another layout.',
    })
  }
  const count = fed.dims.reduce((product, dim) => product * dim, 1)
  if (fed.data.length !== count) {
    const what = `the shape [${fed.dims.join(', ')}] needs ${count} values, there are ${fed.data.length}`
    throw new Fault({ code: 'samples.wrong-shape', where, what })
  }
}

function runtimeTensor(name: string, fed: Tensor): RuntimeTensor {
  const { type, data } = fed
  if (type === 'string' && Array.isArray(data)) return new RuntimeTensor('string', data, fed.dims)
  if (!isFedType(type)) {
    throw new Fault({
      code: 'model.unsupported-type',
      where: `input '${name}'`,
      what: `ONNX Runtime for Node cannot be fed a tensor of type ${type}`,
      next: 'Put a Cast behind the input so that it takes float32 or int8.',
    })
  }
  if (!(data instanceof ARRAYS[type])) {
    throw new Fault({ code: 'samples.wrong-type', where: `input '${name}'`, what: `${type} values stand in a ${data.constructor.name}` })
  }
  const tensor = new RuntimeTensor(type, data, fed.dims)
  // The native side reads `data` and takes a Float16Array for an empty buffer (microsoft/onnxruntime#32323): show it the raw bits.
  return type === 'float16' ? Object.defineProperty(tensor, 'data', { value: data }) : tensor
}

/** The runtime's result as a Tensor: the same buffer, float16 as raw bits. */
export function fromRuntime(result: RuntimeTensor): Tensor {
  const data: ArrayBufferView | string[] = result.data
  return {
    type: result.type,
    dims: result.dims,
    data: data instanceof Float16Array ? new Uint16Array(data.buffer, data.byteOffset, data.length) : (data as TensorData),
  }
}
