import type { Statistics } from '../../calibrate/statistics.ts'
import type { Range } from '../../core/grid.ts'
import type { BiasPlan } from '../../core/plan.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import { floatAttribute } from '../../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../../onnx/graph.ts'
import { FUSED_ACTIVATIONS } from '../../onnx/operators.ts'
import { float32, integers, tensor } from '../../onnx/tensor.ts'
import { topology, type Topology } from '../../onnx/topology.ts'
import { activationBounds } from '../fixed-ranges.ts'
import type { Quantized } from '../quantize.ts'
import { biasRoom, quantizeBias, type CodedConstant } from '../weights.ts'
import { rowsByTensor, type Bench } from './bench.ts'
import { isMatrix, matrixLayers, toRows, type MatrixLayer } from './layer.ts'
import type { LayerRefinement } from './report.ts'
import { frontOf, type Front } from './front.ts'
import { withConstants } from './with-constants.ts'

export interface BiasOutcome {
  readonly quantized: Quantized
  readonly layers: readonly LayerRefinement[]
}

/** A bias with the node that adds it, in topological order. */
export function biasLayers({ graph }: Pick<Bench, 'graph'>, { plan }: Quantized): { node: Node; bias: BiasPlan }[] {
  const biases = new Map(plan.biases.map((bias) => [bias.node, bias]))
  return graph.nodes.flatMap((node) => (biases.has(node.name) ? [{ node, bias: biases.get(node.name)! }] : []))
}

/**
 * Empirical bias correction (ALGORITHMS 5.8): layer by layer in topological order, with all layers before it on codes and corrected.
 * The shift of a channel is the mean of what the float network gives less what the coded one gives, over the positions that pass the
 * layer's Relu or Clip: elsewhere nothing of it is seen. A channel keeps it where the squared error behind the activation falls on
 * held-out pictures too.
 */
export async function correctEmpirically(bench: Bench, start: Quantized): Promise<BiasOutcome> {
  const links = topology(bench.graph)
  const layers: LayerRefinement[] = []
  const fronts: Fronts = { float: frontOf(bench), coded: frontOf(bench) }
  let quantized = start
  for (const { node, bias } of biasLayers(bench, start)) {
    const passed = passedBehind(bench.graph, links, node)
    const { shift, signal, before, after } = await shiftsOf(bench, fronts, quantized, node, passed)
    const { constant, changed } = shiftedBias(bench.coded, quantized, bias, shift.map((by, channel) => (after[channel]! < before[channel]! ? by / weightOfBias(node) : 0)), 'means of the float network')
    const total = signal.reduce((sum, value) => sum + value, 0)
    const ratio = (errors: Float64Array) => { const sum = errors.reduce((all, error) => all + error, 0); return sum === 0 ? 0 : sum / total }
    const count = changed.filter((by) => by !== 0).length
    layers.push({
      node: node.name, before: ratio(before), after: ratio(before.map((error, channel) => (changed[channel] === 0 ? error : after[channel]!))),
      changed: count, channels: shift.length, kept: count === 0 ? 'no shift of a channel is confirmed by held-out samples' : '',
    })
    if (constant) quantized = withConstants(bench.coded, quantized, new Map([[bias.tensor, constant]]))
  }
  return { quantized, layers: [...layers, ...withoutBias(bench, start)] }
}

/**
 * Analytic bias correction (ALGORITHMS 5.8): the mean shift that rounded weights cause, -Σ_k (w_q - w)(c, k) · E[x_k], with the means
 * that Statistics hold for each channel of the layer's input, else those that BatchNormalization tells without data (`norms`, by tensor). Takes
 * zeros of the padding for inputs of average size.
 */
