import { useState } from 'react'
import { isOver, useJobs } from './live.ts'
import { call, useCall, type Job, type JobDetail, type JobSpec } from '../client.ts'

export interface NamedJob {
  /** One that is under way, else the one in the address: it is found again after a reload. */
  readonly job: JobDetail | undefined
  readonly isRunning: boolean
  readonly fault: unknown
  readonly start: (spec: JobSpec) => void
  readonly cancel: () => void
}

/** The job of a kind that this screen starts and follows. `named`: as the address says it. */
export function useNamedJob(kind: Job['kind'], named: string | null, onStarted: (job: string) => void): NamedJob {
  const open = useJobs().find((each) => each.kind === kind && !isOver(each))?.id ?? null
  const id = open ?? named
  const { data: job } = useCall('jobs.get', { id: id ?? '' }, { enabled: id !== null })
  const [isStarting, setStarting] = useState(false)
  const [fault, setFault] = useState<unknown>(null)
  return {
    job: job?.kind === kind ? job : undefined, isRunning: isStarting || open !== null, fault,
    start: (spec) => {
      setFault(null)
      setStarting(true)
      call('jobs.start', spec).then((started) => onStarted(started.id)).catch(setFault).finally(() => setStarting(false))
    },
    cancel: () => { if (open !== null) void call('jobs.cancel', { id: open }).catch(setFault) },
  }
}
