import { Fault } from '../core/fault.ts'
import type { Trial } from '../core/tune.ts'
import type { Db } from './database.ts'
import { write } from './database.ts'
import { TRIALS, type SqlRow } from './parts.ts'
import { guarded } from './store-fault.ts'

const COLUMNS = TRIALS.columns.join(', ')

/** Adds a trial to a run that is running, behind its others: from now on it survives the death of the process. Throws `bug.run-ended`. */
export function putTrial(db: Db, run: string, trial: Trial): void {
  write(db, () => {
    if (db.prepare('SELECT status FROM runs WHERE id = ?').pluck().get(run) !== 'running') throw new Fault({ code: 'bug.run-ended', where: run, what: 'the run is not running' })
    db.prepare("UPDATE runs SET parts = json_insert(parts, '$[#]', 'trials') WHERE id = ? AND NOT EXISTS (SELECT 1 FROM json_each(parts) WHERE value = 'trials')").run(run)
    const position = db.prepare<[string], number>('SELECT coalesce(max(position) + 1, 0) FROM trials WHERE run = ?').pluck().get(run)!
    db.prepare(`INSERT INTO trials (run, position, ${COLUMNS}) VALUES (?, ?, ${TRIALS.columns.map(() => '?').join(', ')})`).run(run, position, ...TRIALS.toRow(trial))
  })
}

/** A trial that was measured under a key before, in any run; undefined where none was. */
export function findTrial(db: Db, key: string): Trial | undefined {
  const row = guarded(db.name, () => db.prepare<[string], SqlRow>(`SELECT ${COLUMNS} FROM trials WHERE key = ? AND fault IS NULL ORDER BY run DESC LIMIT 1`).get(key))
  return row && (TRIALS.fromRow(row) as Trial)
}
