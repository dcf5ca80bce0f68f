import type { ScaleTable } from '../core/scale-table.ts'
import type { Graph } from '../onnx/graph.ts'
import type { PictureRanges } from './fixed-ranges.ts'
import type { QuantizeOptions } from './options.ts'
import { planQuantization, type QuantizePlan } from './plan.ts'
import { insertQdq, type QdqGraph } from './qdq.ts'
import { solveScales, type ThresholdSource } from './scale-table.ts'

export interface Quantized extends QdqGraph {
  readonly plan: QuantizePlan
  readonly table: ScaleTable
}

/** Plan, scales and QDQ graph of a prepared Graph in one step. Pure: same graph, options and thresholds, same result. */
export const quantize = (graph: Graph, options: QuantizeOptions, thresholds: ThresholdSource, pictures?: PictureRanges): Quantized =>
  quantizePlanned(graph, planQuantization(graph, options, pictures), options, thresholds)

/** The same where the plan of the graph has been made already. */
export function quantizePlanned(graph: Graph, plan: QuantizePlan, options: QuantizeOptions, thresholds: ThresholdSource): Quantized {
  const solved = solveScales(graph, plan, options, thresholds)
  return { ...insertQdq(graph, plan, solved), plan, table: solved.table }
}
