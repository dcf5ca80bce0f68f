import { useMemo, useState } from 'react'
import type { Trial } from '../../../preload/contract/index.ts'
import type { Run } from '../../client.ts'
import { isOver } from '../../app/live.ts'
import { recipeAt, setRecipe, useProject } from '../../project/project.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { fixed, moment, shortRun } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { useWhyNot } from '../../ui/use-writable.ts'
import { NumberField } from '../calibrate/fields.tsx'
import { trialColumns, TrialDelta, type TrialRow } from './trial-columns.tsx'
import { bestOf, hasTrials, isInterrupted } from './trials.ts'
import type { TunePart } from './tune-screen.tsx'
import { WinnerPanel } from './winner-panel.tsx'

const AXES: readonly (readonly [axis: string, name: TextKey])[] = [
  ['method', 'tune.axis.method'], ['granularity', 'tune.axis.granularity'], ['preset', 'tune.axis.preset'], ['symmetric', 'tune.axis.symmetric'], ['equalize', 'tune.axis.equalize'],
  ['bias', 'tune.axis.bias'], ['rounding', 'tune.axis.rounding'], ['weight-scale', 'tune.axis.weight-scale'], ['layers', 'tune.axis.layers'], ['float', 'tune.axis.float'],
]

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
        {isLive || shown === undefined ? null : <WinnerPanel run={shown} />}
        <SearchForm {...part} />
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

function SearchForm({ run, runs, work, recipe: text }: TunePart) {
  const say = useSay()
  const whyNot = useWhyNot()
  const { recipe } = useProject()
  const at = (key: string): unknown => recipeAt(recipe, ['tune', key])
  const set = (key: string, value: unknown): void => setRecipe(['tune', key], value)
  const axes = (at('axes') as readonly string[] | undefined) ?? AXES.map(([axis]) => axis)
  const toggle = (axis: string): void => {
    const next = AXES.map(([each]) => each).filter((each) => axes.includes(each) !== (each === axis))
    set('axes', next.length === AXES.length || next.length === 0 ? undefined : next)
  }
  const held = recipeAt(recipe, ['tune', 'samples', 'path'])
  const why = whyNot ?? (work.isRunning ? say('tune.busy') : undefined)
  const cut = runs.find((each) => isInterrupted(each, runs))
  const budget = at('minutes') === undefined && at('trials') === undefined
  return (
    <Panel title={say('tune.search.budget')}>
      <div className="search-form">
        <label>{say('tune.minutes')}<NumberField value={at('minutes')} placeholder={budget ? '10' : '–'} onChange={(value) => set('minutes', value)} /></label>
        <label>{say('tune.trials')}<NumberField value={at('trials')} placeholder="–" onChange={(value) => set('trials', value)} /></label>
        <fieldset>
          <legend>{say('tune.axes')}</legend>
          {AXES.map(([axis, name]) => <label key={axis} className="check"><input type="checkbox" checked={axes.includes(axis)} onChange={() => toggle(axis)} /> {say(name)}</label>)}
        </fieldset>
        <label title={say('tune.float-share.what')}>{say('tune.float-share')}<NumberField value={at('floatShare')} placeholder="0" onChange={(value) => set('floatShare', value)} /></label>
        <p className="muted">{typeof held === 'string' ? say('tune.held', { path: held }) : <><span className="verdict" data-tone="warning">!</span> {say('tune.held.none')}</>}</p>
        <div className="tune-acts">
          <Button tone="primary" disabled={why !== undefined} title={why ?? say('tune.search.what')} onClick={() => work.start({ kind: 'tune', mode: 'search', recipe: text, parent: run.run })}>{say('tune.search.start')}</Button>
          {cut === undefined ? null : <Button disabled={why !== undefined} title={why ?? say('tune.continue.what', { run: shortRun(cut.run), count: cut.trials!.length })} onClick={() => work.start({ kind: 'tune', mode: 'search', recipe: JSON.stringify(resumed(cut, recipe)), resume: cut.run })}>{say('tune.continue')}</Button>}
        </div>
      </div>
    </Panel>
  )
}

/** The recipe of a search that goes on: its own, with the budget that stands in the form. */
const resumed = (run: Run, recipe: Readonly<Record<string, unknown>>): unknown => ({ ...(run.recipe as object), ...(recipe['tune'] === undefined ? {} : { tune: recipe['tune'] }) })

function Trials({ run, isLive, aside }: { readonly run: Run; readonly isLive: boolean; readonly aside: React.ReactNode }) {
  const say = useSay()
  const trials = run.trials ?? NONE
  const [sort, setSort] = useState('-n')
  const best = useMemo(() => bestOf(trials), [trials])
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
