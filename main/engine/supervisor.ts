import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../core/fault.ts'
import type { Task } from '../core/task.ts'
import { withTemporaryFolder } from '../core/temporary-folder.ts'
import { deathFault } from './death-fault.ts'
import type { FromEngine, Outcome, ToEngine } from './messages.ts'

export interface JobSpec {
  readonly kind: string
  /** Plain data; copied by structured clone. */
  readonly input: unknown
}

export interface JobOptions extends Task {
  /** Module that the engine process starts with; default: this room's own. It calls `serveJob`. */
  readonly entry?: string | URL
  /** Told the engine's process id as soon as there is one. */
  readonly started?: (pid: number) => void
}

/** From the request to stop until the engine is killed, in ms. A blocking native call hears no request. */
const GRACE_MS = 1500
const STDERR_KEPT = 4096

/**
 * Runs one job in a process of its own and gives its output. The caller's thread stays free.
 * Rejects with the job's Fault; with `engine.killed` or `engine.crashed` when the process dies; with the signal's reason when it was
 * aborted, at most 1.5 s later. When it settles, the process has ended and its folder is gone.
 */
export const runJob = (spec: JobSpec, options: JobOptions): Promise<unknown> =>
  withTemporaryFolder(async (folder) => {
    options.signal.throwIfAborted()
    const outcome = await supervise(spec, options, folder)
    options.signal.throwIfAborted()
    if (outcome.type === 'done') return outcome.output
    if (outcome.type === 'failed') throw new Fault(outcome.fault, { cause: outcome.stack })
    throw new Fault({ code: 'engine.stopped', where: `job '${spec.kind}'`, what: 'the engine stopped although nobody asked it to' })
  })

/** The one outcome of the job. A death without one becomes a failed outcome. */
function supervise(spec: JobSpec, options: JobOptions, folder: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(options.entry ?? ownEntry(), [], {
      cwd: folder,
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const stderr = keepTail(child)
    let outcome: Outcome | undefined
    let killer: NodeJS.Timeout | undefined
    const killSoon = () => (killer ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS))
    const cancel = () => {
      if (child.connected) child.send({ type: 'cancel' } satisfies ToEngine, () => undefined)
      killSoon()
    }
    const end = () => {
      clearTimeout(killer)
      options.signal.removeEventListener('abort', cancel)
    }

    child.on('message', (message: FromEngine) => {
      if (outcome !== undefined || options.signal.aborted) return
      if (message.type === 'progress') options.report(message.progress)
      else {
        outcome = message
        killSoon()
      }
    })
    child.on('error', (error) => {
      if (child.pid !== undefined) return
      end()
      const what = `the engine process could not be started: ${error.message}`
      reject(new Fault({ code: 'engine.not-started', what, next: 'Close other programs and try again.' }, { cause: error }))
    })
    // Unlike 'exit', 'close' comes after every message has been read.
    child.on('close', (code, signal) => {
      end()
      resolve(outcome ?? { type: 'failed', fault: deathFault(spec.kind, code, signal, stderr()), stack: stderr() })
    })
    options.signal.addEventListener('abort', cancel, { once: true })
    if (child.pid !== undefined) options.started?.(child.pid)
    try {
      // A failed write means a dead child, which 'close' reports.
      child.send({ type: 'start', ...spec } satisfies ToEngine, () => undefined)
    } catch (error) {
      const what = `its input cannot cross to the engine: ${String(error)}`
      outcome = { type: 'failed', fault: { code: 'bug.not-plain-data', where: `job '${spec.kind}'`, what } }
      child.kill('SIGKILL')
    }
  })
}

/** The engine's entry beside this file: `.ts` in the sources, `.js` once compiled. */
const ownEntry = (): URL => new URL(`./child${extname(fileURLToPath(import.meta.url))}`, import.meta.url)

/** Keeps the last words of a process that may be about to die. */
function keepTail(child: ChildProcess): () => string {
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_KEPT)
  })
  return () => tail.trim()
}
