import { Fault } from '../core/fault.ts'
import { CODE_LIMITS, type CodeType } from '../core/grid.ts'
import type { BiasPlan, WeightPlan } from '../core/plan.ts'
import { qparams, workingCodes } from '../core/qparams.ts'
import { roundHalfEven } from '../core/round.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import type { Graph, Tensor } from '../onnx/graph.ts'
import { elementCount, float32, tensor, tensorOfNumbers } from '../onnx/tensor.ts'
import { groupedScales } from '../core/channel-groups.ts'
import { TUNED_METHOD } from './tuned.ts'

/** A constant as codes, with the row that says how. */
export interface CodedConstant {
  readonly row: ScaleRow
  readonly codes: Tensor
}

const INT32_MAX = 2 ** 31 - 1

/**
 * Weight scales from the largest magnitude, one a channel or one for all; symmetric. A dead channel takes the largest scale
 * of the living ones. `floors` are lower limits of the scales that biases ask for (see biasFloors). `tuned`: scales that were found
 * otherwise, and why.
 */
export function quantizeWeight(weight: Tensor, plan: WeightPlan, floors: readonly number[] = [], tuned?: { readonly scale: readonly number[]; readonly why: string }): CodedConstant {
  const values = float32(weight)
  const channelOf = channelIndex(weight.dims, plan.axis)
  const channels = plan.axis === null ? 1 : weight.dims[plan.axis]!
  const absMax = new Float64Array(channels)
  let [lo, hi] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) throw new Fault({ code: 'model.not-finite', what: `element ${i} of the weight is ${value}`, where: plan.tensor, next: 'Repair the model: a weight must be finite.' })
    const channel = channelOf(i)
    if (Math.abs(value) > absMax[channel]!) absMax[channel] = Math.abs(value)
    if (value < lo) lo = value
    if (value > hi) hi = value
  }
  const params = Array.from(absMax, (max) => qparams({ lo: -max, hi: max }, plan.grid))
  const alive = params.filter((one) => !one.degenerate).map((one) => one.scale)
  const spare = alive.length > 0 ? Math.max(...alive) : 1
  const raised: number[] = []
  const apart = params.map((one, channel) => {
    const own = tuned?.scale[channel] ?? (one.degenerate ? spare : one.scale)
    const floor = floors[channel] ?? 0
    if (floor > own) raised.push(channel)
    return Math.fround(Math.max(own, floor))
  })
  const joined = plan.groups === undefined ? { scale: apart, groups: 0 } : groupedScales(apart, plan.groups)
  const { scale } = joined
  const zeroPoint = params[0]!.zeroPoint
  const [min, max] = CODE_LIMITS[plan.grid.type]
  const codes = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const code = roundHalfEven(Math.fround(values[i]! / scale[channelOf(i)]!)) + zeroPoint
    codes[i] = code < min ? min : code > max ? max : code
  }
  const raising = raised.length === 0 ? '' : `the scale of ${raised.length} channel${raised.length === 1 ? '' : 's'} (${raised.slice(0, 4).join(', ')}) is raised so that the bias fits int32`
  const grouping = plan.groups === undefined ? '' : `${channels} channels share ${joined.groups} scales, by magnitude`
  const reason = [tuned?.why, grouping, raising].filter(Boolean).join('; ')
  return {
    row: {
      tensor: plan.tensor, kind: 'weight', type: plan.grid.type, granularity: plan.axis === null ? 'tensor' : 'channel', axis: plan.axis,
      scale, zeroPoint: scale.map(() => zeroPoint), lo, hi, method: tuned ? TUNED_METHOD : 'absmax', float: false, reason,
    },
    codes: tensorOfNumbers(plan.grid.type, weight.dims, codes),
  }
}

/**
 * Lower limits of the weight scales so that a bias and the worst accumulation stay inside int32 together (ALGORITHMS 1.5):
 * s_w >= |b| / (s_x · (2^31 - 1 - K · max|q_x - z_x| · max|q_w|)). Where the products alone can overflow (16-bit types) only
 * the bias itself is kept inside; such layers need wider accumulators on the board.
 */
export function biasFloors(graph: Graph, bias: BiasPlan, weight: WeightPlan, input: ScaleRow): number[] {
  const values = float32(graph.initializers.get(bias.tensor)!)
  const room = biasRoom(graph, bias, weight, input)
  // float32 scales round either way: one part in ten thousand keeps the bias inside.
  const needs = Array.from(values, (value) => (1.0001 * Math.abs(value)) / (input.scale[0]! * (bias.accumulatorRatio ?? 1) * room))
  return weight.axis === null ? [Math.max(...needs)] : needs
}

/** The largest code of a bias that the sum of products leaves room for. */
export function biasRoom(graph: Graph, bias: BiasPlan, weight: WeightPlan, input: ScaleRow): number {
  const channels = elementCount(graph.initializers.get(bias.tensor)!.dims)
  const dims = graph.initializers.get(bias.weight)!.dims
  const products = dims.reduce((total, dim) => total * dim, 1) / (weight.axis === null ? channels : dims[weight.axis]!)
  const [low, high] = CODE_LIMITS[input.type as CodeType]
  const zero = input.zeroPoint[0]!
  const maxInput = Math.max(high - zero, zero - low)
  const head = INT32_MAX - products * maxInput * workingCodes(weight.grid)[1]
  return head > 0 ? head : INT32_MAX / 2
}

/** Bias codes: int32, scale s_x · s_w a channel (times alpha / beta of a Gemm), zero point 0, divided in float64 (ALGORITHMS 1.5). */
export function quantizeBias(graph: Graph, plan: BiasPlan, input: ScaleRow, weight: ScaleRow): CodedConstant {
  const bias = graph.initializers.get(plan.tensor)!
  const values = float32(bias)
  const scale = weight.scale.map((one) => Math.fround(input.scale[0]! * one * (plan.accumulatorRatio ?? 1)))
  const perChannel = scale.length > 1
  const codes = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const code = roundHalfEven(values[i]! / scale[perChannel ? i : 0]!)
    if (Math.abs(code) > INT32_MAX) {
      throw new Fault({
        code: 'model.bias-overflow', what: `bias ${i} of ${plan.node} does not fit int32 even after its weight scale was raised`, where: plan.tensor,
        next: `Keep ${plan.node} in float (quantize.float.names).`,
      })
    }
    codes[i] = code
  }
  const extremes = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)] as [number, number], [0, 0] as [number, number])
  return {
    row: {
      tensor: plan.tensor, kind: 'bias', type: 'int32', granularity: perChannel ? 'channel' : 'tensor', axis: perChannel ? bias.dims.length - 1 : null,
      scale, zeroPoint: scale.map(() => 0), lo: extremes[0], hi: extremes[1], method: 'input-times-weight', float: false, reason: '',
    },
    codes: tensor('int32', bias.dims, codes),
  }
}

/** Channel of the i-th value in row-major order. */
export function channelIndex(dims: readonly number[], axis: number | null): (index: number) => number {
  if (axis === null) return () => 0
  const inner = dims.slice(axis + 1).reduce((total, dim) => total * dim, 1)
  const channels = dims[axis]!
  return (index) => Math.floor(index / inner) % channels
}