export function correctAnalytically(graph: Graph, start: Quantized, statistics: Statistics, norms: ReadonlyMap<string, Float64Array> = new Map()): BiasOutcome {
  const matrices = new Map(matrixLayers(graph, start.plan).map((layer) => [layer.node.name, layer]))
  const rows = rowsByTensor(start.table)
  const seenAs = new Map(start.plan.tensors.map(({ tensor, seenAs }) => [tensor, seenAs ?? tensor]))
  const changes = new Map<string, CodedConstant>()
  const layers = biasLayers({ graph }, start).map(({ node, bias }): LayerRefinement => {
    const nothing = (kept: string): LayerRefinement => ({ node: node.name, before: null, after: null, changed: 0, channels: 0, kept })
    const layer = matrices.get(node.name)!
    if (!isMatrix(layer)) return nothing(layer.why)
    const input = seenAs.get(node.inputs[0]!) ?? node.inputs[0]!
    const [seen, told] = [seenMeans(statistics, input), norms.get(input)].map((means) => means && columnMeans(means, layer))
    const means = seen ?? told
    if (!means) return nothing('neither Statistics nor a BatchNormalization tell the mean of each channel of its input')
    const shift = weightShift(graph, layer, start.constants.get(bias.weight)!.codes, rows.get(bias.weight)!, means).map((by) => by * (bias.accumulatorRatio ?? 1))
    const { constant, changed } = shiftedBias(graph, start, bias, shift, seen ? 'rounded weights on mean inputs' : 'rounded weights on the means of BatchNormalization')
    if (constant) changes.set(bias.tensor, constant)
    return { node: node.name, before: null, after: null, changed: changed.filter((by) => by !== 0).length, channels: shift.length, kept: constant ? '' : 'the shift is none' }
  })
  return { quantized: withConstants(graph, start, changes), layers: [...layers, ...withoutBias({ graph }, start)] }
}

/** A Gemm adds beta times its bias. */
const weightOfBias = (node: Node): number => (node.op === 'Gemm' ? floatAttribute(node, 'beta', 1) : 1)

const withoutBias = ({ graph }: Pick<Bench, 'graph'>, { plan }: Quantized): LayerRefinement[] => {
  const biases = new Set(plan.biases.map(({ node }) => node))
  const weights = new Set(plan.weights.map(({ tensor }) => tensor))
  return graph.nodes
    .filter(({ name, inputs }) => weights.has(inputs[1] ?? '') && !biases.has(name) && !plan.floatNodes.has(name))
    .map(({ name }) => ({ node: name, before: null, after: null, changed: 0, channels: 0, kept: 'it has no bias on codes of its own' }))
}

/** Means of a tensor's channels; undefined where it was not seen. */
function seenMeans(statistics: Statistics, tensor: string): Float64Array | undefined {
  const seen = statistics.tensors.get(tensor)
  // Channel sums are in units of 2^-149.
  return seen && seen.count > 0 ? Float64Array.from(seen.channelSum, (sum) => (Number(sum) * 2 ** -149 * seen.channels) / seen.count) : undefined
}

/** Means of inputs k of every group, [groups · K]; undefined where they are those of other channels. */
function columnMeans(means: Float64Array, { node, groups, products, dims }: MatrixLayer): Float64Array | undefined {
  const taps = node.op === 'Conv' ? products / dims[1]! : 1
  const inGroup = products / taps
  if (means.length !== inGroup * groups) return undefined
  return Float64Array.from({ length: groups * products }, (_, index) => means[Math.floor(index / products) * inGroup + Math.floor((index % products) / taps)]!)
}

function weightShift(graph: Graph, layer: MatrixLayer, codes: Tensor, row: ScaleRow, means: Float64Array): Float64Array {
  const { rows, products, groups, plan } = layer
  const weights = toRows(layer, float32(graph.initializers.get(plan.tensor)!))
  const coded = toRows(layer, integers(codes))
  return Float64Array.from({ length: groups * rows }, (_, index) => {
    const channel = plan.axis === null ? 0 : index
    let shift = 0
    for (let k = 0; k < products; k++) {
      const made = (coded[index * products + k]! - row.zeroPoint[channel]!) * row.scale[channel]!
      shift += (weights[index * products + k]! - made) * means[Math.floor(index / rows) * products + k]!
    }
    return shift
  })
}

