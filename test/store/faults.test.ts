import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkJournal, DATABASE_NAME, isOlder, openDatabase } from '../../main/store/database.ts'
import type { Db } from '../../main/store/database.ts'
import { migrations } from '../../main/store/migrations/index.ts'
import { openStore, storeOn } from '../../main/store/open-store.ts'
import { sampleEnvironment, sampleRun } from '../fixtures/sample-run.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const faultOf = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('opening', () => {
  it('sets what a record needs', () => {
    const db = openDatabase(join(folder, 'pragmas'))
    const answers = ['journal_mode', 'synchronous', 'foreign_keys', 'trusted_schema', 'cell_size_check', 'busy_timeout', 'application_id', 'user_version']
    expect(answers.map((name) => db.pragma(name, { simple: true }))).toEqual(['wal', 2, 1, 0, 1, 5000, 0x53435752, migrations.length])
    db.close()
  })

  it('refuses a newer workspace and leaves it alone', () => {
    const own = join(folder, 'newer')
    const db = openDatabase(own)
    db.pragma('user_version = 99')
    db.close()
    const before = readFileSync(join(own, DATABASE_NAME))
    expect(faultOf(() => openStore(own))).toMatchObject({ code: 'workspace.newer', where: join(own, DATABASE_NAME), next: expect.stringContaining('Update') })
    expect(readFileSync(join(own, DATABASE_NAME)).equals(before)).toBe(true)
  })

  it('refuses a file in place of the folder', () => {
    const path = join(folder, 'a-file')
    writeFileSync(path, 'x')
    expect(faultOf(() => openStore(path))).toMatchObject({ code: 'workspace.enotdir', where: path })
    expect(faultOf(() => openStore(join(path, 'below')))).toMatchObject({ code: 'workspace.enotdir' })
    expect(readFileSync(path, 'utf8')).toBe('x')
  })

  it('refuses a text in place of the database, and keeps it', () => {
    const own = join(folder, 'text')
    mkdirSync(own)
    writeFileSync(join(own, DATABASE_NAME), 'not a database at all, but long enough to be looked at. '.repeat(40))
    expect(faultOf(() => openStore(own))).toMatchObject({ code: 'workspace.not-a-database' })
    expect(readFileSync(join(own, DATABASE_NAME), 'utf8')).toContain('not a database')
  })

  it("refuses another program's database", () => {
    const own = join(folder, 'foreign')
    const db = openDatabase(own)
    db.pragma('application_id = 7')
    db.close()
    expect(faultOf(() => openStore(own))).toMatchObject({ code: 'workspace.not-ours' })
  })

  it('finds a damaged database', () => {
    const own = join(folder, 'damaged')
    const store = openStore(own)
    for (let count = 0; count < 20; count++) store.finishRun(sampleRun(store.beginRun({ verb: 'run', environment: sampleEnvironment }), 40))
    store.close()
    const bytes = readFileSync(join(own, DATABASE_NAME))
    bytes.fill(0xa5, 4096 * 3, 4096 * 30)
    writeFileSync(join(own, DATABASE_NAME), bytes)
    expect(faultOf(() => openStore(own))).toMatchObject({ code: 'workspace.corrupt', next: expect.stringContaining('copy') })
  })

  it('refuses a truncated database', () => {
    const own = join(folder, 'truncated')
    openStore(own).close()
    const bytes = readFileSync(join(own, DATABASE_NAME))
    writeFileSync(join(own, DATABASE_NAME), bytes.subarray(0, bytes.length >> 1))
    expect(faultOf(() => openStore(own))).toMatchObject({ code: 'workspace.corrupt' })
  })

  it('says that there is no workspace when it may only read', () => {
    expect(faultOf(() => openStore(join(folder, 'nowhere'), { readonly: true }))).toMatchObject({ code: 'workspace.none' })
  })

  it('refuses a file system without a write-ahead log', () => {
    expect(() => checkJournal('wal', 'x')).not.toThrow()
    expect(faultOf(() => checkJournal('delete', 'x'))).toMatchObject({ code: 'workspace.network-share', where: 'x' })
  })

  it('compares SQLite versions part by part', () => {
    expect(isOlder([3, 51, 2], [3, 51, 3])).toBe(true)
    expect(isOlder([3, 9, 9], [3, 51, 3])).toBe(true)
    expect(isOlder([3, 51, 3], [3, 51, 3])).toBe(false)
    expect(isOlder([3, 52], [3, 51, 3])).toBe(false)
    expect(isOlder([4], [3, 51, 3])).toBe(false)
  })
})

