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
  const started = store.beginRun(start)
  task.begun?.(started.run)
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / 1000
  const said = noteOnce(task)
  try {
    const parts = await withTemporaryFolder((scratch) =>
      work({ id: started.run, started, task: said, store, scratch, job: (kind, input) => job(kind, input, said) }),
    )
    task.signal.throwIfAborted()
    const run: Run = { ...started, ...parts, status: 'done', seconds: seconds() }
    store.finishRun(run)
    return run
  } catch (thrown) {
    if (task.signal.aborted) store.cancelRun(started.run, seconds())
    else store.failRun(started.run, asFault(thrown).toJSON(), seconds())
    throw thrown
  }
}

/** One job in a child process, with the types of its kind. */
export const job = <K extends JobKind>(kind: K, input: JobInput<K>, task: Task): Promise<JobOutput<K>> =>
  runJob({ kind, input }, task) as Promise<JobOutput<K>>

/** Several jobs of a run open the same samples: each of their remarks is said once. */
function noteOnce(task: Task): Task {
  const seen = new Set<string>()
  return {
    signal: task.signal,
    report(progress: Progress) {
      const { note, ...rest } = progress
      if (note === undefined) return task.report(progress)
      if (seen.has(note)) return task.report(rest)
      seen.add(note)
      task.report(progress)
    },
  }
}
