import type { ModelGraph } from '../../../../preload/contract/index.ts'

/** Nodes whose name, operator, or a tensor of theirs holds the text; in order. Several words must all be there. */
export function found({ nodes, tensors }: ModelGraph, text: string): readonly number[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return nodes.flatMap(({ name, op, inputs, outputs }, index) => {
    const whole = [op, name, ...[...inputs, ...outputs].map((tensor) => tensors[tensor]?.name ?? '')].join('\n').toLowerCase()
    return words.every((word) => whole.includes(word)) ? [index] : []
  })
}

/** The hit after (or before) a node, around the end; the first where none is chosen. */
export function nextHit(hits: readonly number[], at: number | null, by: 1 | -1): number | null {
  if (hits.length === 0) return null
  if (at === null) return by === 1 ? hits[0]! : hits.at(-1)!
  const next = by === 1 ? hits.find((hit) => hit > at) : hits.findLast((hit) => hit < at)
  return next ?? (by === 1 ? hits[0]! : hits.at(-1)!)
}
