import type { RawPicture } from '../../../preload/contract/index.ts'
import type { Size } from '../../ui/view.ts'
import type { RowPainter } from './levels.ts'

const ABOVE = [255, 64, 200] as const
const BELOW = [0, 214, 255] as const

/**
 * Pixels that clipping changes, in a picture of another size where it is shown smaller: one clipped pixel marks its whole cell.
 * Above 255 every pixel is marked, below 0 every other one, so that they are told apart without colours.
 */
export function paintMarks({ width, height, channels, data }: RawPicture, to: Size): RowPainter {
  const size = width * height
  const clips = (at: number): 'above' | 'below' | null => {
    let found: 'above' | 'below' | null = null
    for (let channel = 0; channel < channels; channel++) {
      const level = data[channel * size + at]!
      if (level > 255) return 'above'
      if (level < 0) found = 'below'
    }
    return found
  }
  return (rgba, from, last) => {
    for (let row = from; row < last; row++) {
      const [top, bottom] = [Math.floor((row * height) / to.height), Math.max(Math.floor((row * height) / to.height) + 1, Math.floor(((row + 1) * height) / to.height))]
      for (let column = 0; column < to.width; column++) {
        const left = Math.floor((column * width) / to.width)
        const right = Math.max(left + 1, Math.floor(((column + 1) * width) / to.width))
        let found: 'above' | 'below' | null = null
        for (let y = top; y < bottom && found === null; y++) for (let x = left; x < right && found === null; x++) found = clips(y * width + x)
        if (found === null || (found === 'below' && (row + column) % 2 === 1)) continue
        const color = found === 'above' ? ABOVE : BELOW
        rgba.set(color, (row * to.width + column) * 4)
        rgba[(row * to.width + column) * 4 + 3] = 255
      }
    }
  }
}
