import { channelGroups } from '../core/channel-groups.ts'
import { Fault } from '../core/fault.ts'
import { intAttribute } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { FUSED_ACTIVATIONS } from '../onnx/operators.ts'
import { float32 } from '../onnx/tensor.ts'
import { columnsPicked, rowsPicked } from './conv-sums.ts'
import { outputChannelOf, type ConvConstants } from './fold-weights.ts'
import { makerOf, newNode, type CollectingMaker } from './maker.ts'
import type { RewriteContext, Rewritten } from './rewrite.ts'
import { bytesMoved, choice, convWeights, isRefused, isUsedInside, nodeRewrite, replaced, ROUNDING, whyNeeded, type Refused, type Site } from './site.ts'

interface DenseConv extends ConvConstants {
  readonly node: Node
}

/** A convolution whose output channels part into groups, with everything up to the convolutions that read them. */
interface Grouping {
  readonly conv: DenseConv
  /** What works on each channel alone, in order: every group takes its own. */
  readonly between: readonly Node[]
  /** What the readers read, and they. */
  readonly last: string
  readonly readers: readonly DenseConv[]
  /** Channels of each group, the largest ranges first. */
  readonly groups: readonly (readonly number[])[]
  readonly form: 'sum' | 'concat'
  readonly by: 'weights' | 'activations'
}

/** Operators that compute every channel alone and by the same rule. */
const EACH_CHANNEL = new Set(['Relu', 'LeakyRelu', 'Clip', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Elu', 'Identity', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool'])

/** Tells what was grouped: a group is not parted again. */
const SUFFIX = '_convgroup'

/**
 * Grouping of channels by magnitude (ALGORITHMS 5.5): a Conv becomes one for each group of output channels of like range, so that each has a
 * weight scale (and an activation scale) of its own where a board gives one a tensor. Options: `form: sum` (B) parts its readers along their
 * input channels too and adds; `concat` (A) joins the groups and lets the readers' input channels follow their order. `by: weights` or
 * `activations` (ranges that Statistics saw behind the activation; `statistics: FILE`); `groups: 4` at most; `multiple: 1` of the channels of a group.
 */
export const convGroup = nodeRewrite<Grouping>({
  name: 'conv-group',
  plan(site, node) {
    if (node.op !== 'Conv' || node.domain !== '' || node.inputs[1]?.includes(SUFFIX) === true) return undefined
    const form = choice(site, 'conv-group', 'form', ['sum', 'concat'])
    const by = choice(site, 'conv-group', 'by', ['weights', 'activations'])
    const [most, multiple] = [whole(site, 'groups', 4, 2), whole(site, 'multiple', 1, 1)]
    const conv = denseConv(site.graph, node)
    if (isRefused(conv)) return isDepthwise(site.graph, node) ? undefined : conv
    const behind = followed(site, node, conv.weight.dims[0]!)
    if (isRefused(behind)) return behind
    const ranges = by === 'weights' ? weightRanges(conv) : seenRanges(site, node, behind, conv.weight.dims[0]!)
    if (!Array.isArray(ranges)) return ranges as Refused
    const groups = padded(ranges, most, multiple)
    return groups.length < 2 ? { why: `its ${ranges.length} channels have like ranges: a group more would save less than a tenth` } : { conv, ...behind, groups, form, by }
  },
  say({ graph }, node, { conv, between, last, readers, groups, form, by }) {
    const sizes = groups.map(({ length }) => length).join(' + ')
    const [extra, joined] = [groups.length - 1, groups.length]
    return {
      others: [...between, ...readers.map((reader) => reader.node)],
      what: form === 'sum'
        ? `${node.name} becomes ${joined} Convs of ${sizes} channels, and each of ${names(readers)} a sum of ${joined}, by the range of ${by}`
        : `${node.name} becomes ${joined} Convs of ${sizes} channels behind which a Concat stands, and ${names(readers)} reads them in that order, by the range of ${by}`,
      why: 'Channels of like magnitude share a scale, where one scale for all would leave the small ones few codes.',
      cost: {
        macs: 0,
        bytesMoved: form === 'sum' ? sum(readers.map((reader) => bytesMoved(graph, reader.node.outputs[0]!, 2 * extra))) : bytesMoved(graph, last, 1),
        channelPeak: Math.max(conv.weight.dims[0]!, ...readers.map(({ weight }) => weight.dims[0]!)),
      },
    }
  },
  apply: ({ graph }, node, plan) => grouped(graph, node, plan),
})

