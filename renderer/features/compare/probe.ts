import type { LevelCodes, RawPicture } from '../../../preload/contract/index.ts'
import { shownLevel } from './levels.ts'
import type { Spot } from './moves.ts'

/** Raw levels of a pixel, a number a plane; null outside the picture. */
export function levelsAt({ width, height, channels, data }: RawPicture, { x, y }: Spot): readonly number[] | null {
  if (x < 0 || y < 0 || x >= width || y >= height) return null
  return Array.from({ length: channels }, (_, channel) => data[channel * width * height + y * width + x]!)
}

/** Codes of raw levels; null where they say nothing more, being the levels themselves. */
export function codesOf(levels: readonly number[], { step, zeroPoint }: LevelCodes): readonly number[] | null {
  const codes = levels.map((level) => Math.round(level / step + zeroPoint))
  return codes.every((code, channel) => Math.abs(code - levels[channel]!) < 1e-3) ? null : codes
}

/** b − a of what a screen shows, in steps of a level; null where the pictures have other planes. */
export const shownDifference = (a: readonly number[], b: readonly number[]): readonly number[] | null =>
  a.length === b.length ? a.map((level, channel) => shownLevel(b[channel]!) - shownLevel(level)) : null
