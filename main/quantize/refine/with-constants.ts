import type { Graph } from '../../onnx/graph.ts'
import { insertQdq } from '../qdq.ts'
import type { Quantized } from '../quantize.ts'
import { quantizeBias, type CodedConstant } from '../weights.ts'
import { rowsByTensor } from './bench.ts'

/** The quantized model with other codes for some constants. Biases follow the scales of their weights. */
export function withConstants(graph: Graph, quantized: Quantized, changes: ReadonlyMap<string, CodedConstant>): Quantized {
  if (changes.size === 0) return quantized
  const constants = new Map([...quantized.constants].map(([tensor, constant]) => [tensor, changes.get(tensor) ?? constant]))
  const rows = rowsByTensor(quantized.table)
  for (const bias of quantized.plan.biases) {
    if (changes.has(bias.weight) && !changes.has(bias.tensor)) constants.set(bias.tensor, quantizeBias(graph, bias, rows.get(bias.input)!, constants.get(bias.weight)!.row))
  }
  const table = quantized.table.map((row) => constants.get(row.tensor)?.row ?? row)
  return { ...insertQdq(graph, quantized.plan, { table, constants }), plan: quantized.plan, table, constants }
}
