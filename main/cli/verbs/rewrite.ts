import { resolve } from 'node:path'
import type { RewriteResult } from '../../app/api.ts'
import { readPlan, type RewriteWish } from '../../app/rewrite.ts'
import type { Job } from '../job.ts'
import { listReport, stepsReport } from '../reports/rewrite-report.ts'
import { runOutcome, withRecipe, type RecipeVerbOptions } from './pipeline.ts'

export interface RewriteOptions extends RecipeVerbOptions {
  /** Look only. */
  readonly list?: boolean
  readonly only?: readonly string[]
  /** Plan file of an earlier run. */
  readonly plan?: string
  /** Take a plan that was made for another model. */
  readonly force?: boolean
}

/** Rewrites with proofs: those of the recipe (`auto` where it names none), those named, or those of a plan. */
export const rewriteJob = (source: string, options: RewriteOptions): Job =>
  withRecipe(source, options, (recipe, context) => async (app, task) => {
    if (options.list === true) {
      const found = await app.view('rewrite-find', { recipe, workspace: app.workspace })
      return { parts: listReport(found, context), document: found, exitCode: 0 }
    }
    const plan = options.plan === undefined ? undefined : await readPlan(resolve(context.cwd, options.plan))
    const only: readonly RewriteWish[] | undefined = options.only?.map((rewrite) => ({ rewrite, options: {} }))
    const wishes = plan?.wishes ?? only
    const result: RewriteResult = await app.rewrite({
      recipe, ...(wishes ? { wishes } : {}), strict: only !== undefined, ...(plan && options.force !== true ? { plannedFor: plan.model } : {}),
      ...(options.out === undefined ? {} : { out: resolve(context.cwd, options.out) }),
    }, task)
    return runOutcome(result, context, stepsReport(result, context))
  })
