import type { Candidates } from '../rewrite/rewrite.ts'
import { REWRITES } from '../rewrite/rewrites.ts'
import type { Site } from './site.ts'

const NOTHING: Candidates = { found: [], refused: [] }

/** What a rewrite finds in the graph, and what it refuses; nothing where there is no such rewrite. */
export function candidatesOf({ graph, context }: Pick<Site, 'graph' | 'context'>, name: string, options: Readonly<Record<string, string>> = {}): Candidates {
  return REWRITES.find((rewrite) => rewrite.name === name)?.find(graph, { ...context, options }) ?? NOTHING
}
