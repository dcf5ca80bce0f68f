import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { useJobs } from '../../app/live.ts'
import { call, type Job, type RecipeJson } from '../../client.ts'
import { changeProject, project, recipeAt } from '../../project/project.ts'
import { withKey } from '../../project/project-text.ts'

export interface ChildRun {
  readonly job: Job | undefined
  readonly fault: unknown
  readonly isStarting: boolean
  start(recipe: string): void
}

interface ChildRunOf {
  readonly run: string
  /** The job that the address names. */
  readonly jobId: string | null
  /** Keeps the job in the address, so that a reload finds it again; null takes it away. */
  readonly onJob: (id: string | null) => void
  /** The address behind `?` that the child is to be shown with. */
  readonly search: () => string
}

/** Makes a child of a run and goes to it when it is done; Back leads to the run again. */
export function useChildRun({ run, jobId, onJob, search }: ChildRunOf): ChildRun {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [fault, setFault] = useState<unknown>(null)
  const [isStarting, setStarting] = useState(false)
  const jobs = useJobs()
  const job = jobId === null ? undefined : jobs.find(({ id }) => id === jobId)
  const done = job?.state === 'done' ? job.run : null
  const leave = useRef<(child: string) => Promise<void>>(async () => undefined)
  useEffect(() => {
    leave.current = async (id) => {
      const { run: child } = await call('runs.show', { run: id })
      await queries.invalidateQueries({ queryKey: ['runs.show', { run: id }] })
      adopt(run, child.run, child.recipe as RecipeJson)
      const where = search()
      // The job leaves this place of the browser's history, so that Back does not lead forward again.
      onJob(null)
      await navigate(`/run/${child.run}/layers${where}`)
    }
  })
  useEffect(() => {
    if (done !== null) leave.current(done).catch(setFault)
  }, [done])
  return {
    job, fault, isStarting,
    start(recipe) {
      setFault(null)
      setStarting(true)
      call('jobs.start', { kind: 'run', recipe, parent: run }).then((started) => onJob(started.id), setFault).finally(() => setStarting(false)).catch(setFault)
    },
  }
}

/** The project goes on from the child where it stood on the parent. */
function adopt(parent: string, child: string, recipe: RecipeJson): void {
  const { ran, recipe: wanted } = project()
  if (ran?.id !== parent) return
  const path = ['quantize', 'layers']
  const layers = recipeAt(recipe, path)
  changeProject({ recipe: withKey(wanted, path, layers), ran: { id: child, recipe: withKey(ran.recipe, path, layers) } })
}
