import type { Graph } from '../onnx/graph.ts'
import { headAt, hoistHead, type Head } from './hoist-head.ts'
import { hoistTail, tailAt, type Tail } from './hoist-tail.ts'
import { bytesMoved, channelsOf, elementsOf, nodeRewrite } from './site.ts'

/**
 * Takes the mean shift of a network out of what is quantized (ALGORITHMS 5.4); its name is `hoist-mean`. At the picture's input
 * (option `to`): `conv`, into the first Conv, where padding is kept right by a constant plane (option `padding`: `plane` or
 * `refuse`), or `preprocess`, out of the graph. At the output: from behind DepthToSpace into the Conv before it.
 */
export const hoistShift = nodeRewrite<Head | Tail>({
  name: 'hoist-mean',
  plan: (site, node) => headAt(site, node) ?? tailAt(site, node),
  say: ({ graph }, _, plan) => (plan.kind === 'head' ? saidOfHead(graph, plan) : saidOfTail(graph, plan)),
  apply: ({ graph }, _, plan) => (plan.kind === 'head' ? hoistHead(graph, plan) : hoistTail(graph, plan)),
})

/** The plane costs a Sub, a Slice, a Mul and an Add of one channel, and a Concat. */
function saidOfHead(graph: Graph, { nodes, input, output, to, conv, needsPlane }: Head) {
  const ops = nodes.map(({ op }) => op).join(' → ')
  const saved = bytesMoved(graph, output, -nodes.length)
  const colours = channelsOf(graph, input) ?? 1
  const plane = needsPlane ? bytesMoved(graph, input, 1 + (2 * colours + 4) / colours) : 0
  const positions = conv ? elementsOf(graph, conv.outputs[0]!) : null
  const taps = conv ? (graph.initializers.get(conv.inputs[1]!)!.dims.slice(2).reduce((product, dim) => product * dim, 1)) : 0
  return {
    others: [...nodes.slice(1), ...(conv ? [conv] : [])],
    what: to === 'preprocess'
      ? `${ops} at the picture ${input} leaves the graph; preprocessing does it`
      : `${ops} at the picture ${input} goes into the weights of ${conv!.name}${needsPlane ? ', with a constant plane as a fourth channel that keeps its zero padding right' : ''}`,
    why: 'Pixels are whole numbers and cost nothing to quantize; a shift before the first scale rounds every one of them.',
    cost: {
      macs: !needsPlane ? 0 : positions === null ? null : positions * taps,
      bytesMoved: saved === null || plane === null ? null : saved + plane, channelPeak: needsPlane ? colours + 1 : colours,
    },
  }
}

function saidOfTail(graph: Graph, { chain: { nodes, output, affine: { m } }, conv, shuffle }: Tail) {
  return {
    others: [...nodes.slice(1), shuffle, conv],
    what: `${nodes.map(({ op }) => op).join(' → ')} of ${m.length} channels behind ${shuffle.name} moves through it into the bias of ${conv.name}`,
    why: 'It is done in the accumulator, before anything is rounded, and the last convolution stands nearer to the output.',
    cost: { macs: 0, bytesMoved: bytesMoved(graph, output, -nodes.length), channelPeak: channelsOf(graph, conv.outputs[0]!) ?? null },
  }
}
