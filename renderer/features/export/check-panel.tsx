import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { ExportCheck } from '../../../preload/contract/index.ts'
import { useSettings } from '../../app/settings.ts'
import { useCall, type RecipeJson } from '../../client.ts'
import { useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { FindingFix, LinesFix } from '../../ui/finding-fix.tsx'
import { isSet, lineOfFix } from '../../ui/fix-of.ts'
import { TakeUp } from '../run/take-up.tsx'
import '../../ui/findings.css'
import './checks.css'
import { CHECK_SHAPES, countsOf, mendPlace } from './check-state.ts'

interface CheckPanelProps {
  readonly board: string
  readonly run: string
  readonly checks: readonly ExportCheck[]
}

/** What was looked at before anything is written: each with why, and with where it is mended. */
export function CheckPanel({ board, run, checks }: CheckPanelProps) {
  const say = useSay()
  const { errors, warnings, fine } = countsOf(checks)
  const { data } = useCall('runs.show', { run })
  const model = (data?.run.recipe as RecipeJson | undefined)?.['model']
  return (
    <section className="panel" aria-label={say('export.checks', { board })}>
      <header className="panel-head">
        <h2 className="panel-title">{say('export.checks', { board })}</h2>
        <span className="panel-note check-counts">
          {errors > 0 ? <span className="verdict" data-tone="bad">✕ {errors}</span> : null}
          {warnings > 0 ? <span className="verdict" data-tone="warning">! {warnings}</span> : null}
          <span className="verdict" data-tone="good">✓ {fine}</span>
        </span>
      </header>
      <Changed checks={checks} model={model}>{data === undefined ? null : <TakeUp run={data.run} />}</Changed>
      {fine === checks.length ? null : <ul className="check-list">{checks.filter(({ state }) => state !== 'ok').map((check, place) => <Check key={`${check.id} ${place}`} check={check} run={run} model={model} />)}</ul>}
      {fine === 0 ? null : (
        <details className="check-fine">
          <summary>{say('export.checks.fine', { count: fine })}</summary>
          <ul className="check-list">{checks.filter(({ state }) => state === 'ok').map((check, place) => <Check key={`${check.id} ${place}`} check={check} run={run} model={model} />)}</ul>
        </details>
      )}
    </section>
  )
}

interface ChangedProps {
  readonly checks: readonly ExportCheck[]
  /** Of the run. */
  readonly model: unknown
  /** What makes the run the project's. */
  readonly children: ReactNode
}

/** What comes after a line was set: the run stays as it is, its recipe is run again. Lines are of the project, which may be of another model. */
function Changed({ checks, model, children }: ChangedProps) {
  const say = useSay()
  const { recipe } = useProject()
  const fixes = checks.flatMap((check) => check.fixes ?? [])
  if (fixes.length === 0 || model === undefined) return null
  const isPressing = checks.some(({ state, fixes: own = [] }) => own.length > 0 && (state === 'error' || state === 'warning'))
  if (model !== recipe['model'] && !isPressing) return null
  if (model !== recipe['model']) return <div className="check-changed"><p>{say('export.check.other-model')}</p>{children}</div>
  const isChanged = fixes.some((fix) => { const line = lineOfFix(fix); return line !== null && isSet(recipe, line) })
  return isChanged ? <div className="check-changed" role="status"><p>{say('export.check.changed')}</p><Link className="button" to="/calibrate?step=review">{say('export.check.run')}</Link></div> : null
}

interface CheckProps {
  readonly check: ExportCheck
  readonly run: string
  readonly model: unknown
}

function Check({ check, run, model }: CheckProps) {
  const say = useSay()
  const { language } = useSettings()
  const { state, what, why, fix, where } = check
  const { shape, tone, text } = CHECK_SHAPES[state]
  const mend = mendPlace(check, run)
  return (
    <li className="readiness-line" data-state={state}>
      <p><span className="verdict" data-tone={tone}><span aria-hidden="true">{shape}</span> <span className={state === 'ok' ? 'unseen' : undefined}>{say(text)}</span></span> {what[language]}</p>
      {where.length === 0 ? null : <p className="check-where mono">{where.join(', ')}</p>}
      {why === undefined ? null : <p className="check-more"><b>{say('export.check.why')}</b> {why[language]}</p>}
      {fix === undefined ? null : <p className="check-more"><b>{say('export.check.fix')}</b> {fix[language]}</p>}
      <Fixes fixes={check.fixes ?? []} model={typeof model === 'string' ? model : undefined} />
      {mend === null ? null : <Link to={mend.to}>{say('export.check.to', { place: say(`place.${mend.place}`) })}</Link>}
    </li>
  )
}

/** What needs no person: all lines of the recipe by one button, each rewrite by its own. */
function Fixes({ fixes, model }: { readonly fixes: readonly string[]; readonly model: string | undefined }) {
  const { recipe } = useProject()
  if (model === undefined || model !== recipe['model']) return null
  const lines = fixes.flatMap((fix) => lineOfFix(fix) ?? [])
  return (
    <>
      {lines.length < 2 || lines.every((line) => isSet(recipe, line)) ? null : <p className="check-lines mono">{lines.map(({ text }) => <span key={text}>{text}</span>)}</p>}
      {lines.length === 0 ? null : <LinesFix lines={lines} />}
      {fixes.filter((fix) => lineOfFix(fix) === null).map((fix) => <FindingFix key={fix} fix={fix} model={model} />)}
    </>
  )
}
