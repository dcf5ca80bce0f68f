import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Db } from './database.ts'
import { write } from './database.ts'
import { findId } from './read-run.ts'
import { guarded } from './store-fault.ts'

/** A failed gate that a person accepted, and why. */
export interface Waiver {
  readonly rule: string
  readonly reason: string
  /** ISO 8601, UTC. */
  readonly created: string
}

/** What is written on a run beside its record. */
export interface RunMarks {
  /** In alphabetical order. */
  readonly tags: readonly string[]
  readonly archived: boolean
  /** Markdown; '' where there is none. */
  readonly note: string
  /** Kept for ever, newest last. */
  readonly waivers: readonly Waiver[]
  /** The run that is pinned as baseline of the same model; it may be this one. */
  readonly baseline: string | null
}

export function marksOf(db: Db, wanted: string): RunMarks {
  return guarded(db.name, () =>
    db.transaction(() => {
      const id = findId(db, wanted)
      return {
        tags: db.prepare('SELECT tag FROM tags WHERE run = ? ORDER BY tag').pluck().all(id) as string[],
        archived: db.prepare('SELECT archived FROM runs WHERE id = ?').pluck().get(id) === 1,
        note: (db.prepare('SELECT text FROM notes WHERE run = ?').pluck().get(id) as string | undefined) ?? '',
        waivers: waiversOf(db, id),
        baseline: baselineOf(db, id),
      }
    })())
}

const waiversOf = (db: Db, id: string): Waiver[] =>
  db.prepare('SELECT rule, reason, created FROM waivers WHERE run = ? ORDER BY position').all(id) as Waiver[]

const baselineOf = (db: Db, id: string): string | null =>
  (db.prepare('SELECT run FROM baselines WHERE model_sha256 = (SELECT model_sha256 FROM runs WHERE id = ?)').pluck().get(id) as string | undefined) ?? null

/** Writes the note of a run anew; an empty text takes it away. */
export function noteRun(db: Db, wanted: string, text: string): void {
  write(db, () => {
    const id = findId(db, wanted)
    if (text.trim() === '') db.prepare('DELETE FROM notes WHERE run = ?').run(id)
    else db.prepare('INSERT OR REPLACE INTO notes (run, text) VALUES (?, ?)').run(id, text)
  })
}

/**
 * Pins a run as the baseline of its model, in place of the one before; or takes the pin away where it is this run's.
 * Gives the model's baseline before and after. Throws `input.no-model` where the run names none.
 */
export function pinRun(db: Db, wanted: string, pinned: boolean): { before: string | null; after: string | null } {
  return write(db, () => {
    const id = findId(db, wanted)
    const before = baselineOf(db, id)
    const model = db.prepare('SELECT model_sha256 FROM runs WHERE id = ?').pluck().get(id) as string | null
    if (model === null) {
      throw new Fault({ code: 'input.no-model', where: id, what: 'the run names no model that it could be the baseline of', next: 'Take a run that was done.' })
    }
    if (!pinned) db.prepare('DELETE FROM baselines WHERE run = ?').run(id)
    else db.prepare('INSERT OR REPLACE INTO baselines (model_sha256, run, created) VALUES (?, ?, ?)').run(model, id, new Date().toISOString())
    return { before, after: baselineOf(db, id) }
  })
}

/**
 * Accepts a failed gate of a run. `rule` is the gate's whole rule, or its name where one gate has it. Gives all waivers of the run.
 * Throws `input.no-gate` where the run has no such gate, `input.gate-passed` where there is nothing to accept.
 */
export function waiveGate(db: Db, wanted: string, rule: string, reason: string): Waiver[] {
  return write(db, () => {
    const id = findId(db, wanted)
    const gates = db.prepare('SELECT rule, passed FROM gates WHERE run = ? ORDER BY position').all(id) as { rule: string; passed: number }[]
    const gate = gateOf(gates, rule)
    if (gate === undefined) {
      const next = gates.length === 0 ? 'Only gates of the recipe that the run was judged by can be waived; this run has none.' : didYouMean(rule, gates.map((one) => one.rule))
      throw new Fault({ code: 'input.no-gate', where: id, what: `the run has no gate «${rule}»`, ...(next === undefined ? {} : { next }) })
    }
    if (gate.passed === 1) throw new Fault({ code: 'input.gate-passed', where: id, what: `the run passed «${gate.rule}»`, next: 'Only a failed gate can be waived.' })
    const position = db.prepare('SELECT count(*) FROM waivers WHERE run = ?').pluck().get(id) as number
    db.prepare('INSERT INTO waivers (run, position, rule, reason, created) VALUES (?, ?, ?, ?, ?)').run(id, position, gate.rule, reason, new Date().toISOString())
    return waiversOf(db, id)
  })
}

function gateOf<Gate extends { rule: string }>(gates: readonly Gate[], rule: string): Gate | undefined {
  const named = gates.filter((gate) => gate.rule.split(' ', 1)[0] === rule)
  return gates.find((gate) => gate.rule === rule) ?? (named.length === 1 ? named[0] : undefined)
}
