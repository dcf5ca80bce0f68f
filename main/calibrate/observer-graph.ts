import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import { attributesOf } from '../onnx/attribute.ts'
import { elementTypeNumber } from '../onnx/element-type.ts'
import type { Graph, Node, Tensor, ValueInfo } from '../onnx/graph.ts'
import { tensor } from '../onnx/tensor.ts'

/** Names of the outputs that tell about one tensor. */
export interface ObserverOutputs {
  readonly tensor: string
  /** float32 [3, channels, 1]: min, max and sum a channel. */
  readonly summary: string
  /** float32 [n]: the values that enter the histogram. */
  readonly picked: string
}

export interface ObserverGraph {
  readonly graph: Graph
  /** int64 [tensors]: number of values of each tensor, in the order of `tensors`. */
  readonly sizes: string
  /** float16 [all n]: the picked values of every tensor as binary16, one behind the other in the order of `tensors`. */
  readonly codes: string
  readonly tensors: readonly ObserverOutputs[]
}

/**
 * Every how many values of a tensor enter the histogram: odd and no multiple of 3, so that the phases of a DepthToSpace are
 * met evenly. The graph computes the same.
 */
export const stepOf = (size: number, valuesPerTensor: number | null): number =>
  valuesPerTensor === null ? 1 : Math.floor(size / (6 * valuesPerTensor)) * 6 + 1

/** Where a Slice ends when it takes everything. */
const END = 2n ** 62n

/**
 * The graph with nodes that reduce each watched tensor to what its statistics need, so that hardly anything leaves the
 * runtime: extremes and sums a channel (axis 1), and every step-th value (stepOf) as a binary16 code. Needs opset 13 or newer.
 * Tensors are taken once each, in topological order. Throws `input.unknown-tensor` for a name that the graph does not have.
 */
export function observerGraph(graph: Graph, tensors: readonly string[], valuesPerTensor: number | null): ObserverGraph {
  const builder = graphBuilder(graph)
  const names = inGraphOrder(graph, tensors)
  const { node, int64 } = builder
  const sizes = node('Concat', names.map((name) => node('Reshape', [node('Size', [name]), int64([-1])])), { axis: 0 })
  const steps = stepsOf(builder, sizes, names.length, valuesPerTensor)
  const ranked = channelled(graph)
  const watched = names.map((name, index): ObserverOutputs => {
    const flat = node('Reshape', [name, int64([-1])])
    const step = steps?.[index]
    const picked = step === undefined ? flat : node('Slice', [flat, int64([0]), int64([END]), int64([0]), step])
    return { tensor: name, summary: addSummary(builder, name, ranked.has(name)), picked }
  })
  // One output for all codes: every output that leaves the runtime costs about as much as a small operator.
  const codes = node('Cast', [node('Concat', watched.map(({ picked }) => picked), { axis: 0 })], { to: elementTypeNumber('float16') })
  const output = (name: string, type: ValueInfo['type']): ValueInfo => ({ name, type, dims: null })
  const outputs = watched.flatMap(({ summary, picked }) => [output(summary, 'float32'), output(picked, 'float32')])
  return {
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...builder.nodes],
      initializers: new Map([...graph.initializers, ...builder.constants]),
      outputs: [...outputs, output(sizes, 'int64'), output(codes, 'float16')],
    },
    sizes,
    codes,
    tensors: watched,
  }
}

/** int64 [1] each: stepOf for every tensor, worked out for all of them at once. */
function stepsOf({ node, nodeOfMany, int64 }: GraphBuilder, sizes: string, count: number, valuesPerTensor: number | null): readonly string[] | undefined {
  if (valuesPerTensor === null) return undefined
  const all = node('Add', [node('Mul', [node('Div', [sizes, int64([6 * valuesPerTensor])]), int64([6])]), int64([1])])
  return count === 1 ? [all] : nodeOfMany('Split', [all, int64(Array.from({ length: count }, () => 1))], count, { axis: 0 })
}

