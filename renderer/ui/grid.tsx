import { memo, useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { useSay } from '../texts/texts.ts'
import { nextActive } from './next-active.ts'
import { sortKeys, toggledSort, type SortText } from './sort.ts'
import { useSight } from './use-sight.ts'
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
  /** Says more than the title. */
  readonly titleHint?: string
  /** Stays in view when the table is scrolled sideways; for the first columns only. */
  readonly frozen?: boolean
}

export interface GridParts<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  readonly sort?: SortText
  readonly onSort?: (sort: SortText) => void
  /** Enter or a double click; also a click where rows can neither be selected nor made current. */
  readonly onOpen?: (row: Row) => void
  /** Keys of the rows that are picked. */
  readonly selected?: ReadonlySet<string>
  /** A click on a row's box, or Space; on the row itself where there is no `onCurrent`. `extends`: up to here from the last one. */
  readonly onSelect?: (row: Row, index: number, extend: boolean) => void
  /** The box in the head. */
  readonly onSelectAll?: () => void
  /** Key of the row that the screen shows more of. */
  readonly current?: string
  readonly onCurrent?: (row: Row) => void
  /** Arrows to the side walk along the cells of a row; told which cell is active, undefined for the whole row. */
  readonly onCell?: (row: Row | undefined, column: Column<Row> | undefined) => void
  readonly empty?: ReactNode
}

export interface GridProps<Row> extends GridParts<Row> {
  readonly count: number
  /** The row at a place; undefined while it is not here yet. */
  readonly rowAt: (index: number) => Row | undefined
  /** Told which rows are drawn: `first` to below `end`. */
  readonly onSight?: (first: number, end: number) => void
  /** What the rows are an answer to: where it changes the table goes back to its top. */
  readonly origin?: string
  /** Place of the row that is `current`: the keys go on from there, and it is brought into view. */
  readonly currentIndex?: number
}

const ROW_HEIGHT = 30

const tracksOf = (columns: readonly Column<never>[], picks: boolean): string => [...(picks ? ['34px'] : []), ...columns.map((column) => column.width)].join(' ')

/**
 * A table whose rows are drawn only where they are seen, wherever they come from. Arrows move, Space selects, Enter opens. A row that
 * comes into sight takes over the elements of one that went out of it, so cells can keep no state of their own.
 */
