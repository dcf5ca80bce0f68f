import { useState } from 'react'
import type { TuneMode } from '../../../preload/contract/index.ts'
import { isOver, useJobs } from '../../app/live.ts'
import { call, useCall, type JobDetail, type JobSpec } from '../../client.ts'

export type TuneSpec = Extract<JobSpec, { kind: 'tune' }>

export interface TuneJob {
  /** The one that is under way, else the one in the address: it is found again after a reload. */
  readonly job: JobDetail | undefined
  readonly mode: TuneMode | null
  readonly isRunning: boolean
  readonly fault: unknown
  readonly start: (spec: TuneSpec) => void
  readonly pause: () => void
  readonly cancel: () => void
}

/** One job of tuning at a time. `named`: as the address says it. */
export function useTuneJob(named: string | null, onStarted: (job: string) => void): TuneJob {
  const open = useJobs().find((each) => each.kind === 'tune' && !isOver(each))?.id ?? null
  const id = open ?? named
  const { data: job } = useCall('jobs.get', { id: id ?? '' }, { enabled: id !== null })
  const [isStarting, setStarting] = useState(false)
  const [fault, setFault] = useState<unknown>(null)
  return {
    job, mode: job?.mode ?? null, isRunning: isStarting || open !== null, fault,
    start: (spec) => {
      setFault(null)
      setStarting(true)
      call('jobs.start', spec).then((started) => onStarted(started.id)).catch(setFault).finally(() => setStarting(false))
    },
    pause: () => { if (job !== undefined) call('jobs.pause', { id: job.id, paused: !job.paused }).catch(setFault) },
    cancel: () => { if (open !== null) call('jobs.cancel', { id: open }).catch(setFault) },
  }
}
