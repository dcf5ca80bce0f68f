import { asFault, Fault } from '../../core/fault.ts'
import { canonicalJson, sha256 } from '../../core/hash.ts'
import type { Run } from '../../core/run.ts'
import { breathe, quietTask, type Task } from '../../core/task.ts'
import { withTemporaryFolder } from '../../core/temporary-folder.ts'
import type { Trial, TuneFacts, UnitSensitivity } from '../../core/tune.ts'
import { ownVersion } from '../../core/version.ts'
import { openTrials, type Desk } from '../../engine/desk.ts'
import type { TrialAnswer, TRIALS } from '../../engine/trials.ts'
import { withoutFinetune } from '../../recipe/changes.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { writeRecipe } from '../../recipe/write-recipe.ts'
import type { TuneTask } from '../api.ts'
import { evaluateGates } from '../gates.ts'
import { fromStatistics, quantizeStep, sizeOf } from '../pipeline.ts'
import { job, noteOnce, openRun, type Recording } from '../record.ts'
import { startRun, statisticsOf, withTried, type TunePlace } from './place.ts'

export interface SearchInput {
  readonly recipe: Recipe
  readonly parent?: string
  /** Full id of a search whose trials are taken over. */
  readonly resume?: string
}

/** Of a search that is given no budget. */
const DEFAULT_MINUTES = 10

type Space = TrialAnswer<'search-space'>
type HeldBack = TrialAnswer<'held-back'>

interface Search {
  /** What trials begin with. */
  readonly recipe: Recipe
  /** Whether some of them fine-tune it. */
  readonly finetunes: boolean
  readonly recording: Recording
  readonly desk: Desk<typeof TRIALS>
  readonly threads: number
  readonly held: HeldBack
  readonly space: Space
  readonly task: TuneTask
  readonly statistics: ReturnType<typeof statisticsOf>
  readonly trials: Trial[]
  /** How much of the budget is used: seconds, or trials. */
  used(): { readonly done: number; readonly total: number; readonly unit: 'seconds' | 'trials' }
}

/**
 * Searches the settings that lose least on held-back samples, and records the winner as a run: its model, recipe and quality on the
 * evaluation set, child of the run that the recipe as it was comes to. Each trial is recorded as it ends. When the task is stopped, the best
 * so far is quantized and recorded as done without being compared; when the process dies, `resume` goes on with the trials that are there.
 */
export async function searchRun(input: SearchInput, task: TuneTask, place: TunePlace): Promise<Run> {
  const store = place.store()
  const earlier = input.resume === undefined ? undefined : store.getRun(input.resume)
  const start = earlier?.parent ? store.getRun(earlier.parent) : await startRun(input.recipe, task, place, input.parent)
  const asked = { ...(start.recipe as Recipe), ...(input.recipe.tune ? { tune: input.recipe.tune } : {}), gates: input.recipe.gates }
  // Fine-tuning is a stage of its own: what is tried before it goes without.
  const recipe = withoutFinetune(asked)
  const finetunes = asked.quantize.finetune !== undefined
  const open = openRun(store, { verb: 'tune', recipe: asked, parent: start.run, environment: await place.environment(task) }, task)
  const threads = recipe.threads ?? place.threads
  const began = performance.now()
  const desk = openTrials()
  const stop = (): void => desk.close()
  task.signal.addEventListener('abort', stop, { once: true })
  try {
    return await withTemporaryFolder(async (scratch) => {
      const recording = open.recordingIn(scratch)
      const trials: Trial[] = []
      for (const trial of earlier?.trials ?? []) {
        store.putTrial(recording.id, trial)
        trials.push(trial)
      }
      const spent = trials.reduce((sum, { seconds }) => sum + seconds, 0)
      let units: readonly UnitSensitivity[] = earlier?.sensitivity ?? []
      const facts = async (stopped: boolean, winner: readonly string[], held: HeldBack): Promise<TuneFacts> => ({
        mode: 'search', protocol: held.protocol, samples: { count: held.count, sha256: held.sha256, from: held.from }, start: start.run, winner, stopped, resumedFrom: input.resume ?? null, budget: null,
        seconds: spent + (performance.now() - began) / 1000, ...inferencesOf(trials),
      })
      let search: Search | undefined
      try {
        const held = await desk.ask('held-back', { recipe })
        for (const note of held.notes) task.report({ stage: 'trials', done: 0, total: 1, unit: 'trials', note })
        const space = await desk.ask('search-space', { recipe: asked, samples: held.count })
        const { minutes = recipe.tune?.trials === undefined ? DEFAULT_MINUTES : undefined, trials: most } = recipe.tune ?? {}
        const elapsed = (): number => spent + (performance.now() - began) / 1000
        const statistics = statisticsOf(recording, threads)
        search = {
          recipe, finetunes, recording, desk, threads, held, space, task: noteOnce(task), trials, statistics,
          used: () => [
            ...(minutes === undefined ? [] : [{ done: elapsed(), total: minutes * 60, unit: 'seconds' as const }]),
            ...(most === undefined ? [] : [{ done: trials.length, total: most, unit: 'trials' as const }]),
          ].toSorted((a, b) => b.done / b.total - a.done / a.total)[0]!,
        }
        units = await trialByTrial(search, units)
        const best = trials[(await desk.ask('search-next', { space, trials, units: null })).best ?? -1]
        const settings = best?.settings ?? []
        const winner = await statistics(withTried(recipe, settings))
        const parts = await fromStatistics(recording, tried(winner.recipe, recipe, settings), winner, threads)
        task.signal.throwIfAborted()
        const run: Partial<Run> = { ...parts, tune: await facts(false, settings, held), trials, ...(units.length === 0 ? {} : { sensitivity: units }), notes: [...held.notes, ...(parts.notes ?? []), wonNote(best, trials, search)] }
        return open.finish({ ...run, gates: evaluateGates({ ...open.started, ...run }, recipe.gates) })
      } catch (thrown) {
        if (!task.signal.aborted || search === undefined || trials.every(({ nsr }) => nsr === null)) throw thrown
        return open.finish(await stopped(search, units, (winner) => facts(true, winner, search!.held)))
      }
    })
  } catch (thrown) {
    open.giveUp(thrown)
    throw thrown
  } finally {
    task.signal.removeEventListener('abort', stop)
    desk.close()
  }
}