describe('a workspace that cannot be written', () => {
  // Root may write anywhere: its tests run as nobody, where the project can be read by nobody.
  const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const opener = fileURLToPath(new URL('../fixtures/store-opener.ts', import.meta.url))
  const open = (path: string, ...options: string[]) => spawnSync(process.execPath, [opener, path, ...options], { ...asNobody, encoding: 'utf8' })
  chmodSync(folder, 0o755)
  const possible = process.platform !== 'win32' && open(join(folder, 'nowhere'), 'readonly').stdout.includes('workspace.none')
  if (!possible) console.warn('SKIPPED: read-only workspaces, because no process without rights can be started here')

  it.skipIf(!possible)('is refused', () => {
    const closed = join(folder, 'closed')
    openStore(closed).close()
    chmodSync(join(closed, DATABASE_NAME), 0o444)
    chmodSync(closed, 0o555)
    expect(JSON.parse(open(closed).stdout)).toMatchObject({ code: 'workspace.read-only' })
    expect(JSON.parse(open(join(closed, 'below')).stdout)).toMatchObject({ code: 'workspace.eacces' })
    chmodSync(closed, 0o755)
  })
})

describe('writing', () => {
  const begin = (db: Db, own: string) => storeOn(db, own).beginRun({ verb: 'run', environment: sampleEnvironment })

  it('says that the workspace is locked, once the wait is over, and goes on when it is free', () => {
    const own = join(folder, 'locked')
    const [holder, waiter] = [openDatabase(own), openDatabase(own)]
    waiter.pragma('busy_timeout = 100')
    holder.exec('BEGIN IMMEDIATE')
    expect(faultOf(() => begin(waiter, own))).toMatchObject({ code: 'workspace.locked', where: join(own, DATABASE_NAME) })
    holder.exec('ROLLBACK')
    expect(begin(waiter, own).status).toBe('running')
    holder.close()
    waiter.close()
  })

  it('on a full disk keeps what was there, and nothing of the run that did not fit', async () => {
    const own = join(folder, 'full')
    const db = openDatabase(own)
    const store = storeOn(db, own)
    const kept = sampleRun(begin(db, own))
    store.finishRun(kept)
    const pages = db.pragma('page_count', { simple: true }) as number
    db.pragma(`max_page_count = ${pages + 2}`)
    const big = begin(db, own)
    expect(faultOf(() => store.finishRun(sampleRun(big, 2000)))).toMatchObject({ code: 'workspace.enospc' })
    expect(store.getRun(big.run)).toStrictEqual(big)
    expect(store.getRun(kept.run)).toStrictEqual(kept)
    expect(await store.check()).toMatchObject({ clean: true })
    db.pragma('max_page_count = 1000000')
    store.finishRun(sampleRun(big, 2000))
    expect(store.getRun(big.run).layers).toHaveLength(2000)
    db.close()
  })

  it('is refused where only reading was asked for', () => {
    const own = join(folder, 'reader')
    openStore(own).close()
    const reader = openStore(own, { readonly: true })
    expect(faultOf(() => reader.beginRun({ verb: 'run', environment: sampleEnvironment }))).toMatchObject({ code: 'workspace.read-only' })
    reader.close()
  })
})
