import { intAttribute } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Node, Tensor } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import { makerOf } from './maker.ts'
import { bytesMoved, channelsOf, convWeights, isRefused, nodeRewrite, replaced, ROUNDING, whyNeeded } from './site.ts'

interface Parts {
  readonly conv: Node
  readonly weight: Tensor
  readonly bias: Tensor | undefined
  /** Channels of every output of the Split. */
  readonly channels: readonly number[]
}

/**
 * A Conv whose channels a Split takes apart becomes a Conv for each part, with its rows of the weights. Exact where the Conv has no
 * groups and nothing but the Split reads it, and the Split cuts channels at places that are known.
 */
export const split = nodeRewrite<Parts>({
  name: 'split',
  plan(site, node) {
    if (node.op !== 'Split') return undefined
    if (node.domain !== '') return { why: `Split is of ${node.domain}, not of ONNX itself` }
    const { graph, links } = site
    const input = node.inputs[0]!
    const conv = links.producer.get(input)
    if (conv?.op !== 'Conv') return { why: `${conv?.name ?? input} (${conv?.op ?? 'no node'}) stands before it, not a Conv` }
    const axis = intAttribute(node, 'axis', 0)
    if (axis !== 1 && axis !== -3) return { why: `it cuts along axis ${axis}, not the channels` }
    const needed = whyNeeded(site, input)
    if (needed !== undefined) return { why: needed }
    const constants = convWeights(graph, conv)
    if (isRefused(constants)) return constants
    if (intAttribute(conv, 'group', 1) !== 1) return { why: `${conv.name} has groups, which a cut may go through` }
    const channels = node.outputs.map((name) => (name === '' ? undefined : channelsOf(graph, name)))
    const all = channels.reduce<number>((sum, count) => sum + (count ?? Number.NaN), 0)
    if (all !== constants.weight.dims[0]) return { why: 'how many channels each part has is not known' }
    return { conv, ...constants, channels: channels as number[] }
  },
  say: ({ graph }, node, { conv, channels }) => ({
    others: [conv],
    what: `${conv.name} and the Split behind it become ${channels.length} Convs of ${channels.join(', ')} channels`,
    why: 'Split copies every part; boards that have it in one precision only hold the whole branch to that, and each part may get a scale of its own.',
    cost: { macs: 0, bytesMoved: bytesMoved(graph, node.inputs[0]!, -1), channelPeak: Math.max(...channels) },
  }),
  apply({ graph }, node, { conv, weight, bias, channels }) {
    const maker = makerOf(graph)
    const row = weight.dims.slice(1).reduce((product, dim) => product * dim, 1)
    let from = 0
    const parts = channels.map((count, index): Node => {
      const to = from + count
      const rows = maker.put(`${conv.inputs[1]}_part${index + 1}`, tensor('float32', [count, ...weight.dims.slice(1)], float32(weight).slice(from * row, to * row)))
      const own = bias ? [maker.put(`${conv.inputs[2]}_part${index + 1}`, tensor('float32', [count], float32(bias).slice(from, to)))] : []
      from = to
      return { ...conv, name: maker.name(`${conv.name}_part${index + 1}`), inputs: [conv.inputs[0]!, rows, ...own], outputs: [node.outputs[index]!] }
    })
    const nodes = replaced(graph.nodes, (each) => (each === conv ? parts : each === node ? [] : undefined))
    return { graph: withNodes(graph, nodes, { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: ROUNDING }
  },
})
