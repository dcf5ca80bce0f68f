import { lazy, Suspense, useMemo, useState } from 'react'
import type { SamplesCoverage, SamplesLook, SamplesPart } from '../../../preload/contract/index.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { fixed, grouped } from '../../ui/format.ts'
import { remarkText } from './thumbnail-grid.tsx'
import { ADVICE, worthOf, type Remark } from './worth.ts'

const ScatterChart = lazy(async () => ({ default: (await import('./scatter-chart.tsx')).ScatterChart }))

interface CoverageViewProps {
  readonly part: SamplesPart
  readonly look: SamplesLook
  readonly coverage: SamplesCoverage | undefined
  /** Set while the pictures are too many to be decoded unasked: how many. */
  readonly many: number | null
  readonly onMeasure: () => void
  readonly picked: number | null
  readonly onPick: (file: number) => void
}

interface Worth {
  readonly file: number
  readonly name: string
  readonly brightness: number
  readonly contrast: number
  readonly entropy: number
  readonly black: number
  readonly white: number
  readonly remarks: readonly Remark[]
}

/** How bright and how rich in contrast the samples are, and which of them tell a calibration nothing. */
export function CoverageView({ part, look, coverage, many, onMeasure, picked, onPick }: CoverageViewProps) {
  const say = useSay()
  const [isOpen, setOpen] = useState(false)
  const rows = useMemo((): readonly Worth[] => (coverage === undefined ? [] : [...coverage.file].map((file, at) => ({
    file, name: look.names[file] ?? '', brightness: coverage.brightness[at]!, contrast: coverage.contrast[at]!, entropy: coverage.entropy[at]!, black: coverage.black[at]!, white: coverage.white[at]!, remarks: worthOf(coverage, at),
  }))), [coverage, look])
  const points = useMemo(() => rows.map(({ file, name, brightness, contrast, remarks }) => ({ file, name, x: brightness, y: contrast, isWarned: remarks.length > 0 })), [rows])
  const warned = rows.filter(({ remarks }) => remarks.length > 0)
  if (look.kind === 'arrays') return <div className="empty"><p>{say('samples.coverage.arrays')}</p></div>
  return (
    <div className="samples-coverage" data-open={isOpen || undefined}>
      {part === 'calibration' ? <Advice count={look.count} /> : null}
      {many !== null ? <p className="samples-note"><span>{say('samples.coverage.many', { count: grouped(many) })}</span> <Button tone="quiet" onClick={onMeasure}>{say('samples.coverage.measure')}</Button></p> : null}
      {coverage !== undefined ? (
        <p className="samples-note" role="status">
          {coverage.done < coverage.total ? say('samples.coverage.running', { done: grouped(coverage.done), total: grouped(coverage.total) }) : warned.length === 0
            ? <><b className="samples-good" aria-hidden="true">✓</b> {say('samples.coverage.fine')}</>
            : <span data-tone="warning">▲ {say('samples.coverage.warned', { count: warned.length, names: warned.slice(0, 3).map(({ name }) => name).join(', ') })}</span>}
        </p>
      ) : null}
      {points.length === 0 ? null : (
        <Suspense fallback={<div className="samples-scatter" />}>
          <ScatterChart label={say('samples.coverage.alt', { count: points.length })} points={points} xTitle={say('samples.brightness')} yTitle={say('samples.contrast')} picked={picked} onPick={onPick} />
        </Suspense>
      )}
      {rows.length === 0 ? null : (
        <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{say('samples.coverage.table')}</summary>
          {isOpen ? <WorthTable rows={rows} picked={picked} onPick={onPick} /> : null}
        </details>
      )}
    </div>
  )
}

function worthColumns(say: Say): readonly Column<Worth>[] {
  const number = (id: 'brightness' | 'contrast' | 'entropy' | 'black' | 'white', title: string, write: (value: number) => string): Column<Worth> =>
    ({ id, title, width: '92px', align: 'right', value: (row) => row[id], cell: (row) => write(row[id]) })
  return [
    { id: 'name', title: say('sample'), width: 'minmax(110px, 1fr)', value: (row) => row.name, cell: (row) => <span className="mono">{row.name}</span>, hint: (row) => row.name },
    number('brightness', say('samples.brightness.short'), (value) => fixed(value, 1)), number('contrast', say('samples.contrast.short'), (value) => fixed(value, 1)), number('entropy', say('samples.entropy'), (value) => fixed(value, 2)),
    number('black', say('samples.black'), (value) => fixed(value * 100, 1)), number('white', say('samples.white'), (value) => fixed(value * 100, 1)),
    { id: 'remarks', title: say('notes'), width: 'minmax(90px, 1fr)', value: (row) => -row.remarks.length, cell: (row) => <span data-tone="warning">{row.remarks.map((remark) => `! ${remarkText(say, remark)}`).join(' ')}</span>, hint: (row) => row.remarks.map((remark) => remarkText(say, remark)).join(' ') },
  ]
}

function WorthTable({ rows, picked, onPick }: { readonly rows: readonly Worth[]; readonly picked: number | null; readonly onPick: (file: number) => void }) {
  const say = useSay()
  const [sort, setSort] = useState('')
  const columns = useMemo(() => worthColumns(say), [say])
  return (
    <DataTable
      label={say('samples.coverage')} rows={rows} columns={columns} keyOf={(row) => String(row.file)} sort={sort} onSort={setSort} onCurrent={(row) => onPick(row.file)}
      {...(picked === null ? {} : { current: String(picked) })} empty={null}
    />
  )
}

/** How many pictures the makers of boards ask for, against how many there are. */
function Advice({ count }: { readonly count: number | null }) {
  const say = useSay()
  return (
    <ul className="samples-advice">
      {ADVICE.map(({ maker, from, to }) => {
        const fits = count !== null && count >= from && count <= to
        return <li key={maker}><span className={fits ? 'samples-good' : 'muted'}>{fits ? '✓' : '○'} {maker} {from}–{grouped(to)}</span></li>
      })}
      <li className="muted">{say('samples.advice.horizon')}</li>
    </ul>
  )
}
