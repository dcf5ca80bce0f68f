import { CODE_LIMITS, type CodeType } from '../../core/grid.ts'
import { workingCodes } from '../../core/qparams.ts'
import { roundHalfEven } from '../../core/round.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import { float32, float32Scalar, tensor } from '../../onnx/tensor.ts'
import type { Quantized } from '../../quantize/quantize.ts'
import type { Tuned } from '../../quantize/tuned.ts'
import { adam } from './adam.ts'
import type { Feeds } from './crops.ts'
import type { Network } from './network.ts'
import { rounded, scaleFrom, scalesOf, throughRounding, weightOf, type Scale, type Weight } from './parameters.ts'

/** Everything that is tuned. */
export interface State {
  readonly weights: readonly Weight[]
  readonly biases: readonly Bias[]
  /** Of groups of activations. */
  readonly scales: readonly { readonly group: string; readonly scale: Scale }[]
}

interface Bias {
  readonly tensor: string
  readonly dims: readonly number[]
  readonly values: Float32Array
  /** Its scale is that of the weight times that of the input: of a group that is tuned, else this one; times alpha / beta of a Gemm. */
  readonly weight: string
  readonly group: string
  readonly inputScale: number
  /** What the codes of the input span at the start. */
  readonly inputSpan: number
  readonly ratio: number
}

/** Ranges that a rule or the recipe knows stay what they are. */
const KNOWN_RANGES = new Set(['image-grid', 'clip-grid', 'result-range', 'sum-grid', 'threshold'])

/** A quantized model as tuning finds it: float values of the graph that was quantized, scales of the table. */
export function stateOf(workGraph: Graph, { plan, table }: Pick<Quantized, 'plan' | 'table'>): State {
  const rows = new Map(table.map((row) => [row.tensor, row]))
  const isFree = (group: string): boolean => {
    const row = rows.get(group)!
    return !KNOWN_RANGES.has(row.method) && row.lo < row.hi
  }
  const groupOf = new Map(plan.tensors.map(({ tensor: name, group }) => [name, group]))
  const groups = [...new Set(plan.tensors.map(({ group }) => group))].filter(isFree)
  return {
    weights: plan.weights.map((weight) => weightOf(workGraph.initializers.get(weight.tensor)!, rows.get(weight.tensor)!, weight)),
    biases: plan.biases.map(({ tensor: name, input, weight, accumulatorRatio }) => {
      const values = workGraph.initializers.get(name)!
      const row = rows.get(input)!
      const [min, max] = CODE_LIMITS[row.type as CodeType]
      return { tensor: name, dims: values.dims, values: Float32Array.from(float32(values)), weight, group: groupOf.get(input)!, inputScale: row.scale[0]!, inputSpan: (max - min) * row.scale[0]!, ratio: accumulatorRatio ?? 1 }
    }),
    scales: groups.map((group) => ({ group, scale: scaleFrom(rows.get(group)!.scale) })),
  }
}

const copyOfScale = ({ start, logFactor }: Scale): Scale => ({ start, logFactor: logFactor.slice() })

export const copyOf = ({ weights, biases, scales }: State): State => ({
  weights: weights.map((weight) => ({ ...weight, values: weight.values.slice(), scale: copyOfScale(weight.scale) })),
  biases: biases.map((bias) => ({ ...bias, values: bias.values.slice() })),
  scales: scales.map(({ group, scale }) => ({ group, scale: copyOfScale(scale) })),
})

export const parameterCount = ({ weights, biases, scales }: State): number =>
  weights.reduce((sum, { values }) => sum + values.length, 0) + biases.reduce((sum, { values }) => sum + values.length, 0) + scales.length

/** What the network takes: weights and biases behind their codes, scales. */
export function feedsOf({ weights, biases, scales }: State, network: Network): Feeds {
  const feeds: Record<string, Tensor> = {}
  const weightScales = new Map<string, Float32Array>()
  for (const weight of weights) {
    const scale = scalesOf(weight.scale)
    weightScales.set(weight.tensor, scale)
    feeds[network.constants.get(weight.tensor)!] = tensor('float32', weight.dims, rounded(weight, scale))
  }
  const inputScales = new Map(scales.map(({ group, scale }) => [group, scalesOf(scale)[0]!]))
  for (const [group, scale] of inputScales) feeds[network.scales.get(group)!] = float32Scalar(scale)
  for (const { tensor: name, dims, values, weight, group, inputScale, ratio } of biases) {
    const steps = weightScales.get(weight)!.map((scale) => (inputScales.get(group) ?? inputScale) * scale * ratio)
    const onSteps = values.map((value, at) => {
      const step = steps[steps.length > 1 ? at : 0]!
      return roundHalfEven(value / step) * step
    })
    feeds[network.constants.get(name)!] = tensor('float32', dims, onSteps)
  }
  return feeds
}

