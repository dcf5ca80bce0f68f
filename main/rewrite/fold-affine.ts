import { nameMaker, withNodes } from '../onnx/edit.ts'
import { intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import { affineChain, type Affine, type FoldedNode } from './affine.ts'

export interface Folded {
  readonly graph: Graph
  readonly folded: readonly FoldedNode[]
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
    // A constant [C, 1, 1] runs along the channels of a picture, and along the batch of a 1-D convolution.
    if (weight?.type !== 'float32' || weight.dims.length !== 4 || (conv.inputs[2] && bias?.type !== 'float32')) continue
    const channels = outputChannels(conv, weight)
    const chain = affineChain(graph, links, conv.outputs[0]!, channels, keep)
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
