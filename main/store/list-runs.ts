import type { FaultData } from '../core/fault.ts'
import type { Quality, RunStatus, Verb, Versions } from '../core/run.ts'
import type { Db } from './database.ts'
import { guarded } from './store-fault.ts'

export interface RunFilter {
  readonly verb?: Verb
  readonly status?: RunStatus
  readonly tag?: string
  /** The beginning of the model's SHA-256, or a part of its path. */
  readonly model?: string
  readonly parent?: string
  /** Text that the model's path, a tag or a note holds. */
  readonly text?: string
  /** Archived runs too; they are left out otherwise. */
  readonly archived?: boolean
  /** At most this many; default 100. */
  readonly limit?: number
  /** Only runs older than this id: the last of the page before. */
  readonly before?: string
}

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
  /** How many gates were passed and failed; null where none was set. */
  readonly gates: { readonly passed: number; readonly failed: number } | null
  readonly tags: readonly string[]
  readonly archived: boolean
}

const CONDITIONS: Readonly<Record<string, string>> = {
  verb: 'verb = :verb',
  status: 'status = :status',
  tag: 'EXISTS (SELECT 1 FROM tags WHERE tags.run = runs.id AND tag = :tag)',
  model: "(model_sha256 GLOB :model || '*' OR instr(lower(coalesce(document ->> '$.model.path', '')), lower(:model)))",
  parent: 'parent = :parent',
  before: 'id < :before',
  text: `(instr(lower(coalesce(document ->> '$.model.path', '')), lower(:text)) OR instr(lower(coalesce(document -> '$.notes', '')), lower(:text))
    OR EXISTS (SELECT 1 FROM tags WHERE tags.run = runs.id AND instr(lower(tag), lower(:text))))`,
}

/** Runs, newest first. */
export function listRuns(db: Db, filter: RunFilter = {}): RunSummary[] {
  const asked = Object.entries(filter).filter(([key, value]) => value !== undefined && key in CONDITIONS)
  const where = [...asked.map(([key]) => CONDITIONS[key]!), ...(filter.archived ? [] : ['archived = 0'])]
  const sql = `
    SELECT id AS run, parent, verb, status, created, seconds, archived,
      document ->> '$.model.path' AS model, document ->> '$.latency.ratio' AS latencyRatio, document ->> '$.size.ratio' AS sizeRatio,
      document -> '$.quality' AS quality, document -> '$.fault' AS fault,
      (SELECT json_object('passed', sum(passed), 'failed', sum(NOT passed)) FROM gates WHERE gates.run = runs.id HAVING count(*) > 0) AS gates,
      (SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE tags.run = runs.id) AS tags,
      (SELECT json_group_object(version, value) FROM metrics WHERE metrics.run = runs.id AND position = 0) AS means
    FROM runs ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
    ORDER BY id DESC LIMIT :limit`
  const rows = guarded(db.name, () => db.prepare(sql).all({ ...Object.fromEntries(asked), limit: filter.limit ?? 100 })) as SummaryRow[]
  return rows.map(summaryOf)
}

interface SummaryRow extends Omit<RunSummary, 'quality' | 'fault' | 'gates' | 'tags' | 'archived'> {
  readonly archived: number
  readonly quality: string | null
  readonly fault: string | null
  readonly gates: string | null
  readonly tags: string
  readonly means: string
}

function summaryOf({ means, ...row }: SummaryRow): RunSummary {
  const head = row.quality === null ? null : (JSON.parse(row.quality) as Pick<Quality, 'protocol' | 'unit'>)
  return {
    ...row,
    archived: row.archived === 1,
    tags: JSON.parse(row.tags) as string[],
    gates: row.gates === null ? null : (JSON.parse(row.gates) as RunSummary['gates']),
    fault: row.fault === null ? null : (JSON.parse(row.fault) as FaultData),
    quality: head === null ? null : { protocol: head.protocol, unit: head.unit, ...(JSON.parse(means) as Versions) },
  }
}
