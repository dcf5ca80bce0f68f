import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { lstat, open, realpath } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault } from '../core/fault.ts'
import type { TensorProto } from './onnx_pb.ts'
import { rawByteLength } from './storage.ts'
import { elementCount } from './tensor.ts'
import { dimsOf, elementTypeOf, EXTERNAL } from './tensor-proto.ts'
import type { PlacedTensor } from './walk.ts'

/** Where in which file the values of a tensor lie. */
export interface ExternalRange extends PlacedTensor {
  /** Relative to the model's folder, parts joined by `/`, no `.` or `..`. */
  readonly location: string
  readonly offset: number
  readonly length: number
  /** SHA-1 of the whole file, where the model states it. */
  readonly checksum?: string
}

const KEYS = new Set(['location', 'offset', 'length', 'checksum', 'basepath'])
const NEXT = 'Weights may only lie in plain files inside the folder of the model: export the model again, or copy them there.'

const refuse = (what: string, where: string, next = NEXT): Fault => new Fault({ code: 'model.external-data', what, where, next })

/**
 * The ranges of all tensors whose values lie outside, checked as far as the model alone goes: keys, location, whole numbers, and a
 * length that is the type's size times dims. Throws `model.external-data`, and `model.refused` for an in-memory address.
 */
export function externalRanges(tensors: Iterable<PlacedTensor>, where: string): ExternalRange[] {
  const ranges: ExternalRange[] = []
  for (const { proto, place } of tensors) if (proto.dataLocation === EXTERNAL) ranges.push(rangeOf(proto, place, where))
  checkOverlaps(ranges, where)
  return ranges
}

function rangeOf(proto: TensorProto, place: string, file: string): ExternalRange {
  const where = `${file}: ${place}`
  const entries = new Map(proto.externalData.map((entry) => [entry.key, entry.value]))
  const strange = [...entries.keys()].find((key) => !KEYS.has(key))
  if (strange !== undefined) throw refuse(`its external data has an unknown key '${strange}'`, where)
  if (entries.size !== proto.externalData.length) throw refuse('its external data gives a key twice', where)
  if (proto.rawData.length > 0) throw refuse('it has values both inside the model and outside', where)
  const type = elementTypeOf(proto.dataType, where)
  const needed = rawByteLength(type, elementCount(dimsOf(proto, where)))
  if (needed === null) throw refuse(`a ${type} tensor cannot lie outside the model`, where)
  const length = wholeNumber(entries.get('length'), needed, 'length', where)
  if (length !== needed) throw refuse(`its external data has ${length} bytes, its type and dims need ${needed}`, where)
  // `basepath` is where the writer kept its files; readers go by the model's own folder.
  return {
    proto, place, length,
    location: locationOf(entries.get('location'), where),
    offset: wholeNumber(entries.get('offset'), 0, 'offset', where),
    ...(entries.has('checksum') ? { checksum: entries.get('checksum')!.toLowerCase() } : {}),
  }
}

function wholeNumber(text: string | undefined, fallback: number, key: string, where: string): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) {
    throw refuse(`the ${key} '${text}' of its external data is not a whole number from 0`, where)
  }
  return value
}

function locationOf(location: string | undefined, where: string): string {
  if (location === undefined || location === '') throw refuse('its external data names no file', where)
  if (location.includes('_ORT_MEM_ADDR_')) {
    throw new Fault({
      code: 'model.refused', what: 'its values are an address in memory', where,
      next: 'Such a model cannot come from a file: export it again.',
    })
  }
  const say = (why: string): Fault => refuse(`its external data lies in '${location}', ${why}`, where)
  if (location.startsWith('/') || /^[A-Za-z]:/.test(location)) throw say('an absolute path')
  if (location.includes('\\')) throw say('a path with a backslash')
  if (location.includes('\0')) throw say('a path with a NUL character')
  const parts = location.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw say('a path that leaves the folder of the model')
  if (parts.length === 0) throw say('which is no file')
  if (parts.some((part) => part.startsWith('.'))) throw say('a hidden file')
  return parts.join('/')
}

