import { Link } from 'react-router'
import type { Advice } from '../../../preload/contract/index.ts'
import { useCall, type Run } from '../../client.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Delta } from '../../ui/delta.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { digitsOf, fixed, NOTHING, protocolName, shortRun } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { useWhyNot } from '../../ui/use-writable.ts'
import { isPrepared } from './prepared.ts'
import { gainBetween } from './trials.ts'
import { TakeRun } from './take-run.tsx'
import type { TunePart } from './tune-screen.tsx'
import { settingsText } from './use-tune-runs.ts'
import { editorTo } from './views.ts'

/** What to do next about the project's run, in order of expected gain, and what came of what was tried. */
export function NextView({ run, runs, work, recipe, set }: TunePart) {
  const say = useSay()
  const whyNot = useWhyNot()
  // Asked again where a run of tuning was added: what it measured is what advice rests on.
  const { data, error } = useCall('runs.advise', { run: run.run }, { staleTime: 0 })
  const tried = runs.filter(({ tune }) => tune?.mode === 'try')
  const isOld = !isPrepared(run)
  return (
    <div className="tune-next">
      <Panel title={say('tune.next.title')} aside={<span className="panel-note">{say('tune.next.what')}</span>} grows>
        <div className="tune-scroll" tabIndex={0} role="region" aria-label={say('tune.next.title')}>
          {error === null ? null : <FaultNotice fault={error} />}
          {isOld ? <p className="panel-text"><span className="verdict" data-tone="warning">!</span> {say('tune.next.old')}</p> : null}
          {data !== undefined && data.advice.length === 0 ? <p className="panel-text">{say('tune.next.none')}</p> : null}
          <ol className="advice">
            {data?.advice.map((advice) => (
              <AdviceLine
                key={`${advice.what} ${advice.settings.join()}`} advice={advice} whyNot={whyNot ?? (work.isRunning ? say('tune.busy') : undefined)} onView={(view) => set({ view })}
                onApply={() => work.start({ kind: 'tune', mode: 'try', recipe, settings: [...advice.settings], parent: run.run })}
              />
            ))}
          </ol>
        </div>
      </Panel>
      <Panel title={say('tune.tried')} aside={<span className="panel-note">{say('tune.tried.what')}</span>} grows>
        <div className="tune-scroll" tabIndex={0} role="region" aria-label={say('tune.tried')}>
          {tried.length === 0 ? <p className="panel-text">{say('tune.tried.none')}</p> : <ul className="tried">{tried.map((each) => <TriedRun key={each.run} run={each} />)}</ul>}
        </div>
      </Panel>
    </div>
  )
}

interface AdviceLineProps {
  readonly advice: Advice
  readonly whyNot: string | undefined
  readonly onApply: () => void
  readonly onView: (view: string) => void
}

/** What has no settings is done on another part of this screen, or by a person. */
const PLACE_OF: Readonly<Record<string, 'sensitivity' | 'search'>> = {
  'Measure which layers take most from the outputs.': 'sensitivity',
  'Search method, granularity, rounding and bias correction on held-back samples.': 'search',
}

function AdviceLine({ advice: { what, figures, gain, settings, unit }, whyNot, onApply, onView }: AdviceLineProps) {
  const say = useSay()
  const place = PLACE_OF[what]
  return (
    <li>
      <div className="advice-gain">{gain === null ? <span className="muted">{NOTHING}</span> : <><b className="number">{fixed(gain * 100, 1)} %</b><small>{say('tune.gain')}</small></>}</div>
      <div className="advice-text">
        <p><EngineText text={what} /></p>
        {figures.map((figure) => <p key={figure} className="muted"><EngineText text={figure} /></p>)}
        {settings.map((setting) => <code key={setting}>{setting}</code>)}
      </div>
      <div className="advice-acts">
        {unit === '' ? null : <Link className="button" to={editorTo(unit)}>{say('tune.knobs')}</Link>}
        {settings.length > 0 ? <Button disabled={whyNot !== undefined} title={whyNot ?? say('tune.apply.what')} onClick={onApply}>{say('tune.apply')}</Button> : null}
        {place === undefined ? null : <Button onClick={() => onView(place)}>{say(place === 'search' ? 'tune.search' : 'tune.sensitivity')}</Button>}
      </div>
    </li>
  )
}

function TriedRun({ run }: { readonly run: Run }) {
  const say = useSay()
  const start = run.tune?.start ?? null
  const before = useCall('runs.show', { run: start ?? '' }, { enabled: start !== null }).data?.run.quality
  const after = run.quality
  const delta = gainBetween(before, after)
  return (
    <li>
      <code>{settingsText(run.tune?.winner ?? [])}</code>
      <p className="tried-line">
        <Link to={`/run/${run.run}`} className="mono">{shortRun(run.run)}</Link>
        {run.status === 'done' && after !== undefined ? <><span className="muted" title={after.protocol}>{protocolName(after.protocol)} {after.unit}</span> <span className="number">{fixed(after.simulated, digitsOf(after.unit))}</span> <Delta value={delta} digits={digitsOf(after.unit) + 1} better="up" /></> : <span className="muted">{wordIn(say, 'status', run.status)}</span>}
        <span className="bar-space" />
        {start === null || run.status !== 'done' ? null : <Link to={`/diff/${start}/${run.run}`}>{say('tune.compare')}</Link>}
        <TakeRun run={run} />
      </p>
    </li>
  )
}
