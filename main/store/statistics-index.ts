import { existsSync, readFileSync } from 'node:fs'
import { sha256 } from '../core/hash.ts'
import type { Artifact } from '../core/run.ts'
import type { Db } from './database.ts'
import { write } from './database.ts'
import { fromWorkspace, inWorkspace } from './parts.ts'
import { guarded } from './store-fault.ts'

/** Statistics of an earlier run, and where they lie. */
export interface KnownStatistics {
  readonly run: string
  readonly artifact: Artifact
}

/**
 * Statistics that an earlier run computed for the same key (model, samples, protocol …), if their file is still there and whole.
 * Otherwise undefined: they have to be computed again.
 */
export function findStatistics(db: Db, folder: string, key: string): KnownStatistics | undefined {
  type Row = { run: string; path: string; sha256: string; bytes: number }
  const row = guarded(db.name, () => db.prepare<[string], Row>('SELECT run, path, sha256, bytes FROM statistics_index WHERE key = ?').get(key))
  if (row === undefined) return undefined
  const path = fromWorkspace(folder, row.path)
  if (!existsSync(path) || sha256(readFileSync(path)) !== row.sha256) return undefined
  return { run: row.run, artifact: { role: 'statistics', path, sha256: row.sha256, bytes: row.bytes } }
}

/** Makes a run's Statistics findable under a key; the newest win. */
export function putStatistics(db: Db, folder: string, key: string, artifact: Artifact, run: string): void {
  write(db, () =>
    db
      .prepare(
        `INSERT INTO statistics_index (key, run, path, sha256, bytes) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET run = excluded.run, path = excluded.path, sha256 = excluded.sha256, bytes = excluded.bytes`,
      )
      .run(key, run, inWorkspace(folder, artifact.path), artifact.sha256, artifact.bytes),
  )
}
