import { resolve } from 'node:path'
import type { CommonOptions, Job } from '../job.ts'
import { operatorsReport } from '../reports/operators-report.ts'
import { commonOf } from './pipeline.ts'

export interface BenchOperatorsOptions extends CommonOptions {
  readonly out?: string
  readonly quick?: boolean
  readonly ops?: readonly string[]
}

/** Times single operators on this host and writes the latency table. */
export const benchOperatorsJob = ({ out, quick, ops, ...options }: BenchOperatorsOptions): Job => async (context) => {
  const path = out === undefined ? undefined : resolve(context.cwd, out)
  return {
    ...commonOf(options, context),
    async execute(app, task) {
      const result = await app.benchOperators({ ...(path === undefined ? {} : { out: path }), ...(quick === undefined ? {} : { quick }), ...(ops ? { ops } : {}) }, task)
      return { parts: operatorsReport(result, path, context), document: result, exitCode: 0 }
    },
  }
}
