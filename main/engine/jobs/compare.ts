import { challengeNote } from '../../compare/challenge-score.ts'
import { measureLayers } from '../../compare/layers.ts'
import { measureQuality } from '../../compare/quality.ts'
import { writeSideBySide } from '../../compare/side-by-side.ts'
import { Fault } from '../../core/fault.ts'
import type { Finding, Latency, LayerError, OperatorTime, Quality } from '../../core/run.ts'
import type { Task } from '../../core/task.ts'
import type { Graph } from '../../onnx/graph.ts'
import { readModel } from '../../onnx/model-file.ts'
import { readQdq, type ReadScales } from '../../quantize/read-qdq.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { takenOver, type EarlierRun, type TakenOver } from './earlier.ts'
import { measuresFor } from './judging.ts'
import { measureTimes, type Times } from './latency.ts'
import { loadRewritten } from './rewritten.ts'
import { openPart, standalone, withFactor } from './workpiece.ts'

export interface CompareInput {
  /** `model` is the float side. */
  readonly recipe: Recipe
  readonly threads: number
  /** The model that is judged. */
  readonly quantized: string
  /** Where the side-by-side picture goes; absent: none is drawn. */
  readonly picture?: string
  /** A run whose numbers hold where nothing changed. */
  readonly earlier?: EarlierRun
}

export interface CompareOutput {
  /** Absent with `metric: none`. */
  readonly quality?: Quality
  readonly layers: readonly LayerError[]
  readonly latency?: Latency
  readonly operators?: readonly OperatorTime[]
  readonly findings: readonly Finding[]
  readonly notes: readonly string[]
  /** What quality, layers and latency (with operators) took; of parts that were taken over, what they took there. */
  readonly stageSeconds: Readonly<Record<string, number>>
  /** True when `picture` was written. */
  readonly drawn: boolean
}

/** Float against quantized: quality, layer errors, latency, operator times, and the picture to look at. */
export async function compareJob({ recipe, threads, quantized, picture, earlier }: CompareInput, task: Task): Promise<CompareOutput> {
  const piece = await loadRewritten(recipe)
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
  const known = earlier ? await takenOver(earlier, judged.graph, scales) : undefined
  const measures = await measuresFor({ evaluation: recipe.samples.evaluation, expectation, samples, first })
  const watch = stopwatch()
  // Without a score the versions are still run: whether fused is simulated is not a matter of taste.
  const report = await measureQuality(models, samples, {
    measures, protocols: measures.length === 0 ? ['sqnr/output'] : [], expectation, threads,
    keepPictures: picture === undefined ? 0 : 1, outputSteps: outputSteps(judged.graph, scales),
    ...(known?.quality ? { earlier: known.quality } : {}),
  }, task)
  watch.lap('quality')
  const layers = await layerErrors(recipe, piece.graph, judged.graph, scales, samples, threads, task, known?.layers)
  watch.lap('layers')
  const kept = known && keptTimes(recipe, known)
  const times = kept ?? (await measureTimes(recipe, models, first, { threads }, task))
  watch.lap('latency')
  const shown = report.pictures[0]
  const quality = measures.length === 0 ? undefined : report.quality
  if (picture !== undefined && shown) await writeSideBySide(picture, shown)
  return {
    ...(quality ? { quality } : {}), layers, findings: report.findings, drawn: picture !== undefined && shown !== undefined,
    ...times,
    notes: [
      ...(part === 'calibration' ? ['There are no evaluation samples: quality is measured on the calibration samples, which flatters it.'] : []),
      ...(quality ? [] : ['The metric is none: quality was not measured.']),
      ...(recipe.compare.score && quality ? [challengeNote(recipe.compare.score, quality, times.latency)] : []),
      ...(earlier && known ? [takenNote(earlier, known, { layers, keepsFloat: report.keptFloat, keepsTimes: kept !== undefined })] : []),
    ],
    stageSeconds: kept && earlier?.stageSeconds?.['latency'] !== undefined ? { ...watch.seconds, latency: earlier.stageSeconds['latency'] } : watch.seconds,
  }
}

/** Seconds from lap to lap. */
function stopwatch() {
  const seconds: Record<string, number> = {}
  let at = performance.now()
  return {
    seconds,
    lap(name: string): void {
      const now = performance.now()
      seconds[name] = (now - at) / 1000
      at = now
    },
  }
}

/** Times of the earlier run, where it has all that is wished for. */
function keptTimes({ compare }: Recipe, { latency, operators }: TakenOver): Times | undefined {
  if ((compare.latency && latency === undefined) || (compare.operators && operators === undefined)) return undefined
  return { ...(compare.latency ? { latency: latency! } : {}), ...(compare.operators ? { operators: operators! } : {}) }
}

/** What was not measured here, and where it was. */
function takenNote({ run }: EarlierRun, known: TakenOver, made: { readonly layers: readonly LayerError[]; readonly keepsFloat: boolean; readonly keepsTimes: boolean }): string {
  const count = (mode: LayerError['mode'], errors: readonly LayerError[]) => errors.filter((error) => error.mode === mode).length
  const layers = (['accumulated', 'alone'] as const).filter((mode) => count(mode, known.layers) > 0).map((mode) => `${mode} errors of ${count(mode, known.layers)} of ${count(mode, made.layers)} tensors`)
  const parts = [...layers, ...(made.keepsFloat ? ['quality of the float model'] : []), ...(made.keepsTimes && (known.latency ?? known.operators) ? ['latency and operator times'] : [])]
  return parts.length === 0 ? `Nothing was taken over from run ${run}: the model differs too much.` : `Taken over from run ${run}, where they come out the same: ${parts.join('; ')}.`
}

async function layerErrors(recipe: Recipe, float: Graph, judged: Graph, scales: ReadScales, samples: Parameters<typeof measureLayers>[3], threads: number, task: Task, taken: readonly LayerError[] = []): Promise<LayerError[]> {
  const mode = recipe.compare.layers
  if (mode === 'none') return []
  // A model quantized elsewhere may have other names; only tensors that both know can be compared.
  const known = new Set([...float.inputs.map((input) => input.name), ...float.nodes.flatMap((node) => node.outputs)])
  const rows = scales.rows.filter((row) => row.kind === 'activation' && known.has(row.tensor))
  return measureLayers(float, judged, rows, samples, { mode, maxSamples: recipe.compare.samples, threads, dequantizedNames: scales.dequantizedNames, known: taken }, task)
}

/** Scales of quantized graph outputs, so that "by more than rounding" is counted in their own codes. */
function outputSteps(judged: Graph, scales: ReadScales): Map<string, number> {
  const outputs = new Set(judged.outputs.map((output) => output.name))
  return new Map(scales.rows.filter((row) => row.kind === 'activation' && outputs.has(row.tensor)).map((row) => [row.tensor, row.scale[0]!]))
}
