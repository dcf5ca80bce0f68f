import { Fault } from '../core/fault.ts'
import type { LayerError } from '../core/run.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { elementCount, float32 } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import { openSession } from '../runtime/session.ts'
import type { Session } from '../runtime/session.ts'
import { inferValues } from '../runtime/values.ts'
import type { Sample, SampleSet } from '../samples/sample.ts'
import { addErrors, cosine, meanSquaredError, noErrors, sqnrDb } from './errors.ts'
import type { ErrorSums } from './errors.ts'
import { addOwnErrors } from './fake-quantize.ts'

export interface LayerOptions {
  readonly mode: LayerError['mode'] | 'both'
  /** Samples from the first on; all when there are fewer. */
  readonly maxSamples: number
  readonly threads: number
  /** Tensor of the float graph → the tensor of the quantized graph that holds its value after DequantizeLinear. */
  readonly dequantizedNames: ReadonlyMap<string, string>
  /** Bytes of tensors that one pass may hold beside the model; more tensors take more passes. Default 384 MiB. */
  readonly memoryBytes?: number
  /** Errors that are known already, taken as they are. Tensors are grouped and sessions are made as without them, so that the rest comes out the same. */
  readonly known?: readonly LayerError[]
}

const MEMORY_BYTES = 384 * 2 ** 20

interface Watched {
  readonly row: ScaleRow
  readonly accumulated: ErrorSums
  readonly alone: ErrorSums
  readonly known: Partial<Readonly<Record<LayerError['mode'], LayerError>>>
  clipped: number
}

/** Its own errors also tell what is clipped, in either mode. */
const needsOwn = ({ known }: Watched, mode: LayerOptions['mode']): boolean => (mode === 'accumulated' ? known.accumulated === undefined : known.alone === undefined)
const needsAccumulated = ({ known }: Watched, mode: LayerOptions['mode']): boolean => mode !== 'alone' && known.accumulated === undefined

/**
 * Errors of every quantized activation, sums over all values of all samples taken together (so a large picture weighs more).
 * `accumulated`: the tensor's value in the quantized graph, after its DequantizeLinear, against the float graph: where the signal
 * is lost. `alone`: the float tensor's own values through its own codes: what this tensor's grid costs by itself.
 * `clippedPercent` is of the float values, in both modes: those whose code lies beyond the storage range.
 * Rows come in the order of `rows`, `accumulated` before `alone`; rows of weights, biases and float tensors are left out.
 */
export async function measureLayers(
  floatGraph: Graph,
  quantizedGraph: Graph,
  rows: readonly ScaleRow[],
  samples: SampleSet,
  options: LayerOptions,
  task: Task,
): Promise<LayerError[]> {
  const count = Math.min(samples.count, options.maxSamples)
  const watched = rows
    .filter((row) => row.kind === 'activation' && !row.float)
    .map((row): Watched => ({ row, accumulated: noErrors(), alone: noErrors(), known: knownOf(row.tensor, options), clipped: 0 }))
  if (watched.length === 0 || count === 0) return []
  const groups = await groupByMemory(floatGraph, watched, await samples.load(0), options)
  for (const [index, group] of groups.entries()) {
    if (!group.some((tensor) => needsOwn(tensor, options.mode) || needsAccumulated(tensor, options.mode))) continue
    await measureGroup(floatGraph, quantizedGraph, group, samples, count, options, task, { before: index * count, total: groups.length * count })
  }
  const { producer } = topology(floatGraph)
  return watched.flatMap((tensor) => layerErrors(tensor, producer.get(tensor.row.tensor), options.mode))
}

const knownOf = (tensor: string, { known = [] }: LayerOptions): Watched['known'] =>
  Object.fromEntries(known.filter((error) => error.tensor === tensor).map((error) => [error.mode, error]))

/** Tensors in graph order, cut into groups whose values of one sample fit the budget together. */
async function groupByMemory(graph: Graph, watched: readonly Watched[], sample: Sample, options: LayerOptions): Promise<Watched[][]> {
  const budget = options.memoryBytes ?? MEMORY_BYTES
  const dims = Object.fromEntries(Object.entries(sample.feeds).map(([name, feed]) => [name, [...feed.dims]]))
  const values = await inferValues(encodeModel(graph), dims)
  const copies = options.mode === 'alone' ? 1 : 2
  const groups: Watched[][] = []
  let room = 0
  for (const tensor of watched) {
    const shape = values.get(tensor.row.tensor)?.dims
    const known = shape?.every((dim) => typeof dim === 'number') ? elementCount(shape as readonly number[]) : undefined
    // A shape that depends on the data gets a sixteenth of the budget: a guess that only decides how many passes there are.
    const bytes = known === undefined ? budget / 16 : known * Float32Array.BYTES_PER_ELEMENT * copies
    if (groups.length === 0 || bytes > room) {
      groups.push([])
      room = budget
    }
    groups.at(-1)!.push(tensor)
    room -= bytes
  }
  return groups
}

