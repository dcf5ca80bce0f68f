import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { join, sep } from 'node:path'
import { Fault } from '../core/fault.ts'
import { openLmdb } from './lmdb.ts'

/** Pictures of Caffe's training databases: an LMDB folder of Datum messages. Each has a path as if data.mdb were a folder. */
const DATA = 'data.mdb'
const MARK = `${sep}${DATA}${sep}`

/** Fields of Datum, as in Caffe's caffe.proto. */
const FIELD = { channels: 1, height: 2, width: 3, data: 4, floats: 6, encoded: 7 } as const

export const datumPath = (folder: string, key: string): string => join(folder, DATA, key)
export const isDatumPath = (path: string): boolean => path.includes(MARK)

/** The keys of a folder's database, in order; undefined where it has none. Throws `samples.lmdb`. */
export async function datumKeys(folder: string): Promise<string[] | undefined> {
  const path = join(folder, DATA)
  const lmdb = await openLmdb(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (lmdb === undefined) return undefined
  try {
    const keys: string[] = []
    for await (const key of lmdb.keys()) keys.push(keyText(key, path))
    return keys
  } finally {
    await lmdb.close()
  }
}

/** Keys become names of samples, so they must be texts. */
function keyText(key: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(key)
  } catch (error) {
    throw new Fault({ code: 'samples.lmdb', where: path, what: 'a key of the database is no text', next: 'Give a database as Caffe\'s convert_imageset writes it.' }, { cause: error })
  }
}

/** The picture of a Datum as the bytes of a picture file: what it holds encoded, or its pixels as a bitmap. Throws `samples.lmdb`, `samples.picture`. */
export async function datumBytes(path: string): Promise<Uint8Array> {
  const at = path.indexOf(MARK)
  const lmdb = await openLmdb(path.slice(0, at + MARK.length - 1))
  try {
    const value = await lmdb.get(Buffer.from(path.slice(at + MARK.length).replaceAll(sep, '/')))
    if (value === undefined) throw new Fault({ code: 'samples.lmdb', where: path, what: 'the database has no such key', next: 'Look the samples up again.' })
    return pictureOf(value, path)
  } finally {
    await lmdb.close()
  }
}

function pictureOf(bytes: Uint8Array, where: string): Uint8Array {
  const refuse = (what: string, cause?: unknown): never => {
    throw new Fault({ code: 'samples.picture', where, what: `this is not a picture that can be read: ${what}`, next: 'Make the database anew, or leave the picture out with `exclude`.' }, { cause })
  }
  const sizes = [1, 0, 0]
  let data: Uint8Array | undefined
  let isEncoded = false
  try {
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag()
      if (field <= FIELD.width && wire === WireType.Varint) sizes[field - 1] = reader.int32()
      else if (field === FIELD.data && wire === WireType.LengthDelimited) data = reader.bytes()
      else if (field === FIELD.encoded && wire === WireType.Varint) isEncoded = reader.bool()
      else if (field === FIELD.floats) refuse('it holds floats, not a picture')
      else reader.skip(wire, field)
    }
  } catch (error) {
    if (error instanceof Fault) throw error
    refuse('it is no Datum of Caffe', error)
  }
  if (data === undefined || data.length === 0) return refuse('it holds no data')
  if (isEncoded) return new Uint8Array(data)
  const [channels, height, width] = sizes as [number, number, number]
  if ((channels !== 1 && channels !== 3) || height < 1 || width < 1 || data.length !== channels * height * width) refuse(`${channels} channels of ${height}×${width} do not make ${data.length} bytes`)
  return bitmap(data, channels as 1 | 3, height, width)
}

const [FILE_HEADER, INFO_HEADER] = [14, 40]

/** Planes (blue, green, red as OpenCV has them; or grey) as a bitmap file: rows from the bottom up, each of whole words. */
function bitmap(planes: Uint8Array, channels: 1 | 3, height: number, width: number): Uint8Array {
  const rowBytes = Math.ceil((width * channels) / 4) * 4
  const palette = channels === 1 ? 1024 : 0
  const from = FILE_HEADER + INFO_HEADER + palette
  const file = Buffer.alloc(from + rowBytes * height)
  file.write('BM', 0, 'latin1')
  file.writeUInt32LE(file.length, 2)
  file.writeUInt32LE(from, 10)
  file.writeUInt32LE(INFO_HEADER, FILE_HEADER)
  file.writeInt32LE(width, FILE_HEADER + 4)
  file.writeInt32LE(height, FILE_HEADER + 8)
  file.writeUInt16LE(1, FILE_HEADER + 12)
  file.writeUInt16LE(channels * 8, FILE_HEADER + 14)
  for (let level = 0; level < palette / 4; level++) file.fill(level, FILE_HEADER + INFO_HEADER + 4 * level, FILE_HEADER + INFO_HEADER + 4 * level + 3)
  for (let y = 0; y < height; y++) {
    const row = from + rowBytes * (height - 1 - y)
    for (let x = 0; x < width; x++) for (let channel = 0; channel < channels; channel++) file[row + x * channels + channel] = planes[(channel * height + y) * width + x]!
  }
  return file
}
