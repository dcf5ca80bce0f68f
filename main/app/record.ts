import { asFault } from '../core/fault.ts'
import type { Run } from '../core/run.ts'
import type { Progress, Task } from '../core/task.ts'
import { withTemporaryFolder } from '../core/temporary-folder.ts'
import type { JobInput, JobKind, JobOutput } from '../engine/jobs.ts'
import { runJob } from '../engine/supervisor.ts'
import type { RunStart } from '../store/write-run.ts'
import type { Store } from '../store/open-store.ts'
import type { RunTask } from './api.ts'

/** What the steps of one recorded run share. */
export interface Recording {
  readonly id: string
  readonly started: Run
  readonly task: Task
  readonly store: Store
  /** A folder for files that jobs hand over; gone when the run ends. */
  readonly scratch: string
  job<K extends JobKind>(kind: K, input: JobInput<K>): Promise<JobOutput<K>>
}

/**
 * Runs `work` as a recorded run: begun before it, finished with what it returns, marked *failed* or *cancelled* when it throws.
 * One transaction at the end: a run is whole or it is not there.
 */
export async function recorded(store: Store, start: RunStart, task: RunTask, work: (recording: Recording) => Promise<Partial<Run>>): Promise<Run> {
  const open = openRun(store, start, task)
  try {
    const parts = await withTemporaryFolder((scratch) => work(open.recordingIn(scratch)))
    task.signal.throwIfAborted()
    return open.finish(parts)
  } catch (thrown) {
    open.giveUp(thrown)
    throw thrown
  }
}

/** A run that has begun. It is ended once, by `finish` or by `giveUp`. */
export interface OpenRun {
  readonly started: Run
  recordingIn(scratch: string): Recording
  /** `seconds` where the run was not worked on all the time since it began. */
  finish(parts: Partial<Run>, seconds?: number): Run
  /** Cancelled where the task was stopped, else failed with what was thrown. */
  giveUp(thrown: unknown): void
}

export function openRun(store: Store, start: RunStart, task: RunTask): OpenRun {
  const started = store.beginRun(start)
  task.begun?.(started.run)
  const begun = performance.now()
  const sinceBegun = () => (performance.now() - begun) / 1000
  const said = noteOnce(task)
  const took: Record<string, number> = {}
  const timed: Recording['job'] = (kind, input) => {
    const since = performance.now()
    return job(kind, input, said).finally(() => (took[kind] = (took[kind] ?? 0) + (performance.now() - since) / 1000))
  }
  return {
    started,
    recordingIn: (scratch) => ({ id: started.run, started, task: said, store, scratch, job: timed }),
    finish(parts, seconds = sinceBegun()) {
      // A comparison says itself what its parts took.
      const { compare: _whole, ...stages } = took
      const run: Run = { ...started, ...parts, status: 'done', seconds, stageSeconds: { ...(parts.stageSeconds ? stages : took), ...parts.stageSeconds } }
      store.finishRun(run)
      return run
    },
    giveUp(thrown) {
      if (task.signal.aborted) store.cancelRun(started.run, sinceBegun())
      else store.failRun(started.run, asFault(thrown).toJSON(), sinceBegun())
    },
  }
}

/** One job in a child process, with the types of its kind. */
export const job = <K extends JobKind>(kind: K, input: JobInput<K>, task: Task): Promise<JobOutput<K>> =>
  runJob({ kind, input }, task) as Promise<JobOutput<K>>

/** Several jobs open the same samples: each of their remarks is said once. */
export function noteOnce<T extends Task>(task: T): T {
  const seen = new Set<string>()
  return {
    ...task,
    report(progress: Progress) {
      const { note, ...rest } = progress
      if (note === undefined) return task.report(progress)
      if (seen.has(note)) return task.report(rest)
      seen.add(note)
      task.report(progress)
    },
  }
}
