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
  /** float16 [n]: the same values as binary16. */
  readonly codes: string
}

export interface ObserverGraph {
  readonly graph: Graph
  /** int64 [tensors]: number of values of each tensor, in the order of `tensors`. */
  readonly sizes: string
  readonly tensors: readonly ObserverOutputs[]
}

/** Where a Slice ends when it takes everything. */
const END = 2n ** 62n

/**
 * The graph with nodes that reduce each watched tensor to what its statistics need, so that hardly anything leaves the
 * runtime: extremes and sums a channel (axis 1), and every step-th value as a binary16 code. The step is odd and no multiple
 * of 3, so that the phases of a DepthToSpace are met evenly. Needs opset 13 or newer.
 * Tensors are taken once each, in topological order. Throws `input.unknown-tensor` for a name that the graph does not have.
 */
export function observerGraph(graph: Graph, tensors: readonly string[], valuesPerTensor: number | null): ObserverGraph {
  const builder = graphBuilder(graph)
  const watched = inGraphOrder(graph, tensors).map((name) => {
    const { picked, size } = addSample(builder, name, valuesPerTensor)
    const codes = builder.node('Cast', [picked], { to: elementTypeNumber('float16') })
    return { outputs: { tensor: name, summary: addSummary(builder, graph, name), picked, codes }, size }
  })
  const sizes = builder.node('Concat', watched.map(({ size }) => size), { axis: 0 })
  const output = (name: string, type: ValueInfo['type']): ValueInfo => ({ name, type, dims: null })
  const outputs = watched.flatMap(({ outputs: { summary, picked, codes } }) => [output(summary, 'float32'), output(picked, 'float32'), output(codes, 'float16')])
  return {
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...builder.nodes],
      initializers: new Map([...graph.initializers, ...builder.constants]),
      outputs: [...outputs, output(sizes, 'int64')],
    },
    sizes,
    tensors: watched.map(({ outputs }) => outputs),
  }
}

/** Extremes and sums over everything but axis 1, as [3, channels, 1]. */
function addSummary({ node, int64 }: GraphBuilder, graph: Graph, name: string): string {
  const grouped = node('Reshape', [name, channelShape({ node, int64 }, graph, name)])
  const axes = [0, 2]
  const axesAsInput = (graph.opsets.get('') ?? 0) >= 18
  const extreme = (op: string) => (axesAsInput ? node(op, [grouped, int64(axes)]) : node(op, [grouped], { axes }))
  return node('Concat', [extreme('ReduceMin'), extreme('ReduceMax'), node('ReduceSum', [grouped, int64(axes)])], { axis: 0 })
}

/** The shape [N, C, rest] of a tensor; [N, 1, rest] below rank 2. Worked out inside the graph where the rank is not known. */
function channelShape({ node, int64 }: Pick<GraphBuilder, 'node' | 'int64'>, graph: Graph, name: string): string {
  const rank = graph.values.get(name)?.dims?.length ?? 0
  if (rank >= 2) return int64([0, 0, -1])
  const padded = node('Concat', [node('Shape', [name]), int64([1, 1])], { axis: 0 })
  return node('Concat', [node('Slice', [padded, int64([0]), int64([2]), int64([0])]), int64([-1])], { axis: 0 })
}

/** Every step-th value of a tensor, flat, and its number of values as int64 [1]. */
function addSample({ node, int64 }: GraphBuilder, name: string, valuesPerTensor: number | null): { picked: string; size: string } {
  const flat = node('Reshape', [name, int64([-1])])
  const size = node('Reshape', [node('Size', [name]), int64([-1])])
  if (valuesPerTensor === null) return { picked: flat, size }
  const step = node('Add', [node('Mul', [node('Div', [size, int64([6 * valuesPerTensor])]), int64([6])]), int64([1])])
  return { picked: node('Slice', [flat, int64([0]), int64([END]), int64([0]), step]), size }
}

interface GraphBuilder {
  readonly nodes: readonly Node[]
  readonly constants: ReadonlyMap<string, Tensor>
  /** Adds a node with one output and returns the output's name. */
  node(op: string, inputs: readonly string[], attributes?: Parameters<typeof attributesOf>[0]): string
  /** Name of a constant list; equal lists are one constant. */
  int64(values: readonly (number | bigint)[]): string
}

function graphBuilder(graph: Graph): GraphBuilder {
  const taken = [...graph.inputs.map((input) => input.name), ...graph.initializers.keys(), ...graph.nodes.flatMap((node) => [node.name, ...node.outputs])]
  let prefix = 'observe'
  while (taken.some((name) => name.startsWith(prefix))) prefix += '_'
  const nodes: Node[] = []
  const constants = new Map<string, Tensor>()
  return {
    nodes,
    constants,
    node(op, inputs, attributes = {}) {
      const name = `${prefix}/${nodes.length}/${op}`
      nodes.push({ name, op, domain: '', inputs, outputs: [name], attributes: attributesOf(attributes) })
      return name
    },
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
