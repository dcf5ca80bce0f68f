import type { Statistics } from '../../calibrate/statistics.ts'
import { Fault } from '../../core/fault.ts'
import { canonicalJson, sha256, sha256OfFile } from '../../core/hash.ts'
import { breathe, type Task } from '../../core/task.ts'
import type { Trial } from '../../core/tune.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { finetuneAs } from './finetune.ts'
import { quantizeRefined } from './refined.ts'
import { storedStatistics } from './stored-statistics.ts'
import { runOn, tuneBench, tunePiece } from './tune-bench.ts'

export interface TrialInput {
  /** Complete, with what is tried. */
  readonly recipe: Recipe
  /** Statistics of the recipe's rewritten graph, and their SHA-256: the file must be the one that was meant. */
  readonly statistics: { readonly path: string; readonly sha256: string }
  /** How many of the held-back samples; all where there are fewer. */
  readonly samples: number
  readonly threads: number
}

export type TrialOutput = Omit<Trial, 'stage' | 'settings' | 'key' | 'fault'>

/**
 * Quantizes by a recipe and scores what comes out on held-back samples. Nothing is recorded and no file written: the same input gives the
 * same output anywhere. A process that stays remembers float outputs and models that it has measured before.
 */
export async function trialJob({ recipe, statistics, samples: wanted, threads }: TrialInput, task: Task): Promise<TrialOutput> {
  const began = performance.now()
  const piece = await tunePiece(recipe)
  const bench = await tuneBench(recipe, piece, task)
  const seen = await checkedStatistics(statistics)
  const { finetune } = recipe.quantize
  const finetuned = finetune && (await finetuneAs(finetune, piece, recipe, seen, { where: statistics.path, threads, allowMissing: false }, task))
  const { quantized } = await quantizeRefined(piece, recipe, seen, statistics.path, { threads, ...(finetuned ? { tuned: finetuned.tuned } : {}) }, task)
  await breathe(task)
  const bytes = encodeModel(quantized.graph)
  const model = sha256(bytes)
  const samples = await bench.samples(wanted)
  const float = await bench.scorer(piece, samples.length, threads, task)
  const scores = bench.known.get(model) ?? []
  bench.known.set(model, scores)
  const missing = samples.flatMap((_, index) => (index < scores.length ? [] : [index]))
  const seconds = await runOn(bytes, 'simulated', missing, samples, { threads, where: piece.file.path, task }, async (index, results) => void scores.push(await float.scorer.score('simulated', index, results)))
  const counted = scores.slice(0, samples.length)
  const { nsr, score } = float.scorer.total(counted)
  if (!Number.isFinite(nsr)) throw new Fault({ code: 'model.not-finite', where: recipe.model, what: 'the noise of the trial is not a number', next: 'Try another setting.' })
  return {
    samples: samples.length, protocol: bench.measure.id, score, floatScore: float.scorer.floatScore(samples.length), scoreError: float.scorer.scoreError(counted), nsr,
    scales: sha256(canonicalJson(quantized.table)), model, seconds: (performance.now() - began) / 1000, inferenceSeconds: seconds + float.seconds + (finetuned?.inferenceSeconds ?? 0),
    inferences: missing.length + float.ran + (finetuned?.inferences ?? 0),
    // A tool that calibrates for every trial runs the float model on each calibration sample, and both models on each sample scored.
    savedInferences: seen.samples + 2 * samples.length - missing.length - float.ran,
  }
}

const checked = new Set<string>()

/** The Statistics of a file that must have a given content. Throws `input.statistics-file` where it has another one. */
export async function checkedStatistics({ path, sha256: wanted }: TrialInput['statistics']): Promise<Statistics> {
  const seen = await storedStatistics(path)
  if (checked.has(`${path} ${wanted}`)) return seen
  if ((await sha256OfFile(path)) !== wanted) throw new Fault({ code: 'input.statistics-file', where: path, what: 'the statistics are not those that were recorded', next: 'Calibrate again.' })
  checked.add(`${path} ${wanted}`)
  return seen
}
