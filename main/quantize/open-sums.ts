import { dependsOnInput } from '../calibrate/watch.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE, floatActivations } from '../onnx/operators.ts'
import type { Topology } from '../onnx/topology.ts'

/**
 * Operands of sums, each with its sum, that are added on the accumulator of the layer that makes them, and so are never rounded: of each Add of two moving
 * tensors the one that a quantized computing node makes for it alone; of two such the later. Compilers that fuse a residual sum into its
 * convolution (TensorRT, OpenVINO) compute so, and ask that only the other operand carries codes.
 */
export function openSums(graph: Graph, links: Topology, quantized: (node: Node) => boolean): ReadonlyMap<string, string> {
  const [activations, moving] = [floatActivations(graph), dependsOnInput(graph)]
  const order = new Map(graph.nodes.map((node, index) => [node, index]))
  const open = new Map<string, string>()
  for (const node of graph.nodes) {
    const [a, b] = node.inputs
    if (node.op !== 'Add' || node.inputs.length !== 2 || a === b || !quantized(node) || !node.inputs.every((name) => activations.has(name) && moving.has(name))) continue
    const makers = node.inputs.flatMap((name) => {
      const maker = links.producer.get(name)
      const isOwn = maker !== undefined && COMPUTE.has(maker.op) && quantized(maker) && links.consumers.get(name)?.length === 1 && !links.outputs.has(name)
      return isOwn ? [{ name, at: order.get(maker)! }] : []
    })
    const last = makers.toSorted((one, other) => other.at - one.at)[0]
    if (last) open.set(last.name, node.outputs[0]!)
  }
  return open
}
