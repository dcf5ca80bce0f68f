import { IconLayoutSidebarRight } from '@tabler/icons-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import type { RunSummary } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { grouped } from '../../ui/format.ts'
import { Grid } from '../../ui/grid.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAddress, type ChangeAddress } from '../../ui/use-address.ts'
import { chosenColumns } from './column-choice.ts'
import { ColumnMenu } from './column-menu.tsx'
import { readFilter } from './filter.ts'
import { FilterChips } from './filter-chips.tsx'
import { PickedBar } from './picked-bar.tsx'
import { runColumns } from './run-columns.tsx'
import { Side } from './side.tsx'
import { Transfer } from './transfer.tsx'
import { useRuns } from './use-runs.ts'
import './history.css'

/** More would not fit into an address. */
const MOST_PICKS = 100
const NEWEST = '-created'
/** Address, chart and export follow the filter after this pause: who types on waits for none of them. */
const SETTLED_MS = 500

/** A filter line, and when it was typed: lengths of time in it count from then, so that the same question keeps its answer. */
interface Typed {
  readonly line: string
  readonly at: number
}

/** A text that follows every key at once and stands in the address when it rests; back and forward bring it back. */
function useLine(parameters: URLSearchParams, set: ChangeAddress): { readonly typed: Typed; readonly settled: Typed; readonly setLine: (line: string) => void } {
  const there = parameters.get('q') ?? ''
  const [typed, setTyped] = useState(() => ({ line: there, at: Date.now() }))
  const [settled, setSettled] = useState(typed)
  const setLine = useCallback((next: string) => setTyped({ line: next, at: Date.now() }), [])
  const written = useRef(there)
  useEffect(() => {
    if (there === written.current) return
    written.current = there
    setLine(there)
  }, [there, setLine])
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(typed)
      if (typed.line === written.current) return
      written.current = typed.line
      set({ q: typed.line })
    }, SETTLED_MS)
    return () => clearTimeout(timer)
  }, [typed, set])
  return { typed, settled, setLine }
}

export function HistoryScreen() {
  const say = useSay()
  const navigate = useNavigate()
  const [parameters, set] = useAddress()
  const { typed, settled, setLine } = useLine(parameters, set)
  const { line } = typed
  const { filter, unknown } = useMemo(() => readFilter(typed.line, typed.at), [typed])
  const sort = parameters.get('sort') ?? NEWEST
  const runs = useRuns(filter, sort)
  const settledFilter = useMemo(() => readFilter(settled.line, settled.at).filter, [settled])
  const chosen = chosenColumns.use()
  const columns = useMemo(() => runColumns(say).filter(({ id }) => chosen.includes(id)), [say, chosen])
  const joined = parameters.get('pick') ?? ''
  const picks = useMemo(() => new Set(joined.split(',').filter(Boolean)), [joined])
  const shownRun = parameters.get('run') ?? undefined
  const showsSide = parameters.get('side') !== '0'
  const lastPick = useRef(0)

  const setPicks = useCallback((next: Iterable<string>): void => set({ pick: [...next].slice(-MOST_PICKS).join(',') }), [set])
  const clear = useCallback(() => setPicks([]), [setPicks])
  function pick(run: RunSummary, index: number, extend: boolean): void {
    const from = extend ? lastPick.current : index
    lastPick.current = index
    const range = Array.from({ length: Math.abs(index - from) + 1 }, (_, place) => runs.rowAt(Math.min(index, from) + place)?.run).filter((id) => id !== undefined)
    const next = new Set(picks)
    if (!extend && next.delete(run.run)) setPicks(next)
    else setPicks(next.union(new Set(range)))
  }
  const pickAll = (): void => setPicks(picks.size > 0 ? [] : Array.from({ length: Math.min(MOST_PICKS, runs.total ?? 0) }, (_, index) => runs.rowAt(index)?.run).filter((id) => id !== undefined))

  return (
    <Screen crumbs={[{ name: say('history') }]} action={<Button aria-pressed={showsSide} onClick={() => set({ side: showsSide ? '0' : '' })}><IconLayoutSidebarRight size={16} aria-hidden /> {say('history.side')}</Button>}>
      <div className="history" data-side={showsSide || undefined}>
        <Panel title={say('history.runs')} grows aside={<FilterField line={line} unknown={unknown} total={runs.total} onChange={setLine} />}>
          <div className="history-tools"><FilterChips line={line} onLine={setLine} /><Transfer filter={settledFilter} picks={picks} total={runs.total ?? 0} /><ColumnMenu /></div>
          {runs.error === null ? null : <FaultNotice fault={runs.error} />}
          <Grid
            label={say('history.runs')} columns={columns} keyOf={runKey} count={runs.total ?? 0} rowAt={runs.rowAt} onSight={runs.onSight} origin={`${line}\n${sort}`}
            sort={sort} onSort={(next) => set({ sort: next })} selected={picks} onSelect={pick} onSelectAll={pickAll}
            {...(shownRun === undefined ? {} : { current: shownRun })} onCurrent={(run) => set({ run: run.run })} onOpen={(run) => void navigate(`/run/${run.run}`)}
            empty={runs.total === undefined ? null : line === '' ? <>{say('history.empty')} <Link to="/">{say('jobs.none.next')}</Link></> : say('history.none-fit')}
          />
          <PickedBar picks={picks} onClear={clear} />
        </Panel>
        {showsSide ? <Side filter={settledFilter} picks={picks} run={shownRun} model={parameters.get('model')} set={set} /> : null}
      </div>
    </Screen>
  )
}

const runKey = (run: RunSummary): string => run.run

interface FilterFieldProps {
  readonly line: string
  readonly unknown: readonly string[]
  readonly total: number | undefined
  readonly onChange: (line: string) => void
}

function FilterField({ line, unknown, total, onChange }: FilterFieldProps) {
  const say = useSay()
  return (
    <span className="filter">
      <input
        className="field mono" data-filter type="search" spellCheck={false} value={line} onChange={(event) => onChange(event.target.value)}
        placeholder={say('history.filter-hint')} title={say('history.filter-help')} aria-label={say('filter')} aria-invalid={unknown.length > 0}
      />
      <span className="filter-count number" role="status" data-tone={unknown.length > 0 ? 'warning' : undefined}>
        {unknown.length > 0 ? say('history.unknown', { words: unknown.join(' ') }) : say('history.count', { count: total ?? 0, shown: grouped(total) })}
      </span>
    </span>
  )
}
