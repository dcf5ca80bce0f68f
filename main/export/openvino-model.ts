import { attributesOf } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph } from '../onnx/graph.ts'

/** OpenVINO wants `axis` said on every Q/DQ pair; where one scale holds for all channels its value means nothing. */
export function axisOnEveryPair(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => {
    const isPair = node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear'
    return isPair && !node.attributes.has('axis') ? { ...node, attributes: new Map([...node.attributes, ...attributesOf({ axis: 0 })]) } : node
  })
  return withNodes(graph, nodes)
}
