import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256OfFile } from '../main/core/hash.ts'
import { quietTask } from '../main/core/task.ts'
import { observeJob } from '../main/engine/jobs/observe.ts'
import { sensitivityJob } from '../main/engine/jobs/sensitivity.ts'
import { trialJob, type TrialOutput } from '../main/engine/jobs/trial.ts'
import { applySet, recipeFromOptions } from '../main/recipe/read-recipe.ts'
import { METHODS } from '../main/recipe/recipe.ts'
import type { Figure } from './figure.ts'
import { threads, timedSubject } from './subjects.ts'

const SAMPLES = 5
/** Trials are scored on crops, as a search of a large model would. */
const HELD = { mode: 'center', size: [96, 96] }

/** How many trials a minute, how much of their time a model runs, what statistics and kept activations save, and what a sensitivity scan costs. */
export async function benchTune(): Promise<Figure[]> {
  const { name, model, calibration, evaluation } = timedSubject()
  const [held] = evaluation.toReversed()
  const base = recipeFromOptions(model, { samples: calibration.path, evaluation: evaluation[0]!.path, set: calibration.set })
  const recipe = applySet(base, `tune.samples=${JSON.stringify({ path: held!.path, count: SAMPLES, preprocess: { crop: HELD } })}`)
  const folder = await mkdtemp(join(tmpdir(), 'scalewright-bench-'))
  try {
    const path = join(folder, 'statistics.bin')
    await observeJob({ recipe, threads, statistics: path }, quietTask)
    const input = { recipe, statistics: { path, sha256: await sha256OfFile(path) }, samples: SAMPLES, threads }
    // The first one loads the model and runs the float model.
    await trialJob(input, quietTask)
    const since = performance.now()
    const trials: TrialOutput[] = []
    for (const method of METHODS) trials.push(await trialJob({ ...input, recipe: applySet(recipe, `quantize.activations.method=${method}`) }, quietTask))
    const seconds = (performance.now() - since) / 1000
    const sum = (of: (trial: TrialOutput) => number): number => trials.reduce((total, trial) => total + of(trial), 0)
    const { facts } = await sensitivityJob({ ...input, modes: ['alone'], evaluate: true }, quietTask)
    const figure = (title: string, value: number, unit: string, goal?: number): Figure => ({ section: 'tune', subject: name, name: title, value, unit, ...(goal === undefined ? {} : { goal }) })
    return [
      figure('trials a minute', (60 * trials.length) / seconds, ''),
      figure('share of a trial in inference', sum(({ inferenceSeconds }) => inferenceSeconds) / seconds, 'ratio'),
      figure('inferences made, of those and the saved ones', sum(({ inferences }) => inferences) / sum(({ inferences, savedInferences }) => inferences + savedInferences), 'ratio'),
      figure('sensitivity over one evaluation', facts.evaluations, 'ratio', 20),
      figure('nodes that its models need not compute', facts.reusedShare, 'ratio'),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
