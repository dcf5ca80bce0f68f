import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { z } from 'zod'
import { Fault } from '../core/fault.ts'
import { asWriteFault, ensureFolder } from '../core/files.ts'
import type { Artifact } from '../core/run.ts'
import { breathe, type Task } from '../core/task.ts'
import { openZip, type ZipEntry, type ZipReader } from '../core/zip-read.ts'
import { incomingFolder, syncFolders } from './artifacts.ts'
import type { Db } from './database.ts'
import { write } from './database.ts'
import { artifactName, HISTORY_FORMAT, HISTORY_VERSION, MANIFEST, MANIFEST_NAME, parseDocument, RUN_DOCUMENT, runName, type Manifest, type RunDocument } from './history-document.ts'
import { fromWorkspace } from './parts.ts'
import { guarded } from './store-fault.ts'
import { finishRun } from './write-run.ts'

export interface HistoryImport {
  /** Ids of the runs that are new here, parents first. */
  readonly added: readonly string[]
  /** How many runs of the file were here already; nothing of them is changed. */
  readonly known: number
  /** How many files were added. */
  readonly artifacts: number
}

const MOST_BYTES = { manifest: 64 << 20, run: 256 << 20 } as const

/**
 * Adds the runs of a history file (docs/history-file.md) that are not here yet, with what is written on them: all of them or none.
 * Everything is verified first. Throws `input.missing-file`, `input.not-a-history`, `input.newer-history`, `input.damaged-history`.
 */
export async function importHistory(db: Db, folder: string, file: string, task: Task): Promise<HistoryImport> {
  const refuse = damaged(file)
  const zip = await openZip(file, (what, cause) => notHistory(file, what, cause))
  const staging = openStaging(folder)
  try {
    const manifest = await readManifest(zip, file)
    const known = guarded(db.name, () => new Set(db.prepare('SELECT value FROM json_each(?) WHERE value IN (SELECT id FROM runs)').pluck().all(JSON.stringify(manifest.runs.map(({ id }) => id))) as string[]))
    const fresh = manifest.runs.filter(({ id }) => !known.has(id))
    const staged = await stageRuns(zip, fresh, staging, refuse, task)
    const order = parentsFirst(db, staged, refuse)
    const files = await stageArtifacts(zip, manifest, folder, order, staging, refuse, task)
    try {
      await place(files, folder)
      const added = record(db, folder, order)
      return { added, known: manifest.runs.length - added.length, artifacts: files.length }
    } catch (error) {
      takeBack(db, files)
      throw error
    }
  } catch (error) {
    throw asWriteFault(error, folder)
  } finally {
    await zip.close()
    await staging.clear()
  }
}

type Refuse = (what: string, cause?: unknown) => never

const damaged = (where: string): Refuse => (what, cause) => {
  throw new Fault({ code: 'input.damaged-history', where, what: `the history file is damaged: ${what}`, next: 'Copy or export it again; nothing of it was taken in.' }, { cause })
}

function notHistory(where: string, what: string, cause?: unknown): never {
  throw new Fault({ code: 'input.not-a-history', where, what: `this is no history file of Scalewright: ${what}`, next: 'Take a file that `scalewright runs export` wrote.' }, { cause })
}

/** Names for files on their way in: swept like those of artifacts when this process dies. */
function openStaging(folder: string): { path(): string; clear(): Promise<void> } {
  const paths: string[] = []
  ensureFolder(incomingFolder(folder))
  return {
    path() {
      const path = join(incomingFolder(folder), `${process.pid}-${randomBytes(6).toString('hex')}`)
      paths.push(path)
      return path
    },
    async clear() {
      for (const path of paths) await rm(path, { force: true })
    },
  }
}

