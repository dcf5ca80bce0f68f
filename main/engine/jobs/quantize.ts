import { readFile } from 'node:fs/promises'
import { checkStatistics } from '../../calibrate/check-statistics.ts'
import { solveThreshold } from '../../calibrate/methods/index.ts'
import type { Statistics } from '../../calibrate/statistics.ts'
import { decodeStatistics } from '../../calibrate/statistics-file.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { CodeType } from '../../core/grid.ts'
import { sha256 } from '../../core/hash.ts'
import type { ScaleTable } from '../../core/scale-table.ts'
import type { Task } from '../../core/task.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph } from '../../onnx/graph.ts'
import { prepareGraph } from '../../onnx/prepare.ts'
import { quantizeOptions, type QuantizeOptions } from '../../quantize/options.ts'
import { planQuantization } from '../../quantize/plan.ts'
import { opsetFor } from '../../quantize/qdq.ts'
import { quantize, type Quantized } from '../../quantize/quantize.ts'
import type { ThresholdSource } from '../../quantize/scale-table.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { expectationFor, loadWorkpiece, pictureRanges, type Workpiece } from './workpiece.ts'

export interface QuantizeInput {
  readonly recipe: Recipe
  /** Path of the Statistics file to read. */
  readonly statistics: string
  /** Where the quantized model is to be written. */
  readonly out: string
}

export interface QuantizeOutput {
  readonly table: ScaleTable
  readonly sha256: string
  readonly bytes: number
  readonly notes: readonly string[]
}

/** Statistics and recipe to a QDQ model on disk. */
export async function quantizeJob({ recipe, statistics, out }: QuantizeInput, task: Task): Promise<QuantizeOutput> {
  task.report({ stage: 'quantize', done: 0, total: 2, unit: 'steps' })
  const piece = await loadWorkpiece(recipe.model)
  const seen = decodeStatistics(await readFile(statistics), statistics)
  const { quantized, steps } = quantizeFrom(piece, recipe, seen, statistics)
  task.report({ stage: 'quantize', done: 1, total: 2, unit: 'steps' })
  const bytes = encodeModel(quantized.graph)
  await writeFileAtomic(out, bytes)
  task.report({ stage: 'quantize', done: 2, total: 2, unit: 'steps' })
  return { table: quantized.table, sha256: sha256(bytes), bytes: bytes.byteLength, notes: [...steps, ...floatNotes(quantized)] }
}

/** The same without files, for jobs that quantize many times. */
export function quantizeFrom(piece: Workpiece, recipe: Recipe, statistics: Statistics, where: string): { quantized: Quantized; steps: readonly string[] } {
  const options = quantizeOptions(wishesOf(recipe))
  const pictures = pictureRanges(expectationFor(piece, recipe.samples.calibration ?? recipe.samples.evaluation))
  const { graph, steps } = raised(piece.graph, options)
  // Tensors that no method has to look at need not have been seen.
  const needed = planQuantization(graph, options, pictures).tensors.filter((plan) => !plan.fixed && plan.group === plan.tensor).map((plan) => plan.tensor)
  checkStatistics(statistics, piece.graphSha256, needed, { where, allowUnexpected: true })
  const thresholds: ThresholdSource = (tensor, method, grid) => {
    const tensorStatistics = statistics.tensors.get(tensor)
    return tensorStatistics && solveThreshold(method, tensorStatistics, grid, { p: options.activations.percentile })
  }
  return { quantized: quantize(graph, options, thresholds, pictures), steps }
}

/** 16- and 4-bit codes need a newer opset than the statistics were taken on; names stay. */
function raised(graph: Graph, options: QuantizeOptions): { graph: Graph; steps: readonly string[] } {
  const types: CodeType[] = [options.activations.type, options.weights.type]
  for (const layer of Object.values(options.layers)) if (layer.bits === 16) types.push('int16')
  const opset = opsetFor(types)
  if ((graph.opsets.get('') ?? 0) >= opset) return { graph, steps: [] }
  return prepareGraph(graph, { opset })
}

const wishesOf = ({ quantize: { activations, ...rest } }: Recipe) => ({ ...rest, activations: { ...activations, percentile: activations.percentile / 100 } })

function floatNotes({ plan }: Quantized): string[] {
  const asked = [...plan.floatNodes].filter(([, why]) => why.startsWith('quantize.'))
  const own = [...plan.floatNodes].filter(([, why]) => why.endsWith('is not computed on codes'))
  return [
    ...(asked.length > 0 ? [`In float by the recipe: ${asked.map(([name]) => name).join(', ')}.`] : []),
    ...(own.length > 0 ? [`In float because their operator is not computed on codes: ${own.map(([name]) => name).join(', ')}.`] : []),
  ]
}