async function measureGroup(
  floatGraph: Graph,
  quantizedGraph: Graph,
  group: readonly Watched[],
  samples: SampleSet,
  count: number,
  options: LayerOptions,
  task: Task,
  progress: { readonly before: number; readonly total: number },
): Promise<void> {
  const { threads, mode } = options
  const names = group.map(({ row }) => row.tensor)
  const sessions: Session[] = []
  try {
    const float = await openSession(watching(floatGraph, names), { mode: 'float', threads })
    sessions.push(float)
    const isHeld = group.some((tensor) => needsAccumulated(tensor, mode))
    const heldNames = isHeld ? names.map((name) => dequantizedName(name, options)) : []
    const quantized = !isHeld ? null : await openSession(watching(quantizedGraph, heldNames), { mode: 'simulated', threads })
    if (quantized) sessions.push(quantized)
    for (let index = 0; index < count; index++) {
      const { id, feeds } = await samples.load(index)
      const real = await runWatched(float, feeds, names, floatGraph)
      const held = quantized === null ? null : await runWatched(quantized, feeds, heldNames, quantizedGraph)
      for (const [position, tensor] of group.entries()) addSample(tensor, real[position]!, held?.[position], mode, id)
      task.report({ stage: 'compare', done: progress.before + index + 1, total: progress.total, unit: 'pictures' })
      await breathe(task)
    }
  } finally {
    for (const session of sessions) await session.close()
  }
}

function dequantizedName(tensor: string, options: LayerOptions): string {
  const name = options.dequantizedNames.get(tensor)
  if (name !== undefined) return name
  throw new Fault({ code: 'bug.no-dequantized', where: tensor, what: 'the quantized graph names no dequantized value for this tensor' })
}

/** The graph as model bytes with more outputs; an initializer or graph input cannot be one, and need not be. */
function watching(graph: Graph, names: readonly string[]): Uint8Array {
  const taken = new Set([...graph.outputs, ...graph.inputs].map((value) => value.name))
  const added = names.filter((name) => !taken.has(name)).map((name) => ({ name, type: 'float32' as const, dims: null }))
  return encodeModel({ ...graph, outputs: [...graph.outputs, ...added] })
}

async function runWatched(session: Session, feeds: Sample['feeds'], names: readonly string[], graph: Graph): Promise<Tensor[]> {
  const inputs = new Set(graph.inputs.map((input) => input.name))
  const made = [...new Set(names.filter((name) => !inputs.has(name)))]
  const results = made.length === 0 ? {} : await session.run(feeds, made)
  return names.map((name) => (inputs.has(name) ? feeds[name]! : results[name]!))
}

function addSample(tensor: Watched, real: Tensor, held: Tensor | undefined, mode: LayerOptions['mode'], sample: string): void {
  const { row } = tensor
  const values = float32(real)
  const axis = row.axis ?? 0
  const channels = row.granularity === 'channel' ? real.dims[axis]! : 1
  const inner = row.granularity === 'channel' ? elementCount(real.dims.slice(axis + 1)) : values.length
  if (needsOwn(tensor, mode)) tensor.clipped += addOwnErrors(tensor.alone, values, row, channels, inner)
  if (!Number.isFinite(tensor.alone.signal)) {
    throw new Fault({
      code: 'model.not-finite',
      where: `tensor ${row.tensor}, sample ${sample}`,
      what: 'the float model gives values that are NaN or infinite',
      next: 'Check the weights of the model and the range that its input expects.',
    })
  }
  if (held === undefined || !needsAccumulated(tensor, mode)) return
  if (held.data.length !== values.length) {
    throw new Fault({
      code: 'model.other-shape',
      where: `tensor ${row.tensor}, sample ${sample}`,
      what: `${values.length} values in the float model, ${held.data.length} in the quantized one`,
      next: 'Compare two versions of the same model.',
    })
  }
  addErrors(tensor.accumulated, values, float32(held))
}

function layerErrors({ row, accumulated, alone, known, clipped }: Watched, node: Node | undefined, mode: LayerOptions['mode']): LayerError[] {
  const clippedPercent = known.alone?.clippedPercent ?? (alone.count === 0 ? 0 : (100 * clipped) / alone.count)
  const error = (name: LayerError['mode'], sums: ErrorSums): LayerError => known[name] ?? ({
    node: node?.name ?? '',
    op: node?.op ?? '',
    tensor: row.tensor,
    mode: name,
    sqnrDb: sqnrDb(sums),
    cosine: cosine(sums),
    mse: meanSquaredError(sums),
    maxAbs: sums.maxAbs,
    clippedPercent,
  })
  return [...(mode === 'alone' ? [] : [error('accumulated', accumulated)]), ...(mode === 'accumulated' ? [] : [error('alone', alone)])]
}
