import { IconTransform } from '@tabler/icons-react'
import { useMemo, type ReactNode } from 'react'
import { useParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { useCall } from '../../client.ts'
import type { ComparedRuns } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { csv, tableOf, tsv, type Table } from '../../ui/delimited.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { grouped, shortRun } from '../../ui/format.ts'
import type { Column } from '../../ui/grid.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAddress, type ChangeAddress } from '../../ui/use-address.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { layerColumns, layerMeasureName, scaleColumns } from './compared-columns.tsx'
import { comparedRows, comparedTable, LAYER_MEASURES, SCALE_MEASURES } from './compared-rows.ts'
import { ComparedView } from './compared-view.tsx'
import './diff.css'

const PARTS = ['summary', 'scales', 'layers'] as const
const MODES = ['accumulated', 'alone'] as const

/** More names than that push the rest out of the bar. */
const MOST_NAMED = 3

/** What sets 2–8 runs apart, counted from one of them. */
export function DiffScreen() {
  const say = useSay()
  const { a, b, runs: joined = `${a},${b}` } = useParams()
  const [parameters, set] = useAddress()
  const runs = useMemo(() => joined.split(',').filter(Boolean), [joined])
  const all = parameters.get('all') === '1'
  const part = PARTS.find((each) => each === parameters.get('part')) ?? 'summary'
  const { data, error } = useCall('runs.compare', { runs, all }, { keepPrevious: true })
  const names = { summary: say('diff.summary'), scales: `${say('scales')} ${grouped(data?.scales.length)}`, layers: `${say('layers')} ${grouped(data?.layers.length)}` }
  return (
    <Screen
      crumbs={[{ name: say('history'), to: '/history' }, runs.length <= MOST_NAMED ? { name: runs.map(shortRun).join(runs.length === 2 ? ' → ' : ' · '), mono: true } : { name: say('history.count', { count: runs.length, shown: runs.length }) }]}
      steps={<Segmented label={say('diff.parts')} value={part} choices={PARTS.map((value) => ({ value, name: names[value] }))} onChange={(next) => set({ part: next === 'summary' ? '' : next, sort: '', q: '' })} />}
      action={(
        <Segmented
          label={say('diff.shown')} value={all ? 'all' : 'only'} onChange={(value) => set({ all: value === 'all' ? '1' : '' })}
          choices={[{ value: 'only', name: say('diff.only') }, { value: 'all', name: say('diff.all') }]}
        />
      )}
    >
      {error === null ? null : <FaultNotice fault={error} />}
      {data === undefined ? null : (
        <div className="diff">
          {part === 'summary' ? <Summary compared={data} parameters={parameters} set={set} /> : null}
          {part === 'scales' ? <Scales compared={data} parameters={parameters} set={set} /> : null}
          {part === 'layers' ? <Layers compared={data} parameters={parameters} set={set} /> : null}
        </div>
      )}
    </Screen>
  )
}

interface PartProps {
  readonly compared: ComparedRuns
  readonly parameters: URLSearchParams
  readonly set: ChangeAddress
}

/** Place of the run that changes count from: the first unless another was chosen. */
const baseOf = ({ runs }: ComparedRuns, parameters: URLSearchParams): number => Math.max(0, runs.findIndex(({ run }) => run === parameters.get('base')))

function Copies({ table }: { readonly table: () => Table }) {
  const say = useSay()
  return <span className="diff-copies"><CopyButton text={() => tsv(table())} label={say('diff.copy-tsv')} /><CopyButton text={() => csv(table())} label={say('diff.copy-csv')} /></span>
}

function Summary({ compared, parameters, set }: PartProps) {
  const say = useSay()
  const base = baseOf(compared, parameters)
  const rows = useMemo(() => comparedRows(compared), [compared])
  const transposed = parameters.get('turn') === '1'
  return (
    <Panel
      title={say('diff.summary')} grows
      aside={(
        <>
          <span className="panel-note">{say('diff.rows', { count: rows.length })} · {say('diff.base.note', { run: shortRun(compared.runs[base]?.run ?? '') })}</span>
          <span className="bar-space" />
          <Button aria-pressed={transposed} onClick={() => set({ turn: transposed ? '' : '1' })}><IconTransform size={15} aria-hidden /> {say('diff.transpose')}</Button>
          <Copies table={() => comparedTable(compared.runs.map(({ run }) => run), rows, base, transposed)} />
        </>
      )}
    >
      {rows.length === 0 ? <p className="panel-text">{say('diff.same')}</p> : (
        <div className="diff-scroll" tabIndex={0} role="region" aria-label={say('diff.summary')}>
          <ComparedView runs={compared.runs} rows={rows} base={base} transposed={transposed} onBase={(run) => set({ base: run })} />
        </div>
      )}
    </Panel>
  )
}

interface RowsProps<Row> {
  readonly title: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  readonly parameters: URLSearchParams
  readonly set: ChangeAddress
  readonly base: ReactNode
  readonly children: ReactNode
}

function Rows<Row extends { readonly tensor: string }>({ title, rows, columns, keyOf, parameters, set, base, children }: RowsProps<Row>) {
  const say = useSay()
  const text = parameters.get('q') ?? ''
  const sort = parameters.get('sort') ?? ''
  const shown = useMemo(() => rows.filter(({ tensor }) => tensor.toLowerCase().includes(text.trim().toLowerCase())), [rows, text])
  return (
    <Panel
      title={title} grows
      aside={(
        <>
          <span className="filter diff-filter">
            <input className="field mono" data-filter type="search" spellCheck={false} value={text} onChange={(event) => set({ q: event.target.value })} placeholder={say('filter.names')} aria-label={say('filter')} />
            <span className="filter-count number" role="status">{grouped(shown.length)} / {grouped(rows.length)}</span>
          </span>
          {children}{base}
          <Copies table={() => tableOf(columns, shown, sort)} />
        </>
      )}
    >
      <DataTable label={title} rows={shown} columns={columns} keyOf={keyOf} sort={sort} onSort={(next) => set({ sort: next })} empty={rows.length === 0 ? say('diff.same') : say('none-fit')} />
    </Panel>
  )
}

function BaseChoice({ compared, parameters, set }: PartProps) {
  const say = useSay()
  const base = baseOf(compared, parameters)
  return (
    <label className="check-line">◆ {say('diff.base')}
      <select className="field mono" value={compared.runs[base]?.run} onChange={(event) => set({ base: event.target.value })}>
        {compared.runs.map(({ run }) => <option key={run} value={run}>{shortRun(run)}</option>)}
      </select>
    </label>
  )
}

function Scales({ compared, parameters, set }: PartProps) {
  const say = useSay()
  const base = baseOf(compared, parameters)
  const measure = SCALE_MEASURES.find((each) => each === parameters.get('scale')) ?? 'scale'
  const columns = useMemo(() => scaleColumns(say, compared, base, measure), [say, compared, base, measure])
  return (
    <Rows title={say('scales')} rows={compared.scales} columns={columns} keyOf={(row) => `${row.kind} ${row.tensor}`} parameters={parameters} set={set} base={<BaseChoice compared={compared} parameters={parameters} set={set} />}>
      <Segmented label={say('diff.measure')} value={measure} choices={SCALE_MEASURES.map((value) => ({ value, name: say(value) }))} onChange={(next) => set({ scale: next === 'scale' ? '' : next, sort: '' })} />
    </Rows>
  )
}

function Layers({ compared, parameters, set }: PartProps) {
  const say = useSay()
  const base = baseOf(compared, parameters)
  const measure = LAYER_MEASURES.find((each) => each === parameters.get('layer')) ?? 'sqnrDb'
  const modes = MODES.filter((mode) => compared.layers.some((row) => row.mode === mode))
  const mode = modes.find((each) => each === parameters.get('mode')) ?? modes[0]
  const rows = compared.layers.filter((row) => row.mode === mode)
  const columns = useMemo(() => layerColumns(say, compared, base, measure), [say, compared, base, measure])
  return (
    <Rows title={say('layers')} rows={rows} columns={columns} keyOf={(row) => `${row.mode} ${row.node} ${row.tensor}`} parameters={parameters} set={set} base={<BaseChoice compared={compared} parameters={parameters} set={set} />}>
      {mode === undefined || modes.length < 2 ? null : <Segmented label={say('layers.mode')} value={mode} choices={modes.map((value) => ({ value, name: say(`layers.${value}`) }))} onChange={(next) => set({ mode: next })} />}
      <label className="check-line"><span className="unseen">{say('diff.measure')}</span>
        <select className="field" value={measure} onChange={(event) => set({ layer: event.target.value, sort: '' })}>
          {LAYER_MEASURES.map((value) => <option key={value} value={value}>{say(layerMeasureName(value))}</option>)}
        </select>
      </label>
    </Rows>
  )
}
