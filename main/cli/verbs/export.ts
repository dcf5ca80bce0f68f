import { resolve } from 'node:path'
import type { ExportInput } from '../../app/export.ts'
import { isRecipePath, readRecipe } from '../../recipe/read-recipe.ts'
import type { CommonOptions, Job } from '../job.ts'
import { bundleReport, verifyReport } from '../reports/bundle-report.ts'
import type { ReportContext } from '../reports/context.ts'
import { commonOf } from './pipeline.ts'

export interface ExportOptions extends CommonOptions {
  readonly board?: string
  readonly out: string
  readonly force?: boolean
  readonly format?: readonly string[]
  readonly names?: string
  readonly set?: readonly string[]
}

/** The bundle of a recorded run, or of the newest run of a recipe. */
export const bundleJob = (source: string, options: ExportOptions): Job => async (context) => {
  const given: Omit<ExportInput, 'run' | 'recipe'> = {
    out: resolve(context.cwd, options.out), force: options.force === true, language: context.say('report.language') as 'en' | 'zh',
    ...(options.board === undefined ? {} : { board: options.board }), ...(options.format === undefined ? {} : { formats: options.format }), ...(options.names === undefined ? {} : { names: resolve(context.cwd, options.names) }),
  }
  const place = commonOf(options, context)
  if (!isRecipePath(source)) return { ...place, execute: async (app, task) => outcome(await app.exportBundle({ ...given, run: source }, task), context) }
  const recipe = await readRecipe(source, { set: options.set, threads: options.threads, workspace: options.workspace }, context.cwd)
  return { workspace: recipe.workspace, threads: recipe.threads, execute: async (app, task) => outcome(await app.exportBundle({ ...given, recipe }, task), context) }
}

function outcome(result: Parameters<typeof bundleReport>[0], context: ReportContext) {
  return { parts: [...bundleReport(result, context), [result.run]], document: result, exitCode: 0 as const }
}

export interface VerifyOptions extends CommonOptions {
  readonly outputs?: string
  readonly golden?: number
}

/** Exit 1 where something in the bundle was changed, its golden vectors do not come out again, or a board is beyond its bounds. */
export const verifyJob = (bundle: string, options: VerifyOptions): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app, task) {
    const outputs = options.outputs === undefined ? {} : { outputs: resolve(context.cwd, options.outputs) }
    const result = await app.verifyBundle({ bundle: resolve(context.cwd, bundle), ...outputs, ...(options.golden === undefined ? {} : { golden: options.golden }) }, task)
    return { parts: [...verifyReport(result, context), [result.run]], document: result, exitCode: result.passed ? 0 : 1 }
  },
})
