import { CODE_LIMITS, type CodeType } from '../../core/grid.ts'
import type { WeightPlan } from '../../core/plan.ts'
import { roundHalfEven } from '../../core/round.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import type { Tensor } from '../../onnx/graph.ts'
import { float32 } from '../../onnx/tensor.ts'
import { channelIndex } from '../../quantize/weights.ts'

/** One scale, or one a channel, in training: as it was, and the logarithm of what it is multiplied with. So the start is exact, and no step leads below 0. */
export interface Scale {
  readonly start: Float32Array
  readonly logFactor: Float32Array
}

export const scaleFrom = (start: readonly number[]): Scale => ({ start: Float32Array.from(start), logFactor: new Float32Array(start.length) })

/** Its values now, float32. */
export const scalesOf = ({ start, logFactor }: Scale): Float32Array => start.map((scale, at) => scale * Math.exp(logFactor[at]!))

/** A weight in training: its float values, and what its scales were multiplied with. */
export interface Weight {
  readonly tensor: string
  readonly dims: readonly number[]
  readonly values: Float32Array
  readonly scale: Scale
  readonly zeroPoint: number
  readonly limits: readonly [min: number, max: number]
  readonly channelOf: (index: number) => number
  /** Channels whose scales are one (conv_group), where there are such. */
  readonly tied?: readonly (readonly number[])[]
}

/** The weight as the quantizer left it: the float values of the graph, the scales of its row. */
export function weightOf(values: Tensor, row: ScaleRow, { groups }: WeightPlan): Weight {
  const tied = groups === undefined ? undefined : [...Map.groupBy(row.scale.keys(), (channel) => row.scale[channel]!).values()]
  return {
    tensor: row.tensor, dims: values.dims, values: Float32Array.from(float32(values)), scale: scaleFrom(row.scale), zeroPoint: row.zeroPoint[0]!,
    limits: CODE_LIMITS[row.type as CodeType], channelOf: channelIndex(values.dims, row.axis), ...(tied ? { tied } : {}),
  }
}

/** What the values become behind their codes; the arithmetic of the quantizer (ALGORITHMS 1.1). */
export function rounded({ values, zeroPoint, limits: [min, max], channelOf }: Weight, scales: Float32Array): Float32Array {
  const result = new Float32Array(values.length)
  for (let at = 0; at < values.length; at++) {
    const scale = scales[channelOf(at)]!
    const code = roundHalfEven(Math.fround(values[at]! / scale)) + zeroPoint
    result[at] = ((code < min ? min : code > max ? max : code) - zeroPoint) * scale
  }
  return result
}

/** Gradients of values and log factors from that of the rounded values: straight through inside the codes, as for activations. */
export function throughRounding(weight: Weight, scales: Float32Array, made: Float32Array, gradient: Float32Array): { readonly values: Float32Array; readonly logFactor: Float32Array } {
  const { values, zeroPoint, limits: [min, max], channelOf } = weight
  const through = new Float32Array(values.length)
  const sums = new Float64Array(scales.length)
  for (let at = 0; at < values.length; at++) {
    const channel = channelOf(at)
    const scale = scales[channel]!
    const value = values[at]!
    const inside = value >= (min - zeroPoint) * scale && value <= (max - zeroPoint) * scale
    if (inside) through[at] = gradient[at]!
    sums[channel]! += gradient[at]! * (made[at]! - (inside ? value : 0))
  }
  for (const channels of weight.tied ?? []) {
    const sum = channels.reduce((total, channel) => total + sums[channel]!, 0)
    for (const channel of channels) sums[channel] = sum
  }
  return { values: through, logFactor: Float32Array.from(sums) }
}
