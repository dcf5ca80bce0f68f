import type { Bound, RunPageFilter, RunStatus, Verb } from '../../../preload/contract/index.ts'
import { filterWords, type FilterWord } from '../../ui/filter-words.ts'

export const VERBS: readonly Verb[] = ['run', 'calibrate', 'quantize', 'compare', 'demo', 'inspect', 'rewrite', 'audit', 'tune', 'export', 'verify', 'weights', 'import']
export const STATUSES: readonly RunStatus[] = ['running', 'done', 'failed', 'cancelled']

export interface ReadFilter {
  readonly filter: NonNullable<RunPageFilter>
  /** Words that look like a condition and are none. */
  readonly unknown: readonly string[]
}

/** Names of numbers as people write them. */
const NUMBERS: Readonly<Record<string, Bound['number']>> = {
  psnr: 'simulated', simulated: 'simulated', float: 'float', drop: 'drop', latency: 'latency', size: 'size', worst: 'worst', seconds: 'seconds',
}

const TEXTS = ['model', 'tag', 'parent', 'method', 'board'] as const
const FLAGS = ['archived', 'baseline'] as const

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }

type Filter = { -readonly [K in keyof NonNullable<RunPageFilter>]: NonNullable<RunPageFilter>[K] }

/**
 * A line such as `model:sr status:done date>7d drop<=0.1 night` as a filter. Fields are model, verb, status, tag, method, board,
 * parent, `archived:yes` and `baseline:yes`; `date>7d` are the last seven days (h, d, w), `date>2026-11-01` the days after that one;
 * numbers are bounded as in `psnr>30 worst<30 latency<0.8 size<0.3 seconds>10`. What is left is text that
 * the model's path, a tag or a note holds. `now` in milliseconds: what a length of time counts from.
 */
export function readFilter(line: string, now: number): ReadFilter {
  const filter: Filter = {}
  const bounds: Bound[] = []
  const unknown: string[] = []
  const text: string[] = []
  for (const word of filterWords(line)) {
    const bound = boundOf(word)
    if (word.field === '') text.push(word.value)
    else if (bound !== null) bounds.push(bound)
    else if (!(word.sense === ':' ? readField(filter, word) : readDate(filter, word, now))) unknown.push(word.source)
  }
  if (bounds.length > 0) filter.bounds = bounds
  if (text.length > 0) filter.text = text.join(' ')
  return { filter, unknown }
}

/** Takes one `field:value`; false where it is none. */
function readField(filter: Filter, { field, value }: FilterWord): boolean {
  const text = TEXTS.find((each) => each === field)
  const flag = FLAGS.find((each) => each === field)
  const verb = VERBS.find((each) => each === value)
  const status = STATUSES.find((each) => each === value)
  if (value === '') return false
  if (text !== undefined) filter[text] = value
  else if (field === 'verb' && verb !== undefined) filter.verb = verb
  else if (field === 'status' && status !== undefined) filter.status = status
  else if (flag !== undefined && (value === 'yes' || value === 'no')) filter[flag] = value === 'yes'
  else return false
  return true
}

function boundOf({ field, sense, number: value }: FilterWord): Bound | null {
  const number = Object.hasOwn(NUMBERS, field) ? NUMBERS[field] : undefined
  return number === undefined || value === null || sense === ':' ? null : { number, sense, value }
}

/** Takes `date>7d`, `date>=2026-11-01`, `date=2026-11-01`; days are the person's own. False where it is no date. */
function readDate(filter: Filter, { field, sense, value }: FilterWord, now: number): boolean {
  if (field !== 'date') return false
  const [, count, unit = ''] = /^(\d{1,5})([hdw])$/.exec(value) ?? []
  const [start, end] = count === undefined ? dayOf(value) : [now - Number(count) * UNIT_MS[unit]!, null]
  if (start === null || (sense === '=' && end === null)) return false
  if (sense.startsWith('>')) filter.since = iso(sense === '>' ? (end ?? start) : start)
  else if (sense.startsWith('<')) filter.until = iso(sense === '<' ? start : (end ?? start))
  else {
    filter.since = iso(start)
    filter.until = iso(end!)
  }
  return true
}

const iso = (at: number): string => new Date(at).toISOString()

/** Beginning and end of a day of the calendar, in milliseconds. */
function dayOf(value: string): readonly [start: number | null, end: number | null] {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? []
  const start = new Date(Number(year), Number(month) - 1, Number(day))
  const isDay = year !== '' && start.getMonth() === Number(month) - 1 && start.getDate() === Number(day)
  return isDay ? [start.getTime(), new Date(Number(year), Number(month) - 1, Number(day) + 1).getTime()] : [null, null]
}
