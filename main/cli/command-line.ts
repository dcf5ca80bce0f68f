import type { App, OpenApp } from '../app/api.ts'
import { asFault, exitCodeOf } from '../core/fault.ts'
import { faultBlock } from './fault-block.ts'
import type { CommonOptions, Job, OpenPage, Outcome } from './job.ts'
import { isPrepared } from './job.ts'
import { jsonDocument } from './json.ts'
import { parseCommandLine } from './program.ts'
import { progressLine } from './progress-line.ts'
import type { ReportContext } from './reports/context.ts'
import { reportText } from './reports/context.ts'
import type { Terminal } from './terminal.ts'
import type { Say } from './texts/texts.ts'
import { languageOf, sayIn } from './texts/texts.ts'

export const INTERRUPTED = 130

/** The world around a command. */
export interface Surroundings {
  readonly terminal: Terminal
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborts when the person asks to stop. */
  readonly signal: AbortSignal
  readonly openApp: OpenApp
  readonly openPage: OpenPage
}

/** Does what the words after the program's name ask for and gives the exit code. Never throws. */
export async function commandLine(argv: readonly string[], around: Surroundings): Promise<number> {
  const { terminal, signal } = around
  const say = sayIn(languageOf(argv, around.environment))
  const asJson = argv.includes('--json')
  try {
    const parsed = await parseCommandLine(argv, say, terminal.outputIsTty ? terminal.errorColumns() : 100)
    if (parsed.kind === 'text') {
      terminal.output(parsed.text)
      return 0
    }
    const outcome = await perform(parsed.job, parsed.options, say, around)
    if (outcome.document !== undefined) terminal.output(asJson ? jsonDocument(outcome.document) : (outcome.text ?? reportText(outcome.parts)))
    return outcome.exitCode
  } catch (error) {
    return signal.aborted || isAbort(error) ? sayInterrupted(say, asJson, terminal) : sayFault(error, say, asJson, terminal)
  }
}

async function perform(job: Job, options: CommonOptions, say: Say, around: Surroundings): Promise<Outcome> {
  const { terminal, cwd, signal, openApp, openPage } = around
  const context: ReportContext = { say, style: terminal.outputStyle, longestName: terminal.outputIsTty ? 40 : Infinity, cwd }
  const step = await job(context)
  if (!isPrepared(step)) return step
  signal.throwIfAborted()
  const app = await openApp({ cwd, workspace: step.workspace, threads: step.threads })
  const progress = progressLine(terminal, say)
  const report = options.quiet === true ? () => undefined : progress.report
  return closing(app, async () => {
    try {
      signal.throwIfAborted()
      return await step.execute(app, { signal, report }, {
        say: (text) => terminal.output(text),
        complain: (fault) => terminal.error(faultBlock(fault, say, terminal.errorStyle)),
        asJson: options.json === true,
        openPage,
      })
    } finally {
      progress.end()
    }
  })
}

/** Closes the app whatever happens; what went wrong first is what is told. */
async function closing(app: App, work: () => Promise<Outcome>): Promise<Outcome> {
  let outcome: Outcome
  try {
    outcome = await work()
  } catch (error) {
    await app.close().catch(() => undefined) // the first fault tells more than one of closing after it
    throw error
  }
  await app.close()
  return outcome
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

function sayFault(error: unknown, say: Say, asJson: boolean, terminal: Terminal): number {
  const fault = asFault(error)
  terminal.error(faultBlock(fault, say, terminal.errorStyle))
  if (asJson) terminal.output(jsonDocument({ error: fault.toJSON() }))
  return exitCodeOf(fault)
}

function sayInterrupted(say: Say, asJson: boolean, terminal: Terminal): number {
  const error = { code: 'interrupted', what: say('interrupt.what'), next: say('interrupt.next') }
  terminal.error(`${error.what}\n  ${error.next}\n`)
  if (asJson) terminal.output(jsonDocument({ error }))
  return INTERRUPTED
}
