import { canonicalJson } from '../../core/hash.ts'
import type { Artifact, Environment, Run } from '../../core/run.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { applySet } from '../../recipe/read-recipe.ts'
import type { Store } from '../../store/open-store.ts'
import type { RunTask, TuneTask } from '../api.ts'
import type { RecordRun } from '../app.ts'
import { observeStep, prepareStep, wholeWay, withGuesses, type Prepared } from '../pipeline.ts'
import { job, type Recording } from '../record.ts'

/** What tuning needs of the open workspace. */
export interface TunePlace {
  readonly store: () => Store
  readonly record: RecordRun
  readonly threads: number
  environment(task: TuneTask): Promise<Environment>
}

/** The recipe with assignments made and checked, as after `--set`. Throws `recipe.*`. */
export const withTried = (recipe: Recipe, settings: readonly string[]): Recipe => settings.reduce((changed, setting) => applySet(changed, setting), recipe)

/** `layers.conv_3.bits=16` is short for `quantize.layers.conv_3.bits=16`, and so for the other keys of `quantize`; `output.kind` and the like are the recipe's own. */
export const wholeSetting = (setting: string): string => (/^(?:(?:activations|weights|float|layers|bias|preset|tail|input|fold|sums|finetune)(?:[.=]|$)|output=)/.test(setting) ? `quantize.${setting}` : setting)

/** Fine-tuning takes minutes: what is measured many times goes without, and says so. The run's own model, where it has one, is tuned. */
export const finetuneNotes = ({ quantize }: Recipe, model: 'none' | 'tuned' = 'none'): string[] =>
  !quantize.finetune ? [] : [model === 'none'
    ? 'quantize.finetune was left out of everything that was measured for this: it speaks of the model as it is before fine-tuning.'
    : 'quantize.finetune was left out of all plans, which speak of the model as it is before it; it was done for the model of this run.']

/** A task that is not told of runs that begin: what is done for it is no run of its own. */
export const quietly = (task: RunTask): RunTask => ({ signal: task.signal, report: (progress) => task.report(progress), ...(task.pause ? { pause: task.pause } : {}) })

/** The run that the recipe as it is comes to: an earlier one of the very same recipe, model and samples, else a new one. */
export async function startRun(recipe: Recipe, task: RunTask, { store, record, threads }: TunePlace, parent: string | undefined): Promise<Run> {
  const quiet: RunTask = quietly(task)
  const prepared = await job('prepare', { recipe, threads: recipe.threads ?? threads, workspace: store().folder }, quiet)
  const known = knownRun(withGuesses(recipe, prepared), prepared, store(), parent)
  return known ?? record('run', recipe, quiet, (recording, usual) => wholeWay(recording, recipe, usual), parent)
}

const LOOKED_AT = 40

/** A done run of the same recipe with what was guessed, whose model and samples had the same content. */
function knownRun(recipe: Recipe, { model, samples }: Prepared, store: Store, parent: string | undefined): Run | undefined {
  const ids = [...(parent === undefined ? [] : [parent]), ...store.listRuns({ verb: 'run', status: 'done', limit: LOOKED_AT }).map(({ run }) => run)]
  const wanted = canonicalJson([essence(recipe), model.sha256, samples])
  for (const id of ids) {
    const run = store.getRun(id)
    if (run.status !== 'done' || !run.recipe || !run.quality || !run.artifacts?.some(({ role }) => role === 'quantized-model')) continue
    if (canonicalJson([essence(run.recipe as Recipe), run.model?.sha256, run.samples]) === wanted) return run
  }
  return undefined
}

/** `tune`, `gates` and the place of work change no number of a run. */
function essence({ tune: _tune, gates: _gates, workspace: _workspace, ...recipe }: Recipe): unknown {
  return recipe
}

/** Statistics of a recipe's rewritten graph, one pass for each different graph. */
export function statisticsOf(recording: Recording, threads: number): (recipe: Recipe) => Promise<{ prepared: Prepared; recipe: Recipe; statistics: Artifact; seen: Awaited<ReturnType<typeof observeStep>> }> {
  const known = new Map<string, Promise<{ prepared: Prepared; recipe: Recipe; statistics: Artifact; seen: Awaited<ReturnType<typeof observeStep>> }>>()
  const look = async (asked: Recipe) => {
    const { prepared, recipe } = await prepareStep(recording, asked, threads)
    const seen = await observeStep(recording, recipe, threads, prepared.statisticsKey)
    return { prepared, recipe, seen, statistics: seen.statistics }
  }
  return async (recipe) => {
    const key = canonicalJson(recipe.rewrite ?? null)
    const found = known.get(key) ?? look(recipe)
    known.set(key, found)
    return found
  }
}
