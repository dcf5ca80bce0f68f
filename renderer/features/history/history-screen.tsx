import { IconChartLine, IconGitCompare } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useDeferredValue, useMemo } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { call, type RunFilter, type RunSummary } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { grouped } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { changed } from '../../ui/search.ts'
import { readFilter } from './filter.ts'
import { runColumns } from './run-columns.tsx'
import './history.css'

const RunsChart = lazy(async () => ({ default: (await import('./runs-chart.tsx')).RunsChart }))

const FIRST = 200
const MOST = 20_000
const PICKS = 2
const NO_RUNS: readonly RunSummary[] = []

/** Runs that fit: a first page at once, all of them when they are there. Rows of the filter before stay until then. */
function useRuns(filter: RunFilter): { readonly runs: readonly RunSummary[] | undefined; readonly isWhole: boolean; readonly error: Error | null } {
  const ask = (limit: number) => ({
    queryKey: ['runs.list', { ...filter, limit }],
    queryFn: ({ signal }: { signal: AbortSignal }) => call('runs.list', { ...filter, limit }, signal),
  })
  const first = useQuery({ ...ask(FIRST), placeholderData: keepPreviousData })
  const isPart = first.data?.runs.length === FIRST
  const all = useQuery({ ...ask(MOST), enabled: isPart })
  const shown = isPart ? (all.data ?? first.data) : first.data
  return { runs: shown?.runs, isWhole: shown !== undefined && (!isPart || all.data !== undefined), error: first.error ?? all.error }
}

export function HistoryScreen() {
  const say = useSay()
  const navigate = useNavigate()
  const [parameters, setParameters] = useSearchParams()
  const line = parameters.get('q') ?? ''
  const { filter, unknown } = readFilter(useDeferredValue(line))
  const picked = useMemo(() => new Set((parameters.get('pick') ?? '').split(',').filter(Boolean)), [parameters])
  const { runs, isWhole, error } = useRuns(filter)
  const columns = useMemo(() => runColumns(say), [say])
  const set = (change: Readonly<Record<string, string>>) => setParameters((known) => changed(known, change), { replace: true })
  const [a, b] = [...picked].toSorted()

  function pick(run: RunSummary): void {
    const next = new Set(picked)
    if (!next.delete(run.run)) next.add(run.run)
    set({ pick: [...next].slice(-PICKS).join(',') })
  }

  const action = (
    <Button tone="primary" disabled={b === undefined} title={b === undefined ? say('history.pick-two') : undefined} onClick={() => void navigate(`/diff/${a}/${b}`)}>
      <IconGitCompare size={16} aria-hidden /> {say('history.compare')}
    </Button>
  )
  const showsChart = parameters.get('chart') === '1'
  return (
    <Screen crumbs={[{ name: say('history') }]} action={action}>
      <div className="history">
        {showsChart ? <Suspense fallback={<section className="panel chart-panel" />}><RunsChart runs={runs ?? NO_RUNS} /></Suspense> : null}
        <Panel
          title={say('history.runs')} grows
          aside={(
            <>
              <FilterField line={line} unknown={unknown} count={isWhole && runs !== undefined ? grouped(runs.length) : '…'} onChange={(q) => set({ q })} />
              <span className="panel-note history-picked">{say('history.picked', { count: picked.size })}</span>
              <Button aria-pressed={showsChart} onClick={() => set({ chart: showsChart ? '' : '1' })}><IconChartLine size={16} aria-hidden /> {say('history.chart')}</Button>
            </>
          )}
        >
          {error === null ? null : <FaultNotice fault={error} />}
          <DataTable
            label={say('history.runs')} rows={runs ?? NO_RUNS} columns={columns} keyOf={(run) => run.run} selected={picked} onSelect={pick}
            sort={parameters.get('sort') ?? '-created'} onSort={(sort) => set({ sort })} onOpen={(run) => void navigate(`/run/${run.run}`)}
            empty={runs === undefined ? null : line === '' ? <>{say('history.empty')} <Link to="/">{say('jobs.none.next')}</Link></> : say('history.none-fit')}
          />
        </Panel>
      </div>
    </Screen>
  )
}

interface FilterFieldProps {
  readonly line: string
  readonly unknown: readonly string[]
  readonly count: string
  readonly onChange: (line: string) => void
}

function FilterField({ line, unknown, count, onChange }: FilterFieldProps) {
  const say = useSay()
  return (
    <span className="filter">
      <input
        className="field mono" data-filter type="search" spellCheck={false} value={line} onChange={(event) => onChange(event.target.value)}
        placeholder={say('history.filter-hint')} aria-label={say('filter')} aria-invalid={unknown.length > 0}
      />
      <span className="filter-count number" role="status" data-tone={unknown.length > 0 ? 'warning' : undefined}>
        {unknown.length > 0 ? say('history.unknown', { words: unknown.join(' ') }) : say('history.count', { count })}
      </span>
    </span>
  )
}
