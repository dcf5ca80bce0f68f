import { intAttribute } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { columnsOf, denseConv, joinedWeights, kernelOf, offsetWithin, sameSize, summedBias, summedWeights, type DenseConv } from './conv-sums.ts'
import { makerOf, newNode } from './maker.ts'
import type { RewriteCost, Rewritten } from './rewrite.ts'
import { bytesMoved, channelsOf, choice, elementsOf, isRefused, nodeRewrite, replaced, ROUNDING, whyNeeded, type Refused, type Site } from './site.ts'

/** A Conv over a Concat, with the channels of each part. */
interface Parts {
  readonly kind: 'parts'
  readonly conv: DenseConv
  readonly concat: Node
  readonly channels: readonly number[]
}

/** Two Convs that are added. `offset`: where the taps of the second lie in the first, both on one input. */
interface Sum {
  readonly kind: 'sum'
  readonly first: DenseConv
  readonly second: DenseConv
  readonly offset?: readonly [number, number]
}

/**
 * Conv over Concat ⇄ sum of Convs. Option `to`: `sum` (default) splits a Conv over a Concat, so that every part keeps a scale of its
 * own; `concat` joins added Convs where that moves fewer bytes. Added Convs of the same input become one either way.
 */
export const splitConcatAdd = nodeRewrite<Parts | Sum>({
  name: 'split-concat-add',
  plan(site, node) {
    const to = choice(site, 'split-concat-add', 'to', ['sum', 'concat'])
    if (node.op === 'Add') return sumAt(site, node, to)
    return node.op === 'Conv' && to === 'sum' ? partsAt(site, node) : undefined
  },
  say: ({ graph }, node, plan) => (plan.kind === 'parts' ? saidOfParts(graph, plan) : saidOfSum(graph, node, plan)),
  apply: ({ graph }, node, plan) => (plan.kind === 'parts' ? apart(graph, plan) : plan.offset ? merged(graph, node, plan, plan.offset) : joined(graph, node, plan)),
})

function partsAt(site: Site, node: Node): Parts | Refused | undefined {
  const { graph, links } = site
  const concat = links.producer.get(node.inputs[0]!)
  if (concat?.op !== 'Concat' || concat.domain !== '') return undefined
  const axis = intAttribute(concat, 'axis', 1)
  if (axis !== 1 && axis !== -3) return { why: `${concat.name} joins along axis ${axis}, not the channels` }
  const needed = whyNeeded(site, concat.outputs[0]!)
  if (needed !== undefined) return { why: needed }
  const conv = denseConv(graph, node)
  if (isRefused(conv)) return conv
  const channels = concat.inputs.map((name) => channelsOf(graph, name))
  const known = channels.every((count) => count !== undefined) && channels.reduce<number>((sum, count) => sum + count!, 0) === conv.weight.dims[1]
  if (!known) return { why: 'how many channels each part of the Concat has is not known' }
  return channels.length < 2 ? { why: 'the Concat joins one tensor only' } : { kind: 'parts', conv, concat, channels: channels as number[] }
}

function sumAt(site: Site, node: Node, to: 'sum' | 'concat'): Sum | Refused | undefined {
  const { graph, links } = site
  const nodes = node.inputs.map((name) => links.producer.get(name))
  const [a, b] = nodes
  if (a?.op !== 'Conv' || b?.op !== 'Conv' || a === b) return undefined
  const isShared = a.inputs[0] === b.inputs[0]
  if (!isShared && to === 'sum') return undefined
  if (node.domain !== '') return { why: `Add is of ${node.domain}, not of ONNX itself` }
  const needed = node.inputs.map((name) => whyNeeded(site, name)).find((why) => why !== undefined)
  if (needed !== undefined) return { why: needed }
  const [first, second] = [denseConv(graph, a), denseConv(graph, b)]
  if (isRefused(first)) return first
  if (isRefused(second)) return second
  if (first.weight.dims[0] !== second.weight.dims[0]) return { why: `${a.name} has ${first.weight.dims[0]} channels and ${b.name} ${second.weight.dims[0]}: the sum repeats them` }
  if (isShared) {
    const inner = offsetWithin(first, second)
    if (inner) return { kind: 'sum', first, second, offset: inner }
    const outer = offsetWithin(second, first)
    return outer ? { kind: 'sum', first: second, second: first, offset: outer } : { why: `the taps of ${a.name} and ${b.name} do not lie on each other (strides, dilations or pads)` }
  }
  return joinable(graph, { kind: 'sum', first, second })
}

/** Two Convs of different pictures can be one over both where they step alike and that moves fewer bytes. */
function joinable(graph: Graph, sum: Sum): Sum | Refused {
  const { first, second } = sum
  const alike = (['strides', 'dilations', 'pads'] as const).every((key) => String(first[key]) === String(second[key])) && String(kernelOf(first)) === String(kernelOf(second))
  const [x, y] = [first.node.inputs[0]!, second.node.inputs[0]!]
  if (!alike) return { why: `${first.node.name} and ${second.node.name} differ in kernel, strides, dilations or pads` }
  if (!sameSize(graph, x, y)) return { why: `${x} and ${y} are not known to be of one size` }
  const [before, after] = [bytesMoved(graph, first.node.outputs[0]!, 2), joinedBytes(graph, sum)]
  return before !== null && after !== null && after < before ? sum : { why: `joined it would move ${after?.toLocaleString('en')} bytes instead of ${before?.toLocaleString('en')}` }
}