/** What was guessed of the winner stays in the recipe, which is that of the start with the settings. */
const tried = (complete: Recipe, recipe: Recipe, settings: readonly string[]): Recipe => ({ ...withTried(recipe, settings), samples: complete.samples })

const inferencesOf = (trials: readonly Trial[]): Pick<TuneFacts, 'inferences' | 'savedInferences'> =>
  ({ inferences: trials.reduce((sum, one) => sum + one.inferences, 0), savedInferences: trials.reduce((sum, one) => sum + one.savedInferences, 0) })

function wonNote(best: Trial | undefined, trials: readonly Trial[], { finetunes }: Pick<Search, 'finetunes'>): string {
  if (best && best.settings.length > 0) return `Of ${trials.length} trials the best: ${best.settings.join(', ')}.`
  return finetunes ? `Of ${trials.length} trials none beat the recipe without quantize.finetune.` : `Of ${trials.length} trials none beat the recipe as it was.`
}

/** Measures what the search asks for until its stages are through or the budget is used up; gives the sensitivity of units where it needed it. */
async function trialByTrial(search: Search, before: readonly UnitSensitivity[]): Promise<readonly UnitSensitivity[]> {
  const { desk, space, task, trials, recording } = search
  let units: readonly UnitSensitivity[] | null = before.length === 0 ? null : before
  while (!isOver(search)) {
    await breathe(task)
    const known = units?.flatMap(({ layer, tensors, nodes, macsShare }) => (layer === null ? [] : [{ layer, coded: tensors.length > 0, macsShare: nodes.length === 0 ? null : macsShare }])) ?? null
    const { step, best } = await desk.ask('search-next', { space, trials, units: known })
    tell(search, best === null ? undefined : trials[best])
    if (step.next === 'done') break
    if (step.next === 'units') {
      units = await sensitivityOf(search)
      continue
    }
    const trial = await measured(search, step.wish)
    task.signal.throwIfAborted()
    recording.store.putTrial(recording.id, trial)
    trials.push(trial)
    task.tried?.(trial)
  }
  return units ?? []
}

function isOver({ used }: Search): boolean {
  const { done, total } = used()
  return done >= total
}

/** How far the search is, by the budget that it has, and the best so far. */
function tell({ task, used }: Search, best: Trial | undefined): void {
  const { done, total, unit } = used()
  const shown = best && `${best.score === null ? `NSR ${best.nsr!.toExponential(2)}` : `${best.score.toFixed(4)} ${best.protocol}`}${best.settings.length === 0 ? '' : ` ${best.settings.join(', ')}`}`
  task.report({ stage: 'trials', done: Math.min(Math.floor(done), total), total, unit, ...(shown === undefined ? {} : { note: `Best so far: ${shown}` }) })
}

