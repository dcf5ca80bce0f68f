import { Fault } from '../core/fault.ts'
import type { Graph, Node } from './graph.ts'
import { graphsIn, outerNames } from './subgraph.ts'

/** Who makes and who uses each tensor of a graph. */
export interface Topology {
  /** Absent for inputs and initializers. */
  readonly producer: ReadonlyMap<string, Node>
  /** Each node once, in order; a node whose subgraph uses the tensor counts. Absent where nothing uses it. */
  readonly consumers: ReadonlyMap<string, readonly Node[]>
  /** Names of the graph's outputs. */
  readonly outputs: ReadonlySet<string>
}

/** Tensors that a node needs, each once: its inputs, and what its subgraphs take from outside. */
export function usedTensors(node: Node): Set<string> {
  const used = new Set(node.inputs.filter((name) => name !== ''))
  for (const attribute of node.attributes.values()) {
    for (const subgraph of graphsIn(attribute)) for (const name of outerNames(subgraph)) used.add(name)
  }
  return used
}

export function topology(graph: Pick<Graph, 'nodes' | 'outputs'>): Topology {
  const producer = new Map<string, Node>()
  const consumers = new Map<string, Node[]>()
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== '') producer.set(output, node)
    for (const name of usedTensors(node)) {
      const list = consumers.get(name)
      if (list === undefined) consumers.set(name, [node])
      else list.push(node)
    }
  }
  return { producer, consumers, outputs: new Set(graph.outputs.map((output) => output.name)) }
}

/** Nodes that some tensors are computed from, no further than tensors that are known. */
export function nodesBehind(nodes: readonly Node[], tensors: readonly string[], isKnown: (tensor: string) => boolean = () => false): Set<Node> {
  const { producer } = topology({ nodes, outputs: [] })
  const found = new Set<Node>()
  const open = [...tensors]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = isKnown(name) ? undefined : producer.get(name)
    if (node === undefined || found.has(node)) continue
    found.add(node)
    open.push(...usedTensors(node))
  }
  return found
}

/**
 * Nodes with every producer before its users; nodes that already stand so keep their order.
 * Throws `model.cycle`, naming a node on the cycle. `where` is the file.
 */
export function topologicalOrder(nodes: readonly Node[], where?: string): Node[] {
  const producer = new Map<string, Node>()
  for (const node of nodes) for (const output of node.outputs) if (output !== '') producer.set(output, node)
  const order: Node[] = []
  const state = new Map<Node, 'open' | 'done'>()
  for (const root of nodes) {
    if (state.has(root)) continue
    // Depth first with a stack of our own: a chain of 100,000 nodes must not overflow the engine's.
    const stack = [{ node: root, needs: usedTensors(root).values() }]
    state.set(root, 'open')
    while (stack.length > 0) {
      const { node, needs } = stack.at(-1)!
      const next = needs.next()
      if (next.done === true) {
        state.set(node, 'done')
        order.push(node)
        stack.pop()
        continue
      }
      const source = producer.get(next.value)
      if (source === undefined || state.get(source) === 'done') continue
      if (state.get(source) === 'open') throw cycleFault(source, next.value, where)
      state.set(source, 'open')
      stack.push({ node: source, needs: usedTensors(source).values() })
    }
  }
  return order
}

const cycleFault = (node: Node, tensor: string, where: string | undefined): Fault =>
  new Fault({
    code: 'model.cycle', ...(where === undefined ? {} : { where }),
    what: `node '${node.name}' (${node.op}) depends on its own output '${tensor}'`,
    next: 'A model graph must not run in a circle: export the model again.',
  })
