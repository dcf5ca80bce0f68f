import type { RawPicture } from '../../../preload/contract/index.ts'

const EVEN = 6755399441055744 // 1.5 · 2^52: adding it leaves no fraction bits, so the sum rounds to even

/** What a board writes and a screen shows: rounded half to even, clipped to 0..255. */
export function shownLevel(level: number): number {
  const rounded = level + EVEN - EVEN
  return rounded < 0 ? 0 : rounded > 255 ? 255 : rounded + 0
}

/** Exposure and offset, as a person set them: shown = (level + offset) · 2^stops. */
export interface Tone {
  readonly stops: number
  readonly offset: number
}

export const PLAIN: Tone = { stops: 0, offset: 0 }
export const isPlain = ({ stops, offset }: Tone): boolean => stops === 0 && offset === 0

/** Fills rows of an RGBA picture. */
export type RowPainter = (rgba: Uint8ClampedArray, from: number, to: number) => void

/** A picture as it is shown: its levels rounded and clipped, one plane as grey. */
export function paintLevels({ width, height, channels, data }: RawPicture, { stops, offset }: Tone): RowPainter {
  const size = width * height
  const green = channels === 3 ? size : 0
  const blue = channels === 3 ? 2 * size : 0
  const factor = 2 ** stops
  return (rgba, from, to) => {
    for (let at = from * width, end = to * width, out = at * 4; at < end; at++, out += 4) {
      // Uint8ClampedArray itself rounds half to even and clips.
      rgba[out] = (data[at]! + offset) * factor
      rgba[out + 1] = (data[at + green]! + offset) * factor
      rgba[out + 2] = (data[at + blue]! + offset) * factor
      rgba[out + 3] = 255
    }
  }
}

/** An RGBA picture made smaller: every pixel the mean of the area that it covers. */
export function paintSmaller(source: Uint8ClampedArray, from: { readonly width: number; readonly height: number }, to: { readonly width: number; readonly height: number }): RowPainter {
  const [across, down] = [from.width / to.width, from.height / to.height]
  return (rgba, firstRow, lastRow) => {
    for (let row = firstRow; row < lastRow; row++) {
      const [top, bottom] = [row * down, Math.min(from.height, (row + 1) * down)]
      for (let column = 0; column < to.width; column++) {
        const [left, right] = [column * across, Math.min(from.width, (column + 1) * across)]
        let red = 0
        let green = 0
        let blue = 0
        for (let y = Math.floor(top); y < bottom; y++) {
          const tall = Math.min(y + 1, bottom) - Math.max(y, top)
          for (let x = Math.floor(left); x < right; x++) {
            const weight = tall * (Math.min(x + 1, right) - Math.max(x, left))
            const at = (y * from.width + x) * 4
            red += weight * source[at]!
            green += weight * source[at + 1]!
            blue += weight * source[at + 2]!
          }
        }
        const area = (bottom - top) * (right - left)
        const out = (row * to.width + column) * 4
        rgba[out] = red / area
        rgba[out + 1] = green / area
        rgba[out + 2] = blue / area
        rgba[out + 3] = 255
      }
    }
  }
}

export const CHANNELS = ['max', 'y', 'r', 'g', 'b'] as const
export type Channel = (typeof CHANNELS)[number]

/** Planes that a channel stands for in pictures that may have one plane or three: 'max' is all of them. */
export function planesFor(a: RawPicture, b: RawPicture, channel: Channel): readonly ('y' | 0 | 1 | 2)[] {
  if (a.channels === 1 && b.channels === 1) return [0]
  if (a.channels !== b.channels || channel === 'y') return ['y']
  return channel === 'max' ? [0, 1, 2] : [({ r: 0, g: 1, b: 2 } as const)[channel]]
}

/** Level of a pixel: of one plane, or BT.601 studio luma, 16 + (65.481 R + 128.553 G + 24.966 B) / 255. */
export function levelAt({ width, height, channels, data }: RawPicture, plane: 'y' | 0 | 1 | 2, x: number, y: number): number {
  const at = y * width + x
  if (channels === 1) return data[at]!
  const size = width * height
  return plane === 'y' ? 16 + (65.481 * data[at]! + 128.553 * data[size + at]! + 24.966 * data[2 * size + at]!) / 255 : data[plane * size + at]!
}
