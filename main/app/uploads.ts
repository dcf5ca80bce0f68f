import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asWriteFault, ensureFolder } from '../core/files.ts'
import { Fault } from '../core/fault.ts'
import { checkNames } from './upload-names.ts'

export interface UploadFile {
  /** Relative, `/` between folders. */
  readonly name: string
  readonly bytes: number
}

export interface UploadState {
  readonly files: readonly (UploadFile & { readonly received: number })[]
  readonly finished: boolean
}

/**
 * Files that a window hands over: they come in pieces to `uploads/.partial-…` in the workspace, and appear together as
 * `uploads/<id>/…` or not at all. An upload that was begun lives as long as this process, or until its place is needed and nothing came for long.
 */
export interface Uploads {
  /** The id of a new upload. Throws `input.bad-name`, `input.same-name`, `input.too-much` and `workspace.*` (no space, not writable). */
  begin(files: readonly UploadFile[]): Promise<string>
  /**
   * Writes one piece of a file and gives how much of the file is here. A piece that breaks off counts for nothing and can be sent
   * again. Throws `input.unknown-upload`, `input.wrong-offset` (says where the file goes on), `input.too-much` and `workspace.*`.
   */
  append(id: string, file: number, at: number, piece: AsyncIterable<Uint8Array>): Promise<number>
  state(id: string): Promise<UploadState>
  /** Puts the files in their place and gives their absolute paths, in the order begun. Throws `input.incomplete` where bytes are missing; where the disk refuses, the upload is gone. */
  finish(id: string): Promise<readonly string[]>
  /** Absolute paths of the files of a finished upload, by name. Throws `input.unknown-upload`. */
  filesOf(id: string): Promise<readonly string[]>
  /** Forgets an upload that is not finished. */
  abort(id: string): Promise<void>
  /** Removes what uploads of processes that are gone left behind. */
  sweep(): Promise<void>
}

export const UPLOAD_LIMITS = { totalBytes: 4 * 2 ** 30, files: 10_000, open: 8 } as const
/** What must stay free of the disk for the workspace itself. */
const RESERVE_BYTES = 256 * 2 ** 20
/** A window that was closed cannot say that it gave up: an upload may be put aside for a new one when nothing came for so long. */
const IDLE_MS = 10 * 60_000
const ID = /^[0-9a-f]{24}$/

interface Open {
  readonly folder: string
  readonly files: readonly UploadFile[]
  readonly received: number[]
  /** Files that a piece is being written to. */
  readonly busy: Set<number>
  /** When something came last, ms. */
  heardAt: number
}

export function openUploads(workspace: string, now: () => number = Date.now): Uploads {
  const home = join(workspace, 'uploads')
  const uploads = new Map<string, Open>()
  const opened = (id: string): Open => {
    const found = uploads.get(id)
    if (found === undefined) throw unknownUpload(id)
    return found
  }
  const abort = async (id: string): Promise<void> => {
    const { folder } = opened(id)
    uploads.delete(id)
    await rm(folder, { recursive: true, force: true })
  }
  const putIdleAside = async (): Promise<void> => {
    const [id, upload] = [...uploads].toSorted(([, a], [, b]) => a.heardAt - b.heardAt)[0] ?? []
    if (id !== undefined && upload!.busy.size === 0 && now() - upload!.heardAt > IDLE_MS) await abort(id)
  }
  return {
    async begin(files) {
      checkAmount(files)
      checkNames(files.map(({ name }) => name))
      if (uploads.size >= UPLOAD_LIMITS.open) await putIdleAside()
      if (uploads.size >= UPLOAD_LIMITS.open) throw new Fault({ code: 'input.too-many-uploads', what: `${UPLOAD_LIMITS.open} uploads are open already`, next: 'Finish or cancel one of them.' })
      ensureFolder(home)
      await checkSpace(home, files)
      const id = randomBytes(12).toString('hex')
      const folder = join(home, `.partial-${process.pid}-${id}`)
      await guarded(folder, () => mkdir(folder))
      uploads.set(id, { folder, files, received: files.map(() => 0), busy: new Set(), heardAt: now() })
      return id
    },
    async append(id, file, at, piece) {
      const upload = opened(id)
      upload.heardAt = now()
      return appendTo(upload, file, at, piece)
    },
    async state(id) {
      const upload = uploads.get(id)
      if (upload !== undefined) return { files: upload.files.map((file, index) => ({ ...file, received: upload.received[index]! })), finished: false }
      const paths = await filesOf(home, id)
      return { files: await Promise.all(paths.map(async (path) => stated(path, home, id))), finished: true }
    },
    async finish(id) {
      const upload = opened(id)
      checkWhole(upload)
      uploads.delete(id)
      const final = join(home, id)
      try {
        await guarded(final, async () => rename(await named(upload), final))
      } finally {
        await rm(upload.folder, { recursive: true, force: true })
      }
      return upload.files.map(({ name }) => join(final, ...name.split('/')))
    },
    filesOf: (id) => filesOf(home, id),
    abort,
    sweep: () => sweep(home),
  }
}

