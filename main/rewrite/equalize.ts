import { Fault } from '../core/fault.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { intAttribute } from '../onnx/attribute.ts'
import { float32 } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import { isConvolution, linkOf, type ChannelLink } from './channel-links.ts'
import { expectedNoise, tensorPowers, type NoisePlace, type WeighedConv } from './channel-noise.ts'
import { inputChannelOf, outputChannelOf, weightsBefore, weightsBehind, type ConvConstants } from './fold-weights.ts'
import { makerOf } from './maker.ts'
import type { Candidates, CodesContext, Match, Refusal, Rewrite, RewriteContext, Rewritten, SeenChannels } from './rewrite.ts'
import { bytesMoved, choice, convWeights, isRefused, ROUNDING, type Refused, type Site } from './site.ts'

/** Links that share depthwise convolutions are balanced together, so that a triple ends with three equal ranges. */
interface Place {
  readonly links: readonly ChannelLink[]
  /** Channels of link l are divided by factors[l]. */
  readonly factors: readonly Float64Array[]
  readonly convs: readonly Node[]
  /** Expected noise afterwards as a share of that before; null where no Statistics tell it. */
  readonly gain: number | null
}

/** Channels whose factors are this close together gain nothing: one factor for all changes no scale. */
const EVEN_SPREAD = 1.05
/** Sweeps end where factors are this close to 1, at the latest after so many (ALGORITHMS 5.6). */
const EVEN = 1e-3
const MOST_SWEEPS = 20
/** A channel this much smaller than the largest is dead. */
const DEAD = 1e-6
/** Tells what was scaled: links that share a convolution would change each other for ever, and one pass is most of it. */
const SUFFIX = '_equalized'
/** What the noise must fall below to be worth a change (ALGORITHMS 5.12). */
const WORTH = 0.8

const PLAIN_CODES: CodesContext = { granularity: 'channel', weightBits: 8, activationBits: 8 }

/**
 * Cross-layer equalization (ALGORITHMS 5.6): factors move from the output channels of convolutions into the input channels of those that
 * read them, through whatever lets positive factors through, until both sides have equal ranges. Pairs, depthwise triples, residual trunks.
 * Options: `by: weights` or `activations` (ranges that Statistics saw of each channel); `accept: gain` keeps a place only where Statistics let
 * its expected noise fall below 0.8, `all` keeps every one; `statistics: FILE`.
 */
export const equalize: Rewrite = {
  name: 'equalize',
  kind: 'rewrite',
  find(graph, context) {
    const site = siteOf(graph, context)
    const [found, refused]: [Match[], Refusal[]] = [[], []]
    for (const { node, place } of placesOf(site)) {
      if (isRefused(place)) refused.push({ rewrite: equalize.name, node: node.name, why: place.why })
      else found.push(matchOf(graph, place))
    }
    return { found, refused } satisfies Candidates
  },
  apply(graph, match, context) {
    const found = placesOf(siteOf(graph, context)).find(({ place }) => !isRefused(place) && place.convs[0]!.name === match.nodes[0])
    if (found === undefined || isRefused(found.place)) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
    return applied(graph, found.place)
  },
}

const siteOf = (graph: Graph, context: RewriteContext): Site => ({ ...context, graph, links: topology(graph) })

function matchOf(graph: Graph, { links, factors, convs, gain }: Place): Match {
  const spread = Math.max(...factors.map(spreadOf))
  const tensors = links.flatMap(({ consumers }) => consumers.map(({ reads }) => reads))
  return {
    rewrite: equalize.name, nodes: convs.map(({ name }) => name),
    what: `channels of ${[...new Set(tensors)].join(', ')} are scaled by factors ${spread.toPrecision(3)} apart between ${convs.map(({ name }) => name).join(', ')}; ${gain === null ? 'nothing tells whether it helps' : `expected noise ${gain.toFixed(3)} of what it was`}`,
    why: 'Channels of one tensor share a scale, and small ones are lost on it; with equal ranges each channel uses the codes alike.',
    cost: { macs: 0, bytesMoved: bytesMoved(graph, tensors[0] ?? '', 0), channelPeak: links[0]?.channels ?? null },
  }
}

function placesOf(site: Site): { readonly node: Node; readonly place: Place | Refused }[] {
  const by = choice(site, equalize.name, 'by', ['weights', 'activations'])
  const accept = choice(site, equalize.name, 'accept', ['gain', 'all'])
  const done = new Set<Node>()
  const links: { link: ChannelLink; node: Node }[] = []
  const places: { node: Node; place: Place | Refused }[] = []
  for (const node of site.graph.nodes) {
    if (!isConvolution(node) || done.has(node)) continue
    const link = linkOf(site, node)
    if (isRefused(link)) {
      places.push({ node, place: link })
      continue
    }
    for (const producer of link.producers) done.add(producer)
    links.push({ link, node })
  }
  for (const group of together(site.graph, links)) places.push({ node: group[0]!.node, place: planned(site, group.map(({ link }) => link), by, accept) })
  const order = new Map(site.graph.nodes.map((node, index) => [node, index]))
  return places.toSorted((a, b) => order.get(a.node)! - order.get(b.node)!)
}

