import { useState } from 'react'
import { call, faultOf, useCall, type GateResult, type Run } from '../client.ts'
import type { RunMarks, Waiver } from '../../preload/contract/index.ts'
import { useEngineWords } from '../texts/engine-words.ts'
import { useSay } from '../texts/texts.ts'
import { Button } from './button.tsx'
import { moment, shortRun, significant } from './format.ts'
import { Verdict } from './marks.tsx'
import { typedKey } from './typing.ts'
import { useRunChange } from './use-run-change.ts'
import { useWhyNot } from './use-writable.ts'

export const ruleText = (rule: string): string => rule.replace('<=', '≤').replace('>=', '≥')

/** Gates of a run with what they measured; a failed one can be waived with a reason, which stays for ever. */
export function RunGates({ run, marks }: { readonly run: Run; readonly marks: RunMarks }) {
  const say = useSay()
  const gates = run.gates ?? []
  const measuresBaseline = marks.baseline !== null && marks.baseline !== run.run && gates.length > 0
  if (gates.length === 0 && marks.waivers.length === 0) return null
  return (
    <div className="marks-gates">
      <div className="marks-head"><h3>{say('gates')}</h3></div>
      <ul>
        {gates.map((gate) => <Gate key={gate.rule} run={run.run} gate={gate} waivers={marks.waivers.filter(({ rule }) => rule === gate.rule)} />)}
      </ul>
      {measuresBaseline ? <AgainstBaseline run={run.run} baseline={marks.baseline!} /> : null}
    </div>
  )
}

function Gate({ run, gate, waivers }: { readonly run: string; readonly gate: GateResult; readonly waivers: readonly Waiver[] }) {
  const say = useSay()
  const whyNot = useWhyNot()
  const [isAsking, setAsking] = useState(false)
  return (
    <li className="gate">
      <span className="gate-line">
        <span className="mono gate-rule">{ruleText(gate.rule)}</span>
        <span className="number">{significant(gate.measured)}</span>
        <Verdict passed={gate.passed} />
      </span>
      {waivers.map(({ reason, created }) => (
        <span key={created} className="gate-waiver"><span data-tone="warning" className="verdict">⚑ {say('gate.waived')}</span> {reason} <time className="number muted" dateTime={created}>{moment(created)}</time></span>
      ))}
      {gate.passed || waivers.length > 0 ? null : isAsking
        ? <WaiverForm run={run} rule={gate.rule} onDone={() => setAsking(false)} />
        : <Button tone="quiet" disabled={whyNot !== undefined} title={whyNot} onClick={() => setAsking(true)}>{say('gate.waive')}</Button>}
    </li>
  )
}

const SHORTEST = 3

function WaiverForm({ run, rule, onDone }: { readonly run: string; readonly rule: string; readonly onDone: () => void }) {
  const say = useSay()
  const change = useRunChange()
  const [reason, setReason] = useState('')
  const isShort = reason.trim().length < SHORTEST
  async function waive(): Promise<void> {
    if (await change(() => call('runs.waive', { run, rule, reason: reason.trim() })) !== null) onDone()
  }
  return (
    <form
      className="gate-form" onSubmit={(event) => {
        event.preventDefault()
        if (!isShort) void waive()
      }}
    >
      <input className="field" autoFocus value={reason} maxLength={2000} onChange={(event) => setReason(event.target.value)} onKeyDown={(event) => { if (typedKey(event) === 'Escape') onDone() }} placeholder={say('gate.reason')} aria-label={say('gate.reason')} />
      <Button type="submit" disabled={isShort} title={say('gate.waive.hint')}>{say('gate.waive.do')}</Button>
      <Button tone="quiet" onClick={onDone}>{say('cancel')}</Button>
    </form>
  )
}

/** The same gates, drops counted from the pinned baseline instead of the run's own float model. */
function AgainstBaseline({ run, baseline }: { readonly run: string; readonly baseline: string }) {
  const say = useSay()
  const words = useEngineWords()
  const { data, error } = useCall('runs.gateBaseline', { run })
  if (error !== null) return <p className="marks-line muted">{say('gate.no-baseline', { why: words(faultOf(error).what).text })}</p>
  if (data === undefined) return null
  return (
    <>
      <h4>{say('gate.against', { baseline: shortRun(baseline) })}</h4>
      <ul>
        {data.gates.map((gate) => (
          <li key={gate.rule} className="gate"><span className="gate-line"><span className="mono gate-rule">{ruleText(gate.rule)}</span><span className="number">{significant(gate.measured)}</span><Verdict passed={gate.passed} /></span></li>
        ))}
      </ul>
    </>
  )
}
