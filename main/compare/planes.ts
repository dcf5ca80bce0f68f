import { Fault } from '../core/fault.ts'
import { roundHalfEven } from '../core/round.ts'
import { channelsOf, cropPicture, toLuma } from '../samples/picture.ts'
import type { Picture } from '../samples/sample.ts'

/** One channel of a picture: row-major levels. */
export interface Plane {
  readonly width: number
  readonly height: number
  readonly data: Float32Array
}

/** What a screen or a file would hold: every level rounded half to even, then clipped to 0..255. */
export function roundedPicture(picture: Picture): Picture {
  const data = new Float32Array(picture.data.length)
  for (let i = 0; i < data.length; i++) {
    const level = roundHalfEven(picture.data[i]!)
    data[i] = level < 0 ? 0 : level > 255 ? 255 : level
  }
  return { ...picture, data }
}

/** The `width` × `height` window from the top left corner, less `shave` pixels on each of its sides. */
export function shaved(picture: Picture, width: number, height: number, shave: number): Picture {
  if (width - 2 * shave < 1 || height - 2 * shave < 1) {
    throw new Fault({
      code: 'samples.too-small',
      what: `nothing is left of a ${width}×${height} picture after ${shave} pixels are shaved from each side`,
      next: 'Use larger pictures or a smaller shave.',
    })
  }
  return cropPicture(picture, shave, shave, height - 2 * shave, width - 2 * shave)
}

/** `y`: unrounded BT.601 studio luma; `rgb`: three planes. Throws `recipe.metric-needs-color` for RGB of a picture that is luma only. */
export function planesOf(picture: Picture, color: Picture['color']): Plane[] {
  if (color === 'rgb' && picture.color !== 'rgb') {
    throw new Fault({
      code: 'recipe.metric-needs-color',
      what: 'an RGB metric was asked for, but the picture has luma only',
      next: 'Use psnr-y or ssim-y for this model.',
    })
  }
  const { width, height, data } = color === 'y' ? toLuma(picture) : picture
  const size = width * height
  return Array.from({ length: color === 'y' ? 1 : channelsOf(picture) }, (_, channel) => ({
    width,
    height,
    data: data.subarray(channel * size, (channel + 1) * size),
  }))
}
