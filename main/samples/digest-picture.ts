import { createHash } from 'node:crypto'
import { channelsOf } from './picture.ts'
import { resample } from './resample.ts'
import type { Picture } from './sample.ts'

/** What is kept of a picture to know it again, and to judge whether it is worth calibrating with. */
export interface PictureDigest {
  /** Over size and levels, so that another file format or name makes no difference. */
  readonly sha256: string
  /** Difference hash of 64 bits as two words; null where the picture is too even to have one. */
  readonly likeness: readonly [number, number] | null
  /** Mean of the luma, 0..255. */
  readonly brightness: number
  /** Standard deviation of the luma. */
  readonly contrast: number
  /** Of the luma's 256 levels, in bits: 0 for one level, 8 for all alike. */
  readonly entropy: number
  /** Share of pixels that are black or nearly so, and white or nearly so. */
  readonly black: number
  readonly white: number
}

const NEARLY_BLACK = 2
const NEARLY_WHITE = 253
/** Below this contrast the difference hash is made of noise. */
const LEAST_CONTRAST = 4
/** Bits of 64 that may differ where two pictures look the same. */
const ALIKE_BITS = 2

export function digestPicture(picture: Picture): PictureDigest {
  const levels = lumaOf(picture)
  const { brightness, contrast } = moments(levels)
  const counts = new Float64Array(256)
  for (const level of levels) counts[Math.min(255, Math.max(0, Math.round(level)))]! += 1
  const share = (from: number, to: number) => counts.subarray(from, to + 1).reduce((sum, count) => sum + count, 0) / levels.length
  const entropy = counts.reduce((sum, count) => (count === 0 ? sum : sum - (count / levels.length) * Math.log2(count / levels.length)), 0)
  return {
    sha256: hashOf(picture), likeness: contrast < LEAST_CONTRAST ? null : likenessOf(picture, levels),
    brightness, contrast, entropy, black: share(0, NEARLY_BLACK), white: share(NEARLY_WHITE, 255),
  }
}

/** Whether two pictures look the same: another size, format or a slight change of colour do not count. */
export const looksTheSame = (a: PictureDigest, b: PictureDigest): boolean =>
  a.likeness !== null && b.likeness !== null && bitsOf(a.likeness[0] ^ b.likeness[0]) + bitsOf(a.likeness[1] ^ b.likeness[1]) <= ALIKE_BITS

function hashOf({ width, height, color, data }: Picture): string {
  return createHash('sha256').update(`${color} ${width}×${height}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).digest('hex')
}

/** Luma over the whole range of levels (ITU-R BT.601 weights); a picture of one plane as it stands. */
function lumaOf(picture: Picture): Float32Array {
  if (channelsOf(picture) === 1) return picture.data
  const size = picture.width * picture.height
  const { data } = picture
  const luma = new Float32Array(size)
  for (let i = 0; i < size; i++) luma[i] = 0.299 * data[i]! + 0.587 * data[size + i]! + 0.114 * data[2 * size + i]!
  return luma
}

function moments(values: Float32Array): { brightness: number; contrast: number } {
  let sum = 0
  for (const value of values) sum += value
  const brightness = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - brightness) ** 2
  return { brightness, contrast: Math.sqrt(squares / values.length) }
}

/** Made 9×8, each bit says whether a pixel is darker than the one to its right. */
function likenessOf({ width, height }: Picture, luma: Float32Array): readonly [number, number] {
  const small = resample({ width, height, color: 'y', data: luma }, 8, 9, 'area').data
  const words: [number, number] = [0, 0]
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++) {
      const at = row * 9 + column
      if (small[at]! < small[at + 1]!) words[row >> 2]! |= 1 << ((row & 3) * 8 + column)
    }
  }
  return words
}

/** Set bits of a 32-bit word (Warren, Hacker's Delight, 5-1). */
function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
