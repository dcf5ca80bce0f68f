import type { ModelGraph } from '../../../../preload/contract/index.ts'
import type { Drawing } from './drawing.ts'
import type { Groups } from './groups.ts'

/** The index of a selected node; null where something else or nothing is selected. */
export function nodeAt(graph: ModelGraph, at: string | null): number | null {
  const index = at?.startsWith('n:') ? graph.nodes.findIndex(({ name }) => name === at.slice(2)) : -1
  return index < 0 ? null : index
}

export const atNode = (graph: ModelGraph, node: number): string => `n:${graph.nodes[node]!.name}`

/** The box that shows what is selected: the node itself, or the closed group around it. */
export function boxAt(graph: ModelGraph, drawing: Drawing, at: string | null): string | null {
  if (at === null) return null
  const node = nodeAt(graph, at)
  if (node !== null) return drawing.boxOf(node)
  const [kind, name] = [at.slice(0, 2), at.slice(2)]
  const ends = kind === 'i:' ? graph.inputs : graph.outputs
  const id = kind === 'g:' ? `g${name}` : `${kind.slice(0, 1)}${ends.findIndex((tensor) => graph.tensors[tensor]!.name === name)}`
  return drawing.boxes.some((box) => box.id === id) ? id : null
}

/** A box as it stands in the address. */
export function atBox(graph: ModelGraph, box: string): string {
  const rest = box.slice(1)
  if (box.startsWith('n')) return atNode(graph, Number(rest))
  if (box.startsWith('g')) return `g:${rest}`
  const ends = box.startsWith('i') ? graph.inputs : graph.outputs
  return `${box.slice(0, 1)}:${graph.tensors[ends[Number(rest)]!]!.name}`
}

/** Ids of the groups around a node. */
export const groupsAroundNode = (groups: Groups, node: number): readonly string[] => [...groups.values()].filter(({ nodes }) => nodes.includes(node)).map(({ id }) => id)
