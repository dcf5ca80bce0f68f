import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encode } from 'fast-bmp'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../main/core/fault.ts'
import { cropPicture, extendPicture, modCrop, readPicture, toLuma, writePng } from '../../../main/samples/picture.ts'
import { readPictureHeader } from '../../../main/samples/read-picture.ts'
import type { Picture } from '../../../main/samples/sample.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Interleaved pixels, every one different. */
const pixels = (width: number, height: number, channels: number) => Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + 11) % 256)

const plane = (picture: Picture, channel: number) => [...picture.data.subarray(channel * picture.width * picture.height, (channel + 1) * picture.width * picture.height)]

/** Planes of interleaved pixels. */
const planesOf = (data: ArrayLike<number>, channels: number, of: number) =>
  Array.from({ length: of }, (_, channel) => Array.from(data).filter((_, i) => i % channels === channel))

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Fault)
  return error as Fault
}

describe('readPicture', () => {
  const [width, height] = [5, 3]
  const rgb = pixels(width, height, 3)
  const raw = (channels: 1 | 2 | 3 | 4, data: Uint8Array | Uint16Array = pixels(width, height, channels)) => sharp(data, { raw: { width, height, channels } })

  it.each([['png'], ['tiff'], ['webp']] as const)('reads 8-bit colour of %s exactly', async (format) => {
    const path = at(`a.${format}`)
    await raw(3, rgb).toFormat(format, format === 'webp' ? { lossless: true } : { compression: 'lzw' }).toFile(path)
    const picture = await readPicture(path)
    expect([picture.width, picture.height, picture.color]).toEqual([width, height, 'rgb'])
    expect([0, 1, 2].map((channel) => plane(picture, channel))).toEqual(planesOf(rgb, 3, 3))
  })

  it('reads JPEG, whatever its extension is called', async () => {
    await sharp({ create: { width: 16, height: 8, channels: 3, background: { r: 200, g: 100, b: 50 } } }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toFile(at('flat.JPEG'))
    const picture = await readPicture(at('flat.JPEG'))
    // JPEG rounds its colour transform: within 2 levels.
    for (const [channel, level] of [200, 100, 50].entries()) for (const value of plane(picture, channel)) expect(Math.abs(value - level)).toBeLessThanOrEqual(2)
  })

  it.each(['png', 'tiff'] as const)('keeps 16 bits of %s: levels are value / 257', async (format) => {
    const values = Uint16Array.from({ length: width * height * 3 }, (_, i) => (i * 4099) % 65536)
    values.set([0, 65535, 257, 1])
    const path = at(`deep.${format}`)
    await sharp(values, { raw: { width, height, channels: 3 } }).toColourspace('rgb16').toFormat(format, format === 'tiff' ? { compression: 'lzw' } : {}).toFile(path)
    const picture = await readPicture(path)
    const expected = planesOf(Array.from(values), 3, 3).flat().map((value) => Math.fround(value / 257))
    expect([...picture.data]).toEqual(expected)
    expect(picture.data.map((level) => Math.round(level * 257))).toEqual(Float32Array.from(planesOf(Array.from(values), 3, 3).flat()))
  })

  it('reads grey as one plane, 8 and 16 bits', async () => {
    await raw(1).toColourspace('b-w').png().toFile(at('grey.png'))
    const picture = await readPicture(at('grey.png'))
    expect(picture.color).toBe('y')
    expect([...picture.data]).toEqual([...pixels(width, height, 1)])
    expect((await readPictureHeader(at('grey.png'))).grey).toBe(true)
    const deep = Uint16Array.from({ length: width * height }, (_, i) => i * 4000)
    await sharp(deep, { raw: { width, height, channels: 1 } }).toColourspace('grey16').png().toFile(at('grey16.png'))
    expect([...(await readPicture(at('grey16.png'))).data]).toEqual([...deep].map((value) => Math.fround(value / 257)))
  })

  it('leaves alpha out without blending', async () => {
    const rgba = pixels(width, height, 4)
    await raw(4, rgba).png().toFile(at('alpha.png'))
    const picture = await readPicture(at('alpha.png'))
    expect([0, 1, 2].map((channel) => plane(picture, channel))).toEqual(planesOf(rgba, 4, 3))
    expect(await readPictureHeader(at('alpha.png'))).toEqual({ width, height, grey: false, alpha: true, bits: 8, turned: false })
    await raw(2).toColourspace('b-w').png().toFile(at('grey-alpha.png'))
    expect((await readPicture(at('grey-alpha.png'))).color).toBe('y')
  })

  it('applies EXIF rotation, in the header too', async () => {
    await raw(3, rgb).withMetadata({ orientation: 6 }).png().toFile(at('turned.png'))
    const picture = await readPicture(at('turned.png'))
    const header = await readPictureHeader(at('turned.png'))
    expect([picture.width, picture.height, header.width, header.height]).toEqual([height, width, height, width])
    // A quarter turn clockwise: the first row is the first column from below.
    const red = planesOf(rgb, 3, 1)[0]!
    expect(plane(picture, 0).slice(0, 3)).toEqual([red[2 * width], red[width], red[0]])
  })

  it('does not apply a colour profile', async () => {
    await raw(3, rgb).withIccProfile('p3').png().toFile(at('p3.png'))
    const stored = await sharp(at('p3.png'), { ignoreIcc: true }).raw().toBuffer()
    expect((await sharp(at('p3.png')).metadata()).hasProfile).toBe(true)
    expect(plane(await readPicture(at('p3.png')), 0)).toEqual(planesOf(stored, 3, 1)[0])
  })

  it('reads a palette PNG as colour', async () => {
    await raw(3, rgb).png({ palette: true }).toFile(at('palette.png'))
    const picture = await readPicture(at('palette.png'))
    expect([picture.color, picture.data.length]).toEqual(['rgb', 45])
  })

  it.each([
    ['an empty file', 'empty.png', new Uint8Array(0), /empty/],
    ['text', 'text.png', new TextEncoder().encode('hello, this is text'), /unsupported image format/],
    ['SVG behind .png', 'svg.png', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'), /svg/],
  ])('refuses %s, naming file and reason', async (_, name, bytes, reason) => {
    await writeFile(at(name), bytes)
    for (const read of [readPicture, readPictureHeader]) {
      const fault = await faultOf(read(at(name)))
      expect(fault.code).toBe('samples.picture')
      expect(fault.where).toBe(at(name))
      expect(fault.what).toMatch(reason)
    }
  })

  it.each(['png', 'jpeg', 'webp', 'tiff'] as const)('refuses a truncated %s', async (format) => {
    const noisy = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) % 251)
    const bytes = await sharp(noisy, { raw: { width: 64, height: 64, channels: 3 } }).toFormat(format).toBuffer()
    await writeFile(at(`cut.${format}`), bytes.subarray(0, Math.floor(bytes.length / 2)))
    expect((await faultOf(readPicture(at(`cut.${format}`)))).code).toBe('samples.picture')
  })

  it('refuses more than 16384 pixels a side before decoding', async () => {
    await sharp({ create: { width: 16385, height: 1, channels: 3, background: 'red' } }).png().toFile(at('long.png'))
    expect((await faultOf(readPictureHeader(at('long.png')))).what).toMatch(/16385×1 pixels/)
    expect((await faultOf(readPicture(at('long.png')))).what).toMatch(/16385×1 pixels/)
  })

  it('names a missing file', async () => {
    expect((await faultOf(readPicture(at('nowhere.png')))).where).toBe(at('nowhere.png'))
  })
})

