import { open, readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import sharp from 'sharp'
import type { Metadata } from 'sharp'
import { Fault } from '../core/fault.ts'
import { datumBytes, isDatumPath } from './datum.ts'
import { bmpHeader, decodeBmp, isBmp } from './read-bmp.ts'
import type { Picture } from './sample.ts'

// libvips would keep decoded pictures for reuse; samples are read once, and memory must not grow with their number.
sharp.cache(false)

const EXTENSIONS: ReadonlySet<string> = new Set(['.png', '.jpg', '.jpeg', '.webp', '.bmp', '.tif', '.tiff'])

export const isPictureFile = (path: string): boolean => EXTENSIONS.has(extname(path).toLowerCase())

/** Pixels a side; larger pictures are refused before anything is decoded. */
export const MAX_SIDE = 16384

const MAX_FILE_BYTES = 2 ** 30

/** File header, largest info header, palette of 256 colours. */
const BMP_HEAD_BYTES = 14 + 124 + 4 * 256

/** What libvips may find behind a known extension. SVG, PDF and the like are refused whatever the file is called. */
const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'tiff'])

/** Pixels as the file holds them: an embedded colour profile is not applied, as in the tools that models are trained with. */
const OPTIONS = { failOn: 'warning', limitInputPixels: MAX_SIDE ** 2, ignoreIcc: true, autoOrient: true } as const

/** What the file of a picture says of itself, EXIF rotation applied. */
export interface PictureHeader {
  readonly width: number
  readonly height: number
  readonly grey: boolean
  /** There is an alpha channel; it is left out when the picture is read. */
  readonly alpha: boolean
  /** Of one value. */
  readonly bits: 8 | 16
  /** EXIF says that the stored pixels stand on their side or head; they are turned when the picture is read. */
  readonly turned: boolean
}

function unreadable(path: string, why: string, cause?: unknown): Fault {
  const next = 'Replace the file, or leave it out with `exclude`.'
  return new Fault({ code: 'samples.picture', where: path, what: `this is not a picture that can be read: ${why}`, next }, { cause })
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim()

function checkSize(path: string, width: number, height: number): void {
  if (width > MAX_SIDE || height > MAX_SIDE) throw unreadable(path, `it has ${width}×${height} pixels, more than ${MAX_SIDE} a side`)
}

function headerOf(metadata: Metadata, path: string): PictureHeader {
  if (!FORMATS.has(metadata.format)) throw unreadable(path, `it holds ${metadata.format}, not PNG, JPEG, WebP, BMP or TIFF`)
  if (metadata.depth !== 'uchar' && metadata.depth !== 'ushort') throw unreadable(path, `its samples are ${metadata.depth}, not 8 or 16 unsigned bits`)
  if ((metadata.pages ?? 1) > 1) throw unreadable(path, `it holds ${metadata.pages} pages or frames`)
  checkSize(path, metadata.width, metadata.height)
  const { width, height } = metadata.autoOrient
  const grey = metadata.channels - (metadata.hasAlpha ? 1 : 0) === 1
  return { width, height, grey, alpha: metadata.hasAlpha, bits: metadata.depth === 'ushort' ? 16 : 8, turned: (metadata.orientation ?? 1) > 1 }
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BMP_HEAD_BYTES), 0, BMP_HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Reads a picture's header only. Throws a `samples.picture` Fault that names the file and the reason. */
export async function readPictureHeader(path: string): Promise<PictureHeader> {
  try {
    const datum = isDatumPath(path) ? await datumBytes(path) : undefined
    const head = datum ?? (await firstBytes(path))
    if (head.length === 0) throw unreadable(path, 'the file is empty')
    if (isBmp(head)) {
      const { width, height, grey, alpha } = bmpHeader(head)
      checkSize(path, width, height)
      return { width, height, grey, alpha, bits: 8, turned: false }
    }
    return headerOf(await sharp(datum ?? path, OPTIONS).metadata(), path)
  } catch (error) {
    throw error instanceof Fault ? error : unreadable(path, reasonOf(error), error)
  }
}

/** Interleaved pixels to planes of levels: 16-bit values are divided by 257, so that 65535 is 255 and nothing is lost. */
function planar(pixels: Uint8Array | Uint16Array, width: number, height: number, channels: 1 | 3): Picture {
  const size = width * height
  const unit = pixels instanceof Uint16Array ? 257 : 1
  const data = new Float32Array(channels * size)
  for (let channel = 0; channel < channels; channel++) {
    const to = channel * size
    for (let i = 0; i < size; i++) data[to + i] = pixels[i * channels + channel]! / unit
  }
  return { width, height, color: channels === 3 ? 'rgb' : 'y', data }
}

/** `side`: at most so many pixels wide and high, never enlarged. */
async function decodeBySharp(bytes: Uint8Array, path: string, side?: number): Promise<Picture> {
  const image = sharp(bytes, OPTIONS)
  const metadata = await image.metadata()
  const { grey, alpha } = headerOf(metadata, path)
  const wide = metadata.depth === 'ushort'
  const whole = alpha ? image.removeAlpha() : image
  const plain = side === undefined ? whole : whole.resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
  const space = grey ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb'
  const { data, info } = await plain.toColourspace(space).raw({ depth: wide ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true })
  if (info.channels !== (grey ? 1 : 3)) throw unreadable(path, `it has ${info.channels} channels`)
  const pixels = wide ? new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)) : data
  return planar(pixels, info.width, info.height, info.channels)
}

/**
 * A picture from a file's bytes; `path` is for messages. With `side` it may come at most so many pixels wide and high, made
 * smaller while it is decoded, which is only for looking at. Throws a `samples.picture` Fault.
 */
export async function decodePicture(bytes: Uint8Array, path: string, side?: number): Promise<Picture> {
  try {
    if (bytes.length === 0) throw unreadable(path, 'the file is empty')
    if (!isBmp(bytes)) return await decodeBySharp(bytes, path, side)
    const { width, height } = bmpHeader(bytes)
    checkSize(path, width, height)
    const bitmap = decodeBmp(bytes)
    return planar(bitmap.data, width, height, bitmap.channels)
  } catch (error) {
    throw error instanceof Fault ? error : unreadable(path, reasonOf(error), error)
  }
}

/** A file's bytes (or those of an entry of a Caffe database), at most 1 GB. Throws a `samples.picture` Fault. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    if (isDatumPath(path)) return await datumBytes(path)
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES) throw unreadable(path, `it has ${Math.round(size / 2 ** 20)} MB, more than ${MAX_FILE_BYTES / 2 ** 20}`)
    return await readFile(path)
  } catch (error) {
    throw error instanceof Fault ? error : unreadable(path, reasonOf(error), error)
  }
}

/**
 * A picture from a PNG, JPEG, WebP, TIFF (8 or 16 bits a channel) or BMP file, as levels 0..255. EXIF rotation is applied, a
 * grey file gives one plane, alpha is left out (not blended: training tools read colour alone), colour profiles are ignored.
 * Throws a `samples.picture` Fault for what cannot be read.
 */
export async function readPicture(path: string): Promise<Picture> {
  return decodePicture(await readBytes(path), path)
}
