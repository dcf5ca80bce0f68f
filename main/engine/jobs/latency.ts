import { measureLatency, type LatencyOptions } from '../../compare/latency.ts'
import { operatorTimes } from '../../compare/operators.ts'
import { Fault } from '../../core/fault.ts'
import type { Latency, OperatorTime } from '../../core/run.ts'
import type { Task } from '../../core/task.ts'
import { readModel } from '../../onnx/model-file.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { Sample } from '../../samples/sample.ts'
import { loadRewritten } from './rewritten.ts'
import { openPart, standalone } from './workpiece.ts'

export interface LatencyInput {
  /** `model` is the float side; `compare` says what is measured. */
  readonly recipe: Recipe
  readonly threads: number
  readonly quantized: string
}

export interface Times {
  readonly latency?: Latency
  readonly operators?: readonly OperatorTime[]
}

/** Times of a comparison alone, for a model whose quality is known. */
export async function latencyJob({ recipe, threads, quantized }: LatencyInput, task: Task): Promise<Times> {
  const piece = await loadRewritten(recipe)
  const opened = (await openPart(piece, recipe, 'evaluation', task)) ?? (await openPart(piece, recipe, 'calibration', task))
  if (!opened) {
    throw new Fault({ code: 'recipe.no-samples', what: 'there are no samples to compare on', where: 'samples.evaluation', next: 'Set samples.evaluation.path in the recipe, or give --samples FOLDER.' })
  }
  const models = { float: piece.graphBytes, quantized: standalone(await readModel(quantized)) }
  return measureTimes(recipe, models, await opened.samples.load(0), { threads }, task)
}

export async function measureTimes(
  { compare }: Recipe, models: Parameters<typeof measureLatency>[0], { feeds }: Sample, options: LatencyOptions, task: Task,
): Promise<Times> {
  const latency = compare.latency ? await measureLatency(models, feeds, options, task) : undefined
  const operators = compare.operators ? await operatorTimes(models, feeds, options, task) : undefined
  return { ...(latency ? { latency } : {}), ...(operators ? { operators } : {}) }
}
