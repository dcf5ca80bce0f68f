import { useEffect } from 'react'
import { isOver, useJobs } from '../app/live.ts'
import { changeProject, useProject } from './project.ts'

/** Kinds whose job gives several runs. */
const SEVERAL: readonly string[] = ['methods']

/** When the job of the project is done, its run is the project's. A job of several runs waits for a person to choose one. */
export function useProjectJob(): void {
  const { job: watched } = useProject()
  const job = useJobs().find(({ id }) => id === watched?.id)
  useEffect(() => {
    if (watched === null || job === undefined || !isOver(job) || SEVERAL.includes(job.kind)) return
    changeProject(job.state === 'done' && job.run !== null ? { job: null, ran: { id: job.run, recipe: watched.recipe } } : { job: null })
  }, [watched, job])
}
