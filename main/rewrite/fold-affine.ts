import { nameMaker, withNodes } from '../onnx/edit.ts'
import { floatAttribute, intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'

/** Nodes that went into a convolution's weights. */
export interface FoldedNode {
  readonly node: string
  readonly op: string
  readonly into: string
}

export interface Folded {
  readonly graph: Graph
  readonly folded: readonly FoldedNode[]
}

/** y = m·x + a for each channel. */
interface Affine {
  readonly m: Float64Array
  readonly a: Float64Array
}

/**
 * Folds BatchNormalization and arithmetic with constants behind a Conv or ConvTranspose into its weights and bias, as long as
 * nobody else reads in between (ALGORITHMS 5.1, 5.3). Always exact in real numbers; float32 rounds once a weight. The
 * convolution then makes the tensor at the end of the chain, whose name is kept. `keep` names tensors that must stay.
 */
export function foldAffine(graph: Graph, keep: ReadonlySet<string> = new Set()): Folded {
  const links = topology(graph)
  const name = nameMaker(graph)
  const initializers = new Map(graph.initializers)
  const replaced = new Map<Node, Node>()
  const gone = new Set<Node>()
  const folded: FoldedNode[] = []
  for (const conv of graph.nodes) {
    if (conv.op !== 'Conv' && conv.op !== 'ConvTranspose') continue
    const weight = graph.initializers.get(conv.inputs[1] ?? '')
    const bias = conv.inputs[2] ? graph.initializers.get(conv.inputs[2]) : undefined
    if (weight?.type !== 'float32' || (conv.inputs[2] && bias?.type !== 'float32')) continue
    const channels = outputChannels(conv, weight)
    const chain = affineChain(graph, links, conv, channels, keep)
    if (chain.nodes.length === 0) continue
    const made = foldInto(conv, weight, bias, chain.affine)
    const names = { weight: name(`${conv.inputs[1]}_folded`), bias: name(`${conv.inputs[2] || `${conv.name}_bias`}_folded`) }
    initializers.set(names.weight, made.weight)
    initializers.set(names.bias, made.bias)
    replaced.set(conv, { ...conv, inputs: [conv.inputs[0]!, names.weight, names.bias], outputs: [chain.nodes.at(-1)!.outputs[0]!] })
    for (const node of chain.nodes) {
      gone.add(node)
      folded.push({ node: node.name, op: node.op, into: conv.name })
    }
  }
  if (folded.length === 0) return { graph, folded }
  const nodes = graph.nodes.filter((node) => !gone.has(node)).map((node) => replaced.get(node) ?? node)
  return { graph: withNodes(graph, nodes, { initializers }), folded }
}

/** Follows single readers behind a convolution as long as they are affine a channel. */
function affineChain(graph: Graph, links: ReturnType<typeof topology>, conv: Node, channels: number, keep: ReadonlySet<string>): { nodes: Node[]; affine: Affine } {
  const nodes: Node[] = []
  let affine: Affine = { m: new Float64Array(channels).fill(1), a: new Float64Array(channels) }
  for (let output = conv.outputs[0]!; ; ) {
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
function affineOf(graph: Graph, node: Node, input: string, channels: number): Affine | undefined {
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

const outputChannels = (conv: Node, weight: Tensor): number =>
  conv.op === 'Conv' ? weight.dims[0]! : weight.dims[1]! * intAttribute(conv, 'group', 1)

function foldInto(conv: Node, weight: Tensor, bias: Tensor | undefined, { m, a }: Affine): { weight: Tensor; bias: Tensor } {
  const values = float32(weight)
  const channelOf = weightChannel(conv, weight)
  const old = bias ? float32(bias) : new Float32Array(m.length)
  return {
    weight: tensor('float32', weight.dims, values.map((value, index) => value * m[channelOf(index)]!)),
    bias: tensor('float32', [m.length], Float32Array.from(m, (one, c) => old[c]! * one + a[c]!)),
  }
}

/** Output channel of a weight element: axis 0 of a Conv; of a ConvTranspose [Cin, Cout/g, …] axis 1 within the input's group. */
function weightChannel(conv: Node, weight: Tensor): (index: number) => number {
  const [first, second] = weight.dims as [number, number]
  const inner = weight.dims.slice(2).reduce((product, dim) => product * dim, 1)
  if (conv.op === 'Conv') return (index) => Math.floor(index / (inner * second))
  const perGroup = first / intAttribute(conv, 'group', 1)
  return (index) => {
    const row = Math.floor(index / inner)
    return Math.floor(Math.floor(row / second) / perGroup) * second + (row % second)
  }
}
