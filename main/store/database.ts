import Database from 'better-sqlite3'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { asWriteFault, ensureFolder } from '../core/files.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { asStoreFault, guarded } from './store-fault.ts'

export type Db = Database.Database

export const DATABASE_NAME = 'scalewright.db'
/** 'SCWR', in the header of every database of ours. */
export const APPLICATION_ID = 0x53435752
/** Up to this size a damaged file is found when it is opened; a larger one by `check`, which takes its time. */
const QUICK_CHECK_BYTES = 32 * 2 ** 20
const BUSY_TIMEOUT_MS = 5000
/** The first without the WAL-reset corruption (https://sqlite.org/wal.html#walreset). */
const OLDEST_SQLITE = [3, 51, 3] as const

/**
 * Opens (and creates or migrates, unless `readonly`) the database of a workspace, set so that a committed transaction survives the
 * death of the process and of the machine. Throws `workspace.*` Faults.
 */
export function openDatabase(folder: string, options: { readonly readonly?: boolean } = {}): Db {
  const readonly = options.readonly ?? false
  const path = join(folder, DATABASE_NAME)
  prepareFolder(folder, path, readonly)
  let db: Db | undefined
  try {
    db = new Database(path, { readonly, fileMustExist: readonly, timeout: BUSY_TIMEOUT_MS })
    checkSqlite(db)
    checkOwner(db, path)
    configure(db, path, readonly)
    checkHealth(db, path)
    migrate(db, path, migrations, readonly)
    return db
  } catch (error) {
    db?.close()
    throw asStoreFault(error, path)
  }
}

function prepareFolder(folder: string, path: string, readonly: boolean): void {
  if (!readonly) return ensureFolder(folder)
  try {
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
    statSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      const next = 'Give its folder with --workspace; a first run makes one.'
      throw new Fault({ code: 'workspace.none', where: folder, what: 'there is no workspace here', next })
    }
    throw asWriteFault(error, folder)
  }
}

function checkSqlite(db: Db): void {
  const version = db.prepare('SELECT sqlite_version()').pluck().get() as string
  if (isOlder(version.split('.').map(Number), OLDEST_SQLITE)) {
    throw new Fault({
      code: 'bug.old-sqlite',
      what: `SQLite ${version} can damage a database that two programs write`,
      next: `Install better-sqlite3 with SQLite ${OLDEST_SQLITE.join('.')} or later.`,
    })
  }
}

/** Whether a dotted version comes before another. */
export function isOlder(version: readonly number[], oldest: readonly number[]): boolean {
  const at = oldest.findIndex((part, index) => part !== (version[index] ?? 0))
  return at >= 0 && (version[at] ?? 0) < oldest[at]!
}

/** Refuses a database that another program made, before anything is written to it. */
function checkOwner(db: Db, path: string): void {
  const owner = db.pragma('application_id', { simple: true })
  if (owner === APPLICATION_ID) return
  const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number
  if (owner === 0 && tables === 0) return
  const next = 'Choose another folder with --workspace.'
  throw new Fault({ code: 'workspace.not-ours', where: path, what: 'the database belongs to another program', next })
}

function configure(db: Db, path: string, readonly: boolean): void {
  if (!readonly) checkJournal(patiently(() => db.pragma('journal_mode = WAL', { simple: true })), path)
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  db.pragma('mmap_size = 0')
  db.pragma(`journal_size_limit = ${64 * 2 ** 20}`)
}

/** SQLite answers the old mode, without an error, where it cannot share memory between processes. */
export function checkJournal(answer: unknown, path: string): void {
  if (answer === 'wal') return
  throw new Fault({
    code: 'workspace.network-share',
    where: path,
    what: `this file system cannot keep a write-ahead log (SQLite stays in mode '${String(answer)}'); it is probably a network share`,
    next: 'Choose a folder on a local disk with --workspace.',
  })
}

/** The switch to WAL fails at once, whatever the busy timeout, while another process makes the same switch. */
function patiently<T>(work: () => T): T {
  const deadline = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      return work()
    } catch (error) {
      const busy = error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
      if (!busy || performance.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

function checkHealth(db: Db, path: string): void {
  if (statSync(path).size > QUICK_CHECK_BYTES) return
  const answer = db.pragma('quick_check(1)', { simple: true })
  if (answer !== 'ok') throw Object.assign(new Error(String(answer)), { code: 'SQLITE_CORRUPT' })
}

/** One transaction that holds the write lock from its start, so that it can wait for others and never fails half-way for them. */
export const write = <T>(db: Db, work: () => T): T => guarded(db.name, () => db.transaction(work).immediate())
