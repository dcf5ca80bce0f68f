import type { ProofFacts } from '../core/run.ts'
import { breathe, quietTask, type Task } from '../core/task.ts'
import { float32ToFloat16 } from '../onnx/float-bits.ts'
import type { Tensor } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import { openSession, type Session, type SessionOptions } from '../runtime/session.ts'
import { comparison, type Comparison } from './proof-sums.ts'

export type Feeds = Readonly<Record<string, Tensor>>

/** Feeds and what they are, in a word or two: `noise 0`, `one-hot corner 7×9`. */
export interface ProofInput {
  readonly kind: string
  readonly feeds: Feeds
  /** Of the noise that it is made of. */
  readonly seed?: number
}

/** How an output of the rewritten graph stands to the one it replaces. */
export interface OutputView {
  /** Its name there. */
  readonly name: string
  /** Transpose of the old output that gives the new one's axes. */
  readonly perm?: readonly number[]
  /** What the new output lacks of the old one on each channel of axis 1 (a shift moved out of the graph). */
  readonly shift?: readonly number[]
}

export interface ProofOptions {
  readonly rewrite: string
  readonly nodes: readonly string[]
  /** Largest difference that still counts as the same, as a share of the output's largest magnitude. */
  readonly relativeTolerance: number
  /** Absent: every output under its own name. */
  readonly outputs?: ReadonlyMap<string, OutputView>
  /** What the rewritten graph is fed where the old one gets these feeds (a step moved into preprocessing). Absent: the same. */
  readonly feedsAfter?: (feeds: Feeds) => Feeds
}

/** A proof that was just made has everything that a run keeps of one. */
export type Proof = Required<ProofFacts>

/**
 * Runs both sessions on every set of feeds and compares all outputs value by value. *exact* is bit-equal; *broken* is a
 * difference beyond the tolerance, another shape, or a value that is finite on one side only. The worst place is named; edges
 * (an eighth of each side, at most 8 values) are reported apart from the inside. Stops at the first input that breaks.
 */
export async function proveEqual(before: Session, after: Session, inputs: readonly (Feeds | ProofInput)[], options: ProofOptions, task: Task = quietTask): Promise<Proof> {
  const sums = comparison()
  for (const [index, input] of inputs.entries()) {
    const { kind, feeds, seed }: ProofInput = isProofInput(input) ? input : { kind: `input ${index}`, feeds: input }
    sums.begin(kind, seed ?? null)
    const old = await before.run(castFeeds(feeds, before))
    const now = await after.run(castFeeds(options.feedsAfter?.(feeds) ?? feeds, after))
    for (const { name } of before.outputs) compareOutput(sums, kind, name, old, now, options.outputs?.get(name))
    if (sums.broken !== null) break
    task.report({ stage: 'prove', done: index + 1, total: inputs.length, unit: 'inputs' })
    await breathe(task)
  }
  return factsOf(sums, inputs.length, options)
}

const isProofInput = (input: Feeds | ProofInput): input is ProofInput => typeof input['kind'] === 'string'

function compareOutput(sums: Comparison, kind: string, name: string, old: Feeds, now: Feeds, view: OutputView | undefined): void {
  const [a, b] = [old[name]!, now[view?.name ?? name]]
  if (b === undefined) return sums.break(kind, name, 'is missing')
  const dims = view?.perm ? view.perm.map((axis) => a.dims[axis]!) : a.dims
  if (String(dims) !== String(b.dims)) return sums.break(kind, name, `has the shape ${b.dims.join('×')} instead of ${dims.join('×')}`)
  sums.add(kind, name, viewed(a, dims, view), float32(b), dims)
}

/** The old output as the new graph is to give it. */
function viewed(old: Tensor, dims: readonly number[], view: OutputView | undefined): Float32Array {
  const values = float32(old)
  const { perm, shift } = view ?? {}
  const shifted = shift === undefined ? values : values.map((value, index) => value - shift[channelOf(index, old.dims) % shift.length]!)
  if (perm === undefined) return shifted
  const strides = old.dims.map((_, axis) => old.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1))
  const moved = new Float32Array(values.length)
  const at = dims.map(() => 0)
  for (let index = 0; index < moved.length; index++) {
    moved[index] = shifted[perm.reduce((sum, axis, position) => sum + at[position]! * strides[axis]!, 0)]!
    for (let axis = dims.length - 1; axis >= 0 && ++at[axis]! === dims[axis]; axis--) at[axis] = 0
  }
  return moved
}

const channelOf = (index: number, dims: readonly number[]): number => Math.floor(index / dims.slice(2).reduce((product, dim) => product * dim, 1)) % (dims[1] ?? 1)

function factsOf(sums: Comparison, inputs: number, { rewrite, nodes, relativeTolerance }: ProofOptions): Proof {
  const { maxAbs, edgeMaxAbs, largest, ulp, worst, broken } = sums
  const relative = maxAbs / Math.max(largest, Number.MIN_VALUE)
  const verdict = broken !== null || relative > relativeTolerance ? 'broken' : maxAbs === 0 ? 'exact' : 'within tolerance'
  return {
    rewrite, nodes, verdict, maxAbs, inputs, borders: true, relative: maxAbs === 0 ? 0 : relative, ulp, edgeMaxAbs,
    worst: broken ?? (worst === null ? null : { ...worst, what: '' }), tried: sums.tried, outputs: sums.byOutput(),
  }
}

/** proveEqual of two models given as bytes; the sessions live for the proof only. */
export async function proveModels(
  before: Uint8Array, after: Uint8Array, inputs: readonly (Feeds | ProofInput)[], session: SessionOptions, options: ProofOptions, task: Task = quietTask,
): Promise<Proof> {
  const sessions: Session[] = []
  try {
    for (const model of [before, after]) sessions.push(await openSession(model, session))
    return await proveEqual(sessions[0]!, sessions[1]!, inputs, options, task)
  } finally {
    for (const one of sessions) await one.close()
  }
}

/** float32 feeds in the type that a session's input asks for (a float16 original beside its float32 copy). */
function castFeeds(feeds: Feeds, session: Session): Record<string, Tensor> {
  const cast: Record<string, Tensor> = {}
  for (const { name, type } of session.inputs) {
    const feed = feeds[name]
    if (!feed) continue
    cast[name] = type === 'float16' && feed.type === 'float32'
      ? tensor('float16', feed.dims, Uint16Array.from(float32(feed), float32ToFloat16))
      : feed
  }
  return cast
}