/** Links that a depthwise convolution stands between, together. */
function together(graph: Graph, links: readonly { link: ChannelLink; node: Node }[]): { link: ChannelLink; node: Node }[][] {
  const groups: { link: ChannelLink; node: Node }[][] = []
  for (const each of links) {
    const before = groups.filter((group) => group.some(({ link }) => sharesDepthwise(graph, link, each.link)))
    const rest = groups.filter((group) => !before.includes(group))
    groups.splice(0, groups.length, ...rest, [...before.flat(), each])
  }
  return groups
}

const sharesDepthwise = (graph: Graph, a: ChannelLink, b: ChannelLink): boolean =>
  [[a, b], [b, a]].some(([one, other]) => one!.consumers.some(({ conv }) => isDepthwise(graph, conv) && other!.producers.includes(conv)))

function isDepthwise(graph: Graph, conv: Node): boolean {
  const dims = graph.initializers.get(conv.inputs[1]!)?.dims
  return conv.op === 'Conv' && intAttribute(conv, 'group', 1) > 1 && dims?.[1] === 1 && dims[0] === intAttribute(conv, 'group', 1)
}

function planned(site: Site, links: readonly ChannelLink[], by: 'weights' | 'activations', accept: 'gain' | 'all'): Place | Refused {
  if (links.every(({ tensors }) => [...tensors].every((name) => name.endsWith(SUFFIX)))) return { why: 'its channels were equalized already' }
  const seen = by === 'weights' ? undefined : links.map((link) => largestSeen(site, link))
  const unseen = seen?.find((each) => isRefused(each))
  if (unseen && isRefused(unseen)) return unseen
  const constants = new Map<Node, ConvConstants>()
  for (const { producers, consumers } of links) {
    for (const conv of [...producers, ...consumers.map((each) => each.conv)]) {
      const each = convWeights(site.graph, conv)
      if (isRefused(each)) return each
      constants.set(conv, each)
    }
  }
  const factors = balanced(links, constants, seen as readonly Float64Array[] | undefined)
  if (factors.every((each) => spreadOf(each) < EVEN_SPREAD)) return { why: 'the ranges of its channels are even already' }
  const convs = site.graph.nodes.filter((node) => constants.has(node))
  const unknown = links.flatMap((link) => link.consumers.filter(({ reads }) => seenOf(site, link, reads) === undefined))[0]
  if (unknown) {
    if (accept === 'all') return { links, factors, convs, gain: null }
    return { why: `whether it helps is told by Statistics of ${unknown.reads} (option statistics: FILE); accept: all does without` }
  }
  const scaled = scaledConstants(links, factors, constants)
  const codes = site.codes ?? PLAIN_CODES
  const powers = tensorPowers(site)
  const noise = (at: ReadonlyMap<Node, ConvConstants>, divided: readonly Float64Array[]) => links.reduce((sum, link, index) => sum + expectedNoise(noisePlace(site, link, at, divided[index], powers), codes), 0)
  const gain = noise(scaled, factors) / noise(constants, [])
  if (accept === 'gain' && !(gain < WORTH)) return { why: `the expected noise would be ${gain.toFixed(3)} of what it is, and a change is worth it below ${WORTH} (accept: all takes it)` }
  return { links, factors, convs, gain }
}

/** What was seen of a tensor, or of another one of its link: what is only moved or pooled is not looked at twice. */
const seenOf = ({ seen }: Site, { tensors, channels }: ChannelLink, reads: string): SeenChannels | undefined =>
  [reads, ...tensors].flatMap((name) => seen?.get(name) ?? []).find(({ max }) => max.length === channels)

/** The largest magnitude that Statistics saw of each channel, behind the activation. */
function largestSeen({ seen }: Site, { tensors, consumers, channels }: ChannelLink): Float64Array | Refused {
  const known = [...tensors].flatMap((name) => seen?.get(name) ?? []).filter(({ max }) => max.length === channels)
  if (known.length === 0) return { why: `by: activations needs Statistics of ${consumers[0]!.reads} (option statistics: FILE)` }
  return Float64Array.from({ length: channels }, (_, channel) => Math.max(...known.map(({ min, max }) => Math.max(Math.abs(min[channel]!), Math.abs(max[channel]!)))))
}

