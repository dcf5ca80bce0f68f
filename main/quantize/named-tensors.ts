import type { Graph } from '../onnx/graph.ts'
import { topology } from '../onnx/topology.ts'
import type { QuantizeOptions } from './options.ts'
import { resolveOverrides } from './overrides.ts'
import { floatRegions } from './regions.ts'

/**
 * Tensors that the recipe speaks of and that must not be folded away. What is said of a convolution itself holds for it with all
 * that is folded into it. Throws `recipe.unknown-layer` for names the model does not have.
 */
export function namedTensors(graph: Graph, options: QuantizeOptions): Set<string> {
  const { producer } = topology(graph)
  const float = floatRegions(graph, options.float)
  const nodes = graph.nodes.filter((node) => float.has(node.name))
  const named = [...resolveOverrides(graph, options.layers)].filter(([tensor, { from }]) => {
    const node = producer.get(tensor)
    const isConv = node?.op === 'Conv' || node?.op === 'ConvTranspose'
    return !isConv || (from.includes(tensor) && node.name !== tensor)
  })
  return new Set([...named.map(([tensor]) => tensor), ...nodes.flatMap((node) => [...node.inputs, ...node.outputs])])
}
