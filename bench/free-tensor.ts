import { withNodes } from '../main/onnx/edit.ts'
import type { Graph, Node } from '../main/onnx/graph.ts'
import type { Quantized } from '../main/quantize/quantize.ts'

/**
 * The quantized graph with these tensors' round trips through codes taken out and nothing else changed: readers of an
 * activation get its float values, readers of a weight the float weight of `float`, the graph that was quantized.
 */
export function freeTensors({ graph, dequantizedNames }: Quantized, float: Graph, tensors: readonly string[]): Graph {
  const initializers = new Map(graph.initializers)
  const sources = new Map<string, string>()
  for (const tensor of tensors) {
    const weight = float.initializers.get(tensor)
    const target = dequantizedNames.get(tensor)
    if (weight) {
      initializers.set(tensor, weight)
      sources.set(dequantizerOf(graph, `${tensor}_quantized`).outputs[0]!, tensor)
    } else if (target !== undefined) sources.set(target, sourceOf(graph, target))
    else throw new Error(`${tensor} carries no codes`)
  }
  const nodes = graph.nodes.map((node) => {
    const source = node.op === 'DequantizeLinear' ? sources.get(node.outputs[0]!) : undefined
    return source === undefined ? node : { ...node, op: 'Identity', inputs: [source], attributes: new Map() }
  })
  const read = new Set(nodes.flatMap(({ inputs }) => inputs))
  return withNodes(graph, nodes.filter(({ op, outputs }) => op !== 'QuantizeLinear' || read.has(outputs[0]!)), { initializers })
}

const dequantizerOf = (graph: Graph, codes: string): Node => {
  const node = graph.nodes.find(({ op, inputs }) => op === 'DequantizeLinear' && inputs[0] === codes)
  if (!node) throw new Error(`nothing dequantizes ${codes}`)
  return node
}

/** What was quantized to make the tensor behind a pair. */
function sourceOf(graph: Graph, target: string): string {
  const codes = graph.nodes.find(({ outputs }) => outputs.includes(target))!.inputs[0]!
  return graph.nodes.find(({ outputs }) => outputs.includes(codes))!.inputs[0]!
}
