import { equalBins } from '../../calibrate/methods/equal-bins.ts'
import { viewOf, type View } from '../../calibrate/methods/view.ts'
import { Fault } from '../../core/fault.ts'
import { summaryOf, type TensorSummary } from './statistics.ts'
import { storedStatistics, storedTensor, type TensorPlace } from './stored-statistics.ts'

export interface HistogramInput extends TensorPlace {
  /** Over x, or over |x|. */
  readonly of: 'signed' | 'magnitude'
  readonly bins: number
  /** Window to draw; absent: all that was seen, and 0. */
  readonly from?: number
  readonly to?: number
}

/** Equal bins for drawing. A stored bin that an edge cuts is shared out as if its values were spread evenly. */
export interface HistogramOutput {
  /** bins + 1, ascending. */
  readonly edges: Float64Array
  readonly counts: Float64Array
  /** Values outside the window. */
  readonly below: number
  readonly above: number
  /** Extremes of all values seen. */
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly count: number
  readonly sampled: number
  readonly zeros: number
  readonly channelMin: Float64Array
  readonly channelMax: Float64Array
}

export async function histogramJob(input: HistogramInput): Promise<HistogramOutput> {
  const tensor = await storedTensor(input)
  const view = viewOf(tensor)
  const [from, to] = windowOf(input, view)
  const { edges, counts, below, above } = equalBins(view, { of: input.of, bins: input.bins, from, to })
  const { count, sampled, min, max, channelMin, channelMax } = tensor
  return {
    edges, counts, below, above, min, max, mean: summaryOf(tensor).mean, count, sampled, zeros: view.zeros,
    channelMin: Float64Array.from(channelMin), channelMax: Float64Array.from(channelMax),
  }
}

function windowOf({ of, from, to }: HistogramInput, { min, max, absmax }: View): [number, number] {
  const [low, high] = of === 'magnitude' ? [0, absmax] : [Math.min(min, 0), Math.max(max, 0)]
  const [left, right] = [from ?? low, to ?? (high > (from ?? low) ? high : (from ?? low) + 1)]
  if (left < right) return [left, right]
  throw new Fault({ code: 'input.bad-window', what: `a window from ${left} to ${right} holds nothing`, next: 'Give `from` below `to`.' })
}

/** Every tensor of a Statistics file, in the order it was written. */
export async function tensorsJob({ file }: { readonly file: string }): Promise<{ readonly samples: number; readonly tensors: readonly TensorSummary[] }> {
  const { samples, tensors } = await storedStatistics(file)
  return { samples, tensors: [...tensors.values()].map(summaryOf) }
}
