import type { RewriteMatch } from '../../../preload/contract/index.ts'
import type { FoundRewrite } from './plan.ts'

/** A place where a rewrite fits. */
export interface Place {
  readonly node: string
  readonly match: RewriteMatch
  /** Not there in the model as it came: a rewrite before this one opens it. */
  readonly isOpened: boolean
}

/** Every place of a rewrite: as the preview says it, where it did it, else as the first look found it. */
export function matchesOf({ found }: Pick<FoundRewrite, 'found'>, done: readonly RewriteMatch[]): readonly Place[] {
  const now = new Map(done.map((match) => [match.nodes[0]!, match]))
  const first = found.map((match): Place => {
    const node = match.nodes[0]!
    return { node, match: now.get(node) ?? match, isOpened: false }
  })
  const known = new Set(first.map(({ node }) => node))
  return [...first, ...[...now].filter(([node]) => !known.has(node)).map(([node, match]): Place => ({ node, match, isOpened: true }))]
}

export interface Cost {
  readonly macs: number | null
  readonly bytesMoved: number | null
  readonly channelPeak: number | null
}

/** What several matches cost together; null where one of them does not say. */
export function costOf(matches: readonly RewriteMatch[]): Cost {
  const sum = (values: readonly (number | null)[]): number | null => values.reduce<number | null>((total, value) => (total === null || value === null ? null : total + value), 0)
  const peaks = matches.flatMap(({ cost }) => cost.channelPeak ?? [])
  return { macs: sum(matches.map(({ cost }) => cost.macs)), bytesMoved: sum(matches.map(({ cost }) => cost.bytesMoved)), channelPeak: peaks.length === 0 ? null : Math.max(...peaks) }
}
