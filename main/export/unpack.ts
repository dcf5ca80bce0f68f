import { createWriteStream, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault } from '../core/fault.ts'
import { breathe, type Task } from '../core/task.ts'
import { openZip } from '../core/zip-read.ts'
import { badBundle, isPlainPath } from './manifest.ts'

const MOST = { entries: 10_000, bytes: 8 * 2 ** 30, ratio: 200, ratioFrom: 1 << 20 } as const
const LINK = 0o120000

/** Whether the path is a bundle's folder or zip. Throws `input.missing-file`. */
export function kindOfBundle(path: string): 'folder' | 'zip' {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new Fault({ code: 'input.missing-file', where: path, what: 'there is no such bundle', next: 'Check the path.' })
  return found.isDirectory() ? 'folder' : 'zip'
}

/**
 * Unpacks a bundle's zip into an empty folder. Names that lead elsewhere, links, names that differ in case alone, and more than a
 * bundle can sensibly hold are refused before anything is written. Throws `input.bundle`.
 */
export async function unpack(path: string, folder: string, task: Task): Promise<void> {
  const refuse = (what: string, cause?: unknown): never => { throw badBundle(path, what, cause) }
  const zip = await openZip(path, refuse)
  try {
    const entries = [...zip.entries.values()]
    const seen = new Set<string>()
    let total = 0
    if (entries.length > MOST.entries) refuse(`it holds ${entries.length} files`)
    for (const { name, bytes, packedBytes, unixMode } of entries) {
      total += bytes
      if (!isPlainPath(name) || name.length > 240) refuse(`«${name.slice(0, 100)}» leads out of the bundle`)
      if ((unixMode & 0o170000) === LINK) refuse(`«${name}» is a link`)
      if (seen.has(name.toLowerCase())) refuse(`«${name}» stands in it twice`)
      if (bytes > MOST.ratioFrom && bytes > packedBytes * MOST.ratio) refuse(`«${name}» would unpack to ${MOST.ratio} times its size`)
      if (total > MOST.bytes) refuse('it would unpack to more than 8 GiB')
      seen.add(name.toLowerCase())
    }
    for (const [index, entry] of entries.entries()) {
      const target = join(folder, entry.name)
      await mkdir(dirname(target), { recursive: true })
      await zip.content(entry, refuse, (pieces) => pipeline(pieces, createWriteStream(target, { flags: 'wx' })))
      task.report({ stage: 'unpack', done: index + 1, total: entries.length, unit: 'files' })
      await breathe(task)
    }
  } finally {
    await zip.close()
  }
}
