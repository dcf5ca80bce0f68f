import type { App } from '../app/api.ts'
import type { Fault } from '../core/fault.ts'
import type { Task } from '../core/task.ts'
import type { ReportContext } from './reports/context.ts'

/** What a verb ends with: a report for a person, or a document for a program. */
export interface Outcome {
  /** Parts of the report; an empty line stands between them. */
  readonly parts: readonly (readonly string[])[]
  /** Text in place of the report, as it is. */
  readonly text?: string
  /** undefined: everything is said already. */
  readonly document: unknown
  readonly exitCode: 0 | 1 | 3 | 130
}

/** What a verb that does not end by itself needs of the program around it. */
export interface DoorTools {
  /** Says something on stdout before the command ends. */
  say(text: string): void
  /** Says on stderr what went wrong while the command goes on. */
  complain(fault: Fault): void
  readonly asJson: boolean
  readonly openPage: OpenPage
}

/** Opens the served page on an open workspace. */
export type OpenPage = (app: App, options: {
  readonly port: number
  readonly allowWrite: boolean
  readonly roots: readonly string[]
  readonly folder: string
  readonly threads?: number
  readonly unexpected: (error: unknown) => void
}) => Promise<{ readonly url: string; close(): Promise<void> }>

/** A command whose input was read and found right: what is left needs the app. */
export interface Prepared {
  readonly workspace?: string
  readonly threads?: number
  execute(app: App, task: Task, door: DoorTools): Promise<Outcome>
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
