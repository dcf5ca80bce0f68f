import { mergeHistograms } from '../bin-counter.ts'
import { lowerEdge, magnitudeCodeOf, MAGNITUDES, SIGN, upperEdge } from '../codes.ts'
import type { Histogram, TensorStatistics } from '../statistics.ts'

/**
 * The density of |x| on one side of zero (or of both together), zeros left out: occupied bins ascending, values taken as
 * spread evenly inside a bin. Entry i of a prefix sum is over the bins before i.
 */
export interface Side {
  readonly bins: number
  readonly magnitudes: Uint32Array
  readonly low: Float64Array
  readonly high: Float64Array
  /** Sums of 1, |x| and |x|². */
  readonly s0: Float64Array
  readonly s1: Float64Array
  readonly s2: Float64Array
  /** Bins below a magnitude code, from `firstCode` on. */
  readonly index: Uint32Array
  readonly firstCode: number
  /** Values on this side. */
  readonly total: number
  /** Largest |x| that was seen (sampled or not); 0 when there is none. */
  readonly absmax: number
}

/** What the threshold methods see of a tensor. */
export interface View {
  readonly positive: Side
  readonly negative: Side
  /** |x| of both sides. */
  readonly magnitude: Side
  readonly zeros: number
  /** Values in the histogram, zeros included. */
  readonly count: number
  readonly min: number
  readonly max: number
  readonly absmax: number
  /** Set when the other sign does not occur, to 1e-6 of the largest value. */
  readonly oneSided: 'positive' | 'negative' | null
}

/** Relative size of the other sign's values up to which a tensor counts as one-sided. */
const ONE_SIDED = 1e-6

let last: { readonly statistics: TensorStatistics; readonly view: View } | undefined

/** The view of a tensor's both folds. The last one is kept: methods usually ask for the same tensor one after the other. */
export function viewOf(statistics: TensorStatistics): View {
  if (last?.statistics !== statistics) last = { statistics, view: viewOfHistogram(mergeHistograms(statistics.folds), statistics) }
  return last.view
}

/** The view of any histogram, one fold say, with the extremes of the data it was made of. */
export function viewOfHistogram(histogram: Histogram, { min, max }: { readonly min: number; readonly max: number }): View {
  const { codes, counts } = histogram
  const zeros = codes[0] === 0 ? counts[0]! : 0
  const first = zeros > 0 ? 1 : 0
  const split = firstNegative(codes)
  const positive = sideOf(codes.subarray(first, split), counts.subarray(first, split), Math.max(max, 0))
  const negative = sideOf(codes.subarray(split), counts.subarray(split), Math.max(-min, 0))
  const absmax = Math.max(-min, max, 0)
  return {
    positive, negative, zeros, min, max, absmax,
    magnitude: positive.bins === 0 ? negative : negative.bins === 0 ? positive : bothSides(codes, counts, first, absmax),
    count: zeros + positive.total + negative.total,
    oneSided: min >= -ONE_SIDED * absmax ? 'positive' : max <= ONE_SIDED * absmax ? 'negative' : null,
  }
}

function firstNegative(codes: Uint32Array): number {
  let low = 0
  let high = codes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (codes[middle]! < SIGN) low = middle + 1
    else high = middle
  }
  return low
}

function bothSides(codes: Uint32Array, counts: Float64Array, first: number, absmax: number): Side {
  const unsigned = codes.subarray(first).map((code) => code & (MAGNITUDES - 1))
  const split = firstNegative(codes) - first
  const sides = [0, split].map((from, side) => ({ codes: unsigned.subarray(from, side === 0 ? split : undefined), counts: counts.subarray(first + from, side === 0 ? first + split : undefined) }))
  const merged = mergeHistograms(sides)
  return sideOf(merged.codes, merged.counts, absmax)
}

/** Builds a side from codes of one sign, ascending. */
function sideOf(codes: Uint32Array, counts: Float64Array, absmax: number): Side {
  const bins = codes.length
  const magnitudes = codes.map((code) => code & (MAGNITUDES - 1))
  const low = new Float64Array(bins)
  const high = new Float64Array(bins)
  const s0 = new Float64Array(bins + 1)
  const s1 = new Float64Array(bins + 1)
  const s2 = new Float64Array(bins + 1)
  const firstCode = bins === 0 ? 0 : magnitudes[0]!
  const index = new Uint32Array(bins === 0 ? 1 : magnitudes[bins - 1]! - firstCode + 2)
  let code = 0
  for (let bin = 0; bin < bins; bin++) {
    const a = (low[bin] = lowerEdge(magnitudes[bin]!))
    const b = (high[bin] = Math.max(a, Math.min(upperEdge(magnitudes[bin]!), absmax)))
    s0[bin + 1] = s0[bin]! + counts[bin]!
    s1[bin + 1] = s1[bin]! + (counts[bin]! * (a + b)) / 2
    s2[bin + 1] = s2[bin]! + (counts[bin]! * (a * a + a * b + b * b)) / 3
    for (; code <= magnitudes[bin]! - firstCode; code++) index[code] = bin
  }
  index.fill(bins, code)
  return { bins, magnitudes, low, high, s0, s1, s2, index, firstCode, total: s0[bins]!, absmax }
}

/** Sums over |x| < x: of 1, |x| and |x|². Written into `into`, which is returned. */
export function sumsBelow(side: Side, x: number, into: Float64Array): Float64Array {
  const { bins, s0, s1, s2 } = side
  const bin = binAt(side, x)
  into[0] = s0[bin]!
  into[1] = s1[bin]!
  into[2] = s2[bin]!
  if (bin === bins) return into
  const a = side.low[bin]!
  const b = side.high[bin]!
  if (x <= a) return into
  const mass = s0[bin + 1]! - s0[bin]!
  if (x >= b) {
    into[0] = s0[bin + 1]!
    into[1] = s1[bin + 1]!
    into[2] = s2[bin + 1]!
    return into
  }
  const part = (mass * (x - a)) / (b - a)
  into[0] += part
  into[1] += (part * (a + x)) / 2
  into[2] += (part * (a * a + a * x + x * x)) / 3
  return into
}

/** The bin that holds x, or the next one above it. */
function binAt({ bins, index, firstCode }: Side, x: number): number {
  if (x <= 0) return 0
  const code = magnitudeCodeOf(x) - firstCode
  if (code <= 0) return 0
  return code >= index.length ? bins : index[code]!
}

/**
 * |x| of the value of a rank on one side, counted from 0 for the smallest; between ranks linearly, as numpy's default.
 * Ranks below 0 are zeros, those beyond the last value are the last.
 */
export function valueAtRank(side: Side, rank: number): number {
  const below = Math.floor(rank)
  const lower = placeOf(side, below)
  return rank === below ? lower : lower + (rank - below) * (placeOf(side, below + 1) - lower)
}

/** Where the value of a whole rank stands: in its bin, in the middle of its own share. */
function placeOf(side: Side, rank: number): number {
  if (rank < 0 || side.bins === 0) return 0
  if (rank >= side.total - 1) return side.high[side.bins - 1]!
  let low = 0
  let high = side.bins - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (side.s0[middle + 1]! <= rank) low = middle + 1
    else high = middle
  }
  const share = (rank + 0.5 - side.s0[low]!) / (side.s0[low + 1]! - side.s0[low]!)
  return side.low[low]! + Math.min(share, 1) * (side.high[low]! - side.low[low]!)
}
