import type { QueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useCall, watchEvents, type AppEvent, type Job, type JobDetail } from '../client.ts'

/** A job as an event tells it, put into the list: in its place, or in front where it is new. */
export function withJob(jobs: readonly Job[], job: Job): Job[] {
  return jobs.some(({ id }) => id === job.id) ? jobs.map((each) => (each.id === job.id ? job : each)) : [job, ...jobs]
}

const JOBS_KEY = ['jobs.list', {}]
const LOG_LINES = 2000

function take(queries: QueryClient, event: AppEvent): void {
  if (event.type === 'reset' || (event.type === 'hello' && !event.resumed)) void queries.invalidateQueries()
  else if (event.type === 'job') {
    const { job } = event
    queries.setQueryData<{ jobs: Job[] }>(JOBS_KEY, (known) => known && { jobs: withJob(known.jobs, job) })
    queries.setQueryData<JobDetail>(['jobs.get', { id: job.id }], (known) => known && { ...known, ...job })
  } else if (event.type === 'log') {
    const { job, line } = event
    queries.setQueryData<JobDetail>(['jobs.get', { id: job }], (known) =>
      known === undefined || known.log.some(({ n }) => n === line.n) ? known : { ...known, log: [...known.log, line].slice(-LOG_LINES) })
  } else if (event.type === 'runs') {
    void queries.invalidateQueries({ queryKey: ['runs.list'] })
    void queries.invalidateQueries({ queryKey: ['runs.show', { run: event.run }] })
  }
}

/** Keeps what the window holds up to date; false while the line is down. */
export function useEvents(queries: QueryClient): boolean {
  const [connected, setConnected] = useState(true)
  useEffect(() => watchEvents({ onEvent: (event) => take(queries, event), onLine: setConnected }), [queries])
  return connected
}

/** All jobs that the program knows, the newest first. */
export function useJobs(): readonly Job[] {
  return useCall('jobs.list', {}).data?.jobs ?? NO_JOBS
}

const NO_JOBS: readonly Job[] = []

export const isOver = (job: Job): boolean => job.state === 'done' || job.state === 'failed' || job.state === 'cancelled'
