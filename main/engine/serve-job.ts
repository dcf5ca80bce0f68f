import { asFault, Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import { pauseSwitch, type Task } from '../core/task.ts'
import type { JobRegistry } from './jobs.ts'
import type { FromEngine, JobCall, Outcome, ToEngine } from './messages.ts'
import { parentLink } from './parent-link.ts'
import { progressFilter } from './progress-filter.ts'

/**
 * Makes this process an engine: it takes one job from its parent, runs it, tells the outcome and ends once that was taken.
 * It also ends when the parent is gone.
 */
export function serveJob(jobs: JobRegistry): void {
  const link = parentLink()
  const controller = new AbortController()
  const pause = pauseSwitch()
  let finished = false
  const send = (message: FromEngine): void => link.send(message)
  /** Tells the first outcome. */
  const finish = (outcome: Outcome): void => {
    if (finished) return
    finished = true
    try {
      send(outcome)
    } catch (error) {
      // What cannot be cloned cannot cross: that is a fault of the job, and this message can.
      send(failure(error))
    }
  }
  process.on('uncaughtException', (error) => finish(failure(error)))
  link.listen((told) => {
    const message = told as ToEngine
    if (message.type === 'cancel') controller.abort()
    else if (message.type === 'pause') pause.set(message.paused)
    else if (message.type === 'taken') process.exit(0)
    else void run(jobs, message, { signal: controller.signal, pause, report: progressFilter((progress) => send({ type: 'progress', progress })) }).then(finish)
  })
}

async function run(jobs: JobRegistry, { kind, input }: JobCall, task: Task): Promise<Outcome> {
  const job = jobs.get(kind)
  if (job === undefined) {
    return failure(new Fault({ code: 'bug.unknown-job', what: `the engine has no job of kind '${kind}'`, next: didYouMean(kind, jobs.keys()) }))
  }
  try {
    const output = await job(input, task)
    return task.signal.aborted ? { type: 'cancelled' } : { type: 'done', output }
  } catch (error) {
    return task.signal.aborted ? { type: 'cancelled' } : failure(error)
  }
}

function failure(error: unknown): Outcome {
  const fault = asFault(error)
  const stack = fault.cause instanceof Error ? fault.cause.stack : fault.stack
  return { type: 'failed', fault: fault.toJSON(), ...(stack === undefined ? {} : { stack }) }
}
