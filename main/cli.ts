import type { OpenApp } from './app/api.ts'
import { commandLine, INTERRUPTED } from './cli/command-line.ts'
import { faultBlock } from './cli/fault-block.ts'
import { interruptSignal } from './cli/interrupt.ts'
import type { OpenPage } from './cli/job.ts'
import { terminalOf } from './cli/terminal.ts'
import { languageOf, sayIn } from './cli/texts/texts.ts'
import { asFault, exitCodeOf } from './core/fault.ts'

const argv = process.argv.slice(2)
const terminal = terminalOf(process.stdout, process.stderr, process.env)
const say = sayIn(languageOf(argv, process.env))

/** Loaded when it is needed: `--help` and a misspelt option must not wait for native libraries. */
const openApp: OpenApp = async (options) => (await import('./app/app.ts')).openApp(options)

/** Another door, opened by a verb of this one. */
const openPage: OpenPage = async (app, options) => (await import('./serve.ts')).serve(app, options)

const sayStopping = (): void => terminal.error(`${terminal.errorIsTty ? '\r\u001b[K' : ''}${say('interrupt.stopping')}\n`)
const signal = interruptSignal(process, sayStopping, () => process.exit(INTERRUPTED))

/** What nobody waited for went wrong: our fault, said and ended, never swallowed. */
function fail(error: unknown): void {
  const fault = asFault(error)
  terminal.error(faultBlock(fault, say, terminal.errorStyle))
  process.exit(exitCodeOf(fault))
}
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

const exitCode = await commandLine(argv, { terminal, cwd: process.cwd(), environment: process.env, signal, openApp, openPage })
await terminal.flush().catch(fail)
process.exit(exitCode)
