import { intAttribute, stringAttribute } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { chainAt, type AffineChain } from './affine-places.ts'
import { outputChannels, weightsBehind } from './fold-weights.ts'
import { makerOf } from './maker.ts'
import type { Rewritten } from './rewrite.ts'
import { convWeights, isRefused, replaced, ROUNDING, whyNeeded, type Refused, type Site } from './site.ts'

/** A mean that is put back behind DepthToSpace. */
export interface Tail {
  readonly kind: 'tail'
  readonly chain: AffineChain
  readonly shuffle: Node
  readonly conv: Node
}

/** Operators that a tail may be looked for behind, to say why it cannot be moved. */
const CUTS = new Set(['Clip', 'Relu'])

/** The shift that begins at a node behind DepthToSpace; undefined where none stands there. */
export function tailAt(site: Site, first: Node): Tail | Refused | undefined {
  const chain = chainAt(site, first)
  if (chain === undefined || isRefused(chain)) return undefined
  const before = site.links.producer.get(chain.input)
  const isCut = before !== undefined && CUTS.has(before.op) && site.links.producer.get(before.inputs[0]!)?.op === 'DepthToSpace'
  if (isCut) return { why: `${before.name} (${before.op}) stands between it and DepthToSpace, and the order must stay` }
  if (before?.op !== 'DepthToSpace') return undefined
  if (before.domain !== '') return { why: `DepthToSpace is of ${before.domain}, not of ONNX itself` }
  const conv = site.links.producer.get(before.inputs[0]!)
  if (!conv || (conv.op !== 'Conv' && conv.op !== 'ConvTranspose')) return { why: `${conv?.name ?? before.inputs[0]} stands before DepthToSpace, not a convolution` }
  const needed = whyNeeded(site, chain.input) ?? whyNeeded(site, conv.outputs[0]!)
  if (needed !== undefined) return { why: needed }
  const constants = convWeights(site.graph, conv)
  if (isRefused(constants)) return constants
  const wide = chain.affine.m.length * intAttribute(before, 'blocksize', 1) ** 2
  return outputChannels(conv, constants.weight) === wide ? { kind: 'tail', chain, shuffle: before, conv } : { why: `${conv.name} has not ${wide} channels` }
}

/** Channel of the picture that a channel before DepthToSpace becomes a part of (ALGORITHMS 6.1). */
function colourOf(shuffle: Node, colours: number): (channel: number) => number {
  const block = intAttribute(shuffle, 'blocksize', 1) ** 2
  return stringAttribute(shuffle, 'mode', 'DCR') === 'CRD' ? (channel) => Math.floor(channel / block) : (channel) => channel % colours
}

export function hoistTail(graph: Graph, { chain: { nodes, affine, output }, shuffle, conv }: Tail): Rewritten {
  const maker = makerOf(graph)
  const weight = graph.initializers.get(conv.inputs[1]!)!
  const bias = conv.inputs[2] ? graph.initializers.get(conv.inputs[2]) : undefined
  const colour = colourOf(shuffle, affine.m.length)
  const wide = (values: Float64Array): Float64Array => Float64Array.from({ length: outputChannels(conv, weight) }, (_, channel) => values[colour(channel)]!)
  const made = weightsBehind(conv, { weight, bias }, { m: wide(affine.m), a: wide(affine.a) })
  const shifted = maker.name(`${conv.outputs[0]}_shifted`)
  const isFactor = affine.m.some((factor) => factor !== 1)
  const names = [isFactor ? maker.put(`${conv.inputs[1]}_shifted`, made.weight) : conv.inputs[1]!, maker.put(`${conv.inputs[2] || `${conv.name}_bias`}_shifted`, made.bias)]
  const folded: Node = { ...conv, inputs: [conv.inputs[0]!, ...names], outputs: [shifted] }
  const moved: Node = { ...shuffle, inputs: [shifted], outputs: [output] }
  const rest = replaced(graph.nodes, (node) => (nodes.includes(node) ? [] : node === conv ? [folded] : node === shuffle ? [moved] : undefined))
  return { graph: withNodes(graph, rest, { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: ROUNDING }
}
