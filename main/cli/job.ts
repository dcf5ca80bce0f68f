import type { App } from '../app/api.ts'
import type { Task } from '../core/task.ts'
import type { ReportContext } from './reports/context.ts'

/** What a verb ends with: a report for a person, or a document for a program. */
export interface Outcome {
  /** Parts of the report; an empty line stands between them. */
  readonly parts: readonly (readonly string[])[]
  /** Text in place of the report, as it is. */
  readonly text?: string
  readonly document: unknown
  readonly exitCode: 0 | 1 | 3
}

/** A command whose input was read and found right: what is left needs the app. */
export interface Prepared {
  readonly workspace?: string
  readonly threads?: number
  execute(app: App, task: Task): Promise<Outcome>
}

/** A parsed command. Reading its files is its first step; some commands end there. */
export type Job = (context: ReportContext) => Promise<Prepared | Outcome>

export const isPrepared = (step: Prepared | Outcome): step is Prepared => 'execute' in step

/** Options that every verb takes. */
export interface CommonOptions {
  readonly workspace?: string
  readonly json?: boolean
  readonly quiet?: boolean
  readonly threads?: number
  readonly lang?: string
}
