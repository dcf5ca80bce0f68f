import { timeOf, type OperatorEstimate } from '../compare/operator-nearest.ts'
import { operatorShapes } from '../compare/operator-shape.ts'
import type { OperatorTable, Precision } from '../compare/operator-table.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { elementCount } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import { absorbedTensors } from '../quantize/absorb.ts'

/** The arithmetic that a node runs in. */
export type Kernel = 'int8' | 'int16' | 'float'

/** Times of the parts of a model, all in one unit: only their ratio counts. */
export interface Timing {
  /** What operands of 16 bits are computed in. */
  readonly wide: 'int16' | 'float'
  /** null: not known. */
  node(node: Node, kernel: Kernel): number | null
  /** Rounding a tensor to codes and back. */
  quantize(tensor: string, bits: number): number
  dequantize(tensor: string, bits: number): number
}

type Dims = (tensor: string) => readonly number[] | null

const PRECISIONS: Readonly<Record<Kernel, readonly Precision[]>> = { int8: ['int8'], int16: ['int16'], float: ['float32', 'float16'] }

/** Times of a board's own table (docs/operators.md). What a Relu or Clip takes behind a convolution is the convolution's. `missing`: what it has no row for, as it is asked. */
export function boardTiming(table: OperatorTable, graph: Graph, dims: Dims): Timing & { readonly missing: Set<string> } {
  const shapeOf = operatorShapes(graph, dims)
  const absorbed = absorbedTensors(graph, topology(graph), () => true)
  const missing = new Set<string>()
  const known = new Map<string, number | null>()
  const look = (node: Node, kernel: Kernel): number | null => {
    if (node.inputs.some((name) => absorbed.has(name))) return 0
    const shape = shapeOf(node)
    const found = shape === null ? undefined : PRECISIONS[kernel].map((precision) => timeOf(table, shape, precision)).find((time): time is OperatorEstimate => time !== null)
    if (!found) missing.add(`${node.op} ${kernel}`)
    return found?.ms ?? null
  }
  const convert = (op: 'QuantizeLinear' | 'DequantizeLinear') => (tensor: string, bits: number): number => {
    const from = dims(tensor)
    const found = from?.length === 4 ? timeOf(table, { op, inputChannels: from[1]!, outputChannels: from[1]!, height: from[2]!, width: from[3]! }, bits === 16 ? 'int16' : 'int8') : null
    if (!found) missing.add(`${op} ${bits === 16 ? 'int16' : 'int8'}`)
    return found?.ms ?? 0
  }
  return {
    wide: 'int16', missing, quantize: convert('QuantizeLinear'), dequantize: convert('DequantizeLinear'),
    node(node, kernel) {
      const key = `${node.name} ${kernel}`
      if (!known.has(key)) known.set(key, look(node, kernel))
      return known.get(key)!
    },
  }
}

/** Operator times that a run measured on this machine. */
export interface MeasuredTimes {
  /** Microseconds of the float model by node. */
  readonly floatUs: Readonly<Record<string, number>>
  /** Of the fused model: its nodes, its conversions among them. */
  readonly fused: readonly { readonly node: string; readonly op: string; readonly us: number }[]
  /** What the fused model takes of float, measured whole. */
  readonly ratio: number
}

/**
 * Times of a run. The profiler slows small operators, so the times of the fused model are scaled to the ratio of whole models. A conversion
 * takes by its values what those of the fused model took. 16-bit operands have no kernel on this CPU: they are computed in float.
 */
export function measuredTiming({ floatUs, fused, ratio }: MeasuredTimes, dims: Dims): Timing {
  const sumOf = (rows: readonly { readonly us: number }[]): number => rows.reduce((sum, { us }) => sum + us, 0)
  const scale = sumOf(fused) === 0 ? 1 : (ratio * Object.values(floatUs).reduce((sum, us) => sum + us, 0)) / sumOf(fused)
  const int8Us = new Map<string, number>()
  for (const { node, us } of fused) int8Us.set(node, (int8Us.get(node) ?? 0) + us * scale)
  const valuesOf = (tensor: string): number => elementCount(dims(tensor) ?? [0])
  const rateOf = (op: 'QuantizeLinear' | 'DequantizeLinear'): number => {
    const rows = fused.flatMap((row) => (row.op === op && row.node.endsWith(`_${op}`) ? [{ us: row.us * scale, values: valuesOf(row.node.slice(0, -op.length - 1)) }] : [])).filter(({ values }) => values > 0)
    return sumOf(rows) / (rows.reduce((sum, { values }) => sum + values, 0) || 1)
  }
  const [to, from] = [rateOf('QuantizeLinear'), rateOf('DequantizeLinear')]
  return {
    wide: 'float', quantize: (tensor) => to * valuesOf(tensor), dequantize: (tensor) => from * valuesOf(tensor),
    node: ({ name }, kernel) => (kernel === 'float' ? (floatUs[name] ?? 0) : (int8Us.get(name) ?? 0)),
  }
}
