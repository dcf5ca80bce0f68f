import { Fault } from '../core/fault.ts'
import { countFloats } from './bin-counter.ts'
import { exactSum } from './exact-sum.ts'
import type { TensorStatistics } from './statistics.ts'
import { addChannels, statisticsOfTally, tensorTally } from './tensor-tally.ts'

/**
 * Statistics of plain values, all of them in the histogram. `fold`: the half they are counted in; by default the first
 * half of the values goes to fold 0, the rest to fold 1. Throws `samples.not-finite` for NaN and infinities.
 */
export function statisticsOf(tensor: string, values: Float32Array, options: { fold?: 0 | 1 } = {}): TensorStatistics {
  let min = Infinity
  let max = -Infinity
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (!Number.isFinite(value)) {
      throw new Fault({ code: 'samples.not-finite', where: tensor, what: `the value at index ${index} is ${value}`, next: 'Give finite values.' })
    }
    if (value < min) min = value
    if (value > max) max = value
  }
  const tally = tensorTally(tensor)
  if (values.length > 0) addChannels(tally, { min: [min], max: [max], sum: [exactSum(values)] })
  tally.count = values.length
  tally.sampled = values.length
  const half = options.fold === undefined ? Math.ceil(values.length / 2) : options.fold === 0 ? values.length : 0
  countFloats(tally.folds[0], values.subarray(0, half))
  countFloats(tally.folds[1], values.subarray(half))
  return statisticsOfTally(tally)
}
