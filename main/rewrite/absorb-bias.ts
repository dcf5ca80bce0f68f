import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import { affineOf } from './affine.ts'
import { isConvolution } from './channel-links.ts'
import { isPadded, outputChannels, weightsBefore, weightsBehind } from './fold-weights.ts'
import { makerOf } from './maker.ts'
import type { Rewrite, Rewritten } from './rewrite.ts'
import { bytesMoved, convWeights, isRefused, nodeRewrite, ROUNDING, whyNeeded, type Refused, type Site } from './site.ts'

/** A convolution, what stands behind it, the convolution that reads it, and what moves from the one's bias into the other's. */
interface Absorption {
  readonly norm: Node | undefined
  readonly relu: Node | undefined
  readonly reader: Node
  readonly shift: Float64Array
  /** Where the shift was told from. */
  readonly by: string
}

/** Deviations above which a normal distribution is all (ALGORITHMS 5.7). */
const SPREAD = 3
/** A shift this much smaller than what it is taken from is rounding. */
const NOTHING = 1e-5
/** The range that all channels share must shrink to this. */
const WORTH = 0.8

/**
 * Absorption of a bias into the next convolution where no activation stands between (ALGORITHMS 5.7): exact for any shift, as long as the
 * reader pads nothing. Channels are centred: by the midpoints that Statistics saw (option `statistics`), else by a BatchNormalization's beta.
 */
export const absorbBias: Rewrite = nodeRewrite<Absorption>({ name: 'absorb-bias', plan: (site, node) => planned(site, node, false), say, apply: ({ graph }, node, plan) => applied(graph, node, plan, ROUNDING) })

/**
 * The same through a Relu, a repair: relu(x) = relu(x - c) + c only where x stays above c. c is what Statistics saw at least, else beta - 3·|gamma|
 * of a BatchNormalization; values below it change, which is measured.
 */
export const absorbHighBias: Rewrite = {
  ...nodeRewrite<Absorption>({ name: 'absorb-high-bias', plan: (site, node) => planned(site, node, true), say, apply: ({ graph }, node, plan) => applied(graph, node, plan, Infinity) }),
  kind: 'repair',
}

function planned(site: Site, conv: Node, throughRelu: boolean): Absorption | Refused | undefined {
  if (!isConvolution(conv)) return undefined
  const behind = followers(site, conv)
  if (behind === undefined || (behind.relu !== undefined) !== throughRelu) return undefined
  const { norm, relu, reader } = behind
  for (const node of [conv, norm, relu]) {
    const why = node && whyNeeded(site, node.outputs[0]!)
    if (why !== undefined) return { why }
  }
  const [made, read] = [convWeights(site.graph, conv), convWeights(site.graph, reader)]
  if (isRefused(made)) return made
  if (isRefused(read)) return read
  if (reader.op === 'ConvTranspose') return { why: `${reader.name} sums fewer products at its borders, so a shift before it is no bias` }
  if (isPadded(reader)) return { why: `${reader.name} pads with zeros, which the shift does not reach: its bias would be wrong along the borders (the padding trap)` }
  const shift = shiftOf(site, { norm, relu, last: (relu ?? norm ?? conv).outputs[0]!, channels: outputChannels(conv, made.weight) })
  return isRefused(shift) ? shift : { norm, relu, reader, ...shift }
}

/** BatchNormalization, then Relu, each where it is, then a convolution; undefined where another node comes. */
function followers({ links }: Site, conv: Node): Pick<Absorption, 'norm' | 'relu' | 'reader'> | undefined {
  let at = conv
  const next = (op: string): Node | undefined => {
    const node = links.consumers.get(at.outputs[0]!)?.[0]
    if (node?.op !== op || node.domain !== '') return undefined
    return (at = node)
  }
  const norm = next('BatchNormalization')
  const relu = next('Relu')
  const reader = links.consumers.get(at.outputs[0]!)?.[0]
  return reader !== undefined && isConvolution(reader) && reader.inputs[0] === at.outputs[0] ? { norm, relu, reader } : undefined
}

interface Asked {
  readonly norm: Node | undefined
  readonly relu: Node | undefined
  /** What the reader reads. */
  readonly last: string
  readonly channels: number
}

