import type { Statistics } from '../../calibrate/statistics.ts'
import { Fault } from '../../core/fault.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { Task } from '../../core/task.ts'
import type { FinetuneRecipe, Recipe } from '../../recipe/recipe.ts'
import { cropsOf } from '../../tune/finetune/crops.ts'
import { finetune, type FinetuneResult, type LossPoint } from '../../tune/finetune/finetune.ts'
import { encodeTuned } from '../../tune/finetune/tuned-file.ts'
import { quantizeFrom } from './quantize.ts'
import { loadRewritten, type RewrittenPiece } from './rewritten.ts'
import { readStatistics } from './stored-statistics.ts'
import { openPart, pictureRanges } from './workpiece.ts'

export interface FinetuneInput {
  readonly recipe: Recipe
  readonly threads: number
  /** Path of the Statistics file to read. */
  readonly statistics: string
  /** Where what was tuned is to be written (.npz), and the losses (.csv). */
  readonly out: string
  readonly curve: string
  /** As for quantize. */
  readonly allowMissing?: boolean
}

export interface FinetuneOutput extends Omit<FinetuneResult, 'tuned'> {
  readonly seconds: number
  readonly notes: readonly string[]
}

/** Fine-tunes what the recipe quantizes, on its calibration samples; writes values that the quantize job takes over. */
export async function finetuneJob({ recipe, threads, statistics, out, curve, allowMissing = false }: FinetuneInput, task: Task): Promise<FinetuneOutput> {
  const asked = recipe.quantize.finetune
  if (!asked) throw new Fault({ code: 'bug.finetune', what: 'the recipe does not ask for fine-tuning' })
  const begun = performance.now()
  const { tuned, ...result } = await finetuneAs(asked, await loadRewritten(recipe), recipe, await readStatistics(statistics), { where: statistics, threads, allowMissing }, task)
  await writeFileAtomic(out, encodeTuned(tuned))
  await writeFileAtomic(curve, new TextEncoder().encode(curveOf(result.history)))
  return { ...result, seconds: (performance.now() - begun) / 1000, notes: [noteOf(result, asked)] }
}

export interface FinetunePlace {
  /** Of the Statistics, for messages. */
  readonly where: string
  readonly threads: number
  readonly allowMissing: boolean
}

/** Fine-tunes a rewritten model as a recipe quantizes it, on its calibration samples. Throws `recipe.no-samples`. */
export async function finetuneAs(asked: FinetuneRecipe, piece: RewrittenPiece, recipe: Recipe, statistics: Statistics, { where, threads, allowMissing }: FinetunePlace, task: Task): Promise<FinetuneResult> {
  const { quantized, workGraph } = quantizeFrom(piece, recipe, statistics, where, allowMissing)
  const calibration = await openPart(piece, recipe, 'calibration', task)
  if (!calibration) {
    throw new Fault({ code: 'recipe.no-samples', what: 'fine-tuning needs calibration samples; statistics alone do not do', where: 'samples.calibration', next: 'Give --samples FOLDER or set samples.calibration.path in the recipe.' })
  }
  const crops = await cropsOf(workGraph, calibration.samples, { side: asked.crop, seed: recipe.seed }, task)
  const settings = { ...asked, scaleRate: asked.scaleRate ?? SCALE_RATE * asked.rate, seed: recipe.seed, threads }
  return finetune({ float: piece.graphBytes, workGraph, quantized, pictures: pictureRanges(calibration.expectation).outputs }, crops, settings, task)
}

/** Scales move three times as fast as weights where the recipe does not say. */
const SCALE_RATE = 3

/** Losses a step as CSV; empty where there is none. */
const curveOf = (history: readonly LossPoint[]): string =>
  ['step,train,held_back', ...history.map(({ step, train, heldBack }) => [step, train ?? '', heldBack ?? ''].join())].join('\n') + '\n'

function noteOf({ bestStep, before, after, crops, parameters }: Omit<FinetuneResult, 'tuned'>, { steps }: FinetuneRecipe): string {
  if (bestStep === 0) return `Fine-tuning changed nothing: none of ${steps} steps came nearer to the float model on the ${crops.heldBack} held-back samples than the start, which was kept.`
  const decibel = (10 * Math.log10(after / before)).toFixed(2)
  return `Fine-tuned (weights, biases and scales are other ones now): ${parameters} values on ${crops.train} samples, without labels; step ${bestStep} of ${steps} was best on ${crops.heldBack} held-back samples, where the squared error against the float model changed by ${decibel} dB.`
}
