import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE, FUSED_ACTIVATIONS, isAffine } from '../onnx/operators.ts'
import type { Topology } from '../onnx/topology.ts'
import { openSums } from './open-sums.ts'
import type { QuantizeOptions } from './options.ts'

/**
 * True when the tensor between `node` and `next` never exists on a board, because `next` is computed on the accumulator:
 * an activation behind any operator, a BatchNormalization behind a convolution, constant arithmetic behind a convolution
 * or behind other constant arithmetic (ALGORITHMS 5.2, 5.3).
 */
function isAbsorbed(graph: Graph, node: Node, next: Node): boolean {
  if (FUSED_ACTIVATIONS.has(next.op)) return true
  if (next.op === 'BatchNormalization') return COMPUTE.has(node.op)
  if (!isAffine(graph, next)) return false
  return COMPUTE.has(node.op) || node.op === 'BatchNormalization' || isAffine(graph, node)
}

/** The only reader of a node's output, where it absorbs it; undefined where the tensor is read elsewhere, twice, or from outside. */
export function absorbingNode(graph: Graph, links: Topology, node: Node, output: string): Node | undefined {
  const consumers = links.consumers.get(output) ?? []
  const next = consumers[0]
  if (consumers.length !== 1 || next === undefined || links.outputs.has(output)) return undefined
  // Add(x, x) reads it twice.
  if (next.inputs.filter((name) => name === output).length !== 1) return undefined
  return isAbsorbed(graph, node, next) ? next : undefined
}

/** Tensors that carry no codes of their own, each with the tensor that the node absorbing it makes; `sums`: as the recipe has it. */
export function absorbedTensors(graph: Graph, links: Topology, quantized: (node: Node) => boolean, sums: QuantizeOptions['sums'] = 'codes'): Map<string, string> {
  const absorbed = new Map(sums === 'accumulator' ? openSums(graph, links, quantized) : [])
  for (const node of graph.nodes) {
    if (!quantized(node)) continue
    for (const output of node.outputs) {
      const next = absorbingNode(graph, links, node, output)
      if (next && quantized(next)) absorbed.set(output, next.outputs[0]!)
    }
  }
  return absorbed
}
