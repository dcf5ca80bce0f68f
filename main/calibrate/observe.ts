import { createHash } from 'node:crypto'
import { Fault } from '../core/fault.ts'
import { sha256 } from '../core/hash.ts'
import type { CalibrationFacts } from '../core/run.ts'
import { breathe, type Task } from '../core/task.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { Graph, Tensor } from '../onnx/graph.ts'
import { float32 } from '../onnx/tensor.ts'
import { openSession, type Session } from '../runtime/session.ts'
import type { Sample, SampleSet } from '../samples/sample.ts'
import { countFloats, countHalves } from './bin-counter.ts'
import { deadBuffers } from './dead-buffers.ts'
import { exactSum, unitsOf } from './exact-sum.ts'
import { liveTallies, liveView } from './live-histogram.ts'
import { checkWeights, valuesOrFault } from './not-finite.ts'
import { observerGraph, type ObserverGraph, stepOf } from './observer-graph.ts'
import { peakMemory, type PeakMemory } from './peak-memory.ts'
import type { ObservedSample, Statistics } from './statistics.ts'
import { samplesSha256Of, sortSamples } from './observed-samples.ts'
import { addChannels, type ChannelFacts, foldOf, statisticsOfTally, tensorTally, type TensorTally } from './tensor-tally.ts'

export const DEFAULT_VALUES_PER_TENSOR = 16384

export interface ObserveOptions {
  /** Names of float32 tensors, see watchedTensors. */
  readonly tensors: readonly string[]
  /** About how many values of a tensor and picture enter the histogram; null: all. Extremes and sums are over all values in any case. */
  readonly valuesPerTensor: number | null
  readonly threads: number
  /** What else makes these statistics what they are (preprocessing, preparation steps); merged statistics must agree on it. */
  readonly protocol?: string
}

/** |x| that binary16 holds with its full 11 bits at the top: a picture whose largest value lies in here is counted by binary16 codes. */
const HALF_FROM = 2 ** -6
const HALF_BELOW = 65504

/** The hash by which statistics know their graph. */
export const observedModelSha256 = (graph: Graph): string => sha256(encodeModel(graph))

/**
 * Sees every sample once, one inference each, and counts. Memory does not grow with the number of samples, and neither
 * their order nor a split with mergeStatistics changes a bit of the result.
 * Expects a prepared graph (opset 13 or newer). Throws `samples.not-finite` or `model.not-finite` naming tensor, sample and first index.
 */
export async function observe(
  graph: Graph, samples: SampleSet, options: ObserveOptions, task: Task,
): Promise<{ statistics: Statistics; facts: CalibrationFacts }> {
  const started = performance.now()
  if (samples.count === 0) throw new Fault({ code: 'samples.none', what: 'there are no samples to observe', next: 'Give at least one picture.' })
  checkWeights(graph)
  const memory = peakMemory()
  const observer = observerGraph(graph, options.tensors, options.valuesPerTensor)
  const session = await openSession(encodeModel(observer.graph), { mode: 'float', threads: options.threads })
  const pass: Pass = { graph, observer, session, threads: options.threads, valuesPerTensor: options.valuesPerTensor, tallies: observer.tensors.map(({ tensor }) => tensorTally(tensor)), wide: new Set(), inferenceMs: 0 }
  try {
    const observed = await seeAll(pass, samples, memory, task)
    const statistics: Statistics = {
      format: 1,
      modelSha256: observedModelSha256(graph),
      samplesSha256: samplesSha256Of(observed),
      samples: observed.length,
      observed,
      valuesPerTensor: options.valuesPerTensor,
      protocol: options.protocol ?? '',
      tensors: new Map(pass.tallies.map((tally) => [tally.tensor, statisticsOfTally(tally)])),
    }
    const facts = { seconds: (performance.now() - started) / 1000, inferenceSeconds: pass.inferenceMs / 1000, bareInferenceSeconds: null, peakRssBytes: memory.bytes() }
    return { statistics, facts }
  } finally {
    await session.close()
  }
}

interface Pass {
  readonly graph: Graph
  readonly observer: ObserverGraph
  readonly session: Session
  readonly threads: number
  readonly valuesPerTensor: number | null
  readonly tallies: readonly TensorTally[]
  /** Tensors that binary16 could not hold in the last picture: likely to need float32 again, so fetched along. Changes no result. */
  wide: Set<string>
  inferenceMs: number
}

