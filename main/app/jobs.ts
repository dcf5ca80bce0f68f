import { ulid } from 'ulid'
import type { Job, JobDetail, Transfer } from '../../preload/contract/job.ts'
import { asFault, Fault } from '../core/fault.ts'
import { pauseSwitch, type Progress } from '../core/task.ts'
import type { MethodsTask } from './api.ts'
import { openEventLog, type EventLog } from './event-log.ts'
import { isOver, logLine, shownDetail, shownJob, shownLive, skipTime, takeProgress, type JobRecord } from './job-record.ts'

/** What is to be done, and how it is told. */
export interface Order {
  readonly kind: Job['kind']
  /** What it does, where it tunes. */
  readonly mode?: Job['mode']
  /** What does the same in a terminal. */
  readonly command: string
  /** The recipe's text, where the job has one of its own. */
  readonly recipe?: string
  /** Threshold methods, where it tries several. */
  readonly methods?: readonly string[]
  /** It waits for no other job, and none for it: it infers nothing. */
  readonly isAside?: boolean
  work(task: MethodsTask): Promise<Outcome>
}

/** What came of a job. */
export interface Outcome {
  /** Id of the run that it recorded. */
  readonly run?: string
  /** Id of a run that lists do not know yet. */
  readonly added?: string
  readonly transfer?: Transfer
}

/** A queue: one job runs, the others wait in order. What ended stays in the list for a while. */
export interface Jobs {
  readonly events: EventLog
  start(order: Order): Job
  /** Newest first. */
  list(): Job[]
  /** Throws `input.unknown-job`. */
  get(id: string): JobDetail
  /** A queued job ends at once; a running one is asked to and gives up within seconds. */
  cancel(id: string): Job
  /** A running job rests at its next breath; a queued one lets others pass until it may go on. */
  pause(id: string, paused: boolean): Job
  /** Cancels everything and resolves when nothing runs any more. */
  close(): Promise<void>
}

const ENDED_KEPT = 100
const MOST_WAITING = 100
/** A job's progress is told at most this often; its stages and its end always are. */
const TELL_MS = 100

