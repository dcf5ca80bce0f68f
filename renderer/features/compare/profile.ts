import type { RawPicture } from '../../../preload/contract/index.ts'
import { levelAt, planesFor } from './levels.ts'
import type { Region } from './psnr.ts'

const MOST_POINTS = 512

/** Luma (or the one plane) along a region's diagonal, from its top left to its bottom right, a point a pixel of the longer side. */
export function profileOf(picture: RawPicture, { x, y, width, height }: Region): readonly number[] {
  const plane = planesFor(picture, picture, 'y')[0]!
  const count = Math.min(MOST_POINTS, Math.max(width, height))
  const along = (index: number, size: number): number => (count === 1 ? 0 : Math.round((index / (count - 1)) * (size - 1)))
  return Array.from({ length: count }, (_, index) => [x + along(index, width), y + along(index, height)] as const)
    .filter(([px, py]) => px < picture.width && py < picture.height)
    .map(([px, py]) => levelAt(picture, plane, px, py))
}
