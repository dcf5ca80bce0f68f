import { encodeModel } from '../../onnx/encode.ts'
import { withNodes } from '../../onnx/edit.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import { nodesBehind, usedTensors } from '../../onnx/topology.ts'
import { openSession, type SessionMode } from '../../runtime/session.ts'
import type { Sample } from '../../samples/sample.ts'

/** A model of which some inner tensors are looked at. */
export interface Watch {
  /** Values of the tensors that were named, in their order. */
  run(sample: Sample): Promise<Tensor[]>
  close(): Promise<void>
}

/** Runs no more of the graph than these tensors need. */
export async function openWatch(graph: Graph, names: readonly string[], mode: SessionMode, threads: number): Promise<Watch> {
  const inputs = new Set(graph.inputs.map(({ name }) => name))
  const made = [...new Set(names)].filter((name) => !inputs.has(name))
  const session = made.length === 0 ? undefined : await openSession(encodeModel(upTo(graph, made)), { mode, threads })
  return {
    async run({ feeds }) {
      const results = session ? await session.run(fedOf(session.inputs.map(({ name }) => name), feeds), made) : {}
      return names.map((name) => results[name] ?? feeds[name]!)
    },
    close: async () => session?.close(),
  }
}

const fedOf = (names: readonly string[], feeds: Sample['feeds']): Sample['feeds'] =>
  Object.fromEntries(Object.entries(feeds).filter(([name]) => names.includes(name)))

/** The nodes that the tensors are computed from, with the tensors as outputs. */
export function upTo(graph: Graph, names: readonly string[]): Graph {
  const kept = nodesBehind(graph.nodes, names)
  const nodes = graph.nodes.filter((node) => kept.has(node))
  const stated = new Map(graph.outputs.map((output) => [output.name, output]))
  const outputs = names.map((name) => stated.get(name) ?? { name, type: 'float32' as const, dims: null })
  const read = new Set(nodes.flatMap((node) => [...usedTensors(node)]))
  return withNodes(graph, nodes, { outputs, inputs: graph.inputs.filter(({ name }) => read.has(name)) })
}
