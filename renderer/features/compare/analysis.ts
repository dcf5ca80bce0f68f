import type { RawPicture } from '../../../preload/contract/index.ts'
import { commonSize } from './difference.ts'
import { levelAt, planesFor, shownLevel } from './levels.ts'
import type { Region } from './psnr.ts'
import { inSlices } from './slices.ts'

/** Steps of a level that the counts of differences tell apart. */
const FINE = 16

/** How two pictures differ, pixel by pixel and all together. Differences are levels of raw values. */
export interface PairFacts {
  readonly width: number
  readonly height: number
  /** Mean |b − a| over the channels of each pixel. */
  readonly errors: Float32Array
  readonly mean: number
  readonly max: number
  /** Share of pixels that a screen shows otherwise. */
  readonly differing: number
  /** Share of pixels whose largest channel differs by more than so many levels (a multiple of 1/16). */
  readonly shareOver: (levels: number) => number
}

/** Compares two pictures in slices. */
export async function pairFacts(a: RawPicture, b: RawPicture, signal: AbortSignal): Promise<PairFacts> {
  const { width, height } = commonSize(a, b)
  const errors = new Float32Array(width * height)
  const counts = new Uint32Array(256 * FINE + 1)
  const planes = planesFor(a, b, 'max')
  let [sum, max, differing] = [0, 0, 0]
  await inSlices(height, (from, to) => {
    for (let y = from; y < to; y++) {
      for (let x = 0; x < width; x++) {
        let error = 0
        let largest = 0
        let shown = false
        for (const plane of planes) {
          const first = levelAt(a, plane, x, y)
          const second = levelAt(b, plane, x, y)
          const d = Math.abs(second - first)
          error += d
          if (d > largest) largest = d
          if (!shown) shown = shownLevel(first) !== shownLevel(second)
        }
        errors[y * width + x] = error / planes.length
        sum += error / planes.length
        if (largest > max) max = largest
        if (shown) differing += 1
        counts[Math.min(counts.length - 1, Math.ceil(largest * FINE))]! += 1
      }
    }
  }, signal)
  const pixels = width * height
  const shareOver = (levels: number): number => counts.reduce((total, count, bin) => (bin > levels * FINE ? total + count : total), 0) / pixels
  return { width, height, errors, mean: sum / pixels, max, differing: differing / pixels, shareOver }
}

/** The `side` × `side` window whose errors add up to most, tried at every position; the first from the top left wins a tie. */
export async function worstTile({ width, height, errors }: Pick<PairFacts, 'width' | 'height' | 'errors'>, side: number, signal: AbortSignal): Promise<Region & { readonly error: number }> {
  const [across, down] = [Math.min(side, width), Math.min(side, height)]
  const columns = new Float64Array(width)
  let worst = { x: 0, y: 0, sum: -1 }
  const add = (row: number, sign: 1 | -1): void => {
    for (let x = 0, at = row * width; x < width; x++, at++) columns[x]! += sign * errors[at]!
  }
  await inSlices(height, (from, to) => {
    for (let row = from; row < to; row++) {
      add(row, 1)
      if (row >= down) add(row - down, -1)
      if (row < down - 1) continue
      let sum = 0
      for (let x = 0; x < width; x++) {
        sum += columns[x]! - (x >= across ? columns[x - across]! : 0)
        // What adding and taking away leaves behind is no difference.
        if (x >= across - 1 && sum > worst.sum * (1 + 1e-12)) worst = { x: x - across + 1, y: row - down + 1, sum }
      }
    }
  }, signal)
  return { x: worst.x, y: worst.y, width: across, height: down, error: Math.max(0, worst.sum) / (across * down) }
}

/** What clipping to 0..255 takes from a picture. Shares are of pixels, any channel. */
export interface Headroom {
  readonly below: number
  readonly above: number
  readonly min: number
  readonly max: number
}

export async function headroomOf({ width, height, channels, data }: RawPicture, signal: AbortSignal): Promise<Headroom> {
  const size = width * height
  let [below, above, min, max] = [0, 0, Infinity, -Infinity]
  await inSlices(height, (from, to) => {
    for (let at = from * width; at < to * width; at++) {
      let low = Infinity
      let high = -Infinity
      for (let channel = 0; channel < channels; channel++) {
        const level = data[channel * size + at]!
        if (level < low) low = level
        if (level > high) high = level
      }
      if (low < 0) below += 1
      if (high > 255) above += 1
      if (low < min) min = low
      if (high > max) max = high
    }
  }, signal)
  return { below: below / size, above: above / size, min, max }
}

/** Errors made small, each cell the mean of its pixels, with the largest cell. */
export function smallErrors({ width, height, errors }: Pick<PairFacts, 'width' | 'height' | 'errors'>, most: number): { readonly width: number; readonly height: number; readonly cells: Float32Array; readonly top: number } {
  const shrink = Math.max(1, Math.ceil(Math.max(width, height) / most))
  const [across, down] = [Math.ceil(width / shrink), Math.ceil(height / shrink)]
  const sums = new Float64Array(across * down)
  const counts = new Uint32Array(across * down)
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / shrink) * across
    for (let x = 0; x < width; x++) {
      const cell = row + Math.floor(x / shrink)
      sums[cell]! += errors[y * width + x]!
      counts[cell]! += 1
    }
  }
  const cells = Float32Array.from(sums, (sum, index) => sum / counts[index]!)
  return { width: across, height: down, cells, top: cells.reduce((top, value) => Math.max(top, value), 0) }
}
