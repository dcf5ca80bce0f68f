import type { Candidates } from '../rewrite/rewrite.ts'
import { REWRITES } from '../rewrite/rewrites.ts'
import type { Site } from './site.ts'

const NOTHING: Candidates = { found: [], refused: [] }

/** Several rules ask the same of one model; the context is made anew for each. */
const known = new WeakMap<Site['context'], Map<string, Candidates>>()

/** What a rewrite finds in the graph, and what it refuses; nothing where there is no such rewrite. */
export function candidatesOf({ graph, context }: Pick<Site, 'graph' | 'context'>, name: string, options: Readonly<Record<string, string>> = {}): Candidates {
  const answers = known.get(context) ?? new Map<string, Candidates>()
  known.set(context, answers)
  const key = JSON.stringify([name, options])
  const answer = answers.get(key) ?? REWRITES.find((rewrite) => rewrite.name === name)?.find(graph, { ...context, options }) ?? NOTHING
  answers.set(key, answer)
  return answer
}