function joinedBytes(graph: Graph, { first, second }: Sum): number | null {
  const [x, y] = [first, second].map(({ node }) => bytesMoved(graph, node.inputs[0]!, 1)) as [number | null, number | null]
  return x === null || y === null ? null : x + y
}

function saidOfParts(graph: Graph, { conv, concat, channels }: Parts) {
  const output = bytesMoved(graph, conv.node.outputs[0]!, 2 * (channels.length - 1))
  const joint = bytesMoved(graph, concat.outputs[0]!, 1)
  return {
    others: [concat],
    what: `${conv.node.name} over ${channels.join(' + ')} joined channels becomes a sum of ${channels.length} Convs`,
    why: 'Concat forces one scale on everything that it joins; apart, each part keeps its own, and the sum is wide.',
    cost: { macs: 0, bytesMoved: output === null || joint === null ? null : output - joint, channelPeak: Math.max(...channels, conv.weight.dims[0]!) },
  }
}

function saidOfSum(graph: Graph, node: Node, sum: Sum) {
  const { first, second, offset } = sum
  const output = node.outputs[0]!
  const positions = elementsOf(graph, output)
  const taps = second.weight.dims.slice(1).reduce((product, dim) => product * dim, 1)
  const joint = joinedBytes(graph, sum)
  const saved = bytesMoved(graph, output, -2)
  const cost: RewriteCost = offset
    ? { macs: positions === null ? null : -positions * taps, bytesMoved: saved, channelPeak: first.weight.dims[0]! }
    : { macs: 0, bytesMoved: saved === null || joint === null ? null : saved + joint, channelPeak: first.weight.dims[1]! + second.weight.dims[1]! }
  return {
    others: [first.node, second.node],
    what: offset
      ? `${first.node.name} and ${second.node.name} read the same and are added: one Conv with the sum of their weights`
      : `${first.node.name} and ${second.node.name} are added: one Conv over ${first.weight.dims[1]} + ${second.weight.dims[1]} joined channels`,
    why: 'The sum stays in the accumulator of one convolution: no rounding before it, no pass over a large map.',
    cost,
  }
}

/** The first Conv keeps the bias; the sums run from left to right. */
function apart(graph: Graph, { conv: { node }, conv, concat, channels }: Parts): Rewritten {
  const maker = makerOf(graph)
  const output = node.outputs[0]!
  const made: Node[] = []
  let [from, sum] = [0, '']
  for (const [index, count] of channels.entries()) {
    const weight = maker.put(`${node.inputs[1]}_part${index + 1}`, columnsOf(conv, from, from + count))
    from += count
    const part = maker.name(`${output}_part${index + 1}`)
    const bias = index === 0 && node.inputs[2] ? [node.inputs[2]] : []
    made.push({ ...node, name: maker.name(`${node.name}_part${index + 1}`), inputs: [concat.inputs[index]!, weight, ...bias], outputs: [part] })
    if (index > 0) {
      const total = index === channels.length - 1 ? output : maker.name(`${output}_sum${index}`)
      made.push(newNode(maker, 'Add', [sum, part], total))
      sum = total
    } else sum = part
  }
  return done(graph, replaced(graph.nodes, (each) => (each === node ? made : each === concat ? [] : undefined)), maker)
}

function merged(graph: Graph, add: Node, { first, second }: Sum, offset: readonly [number, number]): Rewritten {
  const maker = makerOf(graph)
  const weight = maker.put(`${first.node.inputs[1]}_summed`, summedWeights(first, second, offset))
  const bias = summedBias(first, second)
  const one: Node = { ...first.node, inputs: [first.node.inputs[0]!, weight, ...(bias ? [maker.put(`${first.node.name}_bias_summed`, bias)] : [])], outputs: add.outputs }
  return done(graph, replaced(graph.nodes, (each) => (each === add ? [one] : each === first.node || each === second.node ? [] : undefined)), maker)
}

function joined(graph: Graph, add: Node, { first, second }: Sum): Rewritten {
  const maker = makerOf(graph)
  const weight = maker.put(`${first.node.inputs[1]}_joined`, joinedWeights(first, second))
  const bias = summedBias(first, second)
  const both = maker.name(`${add.outputs[0]}_inputs`)
  const concat = newNode(maker, 'Concat', [first.node.inputs[0]!, second.node.inputs[0]!], both, { axis: 1 })
  const one: Node = { ...first.node, inputs: [both, weight, ...(bias ? [maker.put(`${first.node.name}_bias_joined`, bias)] : [])], outputs: add.outputs }
  return done(graph, replaced(graph.nodes, (each) => (each === add ? [concat, one] : each === first.node || each === second.node ? [] : undefined)), maker)
}

/** Products are summed in another order. */
const done = (graph: Graph, nodes: readonly Node[], { initializers }: ReturnType<typeof makerOf>): Rewritten =>
  ({ graph: withNodes(graph, nodes, { initializers }), renamed: new Map(), relativeTolerance: ROUNDING })
