import { useQueries, type UseQueryResult } from '@tanstack/react-query'
import type { Trial, TuneMode } from '../../../preload/contract/index.ts'
import { call, type Run, type RunSummary } from '../../client.ts'

/** How many of each kind are looked at, the newest: tries are many, and must not hide the rest. */
const LOOKED_AT = { search: 8, sensitivity: 6, pareto: 6, try: 12 } as const
/** Trials of a search under way are asked for again. */
const LIVE_MS = 1500

/** A run of tuning with the best of its trials, which is chosen where they are measured. */
export type TunedRun = Run & { readonly best?: Trial | undefined }

export interface TuneRuns {
  /** Runs of tuning of this model, the newest first. */
  readonly runs: readonly TunedRun[]
  readonly isKnown: boolean
  readonly error: unknown
}

const combined = (answers: readonly UseQueryResult<{ run: Run; best: number | null }>[]) => ({ runs: answers.flatMap(({ data }): TunedRun[] => (data === undefined ? [] : [{ ...data.run, best: data.run.trials?.[data.best ?? -1] }])), isKnown: answers.every(({ isPending }) => !isPending) })

const listed = (answers: readonly UseQueryResult<{ runs: readonly RunSummary[] }>[]) => ({
  runs: [...new Map(answers.flatMap(({ data }) => (data?.runs ?? []).map((each) => [each.run, each]))).values()].toSorted((a, b) => (a.run < b.run ? 1 : -1)),
  isKnown: answers.every(({ data }) => data !== undefined), error: answers.find(({ error }) => error !== null)?.error ?? null,
})

/** What tuning found of a model so far. */
export function useTuneRuns(model: string): TuneRuns {
  const lists = useQueries({
    queries: Object.entries(LOOKED_AT).map(([tuned, limit]) => {
      const request = { tuned: tuned as TuneMode, recipeModel: model, limit }
      return { queryKey: ['runs.list', request], queryFn: ({ signal }: { signal: AbortSignal }) => call('runs.list', request, signal) }
    }),
    combine: listed,
  })
  const { runs, isKnown } = useQueries({
    queries: lists.runs.map(({ run, status }) => ({
      queryKey: ['runs.show', { run }], queryFn: ({ signal }: { signal: AbortSignal }) => call('runs.show', { run }, signal), refetchInterval: status === 'running' ? LIVE_MS : (false as const),
    })),
    combine: combined,
  })
  return { runs, isKnown: lists.isKnown && isKnown, error: lists.error }
}

export const modelOf = ({ recipe, model }: Run): string | undefined => (recipe as { readonly model?: string } | undefined)?.model ?? model?.path

/** The settings that say what a run was tuned with, for a heading. */
export const settingsText = (settings: readonly string[]): string => settings.map((setting) => setting.replace(/^quantize\./, '')).join('  ')
