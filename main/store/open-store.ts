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
import { compareRuns } from './compare-runs.ts'
import type { ComparedRuns } from './compare-runs.ts'
import { diffRuns } from './diff-runs.ts'
import type { RunDiff } from './diff-runs.ts'
import { exportHistory } from './export-history.ts'
import type { ExportRequest, HistoryExport } from './export-history.ts'
import { importHistory } from './import-history.ts'
import type { HistoryImport } from './import-history.ts'
import { lineageOf } from './lineage.ts'
import type { LineageNode } from './lineage.ts'
import { listRuns } from './list-runs.ts'
import type { RunFilter } from './list-runs.ts'
import { marksOf, noteRun, pinRun, waiveGate } from './marks.ts'
import type { RunMarks, Waiver } from './marks.ts'
import { pageOfRuns } from './page-of-runs.ts'
import type { RunPage, RunPageRequest } from './page-of-runs.ts'
import { findId, getRun } from './read-run.ts'
import { summariesOf } from './run-summaries.ts'
import type { RunSummary } from './run-summaries.ts'
import { findStatistics, putStatistics } from './statistics-index.ts'
import { findTrial, putTrial } from './trials.ts'
import type { Trial } from '../core/tune.ts'
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
  pageOfRuns(request: RunPageRequest): RunPage
  diffRuns(a: string, b: string, options?: { readonly all?: boolean }): RunDiff
  /** Two runs or more side by side. */
  compareRuns(ids: readonly string[], options?: { readonly all?: boolean }): ComparedRuns
  lineageOf(id: string): LineageNode[]
  tagRun(id: string, tag: string): void
  untagRun(id: string, tag: string): void
  /** In alphabetical order. */
  tagsOf(id: string): string[]
  /** Hides a run from the list, or shows it again. */
  archiveRun(id: string, archived?: boolean): void
  /** Writes a note anew; an empty text takes it away. */
  noteRun(id: string, text: string): void
  /** Pins a run as the baseline of its model, or takes its pin away. Gives the model's baseline before and after. Throws `input.no-model`. */
  pinRun(id: string, pinned: boolean): { before: string | null; after: string | null }
  /** Accepts a failed gate by its rule or name, for ever. Gives all waivers of the run. Throws `input.no-gate`, `input.gate-passed`. */
  waiveGate(id: string, rule: string, reason: string): Waiver[]
  marksOf(id: string): RunMarks
  /** Whether the run came from another workspace: paths that it names were not chosen here. */
  isImported(id: string): boolean
  putArtifact(content: ArtifactContent, facts: ArtifactFacts): Promise<Artifact>
  findStatistics(key: string): KnownStatistics | undefined
  putStatistics(key: string, artifact: Artifact, run: string): void
  /** Adds a trial to a running run, at once and for good. */
  putTrial(run: string, trial: Trial): void
  findTrial(key: string): Trial | undefined
  /** Writes runs as one file: whole or not at all. */
  exportHistory(request: ExportRequest, task?: Task): Promise<HistoryExport>
  /** Adds the runs of such a file that are not here yet: all or none. */
  importHistory(file: string, task?: Task): Promise<HistoryImport>
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
  const importedOf = db.prepare<[string], string | null>('SELECT imported FROM runs WHERE id = ?').pluck()
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
    pageOfRuns: (request) => pageOfRuns(db, request),
    compareRuns: (ids, { all = false } = {}) => {
      const runs = ids.map((id) => getRun(db, folder, id))
      return { runs: runs.flatMap((run) => summariesOf(db, [run.run])), ...compareRuns(runs, all) }
    },
    lineageOf: (id) => lineageOf(db, id),
    diffRuns: (a, b, diffOptions) => diffRuns(getRun(db, folder, a), getRun(db, folder, b), diffOptions),
    tagRun: (id, tag) => change('INSERT OR IGNORE INTO tags (tag, run) VALUES (?, ?)', tag, id),
    untagRun: (id, tag) => change('DELETE FROM tags WHERE tag = ? AND run = ?', tag, id),
    tagsOf: (id) => guarded(db.name, () => tagsOf.all(findId(db, id))),
    archiveRun: (id, archived = true) => change('UPDATE runs SET archived = ? WHERE id = ?', Number(archived), id),
    noteRun: (id, text) => noteRun(db, id, text),
    pinRun: (id, pinned) => pinRun(db, id, pinned),
    waiveGate: (id, rule, reason) => waiveGate(db, id, rule, reason),
    marksOf: (id) => marksOf(db, id),
    isImported: (id) => guarded(db.name, () => importedOf.get(findId(db, id))) !== null,
    putArtifact: (content, facts) => putArtifact(folder, content, facts),
    findStatistics: (key) => findStatistics(db, folder, key),
    putStatistics: (key, artifact, run) => putStatistics(db, folder, key, artifact, run),
    putTrial: (run, trial) => putTrial(db, run, trial),
    findTrial: (key) => findTrial(db, key),
    exportHistory: (request, task = quietTask) => exportHistory(db, folder, request, task),
    importHistory: (file, task = quietTask) => importHistory(db, folder, file, task),
    async check(task = quietTask) {
      if (!db.readonly) await sweepIncoming(folder)
      return checkStore(db, folder, task)
    },
    close: () => db.close(),
  }
}
