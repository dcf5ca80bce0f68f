import type { GraphNode, ModelGraph } from '../../../../preload/contract/index.ts'
import type { Group, Groups } from './groups.ts'
import { dimsText, summaryOf, unrounded } from './summary.ts'

/** A thing that is drawn: a node, a closed group, or an end of the graph. */
export interface Box {
  /** `n12` a node by its index, `g…` a group by its id, `i0` and `o0` the graph's inputs and outputs. */
  readonly id: string
  readonly kind: 'node' | 'group' | 'input' | 'output'
  /** The open group around it. */
  readonly frame: string | null
  readonly title: string
  readonly lines: readonly string[]
  readonly width: number
  readonly height: number
  readonly node: number | null
  readonly group: Group | null
}

/** An open group. */
export interface Frame {
  readonly id: string
  readonly frame: string | null
  readonly group: Group
}

export interface Wire {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly tensor: number
}

export interface Drawing {
  readonly boxes: readonly Box[]
  readonly frames: readonly Frame[]
  readonly wires: readonly Wire[]
  /** The box that shows a node; null for a rounding that is drawn as part of its tensor. */
  readonly boxOf: (node: number) => string | null
}

export interface DrawingOptions {
  readonly groups: Groups
  readonly closed: ReadonlySet<string>
  /** Roundings are part of their tensors instead of boxes of their own. */
  readonly folded: boolean
}

/** Who makes each tensor: a node by its index, or the graph's input. Roundings are looked through where they are folded. */
export function sourcesOf(graph: ModelGraph, folded: boolean): (tensor: number) => { readonly tensor: number; readonly node: number | null } | null {
  const { nodes, inputs } = graph
  const base = unrounded(graph)
  const makers = new Map(nodes.flatMap((node, index) => node.outputs.map((tensor) => [tensor, index] as const)))
  const given = new Set(inputs)
  return (tensor) => {
    const at = folded ? base(tensor) : tensor
    const maker = makers.get(at)
    if (maker !== undefined) return { tensor: at, node: maker }
    return given.has(at) ? { tensor: at, node: null } : null
  }
}

/** What is drawn of a graph: boxes in order, frames from the outside in, and who feeds whom. */
export function drawingOf(graph: ModelGraph, { groups, closed, folded }: DrawingOptions): Drawing {
  const around = groupsAround(graph, groups)
  const base = unrounded(graph)
  const isHidden = (node: GraphNode): boolean => folded && node.rounds !== null
  const closedAround = (node: number): Group | undefined => around[node]!.find(({ id }) => closed.has(id))
  const boxOf = (node: number): string | null => {
    if (isHidden(graph.nodes[node]!)) return null
    const group = closedAround(node)
    return group === undefined ? `n${node}` : `g${group.id}`
  }
  const boxes = new Map<string, Box>()
  for (const [index, tensor] of graph.inputs.entries()) boxes.set(`i${index}`, endBox(`i${index}`, 'input', graph.tensors[tensor]!))
  for (const [index, node] of graph.nodes.entries()) {
    const id = boxOf(index)
    if (id === null || boxes.has(id)) continue
    const group = closedAround(index)
    boxes.set(id, group === undefined ? nodeBox(id, index, node, summaryOf(node, graph.tensors, base), around[index]!.at(-1)?.id ?? null) : groupBox(id, group, graph))
  }
  for (const [index, tensor] of graph.outputs.entries()) boxes.set(`o${index}`, endBox(`o${index}`, 'output', graph.tensors[tensor]!))
  const isOpen = (group: Group): boolean => !closed.has(group.id) && (group.parent === null || isOpen(groups.get(group.parent)!))
  const shown = new Set([...boxes.values()].map(({ frame }) => frame))
  const frames = [...groups.values()].filter(isOpen).filter((group) => holdsShown(group, groups, shown)).map((group): Frame => ({ id: `f${group.id}`, frame: group.parent, group }))
  return { boxes: [...boxes.values()], frames, wires: wiresOf(graph, folded, boxOf), boxOf }
}

/** The groups that each node is in, the outermost first. */
function groupsAround({ nodes }: ModelGraph, groups: Groups): readonly (readonly Group[])[] {
  const around: Group[][] = nodes.map(() => [])
  for (const group of groups.values()) for (const node of group.nodes) around[node]!.push(group)
  return around
}

/** A frame with nothing left inside (its nodes are folded away) is not drawn. */
function holdsShown(group: Group, groups: Groups, shown: ReadonlySet<string | null>): boolean {
  if (shown.has(group.id)) return true
  return [...groups.values()].some((inner) => inner.parent === group.id && holdsShown(inner, groups, shown))
}

function wiresOf(graph: ModelGraph, folded: boolean, boxOf: (node: number) => string | null): Wire[] {
  const sourceOf = sourcesOf(graph, folded)
  const inputAt = new Map(graph.inputs.map((tensor, index) => [tensor, `i${index}`]))
  const wires = new Map<string, Wire>()
  const draw = (tensor: number, to: string | null): void => {
    const source = tensor < 0 ? null : sourceOf(tensor)
    if (source === null || to === null) return
    const from = source.node === null ? inputAt.get(source.tensor) : boxOf(source.node)
    if (from === undefined || from === null || from === to) return
    const id = `${from}>${to}>${source.tensor}`
    if (!wires.has(id)) wires.set(id, { id, from, to, tensor: source.tensor })
  }
  for (const [index, node] of graph.nodes.entries()) for (const tensor of node.inputs) draw(tensor, boxOf(index))
  for (const [index, tensor] of graph.outputs.entries()) draw(tensor, `o${index}`)
  return [...wires.values()]
}

const HEAD = 24
const LINE = 17
/** Advance of a character of the monospaced and of the head's type, in pixels. */
const MONO = 6.7
const SANS = 7.6
const LEAST = 96
const MOST = 232

const boxSize = (title: string, lines: readonly string[]): { readonly width: number; readonly height: number } => ({
  width: Math.round(Math.min(MOST, Math.max(LEAST, title.length * SANS + 34, ...lines.map((line) => line.length * MONO + 26)))),
  height: HEAD + (lines.length === 0 ? 0 : lines.length * LINE + 9),
})

function nodeBox(id: string, index: number, node: GraphNode, summary: string, frame: string | null): Box {
  const lines = [leafOf(node), summary].filter(Boolean)
  return { id, kind: 'node', frame, title: node.op, lines, ...boxSize(node.op, lines), node: index, group: null }
}

/** A node's name without the groups around it. */
function leafOf({ name, scope }: GraphNode): string {
  const last = scope.at(-1)
  return last === undefined ? name : name.slice(name.lastIndexOf(last))
}

function groupBox(id: string, group: Group, graph: ModelGraph): Box {
  const lines = [operatorsOf(group.nodes.map((node) => graph.nodes[node]!.op))]
  return { id, kind: 'group', frame: group.parent, title: group.name, lines, ...boxSize(`${group.name} ×${group.nodes.length} ${group.alike}`, lines), node: null, group }
}

/** `Conv ×2 Relu Add`, the most frequent first. */
function operatorsOf(ops: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const op of ops) counts.set(op, (counts.get(op) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a).slice(0, 3).map(([op, count]) => (count === 1 ? op : `${op} ×${count}`)).join(' ')
}

function endBox(id: string, kind: 'input' | 'output', tensor: ModelGraph['tensors'][number]): Box {
  const lines = [`${tensor.type} ${dimsText(tensor.dims)}`]
  const { width, height } = boxSize(tensor.name, lines)
  return { id, kind, frame: null, title: tensor.name, lines, width: width + 20, height, node: null, group: null }
}
