import { codeOf, codeOfHalf } from './codes.ts'
import type { Histogram } from './statistics.ts'

const PAGE = 1024
const HALVES = 65536
const LARGEST_COUNT = 2 ** 32 - 1

/** Counts by code. Mutable. */
export interface BinCounter {
  /** One page an exponent and sign; pages exist once something falls on them. */
  readonly pages: (Float64Array | undefined)[]
  /** Counts by binary16 bits, moved to the pages before they could overflow. The system gives memory to occupied pages only. */
  halves: Uint32Array | null
  /** Values counted in `halves`. */
  halvesCounted: number
}

export const binCounter = (): BinCounter => ({ pages: Array.from({ length: 512 }), halves: null, halvesCounted: 0 })

const pageOf = (counter: BinCounter, code: number): Float64Array => (counter.pages[code >>> 10] ??= new Float64Array(PAGE))

export function addCount(counter: BinCounter, code: number, count: number): void {
  const page = pageOf(counter, code)
  page[code & (PAGE - 1)] = page[code & (PAGE - 1)]! + count
}

/** Counts values given as bits of finite binary16 numbers. */
export function countHalves(counter: BinCounter, halves: Uint16Array): void {
  if (counter.halvesCounted + halves.length > LARGEST_COUNT) moveHalves(counter)
  const counts = (counter.halves ??= new Uint32Array(HALVES))
  for (let index = 0; index < halves.length; index++) counts[halves[index]!]!++
  counter.halvesCounted += halves.length
}

function moveHalves(counter: BinCounter): void {
  const { halves } = counter
  if (halves === null) return
  for (let half = 0; half < HALVES; half++) {
    if (halves[half]! > 0) addCount(counter, codeOfHalf(half), halves[half]!)
  }
  counter.halves = null
  counter.halvesCounted = 0
}

/** Counts float32 values by the same rule as binary16 rounds, at any exponent. */
export function countFloats(counter: BinCounter, values: Float32Array): void {
  for (let index = 0; index < values.length; index++) {
    const code = codeOf(values[index]!)
    const page = counter.pages[code >>> 10] ?? pageOf(counter, code)
    page[code & (PAGE - 1)]!++
  }
}

/** The occupied bins, codes ascending. The counter can go on counting afterwards. */
export function histogramOf(counter: BinCounter): Histogram {
  moveHalves(counter)
  const pages = counter.pages.flatMap((page, upper) => (page === undefined ? [] : [{ upper, page }]))
  let occupied = 0
  for (const { page } of pages) for (let slot = 0; slot < PAGE; slot++) if (page[slot]! > 0) occupied++
  const codes = new Uint32Array(occupied)
  const counts = new Float64Array(occupied)
  let bin = 0
  for (const { upper, page } of pages) {
    for (let slot = 0; slot < PAGE; slot++) {
      if (page[slot] === 0) continue
      codes[bin] = upper * PAGE + slot
      counts[bin++] = page[slot]!
    }
  }
  return { codes, counts }
}

/** Bin by bin sum of histograms. */
export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const counter = binCounter()
  for (const { codes, counts } of histograms) {
    for (let bin = 0; bin < codes.length; bin++) addCount(counter, codes[bin]!, counts[bin]!)
  }
  return histogramOf(counter)
}
