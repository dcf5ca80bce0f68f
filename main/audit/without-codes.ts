import { intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor, ValueInfo } from '../onnx/graph.ts'
import { elementCount, float32, integers, tensor } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'

/**
 * The float graph that a QDQ graph stands for: pairs are gone, weights are what their codes mean. Tensors keep the names they have
 * before their codes; a graph output keeps its own. Shapes are those of `graph.values`.
 */
export function withoutCodes(graph: Graph): Graph {
  const links = topology(graph)
  const alias = new Map<string, string>()
  const initializers = new Map(graph.initializers)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const source = (name: string): string => alias.get(name) ?? name
  const kept: Node[] = []
  for (const node of graph.nodes) {
    const isRounding = node.domain === '' || node.domain === 'com.microsoft'
    const [input = ''] = node.inputs
    const output = node.outputs[0]!
    const weight = isRounding && node.op === 'DequantizeLinear' ? valuesOf(graph, node) : undefined
    if (weight) initializers.set(output, weight)
    else if (isRounding && (node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear')) alias.set(output, source(input))
    else kept.push(node)
  }
  // Of the names of one value that of the graph output wins.
  const final = new Map<string, string>()
  for (const [name, first] of alias) if (outputs.has(name) && links.producer.has(first) && !outputs.has(first) && !final.has(first)) final.set(first, name)
  const named = (name: string): string => final.get(source(name)) ?? source(name)
  const nodes = kept.map((node) => ({ ...node, inputs: node.inputs.map((name) => (name === '' ? '' : named(name))), outputs: node.outputs.map((name) => final.get(name) ?? name) }))
  const copies = [...outputs].filter((name) => alias.has(name) && named(name) !== name).map((name): Node =>
    ({ name: `${name}_Identity`, op: 'Identity', domain: '', inputs: [named(name)], outputs: [name], attributes: new Map() }))
  const used = new Set([...nodes, ...copies].flatMap((node) => node.inputs))
  const values = new Map<string, ValueInfo>()
  for (const [name, value] of graph.values) {
    if (alias.has(name) && named(name) !== name) continue
    values.set(final.get(name) ?? name, { ...value, name: final.get(name) ?? name, type: CODES.has(value.type) ? 'float32' : value.type })
  }
  return { ...graph, nodes: [...nodes, ...copies], initializers: new Map([...initializers].filter(([name]) => used.has(name))), values }
}

const CODES: ReadonlySet<string> = new Set(['int8', 'uint8', 'int16', 'uint16', 'int4', 'uint4'])

/** What the codes of a constant mean; undefined where its codes or its scale are computed. */
export function valuesOf(graph: Graph, node: Node): Tensor | undefined {
  const codes = graph.initializers.get(node.inputs[0] ?? '')
  const scale = graph.initializers.get(node.inputs[1] ?? '')
  const zero = graph.initializers.get(node.inputs[2] ?? '')
  if (!codes || !scale) return undefined
  const [steps, whole, zeros] = [float32(scale), integers(codes), zero ? integers(zero) : [0]]
  const channelOf = channelIndex(codes.dims, steps.length > 1 ? intAttribute(node, 'axis', 1) : null)
  return tensor('float32', codes.dims, Float32Array.from(whole, (code, index) => (code - (zeros[channelOf(index)] ?? zeros[0]!)) * (steps[channelOf(index)] ?? steps[0]!)))
}

/** Channel of the i-th value in row-major order; 0 where there is no axis. */
export function channelIndex(dims: readonly number[], axis: number | null): (index: number) => number {
  if (axis === null) return () => 0
  const along = axis < 0 ? axis + dims.length : axis
  const inner = elementCount(dims.slice(along + 1))
  const channels = dims[along] ?? 1
  return (index) => Math.floor(index / inner) % channels
}
