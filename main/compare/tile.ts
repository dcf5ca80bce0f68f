import { channelsOf, cropPicture } from '../samples/picture.ts'
import type { Picture } from '../samples/sample.ts'

/** A window of a picture, in pixels; `error` is the mean |a − b| a pixel and channel within it, in levels. */
export interface Tile {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly error: number
}

/** |a − b| a pixel, summed over channels; both pictures have the same size and colours. */
function absoluteDifference(a: Picture, b: Picture): Float64Array {
  const size = a.width * a.height
  const sum = new Float64Array(size)
  for (let channel = 0; channel < channelsOf(a); channel++) {
    const from = channel * size
    for (let i = 0; i < size; i++) sum[i]! += Math.abs(a.data[from + i]! - b.data[from + i]!)
  }
  return sum
}

/**
 * The `side` × `side` window in which two pictures differ most (smaller where a picture is), tried at every position.
 * The first one from the top left wins a tie.
 */
export function worstTile(a: Picture, b: Picture, side: number): Tile {
  const { width, height } = a
  const across = Math.min(side, width)
  const down = Math.min(side, height)
  const difference = absoluteDifference(a, b)
  // Summed-area table with an empty first row and column: any window is four look-ups.
  const stride = width + 1
  const table = new Float64Array(stride * (height + 1))
  for (let y = 0; y < height; y++) {
    let row = 0
    for (let x = 0; x < width; x++) {
      row += difference[y * width + x]!
      table[(y + 1) * stride + x + 1] = table[y * stride + x + 1]! + row
    }
  }
  let worst = { x: 0, y: 0, sum: -1 }
  for (let y = 0; y + down <= height; y++) {
    for (let x = 0; x + across <= width; x++) {
      const top = y * stride + x
      const bottom = top + down * stride
      const sum = table[bottom + across]! - table[bottom]! - table[top + across]! + table[top]!
      if (sum > worst.sum) worst = { x, y, sum }
    }
  }
  return { x: worst.x, y: worst.y, width: across, height: down, error: Math.max(0, worst.sum) / (across * down * channelsOf(a)) }
}

/** The window of a picture at a tile's place, cut where the picture ends earlier. null: it ends before the tile begins. */
export function cropTo(picture: Picture, tile: Pick<Tile, 'x' | 'y' | 'width' | 'height'>): Picture | null {
  const width = Math.min(tile.width, picture.width - tile.x)
  const height = Math.min(tile.height, picture.height - tile.y)
  return width < 1 || height < 1 ? null : cropPicture(picture, tile.y, tile.x, height, width)
}
