import type { Plan } from '../core/plan.ts'
import type { Graph } from '../onnx/graph.ts'
import { topology } from '../onnx/topology.ts'

/** One decision: tensors that share a scale, and the layers whose results they carry. */
export interface Unit {
  /** Its first computing node, or its first tensor where it has none. */
  readonly name: string
  /** Operator of that node; 'Input' for what a graph input alone carries. */
  readonly op: string
  /** Computing nodes with weights, in order. */
  readonly nodes: readonly string[]
  /** Tensors with codes, in order; empty where a layer's result carries none. */
  readonly tensors: readonly string[]
  /** Weights and biases with codes. */
  readonly constants: readonly string[]
  /** Activations with codes that its nodes read. */
  readonly reads: readonly string[]
}

/**
 * The units of a plan in topological order. A convolution belongs to the tensor that carries its result's codes (behind the Relu or
 * Clip that it absorbs): quantizing one without the other is no choice that a board offers.
 */
export function unitsOf(graph: Graph, plan: Plan): Unit[] {
  const links = topology(graph)
  const groupOf = new Map(plan.tensors.map(({ tensor, group }) => [tensor, group]))
  const carrier = (tensor: string): string | undefined => {
    for (let name = tensor; ; ) {
      if (groupOf.has(name)) return groupOf.get(name)
      const readers = links.consumers.get(name) ?? []
      if (readers.length !== 1 || links.outputs.has(name) || readers[0]!.outputs.length !== 1) return undefined
      name = readers[0]!.outputs[0]!
    }
  }
  const constantsOf = Map.groupBy([...plan.weights, ...plan.biases], ({ node }) => node)
  const made = new Map<string, { nodes: string[]; tensors: string[]; constants: string[]; reads: Set<string>; op: string; place: number }>()
  const place = new Map([...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs)].map((name, index) => [name, index]))
  const unit = (key: string, at: number) => {
    const known = made.get(key) ?? { nodes: [], tensors: [], constants: [], reads: new Set<string>(), op: '', place: at }
    known.place = Math.min(known.place, at)
    made.set(key, known)
    return known
  }
  for (const { tensor, group, node } of plan.tensors) {
    const one = unit(group, place.get(tensor) ?? 0)
    one.tensors.push(tensor)
    one.op ||= graph.nodes.find(({ name }) => name === node)?.op ?? 'Input'
  }
  for (const node of graph.nodes) {
    const constants = constantsOf.get(node.name)
    if (!constants) continue
    const output = node.outputs[0]!
    const one = unit(carrier(output) ?? `node ${node.name}`, place.get(output) ?? 0)
    if (one.nodes.length === 0) one.op = node.op
    one.nodes.push(node.name)
    one.constants.push(...constants.map(({ tensor }) => tensor))
    for (const input of node.inputs) if (groupOf.has(input)) one.reads.add(input)
  }
  return [...made.values()].toSorted((a, b) => a.place - b.place).map(({ nodes, tensors, constants, reads, op }) =>
    ({ name: nodes[0] ?? tensors[0]!, op, nodes, tensors, constants, reads: [...reads] }))
}
