import { sortedRows, type SortText } from './sort.ts'

export type Table = readonly (readonly string[])[]

/** Lines of cells with tabs between them, as a spreadsheet takes them from the clipboard. */
export const tsv = (table: Table): string => table.map((row) => row.map((cell) => cell.replaceAll(/[\t\r\n]+/g, ' ')).join('\t')).join('\n')

/** RFC 4180, lines end in CRLF. */
export const csv = (table: Table): string => table.map((row) => row.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')).join('\r\n')

interface ValueColumn<Row> {
  readonly id: string
  readonly title: string
  readonly value?: (row: Row) => string | number | null | undefined
}

/** What a table shows, sorted as it is: titles, then the values of its columns with all their digits. */
export function tableOf<Row>(columns: readonly ValueColumn<Row>[], rows: readonly Row[], sort: SortText = ''): Table {
  const sorted = sortedRows(rows, sort, (id) => columns.find((column) => column.id === id)?.value)
  return [columns.map(({ title }) => title), ...sorted.map((row) => columns.map(({ value }) => String(value?.(row) ?? '')))]
}
