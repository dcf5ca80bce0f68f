import { intAttribute } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { Graph, Node, Tensor, ValueInfo } from '../onnx/graph.ts'
import { rawByteLength } from '../onnx/storage.ts'
import { elementCount, int64List, integers, tensor } from '../onnx/tensor.ts'
import { usedTensors } from '../onnx/topology.ts'
import { openSession } from '../runtime/session.ts'
import { dimsOf, isRefused, nodeRewrite, type Refused, type Site } from './site.ts'

/** A constant may be this large, bytes, or as large as what it is made of. */
const MOST_BYTES = 2 ** 20

interface Constant {
  /** The nodes that make it, in order, all without inputs that change. */
  readonly nodes: readonly Node[]
  readonly bytes: number
}

/**
 * Nodes that only read constants, and Shape and Size of what has a fixed shape, become constants. ONNX Runtime computes them: the
 * values are those that it would work with.
 */
export const foldConstants = nodeRewrite<Constant>({
  name: 'fold-constants',
  plan(site, node) {
    const made = constantOf(site, node, new Map())
    if (made === undefined || isRefused(made)) return made
    // One that only another constant is made of goes with that.
    const readers = site.links.consumers.get(node.outputs[0]!) ?? []
    const goes = readers.length > 0 && readers.every((reader) => {
      const planned = constantOf(site, reader, new Map())
      return planned !== undefined && !isRefused(planned)
    })
    return goes ? undefined : made
  },
  say: (_, node, { nodes, bytes }) => ({
    others: nodes.slice(0, -1),
    what: `${saidOf(nodes)} always gives the same and becomes a constant of ${bytes.toLocaleString('en')} bytes`,
    why: 'Nothing of it depends on the picture; boards often have no operator for arithmetic of shapes.',
    cost: { macs: 0, bytesMoved: node.outputs.length === 0 ? 0 : -2 * bytes, channelPeak: null },
  }),
  async apply(site, node, { nodes }) {
    const { graph } = site
    const initializers = new Map(graph.initializers)
    for (const [name, values] of await computed(site, nodes, node.outputs)) initializers.set(name, values)
    const rest = withoutUnused(site, graph.nodes.filter((each) => each !== node), node)
    return { graph: withNodes(graph, rest, { initializers }), renamed: new Map(), relativeTolerance: 0 }
  },
})

const saidOf = (nodes: readonly Node[]): string =>
  (nodes.length > 4 ? `${nodes[0]!.op} → … → ${nodes.at(-1)!.op} (${nodes.length} nodes)` : nodes.map(({ op }) => op).join(' → '))

/** Nodes without the makers of what `gone` read, as far as nobody else reads them. */
function withoutUnused({ graph, links, keep }: Site, nodes: readonly Node[], gone: Node): readonly Node[] {
  let rest = nodes
  for (const waiting = [gone]; waiting.length > 0; ) {
    const needed = new Set([...rest.flatMap((node) => [...usedTensors(node)]), ...graph.outputs.map(({ name }) => name), ...keep])
    for (const name of usedTensors(waiting.pop()!)) {
      const maker = links.producer.get(name)
      if (maker === undefined || !rest.includes(maker) || maker.outputs.some((output) => needed.has(output))) continue
      rest = rest.filter((node) => node !== maker)
      waiting.push(maker)
    }
  }
  return rest
}

const RANDOM = new Set(['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Multinomial', 'Bernoulli', 'Dropout'])
const CODES = new Set(['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'])

/** How a node's outputs are constants; undefined where it reads what changes. `seen` keeps what was decided. */
function constantOf(site: Site, node: Node, seen: Map<Node, Constant | Refused | undefined>): Constant | Refused | undefined {
  if (!seen.has(node)) {
    seen.set(node, undefined)
    seen.set(node, decide(site, node, seen))
  }
  return seen.get(node)
}

function decide(site: Site, node: Node, seen: Map<Node, Constant | Refused | undefined>): Constant | Refused | undefined {
  const { graph, links } = site
  const makers: Constant[] = []
  if (!isShapeKnown(site, node)) {
    for (const name of usedTensors(node)) {
      if (graph.initializers.has(name)) continue
      const maker = links.producer.get(name)
      const constant = maker && constantOf(site, maker, seen)
      if (constant === undefined || isRefused(constant)) return undefined
      makers.push(constant)
    }
  }
  const why = refusal(site, node)
  if (why !== undefined) return { why }
  const bytes = bytesOf(graph, node)
  if (bytes === undefined) return { why: 'how large its result is, is not known' }
  const read = node.inputs.reduce((sum, name) => sum + (sizeOf(graph.initializers.get(name)) ?? 0), 0)
  if (bytes > Math.max(MOST_BYTES, read)) return { why: `it would become a constant of ${bytes.toLocaleString('en')} bytes` }
  return { nodes: [...new Set([...makers.flatMap(({ nodes }) => nodes), node])], bytes }
}

