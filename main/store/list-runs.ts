import type { RunStatus, Verb } from '../core/run.ts'
import type { TuneFacts } from '../core/tune.ts'
import type { Db } from './database.ts'
import { summariesOf } from './run-summaries.ts'
import type { RunSummary } from './run-summaries.ts'
import { guarded } from './store-fault.ts'

/** Which runs are meant. All that is given must hold. */
export interface RunConditions {
  readonly verb?: Verb | undefined
  readonly status?: RunStatus | undefined
  readonly tag?: string | undefined
  /** The beginning of the model's SHA-256, or a part of its path. */
  readonly model?: string | undefined
  readonly parent?: string | undefined
  /** Text that the model's path, a tag or a note holds. */
  readonly text?: string | undefined
  /** Threshold method of the activations, and board, as the recipe names them. */
  readonly method?: string | undefined
  readonly board?: string | undefined
  /** Only tuning that did this; a search is known by its trials before it ends. */
  readonly tuned?: TuneFacts['mode'] | undefined
  /** Path of the model, just as the recipe names it: known before a run ends. */
  readonly recipeModel?: string | undefined
  /** Created at or after, and before, these moments (ISO 8601, UTC). */
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** Only pinned baselines. */
  readonly baseline?: boolean | undefined
  /** Archived runs too; they are left out otherwise. */
  readonly archived?: boolean | undefined
}

export interface RunFilter extends RunConditions {
  /** At most this many; default 100. */
  readonly limit?: number | undefined
  /** Only runs older than this id: the last of the page before. */
  readonly before?: string | undefined
}

/** SQL for a list of runs: what stands behind FROM, and the values it takes. */
export interface RunQuery {
  readonly from: string
  readonly values: Record<string, string | number>
}

const CONDITIONS: Readonly<Record<string, string>> = {
  verb: 'verb = :verb',
  status: 'status = :status',
  tag: 'EXISTS (SELECT 1 FROM tags WHERE tags.run = id AND tag = :tag)',
  model: "(model_sha256 GLOB :model || '*' OR instr(lower(model), lower(:model)))",
  parent: 'parent = :parent',
  before: 'id < :before',
  method: 'method = :method',
  board: 'board = :board',
  tuned: `verb = 'tune' AND coalesce(document ->> '$.tune.mode', CASE WHEN status = 'running' OR EXISTS (SELECT 1 FROM trials WHERE trials.run = id) THEN 'search' END) = :tuned`,
  recipeModel: "document ->> '$.recipe.model' = :recipeModel",
  since: 'created >= :since',
  until: 'created < :until',
  text: `(instr(words, lower(:text)) OR EXISTS (SELECT 1 FROM tags WHERE tags.run = id AND instr(lower(tag), lower(:text)))
    OR EXISTS (SELECT 1 FROM notes WHERE notes.run = id AND instr(lower(text), lower(:text))))`,
}

/** The runs that fulfil a filter and more conditions, joined with their summaries. */
export function runQuery(filter: RunConditions & { readonly before?: string | undefined }, more: readonly string[] = []): RunQuery {
  const asked = Object.entries(filter).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && Object.hasOwn(CONDITIONS, entry[0]))
  const where = [
    ...(filter.archived === true ? [] : ['archived = 0']),
    ...(filter.baseline === true ? ['EXISTS (SELECT 1 FROM baselines WHERE baselines.run = id)'] : []),
    ...asked.map(([key]) => CONDITIONS[key]!),
    ...more,
  ]
  return {
    from: `runs JOIN summaries ON summaries.run = runs.id ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}`,
    // Moments are kept with milliseconds and compared as text.
    values: Object.fromEntries(asked.map(([key, value]) => [key, key === 'since' || key === 'until' ? new Date(value).toISOString() : value])),
  }
}

/** Runs, newest first. */
export function listRuns(db: Db, { limit = 100, ...filter }: RunFilter = {}): RunSummary[] {
  const { from, values } = runQuery(filter)
  return guarded(db.name, () =>
    db.transaction(() => summariesOf(db, db.prepare(`SELECT id FROM ${from} ORDER BY id DESC LIMIT :limit`).pluck().all({ ...values, limit }) as string[]))())
}
