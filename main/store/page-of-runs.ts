import type { Db } from './database.ts'
import { runQuery } from './list-runs.ts'
import type { RunConditions } from './list-runs.ts'
import { summariesOf } from './run-summaries.ts'
import type { RunSummary } from './run-summaries.ts'
import { guarded } from './store-fault.ts'

export type RunNumber = 'float' | 'simulated' | 'drop' | 'latency' | 'size' | 'worst' | 'seconds'
export type RunOrder = RunNumber | 'created' | 'run' | 'verb' | 'model' | 'status' | 'protocol' | 'gates' | 'method' | 'board' | 'tags'

export interface RunPageRequest {
  readonly filter: RunConditions & {
    /** A run without the number is outside every bound. `drop`: float − simulated of the run's own protocol; `worst`: SQNR in dB; `latency`, `size`: ratios. */
    readonly bounds?: readonly { readonly number: RunNumber; readonly sense: '<' | '<=' | '>' | '>=' | '='; readonly value: number }[] | undefined
  }
  /** The first counts most. Runs of equal rank stand newest first, runs without the value last. */
  readonly sort: readonly { readonly by: RunOrder; readonly down: boolean }[]
  readonly offset: number
  readonly limit: number
}

export interface RunPage {
  /** How many runs fulfil the filter. */
  readonly total: number
  readonly runs: readonly RunSummary[]
}

const NUMBERS: Readonly<Record<RunNumber, string>> = {
  float: 'float', simulated: 'simulated', drop: 'lost', latency: 'latency_ratio', size: 'size_ratio', worst: 'worst_db', seconds: 'seconds',
}
const ORDERS: Readonly<Record<RunOrder, string>> = {
  ...NUMBERS, created: 'created', run: 'id', verb: 'verb', model: 'model COLLATE NOCASE', status: 'status', protocol: 'protocol', gates: 'gates_failed', method: 'method', board: 'board',
  tags: "(SELECT group_concat(tag, ' ' ORDER BY tag) FROM tags WHERE tags.run = id)",
}
const SENSES = ['<', '<=', '>', '>=', '='] as const

/** One page of the list, sorted and filtered by the database. */
export function pageOfRuns(db: Db, { filter: { bounds = [], ...filter }, sort, offset, limit }: RunPageRequest): RunPage {
  const within = bounds.map(({ number, sense }, index) => `${NUMBERS[number]} ${SENSES.find((one) => one === sense)!} :bound${index}`)
  const { from, values } = runQuery(filter, within)
  const given = { ...values, ...Object.fromEntries(bounds.map(({ value }, index) => [`bound${index}`, value])) }
  const orders = sort.map(({ by, down }) => `${ORDERS[by]} ${down ? 'DESC' : 'ASC'} NULLS LAST`)
  const page = `SELECT id FROM ${from} ORDER BY ${[...orders, 'id DESC'].join(', ')} LIMIT :limit OFFSET :offset`
  return guarded(db.name, () =>
    db.transaction(() => ({
      total: db.prepare(`SELECT count(*) FROM ${from}`).pluck().get(given) as number,
      runs: summariesOf(db, db.prepare(page).pluck().all({ ...given, limit, offset }) as string[]),
    }))())
}
