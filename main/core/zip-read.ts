import { open, type FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'
import { Fault } from './fault.ts'
import { asWriteFault } from './files.ts'

export interface ZipEntry {
  readonly name: string
  /** Of the content, as the directory says; `content` holds it to that. */
  readonly bytes: number
  readonly packedBytes: number
  readonly method: 'stored' | 'deflated'
  /** Where its local header begins. */
  readonly at: number
  /** File type and permissions where a Unix wrote it (0o120000 of a link), else 0. */
  readonly unixMode: number
}

export interface ZipReader {
  readonly entries: ReadonlyMap<string, ZipEntry>
  /** The content in pieces. It is refused where it is longer or shorter than the directory says. */
  content(entry: ZipEntry, refuse: Refuse, take: (pieces: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** Throws what says that the file is not a whole zip. */
export type Refuse = (what: string, cause?: unknown) => never

const END = { signature: 0x06054b50, bytes: 22, comment: 65_535 } as const
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const
const MOST_DIRECTORY_BYTES = 64 << 20
const METHODS: Readonly<Record<number, ZipEntry['method']>> = { 0: 'stored', 8: 'deflated' }

/** Opens a zip by its directory, reading nothing else. Plain zips only: not encrypted, not split, below 4 GiB. Throws `input.missing-file`. */
export async function openZip(path: string, refuse: Refuse): Promise<ZipReader> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Fault({ code: 'input.missing-file', where: path, what: 'there is no such file', next: 'Check the path.' }, { cause: error })
    throw asWriteFault(error, path)
  })
  try {
    const { size } = await file.stat()
    const entries = entriesOf(await directory(file, size, refuse), refuse)
    return { entries, content: (entry, refuseContent, take) => content(file, size, entry, take, refuseContent), close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function read(file: FileHandle, at: number, bytes: number, refuse: Refuse): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  const { bytesRead } = await file.read(buffer, 0, bytes, at)
  return bytesRead === bytes ? buffer : refuse('it is cut short')
}

/** The central directory, found from the end of the file. */
async function directory(file: FileHandle, size: number, refuse: Refuse): Promise<{ bytes: Buffer; count: number }> {
  if (size < END.bytes) refuse('it is no zip')
  const tail = await read(file, Math.max(0, size - END.bytes - END.comment), Math.min(size, END.bytes + END.comment), refuse)
  let at = tail.length - END.bytes
  while (at >= 0 && !(tail.readUInt32LE(at) === END.signature && at + END.bytes + tail.readUInt16LE(at + 20) === tail.length)) at -= 1
  if (at < 0) refuse('it is no zip, or it is cut short')
  const [count, bytes, offset] = [tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)]
  if (offset + bytes > size || bytes > MOST_DIRECTORY_BYTES) refuse('its directory does not fit')
  return { bytes: await read(file, offset, bytes, refuse), count }
}

function entriesOf({ bytes, count }: { bytes: Buffer; count: number }, refuse: Refuse): Map<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>()
  let at = 0
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL.bytes > bytes.length || bytes.readUInt32LE(at) !== CENTRAL.signature) refuse('its directory is damaged')
    const [nameBytes, extraBytes, commentBytes] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)]
    const method = METHODS[bytes.readUInt16LE(at + 10)]
    const name = bytes.toString('utf8', at + CENTRAL.bytes, at + CENTRAL.bytes + nameBytes)
    if (method === undefined || (bytes.readUInt16LE(at + 8) & 1) !== 0) refuse(`«${name}» is encrypted or packed in a way that is not read here`)
    if (entries.has(name)) refuse(`«${name}» stands in it twice`)
    entries.set(name, { name, method: method ?? 'stored', packedBytes: bytes.readUInt32LE(at + 20), bytes: bytes.readUInt32LE(at + 24), at: bytes.readUInt32LE(at + 42), unixMode: bytes.readUInt32LE(at + 38) >>> 16 })
    at += CENTRAL.bytes + nameBytes + extraBytes + commentBytes
  }
  return entries
}

async function content(file: FileHandle, size: number, entry: ZipEntry, take: (pieces: AsyncIterable<Uint8Array>) => Promise<void>, refuse: Refuse): Promise<void> {
  const header = await read(file, entry.at, LOCAL.bytes, refuse)
  const start = entry.at + LOCAL.bytes + header.readUInt16LE(26) + header.readUInt16LE(28)
  if (header.readUInt32LE(0) !== LOCAL.signature || start + entry.packedBytes > size) refuse(`«${entry.name}» is damaged`)
  const measured = async function* (pieces: AsyncIterable<Uint8Array>) {
    let bytes = 0
    for await (const piece of pieces) {
      bytes += piece.byteLength
      if (bytes > entry.bytes) refuse(`«${entry.name}» is longer than it should be`)
      yield piece
    }
    if (bytes !== entry.bytes) refuse(`«${entry.name}» is shorter than it should be`)
  }
  const packed = pieces(file, start, entry.packedBytes, refuse)
  if (entry.method === 'stored') return take(measured(packed))
  try {
    await pipeline(packed, createInflateRaw(), (unpacked) => take(measured(unpacked as AsyncIterable<Uint8Array>)))
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE') refuse(`«${entry.name}» is damaged`, error)
    throw error
  }
}

const PIECE_BYTES = 1 << 20

async function* pieces(file: FileHandle, start: number, bytes: number, refuse: Refuse): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < bytes; done += PIECE_BYTES) yield await read(file, start + done, Math.min(PIECE_BYTES, bytes - done), refuse)
}
