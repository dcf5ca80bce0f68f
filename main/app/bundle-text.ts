import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { sha256 } from '../core/hash.ts'
import { openZip } from '../core/zip-read.ts'

export interface BundledFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

const LONGEST_TEXT = 256 << 10

/** A text of a bundle's folder or zip as it was written; null where it is no longer there, was changed since, or is no text or a long one. */
export async function bundleText(out: string, file: BundledFile): Promise<string | null> {
  if (file.bytes > LONGEST_TEXT) return null
  const bytes = await bytesOf(out, file).catch((error: unknown) => {
    if (error instanceof Fault || (error as NodeJS.ErrnoException).code !== undefined) return null // moved, cut or replaced since
    throw error
  })
  if (bytes === null || sha256(bytes) !== file.sha256) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

async function bytesOf(out: string, { path }: BundledFile): Promise<Uint8Array | null> {
  if ((await stat(out)).isDirectory()) return readFile(join(out, path))
  const refuse = (what: string): never => { throw new Fault({ code: 'input.bundle', where: out, what }) }
  const zip = await openZip(out, refuse)
  try {
    const entry = zip.entries.get(path)
    if (entry === undefined || entry.bytes > LONGEST_TEXT) return null
    const pieces: Uint8Array[] = []
    await zip.content(entry, refuse, async (content) => { for await (const piece of content) pieces.push(piece) })
    return Buffer.concat(pieces)
  } finally {
    await zip.close()
  }
}
