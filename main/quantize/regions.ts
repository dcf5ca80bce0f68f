import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE } from '../onnx/operators.ts'
import { topology } from '../onnx/topology.ts'
import { intAttribute } from '../onnx/attribute.ts'
import type { FloatRegions } from './options.ts'

/**
 * The nodes that a recipe keeps in float, each with the line that asked for it. Names may be those of nodes or of the
 * tensors they make. Throws a `recipe.unknown-layer` Fault with the nearest names for one that is not in the graph.
 */
export function floatRegions(graph: Graph, wanted: FloatRegions): Map<string, string> {
  const walk = walker(graph)
  const float = new Map<string, string>()
  const add = (nodes: Iterable<Node>, why: string) => {
    for (const node of nodes) if (!float.has(node.name)) float.set(node.name, why)
  }
  for (const name of wanted.names) add([walk.find(name)], `quantize.float.names: ${name}`)
  for (const name of wanted.inputs) add(walk.upTo(walk.find(name)), `quantize.float.inputs: ${name}`)
  for (const name of wanted.outputs) add(walk.from(walk.find(name)), `quantize.float.outputs: ${name}`)
  for (const block of wanted.blocks) add(walk.block(block), `quantize.float.blocks: ${block}`)
  for (const op of wanted.ops) add(nodesOfOperator(graph, op), `quantize.float.ops: ${op}`)
  if (wanted.first) add(walk.edge('inputs'), 'quantize.float.first')
  if (wanted.last) add(walk.edge('outputs'), 'quantize.float.last')
  if (wanted.depthwise) add(graph.nodes.filter((node) => isDepthwise(graph, node)), 'quantize.float.depthwise')
  return float
}

/** What the entries of `quantize.float.blocks` were taken to mean: both spellings are in use. */
export const blockNotes = (graph: Graph, { blocks }: Pick<FloatRegions, 'blocks'>): string[] => blocks.map((block) => {
  const names = [...walker(graph).block(block)].map(({ name }) => name).join(', ')
  return isOneName(graph, block)
    ? `quantize.float.blocks: ${block} means it and what follows up to the next computing layer: ${names}.`
    : `quantize.float.blocks: ${block} means everything between the two ends: ${names}.`
})

const isOneName = (graph: Graph, text: string): boolean => graph.nodes.some((node) => node.name === text || node.outputs.includes(text)) || text.split(':').length !== 2

/** Finds a node by its own name or by a tensor it makes. */
export function findNode(graph: Graph, name: string, key: string): Node {
  const node = graph.nodes.find((one) => one.name === name) ?? graph.nodes.find((one) => one.outputs.includes(name))
  if (node) return node
  throw new Fault({
    code: 'recipe.unknown-layer',
    what: `the model has no layer or tensor "${name}"`,
    where: key,
    next: didYouMean(name, graph.nodes.flatMap((one) => [one.name, ...one.outputs])) ?? 'Give a name that `scalewright inspect` lists.',
  })
}

function nodesOfOperator(graph: Graph, op: string): Node[] {
  const nodes = graph.nodes.filter((node) => node.op === op)
  if (nodes.length > 0) return nodes
  throw new Fault({
    code: 'recipe.unknown-layer',
    what: `the model has no ${op} node`,
    where: 'quantize.float.ops',
    next: `Its operators are ${[...new Set(graph.nodes.map((node) => node.op))].join(', ')}.`,
  })
}

/** A convolution whose groups are its input channels. */
export function isDepthwise(graph: Graph, node: Node): boolean {
  if (node.op !== 'Conv') return false
  const group = intAttribute(node, 'group', 1)
  const weight = graph.initializers.get(node.inputs[1] ?? '')
  return group > 1 && weight?.dims[1] === 1
}

function walker(graph: Graph) {
  const { producer, consumers } = topology(graph)
  const before = (node: Node) => node.inputs.flatMap((name) => producer.get(name) ?? [])
  const after = (node: Node) => node.outputs.flatMap((name) => consumers.get(name) ?? [])
  const closure = (starts: readonly Node[], step: (node: Node) => Node[]) => {
    const seen = new Set(starts)
    for (const node of seen) for (const next of step(node)) seen.add(next)
    return seen
  }
  const find = (name: string, key = 'quantize.float') => findNode(graph, name, key)
  return {
    find,
    upTo: (node: Node) => closure([node], before),
    from: (node: Node) => closure([node], after),
    /** Computing nodes at one side of the graph, behind which (seen from there) no other stands. */
    edge(side: 'inputs' | 'outputs'): Node[] {
      const names = graph[side].map(({ name }) => name)
      const starts = side === 'inputs' ? names.flatMap((name) => consumers.get(name) ?? []) : names.flatMap((name) => producer.get(name) ?? [])
      const step = side === 'inputs' ? after : before
      return [...closure(starts, (node) => (COMPUTE.has(node.op) ? [] : step(node)))].filter((node) => COMPUTE.has(node.op))
    },
    block(text: string): Set<Node> {
      const ends = text.split(':')
      if (isOneName(graph, text)) {
        const start = find(text, 'quantize.float.blocks')
        // Stops before the next computing node; the named node itself may be one.
        return closure([start], (node) => after(node).filter((next) => !COMPUTE.has(next.op)))
      }
      const [starts, stops] = ends.map((side) => side.split(',').map((name) => find(name.trim(), 'quantize.float.blocks'))) as [Node[], Node[]]
      const below = closure(starts, after)
      const above = closure(stops, before)
      const between = new Set([...below].filter((node) => above.has(node)))
      if (between.size > 0) return between
      throw new Fault({
        code: 'recipe.empty-block',
        what: `no node lies between the two ends of "${text}"`,
        where: 'quantize.float.blocks',
        next: 'Give the earlier layer first: start:end.',
      })
    },
  }
}
