import type { Graph, Node, ValueInfo } from '../onnx/graph.ts'
import { elementCount, isFloat } from '../onnx/tensor.ts'
import { usedTensors } from '../onnx/topology.ts'

export interface ActivationPeak {
  /** Values alive at once at most; times 4 the bytes in float32, times 1 in int8. */
  readonly values: number
  /** While this node computes. */
  readonly node: string
  /** What is alive then, the largest first. */
  readonly tensors: readonly { readonly tensor: string; readonly values: number }[]
}

/** Operators of one input that may write over it where nobody else needs it. */
const IN_PLACE = new Set(['Relu', 'LeakyRelu', 'PRelu', 'Clip', 'Sigmoid', 'Tanh', 'HardSwish', 'HardSigmoid', 'Gelu', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten'])

/**
 * The most values of float tensors that are alive at once when the nodes run in the order of the graph: inputs of the graph from the
 * start to their last use, everything else from where it is made to its last use, outputs of the graph to the end; weights and what
 * constants make are not counted. What works value by value writes over its input where that is its last use. `values`: shapes, every
 * size a number; null where one of them is not.
 */
export function activationPeak(graph: Graph, values: ReadonlyMap<string, ValueInfo>): ActivationPeak | null {
  const sizes = sizesOf(graph, values)
  if (sizes === null) return null
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const lastUse = new Map<string, number>()
  for (const [index, node] of graph.nodes.entries()) for (const name of usedTensors(node)) lastUse.set(name, index)
  const ends = (name: string, index: number): boolean => !outputs.has(name) && (lastUse.get(name) ?? -1) <= index
  const alive = new Set(graph.inputs.map(({ name }) => name).filter((name) => sizes.has(name)))
  let peak: ActivationPeak = { values: 0, node: '', tensors: [] }
  for (const [index, node] of graph.nodes.entries()) {
    for (const name of node.outputs) if (sizes.has(name)) alive.add(name)
    const own = overwritten(node, sizes)
    const held = [...alive].filter((name) => name !== own || !ends(name, index)).map((tensor) => ({ tensor, values: sizes.get(tensor)! }))
    const sum = held.reduce((total, each) => total + each.values, 0)
    if (sum > peak.values) peak = { values: sum, node: node.name, tensors: held.toSorted((a, b) => b.values - a.values) }
    for (const name of alive) if (ends(name, index)) alive.delete(name)
  }
  return peak
}

const overwritten = ({ op, inputs, outputs }: Node, sizes: ReadonlyMap<string, number>): string | undefined =>
  IN_PLACE.has(op) && sizes.get(inputs[0]!) === sizes.get(outputs[0]!) ? inputs[0] : undefined

/** Values of every float tensor that depends on an input; null where a size of one is open. */
function sizesOf(graph: Graph, values: ReadonlyMap<string, ValueInfo>): Map<string, number> | null {
  const moving = new Set(graph.inputs.map(({ name }) => name))
  for (const node of graph.nodes) if ([...usedTensors(node)].some((name) => moving.has(name))) for (const name of node.outputs) moving.add(name)
  const sizes = new Map<string, number>()
  for (const name of moving) {
    const info = values.get(name)
    if (name === '' || (info && !isFloat(info.type))) continue
    if (!info?.dims?.every((dim) => typeof dim === 'number')) return null
    sizes.set(name, elementCount(info.dims as readonly number[]))
  }
  return sizes
}
