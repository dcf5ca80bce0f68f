import { Fault } from '../core/fault.ts'
import { canonicalJson } from '../core/hash.ts'
import type { Run } from '../core/run.ts'
import type { Task } from '../core/task.ts'
import type { MadeRun } from '../engine/jobs/explain-tuning.ts'
import type { JobInput, JobOutput } from '../engine/jobs.ts'
import type { View, ViewInput } from '../engine/views.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { tuningKeys } from '../recipe/tuning-keys.ts'
import type { Store } from '../store/open-store.ts'
import type { ExplainTensorInput, TensorExplanation } from './api.ts'
import { withGuesses } from './pipeline.ts'

interface Tools {
  readonly store: () => Store
  readonly threads: number
  readonly prepare: (input: JobInput<'prepare'>, task: Task) => Promise<JobOutput<'prepare'>>
  readonly view: (question: ViewInput<'explain-tensor'>) => Promise<View<'explain-tensor'>>
}

/** Why a tensor is quantized as it is, by a recipe and Statistics that are there already. Nothing is recorded. Throws `input.not-calibrated`. */
export async function explainTensor({ recipe: asked, statistics, tensor }: ExplainTensorInput, task: Task, { store, threads, prepare, view }: Tools): Promise<TensorExplanation> {
  const prepared = await prepare({ recipe: asked, threads, workspace: store().folder }, task)
  const stored = statistics ?? (prepared.statisticsKey === undefined ? undefined : store().findStatistics(prepared.statisticsKey)?.artifact.path)
  if (stored === undefined) {
    throw new Fault({
      code: 'input.not-calibrated', where: asked.model, what: 'there are no statistics of this model with these samples yet',
      next: 'Calibrate first (scalewright calibrate RECIPE), or give --statistics FILE.',
    })
  }
  const recipe = withGuesses(asked, prepared)
  const made = tuningKeys(recipe).length === 0 ? undefined : runOf(recipe, store())
  return view({ recipe, statistics: stored, tensor, ...(made ? { made } : {}) })
}

/** The quantized model of a run with its scale table; undefined where it holds none. */
export function madeRun({ run, artifacts, scales, status }: Run): MadeRun | undefined {
  const model = artifacts?.find(({ role }) => role === 'quantized-model')?.path
  return status === 'done' && model !== undefined && scales ? { run, model, scales } : undefined
}

/** Runs that are looked through for one of the same recipe. */
const RECENT = 50

/** The latest run that quantized the same model by the same settings. */
function runOf(recipe: Recipe, store: Store): MadeRun | undefined {
  const essence = ({ model, rewrite, quantize, calibration, seed, samples }: Recipe): string => canonicalJson([model, rewrite ?? null, quantize, calibration, seed, samples.calibration ?? null])
  const wanted = essence(recipe)
  for (const { run: id } of store.listRuns({ recipeModel: recipe.model, status: 'done', limit: RECENT })) {
    const run = store.getRun(id)
    const made = run.recipe && essence(run.recipe as Recipe) === wanted ? madeRun(run) : undefined
    if (made) return made
  }
  return undefined
}
