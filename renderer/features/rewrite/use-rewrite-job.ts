import { useState } from 'react'
import { isOver, useJobs } from '../../app/live.ts'
import { call, useCall, type JobDetail } from '../../client.ts'
import type { RewriteWish } from '../../../preload/contract/index.ts'

export interface RewriteJob {
  /** The one in the address, else one that is still under way: it is found again after a reload. */
  readonly job: JobDetail | undefined
  readonly isRunning: boolean
  readonly fault: unknown
  readonly start: (recipe: string, wishes: readonly RewriteWish[], parent: string | null) => void
  readonly cancel: () => void
}

/** The job that proves and keeps. `named`: as the address says it. */
export function useRewriteJob(named: string | null, onStarted: (job: string) => void): RewriteJob {
  const open = useJobs().find((each) => each.kind === 'rewrite' && !isOver(each))?.id ?? null
  const id = open ?? named
  const { data: job } = useCall('jobs.get', { id: id ?? '' }, { enabled: id !== null })
  const [isStarting, setStarting] = useState(false)
  const [fault, setFault] = useState<unknown>(null)
  async function begin(recipe: string, wishes: readonly RewriteWish[], parent: string | null): Promise<void> {
    const started = await call('jobs.start', { kind: 'rewrite', recipe, wishes: [...wishes], ...(parent === null ? {} : { parent }) })
    onStarted(started.id)
  }
  return {
    job, isRunning: isStarting || open !== null, fault,
    start: (recipe, wishes, parent) => {
      setFault(null)
      setStarting(true)
      begin(recipe, wishes, parent).catch(setFault).finally(() => setStarting(false))
    },
    cancel: () => { if (open !== null) void call('jobs.cancel', { id: open }).catch(setFault) },
  }
}