describe('BMP', () => {
  /** A bitmap by its parts, all little-endian. */
  function bmp(width: number, height: number, bits: number, rows: number[][], options: { palette?: number[]; masks?: number[] } = {}): Uint8Array {
    const { palette = [], masks = [] } = options
    const stride = Math.ceil((width * bits) / 32) * 4
    const from = 54 + 4 * masks.length + palette.length
    const bytes = new Uint8Array(from + stride * Math.abs(height))
    const view = new DataView(bytes.buffer)
    bytes.set([0x42, 0x4d])
    view.setUint32(2, bytes.length, true)
    view.setUint32(10, from, true)
    view.setUint32(14, 40, true)
    view.setInt32(18, width, true)
    view.setInt32(22, height, true)
    view.setUint16(26, 1, true)
    view.setUint16(28, bits, true)
    view.setUint32(30, masks.length > 0 ? 3 : 0, true)
    view.setUint32(46, palette.length / 4, true)
    masks.forEach((mask, index) => view.setUint32(54 + 4 * index, mask, true))
    bytes.set(palette, 54 + 4 * masks.length)
    rows.forEach((row, index) => bytes.set(row, from + stride * index))
    return bytes
  }

  const read = async (name: string, bytes: Uint8Array) => {
    await writeFile(at(name), bytes)
    const header = await readPictureHeader(at(name))
    const picture = await readPicture(at(name))
    expect([picture.width, picture.height, picture.color === 'y']).toEqual([header.width, header.height, header.grey])
    return picture
  }

  it('reads 24 bits as another library writes them', async () => {
    const rgb = pixels(3, 2, 3)
    const picture = await read('a.bmp', encode({ width: 3, height: 2, data: rgb, bitsPerPixel: 24, components: 3, channels: 3 }))
    expect([0, 1, 2].map((channel) => plane(picture, channel))).toEqual(planesOf(rgb, 3, 3))
  })

  it('reads 32 bits with alpha as another library writes them, alpha left out', async () => {
    const rgba = pixels(3, 2, 4)
    const picture = await read('b.bmp', encode({ width: 3, height: 2, data: rgba, bitsPerPixel: 32, components: 3, channels: 4 }))
    expect([0, 1, 2].map((channel) => plane(picture, channel))).toEqual(planesOf(rgba, 4, 3))
  })

  it('reads rows from the top when the height is negative', async () => {
    const picture = await read('c.bmp', bmp(1, -2, 24, [[1, 2, 3], [4, 5, 6]]))
    expect([...picture.data]).toEqual([3, 6, 2, 5, 1, 4])
  })

  it('reads palettes of 1, 4 and 8 bits: colours, and grey as one plane', async () => {
    const colors = [0, 0, 255, 0, 0, 255, 0, 0] // red, green as B G R 0
    const picture = await read('d.bmp', bmp(2, 1, 8, [[1, 0]], { palette: colors }))
    expect([...picture.data]).toEqual([0, 255, 255, 0, 0, 0])
    expect([...(await read('e.bmp', bmp(3, 1, 1, [[0b10100000]], { palette: colors }))).data.subarray(0, 3)]).toEqual([0, 255, 0])
    const greys = await read('f.bmp', bmp(3, 1, 4, [[0x10, 0x10]], { palette: [7, 7, 7, 0, 90, 90, 90, 0] }))
    expect([greys.color, ...greys.data]).toEqual(['y', 90, 7, 90])
  })

  it('reads 16 bits of 5-5-5 and of 5-6-5, and 32 bits without masks', async () => {
    expect([...(await read('g.bmp', bmp(1, 1, 16, [[0x1f, 0x7c]]))).data]).toEqual([255, 0, 255])
    expect([...(await read('h.bmp', bmp(1, 1, 16, [[0xe0, 0x07]], { masks: [0xf800, 0x7e0, 0x1f] }))).data]).toEqual([0, 255, 0])
    expect([...(await read('i.bmp', bmp(1, 1, 32, [[10, 20, 30, 0]]))).data]).toEqual([30, 20, 10])
  })

  it.each([
    ['a cut file', bmp(4, 4, 24, []).subarray(0, 80), /cut off/],
    ['a cut header', bmp(4, 4, 24, []).subarray(0, 30), /cut off/],
    ['no width', bmp(0, 4, 24, []), /size of 0×4/],
    ['too wide', (() => { const bytes = bmp(1, 1, 24, []); new DataView(bytes.buffer).setInt32(18, 2 ** 30, true); return bytes })(), /pixels, more than/],
    ['a colour beyond the palette', bmp(1, 1, 8, [[9]], { palette: [0, 0, 0, 0] }), /colour 9/],
    ['run lengths', (() => { const bytes = bmp(1, 1, 8, [[0]], { palette: [0, 0, 0, 0] }); new DataView(bytes.buffer).setUint32(30, 1, true); return bytes })(), /compression 1/],
  ])('refuses %s', async (_, bytes, reason) => {
    await writeFile(at('bad.bmp'), bytes)
    expect((await faultOf(readPicture(at('bad.bmp')))).what).toMatch(reason)
  })
})

