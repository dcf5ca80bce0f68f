import { Fault } from '../core/fault.ts'
import type { AttributeValue, Graph, Node, Tensor } from './graph.ts'
import { graphsIn, innerNames } from './subgraph.ts'
import { topologicalOrder, usedTensors } from './topology.ts'

/** Every name that a tensor has, subgraphs included. */
function* tensorNamesOf(graph: Graph): Generator<string> {
  for (const input of graph.inputs) yield input.name
  for (const output of graph.outputs) yield output.name
  yield* graph.initializers.keys()
  for (const input of graph.proto?.graph?.input ?? []) yield input.name
  for (const node of graph.nodes) {
    yield* node.outputs
    for (const attribute of node.attributes.values()) for (const subgraph of graphsIn(attribute)) yield* innerNames(subgraph)
  }
}

/**
 * Gives names that neither a tensor nor a node of the graph has, nor one given before: the wish itself, else with `_2`, `_3` …
 * Each maker remembers only its own names; make one for each graph that is edited.
 */
export function nameMaker(graph: Graph): (wish: string) => string {
  const taken = new Set(tensorNamesOf(graph))
  for (const node of graph.nodes) taken.add(node.name)
  const next = new Map<string, number>()
  return (wish) => {
    let name = wish
    for (let count = next.get(wish) ?? 2; taken.has(name); count++) {
      name = `${wish}_${count}`
      next.set(wish, count + 1)
    }
    taken.add(name)
    return name
  }
}

/** What may change along with the nodes. */
export type GraphChanges = Partial<Omit<Graph, 'nodes'>>

/**
 * The graph with other nodes: sorted, initializers that lost their last user and facts about tensors that are gone left out.
 * Throws `model.cycle`, and `bug.edit` where a node reads a tensor that nothing makes or two make the same one.
 */
export function withNodes(graph: Graph, nodes: readonly Node[], changes: GraphChanges = {}): Graph {
  const edited: Graph = { ...graph, ...changes, nodes: topologicalOrder(nodes) }
  const before = usesOf(graph)
  const after = usesOf(edited)
  const stays = (name: string): boolean => after.has(name) || (graph.initializers.has(name) && !before.has(name))
  const initializers = new Map([...edited.initializers].filter(([name]) => stays(name)))
  const made = tensorsMade(edited, initializers)
  for (const [name, user] of after) {
    if (!made.has(name)) throw new Fault({
      code: 'bug.edit', what: `an edit left '${user}' reading tensor '${name}', which nothing makes`,
    })
  }
  const values = new Map([...edited.values].filter(([name]) => made.has(name)))
  for (const info of [...edited.inputs, ...edited.outputs]) values.set(info.name, info)
  return { ...edited, initializers, values }
}

/** Each used tensor with the name of one user. */
function usesOf(graph: Graph): Map<string, string> {
  const uses = new Map<string, string>()
  for (const node of graph.nodes) for (const name of usedTensors(node)) uses.set(name, node.name)
  for (const output of graph.outputs) uses.set(output.name, 'the graph output')
  return uses
}

function tensorsMade(graph: Graph, initializers: ReadonlyMap<string, Tensor>): Set<string> {
  const made = new Set([...graph.inputs.map((input) => input.name), ...initializers.keys()])
  for (const sparse of graph.proto?.graph?.sparseInitializer ?? []) made.add(sparse.values?.name ?? '')
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue
      if (made.has(name)) throw new Fault({
        code: 'bug.edit', what: `an edit made tensor '${name}' twice, the second time in '${node.name}'`,
      })
      made.add(name)
    }
  }
  return made
}

/** The node reading other tensors: `renamed` gives the new name of each input, or the same. Uses inside subgraphs are not touched. */
export const withInputs = (node: Node, renamed: (name: string) => string): Node =>
  ({ ...node, inputs: node.inputs.map((name) => (name === '' ? '' : renamed(name))) })

/** The node with attributes set (a value) or taken away (undefined). */
export function withAttributes(node: Node, changes: Readonly<Record<string, AttributeValue | undefined>>): Node {
  const attributes = new Map(node.attributes)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) attributes.delete(name)
    else attributes.set(name, value)
  }
  return { ...node, attributes }
}
