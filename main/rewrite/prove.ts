import type { ProofFacts } from '../core/run.ts'
import type { Tensor } from '../onnx/graph.ts'
import { float32ToFloat16 } from '../onnx/float-bits.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import { openSession, type Session, type SessionOptions } from '../runtime/session.ts'

export interface ProofOptions {
  readonly rewrite: string
  readonly nodes: readonly string[]
  /** Largest difference that still counts as the same, as a share of the output's largest magnitude. */
  readonly relativeTolerance: number
}

/**
 * Runs both sessions on every set of feeds and compares all outputs value by value. *exact* is bit-equal; *broken* is a
 * difference beyond the tolerance, another shape, or a value that is finite on one side only.
 */
export async function proveEqual(before: Session, after: Session, inputs: readonly Readonly<Record<string, Tensor>>[], options: ProofOptions): Promise<ProofFacts> {
  let [maxAbs, largest, broken] = [0, 0, false]
  for (const feeds of inputs) {
    const old = await before.run(castFeeds(feeds, before))
    const now = await after.run(castFeeds(feeds, after))
    for (const { name } of before.outputs) {
      const [a, b] = [float32(old[name]!), float32(now[name]!)]
      if (a.length !== b.length || String(old[name]!.dims) !== String(now[name]!.dims)) broken = true
      for (let i = 0; i < a.length && !broken; i++) {
        const difference = Math.abs(a[i]! - b[i]!)
        if (Number.isNaN(difference) && !Object.is(a[i], b[i])) broken = true
        if (difference > maxAbs) maxAbs = difference
        if (Math.abs(a[i]!) > largest) largest = Math.abs(a[i]!)
      }
    }
  }
  const within = maxAbs <= options.relativeTolerance * Math.max(largest, Number.MIN_VALUE)
  const verdict = broken || !within ? 'broken' : maxAbs === 0 ? 'exact' : 'within tolerance'
  return { rewrite: options.rewrite, nodes: options.nodes, verdict, maxAbs, inputs: inputs.length, borders: true }
}

/** proveEqual of two models given as bytes; the sessions live for the proof only. */
export async function proveModels(
  before: Uint8Array, after: Uint8Array, inputs: readonly Readonly<Record<string, Tensor>>[], session: SessionOptions, options: ProofOptions,
): Promise<ProofFacts> {
  const sessions: Session[] = []
  try {
    for (const model of [before, after]) sessions.push(await openSession(model, session))
    return await proveEqual(sessions[0]!, sessions[1]!, inputs, options)
  } finally {
    for (const one of sessions) await one.close()
  }
}

/** float32 feeds in the type that a session's input asks for (a float16 original beside its float32 copy). */
function castFeeds(feeds: Readonly<Record<string, Tensor>>, session: Session): Record<string, Tensor> {
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
