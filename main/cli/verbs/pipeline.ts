import { resolve } from 'node:path'
import type { MethodsResult } from '../../app/api.ts'
import type { Run } from '../../core/run.ts'
import { Fault } from '../../core/fault.ts'
import type { RecipeOptions } from '../../recipe/changes.ts'
import { isRecipePath, readRecipe, recipeFromOptions } from '../../recipe/read-recipe.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { writeRecipe } from '../../recipe/write-recipe.ts'
import type { CommonOptions, Job, Outcome, Prepared } from '../job.ts'
import type { ReportContext } from '../reports/context.ts'
import { boardSections } from '../reports/board-report.ts'
import { explainReport } from '../reports/explain-report.ts'
import { methodsReport } from '../reports/methods-report.ts'
import { demoSections, inspectReport, tensorsSection } from '../reports/other-reports.ts'
import type { RunReportOptions } from '../reports/run-report.ts'
import { runReport } from '../reports/run-report.ts'

export interface RecipeVerbOptions extends CommonOptions, RecipeOptions {
  readonly threads?: number
  readonly workspace?: string
  readonly printRecipe?: boolean
  readonly out?: string
}

/** The report of a recorded run; its id is the last line. A failed or cancelled run is no result. */
export function runOutcome(run: Run, context: ReportContext, more: readonly string[][] = [], options: RunReportOptions = {}): Outcome {
  if (run.status === 'cancelled') throw new DOMException('the run was cancelled', 'AbortError')
  if (run.status === 'failed') {
    throw new Fault((run.fault as Fault | undefined) ?? { code: 'engine.failed', what: 'the run failed without a reason', where: run.run })
  }
  const gatesPassed = (run.gates ?? []).every((gate) => gate.passed)
  return { parts: [...runReport(run, context, options), ...more, [run.run]], document: run, exitCode: gatesPassed ? 0 : 1 }
}

export const inspectJob = (model: string, { board, ...options }: CommonOptions & { readonly board?: readonly string[] }): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app, task) {
    const report = await app.inspect({ model: resolve(context.cwd, model), ...(board && { boards: board }) }, task)
    return { parts: [...inspectReport(report, context), ...report.boards.flatMap((each) => boardSections(each, context))], document: report, exitCode: 0 }
  },
})

export const calibrateJob = (source: string, options: RecipeVerbOptions & { readonly merge?: readonly string[] }): Job =>
  withRecipe(source, options, (recipe, context) => async (app, task) => {
    const merge = options.merge?.map((file) => resolve(context.cwd, file))
    const result = await app.calibrate({ recipe, ...outOf(options, context.cwd), ...(merge && { merge }) }, task)
    return runOutcome(result, context, tensorsSection(result, context))
  })

export const quantizeJob = (source: string, options: RecipeVerbOptions & { readonly statistics?: string; readonly allowMissing?: boolean; readonly explain?: string }): Job =>
  withRecipe(source, options, (recipe, context) => async (app, task) => {
    const statistics = options.statistics === undefined ? {} : { statistics: resolve(context.cwd, options.statistics) }
    if (options.explain !== undefined) {
      const document = await app.explain({ recipe, tensor: options.explain, ...statistics }, task)
      return { parts: explainReport(document, context), document, exitCode: 0 }
    }
    const allow = options.allowMissing === true ? { allowMissing: true } : {}
    return runOutcome(await app.quantize({ recipe, ...outOf(options, context.cwd), ...statistics, ...allow }, task), context, [], { scales: true })
  })

export const runJob = (source: string, options: RecipeVerbOptions & { readonly methods?: readonly string[] }): Job =>
  withRecipe(source, options, (recipe, context) => async (app, task) => {
    const input = { recipe, ...outOf(options, context.cwd) }
    return options.methods === undefined ? runOutcome(await app.run(input, task), context) : methodsOutcome(await app.methods({ ...input, methods: options.methods }, task), context)
  })

/** The table over methods; the recommended run is told whole, and its id is the last line. */
function methodsOutcome({ runs, rows, recommendation }: MethodsResult, context: ReportContext): Outcome {
  const chosen = runs.find(({ run }) => run === recommendation.run)!
  const { parts, exitCode } = runOutcome(chosen, context, methodsReport(rows, recommendation, context))
  return { parts, document: { methods: rows, recommendation, run: chosen }, exitCode }
}

export const demoJob = (options: CommonOptions & { readonly out?: string }): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app, task) {
    const result = await app.demo(outOf(options, context.cwd), task)
    return runOutcome(result, context, demoSections(result, options.workspace, context))
  },
})

export interface CompareOptions extends CommonOptions {
  readonly samples?: string
  readonly seed?: number
  readonly set?: readonly string[]
  readonly recipe?: string
  readonly printRecipe?: boolean
}

/** Samples of a comparison are those that quality is measured on. */
const changesFor = ({ samples, seed, set, threads, workspace }: CompareOptions): RecipeOptions =>
  ({ evaluation: samples, seed, set, threads, workspace })

export const compareJob = (first: string, second: string | undefined, options: CompareOptions): Job => async (context) => {
  const { cwd, say } = context
  const changes = changesFor(options)
  if (second === undefined) {
    if (isRecipePath(first) || /\.onnx$/i.test(first)) {
      throw new Fault({ code: 'input.compare-one', what: say('fault.compare-one', { value: first }), next: say('fault.compare-one.next') })
    }
    return {
      ...commonOf(options, context),
      execute: async (app, task) => runOutcome(await app.compare({ run: first, changes, cwd }, task), context),
    }
  }
  const recipe = options.recipe === undefined
    ? recipeFromOptions(first, changes, cwd)
    : await readRecipe(options.recipe, { ...changes, model: resolve(cwd, first) }, cwd)
  if (options.printRecipe === true) return recipeOutcome(recipe, cwd)
  const [a, b] = [resolve(cwd, first), resolve(cwd, second)]
  return { ...placeOf(recipe), execute: async (app, task) => runOutcome(await app.compare({ a, b, recipe }, task), context) }
}

/** Reads the recipe, or makes one of a model and its options; `--print-recipe` ends there. */
export function withRecipe(source: string, options: RecipeVerbOptions, execute: (recipe: Recipe, context: ReportContext) => Prepared['execute']): Job {
  return async (context) => {
    const { samples, evaluation, workspace, board, method, threads, seed, set } = options
    const changes: RecipeOptions = { samples, evaluation, workspace, board, method, threads, seed, set }
    const recipe = isRecipePath(source) ? await readRecipe(source, changes, context.cwd) : recipeFromOptions(source, changes, context.cwd)
    if (options.printRecipe === true) return recipeOutcome(recipe, context.cwd)
    return { ...placeOf(recipe), execute: execute(recipe, context) }
  }
}

const recipeOutcome = (recipe: Recipe, cwd: string): Outcome => ({ parts: [], text: writeRecipe(recipe, cwd), document: recipe, exitCode: 0 })

const placeOf = ({ workspace, threads }: Recipe): Pick<Prepared, 'workspace' | 'threads'> => ({ workspace, threads })

const outOf = (options: { readonly out?: string }, cwd: string): { out?: string } =>
  options.out === undefined ? {} : { out: resolve(cwd, options.out) }

/** Workspace and threads of a verb that reads no recipe. */
export const commonOf = ({ workspace, threads }: CommonOptions, { cwd }: ReportContext): Pick<Prepared, 'workspace' | 'threads'> =>
  ({ workspace: workspace === undefined ? undefined : resolve(cwd, workspace), threads })
