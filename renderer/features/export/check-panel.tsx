import { Link } from 'react-router'
import type { ExportCheck } from '../../../preload/contract/index.ts'
import { useSettings } from '../../app/settings.ts'
import { useSay } from '../../texts/texts.ts'
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
      {fine === checks.length ? null : <ul className="check-list">{checks.filter(({ state }) => state !== 'ok').map((check, place) => <Check key={`${check.id} ${place}`} check={check} run={run} />)}</ul>}
      {fine === 0 ? null : (
        <details className="check-fine">
          <summary>{say('export.checks.fine', { count: fine })}</summary>
          <ul className="check-list">{checks.filter(({ state }) => state === 'ok').map((check, place) => <Check key={`${check.id} ${place}`} check={check} run={run} />)}</ul>
        </details>
      )}
    </section>
  )
}

function Check({ check, run }: { readonly check: ExportCheck; readonly run: string }) {
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
      {mend === null ? null : <Link to={mend.to}>{say('export.check.to', { place: say(`place.${mend.place}`) })}</Link>}
    </li>
  )
}
