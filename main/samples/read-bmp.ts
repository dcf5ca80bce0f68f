/**
 * Windows bitmaps: BI_RGB of 1, 4, 8 (palette), 16, 24 and 32 bits, BI_BITFIELDS of 16 and 32 bits, rows bottom-up or top-down.
 * Layout: Microsoft, "Bitmap Storage" (BITMAPFILEHEADER, BITMAPINFOHEADER to BITMAPV5HEADER).
 */

export interface BmpHeader {
  readonly width: number
  readonly height: number
  readonly bits: number
  readonly topDown: boolean
  readonly alpha: boolean
}

interface Layout extends BmpHeader {
  readonly pixels: number
  /** Bytes of a row, a multiple of 4. */
  readonly stride: number
  readonly palette: readonly (readonly [number, number, number])[]
  /** Red, green and blue bits of a 16- or 32-bit pixel. */
  readonly masks: readonly [number, number, number]
}

/** Interleaved R, G, B bytes, rows from the top; one byte a pixel where every colour of the palette is grey. */
export interface Bitmap {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly data: Uint8Array
}

const BI_RGB = 0
const BI_BITFIELDS = 3
const INFO_HEADER_BYTES = 40
const FILE_HEADER_BYTES = 14

export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d

function layoutOf(bytes: Uint8Array): Layout {
  if (bytes.length < FILE_HEADER_BYTES + INFO_HEADER_BYTES) throw new Error('the bitmap header is cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = view.getUint32(14, true)
  if (headerBytes < INFO_HEADER_BYTES || headerBytes > 124) throw new Error(`a bitmap header of ${headerBytes} bytes is not known`)
  const [width, signedHeight] = [view.getInt32(18, true), view.getInt32(22, true)]
  const [bits, compression, colors] = [view.getUint16(28, true), view.getUint32(30, true), view.getUint32(46, true)]
  const height = Math.abs(signedHeight)
  if (width < 1 || height < 1) throw new Error(`the bitmap has a size of ${width}×${height}`)
  const fields = compression === BI_BITFIELDS && (bits === 16 || bits === 32)
  if (!fields && (compression !== BI_RGB || ![1, 4, 8, 16, 24, 32].includes(bits))) {
    throw new Error(`a bitmap of ${bits} bits a pixel with compression ${compression} is not read`)
  }
  if (fields && bytes.length < 66) throw new Error('the bitmap header is cut off')
  const mask = (index: number) => view.getUint32(54 + 4 * index, true)
  const plain: [number, number, number] = bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff]
  return {
    width, height, bits, topDown: signedHeight < 0,
    alpha: fields && headerBytes >= 56 && bits === 32 && view.getUint32(66, true) !== 0,
    pixels: view.getUint32(10, true),
    stride: Math.ceil((width * bits) / 32) * 4,
    palette: bits <= 8 ? paletteOf(bytes, FILE_HEADER_BYTES + headerBytes, colors === 0 ? 2 ** bits : colors) : [],
    masks: fields ? [mask(0), mask(1), mask(2)] : plain,
  }
}

function paletteOf(bytes: Uint8Array, from: number, colors: number): [number, number, number][] {
  if (colors > 256 || from + 4 * colors > bytes.length) throw new Error('the palette of the bitmap is cut off')
  return Array.from({ length: colors }, (_, index) => {
    const at = from + 4 * index
    return [bytes[at + 2]!, bytes[at + 1]!, bytes[at]!]
  })
}

/** Size and depth from the first bytes of a file (70 are enough for what has no palette; give all of it otherwise). */
export function bmpHeader(bytes: Uint8Array): BmpHeader & { readonly grey: boolean } {
  const layout = layoutOf(bytes)
  return { ...layout, grey: isGrey(layout) }
}

const isGrey = (layout: Layout): boolean => layout.palette.length > 0 && layout.palette.every(([r, g, b]) => r === g && g === b)

/** A field of a pixel as 0..255. */
function fieldOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0
  const shift = 31 - Math.clz32(mask & -mask)
  const top = mask >>> shift
  if ((top & (top + 1)) !== 0) throw new Error('the colour masks of the bitmap have gaps')
  return (pixel) => Math.round((((pixel & mask) >>> shift) * 255) / top)
}

/** Throws a plain Error that says what is wrong; the caller knows the file. */
export function decodeBmp(bytes: Uint8Array): Bitmap {
  const layout = layoutOf(bytes)
  const { width, height, bits, stride, pixels, palette } = layout
  if (pixels < FILE_HEADER_BYTES + INFO_HEADER_BYTES || pixels + stride * height > bytes.length) throw new Error('the bitmap is cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const channels = isGrey(layout) ? 1 : 3
  const data = new Uint8Array(width * height * channels)
  const fields = layout.masks.map(fieldOf)
  for (let row = 0; row < height; row++) {
    const from = pixels + stride * (layout.topDown ? row : height - 1 - row)
    for (let column = 0; column < width; column++) {
      const to = (row * width + column) * channels
      if (bits <= 8) {
        const bit = column * bits
        const code = (bytes[from + (bit >> 3)]! >> (8 - bits - (bit & 7))) & (2 ** bits - 1)
        const color = palette[code]
        if (color === undefined) throw new Error(`a pixel of the bitmap has colour ${code}, the palette has ${palette.length}`)
        for (let channel = 0; channel < channels; channel++) data[to + channel] = color[channel]!
      } else if (bits === 24) {
        for (let channel = 0; channel < 3; channel++) data[to + channel] = bytes[from + 3 * column + 2 - channel]!
      } else {
        const pixel = bits === 16 ? view.getUint16(from + 2 * column, true) : view.getUint32(from + 4 * column, true)
        for (let channel = 0; channel < 3; channel++) data[to + channel] = fields[channel]!(pixel)
      }
    }
  }
  return { width, height, channels, data }
}
