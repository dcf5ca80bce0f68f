import { useQueries, type UseQueryResult } from '@tanstack/react-query'
import { call, useCall, type Run } from '../../client.ts'

const LOOKED_AT = 16
/** Trials of a search under way are asked for again. */
const LIVE_MS = 1500

export interface TuneRuns {
  /** Runs of tuning of this model, the newest first. */
  readonly runs: readonly Run[]
  readonly isKnown: boolean
  readonly error: unknown
}

const combined = (answers: readonly UseQueryResult<{ run: Run }>[]) => ({ runs: answers.flatMap(({ data }) => (data === undefined ? [] : [data.run])), isKnown: answers.every(({ isPending }) => !isPending) })

/** What tuning found of a model so far. */
export function useTuneRuns(model: string): TuneRuns {
  const { data, error } = useCall('runs.list', { verb: 'tune', limit: LOOKED_AT })
  const { runs, isKnown } = useQueries({
    queries: (data?.runs ?? []).map(({ run, status }) => ({
      queryKey: ['runs.show', { run }], queryFn: ({ signal }: { signal: AbortSignal }) => call('runs.show', { run }, signal), refetchInterval: status === 'running' ? LIVE_MS : (false as const),
    })),
    combine: combined,
  })
  return { runs: runs.filter((run) => modelOf(run) === model), isKnown: data !== undefined && isKnown, error }
}

export const modelOf = ({ recipe, model }: Run): string | undefined => (recipe as { readonly model?: string } | undefined)?.model ?? model?.path

/** The settings that say what a run was tuned with, for a heading. */
export const settingsText = (settings: readonly string[]): string => settings.map((setting) => setting.replace(/^quantize\./, '')).join('  ')
