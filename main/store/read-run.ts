import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Quality, Run, RunStatus, Verb } from '../core/run.ts'
import type { Db } from './database.ts'
import { guarded } from './store-fault.ts'
import { qualityOf } from './metrics.ts'
import type { MetricRow, QualityHead } from './metrics.ts'
import { partsOf } from './parts.ts'
import type { PartName, SqlRow } from './parts.ts'

interface RunRow {
  readonly id: string
  readonly parent: string | null
  readonly verb: Verb
  readonly status: RunStatus
  readonly created: string
  readonly seconds: number
  readonly document: string
  readonly parts: string
}

/** A run by its id, the beginning of its id, or one of its tags (the newest run that has it), exactly as it was recorded. */
export function getRun(db: Db, folder: string, wanted: string): Run {
  return guarded(db.name, () =>
    db.transaction(() => {
      const id = findId(db, wanted)
      const row = db.prepare('SELECT id, parent, verb, status, created, seconds, document, parts FROM runs WHERE id = ?').get(id) as RunRow
      return { ...headOf(row), ...documentOf(db, row), ...partsOfRow(db, folder, row) } as Run
    })(),
  )
}

/** The full id of what a person typed. Throws `input.unknown-run`, `input.ambiguous-run`. */
export function findId(db: Db, wanted: string): string {
  const tagged = db.prepare('SELECT run FROM tags WHERE tag = ? ORDER BY run DESC LIMIT 1').pluck().get(wanted) as string | undefined
  if (tagged !== undefined) return tagged
  const prefix = wanted.toUpperCase()
  const ids = /^[0-9A-Z]+$/.test(prefix)
    ? (db.prepare("SELECT id FROM runs WHERE id GLOB ? || '*' ORDER BY id DESC LIMIT 6").pluck().all(prefix) as string[])
    : []
  if (ids.length === 1 || ids.includes(prefix)) return ids.length === 1 ? ids[0]! : prefix
  if (ids.length > 1) {
    throw new Fault({
      code: 'input.ambiguous-run',
      where: wanted,
      what: `several runs begin like that: ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ' …' : ''}`,
      next: 'Give more letters of the id.',
    })
  }
  const known = db.prepare('SELECT id FROM runs UNION SELECT tag FROM tags').pluck().all() as string[]
  throw new Fault({
    code: 'input.unknown-run',
    where: wanted,
    what: 'no run has this id or tag',
    next: didYouMean(wanted, known) ?? 'The workspace has no runs yet.',
  })
}

const headOf = ({ id, parent, verb, status, created, seconds }: RunRow) => ({ run: id, parent, verb, status, created, seconds })

function documentOf(db: Db, row: RunRow): Partial<Run> {
  const document = JSON.parse(row.document) as Omit<Partial<Run>, 'quality'> & { quality?: QualityHead }
  if (document.quality === undefined) return document as Partial<Run>
  const rows = db.prepare('SELECT position, version, protocol, sample, value FROM metrics WHERE run = ? ORDER BY position').all(row.id)
  const quality: Quality = qualityOf(document.quality, rows as MetricRow[])
  return { ...document, quality }
}

function partsOfRow(db: Db, folder: string, row: RunRow): Partial<Run> {
  const present = JSON.parse(row.parts) as PartName[]
  const entries = partsOf(folder)
    .filter((part) => present.includes(part.name))
    .map((part) => {
      const rows = db.prepare(`SELECT ${part.columns.join(', ')} FROM ${part.name} WHERE run = ? ORDER BY position`).all(row.id) as SqlRow[]
      return [part.name, rows.map((each) => part.fromRow(each))] as const
    })
  return Object.fromEntries(entries)
}
