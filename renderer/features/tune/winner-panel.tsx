import { Link } from 'react-router'
import { useCall, type Run } from '../../client.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Delta } from '../../ui/delta.tsx'
import { digitsOf, duration, fixed, protocolName, shortRun } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { toastFault, useToast } from '../../ui/toast.tsx'
import { takeSettings } from './recipe-log.ts'
import { TakeRun } from './take-run.tsx'
import { gainBetween } from './trials.ts'
import { settingsText } from './use-tune-runs.ts'

/** What a search came to: the winner on the evaluation set against the recipe as it was. */
export function WinnerPanel({ run }: { readonly run: Run }) {
  const say = useSay()
  const startId = run.tune?.start ?? run.parent
  const start = useCall('runs.show', { run: startId ?? '' }, { enabled: startId !== null }).data?.run
  const toast = useToast()
  const { tune, quality } = run
  const before = start?.quality
  const isSame = quality !== undefined && before?.protocol === quality.protocol
  const delta = gainBetween(before, quality)
  return (
    <Panel title={say('tune.winner')} aside={<Link to={`/run/${run.run}`} className="mono" title={run.run}>{shortRun(run.run)}</Link>}>
      <div className="winner">
        {run.status === 'done' ? null : <p className="verdict" data-tone="warning">! {wordIn(say, 'status', run.status)}: {say('tune.winner.cut')}</p>}
        {tune === undefined ? null : (
          <>
            <p>{tune.winner.length === 0 ? say('tune.winner.none') : <code>{settingsText(tune.winner)}</code>}</p>
            {quality === undefined ? (tune.stopped ? <p className="muted">{say('tune.winner.stopped')}</p> : null) : (
              <dl className="facts" aria-label={say('tune.winner.evaluation')}>
                <div><dt title={quality.protocol}>{protocolName(quality.protocol)} {quality.unit}</dt><dd className="number">{fixed(quality.simulated, digitsOf(quality.unit))} <Delta value={delta} digits={digitsOf(quality.unit) + 1} better="up" /></dd></div>
                <div><dt>{say('tune.winner.start')}</dt><dd className="number">{isSame ? fixed(before.simulated, digitsOf(quality.unit)) : '–'}</dd></div>
                <div><dt>{say('version.float')}</dt><dd className="number">{fixed(quality.float, digitsOf(quality.unit))}</dd></div>
              </dl>
            )}
            <p className="muted number">{say('tune.winner.cost', { seconds: duration(tune.seconds), made: tune.inferences, saved: tune.savedInferences })}</p>
          </>
        )}
        <div className="tune-acts">
          {startId === null || run.status !== 'done' || startId === run.run ? null : <Link className="button" to={`/diff/${startId}/${run.run}`}>{say('tune.winner.compare')}</Link>}
          <TakeRun run={run} primary />
          {tune?.stopped === true && tune.winner.length > 0 ? <Button title={say('tune.apply.what')} onClick={() => { takeSettings(tune.winner).then((undo) => toast({ text: say('tune.applied'), undo }), toastFault) }}>{say('tune.apply')}</Button> : null}
        </div>
      </div>
    </Panel>
  )
}
