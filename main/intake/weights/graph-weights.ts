import type { Graph, Node } from '../../onnx/graph.ts'
import { isFloat } from '../../onnx/tensor.ts'

/** A weight of the graph. */
export interface GraphWeight {
  /** The initializer's name. */
  readonly name: string
  readonly node: string
  /** Place of its layer among the layers with weights, in the graph's order. */
  readonly layer: number
  /** What PyTorch calls it behind the layer's name. */
  readonly part: string
}

/** Inputs that are learned, by operator. */
const NORM = ['weight', 'bias'] as const
const PARTS = new Map<string, readonly string[]>(Object.entries({
  Conv: NORM, ConvTranspose: NORM, Gemm: NORM, MatMul: ['weight'], PRelu: ['weight'],
  BatchNormalization: ['weight', 'bias', 'running_mean', 'running_var'], InstanceNormalization: NORM, LayerNormalization: NORM, GroupNormalization: NORM,
}))

/** What a graph has learned: the constant float inputs of its computing and normalizing nodes, each once, in the graph's order. */
export function graphWeights(graph: Graph): GraphWeight[] {
  const seen = new Set<string>()
  let layer = -1
  return graph.nodes.flatMap((node) => {
    const parts = PARTS.get(node.op)
    if (node.domain !== '' || parts === undefined) return []
    const found = learned(graph, node, parts).filter(({ name }) => !seen.has(name))
    if (found.length > 0) layer += 1
    return found.map(({ name, part }) => {
      seen.add(name)
      return { name, node: node.name, layer, part }
    })
  })
}

function learned(graph: Graph, { op, inputs }: Node, parts: readonly string[]): { name: string; part: string }[] {
  // Either side of a product may be the constant one.
  const from = op === 'MatMul' && !graph.initializers.has(inputs[1] ?? '') ? inputs : inputs.slice(1)
  return parts.flatMap((part, index) => {
    const name = from[index] ?? ''
    const tensor = graph.initializers.get(name)
    return tensor !== undefined && isFloat(tensor.type) ? [{ name, part }] : []
  })
}
