import { resolve } from 'node:path'
import type { AuditInput, AuditResult } from '../../app/api.ts'
import type { Finding } from '../../core/run.ts'
import { isRecipePath } from '../../recipe/read-recipe.ts'
import type { Job, Outcome } from '../job.ts'
import { auditReport } from '../reports/audit-report.ts'
import type { ReportContext } from '../reports/context.ts'
import { commonOf, runOutcome, withRecipe, type RecipeVerbOptions } from './pipeline.ts'

export const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'note']

export interface AuditOptions extends RecipeVerbOptions {
  /** Print the recipe lines that the findings propose. */
  readonly fix?: boolean
  /** Exit 1 where a finding is at least so severe. */
  readonly gate?: Finding['severity']
  readonly statistics?: string
}

/** Findings of a recipe's model, of a model that any tool quantized, or of a recorded run. */
export function auditJob(source: string, options: AuditOptions): Job {
  if (isRecipePath(source) || /\.onnx$/i.test(source)) {
    return withRecipe(source, options, (recipe, context) => async (app, task) => {
      const statistics = options.statistics === undefined ? {} : { statistics: resolve(context.cwd, options.statistics) }
      return outcomeOf(await app.audit({ recipe, ...statistics }, task), options, context)
    })
  }
  return async (context) => ({
    ...commonOf(options, context),
    async execute(app, task) {
      const { board, set, seed, threads } = options
      const input: AuditInput = { run: source, changes: { board, set, seed, threads }, cwd: context.cwd }
      return outcomeOf(await app.audit(input, task), options, context)
    },
  })
}

function outcomeOf({ fix, ...run }: AuditResult, { fix: wantsFix, gate }: AuditOptions, context: ReportContext): Outcome {
  const { findings = [], ...rest } = run
  const told = runOutcome(rest, context, auditReport(findings, wantsFix === true ? fix.text : null, context), { notes: true })
  const isReached = gate !== undefined && findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(gate))
  return { ...told, document: wantsFix === true ? { ...run, fix: fix.recipe, repairs: fix.repairs } : run, exitCode: isReached ? 1 : told.exitCode }
}