function shiftOf({ graph, seen: statistics }: Site, { norm, relu, last, channels }: Asked): { readonly shift: Float64Array; readonly by: string } | Refused {
  const seen = statistics?.get(last)
  if (seen && seen.max.length === channels) {
    const shift = Float64Array.from({ length: channels }, (_, c) => (relu ? Math.max(0, seen.min[c]!) : (seen.min[c]! + seen.max[c]!) / 2))
    if (relu && shift.every((each) => each === 0)) return { why: `every channel of ${last} was seen at 0: nothing is above it all the time` }
    const width = (by: (c: number) => number): number => Math.max(0, ...shift.map((_, c) => seen.max[c]! - by(c))) - Math.min(0, ...shift.map((_, c) => seen.min[c]! - by(c)))
    const share = width((c) => shift[c]!) / width(() => 0)
    return share < WORTH ? { shift, by: 'what Statistics saw' } : { why: `the range of ${last} would stay ${share.toFixed(2)} of what it is, and a change is worth it below ${WORTH}` }
  }
  if (norm === undefined) return { why: `where the values of ${last} lie is told neither by a BatchNormalization nor by Statistics (option statistics: FILE)` }
  const [gamma, beta] = [norm.inputs[1]!, norm.inputs[2]!].map((name) => graph.initializers.get(name))
  if (!gamma || !beta || affineOf(graph, norm, norm.inputs[0]!, channels) === undefined) return { why: `the constants of ${norm.name} are not known` }
  const [g, b] = [float32(gamma), float32(beta)]
  const shift = Float64Array.from(b, (mean, c) => {
    const least = relu ? Math.max(0, mean - SPREAD * Math.abs(g[c]!)) : mean
    return Math.abs(least) > NOTHING * Math.abs(mean) ? least : 0
  })
  if (shift.some((each) => each !== 0)) return { shift, by: norm.name }
  return { why: relu ? `no channel of ${norm.name} has a beta above ${SPREAD} gamma` : `no channel of ${norm.name} has a beta` }
}

function say({ graph }: Site, conv: Node, { norm, relu, reader, shift, by }: Absorption) {
  const count = shift.filter((each) => each !== 0).length
  const last = (relu ?? norm ?? conv).outputs[0]!
  return {
    others: [...(norm ? [norm] : []), reader],
    what: `the bias of ${count} of ${shift.length} channels of ${last} goes into ${reader.name}, by ${by}`,
    why: 'A channel that lies far from 0 widens the range that all channels share; what is constant of it needs no codes.',
    cost: { macs: 0, bytesMoved: bytesMoved(graph, last, 0), channelPeak: shift.length },
  }
}

/** Tensors between hold other values now, so they get other names. */
function applied(graph: Graph, conv: Node, { norm, relu, reader, shift }: Absorption, relativeTolerance: number): Rewritten {
  const maker = makerOf(graph)
  const ones = new Float64Array(shift.length).fill(1)
  const made = { weight: graph.initializers.get(conv.inputs[1]!)!, bias: conv.inputs[2] ? graph.initializers.get(conv.inputs[2]) : undefined }
  const read = { weight: graph.initializers.get(reader.inputs[1]!)!, bias: reader.inputs[2] ? graph.initializers.get(reader.inputs[2]) : undefined }
  const before = norm ? undefined : weightsBehind(conv, made, { m: ones, a: shift.map((each) => -each) }).bias
  const { bias } = weightsBefore(reader, read, { m: ones, a: shift })
  const changed = [conv, norm, relu].filter((node) => node !== undefined)
  const renamed = new Map(changed.map((node) => [node.outputs[0]!, maker.name(`${node.outputs[0]}_absorbed`)]))
  const biasName = (node: Node, value: NonNullable<typeof bias>): string => maker.put(`${node.inputs[2] || `${node.name}_bias`}_absorbed`, value)
  const nodes = graph.nodes.map((node) => {
    const inputs = node.inputs.map((name) => renamed.get(name) ?? name)
    if (node === conv && before) return { ...node, inputs: [inputs[0]!, inputs[1]!, biasName(node, before)], outputs: [renamed.get(node.outputs[0]!)!] }
    if (node === reader) return { ...node, inputs: [inputs[0]!, inputs[1]!, biasName(node, bias!)] }
    if (node !== norm) return { ...node, inputs, outputs: node.outputs.map((name) => renamed.get(name) ?? name) }
    const beta = float32(graph.initializers.get(node.inputs[2]!)!)
    const lowered = maker.put(`${node.inputs[2]}_absorbed`, tensor('float32', [beta.length], beta.map((value, c) => value - shift[c]!)))
    return { ...node, inputs: [inputs[0]!, inputs[1]!, lowered, ...inputs.slice(3)], outputs: [renamed.get(node.outputs[0]!)!, ...node.outputs.slice(1)] }
  })
  return { graph: withNodes(graph, nodes, { initializers: maker.initializers }), renamed: new Map(), relativeTolerance }
}
