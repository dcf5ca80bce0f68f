import { Fault } from '../core/fault.ts'
import type { Graph, Tensor } from '../onnx/graph.ts'
import { encodeModel } from '../onnx/encode.ts'
import { float32 } from '../onnx/tensor.ts'
import { openSession } from '../runtime/session.ts'
import type { Sample } from '../samples/sample.ts'

/** What is not a number or infinite among values, and where the first one stands; null when all are finite. */
export interface NotFinite {
  readonly nan: number
  readonly infinite: number
  readonly first: number
}

export function notFinite(values: ArrayLike<number>): NotFinite | null {
  let nan = 0
  let infinite = 0
  let first = -1
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    // x - x is 0 for finite values only.
    if (value - value === 0) continue
    if (Number.isNaN(value)) nan++
    else infinite++
    if (first < 0) first = index
  }
  return first < 0 ? null : { nan, infinite, first }
}

/** Throws `model.not-finite` when a weight holds NaN: operators like Relu would hide what it does. Infinities can be meant. */
export function checkWeights(graph: Graph): void {
  for (const [name, tensor] of graph.initializers) {
    if (tensor.type !== 'float32') continue
    const found = notFinite(float32(tensor))
    if (found !== null && found.nan > 0) throw fault('model', `weight '${name}'`, found, tensor, 'The model is damaged: export it again from finite weights.')
  }
}

/**
 * Looks at a tensor whose sum is not finite, value by value, for one sample. Throws a Fault that names what was found: in
 * what goes in, or else in the tensor. Returns the values when all are finite, that is when only the float32 sum overflowed.
 */
export async function valuesOrFault(graph: Graph, tensor: string, sample: Sample, threads: number): Promise<Tensor> {
  for (const [name, fed] of Object.entries(sample.feeds)) {
    const found = fed.type === 'float32' ? notFinite(float32(fed)) : null
    if (found !== null) throw fault('samples', `sample '${sample.id}', input '${name}'`, found, fed, 'Remove the sample or correct its file and preprocessing.')
  }
  const values = sample.feeds[tensor] ?? (await valuesOf(graph, tensor, sample, threads))
  const found = notFinite(float32(values))
  if (found === null) return values
  throw fault('model', `sample '${sample.id}', tensor '${tensor}'`, found, values, 'Check the model with this sample; leave the sample out if its values are not what the model expects.')
}

async function valuesOf(graph: Graph, tensor: string, sample: Sample, threads: number): Promise<Tensor> {
  const only: Graph = { ...graph, outputs: [{ name: tensor, type: 'float32', dims: null }] }
  const session = await openSession(encodeModel(only), { mode: 'float', threads })
  try {
    return (await session.run(sample.feeds, [tensor]))[tensor]!
  } finally {
    await session.close()
  }
}

function fault(family: 'model' | 'samples', where: string, found: NotFinite, tensor: Tensor, next: string): Fault {
  const total = tensor.data.length
  return new Fault({
    code: `${family}.not-finite`,
    where,
    what: `${found.nan} NaN and ${found.infinite} infinite of ${total} values; the first at index ${found.first} ([${position(found.first, tensor.dims).join(', ')}])`,
    next,
  })
}

/** Row-major index as one number an axis. */
function position(index: number, dims: readonly number[]): number[] {
  const place: number[] = []
  let rest = index
  for (const dim of dims.toReversed()) {
    place.unshift(rest % dim)
    rest = Math.floor(rest / dim)
  }
  return place
}
