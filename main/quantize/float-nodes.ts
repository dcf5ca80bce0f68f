import { Fault } from '../core/fault.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE, isPassThrough } from '../onnx/operators.ts'
import type { Topology } from '../onnx/topology.ts'
import { absorbingNode } from './absorb.ts'
import type { QuantizeOptions } from './options.ts'
import type { ResolvedOverride } from './overrides.ts'
import { floatRegions } from './regions.ts'

/** Operators that are computed on codes, or between dequantized inputs and a quantized output. */
const QUANTIZABLE = new Set([
  ...COMPUTE, 'Add', 'Sub', 'Mul', 'Div', 'Concat', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'Relu', 'Clip', 'LeakyRelu',
  'PRelu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Softmax', 'BatchNormalization', 'Resize', 'Upsample', 'Pad', 'Abs', 'ReduceMean',
])

/**
 * Nodes that stay in float, each with the reason: asked for, of an operator that is not quantized, on other than float data, only
 * moving what is float, or computed on the accumulator of a float node. Throws `recipe.unknown-layer`.
 */
export function nodesInFloat(
  graph: Graph, links: Topology, options: QuantizeOptions, activations: ReadonlySet<string>, overrides: ReadonlyMap<string, ResolvedOverride>,
): Map<string, string> {
  const float = floatRegions(graph, options.float)
  for (const [tensor, override] of overrides) {
    if (!override.forward_with_float) continue
    const node = links.producer.get(tensor)
    if (!node) throw inputInFloat(tensor)
    float.set(node.name, `quantize.layers: ${override.from.join(', ')}`)
  }
  for (const node of graph.nodes) {
    const why = float.has(node.name) ? undefined : whyFloat(graph, node, activations)
    if (why !== undefined) float.set(node.name, why)
    const above = isPassThrough(node) ? links.producer.get(node.inputs[0] ?? '') : undefined
    if (above && float.has(above.name) && !float.has(node.name)) float.set(node.name, `only moves what ${above.name} makes in float`)
    if (!float.has(node.name)) continue
    // A pair between the two would stand where calibration sees nothing: statistics are of what comes out of the activation.
    for (const output of node.outputs) {
      const next = absorbingNode(graph, links, node, output)
      if (next && !float.has(next.name)) float.set(next.name, `is one with ${node.name}, which is in float`)
    }
  }
  return float
}

const inputInFloat = (tensor: string): Fault =>
  new Fault({
    code: 'recipe.input-in-float', what: `"${tensor}" is an input of the model: nothing computes it`, where: 'quantize.layers',
    next: 'Set forward_with_float on the layers that read it.',
  })

function whyFloat(graph: Graph, node: Node, activations: ReadonlySet<string>): string | undefined {
  if (node.domain !== '' || !(QUANTIZABLE.has(node.op) || isPassThrough(node))) return `${node.op} is not computed on codes`
  if (!node.outputs.some((name) => activations.has(name))) return 'not a float activation'
  // The smallest divisors would share the code of 0.
  if (node.op === 'Div' && !graph.initializers.has(node.inputs[1]!)) return 'Div by an activation is not computed on codes'
  return undefined
}
