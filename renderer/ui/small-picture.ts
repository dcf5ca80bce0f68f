import type { SmallPicture } from '../../preload/contract/index.ts'

/** Bytes of a small picture as a canvas takes them. */
export function imageOf({ width, height, rgb }: SmallPicture): ImageData {
  const image = new ImageData(width, height)
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    image.data[to] = rgb[from]!
    image.data[to + 1] = rgb[from + 1]!
    image.data[to + 2] = rgb[from + 2]!
    image.data[to + 3] = 255
  }
  return image
}
