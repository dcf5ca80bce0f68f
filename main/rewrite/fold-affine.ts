import { nameMaker, withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { topology } from '../onnx/topology.ts'
import { affineChain, type FoldedNode } from './affine.ts'
import { outputChannels, weightsBehind } from './fold-weights.ts'

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
    const made = weightsBehind(conv, { weight, bias }, chain.affine)
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
