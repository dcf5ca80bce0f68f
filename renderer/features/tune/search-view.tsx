import { useMemo, useState } from 'react'
import type { Trial } from '../../../preload/contract/index.ts'
import { isOver } from '../../app/live.ts'
import { useSay } from '../../texts/texts.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { fixed, moment, shortRun } from '../../ui/format.ts'
import { SearchForm } from './search-form.tsx'
import { trialColumns, TrialDelta, type TrialRow } from './trial-columns.tsx'
import { hasTrials } from './trials.ts'
import type { TunePart } from './tune-screen.tsx'
import type { TunedRun } from './use-tune-runs.ts'
import { WinnerPanel } from './winner-panel.tsx'

/** A search: its budget and axes, its trials as they come, and what won. */
export function SearchView(part: TunePart) {
  const { runs, work, parameters, set } = part
  const say = useSay()
  const searches = runs.filter(hasTrials)
  const under = work.job !== undefined && work.mode === 'search' && !isOver(work.job) ? runs.find(({ run }) => run === work.job!.run) : undefined
  const shown = under ?? searches.find(({ run }) => run === parameters.get('of')) ?? searches[0]
  const isLive = shown !== undefined && shown === under
  return (
    <div className="tune-search">
      <div className="tune-side">
        <SearchForm {...part}>{isLive || shown === undefined ? null : <WinnerPanel run={shown} />}</SearchForm>
      </div>
      {shown === undefined ? (
        <section className="panel empty"><h2>{say('tune.search.none')}</h2><p>{say('tune.search.what')}</p></section>
      ) : (
        <Trials run={shown} isLive={isLive} aside={searches.length < 2 || isLive ? null : (
          <select className="field" aria-label={say('tune.searches')} value={shown.run} onChange={(event) => set({ of: event.target.value })}>
            {searches.map((each) => <option key={each.run} value={each.run}>{shortRun(each.run)} · {moment(each.created)}</option>)}
          </select>
        )} />
      )}
    </div>
  )
}

function Trials({ run, isLive, aside }: { readonly run: TunedRun; readonly isLive: boolean; readonly aside: React.ReactNode }) {
  const say = useSay()
  const { trials = NONE, best } = run
  const [sort, setSort] = useState('-n')
  const columns = useMemo(() => trialColumns(say, trials, best), [say, trials, best])
  const rows = useMemo(() => trials.map((trial, index): TrialRow => ({ n: index + 1, trial })), [trials])
  return (
    <section className="panel" data-grows aria-label={say('tune.trials')}>
      <header className="panel-head">
        <h2 className="panel-title">{say('tune.trials')}</h2>
        <span className="panel-note number" role="status">{say(isLive ? 'tune.trials.live' : 'tune.trials.count', { count: trials.length })}</span>
        {best === undefined ? null : <BestLine trials={trials} best={best} />}
        <span className="bar-space" />
        {aside}
      </header>
      <DataTable label={say('tune.trials')} rows={rows} columns={columns} keyOf={({ n }) => String(n)} sort={sort} onSort={setSort} {...(best === undefined ? {} : { current: String(trials.indexOf(best) + 1) })} onCurrent={noAct} empty={say('tune.trials.none')} />
    </section>
  )
}

/** The best so far: its score with what chance does to it, and its change against the start. */
function BestLine({ trials, best }: { readonly trials: readonly Trial[]; readonly best: Trial }) {
  const say = useSay()
  return (
    <span className="number" title={`${say('tune.best')}\n${best.settings.join('\n') || say('tune.as-it-was')}`}>
      <span className="verdict" data-tone="good">★</span> {fixed(best.score, 4)}{best.scoreError === null ? '' : ` ±${fixed(best.scoreError, 4)}`} <TrialDelta trials={trials} trial={best} />
    </span>
  )
}

const NONE: readonly never[] = []
const noAct = (): void => undefined
