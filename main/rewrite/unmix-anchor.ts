import { Fault } from '../core/fault.ts'
import { withNodes } from '../onnx/edit.ts'
import { anchorsOf, colorsOf } from './anchor-facts.ts'
import { makerOf, newNode } from './maker.ts'
import { selection } from './resize-forms.ts'
import type { Rewrite } from './rewrite.ts'

/**
 * A repair, not a rewrite: an image that is repeated by Concat before a CRD shuffle lands on other colours (a port's mistake). Here
 * every copy lands on its own colour, as in the original design. The network was trained with the mistake, so the picture changes:
 * only a measurement can say whether for the better.
 */
export const unmixAnchor: Rewrite = {
  name: 'unmix-anchor',
  kind: 'repair',
  find: (graph) => ({
    found: anchorsOf(graph).filter(({ isPure, channels }) => !isPure && channels > 1).map(({ add, branch, order, factor, channels }) => ({
      rewrite: unmixAnchor.name, nodes: [add.name, ...branch.map(({ name }) => name)],
      what: `copies of the image are put on their own colours before DepthToSpace ${order}`,
      why: 'The repeated image is added to other colours than its own: the network has to undo that with its weights.',
      cost: { macs: null, bytesMoved: null, channelPeak: channels * factor * factor },
    })),
    refused: [],
  }),
  apply(graph, match) {
    const found = anchorsOf(graph).find(({ add }) => add.name === match.nodes[0])
    if (!found) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
    const { add, branch, image, features, order, factor, channels } = found
    const maker = makerOf(graph)
    const colors = colorsOf(order, factor, channels)
    const copies = maker.name(`${branch.at(-1)!.outputs[0]}_unmixed`)
    const weight = maker.put(`${copies}_weight`, selection(colors.length, channels, 1, (row) => colors[row]!))
    const nodes = graph.nodes.map((node) => (node === add ? { ...add, inputs: [features, copies] } : node)).filter((node) => !branch.includes(node) || isRead(graph.nodes, node.outputs[0]!, add.name))
    return { graph: withNodes(graph, [...nodes, newNode(maker, 'Conv', [image, weight], copies, { kernel_shape: [1, 1] })], { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: Infinity }
  },
}

const isRead = (nodes: readonly { readonly name: string; readonly inputs: readonly string[] }[], tensorName: string, except: string): boolean =>
  nodes.some(({ name, inputs }) => name !== except && inputs.includes(tensorName))

