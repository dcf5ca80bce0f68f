import { useMemo } from 'react'
import type { ModelGraph, RewritePreview } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { drawingOf, type Box, type Drawing } from '../model/graph/drawing.ts'
import type { Layout } from '../model/graph/elk-graph.ts'
import type { Group, Groups } from '../model/graph/groups.ts'
import { useLayout } from '../model/graph/use-layout.ts'
import { aligned, type Pair } from './aligned.ts'
import { drawable } from './diff-text.ts'
import type { GraphDiff } from './graph-diff.ts'
import { quietOf } from './quiet.ts'

export interface DiffLayout {
  readonly before: ModelGraph
  readonly after: ModelGraph
  /** Both at once; null until they are laid out. */
  readonly layouts: readonly [before: Layout, after: Layout] | null
  readonly busy: boolean
  readonly fault: unknown
  readonly cancel: () => void
}

/** Both graphs laid out beside each other. `open`: stretches without a change that are shown node by node. */
export function useDiffLayout(preview: RewritePreview, diff: GraphDiff, open: ReadonlySet<string>): DiffLayout {
  const say = useSay()
  const graphs = useMemo(() => ({ before: drawable(preview.before), after: drawable(preview.after) }), [preview])
  const same = say('rewrite.kind.same')
  const quiet = useMemo(() => quietOf(diff, open, (count) => `${count} ${same}`), [diff, open, same])
  const before = useMemo(() => drawn(graphs.before, quiet.before), [graphs, quiet])
  const after = useMemo(() => drawn(graphs.after, quiet.after), [graphs, quiet])
  const [old, now] = [useLayout(before, 'down'), useLayout(after, 'down')]
  const busy = old.busy || now.busy
  const [left, right] = [old.layout, now.layout]
  const layouts = useMemo(() => (busy || left === null || right === null ? null : aligned(left, right, pairsOf(diff, graphs, quiet.before))), [busy, left, right, diff, graphs, quiet])
  return { ...graphs, layouts, busy, fault: old.fault ?? now.fault, cancel: () => { old.cancel(); now.cancel() } }
}

function drawn(graph: ModelGraph, groups: ReadonlyMap<string, Group>): Drawing {
  const drawing = drawingOf(graph, { groups, closed: new Set(groups.keys()), folded: false })
  return { ...drawing, boxes: drawing.boxes.map((box) => resized(box, graph)) }
}

/** Advance of a character of the name's and of the monospaced type; room for a sign and the borders. */
const [NAME, MONO, ROOM] = [7.4, 6.75, 46]
const [LEAST, MOST] = [104, 264]

/** Nodes stand under their names here, which tell what became of them; operator and settings follow. */
function resized(box: Box, graph: ModelGraph): Box {
  if (box.node === null) return box.group === null ? box : { ...box, lines: [], width: Math.round(box.title.length * NAME + ROOM), height: 32 }
  const { name } = graph.nodes[box.node]!
  const detail = [box.title, ...box.lines.slice(1)].join(' ')
  return { ...box, title: name, lines: [detail], width: Math.round(Math.min(MOST, Math.max(LEAST, name.length * NAME + ROOM, detail.length * MONO + 36))), height: 46 }
}

/** Boxes that belong at one height: nodes of both graphs, folded stretches, and the ends of the graphs by their names. */
function pairsOf({ rows }: GraphDiff, { before, after }: { readonly before: ModelGraph; readonly after: ModelGraph }, folded: Groups): Pair[] {
  const ends = (letter: 'i' | 'o', old: readonly number[], now: readonly number[]): Pair[] => old.flatMap((tensor, index) => {
    const there = now.findIndex((other) => after.tensors[other]!.name === before.tensors[tensor]!.name)
    return there < 0 ? [] : [[`${letter}${index}`, `${letter}${there}`] as const]
  })
  return [
    ...ends('i', before.inputs, after.inputs),
    ...rows.flatMap((row): Pair[] => (row.before === null || row.after === null ? [] : [[`n${row.before}`, `n${row.after}`]])),
    ...[...folded.keys()].map((id): Pair => [`g${id}`, `g${id}`]),
    ...ends('o', before.outputs, after.outputs),
  ]
}
