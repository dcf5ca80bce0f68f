import { describe, expect, it } from 'vitest'
import { countFloats, countHalves, histogramOf } from '../../../main/calibrate/bin-counter.ts'
import { LIVE_BINS, liveHistogram, liveTallies, liveView } from '../../../main/calibrate/live-histogram.ts'
import { addChannels, tensorTally, type TensorTally } from '../../../main/calibrate/tensor-tally.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { float32ToFloat16 } from '../../../main/onnx/float-bits.ts'

const zeros = (length: number): number[] => Array.from({ length }, () => 0)

/** A tally of a tensor that held these values, counted as float32 or as binary16. */
function tallyOf(tensor: string, values: Float32Array, as: 'float32' | 'binary16'): TensorTally {
  const tally = tensorTally(tensor)
  addChannels(tally, { min: [Math.min(...values)], max: [Math.max(...values)], sum: [0n] })
  const half = values.length >> 1
  for (const [fold, part] of [values.subarray(0, half), values.subarray(half)].entries()) {
    if (as === 'float32') countFloats(tally.folds[fold]!, part)
    else countHalves(tally.folds[fold]!, Uint16Array.from(part, (value) => float32ToFloat16(value)))
  }
  return tally
}

describe('what is seen so far', () => {
  const random = seededRandom(3)
  // Multiples of 1/8: exact in either code, so that every value stands in one bin for certain.
  const values = Float32Array.from({ length: 4000 }, () => Math.round((random() ** 3 * 96 - 24) * 8) / 8)

  it.each(['float32', 'binary16'] as const)('counts the values of both folds into equal bins between the extremes, from %s', (as) => {
    const tally = tallyOf('t', values, as)
    const { tensor, lo, hi, counts } = liveHistogram(tally)
    const expected = zeros(LIVE_BINS)
    for (const value of values) expected[Math.min(LIVE_BINS - 1, Math.floor(((value - lo) * LIVE_BINS) / (hi - lo)))]! += 1
    expect([tensor, lo, hi]).toEqual(['t', Math.min(...values), Math.max(...values)])
    expect(counts).toEqual(expected)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length)
  })

  it('changes nothing of what is counted', () => {
    const [looked, other] = [tallyOf('t', values, 'binary16'), tallyOf('t', values, 'binary16')]
    liveHistogram(looked)
    expect(looked.folds.map(histogramOf)).toEqual(other.folds.map(histogramOf))
  })

  it('has one bin for a tensor of one value, and none for one that was not seen', () => {
    expect(liveHistogram(tallyOf('t', new Float32Array(10).fill(2), 'float32'))).toMatchObject({ lo: 2, hi: 2, counts: [10, ...zeros(LIVE_BINS - 1)] })
    expect(liveHistogram(tensorTally('t'))).toEqual({ tensor: 't', lo: 0, hi: 0, counts: zeros(LIVE_BINS) })
  })
})

describe('the tensors that are shown', () => {
  const tallies = Array.from({ length: 100 }, (_, index) => tensorTally(`t${index}`))
  const names = (outputs: string[], count = 100) => liveTallies(tallies.slice(0, count), new Set(outputs)).map(({ tensor }) => tensor)

  it('are 16 spread evenly over the model in its order, outputs among them', () => {
    const shown = names(['t99', 't50'])
    expect(shown).toHaveLength(16)
    expect(shown).toEqual(expect.arrayContaining(['t0', 't50', 't99']))
    expect(shown.map((name) => Number(name.slice(1)))).toEqual(shown.map((name) => Number(name.slice(1))).toSorted((a, b) => a - b))
    const gaps = shown.slice(1).map((name, index) => Number(name.slice(1)) - Number(shown[index]!.slice(1)))
    expect(Math.max(...gaps)).toBeLessThan(10)
  })

  it('are all where there are few', () => {
    expect(names(['t2'], 3)).toEqual(['t0', 't1', 't2'])
    expect(names([], 1)).toEqual(['t0'])
    expect(names([], 16)).toHaveLength(16)
  })
})

describe('the time it takes', () => {
  it('is looked at after half a second, then at most twice a second, less often where looking takes long, and at the end', () => {
    let time = 0
    let costMs = 0
    const tally = new Proxy(tensorTally('t'), { get: (target, key) => { if (key === 'tensor') time += costMs; return Reflect.get(target, key) as unknown } })
    const look = liveView([tally], () => time)
    const looksAt = (at: number, isEnd = false) => { time = at; return look(isEnd) !== undefined }
    expect([0, 100, 499, 500, 999, 1000].map((at) => looksAt(at))).toEqual([false, false, false, true, false, true])
    costMs = 20
    expect(looksAt(1500)).toBe(true)
    expect([2100, 3519, 3520].map((at) => looksAt(at))).toEqual([false, false, true])
    expect(looksAt(3600, true)).toBe(true)
  })
})
