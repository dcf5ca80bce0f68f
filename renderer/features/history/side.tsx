import { lazy, memo, Suspense, useCallback, useMemo } from 'react'
import { Link } from 'react-router'
import type { RunPageFilter } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { shortRun } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { RunMarksPart } from '../../ui/run-marks.tsx'
import { comparedRows } from './compared-rows.ts'
import { ComparedView } from './compared-view.tsx'

const RunsChart = lazy(async () => ({ default: (await import('./runs-chart.tsx')).RunsChart }))

/** Columns that the side has room for. */
const MOST_COLUMNS = 3
/** The whole comparison has the rest. */
const MOST_ROWS = 14

interface SideProps {
  readonly filter: NonNullable<RunPageFilter>
  readonly picks: ReadonlySet<string>
  readonly run: string | undefined
  /** Of the chart; null: the one with most runs. */
  readonly model: string | null
  readonly set: (change: Readonly<Record<string, string>>) => void
}

/** Beside the table: the runs as a chart, what sets the picked ones apart, and what is written on the current one. */
export const Side = memo(function Side({ filter, picks, run, model, set }: SideProps) {
  const say = useSay()
  const ids = useMemo(() => [...picks].toSorted(), [picks])
  const onModel = useCallback((chosen: string) => set({ model: chosen }), [set])
  return (
    <div className="history-side" tabIndex={0} role="region" aria-label={say('history.side')}>
      <Suspense fallback={<section className="panel chart-panel" />}><RunsChart filter={filter} model={model} onModel={onModel} /></Suspense>
      {ids.length >= 2 && ids.length <= 8 ? <Differences runs={ids} /> : null}
      {run === undefined ? <section className="panel empty side-empty"><p>{say('history.no-current')}</p></section> : (
        <Panel title={`${say('run')} ${shortRun(run)}`} aside={<span className="side-links"><Link to={`/run/${run}?view=lineage`}>{say('run.lineage')}</Link><Link to={`/run/${run}`}>{say('history.open')}</Link></span>}><RunMarksPart run={run} /></Panel>
      )}
    </div>
  )
})

function Differences({ runs }: { readonly runs: readonly string[] }) {
  const say = useSay()
  const { data, error } = useCall('runs.compare', { runs: [...runs] })
  const rows = useMemo(() => (data === undefined ? [] : comparedRows(data)), [data])
  const title = say('history.differences')
  if (error !== null) return <Panel title={title}><FaultNotice fault={error} /></Panel>
  if (data === undefined) return <Panel title={title}><div className="side-wait" /></Panel>
  return (
    <Panel title={title} aside={<Link to={`/diff/${runs.join(',')}`}>{say('history.differences.all', { count: rows.length + data.scales.length + data.layers.length })}</Link>}>
      {rows.length === 0 ? <p className="panel-text">{say('diff.same')}</p> : (
        <div className="side-scroll"><ComparedView runs={data.runs.slice(0, MOST_COLUMNS)} rows={rows.slice(0, MOST_ROWS)} base={0} /></div>
      )}
    </Panel>
  )
}
