import { Fault } from '../core/fault.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { isPassThrough } from '../onnx/operators.ts'
import { float32, float32Scalar } from '../onnx/tensor.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import { makerOf, newNode } from './maker.ts'
import type { Rewrite, RewriteContext } from './rewrite.ts'

/**
 * A repair: the clip that is missing at the tail of an image model. It stands right behind the last computing node, where a board
 * takes it into that node. Values within black and white stay bit for bit; those beyond change, which is measured.
 */
export const insertClip: Rewrite = {
  name: 'insert-clip',
  kind: 'repair',
  find(graph, context) {
    const place = placeOf(graph, context)
    if ('why' in place) return { found: [], refused: place.node === '' ? [] : [{ rewrite: insertClip.name, node: place.node, why: place.why }] }
    const [low, high] = context.output!.range
    return {
      found: [{
        rewrite: insertClip.name, nodes: [place.last.name],
        what: `what ${place.last.name} gives is clipped to ${low}..${high}`,
        why: 'Values beyond black and white widen the range of the output: its step grows, and a board that wraps around shows them as the opposite colour.',
        cost: { macs: 0, bytesMoved: 0, channelPeak: null },
      }],
      refused: [],
    }
  },
  apply(graph, match, context) {
    const place = placeOf(graph, context)
    if ('why' in place || place.last.name !== match.nodes[0]) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
    const { last } = place
    const [low, high] = context.output!.range
    const maker = makerOf(graph)
    const output = last.outputs[0]!
    const before = maker.name(`${output}_unclipped`)
    const clip = newNode(maker, 'Clip', [before, maker.put(`${output}_black`, float32Scalar(low)), maker.put(`${output}_white`, float32Scalar(high))], output)
    const nodes = graph.nodes.map((node) => (node === last ? { ...last, outputs: [before, ...last.outputs.slice(1)] } : node))
    return { graph: withNodes(graph, [...nodes, clip], { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: Infinity }
  },
}

/** The last node before the picture output that computes, where nothing behind it bounds its values. */
function placeOf(graph: Graph, { output }: RewriteContext): { readonly last: Node } | { readonly node: string; readonly why: string } {
  if (output === null) return { node: '', why: 'the model gives no picture' }
  const links = topology(graph)
  const bound = boundBefore(graph, links, output.name, output.range)
  if (bound) return { node: bound.name, why: `${bound.name} (${bound.op}) keeps the picture within ${output.range.join('..')}` }
  for (let name = output.name; ; ) {
    const node = links.producer.get(name)
    if (!node) return { node: '', why: 'the output is an input' }
    const readers = links.consumers.get(name) ?? []
    if (!isPassThrough(node) || readers.length > 1) return { last: node }
    const [input = ''] = node.inputs
    const isShared = (links.consumers.get(input) ?? []).length > 1 || links.outputs.has(input) || !links.producer.has(input)
    if (isShared) return { last: node }
    name = input
  }
}

/** The node that keeps a tensor within black and white, through others that add no new values. */
function boundBefore(graph: Graph, links: Topology, name: string, range: readonly [number, number]): Node | undefined {
  const node = links.producer.get(name)
  if (!node || bounds(graph, node, range)) return node
  const keeps = isPassThrough(node) || (node.op === 'Relu' && range[0] <= 0)
  return keeps ? boundBefore(graph, links, node.inputs[0]!, range) : undefined
}

/** Whether a node gives nothing beyond black and white. */
function bounds(graph: Graph, node: Node, [low, high]: readonly [number, number]): boolean {
  if (node.op === 'Sigmoid' || node.op === 'HardSigmoid' || node.op === 'Softmax') return low <= 0 && high >= 1
  if (node.op !== 'Clip') return false
  const [min, max] = [node.inputs[1], node.inputs[2]].map((name) => (name === undefined || name === '' ? undefined : graph.initializers.get(name)))
  return min !== undefined && max !== undefined && float32(min)[0]! >= low && float32(max)[0]! <= high
}
