import { useCallback, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { SamplesLook, SamplesPart } from '../../../preload/contract/index.ts'
import type { RecipeJson } from '../../client.ts'
import { useSay, type Say, type TextKey } from '../../texts/texts.ts'
import { RawCanvas } from './raw-canvas.tsx'
import { useThumbnails, type Thumbnail } from './thumbnails.ts'
import { isWarning, type Remark } from './worth.ts'

const CELL_WIDTH = 108
const CELL_HEIGHT = 126
/** Rows that are drawn beyond those in sight. */
const SPARE = 2

interface ThumbnailGridProps {
  readonly label: string
  readonly place: RecipeJson
  readonly part: SamplesPart
  /** What decides which files there are. */
  readonly filesKey: string
  readonly look: SamplesLook
  readonly remarks: readonly (readonly Remark[])[]
  /** Places of the files that are shown, in order. */
  readonly files: readonly number[]
  readonly picked: number | null
  readonly onPick: (file: number) => void
}

/** Where the scroller stands, in rows of cells. */
function useSeenRows() {
  const scroller = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState({ top: 0, rows: 4, columns: 5 })
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const measure = (): void => setSeen((old) => {
      const next = { top: Math.floor(element.scrollTop / CELL_HEIGHT), rows: Math.ceil(element.clientHeight / CELL_HEIGHT) + 1, columns: Math.max(1, Math.floor((element.clientWidth - 8) / CELL_WIDTH)) }
      return next.top === old.top && next.rows === old.rows && next.columns === old.columns ? old : next
    })
    const watch = new ResizeObserver(measure)
    watch.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      watch.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [])
  const bring = useCallback((row: number): void => {
    const element = scroller.current
    const start = row * CELL_HEIGHT
    if (element === null) return
    if (start < element.scrollTop) element.scrollTop = start
    else if (start + CELL_HEIGHT > element.scrollTop + element.clientHeight) element.scrollTop = start + CELL_HEIGHT - element.clientHeight
  }, [])
  return { scroller, bring, ...seen }
}

/** Thumbnails of any number of files, drawn only where they are seen. Arrows move and pick. */
export function ThumbnailGrid({ label, place, part, filesKey, look, remarks, files, picked, onPick }: ThumbnailGridProps) {
  const say = useSay()
  const base = useId()
  const { scroller, bring, top, rows, columns } = useSeenRows()
  const active = picked === null ? -1 : files.indexOf(picked)
  const rowCount = Math.ceil(files.length / columns)
  const first = Math.max(0, Math.min(top, rowCount - 1) - SPARE)
  const last = Math.min(rowCount, top + rows + SPARE)
  const wanted = useMemo(() => [...files.slice(top * columns, (top + rows) * columns), ...files.slice((top + rows) * columns, last * columns), ...files.slice(first * columns, top * columns)], [files, top, rows, columns, first, last])
  const thumbnails = useThumbnails(place, part, filesKey, wanted)

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, rows - 1) * columns
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: active + 1, ArrowLeft: Math.max(0, active - 1), ArrowDown: active < 0 ? 0 : active + columns, ArrowUp: active - columns,
      PageDown: active + page, PageUp: active - page, Home: 0, End: files.length - 1,
    }
    const target = targets[event.key]
    if (target === undefined || files.length === 0) return
    event.preventDefault()
    const next = target < 0 ? active % columns : Math.min(files.length - 1, target)
    const file = files[Math.max(0, next)]
    if (file === undefined) return
    onPick(file)
    bring(Math.floor(next / columns))
  }

  const isActiveDrawn = active >= first * columns && active < last * columns
  return (
    <div
      className="samples-grid" role="grid" aria-label={label} aria-rowcount={rowCount} aria-colcount={columns} tabIndex={0} ref={scroller} onKeyDown={onKeyDown}
      aria-activedescendant={isActiveDrawn ? `${base}-${active}` : undefined}
    >
      <div className="samples-grid-body" role="rowgroup" style={{ height: rowCount * CELL_HEIGHT }}>
        {Array.from({ length: Math.max(0, last - first) }, (_, offset) => first + offset).map((row) => (
          <div key={row} role="row" aria-rowindex={row + 1} className="samples-grid-row" style={{ transform: `translateY(${row * CELL_HEIGHT}px)` }}>
            {files.slice(row * columns, (row + 1) * columns).map((file, column) => (
              <Cell
                key={file} id={`${base}-${row * columns + column}`} column={column + 1} name={look.names[file]!} size={[look.width[file]!, look.height[file]!]} drawn={look.drawn[file]!} remarks={remarks[file] ?? []}
                thumbnail={thumbnails.get(file)} isPicked={file === picked} isSettled={look.count !== null} say={say} onPick={() => onPick(file)}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}

interface CellProps {
  readonly id: string
  readonly column: number
  readonly name: string
  readonly size: readonly [width: number, height: number]
  readonly drawn: number
  readonly remarks: readonly Remark[]
  readonly thumbnail: Thumbnail | undefined
  readonly isPicked: boolean
  readonly isSettled: boolean
  readonly say: Say
  readonly onPick: () => void
}

export const remarkText = (say: Say, remark: Remark): string => say(`samples.remark.${remark}` satisfies TextKey)

function Cell({ id, column, name, size, drawn, remarks, thumbnail, isPicked, isSettled, say, onPick }: CellProps) {
  const short = name.slice(name.lastIndexOf('/') + 1)
  const isOut = remarks.includes('out')
  const warnings = remarks.filter((remark) => remark !== 'out' && isWarning(remark))
  const facts = remarks.filter((remark) => !isWarning(remark))
  const count = isSettled ? (isOut ? say('samples.out') : drawn === 0 ? say('samples.not-drawn') : drawn > 1 ? say('samples.drawn', { count: drawn }) : '') : ''
  const words = [size[0] > 0 ? `${size[0]}×${size[1]}` : '', count, ...remarks.filter((remark) => remark !== 'out').map((remark) => remarkText(say, remark))].filter(Boolean)
  return (
    <div
      id={id} role="gridcell" aria-colindex={column} aria-selected={isPicked} aria-label={[short, ...words].join(', ')} title={[name, ...words].join('\n')}
      className="samples-cell" data-picked={isPicked || undefined} data-left={(isSettled && drawn === 0) || undefined} onClick={onPick}
    >
      <span className="samples-thumb">
        {thumbnail?.picture ? <RawCanvas picture={thumbnail.picture} /> : thumbnail === undefined ? null : <span className="samples-broken" aria-hidden="true">✕</span>}
      </span>
      <span className="samples-badges" aria-hidden="true">
        {isOut ? <b data-tone="bad">✕</b> : null}
        {warnings.length > 0 && !isOut ? <b data-tone="warning">!</b> : null}
        {facts.length > 0 ? <b data-tone="muted">{facts.map((fact) => say(`samples.short.${fact as 'turned' | 'alpha' | 'deep'}`)).join(' ')}</b> : null}
        {drawn > 1 ? <b data-tone="muted">×{drawn}</b> : null}
      </span>
      <span className="samples-cell-name mono" aria-hidden="true">{short}</span>
    </div>
  )
}
