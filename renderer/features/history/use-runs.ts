import { useCallback, useMemo } from 'react'
import { RUN_ORDER, type RunPageFilter, type RunSummary } from '../../../preload/contract/index.ts'
import { call } from '../../client.ts'
import { sortKeys } from '../../ui/sort.ts'
import { PAGE, usePages, type Pages } from '../../ui/use-pages.ts'

const isOrder = (id: string) => RUN_ORDER.safeParse(id).success

/** The runs that fit, sorted by the store, page by page. */
export function useRuns(filter: NonNullable<RunPageFilter>, sort: string): Pages<RunSummary> {
  const order = useMemo(() => sortKeys(sort).filter(({ id }) => isOrder(id)).slice(0, 8).map(({ id, down }) => ({ by: RUN_ORDER.parse(id), down })), [sort])
  const load = useCallback(async (offset: number, signal: AbortSignal) => {
    const { total, runs } = await call('runs.page', { filter, sort: order, offset, limit: PAGE }, signal)
    return { total, rows: runs }
  }, [filter, order])
  return usePages<RunSummary>(['runs.page', filter, order], load)
}
