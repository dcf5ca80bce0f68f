import { renameSync, rmSync } from 'node:fs'
import { Fault } from '../core/fault.ts'
import type { Db } from './database.ts'

export interface Migration {
  /** 1, 2, 3 … in order; the database's `user_version` once it is applied. */
  readonly version: number
  readonly name: string
  /** SQL, applied in one transaction. A released migration is never edited. */
  readonly sql: string
}

/**
 * Brings a database to the newest schema, each migration in its own transaction. An older database with content is copied to
 * `scalewright.db.v<n>.backup` first. Throws `workspace.newer` for a schema that only a later version knows, `workspace.older` where
 * a migration is needed but the database is read-only.
 */
export function migrate(db: Db, path: string, migrations: readonly Migration[], readonly = false): void {
  const newest = migrations.at(-1)?.version ?? 0
  const version = versionOf(db)
  if (version > newest) {
    throw new Fault({
      code: 'workspace.newer',
      where: path,
      what: `the workspace was written by a newer Scalewright (schema ${version}, this one knows up to ${newest})`,
      next: 'Update Scalewright, or choose another folder with --workspace.',
    })
  }
  if (version === newest) return
  if (readonly) {
    throw new Fault({
      code: 'workspace.older',
      where: path,
      what: `the workspace has schema ${version} and must be brought to ${newest} first`,
      next: 'Open it once with a command that may write, such as `scalewright doctor`.',
    })
  }
  if (version > 0) backUp(db, `${path}.v${version}.backup`)
  for (const migration of migrations) apply(db, migration)
}

const versionOf = (db: Db): number => db.pragma('user_version', { simple: true }) as number

/** Another process may migrate at the same time: the version counts only once the write lock is held. */
function apply(db: Db, migration: Migration): void {
  db.transaction(() => {
    if (versionOf(db) >= migration.version) return
    db.exec(migration.sql)
    db.pragma(`user_version = ${migration.version}`)
  }).immediate()
}

/** A whole copy, also of what is still in the log; replaces an older backup of the same schema only once it is complete. */
function backUp(db: Db, path: string): void {
  const partial = `${path}.${process.pid}.partial`
  rmSync(partial, { force: true })
  db.prepare('VACUUM INTO ?').run(partial)
  renameSync(partial, path)
}
