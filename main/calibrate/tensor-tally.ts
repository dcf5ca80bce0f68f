import { hashText } from '../core/random.ts'
import { binCounter, histogramOf, mergeHistograms, type BinCounter } from './bin-counter.ts'
import type { TensorStatistics } from './statistics.ts'

/** What is counted of one tensor while pictures pass; mutable. Turned into TensorStatistics at the end. */
export interface TensorTally {
  readonly tensor: string
  count: number
  sampled: number
  channelMin: Float32Array
  channelMax: Float32Array
  channelSum: bigint[]
  readonly folds: readonly [BinCounter, BinCounter]
}

/** Extremes and exact sums of one picture, one entry a channel, all finite. */
export interface ChannelFacts {
  readonly min: ArrayLike<number>
  readonly max: ArrayLike<number>
  readonly sum: readonly bigint[]
}

export const tensorTally = (tensor: string): TensorTally => ({
  tensor, count: 0, sampled: 0, channelMin: new Float32Array(), channelMax: new Float32Array(), channelSum: [], folds: [binCounter(), binCounter()],
})

/** The half of the samples that one belongs to: depends on its id alone. */
export const foldOf = (sampleId: string): 0 | 1 => (hashText(sampleId) & 1 ? 1 : 0)

/**
 * Adds one picture's channels. Where axis 1 has another length than before it is no channel axis (NHWC pictures of several
 * heights): from then on the tensor counts as one channel, whatever the order of the pictures.
 */
export function addChannels(tally: TensorTally, facts: ChannelFacts): void {
  if (facts.sum.length === 0) return
  if (tally.channelSum.length === 0) {
    tally.channelMin = Float32Array.from(facts.min, noNegativeZero)
    tally.channelMax = Float32Array.from(facts.max, noNegativeZero)
    tally.channelSum = [...facts.sum]
    return
  }
  if (tally.channelSum.length !== facts.sum.length) {
    Object.assign(tally, collapsed({ min: tally.channelMin, max: tally.channelMax, sum: tally.channelSum }))
    const one = collapsed(facts)
    return addChannels(tally, { min: one.channelMin, max: one.channelMax, sum: one.channelSum })
  }
  for (let channel = 0; channel < facts.sum.length; channel++) {
    tally.channelMin[channel] = noNegativeZero(Math.min(tally.channelMin[channel]!, facts.min[channel]!))
    tally.channelMax[channel] = noNegativeZero(Math.max(tally.channelMax[channel]!, facts.max[channel]!))
    tally.channelSum[channel] = tally.channelSum[channel]! + facts.sum[channel]!
  }
}

/** -0 and 0 are equal, so which of them an extreme is would depend on the order. */
const noNegativeZero = (x: number): number => x + 0

const collapsed = ({ min, max, sum }: ChannelFacts) => ({
  channelMin: Float32Array.of(extreme(min, Math.min)),
  channelMax: Float32Array.of(extreme(max, Math.max)),
  channelSum: [sum.reduce((total, units) => total + units, 0n)],
})

const extreme = (values: ArrayLike<number>, pick: (a: number, b: number) => number): number => Array.from(values).reduce((a, b) => pick(a, b))

export const statisticsOfTally = (tally: TensorTally): TensorStatistics => tensorStatistics(tally, [histogramOf(tally.folds[0]), histogramOf(tally.folds[1])])

const tensorStatistics = (tally: Omit<TensorTally, 'folds'>, folds: TensorStatistics['folds']): TensorStatistics => ({
  tensor: tally.tensor,
  channels: Math.max(tally.channelSum.length, 1),
  count: tally.count,
  sampled: tally.sampled,
  min: tally.channelMin.length === 0 ? 0 : extreme(tally.channelMin, Math.min),
  max: tally.channelMax.length === 0 ? 0 : extreme(tally.channelMax, Math.max),
  channelMin: tally.channelMin,
  channelMax: tally.channelMax,
  channelSum: tally.channelSum,
  folds,
})

/** Statistics of disjoint parts as those of the whole. Parts are of the same tensor. */
export function mergeTensorStatistics(parts: readonly TensorStatistics[]): TensorStatistics {
  const tally = tensorTally(parts[0]!.tensor)
  for (const part of parts) {
    tally.count += part.count
    tally.sampled += part.sampled
    addChannels(tally, { min: part.channelMin, max: part.channelMax, sum: part.channelSum })
  }
  return tensorStatistics(tally, [mergeHistograms(parts.map((part) => part.folds[0])), mergeHistograms(parts.map((part) => part.folds[1]))])
}