const names = (convs: readonly DenseConv[]): string => convs.map(({ node }) => node.name).join(', ')

const sum = (bytes: readonly (number | null)[]): number | null => bytes.reduce<number | null>((total, each) => (total === null || each === null ? null : total + each), 0)

/** A whole number of at least `least`. Throws `recipe.wrong-value`. */
function whole({ options }: RewriteContext, option: string, otherwise: number, least: number): number {
  const given = options[option] ?? otherwise
  if (typeof given === 'number' && Number.isInteger(given) && given >= least) return given
  throw new Fault({ code: 'recipe.wrong-value', where: `rewrite.conv-group.${option}`, what: `'${String(given)}' is not possible`, next: `Use a whole number from ${least}.` })
}

function denseConv(graph: Graph, node: Node): DenseConv | Refused {
  const constants = convWeights(graph, node)
  if (isRefused(constants)) return constants
  return intAttribute(node, 'group', 1) === 1 ? { node, ...constants } : { why: `${node.name} has groups` }
}

/** One filter a channel: the channels stay what they were. */
function isDepthwise(graph: Graph, node: Node): boolean {
  const dims = graph.initializers.get(node.inputs[1] ?? '')?.dims
  return node.op === 'Conv' && node.domain === '' && dims?.length === 4 && dims[1] === 1 && intAttribute(node, 'group', 1) === dims[0] && !isRefused(convWeights(graph, node))
}

/** From a Conv on through what works on each channel alone, down to dense Convs. */
function followed(site: Site, conv: Node, channels: number): Pick<Grouping, 'between' | 'last' | 'readers'> | Refused {
  const { graph, links } = site
  const between: Node[] = []
  let last = conv.outputs[0]!
  for (;;) {
    const readers = links.consumers.get(last) ?? []
    const [reader] = readers
    const isChannelwise = reader !== undefined && readers.length === 1 && reader.inputs[0] === last && reader.inputs.slice(1).every((name) => name === '' || graph.initializers.has(name))
      && (isDepthwise(graph, reader) || (reader.domain === '' && EACH_CHANNEL.has(reader.op) && reader.outputs.length === 1))
    if (!isChannelwise) return ended(site, { between, last }, channels)
    const why = whyNeeded(site, last)
    if (why !== undefined) return { why }
    between.push(reader)
    last = reader.outputs[0]!
  }
}

function ended(site: Site, { between, last }: Pick<Grouping, 'between' | 'last'>, channels: number): Pick<Grouping, 'between' | 'last' | 'readers'> | Refused {
  const { graph, links } = site
  if (links.outputs.has(last)) return { why: `${last} is an output of the graph` }
  if (site.keep.has(last)) return { why: `the recipe speaks of ${last}` }
  if (isUsedInside(site, last)) return { why: `${last} is used in a graph inside a node` }
  const readers: DenseConv[] = []
  for (const node of new Set(links.consumers.get(last) ?? [])) {
    if (node.op !== 'Conv' || node.inputs[0] !== last) return { why: `${node.name} (${node.op}) reads ${last}: only Convs can follow another order of channels` }
    const reader = denseConv(graph, node)
    if (isRefused(reader)) return reader
    if (reader.weight.dims[1] !== channels) return { why: `${node.name} reads ${reader.weight.dims[1]} channels of ${channels}` }
    readers.push(reader)
  }
  return readers.length === 0 ? { why: `nothing reads ${last}` } : { between, last, readers }
}

function weightRanges({ node, weight }: DenseConv): number[] {
  const ranges = Array.from({ length: weight.dims[0]! }, () => 0)
  const channelOf = outputChannelOf(node, weight)
  for (const [index, value] of float32(weight).entries()) ranges[channelOf(index)] = Math.max(ranges[channelOf(index)]!, Math.abs(value))
  return ranges
}

/** What Statistics saw behind the activation that is computed with the Conv. */
function seenRanges({ seen }: Site, conv: Node, { between }: Pick<Grouping, 'between'>, channels: number): number[] | Refused {
  const fused = between.findIndex(({ op }) => !FUSED_ACTIVATIONS.has(op))
  const tensor = between.slice(0, fused === -1 ? between.length : fused).at(-1)?.outputs[0] ?? conv.outputs[0]!
  const known = seen?.get(tensor)
  if (known?.max.length !== channels) return { why: `no Statistics tell what the channels of ${tensor} hold (option statistics: FILE)` }
  return Array.from({ length: channels }, (_, channel) => Math.max(Math.abs(known.min[channel]!), Math.abs(known.max[channel]!)))
}

