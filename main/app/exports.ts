import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { ensureFolder } from '../core/files.ts'

/** Files for the window to fetch; copies of what the workspace holds. */
const FOLDER = 'exports'
const NAME = /^scalewright-history-\d{8}-\d{6}-[0-9a-f]{8}\.zip$/
const KEPT_MS = 24 * 3600 * 1000

/** Absolute path for a new export below the workspace. Exports of more than a day ago are removed. */
export async function newExport(workspace: string): Promise<string> {
  const folder = join(workspace, FOLDER)
  ensureFolder(folder)
  const now = new Date()
  for (const name of (await readdir(folder)).filter((one) => NAME.test(one))) {
    const path = join(folder, name)
    if (now.getTime() - (await stat(path)).mtimeMs > KEPT_MS) await rm(path, { force: true })
  }
  const moment = now.toISOString().replace(/[-:]|\..*/g, '').replace('T', '-')
  return join(folder, `scalewright-history-${moment}-${randomBytes(4).toString('hex')}.zip`)
}

/** The path of an export by its name alone. Throws `input.no-export`. */
export function exportedFile(workspace: string, name: string): string {
  const path = join(workspace, FOLDER, name)
  if (NAME.test(name) && statSync(path, { throwIfNoEntry: false })?.isFile()) return path
  throw new Fault({ code: 'input.no-export', where: name.slice(0, 100), what: 'there is no such export', next: 'Exports are kept for a day: make it again.' })
}
