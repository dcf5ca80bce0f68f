import { existsSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { Fault } from '../core/fault.ts'
import { sha256OfFile } from '../core/hash.ts'
import type { Artifact, Run } from '../core/run.ts'
import { breathe, type Task } from '../core/task.ts'
import { ownVersion } from '../core/version.ts'
import { tooLarge, writeZip, ZIP_LIMITS, type ZipWriter } from '../core/zip-write.ts'
import type { Db } from './database.ts'
import { artifactName, documentText, HISTORY_FORMAT, HISTORY_VERSION, MANIFEST_NAME, runName, type Manifest } from './history-document.ts'
import { marksOf } from './marks.ts'
import { inWorkspace } from './parts.ts'
import { findId, getRun } from './read-run.ts'
import { guarded } from './store-fault.ts'

export interface HistoryExport {
  /** Absolute. */
  readonly path: string
  readonly bytes: number
  readonly runs: number
  readonly artifacts: number
  /** Artifacts outside the workspace whose file is gone or was changed since. */
  readonly leftOut: number
}

export interface ExportRequest {
  /** Ids, beginnings or tags. Absent: every run that has ended. What the runs came from goes along. */
  readonly runs?: readonly string[]
  /** Models, Statistics, pictures … too. */
  readonly artifacts: boolean
  /** Absolute path. */
  readonly out: string
}

/**
 * Writes runs with all that is written on them as one file (docs/history-file.md), whole or not at all.
 * Throws `input.unknown-run`, `input.run-running`, `input.too-large`, and `workspace.artifact-damaged` where a file is not what was recorded.
 */
export async function exportHistory(db: Db, folder: string, { runs, artifacts, out }: ExportRequest, task: Task): Promise<HistoryExport> {
  const ids = guarded(db.name, () => db.transaction(() => (runs === undefined ? endedRuns(db) : withAncestors(db, runs)))())
  const manifest: Manifest = { format: HISTORY_FORMAT, version: HISTORY_VERSION, created: new Date().toISOString(), scalewright: ownVersion(), runs: [], artifacts: [] }
  const found = new Map<string, Artifact>()
  let leftOut = 0
  const bytes = await writeZip(out, async (zip) => {
    for (const [index, id] of ids.entries()) {
      await breathe(task)
      manifest.runs.push({ id, sha256: await addRun(zip, db, folder, id, found) })
      task.report({ stage: 'export', done: index + 1, total: ids.length, unit: 'runs' })
    }
    if (artifacts) leftOut = await addArtifacts(zip, folder, [...found.values()], manifest, out, task)
    await zip.add(MANIFEST_NAME, JSON.stringify(manifest, null, 1))
  })
  return { path: out, bytes, runs: manifest.runs.length, artifacts: manifest.artifacts.length, leftOut }
}

/** Every run that has ended, as have those it came from; parents first. */
const endedRuns = (db: Db): string[] =>
  db.prepare(`
    WITH RECURSIVE ended (id) AS (
      SELECT id FROM runs WHERE parent IS NULL AND status <> 'running'
      UNION SELECT runs.id FROM ended JOIN runs ON runs.parent = ended.id WHERE runs.status <> 'running'
    ) SELECT id FROM ended ORDER BY id`).pluck().all() as string[]

function withAncestors(db: Db, wanted: readonly string[]): string[] {
  const rows = db.prepare(`
    WITH RECURSIVE family (id) AS (
      SELECT value FROM json_each(?)
      UNION SELECT runs.parent FROM family JOIN runs ON runs.id = family.id WHERE runs.parent IS NOT NULL
    ) SELECT id, status FROM family JOIN runs USING (id) ORDER BY id`).all(JSON.stringify(wanted.map((id) => findId(db, id)))) as { id: string; status: string }[]
  const running = rows.find((row) => row.status === 'running')
  if (running) throw new Fault({ code: 'input.run-running', where: running.id, what: 'the run has no outcome yet', next: 'Wait until it has ended, or cancel it.' })
  return rows.map(({ id }) => id)
}

async function addRun(zip: ZipWriter, db: Db, folder: string, id: string, found: Map<string, Artifact>): Promise<string> {
  const run: Run = getRun(db, folder, id)
  const { baseline, ...marks } = marksOf(db, id)
  for (const artifact of run.artifacts ?? []) if (!found.has(artifact.sha256) || isOwn(folder, artifact)) found.set(artifact.sha256, artifact)
  const portable = run.artifacts === undefined ? run : { ...run, artifacts: run.artifacts.map((artifact) => ({ ...artifact, path: portablePath(artifact) })) }
  const text = documentText({ run: portable, marks: { ...marks, tags: [...marks.tags], waivers: [...marks.waivers], pinned: baseline === id } })
  return (await zip.add(runName(id), text)).sha256
}

/** Where the content lies below any workspace. */
function portablePath({ path, sha256 }: Artifact): string {
  const extension = extname(path).toLowerCase()
  return `artifacts/${sha256.slice(0, 2)}/${sha256}${/^\.[a-z0-9]{1,12}$/.test(extension) ? extension : ''}`
}

const isOwn = (folder: string, { path }: Artifact): boolean => inWorkspace(folder, path) !== path

/** Gives the number of those that had to be left out. */
async function addArtifacts(zip: ZipWriter, folder: string, artifacts: readonly Artifact[], manifest: Manifest, out: string, task: Task): Promise<number> {
  if (artifacts.reduce((sum, { bytes }) => sum + bytes, 0) > ZIP_LIMITS.bytes) throw tooLarge(out)
  let leftOut = 0
  for (const [index, artifact] of artifacts.entries()) {
    await breathe(task)
    const { path, sha256, bytes } = artifact
    const there = existsSync(path) && statSync(path).isFile()
    if (isOwn(folder, artifact) ? !there : !there || (await sha256OfFile(path)) !== sha256) {
      if (isOwn(folder, artifact)) throw damagedArtifact(path, 'the file is gone')
      leftOut += 1
    } else {
      const written = await zip.add(artifactName(sha256), { path })
      if (written.sha256 !== sha256) throw damagedArtifact(path, 'the content is not what was recorded')
      manifest.artifacts.push({ sha256, bytes })
    }
    task.report({ stage: 'export', done: index + 1, total: artifacts.length, unit: 'files' })
  }
  return leftOut
}

const damagedArtifact = (where: string, what: string): Fault =>
  new Fault({ code: 'workspace.artifact-damaged', where, what, next: 'Leave the artifacts out, or see with `scalewright doctor` what else is damaged.' })
