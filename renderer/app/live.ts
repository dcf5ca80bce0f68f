import type { QueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useCall, watchEvents, type AppEvent, type Job, type JobDetail, type Line } from '../client.ts'

/** A job as an event tells it, put into the list: in its place, or in front where it is new. */
export function withJob(jobs: readonly Job[], job: Job): Job[] {
  return jobs.some(({ id }) => id === job.id) ? jobs.map((each) => (each.id === job.id ? job : each)) : [job, ...jobs]
}

const JOBS_KEY = ['jobs.list', {}]
const LOG_LINES = 2000
/** Lists are asked for again once no run has changed for so long. */
const LISTS_MS = 120
let listsTimer: ReturnType<typeof setTimeout> | undefined

/** Changes a reply that the window holds. One that is on its way may be older than the event that tells of the change: it is changed when it is here. */
function change<T>(queries: QueryClient, queryKey: readonly unknown[], by: (known: T) => T): void {
  const put = (): void => void queries.setQueryData<T>(queryKey, (known) => known && by(known))
  put()
  const query = queries.getQueryCache().find({ queryKey, exact: true })
  if (query?.state.fetchStatus === 'fetching') query.promise?.then(() => setTimeout(put), () => undefined)
}

/** Puts what an event tells into what the window holds. */
export function takeEvent(queries: QueryClient, event: AppEvent): void {
  const changeDetail = (id: string, by: (known: JobDetail) => JobDetail): void => change(queries, ['jobs.get', { id }], by)
  if (event.type === 'reset' || (event.type === 'hello' && !event.resumed)) void queries.invalidateQueries()
  else if (event.type === 'job') {
    const { job } = event
    change<{ jobs: Job[] }>(queries, JOBS_KEY, (known) => ({ jobs: withJob(known.jobs, job) }))
    changeDetail(job.id, (known) => ({ ...known, ...job }))
  } else if (event.type === 'live') changeDetail(event.job, (known) => ({ ...known, live: event.live }))
  else if (event.type === 'log') {
    const { job, line } = event
    changeDetail(job, (known) => (known.log.some(({ n }) => n === line.n) ? known : { ...known, log: [...known.log, line].slice(-LOG_LINES) }))
  } else if (event.type === 'runs') {
    void queries.invalidateQueries({ queryKey: ['runs.marks', { run: event.run }] })
    void queries.invalidateQueries({ queryKey: ['runs.show', { run: event.run }] })
    // A hundred runs that are archived at once are one change of the list.
    clearTimeout(listsTimer)
    listsTimer = setTimeout(() => { for (const list of ['runs.list', 'runs.page', 'runs.lineage']) void queries.invalidateQueries({ queryKey: [list] }) }, LISTS_MS)
  }
}

/** Keeps what the window holds up to date, and says how the line stands. */
export function useEvents(queries: QueryClient): Line {
  const [line, setLine] = useState<Line>('on')
  useEffect(() => watchEvents({ onEvent: (event) => takeEvent(queries, event), onLine: setLine }), [queries])
  return line
}

/** All jobs that the program knows, the newest first. */
export function useJobs(): readonly Job[] {
  return useCall('jobs.list', {}).data?.jobs ?? NO_JOBS
}

const NO_JOBS: readonly Job[] = []

export const isOver = (job: Job): boolean => job.state === 'done' || job.state === 'failed' || job.state === 'cancelled'
