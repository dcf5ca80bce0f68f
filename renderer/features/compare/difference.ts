import type { RawPicture } from '../../../preload/contract/index.ts'
import { colorsOf, type ColorMap } from './color-maps.ts'
import { levelAt, planesFor, type Channel, type RowPainter } from './levels.ts'

export const KINDS = ['signed', 'absolute', 'squared', 'relative'] as const
export type DifferenceKind = (typeof KINDS)[number]

export const GAINS = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const

/** How b − a is drawn. */
export interface DifferenceLook {
  readonly kind: DifferenceKind
  readonly channel: Channel
  /** Levels are multiplied by it before they become colours. */
  readonly gain: number
  readonly map: ColorMap
  /** Pixels that differ by no more are left dark; null: none are. */
  readonly over: number | null
}

/** The part that both pictures have, from the top left corner. */
export const commonSize = (a: RawPicture, b: RawPicture): { readonly width: number; readonly height: number } => ({
  width: Math.min(a.width, b.width), height: Math.min(a.height, b.height),
})

/** What a difference d of a pixel of level a counts: levels, levels squared, or a share of a (of at least one level). */
export function measured(kind: DifferenceKind, d: number, a: number): number {
  if (kind === 'signed') return d
  if (kind === 'absolute') return Math.abs(d)
  return kind === 'squared' ? d * d : Math.abs(d) / Math.max(1, Math.abs(a))
}

/** The measure that gets the last colour of the map. */
export function topOf(kind: DifferenceKind, gain: number): number {
  if (kind === 'relative') return 1 / gain
  return kind === 'squared' ? (255 / gain) ** 2 : 255 / gain
}

/** b − a at a pixel by the chosen measure; of several channels the one that counts most. `levels`: |b − a| of the channel that differs most. */
export function differenceAt(a: RawPicture, b: RawPicture, { kind, channel }: Pick<DifferenceLook, 'kind' | 'channel'>, x: number, y: number): { readonly value: number; readonly levels: number } {
  let value = 0
  let levels = 0
  for (const plane of planesFor(a, b, channel)) {
    const from = levelAt(a, plane, x, y)
    const d = levelAt(b, plane, x, y) - from
    const counts = measured(kind, d, from)
    if (Math.abs(counts) > Math.abs(value)) value = counts
    levels = Math.max(levels, Math.abs(d))
  }
  return { value, levels }
}

/** The difference in false colours. Outside what both pictures have nothing is drawn. */
export function paintDifference(a: RawPicture, b: RawPicture, look: DifferenceLook): RowPainter {
  const { width, height } = commonSize(a, b)
  const signed = look.kind === 'signed'
  const colors = colorsOf(signed ? 'signed' : look.map)
  const top = topOf(look.kind, look.gain)
  const read = reader(a, b, look)
  return (rgba, from, to) => {
    for (let y = from; y < Math.min(to, height); y++) {
      for (let x = 0, out = y * width * 4; x < width; x++, out += 4) {
        const value = read(x, y)
        const share = signed ? (value / top + 1) / 2 : value / top
        const color = value !== value ? -1 : Math.round(255 * Math.min(1, Math.max(0, share))) * 3
        rgba[out] = color < 0 ? 0 : colors[color]!
        rgba[out + 1] = color < 0 ? 0 : colors[color + 1]!
        rgba[out + 2] = color < 0 ? 0 : colors[color + 2]!
        rgba[out + 3] = 255
      }
    }
  }
}

/** The measure of a pixel, NaN where the tolerance hides it. */
function reader(a: RawPicture, b: RawPicture, look: DifferenceLook): (x: number, y: number) => number {
  const { kind, channel, over } = look
  const planes = planesFor(a, b, channel)
  const only = planes.length === 1 ? planes[0]! : null
  if (only !== null && over === null) {
    return (x, y) => {
      const from = levelAt(a, only, x, y)
      return measured(kind, levelAt(b, only, x, y) - from, from)
    }
  }
  const [sizeA, sizeB] = [a.width * a.height, b.width * b.height]
  return (x, y) => {
    let value = 0
    let levels = 0
    for (const plane of planes) {
      // The inner loop of a picture of millions: planes are read in place.
      const from = plane === 'y' ? levelAt(a, 'y', x, y) : a.data[plane * sizeA + y * a.width + x]!
      const d = (plane === 'y' ? levelAt(b, 'y', x, y) : b.data[plane * sizeB + y * b.width + x]!) - from
      const counts = measured(kind, d, from)
      if (Math.abs(counts) > Math.abs(value)) value = counts
      if (Math.abs(d) > levels) levels = Math.abs(d)
    }
    return over !== null && levels <= over ? NaN : value
  }
}