export function openJobs(events: EventLog = openEventLog()): Jobs {
  const jobs: JobRecord[] = []
  let running: Promise<void> | undefined
  const aside = new Set<Promise<void>>()
  let closed = false

  const waiting = (): JobRecord[] => jobs.filter((job) => job.state === 'queued')
  const position = (job: JobRecord): number =>
    job.state === 'queued' ? jobs.filter((other) => other.state === 'running' && !other.isAside).length + waiting().indexOf(job) : 0
  const tell = (job: JobRecord): void => events.publish({ type: 'job', job: shownJob(job, position(job)) })
  const log = (job: JobRecord, level: 'info' | 'note' | 'error', text: string): void =>
    events.publish({ type: 'log', job: job.id, line: logLine(job, level, text) })
  const find = (id: string): JobRecord => {
    const job = jobs.find((one) => one.id === id)
    if (job) return job
    throw new Fault({ code: 'input.unknown-job', what: 'there is no such job', where: id, next: 'The list of jobs was begun anew when the program was; what a job recorded is in the history.' })
  }

  const end = (job: JobRecord, state: 'done' | 'failed' | 'cancelled'): void => {
    job.state = state
    job.ended = new Date().toISOString()
    log(job, state === 'failed' ? 'error' : 'info', job.fault === null ? state : [job.fault.where, job.fault.what, job.fault.next].filter(Boolean).join(' · '))
    tell(job)
    if (job.run !== null) events.publish({ type: 'runs', run: job.run })
    const over = jobs.filter(isOver)
    for (const old of over.slice(0, Math.max(0, over.length - ENDED_KEPT))) jobs.splice(jobs.indexOf(old), 1)
  }

  const perform = async (job: JobRecord, order: Order): Promise<void> => {
    job.state = 'running'
    job.started = new Date().toISOString()
    log(job, 'info', order.command)
    tell(job)
    for (const other of waiting()) tell(other)
    try {
      const { run = null, transfer = null, added } = await order.work(taskOf(job))
      job.run = run
      job.transfer = transfer
      end(job, 'done')
      if (added !== undefined) events.publish({ type: 'runs', run: added })
    } catch (thrown) {
      if (job.controller.signal.aborted) return end(job, 'cancelled')
      job.fault = asFault(thrown).toJSON()
      end(job, 'failed')
    }
  }

  const taskOf = (job: JobRecord): MethodsTask => {
    let toldAt = -Infinity
    return {
      signal: job.controller.signal,
      pause: job.pause,
      begun(run) {
        job.run = run
        tell(job)
        events.publish({ type: 'runs', run })
      },
      compared(row) {
        job.runs.push(row)
        tell(job)
      },
      recommended(recommendation) {
        job.recommendation = recommendation
        log(job, 'note', recommendation.reason)
      },
      report(progress: Progress) {
        const begins = takeProgress(job, progress)
        if (progress.live !== undefined) events.publish({ type: 'live', job: job.id, live: shownLive(job) })
        if (progress.note !== undefined) log(job, 'note', progress.note)
        if (begins) log(job, 'info', [progress.stage, progress.part].filter(Boolean).join(' '))
        const now = performance.now()
        if (!begins && progress.done < progress.total && now - toldAt < TELL_MS) return
        toldAt = now
        tell(job)
      },
    }
  }

  const orders = new Map<string, Order>()
  const goOn = (): void => {
    const next = waiting().find((job) => !job.pause.paused)
    if (running !== undefined || next === undefined) return
    const order = orders.get(next.id)!
    orders.delete(next.id)
    running = perform(next, order).finally(() => {
      running = undefined
      goOn()
    })
  }

  return {
    events,
    start(order) {
      if (closed) throw new Fault({ code: 'engine.stopped', what: 'the program is ending' })
      if (waiting().length >= MOST_WAITING) {
        throw new Fault({ code: 'input.queue-full', what: `${MOST_WAITING} jobs already wait`, next: 'Cancel some, or wait until they are done.' })
      }
      const job = newJob(order)
      jobs.push(job)
      if (job.isAside) {
        const work = perform(job, order)
        aside.add(work)
        void work.finally(() => aside.delete(work))
        return shownJob(job, 0)
      }
      orders.set(job.id, order)
      tell(job)
      goOn()
      return shownJob(job, position(job))
    },
    list: () => jobs.map((job) => shownJob(job, position(job))).toReversed(),
    get: (id) => shownDetail(find(id), position(find(id))),
    cancel(id) {
      const job = find(id)
      job.controller.abort()
      if (job.state === 'queued') {
        orders.delete(job.id)
        end(job, 'cancelled')
        for (const other of waiting()) tell(other)
      }
      return shownJob(job, position(job))
    },
    pause(id, paused) {
      const job = find(id)
      if (isOver(job) || job.pause.paused === paused) return shownJob(job, position(job))
      job.pause.set(paused)
      if (paused) job.pausedAt = performance.now()
      else skipTime(job, performance.now() - job.pausedAt)
      log(job, 'info', paused ? 'paused' : 'resumed')
      tell(job)
      goOn()
      return shownJob(job, position(job))
    },
    async close() {
      closed = true
      for (const job of jobs.toReversed()) if (!isOver(job)) this.cancel(job.id)
      await Promise.all([running, ...aside])
    },
  }
}

const newJob = ({ kind, mode = null, command, recipe = '', methods = [], isAside = false }: Order): JobRecord => ({
  id: ulid(), kind, mode, command, methods, isAside, recipe: recipe === '' ? null : recipe, created: new Date().toISOString(), controller: new AbortController(), pause: pauseSwitch(), pausedAt: 0, log: [],
  state: 'queued', progress: null, live: [], run: null, runs: [], recommendation: null, transfer: null, fault: null, started: null, ended: null, lines: 0,
})