type Wish = Extract<TrialAnswer<'search-next'>['step'], { next: 'trial' }>['wish']

/** One trial; a setting that this model refuses is a failed trial, not a failed search. */
async function measured(search: Search, { stage, settings, samples }: Wish): Promise<Trial> {
  const { recipe, desk, threads, held, recording } = search
  const since = performance.now()
  let key = ''
  try {
    const changed = withTried(recipe, settings)
    const { prepared, recipe: complete, statistics } = await search.statistics(changed)
    const whole = tried(complete, recipe, settings)
    key = trialKey(whole, { model: prepared.model.sha256, statistics: statistics.sha256, samples: held.sha256, protocol: held.protocol, count: samples })
    const known = recording.store.findTrial(key)
    if (known) return { ...known, stage, settings, seconds: 0, inferenceSeconds: 0, inferences: 0, savedInferences: known.inferences + known.savedInferences }
    const output = await desk.ask('trial', { recipe: whole, statistics: { path: statistics.path, sha256: statistics.sha256 }, samples, threads })
    return { stage, settings, key, fault: null, ...output }
  } catch (thrown) {
    search.task.signal.throwIfAborted()
    const { code, what, where } = asFault(thrown)
    if (!/^(?:recipe|model|input)\./.test(code)) throw thrown
    return {
      stage, settings, samples, key, protocol: held.protocol, score: null, floatScore: null, scoreError: null, nsr: null, scales: '', model: '', seconds: (performance.now() - since) / 1000,
      inferenceSeconds: 0, inferences: 0, savedInferences: 0, fault: where === undefined ? what : `${where}: ${what}`,
    }
  }
}

/** Where a trial's numbers are found again: everything that decides them. */
export const trialKey = (recipe: Recipe, facts: { readonly model: string; readonly statistics: string; readonly samples: string; readonly protocol: string; readonly count: number }): string =>
  sha256(canonicalJson({ format: 1, version: ownVersion(), ...facts, quantize: recipe.quantize, rewrite: recipe.rewrite ?? null, output: recipe.output ?? null }))

/** Samples that the ranking for single tensors is made on: the order is what counts. */
const RANKED_ON = 2

async function sensitivityOf({ desk, recipe, threads, statistics }: Search): Promise<readonly UnitSensitivity[]> {
  const { recipe: complete, statistics: file } = await statistics(recipe)
  return (await desk.ask('sensitivity', { recipe: complete, statistics: { path: file.path, sha256: file.sha256 }, samples: RANKED_ON, threads, modes: ['alone'], evaluate: false })).units
}

/** Ends a search that was stopped with the best so far: its model and recipe, not compared. */
async function stopped({ recipe, finetunes, recording, threads, space, trials, held, statistics }: Search, units: readonly UnitSensitivity[], facts: (winner: readonly string[]) => Promise<TuneFacts>): Promise<Partial<Run>> {
  const task: Task = quietTask
  const ending: Recording = { ...recording, task, job: (kind, input) => job(kind, input, task) }
  const { best } = await job('search-next', { space, trials, units: null }, task)
  const winner = trials[best ?? -1]
  if (!winner) throw new Fault({ code: 'engine.stopped', what: 'nothing was measured before the search was stopped' })
  const { prepared, recipe: complete, seen } = await statistics(withTried(recipe, winner.settings))
  const whole = tried(complete, recipe, winner.settings)
  const { model, output, artifacts } = await quantizeStep(ending, whole, threads, seen.statistics.path)
  const written = await recording.store.putArtifact(Buffer.from(writeRecipe(whole)), { role: 'recipe', name: 'recipe.yaml' })
  return {
    recipe: whole, model: prepared.model, samples: prepared.samples, size: sizeOf(prepared.model.bytes, model.bytes), scales: output.table, proofs: [...prepared.proofs, ...output.proofs],
    artifacts: [model, seen.statistics, written, ...artifacts], trials, tune: await facts(winner.settings), ...(units.length === 0 ? {} : { sensitivity: units }),
    notes: [...held.notes, ...prepared.notes, ...output.notes, wonNote(winner, trials, { finetunes }), 'The search was stopped: the best so far is kept and was not compared on the evaluation set.'],
  }
}
