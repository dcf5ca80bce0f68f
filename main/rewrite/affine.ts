import { floatAttribute, intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { float32 } from '../onnx/tensor.ts'
import type { Topology } from '../onnx/topology.ts'

/** Nodes that went into a convolution's weights. */
export interface FoldedNode {
  readonly node: string
  readonly op: string
  readonly into: string
}

/** y = m·x + a for each channel. */
export interface Affine {
  readonly m: Float64Array
  readonly a: Float64Array
}

/** Follows single readers behind a tensor as long as they are affine a channel; `keep` names tensors that must stay. */
export function affineChain(graph: Graph, links: Topology, tensor: string, channels: number, keep: ReadonlySet<string>): { nodes: Node[]; affine: Affine } {
  const nodes: Node[] = []
  let affine: Affine = { m: new Float64Array(channels).fill(1), a: new Float64Array(channels) }
  for (let output = tensor; ; ) {
    const readers = links.consumers.get(output) ?? []
    const next = readers[0]
    if (readers.length !== 1 || next === undefined || links.outputs.has(output) || keep.has(output)) break
    const step = affineOf(graph, next, output, channels)
    if (!step) break
    affine = { m: affine.m.map((m, c) => m * step.m[c]!), a: affine.a.map((a, c) => a * step.m[c]! + step.a[c]!) }
    nodes.push(next)
    output = next.outputs[0]!
  }
  return { nodes, affine }
}

/** What a node does to each channel of `input`, or undefined where it is not affine a channel. */
export function affineOf(graph: Graph, node: Node, input: string, channels: number): Affine | undefined {
  if (node.domain !== '') return undefined
  if (node.op === 'BatchNormalization') return batchNormalization(graph, node, input, channels)
  const side = node.inputs.indexOf(input)
  const constant = graph.initializers.get(node.inputs[1 - side] ?? '')
  const values = constant && perChannel(constant, channels)
  if (!values || node.inputs.length !== 2) return undefined
  const ones = new Float64Array(channels).fill(1)
  const zeros = new Float64Array(channels)
  switch (node.op) {
    case 'Add': return { m: ones, a: values }
    case 'Mul': return { m: values, a: zeros }
    case 'Sub': return side === 0 ? { m: ones, a: values.map((value) => -value) } : { m: ones.map((one) => -one), a: values }
    case 'Div': return side === 0 && values.every((value) => value !== 0) ? { m: values.map((value) => 1 / value), a: zeros } : undefined
    default: return undefined
  }
}

function batchNormalization(graph: Graph, node: Node, input: string, channels: number): Affine | undefined {
  if (node.inputs[0] !== input || node.outputs.filter((name) => name !== '').length !== 1 || intAttribute(node, 'training_mode', 0) !== 0) return undefined
  const [gamma, beta, mean, variance] = node.inputs.slice(1, 5).map((name) => graph.initializers.get(name))
  if (!gamma || !beta || !mean || !variance) return undefined
  const [g, b, u, v] = [gamma, beta, mean, variance].map(float32) as [Float32Array, Float32Array, Float32Array, Float32Array]
  if (g.length !== channels) return undefined
  const epsilon = floatAttribute(node, 'epsilon', 1e-5)
  const m = Float64Array.from(g, (one, c) => one / Math.sqrt(v[c]! + epsilon))
  return { m, a: m.map((one, c) => b[c]! - u[c]! * one) }
}

/** A constant that broadcasts a channel: [], [1…], [C, 1, 1] or [1, C, 1, 1]. One that runs along width or height is refused. */
function perChannel(constant: Tensor, channels: number): Float64Array | undefined {
  if (constant.type !== 'float32') return undefined
  const values = float32(constant)
  if (values.length === 1 && constant.dims.length <= 4) return new Float64Array(channels).fill(values[0]!)
  const { dims } = constant
  const shaped = (dims.length === 3 || (dims.length === 4 && dims[0] === 1)) && dims.at(-1) === 1 && dims.at(-2) === 1 && dims.at(-3) === channels
  return shaped ? Float64Array.from(values) : undefined
}
