import { keepPreviousData, useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useCallback, useState } from 'react'

/** Rows of a page. */
export const PAGE = 100
/** Pages are asked for so many rows before they come into sight. */
const AHEAD = 60
/** A page out of sight is forgotten after a minute. */
const KEPT_MS = 60_000

export interface Page<Row> {
  readonly total: number
  readonly rows: readonly Row[]
}

export interface Pages<Row> {
  /** Undefined until the first page is here. */
  readonly total: number | undefined
  readonly rowAt: (index: number) => Row | undefined
  readonly onSight: (first: number, end: number) => void
  readonly error: Error | null
  /** What is shown still answers the question before. */
  readonly isOld: boolean
}

/** Pages, but the first, of the rows `first` to below `end` and a few more. */
export function pagesOf(first: number, end: number): readonly number[] {
  const from = Math.max(1, Math.floor((first - AHEAD) / PAGE))
  const to = Math.floor((end - 1 + AHEAD) / PAGE)
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, place) => from + place)
}

const dataOf = <Row>(answers: readonly UseQueryResult<Page<Row>>[]): readonly (Page<Row> | undefined)[] => answers.map((answer) => answer.data)

/**
 * Rows of a list that is longer than one wants to fetch: the first page always, others as they come into sight. Rows of the
 * question before stay until the new ones are here. `key` is the question; `load` gives `PAGE` rows from an offset on.
 */
export function usePages<Row>(key: readonly unknown[], load: (offset: number, signal: AbortSignal) => Promise<Page<Row>>): Pages<Row> {
  const [seen, setSeen] = useState<readonly number[]>([])
  const ask = (page: number) => ({ queryKey: [...key, page], queryFn: ({ signal }: { signal: AbortSignal }) => load(page * PAGE, signal) })
  const first = useQuery({ ...ask(0), placeholderData: keepPreviousData })
  const total = first.data?.total
  const wanted = first.isPlaceholderData ? NONE : seen.filter((page) => page * PAGE < (total ?? 0))
  const others = useQueries({ queries: wanted.map((page) => ({ ...ask(page), gcTime: KEPT_MS })), combine: dataOf<Row> })
  const places = wanted.join()
  const rowAt = useCallback((index: number): Row | undefined => {
    const page = Math.floor(index / PAGE)
    return (page === 0 ? first.data : others[places.split(',').indexOf(String(page))])?.rows[index - page * PAGE]
  }, [first.data, others, places])
  const onSight = useCallback((from: number, end: number): void => {
    const pages = pagesOf(from, end)
    setSeen((known) => (known.join() === pages.join() ? known : pages))
  }, [])
  return { total, rowAt, onSight, error: first.error, isOld: first.isPlaceholderData }
}

const NONE: readonly number[] = []
