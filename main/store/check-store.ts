import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { sha256OfFile } from '../core/hash.ts'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import type { Db } from './database.ts'
import { fromWorkspace } from './parts.ts'
import { guarded } from './store-fault.ts'

export interface StoreCheck {
  /** True: nothing was found. */
  readonly clean: boolean
  readonly runs: number
  /** Files of the workspace that were read and compared with their hash. */
  readonly artifacts: number
  readonly problems: readonly { readonly where: string; readonly what: string }[]
}

/** Reads the whole workspace: the database's structure and references, and every artifact's content. */
export async function checkStore(db: Db, folder: string, task: Task): Promise<StoreCheck> {
  const problems = guarded(db.name, () => [...structureProblems(db), ...referenceProblems(db)])
  const files = guarded(db.name, () =>
    db
      .prepare<[], { path: string; sha256: string }>(
        'SELECT path, sha256 FROM artifacts UNION SELECT path, sha256 FROM statistics_index ORDER BY path',
      )
      .all()
      .filter(({ path }) => !isAbsolute(path)), // A file that was asked for elsewhere is its owner's to change.
  )
  for (const [index, file] of files.entries()) {
    await breathe(task)
    const path = fromWorkspace(folder, file.path)
    if (!existsSync(path)) problems.push({ where: path, what: 'the artifact is missing' })
    else if ((await sha256OfFile(path)) !== file.sha256) problems.push({ where: path, what: "the artifact's content has changed" })
    task.report({ stage: 'check', done: index + 1, total: files.length, unit: 'files' })
  }
  const runs = db.prepare('SELECT count(*) FROM runs').pluck().get() as number
  return { clean: problems.length === 0, runs, artifacts: files.length, problems }
}

const structureProblems = (db: Db): { where: string; what: string }[] =>
  (db.pragma('quick_check') as { quick_check: string }[])
    .filter((row) => row.quick_check !== 'ok')
    .map((row) => ({ where: db.name, what: row.quick_check }))

const referenceProblems = (db: Db): { where: string; what: string }[] =>
  (db.pragma('foreign_key_check') as { table: string; parent: string }[]).map(({ table, parent }) => ({
    where: db.name,
    what: `a row of ${table} refers to a row of ${parent} that does not exist`,
  }))
