import type { ModelGraph } from '../../../../preload/contract/index.ts'

/** none: every node stands alone. name: by the modules that names hold. repeat: sequences of operators that come again and again. */
export const GROUPINGS = ['none', 'name', 'repeat'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** Nodes that can be drawn as one. */
export interface Group {
  /** Unique in the graph: `body/block1`, `repeat/4/2`. */
  readonly id: string
  readonly name: string
  readonly parent: string | null
  /** Those of its own groups too, in topological order. */
  readonly nodes: readonly number[]
  /** How many groups have the same operators in the same order, itself included. */
  readonly alike: number
}

export type Groups = ReadonlyMap<string, Group>

type Nodes = ModelGraph['nodes']

/** From so many nodes on a graph begins with its groups closed. */
const MANY_NODES = 150

/** How a graph is grouped unless the address says it: small ones not at all, large ones by their names, or by what repeats. */
export function defaultGrouping(graph: ModelGraph): Grouping {
  if (graph.nodes.length < MANY_NODES) return 'none'
  return groupsOf(graph, 'name').size > 0 ? 'name' : 'repeat'
}

/** The groups of a graph, outer ones before inner ones. */
export function groupsOf(graph: ModelGraph, grouping: Grouping): Groups {
  if (grouping === 'none') return new Map()
  const found = grouping === 'name' ? byName(graph.nodes) : byRepeat(graph)
  const signature = signatures(graph)
  const whole = (group: Omit<Group, 'alike'>): string => group.nodes.map((node) => signature[node]).join('\n')
  const counts = new Map<string, number>()
  const wholes = found.map((group) => whole(group))
  for (const each of wholes) counts.set(each, (counts.get(each) ?? 0) + 1)
  return new Map(found.map((group, index) => [group.id, { ...group, alike: counts.get(wholes[index]!)! }]))
}

function byName(nodes: Nodes): Omit<Group, 'alike'>[] {
  const members = new Map<string, number[]>()
  for (const [index, { scope }] of nodes.entries()) {
    for (let depth = 1; depth <= scope.length; depth++) {
      const id = scope.slice(0, depth).join('/')
      const list = members.get(id)
      if (list === undefined) members.set(id, [index])
      else list.push(index)
    }
  }
  const kept = new Map<string, Omit<Group, 'alike'>>()
  for (const [id, list] of [...members].toSorted(([a], [b]) => a.split('/').length - b.split('/').length)) {
    const parent = nearest(kept, id)
    // One node is no group, and neither is one that holds just what the group around it holds.
    if (list.length < 2 || list.length === (parent?.nodes.length ?? nodes.length)) continue
    kept.set(id, { id, name: parent === undefined ? id : id.slice(parent.id.length + 1), parent: parent?.id ?? null, nodes: list })
  }
  return [...kept.values()]
}

function nearest(kept: ReadonlyMap<string, Omit<Group, 'alike'>>, id: string): Omit<Group, 'alike'> | undefined {
  for (let at = id.lastIndexOf('/'); at > 0; at = id.lastIndexOf('/', at - 1)) {
    const found = kept.get(id.slice(0, at))
    if (found !== undefined) return found
  }
  return undefined
}

const LONGEST_BLOCK = 64
const SHORTEST_BLOCK = 3

/** Runs of nodes that follow one another in the same pattern at least twice; the pattern that covers most is taken first. */
function byRepeat(graph: ModelGraph): Omit<Group, 'alike'>[] {
  const signature = signatures(graph)
  const groups: Omit<Group, 'alike'>[] = []
  for (let start = 0; start < signature.length; ) {
    const { length, times } = bestRepeat(signature, start)
    for (let turn = 0; turn < times; turn++) {
      const nodes = Array.from({ length }, (_, index) => start + turn * length + index)
      groups.push({ id: `repeat/${start}/${turn + 1}`, name: `#${turn + 1}`, parent: null, nodes })
    }
    start += Math.max(1, length * times)
  }
  return groups
}

function bestRepeat(signature: readonly string[], start: number): { readonly length: number; readonly times: number } {
  let best = { length: 0, times: 0 }
  for (let length = SHORTEST_BLOCK; length <= LONGEST_BLOCK && start + 2 * length <= signature.length; length++) {
    let end = start + length
    while (end < signature.length && signature[end] === signature[end - length]) end++
    const times = Math.floor((end - start) / length)
    if (times >= 2 && times * length > best.times * best.length) best = { length, times }
  }
  return best
}

/** What makes two nodes the same but for their values: operator, attributes, and the shapes of their constants. */
function signatures({ nodes, tensors }: ModelGraph): readonly string[] {
  return nodes.map(({ op, domain, attributes, inputs }) => JSON.stringify([
    domain, op, attributes.map(({ name, text }) => `${name}=${text}`), inputs.map((index) => (tensors[index]?.initializer ? tensors[index].dims : null)),
  ]))
}
