import { Fault } from '../../core/fault.ts'
import { seededRandom } from '../../core/random.ts'
import { breathe, type Task } from '../../core/task.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import { elementCount, tensor } from '../../onnx/tensor.ts'
import type { SampleSet } from '../../samples/sample.ts'
import { drawIndices } from '../../samples/choose-samples.ts'

export type Feeds = Readonly<Record<string, Tensor>>

/** More samples than this add time and memory, and little else. */
const MOST_SAMPLES = 256

/** Keeps these draws apart from those of samples and their crops. */
const CROP = 0xf17e

/**
 * Samples as feeds of one size: a part of `side` × `side` at most from each, placed by seed, in order. Arrays and models of a
 * fixed size are taken whole. Throws `samples.sizes` where the sizes differ and nothing can be cut.
 */
export async function cropsOf(graph: Graph, samples: SampleSet, { side, seed }: { readonly side: number; readonly seed: number }, task: Task): Promise<Feeds[]> {
  const count = Math.min(samples.count, MOST_SAMPLES)
  const wholes: Feeds[] = []
  for (const index of drawIndices(samples.count, count, seed)) {
    task.report({ stage: 'samples', done: wholes.length, total: count, unit: 'samples' })
    await breathe(task)
    wholes.push((await samples.load(index)).feeds)
  }
  const [first] = wholes
  if (!first) throw new Fault({ code: 'samples.none', what: 'there are no samples to tune on', where: 'samples.calibration', next: 'Give calibration samples.' })
  const sizes = Object.keys(first).map((name) => [name, sizeFor(graph, name, wholes.map((feeds) => feeds[name]!), { side, samples })] as const)
  const random = seededRandom(seed, CROP)
  return wholes.map((feeds) => Object.fromEntries(sizes.map(([name, size]) => [name, part(feeds[name]!, size, random)])))
}

/** The size that all samples of an input are cut to. */
function sizeFor(graph: Graph, name: string, all: readonly Tensor[], { side, samples }: { readonly side: number; readonly samples: SampleSet }): readonly number[] {
  const { dims } = all[0]!
  const axes = samples.preprocess ? (samples.preprocess.layout === 'nchw' ? [2, 3] : [1, 2]) : []
  const stated = graph.inputs.find((input) => input.name === name)?.dims
  const multiple = samples.preprocess?.pad?.multiple ?? 1
  const most = Math.max(multiple, Math.floor(side / multiple) * multiple)
  const size = dims.map((_, axis) => {
    const least = Math.min(...all.map((one) => one.dims[axis]!))
    return axes.includes(axis) && typeof stated?.[axis] !== 'number' ? Math.min(most, least) : least
  })
  const odd = all.find((one) => one.dims.length !== size.length || one.dims.some((length, axis) => length !== size[axis] && (!axes.includes(axis) || typeof stated?.[axis] === 'number')))
  if (!odd) return size
  throw new Fault({ code: 'samples.sizes', where: name, what: `fine-tuning needs samples of one size, and there are [${dims.join(', ')}] and [${odd.dims.join(', ')}]`, next: 'Cut the arrays to one size, or leave quantize.finetune out.' })
}

/** A box of `size` out of a float32 or integer tensor, placed at random. */
function part(values: Tensor, size: readonly number[], random: () => number): Tensor {
  const starts = size.map((length, axis) => (length === values.dims[axis] ? 0 : Math.floor(random() * (values.dims[axis]! - length + 1))))
  if (size.every((length, axis) => length === values.dims[axis])) return values
  const from = values.data as Float32Array
  const result = new (from.constructor as Float32ArrayConstructor)(elementCount(size))
  const width = size.at(-1)!
  for (let row = 0, to = 0; to < result.length; row++, to += width) {
    let at = 0
    let rest = row
    let step = 1
    for (let axis = size.length - 1; axis >= 0; axis--) {
      const place = axis === size.length - 1 ? starts[axis]! : starts[axis]! + (rest % size[axis]!)
      if (axis < size.length - 1) rest = Math.floor(rest / size[axis]!)
      at += place * step
      step *= values.dims[axis]!
    }
    result.set(from.subarray(at, at + width), to)
  }
  return tensor(values.type, size, result)
}

export interface Split {
  readonly train: readonly number[]
  /** Never trained on; the step is chosen by them. */
  readonly held: readonly number[]
}

/** Positions of crops, `share` of them (one at least, all but one at most) held back; by seed. Throws `samples.count` below two. */
export function split(count: number, share: number, seed: number): Split {
  if (count < 2) throw new Fault({ code: 'samples.count', where: 'samples.calibration', what: 'fine-tuning holds samples back, and there is only one', next: 'Give two calibration samples at least; 32 are a good start.' })
  const held = drawIndices(count, Math.max(1, Math.min(count - 1, Math.round(count * share))), seed)
  const apart = new Set(held)
  return { held, train: Array.from({ length: count }, (_, index) => index).filter((index) => !apart.has(index)) }
}