/** Gradients by network input, summed over the crops of a step. */
export type Slope = Map<string, Float32Array>

export function addSlope(slope: Slope, gradients: ReadonlyMap<string, string>, results: Readonly<Record<string, Tensor>>, share: number): void {
  for (const [input, name] of gradients) {
    const values = float32(results[name]!)
    const sum = slope.get(input) ?? new Float32Array(values.length)
    for (let at = 0; at < values.length; at++) sum[at]! += values[at]! * share
    slope.set(input, sum)
  }
}

export interface Rates {
  readonly constants: number
  readonly scales: number
}

/** The largest value that a channel of a weight can have, at the start: the unit that it moves in, whatever the model's numbers are. */
const largest = ({ limits, zeroPoint, scale }: Weight, channel: number): number => (limits[1] - zeroPoint) * scale.start[channel]!

/** A bias moves in units of the largest product of weight and input that is added to it. */
function unitsOfBias({ weights }: State, { weight: name, inputSpan, ratio }: Bias): (index: number) => number {
  const weight = weights.find(({ tensor: one }) => one === name)!
  const channels = weight.scale.start.length
  return (index) => largest(weight, channels > 1 ? index : 0) * inputSpan * ratio
}

/** Gives the function that moves a state one step against a slope; `feeds` are those that the slope was taken at. */
export function mover(state: State, network: Network): (slope: Slope, feeds: Feeds, rates: Rates) => void {
  const weights = state.weights.map((weight) => ({ weight, name: network.constants.get(weight.tensor)!, values: adam(weight.values.length), scale: adam(weight.scale.start.length) }))
  const biases = state.biases.map((bias) => ({ values: bias.values, name: network.constants.get(bias.tensor)!, move: adam(bias.values.length), unitOf: unitsOfBias(state, bias) }))
  const scales = state.scales.map(({ group, scale }) => ({ values: scale.logFactor, name: network.scales.get(group)!, move: adam(1) }))
  return (slope, feeds, rates) => {
    for (const { weight, name, values, scale } of weights) {
      const gradient = slope.get(name)
      if (!gradient) continue
      const through = throughRounding(weight, scalesOf(weight.scale), float32(feeds[name]!), gradient)
      values(weight.values, through.values, rates.constants, (at) => largest(weight, weight.channelOf(at)))
      if (rates.scales > 0) scale(weight.scale.logFactor, through.logFactor, rates.scales)
    }
    for (const { values, name, move, unitOf } of biases) if (slope.has(name)) move(values, slope.get(name)!, rates.constants, unitOf)
    if (rates.scales > 0) for (const { values, name, move } of scales) if (slope.has(name)) move(values, slope.get(name)!, rates.scales)
  }
}

/** What the quantizer is to take over; weights stand on their codes. */
export function tunedOf({ weights, biases, scales }: State, { plan, table }: Pick<Quantized, 'plan' | 'table'>, why: string): Tuned {
  const rows = new Map(table.map((row) => [row.tensor, row]))
  const grids = new Map(plan.tensors.map(({ tensor, grid }) => [tensor, grid]))
  const constants = new Map<string, Tensor>()
  const weightScales = new Map<string, readonly number[]>()
  for (const weight of weights) {
    const scale = scalesOf(weight.scale)
    constants.set(weight.tensor, tensor('float32', weight.dims, rounded(weight, scale)))
    weightScales.set(weight.tensor, [...scale])
  }
  for (const { tensor: name, dims, values } of biases) constants.set(name, tensor('float32', dims, values))
  // The ends of the working codes: from them the quantizer solves the same scale and zero point again, exactly.
  const ranges = new Map(scales.map(({ group, scale: tuned }) => {
    const { zeroPoint } = rows.get(group)!
    const scale = scalesOf(tuned)[0]!
    const [min, max] = workingCodes(grids.get(group)!)
    return [group, { lo: (min - zeroPoint[0]!) * scale, hi: (max - zeroPoint[0]!) * scale }] as const
  }))
  return { constants, weightScales, ranges, why }
}
