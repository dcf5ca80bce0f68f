import type { ScaleTable } from '../core/scale-table.ts'
import type { Graph } from '../onnx/graph.ts'
import type { PictureRanges } from './fixed-ranges.ts'
import type { QuantizeOptions } from './options.ts'
import { planQuantization, type QuantizePlan } from './plan.ts'
import { insertQdq, type QdqGraph } from './qdq.ts'
import { solveScales, type SolvedScales, type ThresholdSource } from './scale-table.ts'
import { withTuned, type Tuned } from './tuned.ts'

export interface Quantized extends QdqGraph {
  readonly plan: QuantizePlan
  readonly table: ScaleTable
  /** Codes of weights and biases. */
  readonly constants: SolvedScales['constants']
}

/** Plan, scales and QDQ graph of a prepared Graph in one step. Pure: same graph, options and thresholds, same result. */
export const quantize = (graph: Graph, options: QuantizeOptions, thresholds: ThresholdSource, pictures?: PictureRanges): Quantized =>
  quantizePlanned(graph, planQuantization(graph, options, pictures), options, thresholds)

/** The same where the plan of the graph has been made already. `tuned`: constants and scales that fine-tuning changed. */
export function quantizePlanned(graph: Graph, plan: QuantizePlan, options: QuantizeOptions, thresholds: ThresholdSource, tuned?: Tuned): Quantized {
  const constants = tuned ? withTuned(graph, tuned) : graph
  const solved = solveScales(constants, plan, options, thresholds, tuned)
  return { ...insertQdq(constants, plan, solved), plan, table: solved.table, constants: solved.constants }
}
