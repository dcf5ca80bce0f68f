import { randomBytes } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Fault } from './fault.ts'

const DISK_FAULTS: Record<string, { what: string; next: string }> = {
  ENOSPC: { what: 'the disk is full', next: 'Free some space and run the command again; nothing was half-written.' },
  EDQUOT: { what: 'the disk quota is used up', next: 'Free some space and run the command again; nothing was half-written.' },
  EFBIG: { what: 'the file would be larger than the file system or a limit (ulimit -f) allows', next: 'Choose another folder, or raise the limit; nothing was half-written.' },
  EROFS: { what: 'the file system is read-only', next: 'Choose a folder that can be written.' },
  EACCES: { what: 'writing is not permitted', next: 'Choose a folder that can be written, or change its permissions.' },
  EPERM: { what: 'writing is not permitted', next: 'Choose a folder that can be written, or change its permissions.' },
  ENOTDIR: { what: 'a file stands where a folder is needed', next: 'Choose another path.' },
  EISDIR: { what: 'a folder stands where a file is to be written', next: 'Choose another path.' },
  ENOENT: { what: 'the folder does not exist', next: 'Create it first, or choose another path.' },
  ENAMETOOLONG: { what: 'the path is too long for the file system', next: 'Choose a shorter path.' },
  ELOOP: { what: 'links on the path lead in a circle', next: 'Choose another path.' },
  EMFILE: { what: 'too many files are open', next: 'Close other programs or raise the limit (ulimit -n).' },
  EIO: { what: 'the disk reported an input/output error', next: 'Check the disk; nothing was half-written.' },
}

/** A failed write as a clear fault; what is no file system error is passed through. */
export function asWriteFault(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const known = code === undefined ? undefined : DISK_FAULTS[code]
  return known ? new Fault({ code: `workspace.${code!.toLowerCase()}`, where: path, ...known }, { cause: error }) : error
}

/**
 * Makes a folder and those that are missing above it, one at a time: Node's own way of doing so never returns on file systems
 * that answer "no such folder" below one that is there (`/proc`). Throws a `workspace.*` Fault that names the folder at fault.
 */
export function ensureFolder(path: string): void {
  const missing: string[] = []
  for (let folder = resolve(path); !isFolder(folder); folder = dirname(folder)) {
    missing.push(folder)
    if (dirname(folder) === folder) break
  }
  for (const folder of missing.toReversed()) makeFolder(folder)
}

function isFolder(path: string): boolean {
  let found
  try {
    found = statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw asWriteFault(error, path)
  }
  if (found && !found.isDirectory()) throw notAFolder(path)
  return found !== undefined
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Fault({ code: 'workspace.enoent', where: path, what: 'no folder can be made here', next: 'Choose another path.' }, { cause: error })
    if (code !== 'EEXIST') throw asWriteFault(error, path)
    // Another process was quicker; or a link to nothing stands there.
    if (!isFolder(path)) throw notAFolder(path, error)
  }
}

const notAFolder = (path: string, cause?: unknown): unknown => asWriteFault(Object.assign(new Error('not a folder', { cause }), { code: 'ENOTDIR' }), path)

/**
 * Writes a file whole or not at all: temporary name in the same folder, synced, renamed, folder synced.
 * Data beyond 2 GiB come in pieces. Creates missing folders. Throws a `workspace.*` Fault when the disk refuses.
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string | Iterable<Uint8Array>): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${randomBytes(6).toString('hex')}.tmp`)
  ensureFolder(folder)
  try {
    const file = await open(temporary, 'wx', 0o644)
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    await rm(temporary, { force: true })
    throw asWriteFault(error, path)
  }
}

/** A rename is only durable once its folder is synced; Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
