import { useCallback, useMemo } from 'react'
import { Grid, type GridParts } from './grid.tsx'
import { sortedRows } from './sort.ts'

export type { Column } from './grid.tsx'
export type { SortText } from './sort.ts'

export interface DataTableProps<Row> extends GridParts<Row> {
  readonly rows: readonly Row[]
}

/** A table of rows that are all here; it sorts them itself. */
export function DataTable<Row extends object>({ rows, ...parts }: DataTableProps<Row>) {
  const { columns, sort = '' } = parts
  const sorted = useMemo(() => sortedRows(rows, sort, (id) => columns.find((column) => column.id === id)?.value), [rows, sort, columns])
  const rowAt = useCallback((index: number) => sorted[index], [sorted])
  const { current, keyOf } = parts
  const currentIndex = useMemo(() => (current === undefined ? undefined : sorted.findIndex((row) => keyOf(row) === current)), [sorted, current, keyOf])
  return <Grid {...parts} count={sorted.length} rowAt={rowAt} {...(currentIndex === undefined ? {} : { currentIndex })} />
}
