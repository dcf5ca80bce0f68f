import type { RunFilter, RunStatus, Verb } from '../../../preload/contract/index.ts'

export const VERBS: readonly Verb[] = ['run', 'calibrate', 'quantize', 'compare', 'demo', 'inspect', 'rewrite', 'audit', 'tune', 'export']
export const STATUSES: readonly RunStatus[] = ['running', 'done', 'failed', 'cancelled']

export interface ReadFilter {
  readonly filter: RunFilter
  /** Words that look like a condition and are none. */
  readonly unknown: readonly string[]
}

/** Words, or `field:value` with the value in quotes where it has blanks. */
const WORDS = /(?:\w+:)?"[^"]*"|\S+/g

/**
 * A line such as `model:sr status:done tag:ship night` as a filter: fields are model, verb, status, tag, parent and `archived:yes`;
 * what is left is text that the model's path, a tag or a note holds.
 */
export function readFilter(line: string): ReadFilter {
  const filter: { -readonly [K in keyof RunFilter]: RunFilter[K] } = {}
  const unknown: string[] = []
  const text: string[] = []
  for (const word of line.match(WORDS) ?? []) {
    const [, field, rest] = /^(\w+):(.*)$/.exec(word) ?? []
    const value = (rest ?? word).replaceAll('"', '')
    const verb = VERBS.find((each) => each === value)
    const status = STATUSES.find((each) => each === value)
    if (field === undefined) text.push(value)
    else if (value === '') unknown.push(word)
    else if (field === 'model' || field === 'tag' || field === 'parent') filter[field] = value
    else if (field === 'verb' && verb !== undefined) filter.verb = verb
    else if (field === 'status' && status !== undefined) filter.status = status
    else if (field === 'archived' && (value === 'yes' || value === 'no')) filter.archived = value === 'yes'
    else unknown.push(word)
  }
  return { filter: text.length === 0 ? filter : { ...filter, text: text.join(' ') }, unknown }
}
