import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DATABASE_NAME, openDatabase } from '../../main/store/database.ts'
import { migrate } from '../../main/store/migrate.ts'
import { migrations } from '../../main/store/migrations/index.ts'
import { openStore } from '../../main/store/open-store.ts'
import { sampleEnvironment, sampleRun } from '../fixtures/sample-run.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const newest = migrations.length
const next = { version: newest + 1, name: 'colour', sql: 'ALTER TABLE runs ADD COLUMN colour TEXT; UPDATE runs SET colour = \'red\'' }

describe('migrations', () => {
  it('are numbered from 1 without a gap', () => {
    expect(migrations.map((migration) => migration.version)).toEqual(migrations.map((_, index) => index + 1))
  })

  it('bring an older workspace forward and keep a backup that opens', () => {
    const own = join(folder, 'older')
    const store = openStore(own)
    const run = sampleRun(store.beginRun({ verb: 'run', environment: sampleEnvironment }))
    store.finishRun(run)
    store.close()
    const path = join(own, DATABASE_NAME)
    const db = openDatabase(own)
    migrate(db, path, [...migrations, next])
    expect(db.pragma('user_version', { simple: true })).toBe(newest + 1)
    expect(db.prepare('SELECT id, colour FROM runs').all()).toEqual([{ id: run.run, colour: 'red' }])
    db.exec('VACUUM')
    db.prepare('ATTACH ? AS backup').run(`${path}.v${newest}.backup`)
    expect(db.pragma('backup.user_version', { simple: true })).toBe(newest)
    expect(db.prepare('SELECT id FROM backup.runs').pluck().all()).toEqual([run.run])
    db.close()
  })

  it('that fail leave the workspace as it was', () => {
    const own = join(folder, 'failing')
    const db = openDatabase(own)
    const broken = { version: newest + 1, name: 'broken', sql: 'CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)' }
    expect(() => migrate(db, join(own, DATABASE_NAME), [...migrations, broken])).toThrow('nowhere')
    expect(db.pragma('user_version', { simple: true })).toBe(newest)
    expect(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get()).toBe(0)
    db.close()
  })

  it('are not made by a reader', () => {
    const own = join(folder, 'reader')
    openDatabase(own).close()
    const db = openDatabase(own, { readonly: true })
    expect(() => migrate(db, join(own, DATABASE_NAME), [...migrations, next], true)).toThrow(expect.objectContaining({ code: 'workspace.older' }))
    db.close()
  })

  it('of a fresh workspace need no backup', () => {
    const own = join(folder, 'fresh')
    openDatabase(own).close()
    expect(existsSync(`${join(own, DATABASE_NAME)}.v0.backup`)).toBe(false)
  })
})
