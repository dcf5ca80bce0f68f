import { dependsOnInput } from '../../calibrate/watch.ts'
import { withNodes } from '../../onnx/edit.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph, Tensor, ValueInfo } from '../../onnx/graph.ts'
import { nodesBehind, usedTensors } from '../../onnx/topology.ts'
import { openSession, type Session } from '../../runtime/session.ts'
import { inferValues } from '../../runtime/values.ts'
import type { Sample } from '../../samples/sample.ts'
import type { Bench } from './bench.ts'

/** Bytes of values that one front keeps. Samples beyond it are computed from their inputs on. */
const MEMORY_BYTES = 384 * 2 ** 20

export interface FrontSettings {
  readonly threads: number
  readonly load: (index: number) => Promise<Pick<Sample, 'feeds'>>
  readonly memoryBytes?: number
}

/**
 * A network that is looked at layer by layer: what is settled is computed once for each sample, the values at its border are kept, and later
 * tensors are computed from there. Exact: without fusions (`simulated`, for float graphs too) the runtime computes a part as it computes the whole.
 */
export interface Front {
  /**
   * One more tensor. All that `settled` is computed from, itself included, gives the same values in every graph to come; their nodes keep
   * their names. Fetch each sample once, then close.
   */
  open(graph: Graph, tensor: string, settled: string): Promise<FrontStep>
}

export interface FrontStep {
  /** The tensor's value for a sample. */
  fetch(index: number): Promise<Tensor>
  close(): Promise<void>
}

type Values = ReadonlyMap<string, Tensor>

export function openFront({ threads, load, memoryBytes = MEMORY_BYTES }: FrontSettings): Front {
  const inside = new Set<string>()
  let kept = new Map<number, Values>()
  let bytes = 0
  let types: ReadonlyMap<string, ValueInfo> | undefined
  return {
    async open(graph, tensor, settled) {
      types ??= await inferValues(encodeModel(graph), {})
      const known = types
      const before = kept
      kept = new Map()
      for (const node of nodesFor(graph, [settled])) inside.add(node.name)
      const border = borderOf(graph, inside)
      const inputs = new Set(graph.inputs.map(({ name }) => name))
      const wanted = [...new Set([tensor, ...border])].filter((name) => !inputs.has(name))
      const sessions = new Map<boolean, Promise<Session>>()
      const sessionFor = (held: Values | undefined, missing: readonly string[]): Promise<Session> => {
        const session = sessions.get(held !== undefined) ?? openSession(encodeModel(cutAt({ ...graph, values: known }, missing, held ?? new Map())), { mode: 'simulated', threads })
        sessions.set(held !== undefined, session)
        return session
      }
      return {
        async fetch(index) {
          const held = before.get(index)
          const missing = wanted.filter((name) => !held?.has(name))
          const values = new Map(held)
          if (missing.length > 0) {
            const session = await sessionFor(held, missing)
            const reads = session.inputs.map(({ name }) => name)
            const feeds = reads.every((name) => held?.has(name)) ? {} : (await load(index)).feeds
            const made = await session.run(Object.fromEntries(reads.map((name) => [name, held?.get(name) ?? feeds[name]!])), missing)
            for (const [name, value] of Object.entries(made)) values.set(name, value)
          }
          before.delete(index)
          bytes -= bytesOf(held)
          const next = new Map(border.map((name) => [name, values.get(name)!]))
          if (bytes + bytesOf(next) <= memoryBytes) {
            kept.set(index, next)
            bytes += bytesOf(next)
          }
          return values.get(tensor) ?? (await load(index)).feeds[tensor]!
        },
        async close() {
          for (const values of before.values()) bytes -= bytesOf(values)
          for (const session of sessions.values()) await (await session).close()
        },
      }
    },
  }
}

/** A front over the samples of a bench. */
export const frontOf = ({ samples, threads, memoryBytes }: Bench): Front =>
  openFront({ threads, load: (index) => samples.load(index), ...(memoryBytes === undefined ? {} : { memoryBytes }) })

const bytesOf = (values: Values | undefined): number => [...(values?.values() ?? [])].reduce((sum, { data }) => sum + (Array.isArray(data) ? 0 : data.byteLength), 0)

const nodesFor = ({ nodes }: Graph, tensors: readonly string[], known: Values = new Map()) => nodesBehind(nodes, tensors, (name) => known.has(name))

/** What nodes inside compute from the inputs and nodes outside read. */
function borderOf(graph: Graph, inside: ReadonlySet<string>): string[] {
  const moving = dependsOnInput(graph)
  const read = new Set(graph.nodes.filter(({ name }) => !inside.has(name)).flatMap((node) => [...usedTensors(node)]))
  return graph.nodes.filter(({ name }) => inside.has(name)).flatMap(({ outputs }) => outputs.filter((name) => name !== '' && moving.has(name) && read.has(name)))
}

/** The part that computes `wanted` from what is known and the inputs. */
function cutAt(graph: Graph, wanted: readonly string[], known: Values): Graph {
  const needed = nodesFor(graph, wanted, known)
  const nodes = graph.nodes.filter((node) => needed.has(node))
  const read = new Set(nodes.flatMap((node) => [...usedTensors(node)]))
  const given = [...known].filter(([name]) => read.has(name)).map(([name, { type }]) => ({ name, type, dims: null }))
  const outputs = wanted.map((name) => ({ name, type: graph.values.get(name)?.type ?? ('float32' as const), dims: null }))
  return withNodes(graph, nodes, { values: new Map(), outputs, inputs: [...graph.inputs.filter(({ name }) => read.has(name)), ...given] })
}