async function seeAll(pass: Pass, samples: SampleSet, memory: PeakMemory, task: Task): Promise<ObservedSample[]> {
  const observed: ObservedSample[] = []
  const buffers = deadBuffers()
  const look = liveView(liveTallies(pass.tallies, new Set(pass.graph.outputs.map(({ name }) => name))))
  const report = (done: number): void => {
    const live = done === 0 ? undefined : look(done === samples.count)
    const more = live === undefined ? {} : { live, memoryBytes: memory.bytes() }
    task.report({ stage: 'observe', done, total: samples.count, unit: 'pictures', ...more })
  }
  for (let index = 0; index < samples.count; index++) {
    await breathe(task)
    report(index)
    const sample = await samples.load(index)
    await see(pass, sample)
    observed.push({ id: sample.id, sha256: sampleSha256(sample) })
    memory.look()
    buffers.free()
  }
  report(samples.count)
  return sortSamples(observed)
}

/** One picture: runs it and adds what the outputs tell. */
async function see(pass: Pass, sample: Sample): Promise<void> {
  const { tensors, sizes, codes } = pass.observer
  const summaries = tensors.map(({ summary }) => summary)
  const likely = tensors.flatMap(({ tensor, picked }) => (pass.wide.has(tensor) ? [picked] : []))
  const results = await run(pass, sample, [...summaries, ...likely, sizes, codes])
  const counts = Array.from(results[sizes]!.data as BigInt64Array, Number)
  const wide = new Set<string>()
  for (const [index, { tensor, summary }] of tensors.entries()) {
    const facts = await channelFacts(pass, tensor, results[summary]!, sample)
    addChannels(pass.tallies[index]!, facts)
    pass.tallies[index]!.count += counts[index]!
    if (!fitsHalf(facts)) wide.add(tensor)
  }
  const missing = tensors.flatMap(({ tensor, picked }) => (wide.has(tensor) && !(picked in results) ? [picked] : []))
  if (missing.length > 0) Object.assign(results, await run(pass, sample, missing))
  const fold = foldOf(sample.id)
  const halves = results[codes]!.data as Uint16Array
  let from = 0
  for (const [index, { tensor, picked }] of tensors.entries()) {
    const tally = pass.tallies[index]!
    const taken = Math.ceil(counts[index]! / stepOf(counts[index]!, pass.valuesPerTensor))
    if (wide.has(tensor)) countFloats(tally.folds[fold], float32(results[picked]!))
    else countHalves(tally.folds[fold], halves.subarray(from, from + taken))
    from += taken
    tally.sampled += taken
  }
  pass.wide = wide
}

async function run(pass: Pass, sample: Sample, fetches: readonly string[]): Promise<Record<string, Tensor>> {
  const started = performance.now()
  const results = await pass.session.run(sample.feeds, fetches)
  pass.inferenceMs += performance.now() - started
  return results
}

/** Reads a [3, channels, 1] summary. Where a sum is not finite the tensor itself is looked at. */
async function channelFacts(pass: Pass, tensor: string, summary: Tensor, sample: Sample): Promise<ChannelFacts> {
  const values = summary.data as Float32Array
  const channels = values.length / 3
  const facts = { min: values.subarray(0, channels), max: values.subarray(channels, 2 * channels) }
  const sums = values.subarray(2 * channels)
  if (values.every((value) => Number.isFinite(value))) return { ...facts, sum: Array.from(sums, unitsOf) }
  const all = await valuesOrFault(pass.graph, tensor, sample, pass.threads)
  return { ...facts, sum: exactChannelSums(all, channels) }
}

/** Sums of finite values a channel of axis 1, without rounding. */
function exactChannelSums(tensor: Tensor, channels: number): bigint[] {
  const values = float32(tensor)
  if (channels === 1) return [exactSum(values)]
  const inner = tensor.dims.slice(2).reduce((product, dim) => product * dim, 1)
  const sums = Array.from({ length: channels }, () => 0n)
  for (let start = 0; start < values.length; start += inner) {
    const channel = (start / inner) % channels
    sums[channel] = sums[channel]! + exactSum(values.subarray(start, start + inner))
  }
  return sums
}

function fitsHalf({ min, max }: ChannelFacts): boolean {
  let absmax = 0
  for (let channel = 0; channel < min.length; channel++) absmax = Math.max(absmax, -min[channel]!, max[channel]!)
  return absmax === 0 || (absmax >= HALF_FROM && absmax < HALF_BELOW)
}

function sampleSha256(sample: Sample): string {
  const hash = createHash('sha256')
  for (const [name, { type, dims, data }] of Object.entries(sample.feeds).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, type, dims]))
    if (Array.isArray(data)) hash.update(JSON.stringify(data))
    else hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}
