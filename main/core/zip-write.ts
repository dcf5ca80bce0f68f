import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Zip, ZipDeflate, ZipPassThrough } from 'fflate'
import { Fault } from './fault.ts'
import { asWriteFault, ensureFolder } from './files.ts'

/** What the plain zip format can count: 4 GiB less the directory, and 16 bits of entries. */
export const ZIP_LIMITS = { bytes: 2 ** 32 - 2 ** 24, entries: 65_535 } as const

/** MS-DOS time has no zone: the parts of this local time are what is written, on every machine the same. */
const FIXED_TIME = new Date(1980, 0, 1, 0, 0, 0)

export interface ZipWriter {
  /** Adds a file: a text, compressed; or the content of a file, as it is and in pieces. Gives what was written. */
  add(name: string, content: string | { readonly path: string }): Promise<{ sha256: string; bytes: number }>
}

/**
 * Writes a zip whole or not at all: under a temporary name in the same folder, synced, renamed. One piece of it is in memory at a
 * time. Gives its size. Throws `input.too-large` beyond what a zip can hold, `workspace.*` when the disk refuses.
 */
export async function writeZip(path: string, fill: (zip: ZipWriter) => Promise<void>): Promise<number> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  ensureFolder(dirname(path))
  try {
    const file = await open(temporary, 'wx', 0o644)
    let bytes
    try {
      bytes = await writeAll(file, path, fill)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    return bytes
  } catch (error) {
    await rm(temporary, { force: true })
    throw asWriteFault(error, path)
  }
}

async function writeAll(file: FileHandle, path: string, fill: (zip: ZipWriter) => Promise<void>): Promise<number> {
  let waiting: Uint8Array[] = []
  let failure: Error | null = null
  let [written, entries] = [0, 0]
  const zip = new Zip((error, piece) => {
    failure ??= error
    waiting.push(piece)
  })
  const flush = async (): Promise<void> => {
    if (failure) throw failure
    const pieces = waiting
    waiting = []
    for (const piece of pieces) {
      await file.writeFile(piece)
      written += piece.byteLength
    }
    if (written > ZIP_LIMITS.bytes || entries > ZIP_LIMITS.entries) throw tooLarge(path)
  }
  await fill({
    async add(name, content) {
      const entry = typeof content === 'string' ? new ZipDeflate(name, { level: 6 }) : new ZipPassThrough(name)
      entry.mtime = FIXED_TIME
      zip.add(entry)
      entries += 1
      const hash = createHash('sha256')
      let bytes = 0
      for await (const piece of piecesOf(content)) {
        hash.update(piece)
        bytes += piece.byteLength
        entry.push(piece)
        await flush()
      }
      entry.push(new Uint8Array(0), true)
      await flush()
      return { sha256: hash.digest('hex'), bytes }
    },
  })
  zip.end()
  await flush()
  return written
}

const piecesOf = (content: string | { readonly path: string }): Iterable<Uint8Array> | AsyncIterable<Uint8Array> =>
  typeof content === 'string' ? [new TextEncoder().encode(content)] : createReadStream(content.path, { highWaterMark: 1 << 20 })

export const tooLarge = (where: string): Fault =>
  new Fault({ code: 'input.too-large', where, what: 'this is more than one zip file can hold (4 GB, 65,535 files)', next: 'Take fewer runs, or leave the artifacts out.' })