/** Two tensors may share a range (tied weights), but one that cuts into another is a damaged or hostile file. */
function checkOverlaps(ranges: readonly ExternalRange[], where: string): void {
  const filled = ranges.filter((range) => range.length > 0)
  const byPlace = (a: ExternalRange, b: ExternalRange): number =>
    a.location === b.location ? a.offset - b.offset || a.length - b.length : a.location < b.location ? -1 : 1
  const sorted = filled.toSorted(byPlace)
  for (const [index, range] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before === undefined || before.location !== range.location) continue
    const identical = before.offset === range.offset && before.length === range.length
    if (!identical && range.offset < before.offset + before.length) {
      throw refuse(`its external data overlaps that of ${before.place} in '${range.location}'`, `${where}: ${range.place}`)
    }
  }
}

/**
 * Opens a file of external data: every part of the way inside the folder is a real folder, the file a regular one with a single
 * name (a hard link would show a file from elsewhere), and what was opened is what was looked at.
 */
async function openExternal(modelPath: string, location: string, where: string): Promise<{ file: FileHandle; stats: Stats }> {
  const say = (why: string): Fault => refuse(`its external data file '${location}' ${why}`, where)
  let path = await realpath(dirname(modelPath))
  const parts = location.split('/')
  let seen: Stats | undefined
  for (const [index, part] of parts.entries()) {
    path = join(path, part)
    seen = await lstat(path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' || error.code === 'ENOTDIR' ? say('does not exist') : error
    })
    if (seen.isSymbolicLink()) throw say(index === parts.length - 1 ? 'is a symbolic link' : 'lies behind a symbolic link')
    if (index < parts.length - 1 && !seen.isDirectory()) throw say('does not exist')
  }
  if (seen === undefined || !seen.isFile()) throw say('is not a regular file')
  // Not every platform has these flags; there they are 0 and the comparison below still holds.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? say('is a symbolic link') : error.code === 'EACCES' ? say('may not be read') : error
  })
  try {
    const stats = await file.stat()
    if (stats.ino !== seen.ino || stats.dev !== seen.dev || !stats.isFile()) throw say('was replaced while it was being read')
    if (stats.nlink !== 1) throw say('is a hard link: the same file also has a name elsewhere')
    return { file, stats }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** The bytes of each range, in their order; tensors that share a range share the bytes. Together at most `limit` bytes. */
export async function readRanges(modelPath: string, ranges: readonly ExternalRange[], limit: number): Promise<Uint8Array[]> {
  const total = ranges.reduce((sum, range) => sum + range.length, 0)
  if (total > limit) throw new Fault({
    code: 'model.limit', what: `the model is refused: its weights have ${total} bytes, more than ${limit}`, where: modelPath,
  })
  const bytes = new Map<ExternalRange, Uint8Array>()
  for (const [location, inFile] of Map.groupBy(ranges, (range) => range.location)) {
    const { file, stats } = await openExternal(modelPath, location, `${modelPath}: ${inFile[0]!.place}`)
    try {
      const shared = new Map<string, Uint8Array>()
      for (const range of inFile) {
        const key = `${range.offset}+${range.length}`
        const found = shared.get(key) ?? (await readRange(file, stats, range, modelPath))
        shared.set(key, found)
        bytes.set(range, found)
      }
      await checkSum(file, inFile, modelPath)
    } finally {
      await file.close()
    }
  }
  return ranges.map((range) => bytes.get(range)!)
}

async function readRange(file: FileHandle, stats: Stats, range: ExternalRange, modelPath: string): Promise<Uint8Array> {
  const where = `${modelPath}: ${range.place}`
  if (range.offset + range.length > stats.size) {
    throw refuse(
      `its external data ends at byte ${range.offset + range.length}, but '${range.location}' has only ${stats.size}`, where,
      'The file is too short: copy or export the model again, with all its files.',
    )
  }
  const bytes = new Uint8Array(range.length)
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(bytes.length - done, 2 ** 30), range.offset + done)
    if (bytesRead === 0) throw refuse(`'${range.location}' became shorter while it was being read`, where)
    done += bytesRead
  }
  return bytes
}

async function checkSum(file: FileHandle, ranges: readonly ExternalRange[], modelPath: string): Promise<void> {
  const stated = ranges.find((range) => range.checksum !== undefined)
  if (stated === undefined) return
  const hash = createHash('sha1')
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) hash.update(chunk as Uint8Array)
  const found = hash.digest('hex')
  for (const range of ranges) {
    if (range.checksum !== undefined && range.checksum !== found) {
      throw refuse(`'${range.location}' is not the file that the model was written with (its checksum differs)`, `${modelPath}: ${range.place}`)
    }
  }
}
