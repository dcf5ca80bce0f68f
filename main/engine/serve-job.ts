import { asFault, Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { JobRegistry } from './jobs.ts'
import type { FromEngine, Outcome, ToEngine } from './messages.ts'
import { progressFilter } from './progress-filter.ts'

/**
 * Makes this process an engine: it takes one job from its parent, runs it, tells the outcome and ends.
 * It also ends when the parent is gone. Ctrl-C in a terminal reaches this process too and is left to the parent.
 */
export function serveJob(jobs: JobRegistry): void {
  const controller = new AbortController()
  process.on('SIGINT', () => undefined)
  process.on('disconnect', () => process.exit(1))
  process.on('uncaughtException', (error) => finish(failure(error)))
  process.on('message', (message: ToEngine) => {
    if (message.type === 'cancel') controller.abort()
    else void run(jobs, message.kind, message.input, controller.signal).then(finish)
  })
}

async function run(jobs: JobRegistry, kind: string, input: unknown, signal: AbortSignal): Promise<Outcome> {
  const job = jobs.get(kind)
  if (job === undefined) {
    return failure(new Fault({ code: 'bug.unknown-job', what: `the engine has no job of kind '${kind}'`, next: didYouMean(kind, jobs.keys()) }))
  }
  const report = progressFilter((progress) => send({ type: 'progress', progress }))
  try {
    const output = await job(input, { signal, report })
    return signal.aborted ? { type: 'cancelled' } : { type: 'done', output }
  } catch (error) {
    return signal.aborted ? { type: 'cancelled' } : failure(error)
  }
}

function failure(error: unknown): Outcome {
  const fault = asFault(error)
  const stack = fault.cause instanceof Error ? fault.cause.stack : fault.stack
  return { type: 'failed', fault: fault.toJSON(), ...(stack === undefined ? {} : { stack }) }
}

let finished = false

/** Tells the first outcome, and ends once it is on its way. */
function finish(outcome: Outcome): void {
  if (finished) return
  finished = true
  try {
    send(outcome, () => process.exit(0))
  } catch (error) {
    // What cannot be cloned cannot cross: that is a fault of the job, and this message can.
    send(failure(error), () => process.exit(0))
  }
}

function send(message: FromEngine, sent?: () => void): void {
  if (process.send === undefined) throw new Error('an engine process must be started by its supervisor')
  process.send(message, undefined, undefined, sent)
}