async function readManifest(zip: ZipReader, file: string): Promise<Manifest> {
  const entry = zip.entries.get(MANIFEST_NAME)
  if (entry === undefined || entry.bytes > MOST_BYTES.manifest) return notHistory(file, `it holds no ${MANIFEST_NAME}`)
  const refuse = damaged(file)
  const pieces: Uint8Array[] = []
  await zip.content(entry, refuse, async (content) => {
    for await (const piece of content) pieces.push(Buffer.from(piece))
  })
  let json: unknown
  try {
    json = JSON.parse(Buffer.concat(pieces).toString('utf8'))
  } catch (error) {
    return notHistory(file, `its ${MANIFEST_NAME} is no JSON`, error)
  }
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown }
  if (format !== HISTORY_FORMAT) return notHistory(file, `its ${MANIFEST_NAME} names another format`)
  if (typeof version === 'number' && version > HISTORY_VERSION) {
    const what = `the history file was written by a newer Scalewright (format ${version}, this one reads up to ${HISTORY_VERSION})`
    throw new Fault({ code: 'input.newer-history', where: file, what, next: 'Update Scalewright here, or export it again with this version there.' })
  }
  const manifest = checked(MANIFEST, json, MANIFEST_NAME, refuse)
  const names = [MANIFEST_NAME, ...manifest.runs.map(({ id }) => runName(id)), ...manifest.artifacts.map(({ sha256 }) => artifactName(sha256))]
  const missing = names.find((name) => !zip.entries.has(name))
  if (missing !== undefined) refuse(`«${missing}» is missing`)
  const listed = new Set(names)
  const foreign = [...zip.entries.keys()].find((name) => !listed.has(name))
  if (foreign !== undefined || listed.size !== names.length) refuse(`«${foreign ?? 'its list'}» is not what its ${MANIFEST_NAME} says`)
  return manifest
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, name: string, refuse: Refuse): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return refuse(`${[name, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'it is not what it should be'}`, parsed.error)
}

/** Copies an entry out, and refuses it where its content is not what its name or the manifest promises. `lasting`: it will be kept as it is. */
async function stage(zip: ZipReader, entry: ZipEntry, sha256: string, { path, lasting }: { path: string; lasting: boolean }, refuse: Refuse): Promise<void> {
  const hash = createHash('sha256')
  await zip.content(entry, refuse, async (content) => {
    const hashed = async function* () {
      for await (const piece of content) {
        hash.update(piece)
        yield piece
      }
    }
    await pipeline(hashed, createWriteStream(path, { flags: 'wx', mode: 0o644, flush: lasting }))
  })
  if (hash.digest('hex') !== sha256) refuse(`the content of «${entry.name}» has changed`)
}

interface StagedRun {
  readonly id: string
  readonly parent: string | null
  /** Where its verified document lies. */
  readonly path: string
  readonly artifacts: readonly Artifact[]
}

async function stageRuns(zip: ZipReader, runs: Manifest['runs'], staging: { path(): string }, refuse: Refuse, task: Task): Promise<StagedRun[]> {
  const staged: StagedRun[] = []
  for (const { id, sha256 } of runs) {
    await breathe(task)
    const entry = zip.entries.get(runName(id))!
    if (entry.bytes > MOST_BYTES.run) refuse(`«${entry.name}» is too large`)
    const path = staging.path()
    await stage(zip, entry, sha256, { path, lasting: false }, refuse)
    const { run } = readDocument(path, entry.name, refuse)
    if (run.run !== id) refuse(`«${entry.name}» holds another run`)
    staged.push({ id, parent: run.parent, path, artifacts: run.artifacts ?? [] })
    task.report({ stage: 'import', done: staged.length, total: runs.length, unit: 'runs' })
  }
  return staged
}

function readDocument(path: string, name: string, refuse: Refuse): RunDocument {
  let json: unknown
  try {
    json = parseDocument(readFileSync(path, 'utf8'))
  } catch (error) {
    return refuse(`«${name}» is no JSON`, error)
  }
  return checked(RUN_DOCUMENT, json, name, refuse)
}

/** In an order in which every run follows its parent. Refuses runs whose parent is neither here nor in the file, and circles. */
function parentsFirst(db: Db, runs: readonly StagedRun[], refuse: Refuse): StagedRun[] {
  const isHere = db.prepare('SELECT 1 FROM runs WHERE id = ?')
  const inFile = new Set(runs.map(({ id }) => id))
  const children = Map.groupBy(runs, ({ parent }) => (parent !== null && inFile.has(parent) ? parent : null))
  const order = [...(children.get(null) ?? [])]
  const orphan = order.find(({ parent }) => parent !== null && isHere.get(parent) === undefined)
  if (orphan) refuse(`the parent of run ${orphan.id} is missing`)
  for (const run of order) order.push(...(children.get(run.id) ?? []))
  return order.length === runs.length ? order : refuse('runs follow from each other in a circle')
}

