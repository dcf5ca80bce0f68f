import { monotonicFactory } from 'ulid'
import { Fault } from '../core/fault.ts'
import type { FaultData } from '../core/fault.ts'
import type { Run } from '../core/run.ts'
import type { Db } from './database.ts'
import { write } from './database.ts'
import { metricRows, qualityHead } from './metrics.ts'
import { partsOf } from './parts.ts'
import { isGone, processMark } from './process-mark.ts'
import { summarize } from './run-summaries.ts'

const newId = monotonicFactory()

/** What is known of a run when it starts. */
export type RunStart = Pick<Run, 'verb' | 'environment'> & Partial<Pick<Run, 'parent' | 'recipe' | 'model' | 'samples' | 'notes'>>

/** Records that this process runs something, and gives the run as it stands. */
export function beginRun(db: Db, start: RunStart): Run {
  const run: Run = { run: newId(), parent: null, ...start, status: 'running', created: new Date().toISOString(), seconds: 0 }
  write(db, () => {
    insertHead(db, run, process.pid, processMark(process.pid))
    summarize(db, run.run)
  })
  return run
}

/**
 * Records a run's outcome with all its parts, in one transaction: either everything of it is there or nothing.
 * The run was begun here, or comes whole from elsewhere. Throws `bug.run-ended` where it already has an outcome.
 */
export function finishRun(db: Db, folder: string, run: Run): void {
  write(db, () => {
    const status = db.prepare('SELECT status FROM runs WHERE id = ?').pluck().get(run.run)
    if (status === undefined) insertHead(db, run, null, null)
    else if (status === 'running') updateHead(db, run)
    else throw new Fault({ code: 'bug.run-ended', where: run.run, what: `the run was already recorded as ${String(status)}` })
    // Trials are written as they end; the run has them all.
    db.prepare('DELETE FROM trials WHERE run = ?').run(run.run)
    insertMetrics(db, run)
    insertParts(db, folder, run)
    summarize(db, run.run)
  })
}

/** Records that a running run failed. Its seconds are counted from its start where they are not given. */
export const failRun = (db: Db, id: string, fault: FaultData, seconds?: number): void =>
  write(db, () => endRun(db, id, { status: 'failed', fault }, seconds))

/** Records that a running run was stopped. */
export const cancelRun = (db: Db, id: string, seconds?: number): void => write(db, () => endRun(db, id, { status: 'cancelled' }, seconds))

/** Marks runs as failed whose process is gone. Gives their ids. */
export function failOrphans(db: Db): string[] {
  const running = "SELECT id, pid, process FROM runs WHERE status = 'running' AND pid IS NOT NULL"
  type Running = { id: string; pid: number; process: string | null }
  const orphans = () => db.prepare<[], Running>(running).all().filter(({ pid, process: mark }) => isGone(pid, mark))
  if (orphans().length === 0) return []
  return write(db, () =>
    orphans().map(({ id, pid }) => {
      const fault: FaultData = {
        code: 'engine.orphaned',
        what: `the process that ran it (${pid}) ended without an outcome: it was killed, or the machine stopped`,
        next: 'Run it again; nothing of it was half-written.',
      }
      endRun(db, id, { status: 'failed', fault }, 0)
      return id
    }),
  )
}

/** The document: a run without what has columns or tables of its own. */
function documentOf(run: Run): string {
  const { run: _run, verb: _verb, status: _status, created: _created, seconds: _seconds, parent: _parent, ...rest } = run
  const parts = new Set<string>(partsOf('').map((part) => part.name))
  const document = Object.fromEntries(Object.entries(rest).filter(([key]) => !parts.has(key)))
  return JSON.stringify(run.quality === undefined ? document : { ...document, quality: qualityHead(run.quality) })
}

function headOf(run: Run): Record<string, string | number | null> {
  return {
    id: run.run,
    verb: run.verb,
    status: run.status,
    created: run.created,
    seconds: run.seconds,
    parent: run.parent,
    model: run.model?.sha256 ?? null,
    calibration: run.samples?.calibration?.sha256 ?? null,
    evaluation: run.samples?.evaluation?.sha256 ?? null,
    document: documentOf(run),
    parts: JSON.stringify(partsOf('').map((part) => part.name).filter((name) => run[name] !== undefined)),
  }
}

function insertHead(db: Db, run: Run, pid: number | null, mark: string | null): void {
  requireParent(db, run.parent)
  db.prepare(
    `INSERT INTO runs (id, verb, status, created, seconds, parent, model_sha256, calibration_sha256, evaluation_sha256, document, parts, pid, process)
     VALUES (:id, :verb, :status, :created, :seconds, :parent, :model, :calibration, :evaluation, :document, :parts, :pid, :mark)`,
  ).run({ ...headOf(run), pid, mark })
}

function updateHead(db: Db, run: Run): void {
  requireParent(db, run.parent)
  db.prepare(
    `UPDATE runs SET verb = :verb, status = :status, created = :created, seconds = :seconds, parent = :parent, model_sha256 = :model,
       calibration_sha256 = :calibration, evaluation_sha256 = :evaluation, document = :document, parts = :parts, pid = NULL, process = NULL
     WHERE id = :id`,
  ).run(headOf(run))
}

function requireParent(db: Db, parent: string | null): void {
  if (parent === null || db.prepare('SELECT 1 FROM runs WHERE id = ?').get(parent) !== undefined) return
  const what = 'the parent run is not in this workspace'
  throw new Fault({ code: 'input.unknown-run', where: parent, what, next: 'See `scalewright runs list`.' })
}

function insertMetrics(db: Db, run: Run): void {
  if (run.quality === undefined) return
  const insert = db.prepare('INSERT INTO metrics (run, position, version, protocol, sample, value) VALUES (?, ?, ?, ?, ?, ?)')
  for (const row of metricRows(run.quality)) insert.run(run.run, row.position, row.version, row.protocol, row.sample, row.value)
}

function insertParts(db: Db, folder: string, run: Run): void {
  for (const part of partsOf(folder)) {
    const columns = ['run', 'position', ...part.columns]
    const insert = db.prepare(`INSERT INTO ${part.name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
    for (const [position, element] of (run[part.name] ?? []).entries()) insert.run(run.run, position, ...part.toRow(element))
  }
}

function endRun(db: Db, id: string, outcome: { status: 'failed' | 'cancelled'; fault?: FaultData }, seconds?: number): void {
  const { changes } = db
    .prepare(
      `UPDATE runs SET status = :status, pid = NULL, process = NULL,
         seconds = coalesce(:seconds, round((julianday('now') - julianday(created)) * 86400, 3)),
         document = CASE WHEN :fault IS NULL THEN document ELSE json_set(document, '$.fault', json(:fault)) END
       WHERE id = :id AND status = 'running'`,
    )
    .run({ id, status: outcome.status, seconds: seconds ?? null, fault: outcome.fault === undefined ? null : JSON.stringify(outcome.fault) })
  if (changes === 0) throw new Fault({ code: 'bug.run-ended', where: id, what: 'the run is not running' })
  summarize(db, id)
}
