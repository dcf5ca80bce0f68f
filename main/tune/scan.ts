import { breathe, type Task } from '../core/task.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { Graph, Tensor, ValueInfo } from '../onnx/graph.ts'
import { elementCount } from '../onnx/tensor.ts'
import { openSession } from '../runtime/session.ts'
import { inferValues } from '../runtime/values.ts'
import { cutGraph, type Cut } from './cut.ts'

/** What a model is run on. */
export type Feeds = Readonly<Record<string, Tensor>>

export interface ScanWork {
  /** The graph that the variants are changes of. */
  readonly base: Graph
  readonly variants: readonly { readonly graph: Graph; take(sample: number, results: Feeds): void | Promise<void> }[]
  readonly feeds: readonly Feeds[]
  readonly threads: number
  /** Bytes of the base's tensors that may be kept at a time. */
  readonly memoryBytes: number
  readonly where: string
}

export interface ScanCost {
  /** Models that were run, the base's among them. */
  readonly models: number
  /** Runs of one of them on a sample. The base runs again where not everything fits in memory at a time. */
  readonly inferences: number
  readonly nodes: number
  readonly savedNodes: number
  readonly inferenceSeconds: number
}

/**
 * Runs every variant on every sample, computing only what differs from the base: the base runs once (again where not everything fits in
 * memory at a time) and keeps the tensors at which variants begin. Exact: a variant gets the very values that it would compute.
 * `step` is told after each variant.
 */
export async function scanVariants(work: ScanWork, task: Task, step: () => void = () => undefined): Promise<ScanCost> {
  if (work.variants.length === 0 || work.feeds.length === 0) return { models: 0, inferences: 0, nodes: 0, savedNodes: 0, inferenceSeconds: 0 }
  const cost = { models: 0, inferences: 0, nodes: 0, savedNodes: 0, inferenceSeconds: 0 }
  const shapes = await Promise.all(work.feeds.map((feeds) => shapesFor(work, feeds)))
  const cuts = work.variants.map(({ graph, take }) => ({ cut: cutGraph(work.base, graph, shapes[0]!), take }))
  cost.models = cuts.filter(({ cut }) => cut.graph !== null).length + (keptFor(work.base, cuts).length > 0 ? 1 : 0)
  for (const { cut } of cuts) {
    cost.nodes += cut.graph?.nodes.length ?? 0
    cost.savedNodes += cut.savedNodes
  }
  for (const { samples, members } of turnsOf(cuts.map(({ cut }) => cut), shapes, work)) {
    await runTurn(work, cuts.filter((_, index) => members.includes(index)), samples, cost, task, samples.includes(work.feeds.length - 1) ? step : () => undefined)
  }
  return cost
}

const shapesFor = ({ base, where }: ScanWork, feeds: Feeds): Promise<Map<string, ValueInfo>> =>
  inferValues(encodeModel(base), Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims])), where)

/** Tensors that the base has to give to the variants. */
function keptFor({ inputs }: Graph, cuts: readonly { readonly cut: Cut }[]): string[] {
  const given = new Set(inputs.map(({ name }) => name))
  return [...new Set(cuts.flatMap(({ cut }) => [...cut.reads, ...cut.same]))].filter((name) => !given.has(name))
}

interface Turn {
  readonly samples: readonly number[]
  /** Places of variants. */
  readonly members: readonly number[]
}

/** As many samples at a time as fit with all variants; where one sample alone is too large, fewer variants at a time. */
function turnsOf(cuts: readonly Cut[], shapes: readonly ReadonlyMap<string, ValueInfo>[], { base, memoryBytes }: ScanWork): Turn[] {
  const isInput = new Set(base.inputs.map(({ name }) => name))
  const bytesOf = (sample: number, names: Iterable<string>): number => {
    let sum = 0
    for (const name of names) {
      const dims = shapes[sample]!.get(name)?.dims
      if (!isInput.has(name)) sum += dims?.every((dim) => typeof dim === 'number') ? 4 * elementCount(dims as number[]) : 0
    }
    return sum
  }
  const everything = new Set(cuts.flatMap(({ reads, same }) => [...reads, ...same]))
  const turns: { samples: number[]; members: number[] }[] = []
  const all = cuts.map((_, index) => index)
  let held = 0
  let open: number[] = []
  const close = (): void => {
    if (open.length > 0) turns.push({ samples: open, members: all })
    open = []
    held = 0
  }
  for (const sample of shapes.keys()) {
    const bytes = bytesOf(sample, everything)
    if (bytes > memoryBytes) {
      close()
      let members: number[] = []
      let names = new Set<string>()
      for (const [index, cut] of cuts.entries()) {
        const more = new Set([...names, ...cut.reads, ...cut.same])
        if (members.length > 0 && bytesOf(sample, more) > memoryBytes) {
          turns.push({ samples: [sample], members })
          members = []
          names = new Set([...cut.reads, ...cut.same])
        } else names = more
        members.push(index)
      }
      turns.push({ samples: [sample], members })
      continue
    }
    if (held + bytes > memoryBytes) close()
    open.push(sample)
    held += bytes
  }
  close()
  return turns
}

async function runTurn(work: ScanWork, cuts: readonly { cut: Cut; take(sample: number, results: Feeds): unknown }[], samples: readonly number[], cost: { inferences: number; inferenceSeconds: number }, task: Task, step: () => void): Promise<void> {
  const kept = keptFor(work.base, cuts)
  const run = async (graph: Graph, feedsOf: (sample: number) => Feeds, take: (sample: number, results: Feeds) => unknown): Promise<void> => {
    const session = await openSession(encodeModel(graph), { mode: 'simulated', threads: work.threads, where: work.where })
    try {
      for (const sample of samples) {
        const feeds = feedsOf(sample)
        const since = performance.now()
        const results = await session.run(feeds)
        cost.inferences += 1
        cost.inferenceSeconds += (performance.now() - since) / 1000
        await take(sample, results)
        await breathe(task)
      }
    } finally {
      await session.close()
    }
  }
  const values = new Map<number, Feeds>(samples.map((sample) => [sample, work.feeds[sample]!]))
  if (kept.length > 0) {
    const types = new Map(work.base.values)
    const outputs = kept.map((name) => ({ name, type: types.get(name)?.type ?? ('float32' as const), dims: null }))
    await run({ ...work.base, outputs, values: new Map() }, (sample) => work.feeds[sample]!, (sample, results) => values.set(sample, { ...work.feeds[sample]!, ...results }))
  }
  for (const { cut, take } of cuts) {
    const pick = (sample: number, names: readonly string[]): Feeds => Object.fromEntries(names.map((name) => [name, values.get(sample)![name]!]))
    if (cut.graph === null) for (const sample of samples) await take(sample, pick(sample, cut.same))
    else await run(cut.graph, (sample) => pick(sample, cut.reads), (sample, results) => take(sample, { ...pick(sample, cut.same), ...results }))
    step()
  }
}
