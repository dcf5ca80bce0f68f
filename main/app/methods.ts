import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Environment, Run } from '../core/run.ts'
import { withTemporaryFolder } from '../core/temporary-folder.ts'
import { METHODS, type MethodName, type Recipe } from '../recipe/recipe.ts'
import type { Store } from '../store/open-store.ts'
import type { MethodsInput, MethodsResult, MethodsTask } from './api.ts'
import { checkGates, evaluateGates } from './gates.ts'
import { checkOut, copyOut, fromStatistics, observeStep, prepareStep, type Pass } from './pipeline.ts'
import { methodRow, recommend } from './recommend.ts'
import { noteOnce, openRun, type OpenRun } from './record.ts'

const MOST_METHODS = 12
const TIMES_ELSEWHERE = 'Latency and operator times were not measured: they do not depend on the ranges, and were taken once, with the recommended method of the same job.'
const STOPPED_BEFORE_TIMES = 'Latency and operator times were not measured: the job ended before the recommended method was known.'

/** Names once each, in the order given. Throws `recipe.unknown-method`, `input.bad-option`. */
export function checkMethods(names: readonly string[]): readonly MethodName[] {
  const methods = [...new Set(names)].map((name) => {
    const known = METHODS.find((method) => method === name)
    if (known !== undefined) return known
    throw new Fault({ code: 'recipe.unknown-method', where: 'methods', what: `there is no threshold method «${name}»`, next: didYouMean(name, METHODS) })
  })
  if (methods.length > 0 && methods.length <= MOST_METHODS) return methods
  throw new Fault({ code: 'input.bad-option', where: 'methods', what: `${methods.length} methods were given`, next: `Give 1 to ${MOST_METHODS} of ${METHODS.join(', ')}.` })
}

export interface MethodsPlace {
  readonly store: Store
  readonly environment: Environment
  readonly threads: number
}

/** A run that was measured and waits for its times, or for being told that it gets none. */
interface Measured {
  readonly open: OpenRun
  readonly run: Run
}

/**
 * One pass over the samples, then a recorded run for each method, as a single run of its recipe would give it. Times are measured
 * with the recommended method alone, unless a gate bounds them. When the job is stopped or fails, what was measured before stays.
 */
export async function runMethods(input: MethodsInput, task: MethodsTask, place: MethodsPlace): Promise<MethodsResult> {
  const methods = checkMethods(input.methods)
  checkGates(input.recipe.gates)
  checkOut(input.out)
  return withTemporaryFolder(async (scratch) => {
    const measured: Measured[] = []
    const job = { ...place, input, scratch, task, said: noteOnce(task) }
    try {
      let pass: Prepass | undefined
      for (const method of methods) {
        const { row, ...one } = await measureMethod(job, method, pass)
        pass ??= one.pass
        measured.push(one)
        task.compared?.(row)
      }
      return await endAll(job, measured)
    } catch (thrown) {
      for (const { open, run } of measured.splice(0)) end(open, { ...run, notes: [...(run.notes ?? []), STOPPED_BEFORE_TIMES] })
      throw thrown
    }
  })
}

interface MethodsJob extends MethodsPlace {
  readonly input: MethodsInput
  readonly scratch: string
  readonly task: MethodsTask
  /** The task with each remark said once for all methods. */
  readonly said: MethodsTask
}

/** The pass, and the recipe with what was guessed written into it. */
type Prepass = Pass & { readonly recipe: Recipe }

const withMethod = (recipe: Recipe, method: MethodName): Recipe =>
  ({ ...recipe, quantize: { ...recipe.quantize, activations: { ...recipe.quantize.activations, method } } })

/** A gate or a score of every method rests on its own times. */
const needsTimes = ({ gates, compare }: Recipe): boolean => Object.hasOwn(gates, 'latency_ratio') || (compare.latency && compare.score !== undefined)

async function measureMethod(job: MethodsJob, method: MethodName, known: Prepass | undefined) {
  const { store, environment, threads, input, scratch, said } = job
  const task: MethodsTask = { ...said, report: (progress) => said.report(progress.stage === 'quantize' || progress.stage === 'compare' ? { ...progress, part: method } : progress) }
  const open = openRun(store, { verb: 'run', recipe: withMethod(input.recipe, method), parent: input.parent ?? null, environment }, task)
  try {
    const recording = open.recordingIn(scratch)
    const pass = known ?? (await firstPass(job, open))
    const recipe = withMethod(pass.recipe, method)
    const started = performance.now()
    const compare = needsTimes(recipe) ? recipe.compare : { ...recipe.compare, latency: false, operators: false }
    const parts = await fromStatistics(recording, recipe, pass, threads, undefined, { ...recipe, compare })
    task.signal.throwIfAborted()
    const run: Run = { ...open.started, ...parts, seconds: (pass.seen.facts?.seconds ?? 0) + (performance.now() - started) / 1000 }
    return { open, run, pass: known ?? seenBy(run, pass), row: methodRow(run) }
  } catch (thrown) {
    open.giveUp(thrown)
    throw thrown
  }
}

async function firstPass({ input, threads, scratch }: MethodsJob, open: OpenRun): Promise<Prepass> {
  const recording = open.recordingIn(scratch)
  const { prepared, recipe } = await prepareStep(recording, input.recipe, threads)
  return { prepared, recipe, seen: await observeStep(recording, recipe, threads, prepared.statisticsKey) }
}

/** To the other methods the statistics are those of the first one's run. */
const seenBy = (run: Run, pass: Prepass): Prepass =>
  ({ ...pass, seen: { ...pass.seen, facts: { seconds: 0, inferenceSeconds: 0, bareInferenceSeconds: null, peakRssBytes: 0, statisticsFrom: pass.seen.facts?.statisticsFrom ?? run.run } } })

/** Recommends, measures the times that are still to be measured, and ends every run. */
async function endAll(job: MethodsJob, measured: Measured[]): Promise<MethodsResult> {
  const { input, threads, scratch, said, task } = job
  const recommendation = recommend(measured.map(({ run }) => run))
  const chosen = measured.find(({ run }) => run.run === recommendation.run)!
  const model = chosen.run.artifacts!.find(({ role }) => role === 'quantized-model')!
  const { compare, gates } = input.recipe
  const isTimed = needsTimes(input.recipe) || (!compare.latency && !compare.operators)
  const times = isTimed ? {} : await chosen.open.recordingIn(scratch).job('latency', { recipe: chosen.run.recipe as Recipe, threads, quantized: model.path })
  said.signal.throwIfAborted()
  const runs: Run[] = []
  while (measured.length > 0) {
    const { open, run } = measured.shift()!
    const isChosen = run.run === recommendation.run
    // The seconds of a run stay those of its quantizing and comparing (and of the pass, where it made it), so that methods can be compared by them.
    const whole = isChosen ? { ...run, ...times } : isTimed ? run : { ...run, notes: [...(run.notes ?? []), TIMES_ELSEWHERE] }
    runs.push(end(open, { ...whole, gates: evaluateGates(whole, gates) }))
  }
  if (input.out !== undefined) await copyOut(model, input.out)
  task.recommended?.(recommendation)
  return { runs, rows: runs.map(methodRow), recommendation }
}

function end(open: OpenRun, { seconds, ...parts }: Run): Run {
  const gates = parts.gates ?? evaluateGates({ seconds, ...parts }, (parts.recipe as Recipe).gates)
  return open.finish({ ...parts, gates }, seconds)
}
