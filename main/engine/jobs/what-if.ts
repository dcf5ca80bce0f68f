import { expectedError } from '../../calibrate/methods/expected-error.ts'
import { METHODS } from '../../calibrate/methods/index.ts'
import type { MethodOptions } from '../../calibrate/methods/threshold-method.ts'
import { sumsBelow, viewOf, type Side, type View } from '../../calibrate/methods/view.ts'
import type { TensorStatistics } from '../../calibrate/statistics.ts'
import { cappedDecibels, DECIBEL_CAP } from '../../core/decibel.ts'
import { CODE_LIMITS, type Grid, type Range } from '../../core/grid.ts'
import { qparams } from '../../core/qparams.ts'
import { storedTensor, type TensorPlace } from './stored-statistics.ts'

export interface WhatIfInput extends TensorPlace {
  readonly grid: Grid
  readonly ranges: readonly Range[]
}

/** Entry i is about range i. */
export interface WhatIfOutput {
  /** Percent of the values whose code would lie beyond the storage range, as layer errors count them. */
  readonly clippedPercent: Float64Array
  readonly step: Float64Array
  readonly zeroPoint: Float64Array
  /** Mean square of the values over the expected error, dB, within ±120. */
  readonly predictedSqnrDb: Float64Array
  readonly roundingError: Float64Array
  readonly clippingError: Float64Array
}

/** What quantizing a tensor to given ranges would do, told from its Statistics alone. */
export async function whatIfJob({ grid, ranges, ...place }: WhatIfInput): Promise<WhatIfOutput> {
  const view = viewOf(await storedTensor(place))
  const answers = ranges.map((range) => judge(view, range, grid))
  const column = (pick: (answer: Judgement) => number) => Float64Array.from(answers, pick)
  return {
    clippedPercent: column((one) => one.clippedPercent),
    step: column((one) => one.step),
    zeroPoint: column((one) => one.zeroPoint),
    predictedSqnrDb: column((one) => one.predictedSqnrDb),
    roundingError: column((one) => one.round),
    clippingError: column((one) => one.clip),
  }
}

export interface Judgement {
  readonly clippedPercent: number
  readonly step: number
  readonly zeroPoint: number
  readonly predictedSqnrDb: number
  readonly round: number
  readonly clip: number
}

/** What a range on a grid does to values that were seen. */
export function judge(view: View, { lo, hi }: Range, grid: Grid): Judgement {
  const { scale, zeroPoint } = qparams({ lo, hi }, grid)
  const { round, clip, total } = expectedError(view, lo, hi, grid)
  const [min, max] = CODE_LIMITS[grid.type]
  const clipped = beyond(view.positive, (max - zeroPoint + 0.5) * scale) + beyond(view.negative, (zeroPoint - min + 0.5) * scale)
  const power = view.magnitude.s2[view.magnitude.bins]! / view.count
  const predictedSqnrDb = total === 0 ? DECIBEL_CAP : cappedDecibels(10 * Math.log10(power / total))
  return { clippedPercent: (100 * clipped) / view.count, step: scale, zeroPoint, predictedSqnrDb, round, clip }
}

const sums = new Float64Array(3)
const beyond = (side: Side, x: number): number => Math.max(side.total - sumsBelow(side, x, sums)[0]!, 0)

export interface ThresholdsInput extends TensorPlace {
  readonly grid: Grid
}

export interface MethodMark extends Range {
  readonly name: string
  /** The method that decided: another one where it could not. */
  readonly decided: string
  readonly why: string
  readonly clippedPercent: number
  readonly step: number
  readonly predictedSqnrDb: number
}

/** What every threshold method would pick for a tensor. */
export async function thresholdsJob({ grid, ...place }: ThresholdsInput): Promise<readonly MethodMark[]> {
  return marksOf(await storedTensor(place), grid)
}

/** The same of what was seen of one tensor. */
export function marksOf(tensor: TensorStatistics, grid: Grid, options: MethodOptions = {}): readonly MethodMark[] {
  const view = viewOf(tensor)
  return Object.entries(METHODS).map(([name, method]) => {
    const { lo, hi, method: decided, why } = method(tensor, grid, options)
    const { clippedPercent, step, predictedSqnrDb } = judge(view, { lo, hi }, grid)
    return { name, decided, lo, hi, why, clippedPercent, step, predictedSqnrDb }
  })
}