function refusal({ links, keep }: Site, node: Node): string | undefined {
  if (node.domain !== '') return `${node.op} is of ${node.domain}, not of ONNX itself`
  if (RANDOM.has(node.op)) return `${node.op} may give something else every time`
  if (CODES.has(node.op)) return 'it stands for a quantized constant'
  if ([...node.attributes.values()].some(({ kind }) => kind === 'graph' || kind === 'graphs')) return 'it holds a graph'
  const output = node.outputs.find((name) => links.outputs.has(name))
  if (output !== undefined) return `${output} is an output of the graph`
  const kept = node.outputs.find((name) => keep.has(name))
  return kept === undefined ? undefined : `the recipe speaks of ${kept}`
}

/** Shape and Size of a tensor whose shape holds for every picture; and what Gather picks of a shape, where that is fixed. */
function isShapeKnown(site: Site, node: Node): boolean {
  return node.domain === '' && shapeValues(site, node) !== undefined
}

function shapeValues({ graph, links }: Site, node: Node): Tensor | undefined {
  const dims = dimsOf(graph, node.inputs[0] ?? '')
  if (node.op === 'Shape' && dims) {
    const part = dims.slice(intAttribute(node, 'start', 0), intAttribute(node, 'end', undefined))
    return part.every((dim) => typeof dim === 'number') ? int64List(part as readonly number[]) : undefined
  }
  if (node.op === 'Size' && dims?.every((dim) => typeof dim === 'number')) return tensor('int64', [], BigInt64Array.of(BigInt(elementCount(dims as readonly number[]))))
  const shape = links.producer.get(node.inputs[0] ?? '')
  const indices = graph.initializers.get(node.inputs[1] ?? '')
  if (node.op !== 'Gather' || shape?.op !== 'Shape' || shape.domain !== '' || !indices || intAttribute(node, 'axis', 0) !== 0) return undefined
  const all = dimsOf(graph, shape.inputs[0]!)?.slice(intAttribute(shape, 'start', 0), intAttribute(shape, 'end', undefined))
  const picked = integers(indices).map((index) => all?.at(index))
  return picked.every((dim) => typeof dim === 'number') ? tensor('int64', indices.dims, BigInt64Array.from(picked, BigInt)) : undefined
}

function sizeOf(value: Pick<Tensor, 'type' | 'dims'> | undefined): number | undefined {
  return value && (rawByteLength(value.type, elementCount(value.dims)) ?? undefined)
}

/** Bytes of all results; undefined where a type or shape is not known. */
function bytesOf(graph: Graph, node: Node): number | undefined {
  let sum = 0
  for (const name of node.outputs.filter((each) => each !== '')) {
    const info: ValueInfo | undefined = graph.values.get(name)
    if (!info?.dims?.every((dim) => typeof dim === 'number')) return undefined
    const size = sizeOf({ type: info.type, dims: info.dims as readonly number[] })
    if (size === undefined) return undefined
    sum += size
  }
  return sum
}

/** What the nodes give, by the runtime; shapes that are known stand in for the tensors that they are taken of. */
async function computed(site: Site, nodes: readonly Node[], wanted: readonly string[]): Promise<Map<string, Tensor>> {
  const { graph } = site
  const known = new Map(nodes.flatMap((node) => {
    const values = isShapeKnown(site, node) ? shapeValues(site, node) : undefined
    return values ? [[node.outputs[0]!, values] as const] : []
  }))
  const rest = nodes.filter((node) => !known.has(node.outputs[0]!))
  const names = wanted.filter((name) => name !== '')
  if (rest.length === 0) return new Map(names.map((name) => [name, known.get(name)!]))
  const used = new Set(rest.flatMap((node) => node.inputs))
  const initializers = new Map([...[...graph.initializers].filter(([name]) => used.has(name)), ...[...known].filter(([name]) => used.has(name))])
  const little: Graph = {
    name: 'constants', nodes: rest, inputs: [], outputs: names.map((name) => graph.values.get(name)!), initializers, values: new Map(), opsets: graph.opsets, irVersion: graph.irVersion,
  }
  const session = await openSession(encodeModel(little), { mode: 'reference', threads: 1, where: 'constants' })
  try {
    const results = await session.run({})
    return new Map(names.map((name) => [name, { ...results[name]!, data: results[name]!.data.slice() as Tensor['data'] }]))
  } finally {
    await session.close()
  }
}
