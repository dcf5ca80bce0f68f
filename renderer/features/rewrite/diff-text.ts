import type { ModelGraph, RewriteGraph } from '../../../preload/contract/index.ts'
import { summaryOf, unrounded } from '../model/graph/summary.ts'
import { operatorOf, type DiffRow, type GraphDiff } from './graph-diff.ts'

/** A graph of a preview as the drawing of models takes it. */
export const drawable = (graph: RewriteGraph): ModelGraph => ({ ...graph, sha256: '', notInferred: null })

/** Lines that stay the same are shown so far around a change. */
const CONTEXT = 2

/** A node in a line: `Conv tail  body.out → output  3×3 16→3`. */
export function nodeLines(graph: RewriteGraph): readonly string[] {
  const base = unrounded(drawable(graph))
  const names = (tensors: readonly number[]): string => tensors.flatMap((tensor) => graph.tensors[tensor]?.name ?? []).join(', ')
  return graph.nodes.map((node) => [`${operatorOf(node)} ${node.name}`, `${names(node.inputs)} → ${names(node.outputs)}`, summaryOf(node, graph.tensors, base)].filter(Boolean).join('  '))
}

/** Both graphs as a unified diff of their nodes in order; empty where nothing changed. */
export function unifiedText({ rows }: GraphDiff, before: RewriteGraph, after: RewriteGraph): string {
  const [old, now] = [nodeLines(before), nodeLines(after)]
  const near = rows.map((_row, index) => rows.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ kind }) => kind !== 'same'))
  const blocks: DiffRow[][] = []
  for (const [index, row] of rows.entries()) {
    if (!near[index]) continue
    if (near[index - 1] === true) blocks.at(-1)!.push(row)
    else blocks.push([row])
  }
  if (blocks.length === 0) return ''
  return [`--- before\n+++ after`, ...blocks.map((block) => blockText(block, old, now))].join('\n')
}

function blockText(block: readonly DiffRow[], old: readonly string[], now: readonly string[]): string {
  const olds = block.flatMap(({ before }) => before ?? [])
  const nows = block.flatMap(({ after }) => after ?? [])
  const lines = block.flatMap(({ kind, before, after }) => {
    if (kind === 'same') return [` ${old[before!]}`]
    // A node whose weights alone changed reads the same in a line.
    return [...(before === null ? [] : [`-${old[before]}`]), ...(after === null ? [] : [`+${now[after]}${before !== null && old[before] === now[after] ? '  (other weights)' : ''}`])]
  })
  return [`@@ -${(olds[0] ?? -1) + 1},${olds.length} +${(nows[0] ?? -1) + 1},${nows.length} @@`, ...lines].join('\n')
}
