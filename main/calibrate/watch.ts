import type { Graph, Node } from '../onnx/graph.ts'
import { floatActivations, FUSED_ACTIVATIONS, isPassThrough } from '../onnx/operators.ts'
import { topology, type Topology, usedTensors } from '../onnx/topology.ts'

/** Operators that can make NaN out of finite values: what follows may hide it, so their results are always looked at. */
const CAN_MAKE_NAN = new Set(['Div', 'Sqrt', 'Log', 'Pow', 'Reciprocal', 'Mod', 'Acos', 'Asin', 'Acosh', 'Atanh'])

/**
 * Names of the tensors that could be quantized and so need statistics, in topological order: float32 graph inputs and node
 * outputs that depend on one, without those that share their input's scale (movers) and those that the Relu or Clip behind
 * them absorbs, also through a BatchNormalization.
 */
export function watchedTensors(graph: Graph): string[] {
  const links = topology(graph)
  const activations = floatActivations(graph)
  const moving = dependsOnInput(graph)
  const isFloat32 = (name: string) => activations.has(name) && ['float32', 'undefined', undefined].includes(graph.values.get(name)?.type)
  const made = graph.nodes.flatMap((node) =>
    node.outputs.filter((name) => name !== '' && moving.has(name) && isFloat32(name) && !sharesInput(node, activations) && !isSwallowed(node, name, links)),
  )
  return [...graph.inputs.map((input) => input.name).filter(isFloat32), ...made]
}

/** Tensors whose values change with the samples. */
export function dependsOnInput(graph: Graph): Set<string> {
  const moving = new Set(graph.inputs.map((input) => input.name))
  for (const node of graph.nodes) {
    // Random operators have no inputs and change all the same.
    const depends = node.op.startsWith('Random') || [...usedTensors(node)].some((name) => moving.has(name))
    if (depends) for (const output of node.outputs) moving.add(output)
  }
  return moving
}

const sharesInput = (node: Node, activations: ReadonlySet<string>): boolean => isPassThrough(node) && activations.has(node.inputs[0] ?? '')

function isSwallowed(node: Node, name: string, links: Topology): boolean {
  const consumers = links.consumers.get(name) ?? []
  const next = consumers[0]
  if (consumers.length !== 1 || next === undefined || next.domain !== '' || links.outputs.has(name) || CAN_MAKE_NAN.has(node.op)) return false
  if (next.inputs[0] !== name || next.inputs.lastIndexOf(name) !== 0) return false
  if (FUSED_ACTIVATIONS.has(next.op)) return true
  return next.op === 'BatchNormalization' && next.outputs[0] !== undefined && isSwallowed(next, next.outputs[0], links)
}