/** Factors of each link that make both of its sides equal: r1 / S = r2 · S, again and again as links change each other. */
function balanced(links: readonly ChannelLink[], constants: ReadonlyMap<Node, ConvConstants>, seen: readonly Float64Array[] | undefined): Float64Array[] {
  const factors = links.map(({ channels }) => new Float64Array(channels).fill(1))
  const rows = new Map([...constants].map(([conv, { weight }]) => [conv, largestBy(float32(weight), outputChannelOf(conv, weight))]))
  const columns = new Map([...constants].map(([conv, { weight }]) => [conv, largestBy(float32(weight), inputChannelOf(conv, weight))]))
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let largest = 0
    for (const [index, { producers, consumers, channels }] of links.entries()) {
      const made = (channel: number): number => (seen ? seen[index]![channel]! : Math.max(...producers.map((conv) => rows.get(conv)![channel]!)))
      const read = (channel: number): number => Math.max(...consumers.map(({ conv }) => columns.get(conv)![channel]!))
      const [mostMade, mostRead] = [made, read].map((of) => Math.max(...Array.from({ length: channels }, (_, channel) => of(channel)))) as [number, number]
      for (let channel = 0; channel < channels; channel++) {
        const [r1, r2] = [made(channel), read(channel)]
        const factor = Math.sqrt(r1 / r2)
        if (r1 <= DEAD * mostMade || r2 <= DEAD * mostRead || !Number.isFinite(factor)) continue
        factors[index]![channel]! *= factor
        largest = Math.max(largest, Math.abs(factor - 1))
        if (seen) seen[index]![channel]! /= factor
        // One weight of a depthwise convolution stands on both sides.
        for (const conv of producers) divide(rows.get(conv)!, columns.get(conv)!, channel, factor, isSquare(constants.get(conv)!))
        for (const { conv } of consumers) divide(columns.get(conv)!, rows.get(conv)!, channel, 1 / factor, isSquare(constants.get(conv)!))
      }
    }
    if (largest < EVEN) break
  }
  return factors
}

const spreadOf = (factors: Float64Array): number => Math.max(...factors) / Math.min(...factors)

const isSquare = ({ weight }: ConvConstants): boolean => weight.dims[1] === 1

function divide(own: Float64Array, other: Float64Array, channel: number, factor: number, both: boolean): void {
  own[channel]! /= factor
  if (both && other.length === own.length) other[channel]! /= factor
}

function largestBy(values: Float32Array, channelOf: (index: number) => number): Float64Array {
  const largest: number[] = []
  for (let index = 0; index < values.length; index++) {
    const channel = channelOf(index)
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(values[index]!))
  }
  return Float64Array.from(largest)
}

/** Weights and biases with the factors in them; a convolution on both sides of links takes both. */
function scaledConstants(links: readonly ChannelLink[], factors: readonly Float64Array[], constants: ReadonlyMap<Node, ConvConstants>): Map<Node, ConvConstants> {
  const scaled = new Map(constants)
  for (const [index, { producers, consumers, channels }] of links.entries()) {
    const a = new Float64Array(channels)
    for (const conv of producers) {
      const { weight, bias } = weightsBehind(conv, scaled.get(conv)!, { m: factors[index]!.map((factor) => 1 / factor), a })
      scaled.set(conv, { weight, bias: scaled.get(conv)!.bias === undefined ? undefined : bias })
    }
    for (const { conv } of uniqueConvs(consumers)) scaled.set(conv, weightsBefore(conv, scaled.get(conv)!, { m: factors[index]!, a }))
  }
  return scaled
}

const uniqueConvs = (consumers: ChannelLink['consumers']): ChannelLink['consumers'] => [...new Map(consumers.map((each) => [each.conv, each])).values()]

function noisePlace(site: Site, link: ChannelLink, constants: ReadonlyMap<Node, ConvConstants>, factors: Float64Array | undefined, powers: (tensor: string) => number): NoisePlace {
  const weighed = (conv: Node): WeighedConv => ({ conv, ...constants.get(conv)! })
  return {
    channels: link.channels,
    producers: link.producers.map((conv) => ({ ...weighed(conv), inputPower: powers(conv.inputs[0]!) })),
    consumers: link.consumers.map(({ conv, reads }) => {
      const known = seenOf(site, link, reads)!
      const divided = (ends: ArrayLike<number>) => Float64Array.from({ length: link.channels }, (_, channel) => ends[channel]! / (factors?.[channel] ?? 1))
      return { ...weighed(conv), seen: { min: divided(known.min), max: divided(known.max) } }
    }),
  }
}

/** A convolution between two links is changed twice. */
const constantName = (name: string): string => (name.endsWith(SUFFIX) ? name : `${name}${SUFFIX}`)

/** Scaled tensors hold other values, so they get other names. */
function applied(graph: Graph, { links, factors, convs }: Place): Rewritten {
  const maker = makerOf(graph)
  const constants = new Map(convs.map((conv) => [conv, convWeights(graph, conv) as ConvConstants]))
  const scaled = scaledConstants(links, factors, constants)
  const renamed = new Map(links.flatMap(({ tensors }) => [...tensors].map((name) => [name, maker.name(`${name}${SUFFIX}`)] as const)))
  const nodes = graph.nodes.map((node) => {
    const other = scaled.get(node)
    const inputs = node.inputs.map((name) => renamed.get(name) ?? name)
    const own = other ? [inputs[0]!, maker.put(constantName(node.inputs[1]!), other.weight), ...(other.bias ? [maker.put(constantName(node.inputs[2]!), other.bias)] : [])] : inputs
    return { ...node, inputs: own, outputs: node.outputs.map((name) => renamed.get(name) ?? name) }
  })
  return { graph: withNodes(graph, nodes, { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: ROUNDING }
}
