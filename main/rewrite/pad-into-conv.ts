import { intsAttribute, stringAttribute, floatAttribute } from '../onnx/attribute.ts'
import { withAttributes, withNodes } from '../onnx/edit.ts'
import type { Node } from '../onnx/graph.ts'
import { float32, integers } from '../onnx/tensor.ts'
import { bytesMoved, channelsOf, dimsOf, nodeRewrite, replaced, ROUNDING, whyNeeded, type Refused, type Site } from './site.ts'

interface Padding {
  readonly conv: Node
  /** Of the convolution afterwards: top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number]
}

/** A Pad with zeros in front of a Conv becomes the Conv's own padding. */
export const padIntoConv = nodeRewrite<Padding>({
  name: 'pad-into-conv',
  plan(site, node) {
    if (node.op !== 'Pad') return undefined
    if (node.domain !== '') return { why: `Pad is of ${node.domain}, not of ONNX itself` }
    const { graph, links } = site
    const output = node.outputs[0]!
    const conv = links.consumers.get(output)?.[0]
    if (conv?.op !== 'Conv' || conv.inputs[0] !== output || conv.domain !== '') return { why: `${conv?.name ?? 'no Conv'} reads it, not a Conv: only a Conv pads with zeros by itself` }
    const needed = whyNeeded(site, output)
    if (needed !== undefined) return { why: needed }
    const added = addedPads(site, node)
    if ('why' in added) return added
    const auto = stringAttribute(conv, 'auto_pad', 'NOTSET')
    if (auto.startsWith('SAME')) return { why: `${conv.name} pads by ${auto}, which depends on the size it reads` }
    const own = auto === 'VALID' ? [0, 0, 0, 0] : intsAttribute(conv, 'pads', [0, 0, 0, 0])
    if (own.length !== 4 || (dimsOf(graph, conv.inputs[1]!)?.length ?? 4) !== 4) return { why: `${conv.name} does not work on pictures [N, C, H, W]` }
    return { conv, pads: own.map((pad, side) => pad + added.pads[side]!) as [number, number, number, number] }
  },
  say: ({ graph }, node, { conv, pads }) => ({
    others: [conv],
    what: `Pad with zeros goes into ${conv.name}, whose pads become ${pads.join(', ')}`,
    why: 'A padded copy of the whole map is neither written nor read; boards pad inside the convolution for nothing.',
    cost: { macs: 0, bytesMoved: bytesMoved(graph, node.outputs[0]!, -1), channelPeak: channelsOf(graph, node.inputs[0]!) ?? null },
  }),
  apply({ graph }, node, { conv, pads }) {
    const padded: Node = { ...withAttributes(conv, { auto_pad: undefined, pads: { kind: 'ints', value: pads.map(BigInt) } }), inputs: [node.inputs[0]!, ...conv.inputs.slice(1)] }
    const nodes = replaced(graph.nodes, (each) => (each === node ? [] : each === conv ? [padded] : undefined))
    // Kernels that pad by themselves may sum in another order.
    return { graph: withNodes(graph, nodes), renamed: new Map(), relativeTolerance: ROUNDING }
  },
})

function addedPads({ graph }: Site, node: Node): { readonly pads: readonly number[] } | Refused {
  const mode = stringAttribute(node, 'mode', 'constant')
  if (mode !== 'constant') return { why: `it pads by ${mode}, not with zeros` }
  const [input, padsName = '', valueName = '', axesName = ''] = node.inputs
  const value = valueName === '' ? floatAttribute(node, 'value', 0) : graph.initializers.get(valueName)
  if (value === undefined || (typeof value !== 'number' && value.type !== 'float32')) return { why: 'what it pads with is not a constant of float32' }
  const filling = typeof value === 'number' ? value : float32(value)[0]!
  if (filling !== 0) return { why: `it pads with ${filling}, a Conv pads with 0` }
  const constant = graph.initializers.get(padsName)
  const given = constant ? integers(constant) : intsAttribute(node, 'pads', undefined)
  const rank = dimsOf(graph, input!)?.length ?? (axesName === '' && given ? given.length / 2 : undefined)
  if (given === undefined || rank !== 4) return { why: given === undefined ? 'how much it pads is only known at run time' : 'it does not pad a picture [N, C, H, W]' }
  const axesTensor = graph.initializers.get(axesName)
  if (axesName !== '' && !axesTensor) return { why: 'which axes it pads is only known at run time' }
  const axes = axesTensor ? integers(axesTensor).map((axis) => (axis < 0 ? axis + rank : axis)) : [0, 1, 2, 3]
  const at = (axis: number, end: 0 | 1): number => (axes.includes(axis) ? given[axes.indexOf(axis) + end * axes.length]! : 0)
  if (given.some((pad) => pad < 0)) return { why: `it cuts off (${given.join(', ')})` }
  if ([0, 1].some((axis) => at(axis, 0) !== 0 || at(axis, 1) !== 0)) return { why: 'it pads batch or channels' }
  return { pads: [at(2, 0), at(3, 0), at(2, 1), at(3, 1)] }
}
