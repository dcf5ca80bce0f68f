import {
  createSortedRowModel, rowSortingFeature, sortFn_basic, sortFn_text, tableFeatures, useTable,
  type ColumnDef, type SortingState, type Updater,
} from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useSay } from '../texts/texts.ts'
import { nextActive } from './next-active.ts'
import './data-table.css'

export interface Column<Row> {
  readonly id: string
  readonly title: string
  /** A CSS grid track: `90px`, `minmax(120px, 2fr)`. */
  readonly width: string
  readonly align?: 'right'
  /** What the column is sorted by; null and undefined come last. Absent: not sortable. */
  readonly value?: (row: Row) => string | number | null | undefined
  readonly cell: (row: Row) => ReactNode
  /** The full text of what may be cut off. */
  readonly hint?: (row: Row) => string
}

/** A sort as it stands in the address: `sqnr` upwards, `-sqnr` downwards; several are joined by commas. */
export type SortText = string

export interface DataTableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  readonly sort?: SortText
  readonly onSort?: (sort: SortText) => void
  /** Enter or a double click; also a click where nothing can be selected. */
  readonly onOpen?: (row: Row) => void
  readonly selected?: ReadonlySet<string>
  readonly onSelect?: (row: Row) => void
  readonly empty?: ReactNode
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic, text: sortFn_text },
})

const ROW_HEIGHT = 30

const sortingOf = (sort: SortText): SortingState =>
  sort.split(',').filter(Boolean).map((part) => ({ id: part.replace(/^-/, ''), desc: part.startsWith('-') }))

const sortTextOf = (sorting: SortingState): SortText => sorting.map(({ id, desc }) => (desc ? `-${id}` : id)).join(',')

function useSortedRows<Row extends object>({ rows, columns, keyOf, sort = '', onSort }: DataTableProps<Row>) {
  const definitions = useMemo(() => columns.map((column): ColumnDef<typeof features, Row> => ({
    id: column.id,
    accessorFn: (row: Row) => column.value?.(row) ?? undefined,
    enableSorting: column.value !== undefined,
    sortUndefined: 'last',
    sortFn: 'basic',
  })), [columns])
  const data = useMemo(() => [...rows], [rows])
  const sorting = useMemo(() => sortingOf(sort), [sort])
  const table = useTable({
    features,
    data,
    columns: definitions,
    getRowId: keyOf,
    state: { sorting },
    onSortingChange: (change: Updater<SortingState>) => onSort?.(sortTextOf(typeof change === 'function' ? change(sorting) : change)),
  })
  return { table, sorted: table.getRowModel().rows }
}

/** A table whose rows are drawn only where they are seen. Arrows move, Space selects, Enter opens. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, selected, onSelect, onOpen, empty } = props
  const { table, sorted } = useSortedRows(props)
  const scroller = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState(-1)
  const base = useId()
  const chosen = useSay()('table.selected')
  const virtual = useVirtualizer({ count: sorted.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT, overscan: 12 })
  const tracks = { gridTemplateColumns: [...(onSelect === undefined ? [] : ['34px']), ...columns.map((column) => column.width)].join(' ') }
  const marks = new Map(sortingOf(props.sort ?? '').map((each) => [each.id, each.desc]))

  function onKeyDown(event: KeyboardEvent) {
    if (event.target !== event.currentTarget) return
    const row = sorted[active]?.original
    if (event.key === 'Enter' && row !== undefined) onOpen?.(row)
    else if (event.key === ' ' && row !== undefined) onSelect?.(row)
    else {
      const next = nextActive(event.key, active, sorted.length, Math.floor((scroller.current?.clientHeight ?? 300) / ROW_HEIGHT) - 1)
      if (next === null) return
      setActive(next)
      virtual.scrollToIndex(next)
    }
    event.preventDefault()
  }

  return (
    <div
      className="table" role="grid" aria-label={label} aria-rowcount={sorted.length + 1} aria-multiselectable={onSelect !== undefined || undefined}
      tabIndex={0} ref={scroller} onKeyDown={onKeyDown} aria-activedescendant={active >= 0 ? `${base}-${active}` : undefined}
    >
      <div className="table-head" role="row" aria-rowindex={1} style={tracks}>
        {onSelect === undefined ? null : <div role="columnheader" className="table-cell" aria-label={chosen} />}
        {columns.map((column) => (
          <HeadCell
            key={column.id} column={column} down={marks.get(column.id)}
            onSort={(event) => table.getColumn(column.id)?.toggleSorting(undefined, event.shiftKey)}
          />
        ))}
      </div>
      {sorted.length === 0 ? <div role="row"><div role="gridcell" className="table-empty">{empty}</div></div> : null}
      <div className="table-body" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = sorted[index]!
          const isSelected = selected?.has(row.id) ?? false
          return (
            <div
              key={row.id} id={`${base}-${index}`} role="row" aria-rowindex={index + 2} aria-selected={onSelect ? isSelected : undefined}
              className="table-row" data-active={index === active || undefined} data-selected={isSelected || undefined}
              data-opens={onOpen !== undefined || undefined} style={{ ...tracks, transform: `translateY(${start}px)` }}
              onClick={() => { setActive(index); (onSelect ?? onOpen)?.(row.original) }}
              onDoubleClick={() => onOpen?.(row.original)}
            >
              {onSelect === undefined ? null : <div role="gridcell" className="table-cell table-pick" aria-label={isSelected ? chosen : undefined}>{isSelected ? '☑' : '☐'}</div>}
              {columns.map((column) => (
                <div key={column.id} role="gridcell" className="table-cell" data-align={column.align} title={column.hint?.(row.original)}>
                  {column.cell(row.original)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}

interface HeadCellProps<Row> {
  readonly column: Column<Row>
  readonly down: boolean | undefined
  readonly onSort: (event: { readonly shiftKey: boolean }) => void
}

function HeadCell<Row>({ column, down, onSort }: HeadCellProps<Row>) {
  const order = down === undefined ? undefined : down ? 'descending' : 'ascending'
  return (
    <div role="columnheader" className="table-cell" data-align={column.align} aria-sort={order}>
      {column.value === undefined ? column.title : (
        <button type="button" className="table-sort" onClick={onSort}>
          {column.title}<span aria-hidden="true">{order === undefined ? '' : order === 'ascending' ? ' ↑' : ' ↓'}</span>
        </button>
      )}
    </div>
  )
}
