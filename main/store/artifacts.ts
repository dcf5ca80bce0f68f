import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { asWriteFault, ensureFolder } from '../core/files.ts'
import type { Artifact } from '../core/run.ts'
import { isGone } from './process-mark.ts'

/** Where content lies until it is whole; names begin with the number of the process that writes. */
export const incomingFolder = (folder: string): string => join(folder, 'artifacts', '.incoming')

/** Bytes, or a file to copy from. */
export type ArtifactContent = Uint8Array | { readonly path: string }

export interface ArtifactFacts {
  /** `quantized-model`, `statistics`, `picture`, `recipe` … */
  readonly role: string
  /** Only its extension is kept, so that other programs know the file: `side-by-side.png`. */
  readonly name?: string
}

/**
 * Keeps content under its SHA-256, `artifacts/ab/abcdef….png`: whole or not at all, and on the disk before this returns.
 * Content that is already there is not written again. Throws `workspace.*` when the disk refuses.
 */
export async function putArtifact(folder: string, content: ArtifactContent, facts: ArtifactFacts): Promise<Artifact> {
  const incoming = incomingFolder(folder)
  const temporary = join(incoming, `${process.pid}-${randomBytes(6).toString('hex')}`)
  try {
    ensureFolder(incoming)
    try {
      return await keep(folder, content, facts, temporary)
    } finally {
      await rm(temporary, { force: true })
    }
  } catch (error) {
    throw asWriteFault(error, content instanceof Uint8Array ? incoming : content.path)
  }
}

async function keep(folder: string, content: ArtifactContent, { role, name }: ArtifactFacts, temporary: string): Promise<Artifact> {
  const { sha256, bytes } = await writeHashed(content, temporary)
  const path = artifactPath(folder, sha256, name)
  if (!(await isWhole(path, bytes))) {
    ensureFolder(dirname(path))
    await rename(temporary, path)
    await syncFolders(dirname(path), join(folder, 'artifacts'))
  }
  return { role, path, sha256, bytes }
}

const artifactPath = (folder: string, sha256: string, name = ''): string =>
  join(folder, 'artifacts', sha256.slice(0, 2), `${sha256}${extname(name).toLowerCase()}`)

async function writeHashed(content: ArtifactContent, path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  const measured = async function* (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk)
      bytes += chunk.byteLength
      yield chunk
    }
  }
  const chunks = content instanceof Uint8Array ? [content] : createReadStream(content.path)
  await pipeline(chunks, measured, createWriteStream(path, { flags: 'wx', mode: 0o644, flush: true }))
  return { sha256: hash.digest('hex'), bytes }
}

async function isWhole(path: string, bytes: number): Promise<boolean> {
  return existsSync(path) && (await stat(path)).size === bytes
}

/** A rename is durable once the folders that changed are synced; Windows has no such call and needs none. */
export async function syncFolders(...folders: string[]): Promise<void> {
  if (process.platform === 'win32') return
  for (const folder of folders) {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

/** Removes what writers that are gone left half-written. Gives the number of files. */
export async function sweepIncoming(folder: string): Promise<number> {
  const incoming = incomingFolder(folder)
  if (!existsSync(incoming)) return 0
  const left = (await readdir(incoming)).filter((name) => isGone(Number(/^\d+/.exec(name)?.[0] ?? 0), null))
  for (const name of left) await rm(join(incoming, name), { force: true })
  return left.length
}