export function Grid<Row extends object>(props: GridProps<Row>) {
  const { label, columns, keyOf, selected, onSelect, onSelectAll, onOpen, onCurrent, current, empty, count, rowAt, onSight, origin, sort = '', onCell, currentIndex } = props
  const say = useSay()
  const base = useId()
  const [active, setActive] = useState(-1)
  const [cell, setCell] = useState(-1)
  const { scroller, first, end, fits, slots, isWide, bring } = useSight(count, ROW_HEIGHT)
  const picks = onSelect !== undefined
  const tracks = useMemo(() => tracksOf(columns as readonly Column<never>[], picks), [columns, picks])
  const sorted = new Map(sortKeys(sort).map((key) => [key.id, key.down]))

  useEffect(() => onSight?.(first, end), [onSight, first, end])
  const shown = useRef(origin)
  useLayoutEffect(() => {
    if (shown.current === origin) return
    shown.current = origin
    setActive(-1)
    bring(0)
  }, [origin, bring])

  const [followed, setFollowed] = useState<number>()
  if (currentIndex !== followed) {
    setFollowed(currentIndex)
    if (currentIndex !== undefined && currentIndex >= 0) setActive(currentIndex)
  }
  useLayoutEffect(() => {
    if (currentIndex !== undefined && currentIndex >= 0) bring(currentIndex)
  }, [currentIndex, bring])
  useEffect(() => onCell?.(rowAt(active), columns[cell]), [onCell, rowAt, active, columns, cell])

  function onKeyDown(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
    const row = rowAt(active)
    if (event.key === 'Enter' && row !== undefined) onOpen?.(row)
    else if (event.key === ' ' && row !== undefined) onSelect?.(row, active, event.shiftKey)
    else if (onCell !== undefined && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) setCell(Math.max(-1, Math.min(columns.length - 1, cell + (event.key === 'ArrowRight' ? 1 : -1))))
    else {
      const next = nextActive(event.key, active, count, fits - 1)
      if (next === null) return
      setActive(next)
      bring(next)
      const there = rowAt(next)
      if (there !== undefined) onCurrent?.(there)
    }
    event.preventDefault()
  }

  function onClick(event: MouseEvent): void {
    const index = placeOf(event)
    const row = rowAt(index)
    if (row === undefined) return
    setActive(index)
    if (onSelect !== undefined && (onCurrent === undefined || isBox(event))) onSelect(row, index, event.shiftKey)
    else (onCurrent ?? onOpen)?.(row)
  }

  const drawn = Array.from({ length: Math.max(0, end - first) }, (_, place) => first + place)
  return (
    <div
      className="table" role="grid" aria-label={label} aria-rowcount={count + 1} aria-multiselectable={onSelect !== undefined || undefined}
      data-wide={isWide || undefined} tabIndex={0} ref={scroller} onKeyDown={onKeyDown} aria-activedescendant={active >= first && active < end ? `${base}-${active}${cell >= 0 ? `-${cell}` : ''}` : undefined}
    >
      <div className="table-inner" role="presentation">
        <div className="table-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
          {onSelect === undefined ? null : (
            <div role="columnheader" className="table-cell table-pick" aria-label={say('table.selected')}>
              {onSelectAll === undefined ? null : <button type="button" className="table-box" aria-label={say('table.select-all')} aria-pressed={(selected?.size ?? 0) > 0} onClick={onSelectAll} />}
            </div>
          )}
          {columns.map((column) => (
            <HeadCell
              key={column.id} column={column} down={sorted.get(column.id)}
              onSort={(adds) => props.onSort?.(toggledSort(sort, column.id, { adds, downFirst: column.align === 'right' }))}
            />
          ))}
        </div>
        {count === 0 ? <div role="row"><div role="gridcell" className="table-empty">{empty}</div></div> : null}
        <div
          className="table-body" role="rowgroup" style={{ height: count * ROW_HEIGHT }} onClick={onClick}
          onDoubleClick={(event) => { const row = isBox(event) ? undefined : rowAt(placeOf(event)); if (row !== undefined) onOpen?.(row) }}
        >
          {drawn.map((index) => {
            const row = rowAt(index)
            const key = row === undefined ? null : keyOf(row)
            return (
              <GridRow
                key={index % slots} id={`${base}-${index}`} index={index} row={row} columns={columns as readonly Column<object>[]} tracks={tracks} opens={onOpen !== undefined || onCurrent !== undefined}
                isActive={index === active} activeCell={index === active ? cell : -1} isCurrent={key !== null && key === current} picked={onSelect === undefined ? undefined : key !== null && (selected?.has(key) ?? false)}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

/** One handler for all rows: a row's place stands on its element. */
function placeOf(event: MouseEvent): number {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-place]') : null
  return Number(row?.dataset['place'] ?? -1)
}

const isBox = (event: MouseEvent): boolean => event.target instanceof Element && event.target.closest('.table-pick') !== null

interface GridRowProps {
  readonly id: string
  readonly index: number
  readonly row: object | undefined
  readonly columns: readonly Column<object>[]
  readonly tracks: string
  readonly opens: boolean
  readonly isActive: boolean
  /** -1: none. */
  readonly activeCell: number
  readonly isCurrent: boolean
  /** Absent: rows cannot be picked. */
  readonly picked: boolean | undefined
}

/** Drawn again only where something of it changed: scrolling costs the rows that come into sight. */
const GridRow = memo(function GridRow({ id, index, row, columns, tracks, opens, isActive, activeCell, isCurrent, picked }: GridRowProps) {
  return (
    <div
      id={id} role="row" aria-rowindex={index + 2} aria-selected={picked} aria-current={isCurrent || undefined} aria-busy={row === undefined || undefined} className="table-row" data-place={index}
      data-active={isActive || undefined} data-selected={picked || undefined} data-current={isCurrent || undefined} data-opens={opens || undefined}
      style={{ gridTemplateColumns: tracks, top: index * ROW_HEIGHT }}
    >
      {picked === undefined ? null : <div role="gridcell" className="table-cell table-pick"><span className="table-box" /></div>}
      {columns.map((column, place) => (
        <div key={column.id} role="gridcell" id={activeCell === place ? `${id}-${place}` : undefined} className="table-cell" data-active-cell={activeCell === place || undefined} data-align={column.align} data-frozen={column.frozen} title={row === undefined ? undefined : column.hint?.(row)}>
          {row === undefined ? <span className="table-wait" /> : column.cell(row)}
        </div>
      ))}
    </div>
  )
})

interface HeadCellProps<Row> {
  readonly column: Column<Row>
  readonly down: boolean | undefined
  readonly onSort: (adds: boolean) => void
}

function HeadCell<Row>({ column, down, onSort }: HeadCellProps<Row>) {
  const order = down === undefined ? undefined : down ? 'descending' : 'ascending'
  return (
    <div role="columnheader" className="table-cell" data-align={column.align} data-frozen={column.frozen} aria-sort={order} title={column.titleHint}>
      {column.value === undefined ? column.title : (
        <button type="button" className="table-sort" onClick={(event) => onSort(event.shiftKey)}>
          {column.title}<span aria-hidden="true">{order === undefined ? '' : order === 'ascending' ? ' ↑' : ' ↓'}</span>
        </button>
      )}
    </div>
  )
}