/** Channels of each group in their own order; every group but the last is filled up to a multiple with the next smaller channels. */
function padded(ranges: readonly number[], most: number, multiple: number): number[][] {
  const groupOf = channelGroups(ranges, most)
  const order = ranges.map((_, channel) => channel).toSorted((a, b) => ranges[b]! - ranges[a]! || a - b)
  const ends = [...new Set(groupOf)].map((group) => groupOf.filter((each) => each <= group).length).toSorted((a, b) => a - b)
  const cuts = [...new Set(ends.map((end) => Math.min(Math.ceil(end / multiple) * multiple, order.length)))]
  return cuts.map((end, index) => order.slice(index === 0 ? 0 : cuts[index - 1], end).toSorted((a, b) => a - b))
}

function grouped(graph: Graph, node: Node, { conv, between, last, readers, groups, form }: Grouping): Rewritten {
  const maker = makerOf(graph)
  const parts = groups.map((channels, index) => partOf(maker, graph, conv, between, channels, index + 1))
  const ends = parts.map((nodes) => nodes.at(-1)!.outputs[0]!)
  const made = parts.flat()
  const joined = form === 'sum' ? undefined : maker.name(`${last}${SUFFIX}`)
  if (joined !== undefined) made.push(newNode(maker, 'Concat', ends, joined, { axis: 1 }))
  const byReader = new Map(readers.map((reader) => [reader.node, joined === undefined ? summed(maker, reader, groups, ends) : [reordered(maker, reader, groups.flat(), joined)]]))
  const gone = new Set(between)
  const nodes = replaced(graph.nodes, (each) => (each === node ? made : gone.has(each) ? [] : byReader.get(each)))
  return { graph: withNodes(graph, nodes, { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: ROUNDING }
}

/** The Conv's rows of a group, and what works on its channels. */
function partOf(maker: CollectingMaker, graph: Graph, conv: DenseConv, between: readonly Node[], channels: readonly number[], number: number): Node[] {
  const called = (name: string): string => maker.name(`${name}${SUFFIX}${number}`)
  const picked = (name: string, values: Tensor): string => maker.put(`${name}${SUFFIX}${number}`, rowsPicked(values, channels))
  const rows = ({ inputs: [, weight, bias] }: Node): string[] => [picked(weight!, graph.initializers.get(weight!)!), ...(bias ? [picked(bias, graph.initializers.get(bias)!)] : [])]
  let at = called(conv.node.outputs[0]!)
  const nodes: Node[] = [{ ...conv.node, name: called(conv.node.name), inputs: [conv.node.inputs[0]!, ...rows(conv.node)], outputs: [at] }]
  for (const node of between) {
    const [input, output] = [at, called(node.outputs[0]!)]
    const own: Node = { ...node, name: called(node.name), inputs: [input, ...node.inputs.slice(1)], outputs: [output] }
    nodes.push(node.op === 'Conv' ? { ...own, inputs: [input, ...rows(node)], attributes: new Map([...node.attributes, ['group', { kind: 'int', value: BigInt(channels.length) }]]) } : own)
    at = output
  }
  return nodes
}

/** The reader as a sum over the groups, the bias in the first. */
function summed(maker: CollectingMaker, { node, weight }: DenseConv, groups: Grouping['groups'], ends: readonly string[]): Node[] {
  const output = node.outputs[0]!
  const nodes: Node[] = []
  let total = ''
  for (const [index, channels] of groups.entries()) {
    const part = maker.name(`${output}${SUFFIX}${index + 1}`)
    const columns = maker.put(`${node.inputs[1]}${SUFFIX}${index + 1}`, columnsPicked(weight, channels))
    const bias = index === 0 && node.inputs[2] ? [node.inputs[2]] : []
    nodes.push({ ...node, name: maker.name(`${node.name}${SUFFIX}${index + 1}`), inputs: [ends[index]!, columns, ...bias], outputs: [part] })
    const so = index === 0 ? part : index === groups.length - 1 ? output : maker.name(`${output}${SUFFIX}_sum${index}`)
    if (index > 0) nodes.push(newNode(maker, 'Add', [total, part], so))
    total = so
  }
  return nodes
}

/** The reader with its input channels in the order of the groups. */
function reordered(maker: CollectingMaker, { node, weight }: DenseConv, order: readonly number[], input: string): Node {
  const [, , ...bias] = node.inputs
  return { ...node, inputs: [input, maker.put(`${node.inputs[1]}_reordered`, columnsPicked(weight, order)), ...bias] }
}
