import type { Job, JobDetail, JobProgress, JobState, LogLine } from '../../preload/contract/job.ts'
import type { FaultData } from '../core/fault.ts'
import type { Progress } from '../core/task.ts'

const LOG_KEPT = 500
/** The rate of a stage means something after this many things and this long. */
const SURE_AFTER = { done: 2, ms: 1000 }

/** One job as the queue holds it. */
export interface JobRecord {
  readonly id: string
  readonly kind: Job['kind']
  readonly command: string
  readonly recipe: string | null
  readonly created: string
  readonly controller: AbortController
  readonly log: LogLine[]
  state: JobState
  progress: (Progress & { readonly since: number; readonly at: number }) | null
  run: string | null
  fault: FaultData | null
  started: string | null
  ended: string | null
  lines: number
}

export const isOver = ({ state }: JobRecord): boolean => state === 'done' || state === 'failed' || state === 'cancelled'

/** Adds a line to the log; the oldest one goes where there are too many. */
export function logLine(job: JobRecord, level: LogLine['level'], text: string): LogLine {
  const line: LogLine = { n: ++job.lines, time: new Date().toISOString(), level, text }
  job.log.push(line)
  if (job.log.length > LOG_KEPT) job.log.shift()
  return line
}

/** The report as the job's progress. True when a new stage began. */
export function takeProgress(job: JobRecord, report: Progress, now: number = performance.now()): boolean {
  const begins = job.progress?.stage !== report.stage
  job.progress = { ...report, since: begins ? now : job.progress!.since, at: now }
  return begins
}

function shownProgress({ progress }: JobRecord): JobProgress | null {
  if (progress === null) return null
  const { stage, done, total, unit, since, at } = progress
  const stageMs = at - since
  const sure = done >= SURE_AFTER.done && stageMs >= SURE_AFTER.ms && done <= total
  return { stage, done, total, ...(unit === undefined ? {} : { unit }), stageMs, remainingMs: sure ? (stageMs * (total - done)) / done : null }
}

export function shownJob(job: JobRecord, position: number): Job {
  const { id, kind, state, run, fault, created, started, ended } = job
  return { id, kind, state, position, progress: shownProgress(job), run, fault, created, started, ended }
}

export const shownDetail = (job: JobRecord, position: number): JobDetail =>
  ({ ...shownJob(job, position), log: [...job.log], command: job.command, recipe: job.recipe })
