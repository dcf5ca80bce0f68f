import { useCallback, useDeferredValue, useMemo, useRef, type KeyboardEvent } from 'react'
import { useEngineWords } from '../../texts/engine-words.ts'
import { useSay } from '../../texts/texts.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { tableOf, tsv } from '../../ui/delimited.ts'
import type { Column } from '../../ui/grid.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { keyInAddress, KINDS, nameInAddress, type LayersAddress } from './address.ts'
import { firstColumns, layerColumns } from './columns.tsx'
import { readLayerFilter } from './filter.ts'
import { worstOf, type LayerRow } from './rows.ts'
import { ColumnsMenu, CopyMenu, LayerFilterField, useCopy, ViewsMenu } from './table-tools.tsx'

interface LayerTableProps {
  readonly rows: readonly LayerRow[]
  readonly address: LayersAddress
  readonly hasParent: boolean
  readonly hasErrors: boolean
  readonly set: (change: Readonly<Record<string, string>>) => void
}

const keyOf = (row: LayerRow): string => row.key

/** Every tensor, filtered and sorted as the address says. */
export function LayerTable({ rows, address, hasParent, hasErrors, set }: LayerTableProps) {
  const say = useSay()
  const { q, sort, mode, kind, columns: chosen } = address
  const filter = useMemo(() => readLayerFilter(q), [q])
  const line = useDeferredValue(q)
  const ofKind = useMemo(() => (kind === 'all' ? rows : rows.filter((row) => row.kind === kind)), [rows, kind])
  const fitting = useMemo(() => ofKind.filter(readLayerFilter(line).fits), [ofKind, line])
  const words = useEngineWords()
  const facts = useMemo(() => ({ worst: worstOf(rows), mostShare: rows.reduce((most, row) => Math.max(most, row.share ?? 0), 0) }), [rows])
  const all = useMemo(() => layerColumns(say, { ...facts, words }), [say, words, facts])
  const ids = chosen ?? firstColumns(hasParent)
  const idText = ids.join(',')
  const shown = useMemo(() => all.filter(({ id }) => idText.split(',').includes(id)), [all, idText])

  const at = useRef<{ row: LayerRow | undefined; column: Column<LayerRow> | undefined }>({ row: undefined, column: undefined })
  const onCell = useCallback((row: LayerRow | undefined, column: Column<LayerRow> | undefined) => {
    at.current = { row, column }
  }, [])
  const copy = useCopy()
  const cellText = (): string | null => {
    const { row, column = shown.find(({ id }) => id === 'tensor') ?? shown[0] } = at.current
    return row === undefined || column === undefined ? null : String(column.value?.(row) ?? '')
  }
  const rowText = (): string | null => (at.current.row === undefined ? null : tsv(tableOf(shown, [at.current.row]).slice(1)))
  const tableText = (): string => tsv(tableOf(shown, fitting, sort))
  function onKeyDown(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'c' || getSelection()?.isCollapsed === false || event.target instanceof HTMLInputElement) return
    event.preventDefault()
    if (event.shiftKey) copy(rowText(), say('layers.copy.row'))
    else copy(cellText(), say('layers.copy.cell'))
  }

  return (
    <section className="panel layers-table" data-grows aria-label={say('layers')} onKeyDown={onKeyDown}>
      <header className="panel-head">
        <h2 className="panel-title">{say('layers')}</h2>
        <LayerFilterField line={q} unknown={filter.unknown} shown={fitting.length} all={ofKind.length} onChange={(next) => set({ q: next })} />
        {hasErrors ? (
          <Segmented
            label={say('layers.mode')} value={mode} onChange={(next) => set({ mode: next === 'alone' ? 'alone' : '' })}
            choices={[{ value: 'alone', name: say('layers.alone') }, { value: 'accumulated', name: say('layers.accumulated') }]}
          />
        ) : null}
        <select className="field kind-field" aria-label={say('kind')} value={kind} onChange={(event) => set({ kind: event.target.value === 'activation' ? '' : event.target.value })}>
          {KINDS.map((each) => <option key={each} value={each}>{say(each === 'all' ? 'layers.kind.all' : `layers.kind.${each}`)}</option>)}
        </select>
        <span className="tools">
          <ViewsMenu current={{ q, sort, columns: chosen?.join(',') ?? '', mode }} onTake={(view) => set({ q: view.q, sort: view.sort, columns: view.columns, mode: view.mode === 'alone' ? 'alone' : '' })} />
          <ColumnsMenu
            columns={all} shown={ids} onReset={() => set({ columns: '' })}
            onToggle={(id) => set({ columns: all.map((column) => column.id).filter((each) => ids.includes(each) !== (each === id)).join(',') })}
          />
          <CopyMenu cell={cellText} row={rowText} table={tableText} />
        </span>
      </header>
      <DataTable
        label={say('layers')} rows={fitting} columns={shown} keyOf={keyOf} sort={sort} onSort={(next) => set({ sort: next })} onCell={onCell}
        current={keyInAddress(address.tensor)} onCurrent={(row) => set({ tensor: nameInAddress(row.key), zoom: '' })} empty={say('none-fit')}
      />
    </section>
  )
}
