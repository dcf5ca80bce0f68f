import { bitsOf, type Grid } from '../../core/grid.ts'
import { levelsAt, rangeOf } from './levels.ts'
import { type Finding, type MethodOptions } from './threshold-method.ts'
import { type Side, sumsBelow, type View } from './view.ts'

const BINS = 2048
const STEP = 8
/** Least share of the values that a threshold has to keep. */
const KEPT = 0.5

/** Mass of a quantized cell that holds nothing while the reference has mass there, before it is shared out. */
const EMPTY = 1e-6

/** A mass below this is what rounding leaves where an edge meets the end of a bin, not a value. */
const NOISE = 1e-6

/** |x| over [0, absmax] in equal bins, zeros left out, with the prefix sums that make a candidate cheap. */
export interface DenseHistogram {
  readonly width: number
  readonly a: Float64Array
  /** Prefix sums of a, of 1 where a > 0, of a ln a, of ln a. */
  readonly mass: Float64Array
  readonly occupied: Float64Array
  readonly aLogA: Float64Array
  readonly logA: Float64Array
}

/** One candidate: the first `kept` bins, the rest clipped into the last of them, on `levels` cells. */
export interface Candidate {
  readonly histogram: DenseHistogram
  readonly kept: number
  readonly levels: number
}

/** The divergence between what was seen and what its quantization gives, for a candidate. */
export type Divergence = (candidate: Candidate) => number

/**
 * Searches the threshold of least divergence (ALGORITHMS 3.3, reference design): candidates in steps of 8 bins from the
 * number of levels up to all that keep half of the values, ties to the largest. Says why not where the data cannot carry it.
 */
export function leastDivergence(divergence: Divergence, what: string): (view: View, grid: Grid, options: MethodOptions) => Finding {
  return (view, grid) => {
    if (bitsOf(grid.type) > 8) return { cannot: 'more levels than bins' }
    const levels = Math.max(Math.floor(levelsAt(view, grid, view.absmax)), 1)
    const side = view.magnitude
    if (side.total < 8 * levels) return { cannot: `${side.total} values that are not 0 are fewer than ${8 * levels}` }
    const histogram = denseHistogram(side, view.absmax)
    if (histogram.occupied[BINS]! < 2 * levels) return { cannot: `${histogram.occupied[BINS]} occupied bins are fewer than ${2 * levels}` }
    let [best, least] = [BINS, Infinity]
    // Where most is clipped, one bin holds nearly everything on both sides: they agree, and say nothing.
    for (let kept = BINS; kept >= levels && histogram.mass[kept]! >= KEPT * side.total; kept -= STEP) {
      const value = divergence({ histogram, kept, levels })
      if (value < least) [best, least] = [kept, value]
    }
    return { ...rangeOf(view, best * histogram.width), why: `least ${what} at ${best} of ${BINS} bins` }
  }
}

const below = new Float64Array(3)

export function denseHistogram(side: Side, absmax: number): DenseHistogram {
  const width = absmax / BINS
  const a = new Float64Array(BINS)
  const [mass, occupied, aLogA, logA] = Array.from({ length: 4 }, () => new Float64Array(BINS + 1)) as [Float64Array, Float64Array, Float64Array, Float64Array]
  for (let bin = 0; bin < BINS; bin++) {
    mass[bin + 1] = bin + 1 === BINS ? side.total : sumsBelow(side, (bin + 1) * width, below)[0]!
    const own = mass[bin + 1]! - mass[bin]!
    a[bin] = own > NOISE ? own : 0
    const log = a[bin]! > 0 ? Math.log(a[bin]!) : 0
    occupied[bin + 1] = occupied[bin]! + (a[bin]! > 0 ? 1 : 0)
    aLogA[bin + 1] = aLogA[bin]! + a[bin]! * log
    logA[bin + 1] = logA[bin]! + log
  }
  return { width, a, mass, occupied, aLogA, logA }
}

/** The last kept bin of the reference: its own mass and everything clipped. */
export const lastBin = ({ histogram: { a, mass }, kept }: Candidate): number => a[kept - 1]! + (mass[BINS]! - mass[kept]!)

/** First bin of a cell: the smallest j with floor(j·levels / kept) = cell. */
const cellStart = (cell: number, kept: number, levels: number): number => Math.ceil((cell * kept) / levels)

/** Calls `visit` for each cell that has mass in the reference, with its bins [from, to), its mass and number of bins with mass. */
export function eachCell(candidate: Candidate, visit: (from: number, to: number, mass: number, bins: number) => void): void {
  const { histogram: { a, mass, occupied }, kept, levels } = candidate
  const lastIsNew = a[kept - 1] === 0 && lastBin(candidate) > 0
  for (let cell = 0; cell < levels; cell++) {
    const from = cellStart(cell, kept, levels)
    const to = cell + 1 === levels ? kept : cellStart(cell + 1, kept, levels)
    const bins = occupied[to]! - occupied[from]! + (to === kept && lastIsNew ? 1 : 0)
    if (bins === 0) continue
    const own = mass[to]! - mass[from]!
    visit(from, to, own > 0 ? own : (EMPTY / kept) * bins, bins)
  }
}

/**
 * What KL(P,Q) and KL(Q,P) are made of, unnormalized: P sums to p, Q to q.
 * Σ P ln P, Σ P ln Q, Σ Q ln Q, Σ Q ln P, each over the bins where P has mass.
 */
export function logSums(candidate: Candidate): { p: number; q: number; pLogP: number; pLogQ: number; qLogQ: number; qLogP: number } {
  const { histogram, kept } = candidate
  const last = lastBin(candidate)
  const logLast = last > 0 ? Math.log(last) : 0
  const sums = { p: histogram.mass[BINS]!, q: 0, pLogP: histogram.aLogA[kept - 1]! + last * logLast, pLogQ: 0, qLogQ: 0, qLogP: 0 }
  eachCell(candidate, (from, to, mass, bins) => {
    const each = mass / bins
    const log = Math.log(each)
    const ends = to === kept
    const reference = ends ? histogram.mass[kept - 1]! - histogram.mass[from]! + last : histogram.mass[to]! - histogram.mass[from]!
    const logs = ends ? histogram.logA[kept - 1]! - histogram.logA[from]! + logLast : histogram.logA[to]! - histogram.logA[from]!
    sums.q += mass
    sums.pLogQ += reference * log
    sums.qLogQ += mass * log
    sums.qLogP += each * logs
  })
  return sums
}