/** Files that are to be moved to their places. */
type Staged = readonly { readonly from: string; readonly to: string }[]

async function stageArtifacts(zip: ZipReader, manifest: Manifest, folder: string, runs: readonly StagedRun[], staging: { path(): string }, refuse: Refuse, task: Task): Promise<Staged> {
  const listed = new Map(manifest.artifacts.map((artifact) => [artifact.sha256, artifact]))
  const wanted = new Map(runs.flatMap(({ artifacts }) => artifacts).map((artifact) => [artifact.path, artifact]))
  const needed = [...wanted.values()].filter(({ path, sha256, bytes }) => listed.has(sha256) && !isThere(fromWorkspace(folder, path), bytes))
  const files: { from: string; to: string }[] = []
  for (const { path, sha256, bytes } of needed) {
    await breathe(task)
    const entry = zip.entries.get(artifactName(sha256))!
    if (entry.bytes !== bytes || listed.get(sha256)!.bytes !== bytes) refuse(`«${entry.name}» has another size than its run says`)
    const from = staging.path()
    await stage(zip, entry, sha256, { path: from, lasting: true }, refuse)
    files.push({ from, to: fromWorkspace(folder, path) })
    task.report({ stage: 'import', done: files.length, total: needed.length, unit: 'files' })
  }
  return files
}

const isThere = (path: string, bytes: number): boolean => statSync(path, { throwIfNoEntry: false })?.size === bytes

/** Moves files to their places, durably. */
async function place(files: Staged, folder: string): Promise<void> {
  for (const { from, to } of files) {
    ensureFolder(dirname(to))
    renameSync(from, to)
  }
  if (files.length > 0) await syncFolders(...new Set(files.map(({ to }) => dirname(to))), join(folder, 'artifacts'))
}

function takeBack(db: Db, files: Staged): void {
  // Another process may have recorded a run with the same content meanwhile.
  const isNamed = db.prepare("SELECT 1 FROM artifacts WHERE path GLOB '*' || ?")
  for (const { to } of files) if (isNamed.get(basename(to)) === undefined) rmSync(to, { force: true })
}

/** Records every run, or none. Gives the ids of those that nobody recorded meanwhile. */
function record(db: Db, folder: string, runs: readonly StagedRun[]): string[] {
  const isHere = db.prepare('SELECT 1 FROM runs WHERE id = ?')
  const imported = new Date().toISOString()
  return write(db, () =>
    runs.filter(({ id }) => isHere.get(id) === undefined).map(({ id, path }) => {
      const { run, marks } = parseDocument(readFileSync(path, 'utf8')) as RunDocument
      // What brought no content along, and has none here, is not kept: its path would name nothing.
      const artifacts = run.artifacts?.map((artifact) => ({ ...artifact, path: fromWorkspace(folder, artifact.path) })).filter((artifact) => isThere(artifact.path, artifact.bytes))
      finishRun(db, folder, artifacts === undefined ? run : { ...run, artifacts })
      mark(db, id, marks, imported)
      return id
    }))
}

function mark(db: Db, id: string, { tags, archived, note, waivers, pinned }: RunDocument['marks'], imported: string): void {
  db.prepare('UPDATE runs SET imported = ?, archived = ? WHERE id = ?').run(imported, Number(archived), id)
  for (const tag of tags) db.prepare('INSERT OR IGNORE INTO tags (tag, run) VALUES (?, ?)').run(tag, id)
  if (note !== '') db.prepare('INSERT INTO notes (run, text) VALUES (?, ?)').run(id, note)
  for (const [position, { rule, reason, created }] of waivers.entries()) {
    db.prepare('INSERT INTO waivers (run, position, rule, reason, created) VALUES (?, ?, ?, ?, ?)').run(id, position, rule, reason, created)
  }
  // A baseline that was pinned here stays.
  if (pinned) db.prepare('INSERT OR IGNORE INTO baselines (model_sha256, run, created) SELECT model_sha256, id, ? FROM runs WHERE id = ? AND model_sha256 IS NOT NULL').run(imported, id)
}
