import type { Job, JobDetail, JobProgress, JobState, LiveHistogram, LogLine, Transfer } from '../../preload/contract/job.ts'
import type { FaultData } from '../core/fault.ts'
import type { LiveHistogram as SeenSoFar, PauseSwitch, Progress } from '../core/task.ts'
import type { MethodRow, Recommendation } from './recommend.ts'

const LOG_KEPT = 500
/** The rate of a stage means something after this many things and this long. */
const SURE_AFTER = { done: 2, ms: 1000 }

/** One job as the queue holds it. */
export interface JobRecord {
  readonly id: string
  readonly kind: Job['kind']
  readonly mode: Job['mode']
  readonly command: string
  readonly recipe: string | null
  readonly methods: readonly string[]
  readonly created: string
  /** It waits for no other job. */
  readonly isAside: boolean
  readonly controller: AbortController
  readonly pause: PauseSwitch
  readonly log: LogLine[]
  state: JobState
  /** Of the process clock, ms; of meaning while it is paused. */
  pausedAt: number
  progress: (Progress & { readonly since: number; readonly at: number }) | null
  /** The last that was seen of tensors. */
  live: readonly SeenSoFar[]
  run: string | null
  readonly runs: MethodRow[]
  recommendation: Recommendation | null
  transfer: Transfer | null
  fault: FaultData | null
  started: string | null
  ended: string | null
  lines: number
}

/** Time that a job rested counts for no stage. */
export function skipTime(job: JobRecord, ms: number): void {
  if (job.progress !== null) job.progress = { ...job.progress, since: job.progress.since + ms, at: job.progress.at + ms }
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
export function takeProgress(job: JobRecord, { live, ...report }: Progress, now: number = performance.now()): boolean {
  const before = job.progress
  const begins = before?.stage !== report.stage || before.part !== report.part
  if (live !== undefined) job.live = live
  const memory = begins || before.memoryBytes === undefined ? {} : { memoryBytes: before.memoryBytes }
  job.progress = { ...memory, ...report, since: begins ? now : before.since, at: now }
  return begins
}

function shownProgress({ progress }: JobRecord): JobProgress | null {
  if (progress === null) return null
  const { stage, done, total, unit, part, memoryBytes, since, at } = progress
  const stageMs = at - since
  const sure = done >= SURE_AFTER.done && stageMs >= SURE_AFTER.ms && done <= total
  return {
    stage, done, total, stageMs, remainingMs: sure ? (stageMs * (total - done)) / done : null,
    ...(unit === undefined ? {} : { unit }), ...(part === undefined ? {} : { part }), ...(memoryBytes === undefined ? {} : { memoryBytes }),
  }
}

const shownRecommendation = (recommendation: Recommendation): NonNullable<Job['recommendation']> => ({ ...recommendation, tied: [...recommendation.tied], alike: [...recommendation.alike] })

export const shownLive = ({ live }: JobRecord): LiveHistogram[] => live.map((one) => ({ ...one, counts: [...one.counts] }))

export function shownJob(job: JobRecord, position: number): Job {
  const { id, kind, mode, state, run, recommendation, transfer, fault, created, started, ended } = job
  return { id, kind, mode, state, paused: job.pause.paused && !isOver(job), position, progress: shownProgress(job), run, runs: [...job.runs], recommendation: recommendation && shownRecommendation(recommendation), transfer, fault, created, started, ended }
}

export const shownDetail = (job: JobRecord, position: number): JobDetail =>
  ({ ...shownJob(job, position), live: shownLive(job), methods: [...job.methods], log: [...job.log], command: job.command, recipe: job.recipe })
