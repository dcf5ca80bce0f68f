import { useEffect } from 'react'
import { isOver, useJobs } from '../app/live.ts'
import { faultOf, useCall } from '../client.ts'
import { changeProject, useProject } from './project.ts'

/** Kinds whose job gives several runs. */
const SEVERAL: readonly string[] = ['methods']

/**
 * When the job of the project is done, its run is the project's. A job of several runs waits for a person to choose one; one that a
 * program before this took with it is let go.
 */
export function useProjectJob(): void {
  const { job: watched } = useProject()
  const job = useJobs().find(({ id }) => id === watched?.id)
  // Only this tells that there is no such job: a list may be a moment older than it.
  const { error } = useCall('jobs.get', { id: watched?.id ?? '' }, { enabled: watched !== null })
  const isGone = error !== null && faultOf(error).code === 'input.unknown-job'
  useEffect(() => {
    if (watched === null) return
    if (isGone) changeProject({ job: null })
    else if (job !== undefined && isOver(job) && !SEVERAL.includes(job.kind)) changeProject(job.state === 'done' && job.run !== null ? { job: null, ran: { id: job.run, recipe: watched.recipe } } : { job: null })
  }, [watched, job, isGone])
}
