import { resolve } from 'node:path'
import type { FaultData } from '../core/fault.ts'
import type { Artifact, Run } from '../core/run.ts'
import { quietTask } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import { putArtifact, sweepIncoming } from './artifacts.ts'
import type { ArtifactContent, ArtifactFacts } from './artifacts.ts'
import { checkStore } from './check-store.ts'
import type { StoreCheck } from './check-store.ts'
import { openDatabase, write } from './database.ts'
import type { Db } from './database.ts'
import { diffRuns } from './diff-runs.ts'
import type { RunDiff } from './diff-runs.ts'
import { listRuns } from './list-runs.ts'
import type { RunFilter, RunSummary } from './list-runs.ts'
import { findId, getRun } from './read-run.ts'
import { findStatistics, putStatistics } from './statistics-index.ts'
import type { KnownStatistics } from './statistics-index.ts'
import { guarded } from './store-fault.ts'
import { beginRun, cancelRun, failOrphans, failRun, finishRun } from './write-run.ts'
import type { RunStart } from './write-run.ts'

/**
 * The record of a workspace. Every call that writes is one transaction: when it returns, what it wrote survives the death of the
 * process and of the machine; when it throws, nothing of it is there. Several processes may hold the same workspace open.
 * `id` may everywhere be a full id, its beginning, or a tag.
 */
export interface Store {
  /** Absolute. */
  readonly folder: string
  /** Runs that this opening found without a living process, and marked as failed. */
  readonly orphans: readonly string[]
  beginRun(start: RunStart): Run
  finishRun(run: Run): void
  failRun(id: string, fault: FaultData, seconds?: number): void
  cancelRun(id: string, seconds?: number): void
  getRun(id: string): Run
  listRuns(filter?: RunFilter): RunSummary[]
  diffRuns(a: string, b: string, options?: { readonly all?: boolean }): RunDiff
  tagRun(id: string, tag: string): void
  untagRun(id: string, tag: string): void
  /** In alphabetical order. */
  tagsOf(id: string): string[]
  /** Hides a run from the list, or shows it again. */
  archiveRun(id: string, archived?: boolean): void
  isArchived(id: string): boolean
  putArtifact(content: ArtifactContent, facts: ArtifactFacts): Promise<Artifact>
  findStatistics(key: string): KnownStatistics | undefined
  putStatistics(key: string, artifact: Artifact, run: string): void
  check(task?: Task): Promise<StoreCheck>
  close(): void
}

/**
 * Opens a workspace, `scalewright.db` and `artifacts/`, and makes it where it is missing (unless `readonly`). Runs whose process is
 * gone are marked as failed. Throws `workspace.*` Faults: locked, corrupt, newer, read-only, network-share …
 */
export function openStore(workspace: string, options: { readonly readonly?: boolean } = {}): Store {
  const folder = resolve(workspace)
  const db = openDatabase(folder, options)
  try {
    return storeOn(db, folder, options.readonly ? [] : guarded(db.name, () => failOrphans(db)))
  } catch (error) {
    db.close()
    throw error
  }
}

/** The store on an open database. */
export function storeOn(db: Db, folder: string, orphans: readonly string[] = []): Store {
  const change = (sql: string, value: string | number, id: string) => void write(db, () => db.prepare(sql).run(value, findId(db, id)))
  const tagsOf = db.prepare<[string], string>('SELECT tag FROM tags WHERE run = ? ORDER BY tag').pluck()
  const archivedOf = db.prepare<[string], number>('SELECT archived FROM runs WHERE id = ?').pluck()
  const idOf = (id: string) => guarded(db.name, () => findId(db, id))
  return {
    folder,
    orphans,
    beginRun: (start) => beginRun(db, start),
    finishRun: (run) => finishRun(db, folder, run),
    failRun: (id, fault, seconds) => failRun(db, idOf(id), fault, seconds),
    cancelRun: (id, seconds) => cancelRun(db, idOf(id), seconds),
    getRun: (id) => getRun(db, folder, id),
    listRuns: (filter) => listRuns(db, filter),
    diffRuns: (a, b, diffOptions) => diffRuns(getRun(db, folder, a), getRun(db, folder, b), diffOptions),
    tagRun: (id, tag) => change('INSERT OR IGNORE INTO tags (tag, run) VALUES (?, ?)', tag, id),
    untagRun: (id, tag) => change('DELETE FROM tags WHERE tag = ? AND run = ?', tag, id),
    tagsOf: (id) => guarded(db.name, () => tagsOf.all(findId(db, id))),
    archiveRun: (id, archived = true) => change('UPDATE runs SET archived = ? WHERE id = ?', Number(archived), id),
    isArchived: (id) => guarded(db.name, () => archivedOf.get(findId(db, id))) === 1,
    putArtifact: (content, facts) => putArtifact(folder, content, facts),
    findStatistics: (key) => findStatistics(db, folder, key),
    putStatistics: (key, artifact, run) => putStatistics(db, folder, key, artifact, run),
    async check(task = quietTask) {
      if (!db.readonly) await sweepIncoming(folder)
      return checkStore(db, folder, task)
    },
    close: () => db.close(),
  }
}
