import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../core/fault.ts'
import type { Task } from '../core/task.ts'
import { withTemporaryFolder } from '../core/temporary-folder.ts'
import { deathFault } from './death-fault.ts'
import type { FromEngine, JobCall, Outcome, ToEngine } from './messages.ts'
import { notStarted, startChild } from './start-child.ts'

export interface JobOptions extends Task {
  /** Module that the engine process starts with; default: this room's own. It calls `serveJob`. */
  readonly entry?: string | URL
  /** Told the engine's process id as soon as there is one. */
  readonly started?: (pid: number) => void
}

/** From the request to stop until the engine is killed, in ms. A blocking native call hears no request. */
const GRACE_MS = 1500

/**
 * Runs one job in a process of its own and gives its output. The caller's thread stays free.
 * Rejects with the job's Fault; with `engine.killed` or `engine.crashed` when the process dies; with the signal's reason when it was
 * aborted, at most 1.5 s later. When it settles, the process has ended and its folder is gone.
 */
export const runJob = (spec: JobCall, options: JobOptions): Promise<unknown> =>
  withTemporaryFolder(async (folder) => {
    options.signal.throwIfAborted()
    const outcome = await supervise(spec, options, folder)
    options.signal.throwIfAborted()
    if (outcome.type === 'done') return outcome.output
    if (outcome.type === 'failed') throw new Fault(outcome.fault, { cause: outcome.stack })
    throw new Fault({ code: 'engine.stopped', where: `job '${spec.kind}'`, what: 'the engine stopped although nobody asked it to' })
  })

/** The one outcome of the job. A death without one becomes a failed outcome. */
function supervise(spec: JobCall, options: JobOptions, folder: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let outcome: Outcome | undefined
    let killer: NodeJS.Timeout | undefined
    const tell = (message: ToEngine): void => child.send(message)
    const killSoon = () => (killer ??= setTimeout(() => child.kill(), GRACE_MS))
    const cancel = () => {
      tell({ type: 'cancel' })
      killSoon()
    }
    const tellPause = () => tell({ type: 'pause', paused: options.pause?.paused ?? false })
    const forgetPause = options.pause?.onChange(tellPause)
    const end = () => {
      forgetPause?.()
      clearTimeout(killer)
      options.signal.removeEventListener('abort', cancel)
    }
    const child = startChild(options.entry ?? ownEntry(), folder, {
      ...(options.started ? { started: options.started } : {}),
      message(told) {
        const message = told as FromEngine
        if (message.type === 'progress') {
          if (outcome === undefined && !options.signal.aborted) options.report(message.progress)
          return
        }
        outcome ??= message
        tell({ type: 'taken' })
        killSoon()
      },
      notStarted(error) {
        end()
        reject(new Fault(notStarted(error), { cause: error }))
      },
      ended({ code, signal, lastWords }) {
        end()
        resolve(outcome ?? { type: 'failed', fault: deathFault(spec.kind, code, signal, lastWords), stack: lastWords })
      },
    })
    options.signal.addEventListener('abort', cancel, { once: true })
    try {
      tell({ type: 'start', ...spec })
      if (options.pause?.paused) tellPause()
    } catch (error) {
      const what = `its input cannot cross to the engine: ${String(error)}`
      outcome = { type: 'failed', fault: { code: 'bug.not-plain-data', where: `job '${spec.kind}'`, what } }
      child.kill()
    }
  })
}

/** The engine's entry beside this file: `.ts` in the sources, `.js` once compiled. */
const ownEntry = (): URL => new URL(`./child${extname(fileURLToPath(import.meta.url))}`, import.meta.url)
