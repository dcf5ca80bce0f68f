import { useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { call, faultOf } from '../client.ts'
import { useSay } from '../texts/texts.ts'
import { shortRun } from './format.ts'
import { toast } from './toast.tsx'

export type ChangeRuns = <T>(work: () => Promise<T>) => Promise<T | null>

/** Writes on runs; what the window holds of runs is then asked for again. What was refused is said in a toast, and null comes back. */
export function useRunChange(): ChangeRuns {
  const queries = useQueryClient()
  return useCallback(async (work) => {
    const done = await work().catch((error: unknown) => {
      const { what, next } = faultOf(error)
      toast({ text: [what, next].filter(Boolean).join('. '), tone: 'bad' })
      return null
    })
    void queries.invalidateQueries({ predicate: ({ queryKey: [first] }) => typeof first === 'string' && first.startsWith('runs.') })
    return done
  }, [queries])
}

/** Archives runs or takes them back, and offers to undo it. */
export function useArchive(): (runs: readonly string[], archived: boolean) => Promise<void> {
  const say = useSay()
  const change = useRunChange()
  return useCallback(async (runs, archived) => {
    const put = (to: boolean) => change(() => Promise.all(runs.map((run) => call('runs.archive', { run, archived: to }))))
    if (await put(archived) === null) return
    const which = runs.length === 1 ? shortRun(runs[0]!) : ''
    const text = archived ? say('marks.archived', { count: runs.length, which }) : say('marks.taken-back', { count: runs.length, which })
    toast({ text: text.trim(), undo: () => void put(!archived) })
  }, [say, change])
}
