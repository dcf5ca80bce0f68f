import { factsFrom } from '../boards/node-facts.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import type { OperatorShape } from './operator-table.ts'

/**
 * What a latency table asks of the nodes of one graph. `dims`: sizes of a tensor, null where one is open. null for a node whose first
 * input is no picture [N, C, H, W] of known size, and for operators of other domains.
 */
export function operatorShapes(graph: Graph, dims: (tensor: string) => readonly number[] | null): (node: Node) => OperatorShape | null {
  const factsOf = factsFrom(graph)
  return (node) => {
    const from = dims(node.inputs[0] ?? '')
    if (node.domain !== '' || from?.length !== 4) return null
    const { kernel, group, mode, factor, block, inputChannels, outputChannels } = factsOf(node)
    const to = dims(node.outputs[0] ?? '')
    const size = factor ?? block
    const made = outputChannels ?? (to?.length === 4 ? to[1] : undefined)
    return {
      op: node.op, ...(kernel === undefined ? {} : { kernel }), ...(group === undefined ? {} : { group }), ...(mode === undefined ? {} : { mode }), ...(size === undefined ? {} : { factor: size }),
      inputChannels: inputChannels ?? from[1]!, ...(made === undefined ? {} : { outputChannels: made }), height: from[2]!, width: from[3]!,
    }
  }
}