/** The bias with a shift a channel, where that is a step or more and the codes have room for it. */
function shiftedBias(graph: Graph, quantized: Quantized, plan: BiasPlan, shift: Float64Array, how: string): { constant?: CodedConstant; changed: Float64Array } {
  const rows = rowsByTensor(quantized.table)
  const { dims } = graph.initializers.get(plan.tensor)!
  const weightPlan = quantized.plan.weights.find(({ tensor }) => tensor === plan.weight)!
  const [input, weight] = [rows.get(plan.input)!, rows.get(plan.weight)!]
  const room = biasRoom(graph, plan, weightPlan, input)
  const { scale, reason } = rows.get(plan.tensor)!
  const stepOf = (channel: number) => scale[scale.length > 1 ? channel : 0]!
  // What is missing was measured with the bias as it is coded.
  const values = Float64Array.from(integers(quantized.constants.get(plan.tensor)!.codes), (code, channel) => code * stepOf(channel))
  const changed = shift.map((by, channel) => {
    const [now, next] = [Math.abs(values[channel]!), Math.abs(values[channel]! + by)]
    return Math.abs(by) < stepOf(channel) / 2 || (next > now && next > room * stepOf(channel)) ? 0 : by
  })
  const count = changed.filter((by) => by !== 0).length
  if (count === 0) return { changed }
  const moved = tensor('float32', dims, Float32Array.from(values, (value, channel) => value + changed[channel]!))
  const made = quantizeBias({ ...graph, initializers: new Map([...graph.initializers, [plan.tensor, moved]]) }, plan, input, weight)
  const why = `${count} of ${shift.length} channels shifted by ${how}`
  return { constant: { ...made, row: { ...made.row, reason: [reason, why].filter(Boolean).join('; ') } }, changed }
}

/** What the Relu or Clip right behind a node lets through; everything where there is none. */
function passedBehind(graph: Graph, { consumers, outputs }: Topology, { outputs: [output = ''] }: Node): Range {
  const [next, ...others] = consumers.get(output) ?? []
  const bounds = next && others.length === 0 && !outputs.has(output) && FUSED_ACTIVATIONS.has(next.op) ? activationBounds(graph, next) : undefined
  return { lo: bounds?.lo ?? Number.NEGATIVE_INFINITY, hi: bounds?.hi ?? Number.POSITIVE_INFINITY }
}

interface ChannelShifts {
  readonly shift: Float64Array
  /** On held-out pictures, a channel: squared size of the float outputs behind the activation, squared error without and with the shift. */
  readonly signal: Float64Array
  readonly before: Float64Array
  readonly after: Float64Array
}

interface Fronts {
  readonly float: Front
  readonly coded: Front
}

/** One pass over the pictures for choosing, then over those held out. Layers must come in topological order: what is before one is settled. */
async function shiftsOf({ graph, split, counter }: Bench, fronts: Fronts, quantized: Quantized, node: Node, { lo, hi }: Range): Promise<ChannelShifts> {
  const coded = quantized.graph.nodes.find(({ name }) => name === node.name)!
  const float = await fronts.float.open(graph, node.outputs[0]!, node.outputs[0]!)
  const simulated = await fronts.coded.open(quantized.graph, coded.outputs[0]!, coded.inputs[0]!)
  const through = (value: number): number => Math.min(Math.max(value, lo), hi)
  try {
    let channels = 0
    const each = async (indices: readonly number[], add: (channel: number, wanted: number, made: number) => void, begin = () => undefined as void) => {
      for (const index of indices) {
        const [real, made] = [await float.fetch(index), await simulated.fetch(index)]
        const [x, y] = [float32(real), float32(made)]
        const along = channelsAlong(node, real.dims)
        if (channels === 0) {
          channels = along.channels
          begin()
        }
        for (let plane = 0; plane * along.inner < x.length; plane++) {
          const channel = plane % channels
          for (let at = plane * along.inner; at < (plane + 1) * along.inner; at++) add(channel, through(x[at]!), y[at]!)
        }
        await counter.step()
      }
    }
    let [sums, counts] = [new Float64Array(0), new Float64Array(0)]
    await each(split.chosen, (channel, wanted, made) => {
      if (made <= lo || made >= hi) return
      sums[channel]! += wanted - made
      counts[channel]! += 1
    }, () => { [sums, counts] = [new Float64Array(channels), new Float64Array(channels)] })
    const shift = sums.map((sum, channel) => (counts[channel] === 0 ? 0 : sum / counts[channel]!))
    const [signal, before, after] = [new Float64Array(channels), new Float64Array(channels), new Float64Array(channels)]
    await each(split.held, (channel, wanted, made) => {
      signal[channel]! += wanted ** 2
      before[channel]! += (wanted - through(made)) ** 2
      after[channel]! += (wanted - through(made + shift[channel]!)) ** 2
    })
    return { shift, signal, before, after }
  } finally {
    await float.close()
    await simulated.close()
  }
}

/** Convolutions have their channels on axis 1, a Gemm on its last. */
function channelsAlong({ op }: Node, dims: readonly number[]): { channels: number; inner: number } {
  const axis = op === 'Gemm' ? dims.length - 1 : 1
  return { channels: dims[axis]!, inner: dims.slice(axis + 1).reduce((product, size) => product * size, 1) }
}
