import { measureLayers } from '../../compare/layers.ts'
import { measureLatency } from '../../compare/latency.ts'
import { operatorTimes } from '../../compare/operators.ts'
import { protocolsFor } from '../../compare/protocol.ts'
import { measureQuality } from '../../compare/quality.ts'
import { writeSideBySide } from '../../compare/side-by-side.ts'
import { Fault } from '../../core/fault.ts'
import type { Finding, Latency, LayerError, OperatorTime, Quality } from '../../core/run.ts'
import type { Task } from '../../core/task.ts'
import type { Graph } from '../../onnx/graph.ts'
import { readModel } from '../../onnx/model-file.ts'
import { readQdq, type ReadScales } from '../../quantize/read-qdq.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { Expectation } from '../../samples/expectation.ts'
import type { Sample } from '../../samples/sample.ts'
import { loadWorkpiece, openPart, standalone } from './workpiece.ts'

export interface CompareInput {
  /** `model` is the float side. */
  readonly recipe: Recipe
  readonly threads: number
  /** The model that is judged. */
  readonly quantized: string
  /** Where the side-by-side picture goes; absent: none is drawn. */
  readonly picture?: string
}

export interface CompareOutput {
  readonly quality: Quality
  readonly layers: readonly LayerError[]
  readonly latency?: Latency
  readonly operators?: readonly OperatorTime[]
  readonly findings: readonly Finding[]
  readonly notes: readonly string[]
  /** True when `picture` was written. */
  readonly drawn: boolean
}

/** Float against quantized: quality, layer errors, latency, operator times, and the picture to look at. */
export async function compareJob({ recipe, threads, quantized, picture }: CompareInput, task: Task): Promise<CompareOutput> {
  const piece = await loadWorkpiece(recipe.model)
  const opened = (await openPart(piece, recipe, 'evaluation', task)) ?? (await openPart(piece, recipe, 'calibration', task))
  if (!opened) {
    throw new Fault({ code: 'recipe.no-samples', what: 'there are no samples to compare on', where: 'samples.evaluation', next: 'Set samples.evaluation.path in the recipe, or give --samples FOLDER.' })
  }
  const { samples, part } = opened
  const judged = await readModel(quantized)
  const scales = readQdq(judged.graph)
  const models = { float: piece.graphBytes, quantized: standalone(judged) }
  const first = await samples.load(0)
  const expectation = withFactor(opened.expectation, first)
  const wish = recipe.samples.evaluation
  const report = await measureQuality(models, samples, {
    protocols: protocolsFor(expectation, first.reference !== undefined, { metric: wish?.metric, shave: wish?.shave }), expectation, threads,
    keepPictures: picture === undefined ? 0 : 1, outputSteps: outputSteps(judged.graph, scales),
  }, task)
  const layers = await layerErrors(recipe, piece.graph, judged.graph, scales, samples, threads, task)
  const latency = recipe.compare.latency ? await measureLatency(models, first.feeds, { threads }, task) : undefined
  const operators = recipe.compare.operators ? await operatorTimes(models, first.feeds, { threads }, task) : undefined
  const shown = report.pictures[0]
  if (picture !== undefined && shown) await writeSideBySide(picture, shown)
  return {
    quality: report.quality, layers, findings: report.findings, drawn: picture !== undefined && shown !== undefined,
    ...(latency ? { latency } : {}),
    ...(operators ? { operators } : {}),
    notes: part === 'calibration' ? ['There are no evaluation samples: quality is measured on the calibration samples, which flatters it.'] : [],
  }
}

async function layerErrors(recipe: Recipe, float: Graph, judged: Graph, scales: ReadScales, samples: Parameters<typeof measureLayers>[3], threads: number, task: Task): Promise<LayerError[]> {
  const mode = recipe.compare.layers
  if (mode === 'none') return []
  // A model quantized elsewhere may have other names; only tensors that both know can be compared.
  const known = new Set([...float.inputs.map((input) => input.name), ...float.nodes.flatMap((node) => node.outputs)])
  const rows = scales.rows.filter((row) => row.kind === 'activation' && known.has(row.tensor))
  return measureLayers(float, judged, rows, samples, { mode, maxSamples: recipe.compare.samples, threads, dequantizedNames: scales.dequantizedNames }, task)
}

/** Scales of quantized graph outputs, so that "by more than rounding" is counted in their own codes. */
function outputSteps(judged: Graph, scales: ReadScales): Map<string, number> {
  const outputs = new Set(judged.outputs.map((output) => output.name))
  return new Map(scales.rows.filter((row) => row.kind === 'activation' && outputs.has(row.tensor)).map((row) => [row.tensor, row.scale[0]!]))
}

/** The upscale factor, where the graph did not tell it, from a picture and its reference. */
function withFactor(expectation: Expectation, sample: Sample): Expectation {
  const { factor } = expectation.output
  if (factor.value !== null || !sample.picture || !sample.reference) return expectation
  const value = Math.round(sample.reference.width / sample.picture.width)
  return { ...expectation, output: { ...expectation.output, factor: { value, how: 'from the sizes of a sample and its reference' } } }
}
