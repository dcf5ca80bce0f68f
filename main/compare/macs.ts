import { encodeModel } from '../onnx/encode.ts'
import { intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, ValueInfo } from '../onnx/graph.ts'
import { elementCount, isFloat } from '../onnx/tensor.ts'
import { inferValues } from '../runtime/values.ts'

/**
 * Multiply-accumulates of one run with these input shapes: Conv, ConvTranspose, Gemm and MatMul, nothing else.
 * 0 where a shape that is needed depends on the data and cannot be known.
 */
export async function macsOfSample(graph: Graph, inputDims: Readonly<Record<string, readonly number[]>>): Promise<number> {
  return multiplyAccumulates(graph, await inferValues(encodeModel(graph), inputDims))
}

/** The same from shapes that are known already; subgraphs (If, Loop) are not looked into. */
export const multiplyAccumulates = (graph: Graph, values: ReadonlyMap<string, ValueInfo>): number =>
  [...macsByNode(graph, values).values()].reduce((sum, count) => sum + count, 0)

/** Multiply-accumulates of every node that has any, by its name; empty where a shape that is needed cannot be known. */
export function macsByNode(graph: Graph, values: ReadonlyMap<string, ValueInfo>): ReadonlyMap<string, number> {
  const dimsOf = (name: string | undefined): readonly number[] | null => {
    const dims = graph.initializers.get(name ?? '')?.dims ?? values.get(name ?? '')?.dims
    return dims?.every((dim) => typeof dim === 'number') ? (dims as readonly number[]) : null
  }
  const counts = new Map<string, number>()
  for (const node of graph.nodes) {
    const count = macsOf(node, dimsOf)
    if (count === null) return new Map()
    if (count > 0) counts.set(node.name, count)
  }
  return counts
}

/** null: a shape is missing. */
function macsOf(node: Node, dimsOf: (name: string | undefined) => readonly number[] | null): number | null {
  if (node.domain !== '') return 0
  const first = dimsOf(node.inputs[0])
  const weight = dimsOf(node.inputs[1])
  const output = dimsOf(node.outputs[0])
  switch (node.op) {
    // Every output value sums over the weight's [Cin / groups, kernel]; every input value of the transpose meets [Cout / groups, kernel].
    case 'Conv': return output && weight && elementCount(output) * elementCount(weight.slice(1))
    case 'ConvTranspose': return first && weight && elementCount(first) * elementCount(weight.slice(1))
    case 'Gemm': return output && first && elementCount(output) * first[intAttribute(node, 'transA', 0) === 0 ? 1 : 0]!
    case 'MatMul': return output && first && elementCount(output) * first.at(-1)!
    default: return 0
  }
}

/** Inputs that say how an operator works; constants there are settings, not parameters. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  Resize: [1, 2, 3],
  Upsample: [1],
  Pad: [1, 2],
  QuantizeLinear: [1, 2],
  DequantizeLinear: [1, 2],
}

/**
 * Trained values of a graph: elements of the float initializers, and of the integer ones that a DequantizeLinear turns back
 * into weights; without scales, zero points and settings such as the bounds of a Clip. Constant nodes count as initializers do.
 */
export function parameterCount(graph: Graph): number {
  const settings = new Set<string>()
  const codes = new Set<string>()
  for (const node of graph.nodes) {
    for (const place of SETTINGS[node.op] ?? []) settings.add(node.inputs[place] ?? '')
    if (node.op === 'DequantizeLinear') codes.add(node.inputs[0]!)
  }
  let count = 0
  const add = (name: string, type: Parameters<typeof isFloat>[0], dims: readonly number[]) => {
    if (!settings.has(name) && (isFloat(type) || codes.has(name))) count += elementCount(dims)
  }
  for (const [name, { type, dims }] of graph.initializers) add(name, type, dims)
  for (const node of graph.nodes) {
    const value = node.op === 'Constant' ? node.attributes.get('value') : undefined
    if (value?.kind === 'tensor') add(node.outputs[0]!, value.value.type, value.value.dims)
  }
  return count
}
