import type { FaultData } from '../core/fault.ts'
import type { Quality, RunStatus, Verb, Versions } from '../core/run.ts'
import type { Db } from './database.ts'
import { guarded } from './store-fault.ts'

/** A line of the list of runs. */
export interface RunSummary {
  readonly run: string
  readonly parent: string | null
  readonly verb: Verb
  readonly status: RunStatus
  readonly created: string
  readonly seconds: number
  /** Path of the model as it was given; null where there is none. */
  readonly model: string | null
  readonly quality: (Versions & Pick<Quality, 'protocol' | 'unit'>) | null
  /** fused over float. */
  readonly latencyRatio: number | null
  readonly sizeRatio: number | null
  readonly fault: FaultData | null
  /** How many gates were passed and failed, and how many of the failed ones are waived; null where none was set. */
  readonly gates: { readonly passed: number; readonly failed: number; readonly waived: number } | null
  readonly tags: readonly string[]
  readonly archived: boolean
  /** Threshold method of the activations, their bits, and the board, as the recipe says; null where it says nothing. */
  readonly method: string | null
  readonly bits: number | null
  readonly board: string | null
  /** Least SQNR of a layer in dB, everything before it quantized too where that was measured. */
  readonly worstSqnrDb: number | null
  /** First line of the note; '' where there is none. */
  readonly note: string
  /** Whether it is pinned as the baseline of its model. */
  readonly baseline: boolean
}

/** Writes the line of a run anew. Part of the transaction that writes the run. */
export const summarize = (db: Db, id: string): void =>
  void db.prepare('INSERT OR REPLACE INTO summaries SELECT * FROM summary_facts WHERE run = ?').run(id)

const NOTE_LENGTH = 300

const SELECT = `
  SELECT runs.id AS run, runs.parent, verb, status, created, seconds, archived,
    model, method, bits, board, protocol, unit, float, simulated, fused,
    latency_ratio AS latencyRatio, size_ratio AS sizeRatio, worst_db AS worstSqnrDb, fault, gates_passed AS passed, gates_failed AS failed,
    (SELECT count(*) FROM gates WHERE gates.run = runs.id AND NOT passed AND EXISTS (SELECT 1 FROM waivers WHERE waivers.run = runs.id AND waivers.rule = gates.rule)) AS waived,
    (SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE tags.run = runs.id) AS tags,
    coalesce((SELECT substr(text, 1, min(${NOTE_LENGTH}, instr(text || char(10), char(10)) - 1)) FROM notes WHERE notes.run = runs.id), '') AS note,
    EXISTS (SELECT 1 FROM baselines WHERE baselines.run = runs.id) AS baseline
  FROM json_each(:ids) AS page JOIN runs ON runs.id = page.value JOIN summaries ON summaries.run = runs.id
  ORDER BY page.key`

interface SummaryRow extends Omit<RunSummary, 'quality' | 'fault' | 'gates' | 'tags' | 'archived' | 'baseline'>, Versions {
  readonly archived: number
  readonly baseline: number
  readonly protocol: string | null
  readonly unit: Quality['unit']
  readonly fault: string | null
  readonly passed: number | null
  readonly failed: number | null
  readonly waived: number
  readonly tags: string
}

/** The lines of these runs (full ids), in this order; ids that are not there are left out. */
export function summariesOf(db: Db, ids: readonly string[]): RunSummary[] {
  const rows = guarded(db.name, () => db.prepare(SELECT).all({ ids: JSON.stringify(ids) })) as SummaryRow[]
  return rows.map(({ protocol, unit, float, simulated, fused, passed, failed, waived, ...row }) => ({
    ...row,
    quality: protocol === null ? null : { protocol, unit, float, simulated, fused },
    gates: passed === null || failed === null ? null : { passed, failed, waived },
    fault: row.fault === null ? null : (JSON.parse(row.fault) as FaultData),
    tags: JSON.parse(row.tags) as string[],
    note: row.note.trimEnd(),
    archived: row.archived === 1,
    baseline: row.baseline === 1,
  }))
}
