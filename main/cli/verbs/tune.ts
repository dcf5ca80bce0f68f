import type { App, TuneInput } from '../../app/api.ts'
import { Fault } from '../../core/fault.ts'
import type { Run } from '../../core/run.ts'
import type { Task } from '../../core/task.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { Job, Outcome } from '../job.ts'
import type { ReportContext } from '../reports/context.ts'
import { adviceReport, tuneReport } from '../reports/tune-report.ts'
import { commonOf, runOutcome, withRecipe, type RecipeVerbOptions } from './pipeline.ts'

export interface TuneOptions extends RecipeVerbOptions {
  readonly sensitivity?: boolean
  readonly full?: boolean
  readonly search?: boolean
  readonly minutes?: number
  readonly trials?: number
  readonly pareto?: boolean
  readonly budget?: string
  readonly try?: readonly string[]
  readonly resume?: string
  readonly explain?: string
  readonly scan?: number
}

/** One of the ways of tuning; `--resume` and `--explain` take their recipe from the run. */
export function tuneJob(source: string | undefined, options: TuneOptions): Job {
  if (options.explain !== undefined) return explainJob(options.explain, options)
  if (options.resume !== undefined) return resumeJob(options.resume, options)
  return async (context) => {
    if (source === undefined) throw new Fault({ code: 'input.bad-option', what: context.say('fault.tune.source') })
    const budget = [...(options.minutes === undefined ? [] : [`tune.minutes=${options.minutes}`]), ...(options.trials === undefined ? [] : [`tune.trials=${options.trials}`])]
    const job = withRecipe(source, { ...options, set: [...(options.set ?? []), ...budget] }, (recipe, reported) => (app, task) => tuned(app, task, inputOf(recipe, options, reported), reported))
    return job(context)
  }
}

function inputOf(recipe: Recipe, options: TuneOptions, { say }: ReportContext): TuneInput {
  const scan = options.scan === undefined ? {} : { samples: options.scan }
  const asked: TuneInput[] = [
    ...(options.try ? [{ mode: 'try', recipe, settings: options.try } as const] : []),
    ...(options.sensitivity === true ? [{ mode: 'sensitivity', recipe, full: options.full === true, ...scan } as const] : []),
    ...(options.search === true ? [{ mode: 'search', recipe } as const] : []),
    ...(options.pareto === true || options.budget !== undefined ? [{ mode: 'pareto', recipe, ...scan, ...(options.budget === undefined ? {} : { budget: options.budget }) } as const] : []),
  ]
  if (asked.length === 1) return asked[0]!
  throw new Fault({ code: 'input.bad-option', what: say('fault.tune.mode') })
}

/** A search that was interrupted still ends with its best, and with the exit code of an interruption. */
async function tuned(app: App, task: Task, input: TuneInput, context: ReportContext): Promise<Outcome> {
  const run = await app.tune(input, task)
  const start = run.tune?.start ? await app.runs.show(run.tune.start) : null
  const { trials: _trials, sensitivity: _units, pareto: _points, ...head } = run
  const outcome = runOutcome(head, context, tuneReport(run, start, context))
  return { ...outcome, document: run, exitCode: run.tune?.stopped === true ? 130 : outcome.exitCode }
}

const resumeJob = (id: string, options: TuneOptions): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app, task) {
    const run: Run = await app.runs.show(id)
    return tuned(app, task, { mode: 'search', recipe: resumable(run, options, context), resume: run.run }, context)
  },
})

/** The recipe of a search, with another budget where one is given. */
function resumable(run: Run, { minutes, trials }: TuneOptions, _context: ReportContext): Recipe {
  const recipe = run.recipe as Recipe | undefined
  if (run.verb !== 'tune' || !recipe || run.trials === undefined) {
    throw new Fault({ code: 'input.not-a-search', where: run.run, what: `a run of ${run.verb} is no search that could go on`, next: 'Give a run of `tune --search`.' })
  }
  return { ...recipe, tune: { floatShare: 0, ...recipe.tune, ...(minutes === undefined ? {} : { minutes }), ...(trials === undefined ? {} : { trials }) } }
}

const explainJob = (id: string, options: TuneOptions): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app) {
    const advice = await app.advise(id)
    return { parts: adviceReport(advice, context), document: { advice }, exitCode: 0 }
  },
})
