import { writeFileAtomic } from '../core/files.ts'
import { Fault } from '../core/fault.ts'
import { roundHalfEven } from '../core/round.ts'
import { float32, integers, isFloat } from '../onnx/tensor.ts'
import type { Tensor } from '../onnx/graph.ts'
import sharp from 'sharp'
import type { Expectation } from './expectation.ts'
import type { Picture } from './sample.ts'

export { readPicture } from './read-picture.ts'
export { bicubic } from './resample.ts'

export const channelsOf = (picture: Picture): 1 | 3 => (picture.color === 'rgb' ? 3 : 1)

/**
 * The picture as one plane of BT.601 studio luma, unrounded: 16 + (65.481 R + 128.553 G + 24.966 B) / 255 (ITU-R BT.601,
 * MATLAB `rgb2ycbcr`). A picture of one plane is given back as it stands.
 */
export function toLuma(picture: Picture): Picture {
  if (picture.color === 'y') return picture
  const { width, height, data } = picture
  const size = width * height
  const luma = new Float32Array(size)
  for (let i = 0; i < size; i++) luma[i] = 16 + (65.481 * data[i]! + 128.553 * data[size + i]! + 24.966 * data[2 * size + i]!) / 255
  return { width, height, color: 'y', data: luma }
}

/** The window of `height` × `width` pixels whose top left corner is at (`top`, `left`); it must lie inside. */
export function cropPicture(picture: Picture, top: number, left: number, height: number, width: number): Picture {
  if (top === 0 && left === 0 && height === picture.height && width === picture.width) return picture
  if (top < 0 || left < 0 || top + height > picture.height || left + width > picture.width) {
    throw new Fault({ code: 'bug.crop', what: `a window of ${width}×${height} at (${left}, ${top}) leaves a picture of ${picture.width}×${picture.height}` })
  }
  const channels = channelsOf(picture)
  const data = new Float32Array(channels * height * width)
  for (let row = 0; row < channels * height; row++) {
    const channel = Math.floor(row / height)
    const from = (channel * picture.height + top + (row % height)) * picture.width + left
    data.set(picture.data.subarray(from, from + width), row * width)
  }
  return { width, height, color: picture.color, data }
}

/** A picture inside a larger one: black all round, or the last row and column repeated to the right and below. */
export function extendPicture(picture: Picture, height: number, width: number, top: number, left: number, border: 'black' | 'edge'): Picture {
  const channels = channelsOf(picture)
  const data = new Float32Array(channels * height * width)
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < height; row++) {
      const inside = row >= top && row < top + picture.height
      if (!inside && border === 'black') continue
      const source = Math.min(Math.max(row - top, 0), picture.height - 1)
      const from = (channel * picture.height + source) * picture.width
      const to = (channel * height + row) * width
      data.set(picture.data.subarray(from, from + picture.width), to + left)
      if (border === 'edge') {
        data.fill(picture.data[from]!, to, to + left)
        data.fill(picture.data[from + picture.width - 1]!, to + left + picture.width, to + width)
      }
    }
  }
  return { width, height, color: picture.color, data }
}

/** Cut at the right and below so that both sides are multiples of `factor`. */
export const modCrop = (picture: Picture, factor: number): Picture =>
  cropPicture(picture, 0, 0, picture.height - (picture.height % factor), picture.width - (picture.width % factor))

/**
 * Levels of a model's output: layout undone, colours put in the order R, G, B, the output's range mapped onto 0..255.
 * Nothing is rounded or clipped. Throws `engine.output-shape` when the tensor is not one picture of the expected channels.
 */
export function pictureOf(output: Tensor, expectation: Expectation): Picture {
  const expected = expectation.output
  const channels = expected.channels.value
  const dims = output.dims
  const nhwc = expected.layout.value === 'nhwc'
  if (expected.kind.value !== 'picture' || channels === null || dims.length !== 4 || dims[0] !== 1 || dims[nhwc ? 3 : 1] !== channels) {
    throw new Fault({
      code: 'engine.output-shape',
      where: expected.name,
      what: `the output [${dims.join(', ')}] is not one picture of ${channels ?? 'known'} channels in ${expected.layout.value}`,
      next: 'Set the output layout in the recipe, or compare by the values of the output instead.',
    })
  }
  const values = isFloat(output.type) ? float32(output) : Float32Array.from(integers(output))
  const [height, width] = nhwc ? [dims[1]!, dims[2]!] : [dims[2]!, dims[3]!]
  const size = height * width
  const [low, high] = expected.range.value
  const data = new Float32Array(channels * size)
  for (let channel = 0; channel < channels; channel++) {
    const plane = expected.color.value === 'bgr' ? channels - 1 - channel : channel
    const from = nhwc ? channel : channel * size
    const step = nhwc ? channels : 1
    const to = plane * size
    if (low === 0 && high === 255) for (let i = 0; i < size; i++) data[to + i] = values[from + i * step]!
    else for (let i = 0; i < size; i++) data[to + i] = ((values[from + i * step]! - low) * 255) / (high - low)
  }
  return { width, height, color: channels === 3 ? 'rgb' : 'y', data }
}

/** The picture as an 8-bit PNG, levels rounded half to even and clipped; written whole or not at all. */
export const writePng = async (path: string, picture: Picture): Promise<void> => writeFileAtomic(path, await pngOf(picture))

/** The same as bytes: equal for equal pictures. */
export async function pngOf(picture: Picture): Promise<Uint8Array> {
  const channels = channelsOf(picture)
  const size = picture.width * picture.height
  const pixels = new Uint8Array(channels * size)
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < size; i++) {
      const level = roundHalfEven(picture.data[channel * size + i]!)
      pixels[i * channels + channel] = level < 0 ? 0 : level > 255 ? 255 : level
    }
  }
  const png = sharp(pixels, { raw: { width: picture.width, height: picture.height, channels } })
  return new Uint8Array(await (channels === 1 ? png.toColourspace('b-w') : png).png().toBuffer())
}
