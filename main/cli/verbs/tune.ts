import type { App, TuneInput } from '../../app/api.ts'
import { checkResumable } from '../../app/tune/resumable.ts'
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

const MODES = ['sensitivity', 'search', 'pareto', 'budget', 'try', 'resume', 'explain'] as const
type Mode = (typeof MODES)[number]

/** What a mode takes beside the recipe and its changes. */
const TAKES: Readonly<Record<string, readonly Mode[]>> = { full: ['sensitivity'], scan: ['sensitivity', 'pareto', 'budget'], minutes: ['search', 'resume'], trials: ['search', 'resume'] }
/** Changes of a recipe: a mode that takes its recipe from a run has none. */
const CHANGES = ['samples', 'evaluation', 'board', 'seed', 'set', 'printRecipe'] as const

/** One of the ways of tuning; `--resume` and `--explain` take their recipe from the run. */
export function tuneJob(source: string | undefined, options: TuneOptions): Job {
  return async (context) => {
    const mode = modeOf(source, options, context)
    if (mode === 'explain') return explainJob(options.explain!, options)(context)
    if (mode === 'resume') return resumeJob(options.resume!, options)(context)
    if (source === undefined) throw new Fault({ code: 'input.bad-option', what: context.say('fault.tune.source') })
    const budget = [...(options.minutes === undefined ? [] : [`tune.minutes=${options.minutes}`]), ...(options.trials === undefined ? [] : [`tune.trials=${options.trials}`])]
    return withRecipe(source, { ...options, set: [...(options.set ?? []), ...budget] }, (recipe, reported) => (app, task) => tuned(app, task, inputOf(mode, recipe, options), reported))(context)
  }
}

/** What is asked for; every option has to mean something to it. A budget is a way of `--pareto`. */
function modeOf(source: string | undefined, options: TuneOptions, { say }: ReportContext): Mode | null {
  const refuse = (what: string): Fault => new Fault({ code: 'input.bad-option', what })
  const given = (key: keyof TuneOptions): boolean => options[key] !== undefined && options[key] !== false
  const asked = MODES.filter((mode) => given(mode) && !(mode === 'pareto' && given('budget')))
  const [mode] = asked
  if (asked.length > 1 || (mode === undefined && options.printRecipe !== true)) throw refuse(say('fault.tune.mode'))
  if (mode === undefined) return null
  const beside = (option: string): Fault => refuse(say('fault.tune.alone', { option, mode: `--${mode}` }))
  for (const [option, modes] of Object.entries(TAKES)) if (given(option as keyof TuneOptions) && !modes.includes(mode)) throw beside(`--${option}`)
  if (mode !== 'resume' && mode !== 'explain') return mode
  if (source !== undefined) throw beside(source)
  const change = CHANGES.find(given)
  if (change !== undefined) throw beside(change === 'printRecipe' ? '--print-recipe' : `--${change}`)
  return mode
}

function inputOf(mode: Mode | null, recipe: Recipe, options: TuneOptions): TuneInput {
  const scan = options.scan === undefined ? {} : { samples: options.scan }
  if (mode === 'try') return { mode, recipe, settings: options.try! }
  if (mode === 'sensitivity') return { mode, recipe, full: options.full === true, ...scan }
  if (mode === 'search') return { mode, recipe }
  return { mode: 'pareto', recipe, ...scan, ...(options.budget === undefined ? {} : { budget: options.budget }) }
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
    checkResumable(run)
    return tuned(app, task, { mode: 'search', recipe: withBudget(run.recipe as Recipe, options), resume: run.run }, context)
  },
})

/** The recipe of a search, with another budget where one is given. */
const withBudget = (recipe: Recipe, { minutes, trials }: TuneOptions): Recipe =>
  ({ ...recipe, tune: { floatShare: 0, ...recipe.tune, ...(minutes === undefined ? {} : { minutes }), ...(trials === undefined ? {} : { trials }) } })

const explainJob = (id: string, options: TuneOptions): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app) {
    const advice = await app.advise(id)
    return { parts: adviceReport(advice, context), document: { advice }, exitCode: 0 }
  },
})
