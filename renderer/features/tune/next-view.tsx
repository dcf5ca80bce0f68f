import { Link } from 'react-router'
import type { Advice, BoardReport } from '../../../preload/contract/index.ts'
import { useCall, type Run } from '../../client.ts'
import { useProject } from '../../project/project.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Delta } from '../../ui/delta.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { FindingFix } from '../../ui/finding-fix.tsx'
import { isSet, lineOf, partsOfFix } from '../../ui/fix-of.ts'
import { digitsOf, fixed, NOTHING, protocolName, shortRun } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { toastFault, useToast } from '../../ui/toast.tsx'
import { useWhyNot } from '../../ui/use-writable.ts'
import { isRefused, limitsOf, useBoard, type Limit } from './lines.ts'
import { isPrepared } from './prepared.ts'
import { takeSettings } from './recipe-log.ts'
import { gainBetween } from './trials.ts'
import { TakeRun } from './take-run.tsx'
import type { TunePart } from './tune-screen.tsx'
import { settingsText } from './use-tune-runs.ts'
import { editorTo } from './views.ts'

/** What to do next about the project's run, in order of expected gain, and what came of what was tried. */
export function NextView({ run, runs, model, work, recipe, set }: TunePart) {
  const say = useSay()
  const whyNot = useWhyNot()
  // Asked again where a run of tuning was added: what it measured is what advice rests on.
  const { data, error } = useCall('runs.advise', { run: run.run }, { staleTime: 0 })
  const board = useBoard()
  const report = useCall('models.inspect', { model: { kind: 'path', path: model }, boards: [board] }).data?.boards[0]
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
                model={model} refused={refusedBy(report, advice)} board={board} onTry={() => work.start({ kind: 'tune', mode: 'try', recipe, settings: [...advice.settings], parent: run.run })}
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
  /** Path of the model that the advice is about. */
  readonly model: string
  /** What the board says against it. */
  readonly refused: Limit | undefined
  readonly board: string
  readonly onTry: () => void
  readonly onView: (view: string) => void
}

/** What the board refuses of advice: 16 bits where it has none for that layer. */
function refusedBy(report: BoardReport | undefined, { settings, unit }: Advice): Limit | undefined {
  const isWide = settings.some((setting) => { const line = lineOf(setting); return line?.path.at(-1) === 'bits' && line.value === 16 })
  return isWide ? isRefused(limitsOf(report, [{ name: unit, tensor: unit, ops: [] }]), 'int8w/int16a') : undefined
}

function AdviceLine({ advice: { what, figures, gain, act, settings, unit }, whyNot, model, refused, board, onTry, onView }: AdviceLineProps) {
  const say = useSay()
  const toast = useToast()
  const { recipe } = useProject()
  const isTaken = act === 'set' && settings.every((setting) => { const line = lineOf(setting); return line !== null && isSet(recipe, line) })
  const apply = (): void => {
    takeSettings(settings).then((undo) => toast({ text: say('tune.applied'), undo }), toastFault)
  }
  const { name, sentence } = partsOfFix(what)
  return (
    <li>
      <div className="advice-gain">{gain === null ? <span className="muted">{NOTHING}</span> : <><b className="number">{fixed(gain * 100, 1)} %</b><small>{say('tune.gain')}</small></>}</div>
      <div className="advice-text">
        <p>{name === '' ? null : <><span className="mono">{name}</span> · </>}<EngineText text={sentence} /></p>
        {figures.map((figure) => <p key={figure} className="muted"><EngineText text={figure} /></p>)}
        {settings.map((setting) => <code key={setting}>{setting}</code>)}
        {refused === undefined ? null : <p><span className="verdict" data-tone="bad">✕</span> {board}: <EngineText text={refused.why} /></p>}
      </div>
      <div className="advice-acts">
        {unit === '' || (act === null && gain !== null) ? null : <Link className="button" to={editorTo(unit)}>{say('tune.knobs')}</Link>}
        {act === 'set' ? (
          <>
            <Button disabled={whyNot !== undefined || refused !== undefined} title={whyNot ?? say('tune.try.what')} onClick={onTry}>{say('tune.try')}</Button>
            {isTaken ? <span className="verdict" data-tone="good">✓ {say('tune.apply.done')}</span> : <Button disabled={refused !== undefined} title={say('tune.apply.what')} onClick={apply}>{say('tune.apply')}</Button>}
          </>
        ) : null}
        {act === 'sensitivity' || act === 'search' ? <Button onClick={() => onView(act)}>{say(act === 'search' ? 'tune.search' : 'tune.sensitivity')}</Button> : null}
        {act === null ? <FindingFix fix={what} model={model} /> : null}
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