const unknownUpload = (id: string): Fault => new Fault({ code: 'input.unknown-upload', where: id.slice(0, 64), what: 'there is no such upload', next: 'Choose the files again.' })

function checkAmount(files: readonly UploadFile[]): void {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  if (files.length <= UPLOAD_LIMITS.files && total <= UPLOAD_LIMITS.totalBytes) return
  throw new Fault({
    code: 'input.too-much', what: `${files.length} files of ${(total / 1e9).toFixed(1)} GB together are more than an upload takes (${UPLOAD_LIMITS.files} files, ${(UPLOAD_LIMITS.totalBytes / 1e9).toFixed(1)} GB)`,
    next: 'Put them into a folder that the program may read, and give their path.',
  })
}

async function checkSpace(home: string, files: readonly UploadFile[]): Promise<void> {
  const { bavail, bsize } = await statfs(home)
  const needed = files.reduce((sum, { bytes }) => sum + bytes, 0) + RESERVE_BYTES
  if (bavail * bsize >= needed) return
  throw new Fault({ code: 'workspace.enospc', where: home, what: `the disk has ${(bavail * bsize / 1e9).toFixed(1)} GB free, the files need ${(needed / 1e9).toFixed(1)}`, next: 'Free some space, then choose the files again.' })
}

async function appendTo({ folder, files, received, busy }: Open, index: number, at: number, piece: AsyncIterable<Uint8Array>): Promise<number> {
  const file = files[index]
  if (file === undefined) throw new Fault({ code: 'input.unknown-upload', where: `file ${index}`, what: 'the upload has no such file', next: 'Choose the files again.' })
  if (at !== received[index] || busy.has(index)) {
    throw new Fault({ code: 'input.wrong-offset', where: file.name, what: busy.has(index) ? 'another piece of this file is on its way' : `the file goes on at byte ${received[index]}, not at ${at}`, next: 'Ask how far the upload is, and go on from there.' })
  }
  busy.add(index)
  try {
    const end = await guarded(folder, () => writePiece(join(folder, String(index)), at, piece, file))
    received[index] = end
    return end
  } finally {
    busy.delete(index)
  }
}

async function writePiece(path: string, at: number, piece: AsyncIterable<Uint8Array>, file: UploadFile): Promise<number> {
  const handle = await open(path, at === 0 ? 'w' : 'r+')
  try {
    let end = at
    for await (const chunk of piece) {
      if (end + chunk.byteLength > file.bytes) throw new Fault({ code: 'input.too-much', where: file.name, what: `more bytes came than the ${file.bytes} that were announced`, next: 'Choose the file again: it may have changed.' })
      await writeWhole(handle, chunk, end)
      end += chunk.byteLength
    }
    return end
  } finally {
    await handle.close()
  }
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) done += (await handle.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten
}

function checkWhole({ files, received, busy }: Open): void {
  const missing = files.findIndex((file, index) => received[index]! < file.bytes)
  if (missing < 0 && busy.size === 0) return
  const file = files[Math.max(0, missing)]!
  throw new Fault({ code: 'input.incomplete', where: file.name, what: `${received[Math.max(0, missing)]} of ${file.bytes} bytes are here`, next: 'Ask how far the upload is, and go on from there.' })
}

/** Numbered files become named ones, each whole on the disk, in a folder of their own whose path is given back. */
async function named({ folder, files }: Open): Promise<string> {
  const home = join(folder, 'files')
  await mkdir(home)
  for (const [index, { name, bytes }] of files.entries()) {
    const piece = join(folder, String(index))
    const handle = await open(piece, bytes === 0 ? 'w' : 'r+')
    try {
      if ((await handle.stat()).size !== bytes) await handle.truncate(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    const target = join(home, ...name.split('/'))
    await mkdir(dirname(target), { recursive: true })
    await rename(piece, target)
  }
  return home
}

async function filesOf(home: string, id: string): Promise<readonly string[]> {
  if (!ID.test(id)) throw unknownUpload(id)
  const entries = await readdir(join(home, id), { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? unknownUpload(id) : error
  })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).toSorted()
}

async function stated(path: string, home: string, id: string): Promise<UploadState['files'][number]> {
  const { size } = await stat(path)
  return { name: path.slice(join(home, id).length + 1).replaceAll('\\', '/'), bytes: size, received: size }
}

async function sweep(home: string): Promise<void> {
  const entries = await readdir(home).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const entry of entries) {
    const pid = Number(/^\.partial-(\d+)-[0-9a-f]{24}$/.exec(entry)?.[1] ?? 0)
    if (pid > 0 && !isAlive(pid)) await rm(join(home, entry), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

async function guarded<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw asWriteFault(error, path)
  }
}