describe('pictures', () => {
  it('has studio luma: white 235, black 16, red 81.481, green 144.553, blue 40.966', () => {
    const colors: Picture = { width: 5, height: 1, color: 'rgb', data: Float32Array.from([255, 0, 255, 0, 0, 255, 0, 0, 255, 0, 255, 0, 0, 0, 255]) }
    // float32: 4 decimals of values up to 255.
    for (const [i, level] of [235, 16, 81.481, 144.553, 40.966].entries()) expect(toLuma(colors).data[i]).toBeCloseTo(level, 4)
    expect(toLuma(toLuma(colors)).data).toEqual(toLuma(colors).data)
  })

  it('crops, mod-crops and extends', () => {
    const picture: Picture = { width: 4, height: 3, color: 'y', data: Float32Array.from({ length: 12 }, (_, i) => i) }
    expect([...cropPicture(picture, 1, 2, 2, 2).data]).toEqual([6, 7, 10, 11])
    const cut = modCrop(picture, 2)
    expect([cut.width, cut.height, ...cut.data]).toEqual([4, 2, 0, 1, 2, 3, 4, 5, 6, 7])
    const small = cropPicture(picture, 0, 0, 1, 2)
    expect([...extendPicture(small, 2, 3, 0, 0, 'edge').data]).toEqual([0, 1, 1, 0, 1, 1])
    expect([...extendPicture(small, 2, 4, 1, 1, 'black').data]).toEqual([0, 0, 0, 0, 0, 0, 1, 0])
    expect(() => cropPicture(picture, 2, 0, 2, 2)).toThrow(Fault)
  })

  it('writes 8-bit PNGs, rounded half to even and clipped, whole or not at all', async () => {
    const picture: Picture = { width: 2, height: 1, color: 'rgb', data: Float32Array.of(-3, 0.5, 1.5, 254.6, 300, 77) }
    await writePng(at('deep/out.png'), picture)
    expect([...(await readPicture(at('deep/out.png'))).data]).toEqual([0, 0, 2, 255, 255, 77])
    const grey: Picture = { width: 1, height: 2, color: 'y', data: Float32Array.of(9, 200) }
    await writePng(at('deep/grey.png'), grey)
    expect(await readPicture(at('deep/grey.png'))).toEqual(grey)
    expect((await readdir(at('deep'))).toSorted()).toEqual(['grey.png', 'out.png'])
    expect((await readFile(at('deep/out.png'))).subarray(1, 4).toString()).toBe('PNG')
  })
})