/** Operators whose results have a channel axis whatever their shape. */
const SPATIAL = new Set(['Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'BatchNormalization', 'DepthToSpace', 'SpaceToDepth'])
const SAME_RANK = new Set(['Relu', 'Clip', 'LeakyRelu', 'PRelu', 'Sigmoid', 'Tanh', 'Add', 'Sub', 'Mul', 'Div', 'Concat', 'Transpose', 'Identity', 'Pad', 'Resize', 'Abs', 'Softmax'])

/** Tensors that surely have rank 2 or more; the others find out while they run. */
function channelled(graph: Graph): Set<string> {
  const known = new Set([...graph.values].filter(([, value]) => (value.dims?.length ?? 0) >= 2).map(([name]) => name))
  for (const one of graph.nodes) {
    if (one.domain !== '') continue
    if (SPATIAL.has(one.op) || (SAME_RANK.has(one.op) && one.inputs.some((name) => known.has(name)))) for (const name of one.outputs) known.add(name)
  }
  return known
}

/** Extremes and sums over everything but axis 1, as [3, channels, 1]. */
function addSummary({ node, int64, opset }: GraphBuilder, name: string, channelled: boolean): string {
  const grouped = node('Reshape', [name, channelled ? int64([0, 0, -1]) : channelShape({ node, int64 }, name)])
  const axes = [0, 2]
  const extreme = (op: string) => (opset >= 18 ? node(op, [grouped, int64(axes)]) : node(op, [grouped], { axes }))
  return node('Concat', [extreme('ReduceMin'), extreme('ReduceMax'), node('ReduceSum', [grouped, int64(axes)])], { axis: 0 })
}

/** The shape [N, C, rest] of a tensor; [N, 1, rest] below rank 2. */
function channelShape({ node, int64 }: Pick<GraphBuilder, 'node' | 'int64'>, name: string): string {
  const padded = node('Concat', [node('Shape', [name]), int64([1, 1])], { axis: 0 })
  return node('Concat', [node('Slice', [padded, int64([0]), int64([2]), int64([0])]), int64([-1])], { axis: 0 })
}

interface GraphBuilder {
  readonly nodes: readonly Node[]
  readonly constants: ReadonlyMap<string, Tensor>
  /** Adds a node with one output and returns the output's name. */
  node(op: string, inputs: readonly string[], attributes?: Parameters<typeof attributesOf>[0]): string
  nodeOfMany(op: string, inputs: readonly string[], outputs: number, attributes?: Parameters<typeof attributesOf>[0]): readonly string[]
  readonly opset: number
  /** Name of a constant list; equal lists are one constant. */
  int64(values: readonly (number | bigint)[]): string
}

function graphBuilder(graph: Graph): GraphBuilder {
  const taken = [...graph.inputs.map((input) => input.name), ...graph.initializers.keys(), ...graph.nodes.flatMap((node) => [node.name, ...node.outputs])]
  let prefix = 'observe'
  while (taken.some((name) => name.startsWith(prefix))) prefix += '_'
  const nodes: Node[] = []
  const constants = new Map<string, Tensor>()
  const nodeOfMany: GraphBuilder['nodeOfMany'] = (op, inputs, count, attributes = {}) => {
    const name = `${prefix}/${nodes.length}/${op}`
    const outputs = Array.from({ length: count }, (_, index) => (count === 1 ? name : `${name}/${index}`))
    nodes.push({ name, op, domain: '', inputs, outputs, attributes: attributesOf(attributes) })
    return outputs
  }
  return {
    nodes,
    constants,
    opset: graph.opsets.get('') ?? 0,
    node: (op, inputs, attributes) => nodeOfMany(op, inputs, 1, attributes)[0]!,
    nodeOfMany,
    int64(values) {
      const name = `${prefix}/${values.join(',')}`
      if (!constants.has(name)) constants.set(name, tensor('int64', [values.length], BigInt64Array.from(values, BigInt)))
      return name
    },
  }
}

function inGraphOrder(graph: Graph, tensors: readonly string[]): string[] {
  const all = new Set([...graph.inputs.map((input) => input.name), ...graph.nodes.flatMap((node) => node.outputs)])
  for (const name of tensors) {
    if (!all.has(name)) throw new Fault({ code: 'input.unknown-tensor', where: `tensor '${name}'`, what: 'the graph has no such tensor', next: didYouMean(name, all) })
  }
  const wanted = new Set(tensors)
  if (wanted.size > 0) return [...all].filter((name) => wanted.has(name))
  throw new Fault({ code: 'model.nothing-to-observe', what: 'the graph has no float tensor that depends on an input', next: 'Check that this is the model you meant.' })
}
