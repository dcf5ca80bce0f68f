import type { RawPicture } from '../../../preload/contract/index.ts'
import { levelAt, shownLevel } from './levels.ts'
import { inSlices } from './slices.ts'

/** A rectangle of a picture, in pixels. */
export interface Region {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** How a run's protocol measures a picture: which planes, and how many pixels it leaves out at each border. */
export interface Measure {
  readonly color: 'y' | 'rgb'
  readonly shave: number
}

/** The measure of a protocol id such as `psnr-y/shave2/studio`; luma and the same shave for those that are no PSNR. */
export const measureOf = (protocol: string): Measure => ({
  color: protocol.startsWith('psnr-rgb') ? 'rgb' : 'y', shave: Number(/\/shave(\d+)/.exec(protocol)?.[1] ?? 0),
})

export const measureName = ({ color }: Measure): string => (color === 'rgb' ? 'PSNR-RGB' : 'PSNR-Y')

export const wholeOf = ({ width, height }: { readonly width: number; readonly height: number }): Region => ({ x: 0, y: 0, width, height })

/** The part of a region that a protocol looks at; null where nothing is left. */
export function measuredPart(region: Region, output: RawPicture, reference: RawPicture, { shave }: Measure): Region | null {
  const [x, y] = [Math.max(region.x, shave), Math.max(region.y, shave)]
  const width = Math.min(region.x + region.width, Math.min(output.width, reference.width) - shave) - x
  const height = Math.min(region.y + region.height, Math.min(output.height, reference.height) - shave) - y
  return width < 1 || height < 1 ? null : { x, y, width, height }
}

/**
 * PSNR of a region in dB, peak 255, as `compare` measures a whole picture: the output rounded and clipped, the reference as it is,
 * pixels in the shaved border left out, squared errors averaged over all planes. Infinity: no difference. Null: nothing to measure.
 */
export async function regionPsnr(output: RawPicture, reference: RawPicture, region: Region, measure: Measure, signal: AbortSignal): Promise<number | null> {
  const part = measuredPart(region, output, reference, measure)
  if (part === null) return null
  const luma = measure.color === 'y' || output.channels === 1 || reference.channels === 1
  const planes = luma ? (['y'] as const) : ([0, 1, 2] as const)
  let sum = 0
  await inSlices(part.height, (from, to) => {
    for (let y = part.y + from; y < part.y + to; y++) {
      for (let x = part.x; x < part.x + part.width; x++) for (const plane of planes) sum += squared(output, reference, plane, x, y)
    }
  }, signal)
  return sum === 0 ? Infinity : 10 * Math.log10((255 * 255 * part.width * part.height * planes.length) / sum)
}

/** A whole picture of the run goes to luma as one value of float32; so does this, or the last digits would differ. */
function squared(output: RawPicture, reference: RawPicture, plane: 'y' | 0 | 1 | 2, x: number, y: number): number {
  const ours = plane === 'y' && output.channels === 3 ? Math.fround(shownLuma(output, x, y)) : shownLevel(levelAt(output, plane, x, y))
  const difference = ours - Math.fround(levelAt(reference, plane, x, y))
  return difference * difference
}

function shownLuma({ width, height, data }: RawPicture, x: number, y: number): number {
  const at = y * width + x
  const size = width * height
  return 16 + (65.481 * shownLevel(data[at]!) + 128.553 * shownLevel(data[size + at]!) + 24.966 * shownLevel(data[2 * size + at]!)) / 255
}
