import { useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { call } from '../client.ts'
import { useSay } from '../texts/texts.ts'
import { shortRun } from './format.ts'
import { toast, toastFault } from './toast.tsx'

export type ChangeRuns = <T>(work: () => Promise<T>) => Promise<T | null>

/** Writes on runs; what the window holds of runs is then asked for again. What was refused is said in a toast, and null comes back. */
export function useRunChange(): ChangeRuns {
  const queries = useQueryClient()
  return useCallback(async (work) => {
    const done = await work().catch((error: unknown) => {
      toastFault(error)
      return null
    })
    void queries.invalidateQueries({ predicate: ({ queryKey: [first] }) => typeof first === 'string' && first.startsWith('runs.') })
    return done
  }, [queries])
}

/** Archives runs or takes them back, and offers to undo it; false where it was refused. */
export function useArchive(): (runs: readonly string[], archived: boolean) => Promise<boolean> {
  const say = useSay()
  const change = useRunChange()
  return useCallback(async (runs, archived) => {
    const put = (to: boolean) => change(() => Promise.all(runs.map((run) => call('runs.archive', { run, archived: to }))))
    if (await put(archived) === null) return false
    const which = runs.length === 1 ? shortRun(runs[0]!) : ''
    const text = archived ? say('marks.archived', { count: runs.length, which }) : say('marks.taken-back', { count: runs.length, which })
    toast({ text: text.trim(), undo: () => void put(!archived) })
    return true
  }, [say, change])
}
