import type { LiveHistogram } from '../core/task.ts'
import { codeOfHalf, magnitudeOf, SIGN } from './codes.ts'
import type { TensorTally } from './tensor-tally.ts'

export const LIVE_BINS = 64
/** Tensors that are shown while values are counted. */
export const LIVE_TENSORS = 16
const EVERY_MS = 500
/** Of the time of the pass, at most. */
const SHARE_OF_TIME = 0.01
const PAGE = 1024
const HALVES = 65536

const valueOf = (code: number): number => (code & SIGN ? -magnitudeOf(code) : magnitudeOf(code))

let halves: Float32Array | undefined
/** The value of each binary16 pattern; what no finite value has is never counted. */
const halfValues = (): Float32Array => (halves ??= Float32Array.from({ length: HALVES }, (_, half) => valueOf(codeOfHalf(half))))

/** What a tally holds so far, in equal bins between the extremes of all values. Changes nothing of it. */
export function liveHistogram(tally: TensorTally): LiveHistogram {
  const lo = tally.channelMin.reduce((least, value) => Math.min(least, value), tally.channelMin[0] ?? 0)
  const hi = tally.channelMax.reduce((most, value) => Math.max(most, value), tally.channelMax[0] ?? 0)
  const bins = new Float64Array(LIVE_BINS)
  const binsAUnit = hi > lo ? LIVE_BINS / (hi - lo) : 0
  const binOf = (value: number): number => Math.max(0, Math.min(LIVE_BINS - 1, Math.floor((value - lo) * binsAUnit)))
  for (const { halves: counted, pages } of tally.folds) {
    if (counted !== null) addHalves(bins, counted, binOf)
    for (const [upper, page] of pages.entries()) {
      if (page === undefined) continue
      for (let slot = 0; slot < PAGE; slot++) if (page[slot] !== 0) bins[binOf(valueOf(upper * PAGE + slot))]! += page[slot]!
    }
  }
  return { tensor: tally.tensor, lo, hi, counts: [...bins] }
}

function addHalves(bins: Float64Array, counted: Uint32Array, binOf: (value: number) => number): void {
  const values = halfValues()
  for (let half = 0; half < HALVES; half++) {
    const count = counted[half]!
    if (count !== 0) bins[binOf(values[half]!)]! += count
  }
}

/** Evenly spread over the model, its outputs among them, in the order of the model. */
export function liveTallies(tallies: readonly TensorTally[], outputs: ReadonlySet<string>): readonly TensorTally[] {
  const chosen = new Set(tallies.filter(({ tensor }) => outputs.has(tensor)).slice(0, LIVE_TENSORS))
  const others = tallies.filter((tally) => !chosen.has(tally))
  const room = Math.min(LIVE_TENSORS - chosen.size, others.length)
  for (let index = 0; index < room; index++) chosen.add(others[room === 1 ? 0 : Math.round((index * (others.length - 1)) / (room - 1))]!)
  return tallies.filter((tally) => chosen.has(tally))
}

/** Histograms so far when it is time for them again (at most twice a second and a hundredth of the time), and at the end. */
export function liveView(tallies: readonly TensorTally[], now: () => number = () => performance.now()): (isEnd: boolean) => readonly LiveHistogram[] | undefined {
  let next = now() + EVERY_MS
  return (isEnd) => {
    const started = now()
    if (started < next && !isEnd) return undefined
    const seen = tallies.map(liveHistogram)
    const ended = now()
    next = ended + Math.max(EVERY_MS, (ended - started) / SHARE_OF_TIME)
    return seen
  }
}
