import { useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import type { ModelRef, WeightMatch } from '../../../preload/contract/index.ts'
import { JobPart } from '../../app/job-part.tsx'
import { useNamedJob } from '../../app/use-named-job.ts'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { fileName } from '../../ui/format.ts'
import { useAddress } from '../../ui/use-address.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { WEIGHT_ENDINGS } from './use-upload.ts'
import './weights.css'

interface WeightsPartProps {
  readonly model: ModelRef
  readonly onFiles: (files: readonly File[]) => void
}

const [PLAIN, OWN] = ['', 'own'] as const
const PAUSE_MS = 400

/** Weights of another file for this graph: which it is, by which names, what fits, and taking them in. */
export function WeightsPart({ model, onFiles }: WeightsPartProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const [parameters, set] = useAddress()
  const picker = useRef<HTMLInputElement>(null)
  const from = parameters.get('weights') ?? ''
  const preset = parameters.get('names') ?? PLAIN
  const [own, setOwn] = useState('preset: edsr\n')
  const text = useRested(own)
  const rules = preset === PLAIN ? '' : preset === OWN ? text : `preset: ${preset}\n`
  const { data: match, error, isPlaceholderData } = useCall('models.weights', { model, from, rules }, { enabled: from !== '', keepPrevious: true })
  return (
    <div className="weights">
      <p>{say('weights.what')}</p>
      <div className="weights-acts">
        <Button disabled={whyNot !== undefined} title={whyNot} onClick={() => picker.current?.click()}>{say('weights.choose')}</Button>
        {from === '' ? null : <b className="mono">{fileName(from)}</b>}
        <input ref={picker} hidden type="file" tabIndex={-1} accept={WEIGHT_ENDINGS.join(',')} aria-label={say('weights.choose')} onChange={(event) => { onFiles([...(event.target.files ?? [])]); event.target.value = '' }} />
      </div>
      <label className="weights-path"><span>{say('model.path')}</span><input className="field mono" key={from} defaultValue={from} spellCheck={false} placeholder="net.safetensors" onBlur={(event) => set({ weights: event.target.value.trim() })} onKeyDown={(event) => { if (event.key === 'Enter') set({ weights: event.currentTarget.value.trim() }) }} /></label>
      <label className="weights-path"><span>{say('weights.names')}</span>
        <select className="field" value={preset} onChange={(event) => set({ names: event.target.value })}>
          <option value={PLAIN}>{say('weights.names.plain')}</option>
          {presetsOf(match, preset).map((name) => <option key={name} value={name}>{say('weights.names.preset', { name })}</option>)}
          <option value={OWN}>{say('weights.names.own')}</option>
        </select>
      </label>
      {preset === OWN ? <textarea className="field mono" rows={8} aria-label={say('weights.rules')} value={own} spellCheck={false} onChange={(event) => setOwn(event.target.value)} /> : null}
      {error === null ? null : <FaultNotice fault={error} />}
      {from === '' || error !== null ? null : match === undefined ? <p className="muted" role="status">{say('weights.looking', { file: fileName(from) })}</p> : <Fit match={match} isOld={isPlaceholderData || text !== own} model={model} from={from} rules={rules} />}
    </div>
  )
}

const KNOWN: readonly string[] = ['edsr', 'edsr-basicsr', 'pytorch']

/** Before a file was looked at nothing has told them. */
const presetsOf = (match: WeightMatch | undefined, chosen: string): readonly string[] => {
  const known = match?.presets ?? KNOWN
  return chosen === PLAIN || chosen === OWN || known.includes(chosen) ? known : [...known, chosen]
}

/** What was typed, once nothing is typed any more. */
function useRested(text: string): string {
  const [rested, setRested] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return rested
}

interface FitProps {
  readonly match: WeightMatch
  /** It is of other rules, while these are looked at. */
  readonly isOld: boolean
  readonly model: ModelRef
  readonly from: string
  readonly rules: string
}

function Fit({ match, isOld, model, from, rules }: FitProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const [parameters, set] = useAddress()
  const [, setParameters] = useSearchParams()
  const [isAllowed, setAllowed] = useState(false)
  const work = useNamedJob('weights', parameters.get('taking'), (job) => set({ taking: job }))
  const { pairs, missing, unexpected, wrongShapes, nearest, ignored } = match
  const left = missing.length + unexpected.length
  const isWhole = left === 0 && wrongShapes.length === 0 && pairs.length > 0
  const why = whyNot ?? (pairs.length === 0 ? say('weights.none') : wrongShapes.length > 0 ? say('weights.shapes.first') : left > 0 && !isAllowed ? say('weights.left.first') : undefined)
  const run = parameters.has('taking') && work.job?.state === 'done' ? work.job.run : null
  useEffect(() => { if (run !== null) setParameters({ m: `float:${run}` }, { replace: true }) }, [run, setParameters])
  return (
    <div className="weights-fit" aria-busy={isOld || undefined}>
      <p role="status"><span className="verdict" data-tone={isWhole ? 'good' : wrongShapes.length > 0 || pairs.length === 0 ? 'bad' : 'warning'}>{isWhole ? '✓' : '!'}</span> {say('weights.matched', { matched: pairs.length, of: pairs.length + missing.length + wrongShapes.length })}{ignored.length === 0 ? null : <span className="muted"> {say('weights.ignored', { count: ignored.length })}</span>}</p>
      <List title={say('weights.shapes')} rows={wrongShapes.map(({ name, key, dims, found }) => `${name} [${dims.join(', ')}] ↔ ${key} [${found.join(', ')}]`)} />
      <List title={say('weights.missing')} rows={missing} />
      <List title={say('weights.unexpected')} rows={unexpected} />
      <List title={say('weights.nearest')} rows={nearest.map(({ name, key }) => `${name} ↔ ${key}`)} />
      <List title={say('weights.pairs')} rows={pairs.map(({ name, key, perm }) => `${name} ← ${key}${perm === undefined ? '' : ` (${perm.join(', ')})`}`)} isFolded />
      {left === 0 || pairs.length === 0 ? null : <label className="check"><input type="checkbox" checked={isAllowed} onChange={(event) => setAllowed(event.target.checked)} /> {say('weights.allow')}</label>}
      <Button tone="primary" disabled={why !== undefined || isOld || work.isRunning} title={why} onClick={() => work.start({ kind: 'weights', model, from, rules, allowMissing: isAllowed })}>{say(work.isRunning ? 'weights.taking' : 'weights.take')}</Button>
      {why === undefined || why === whyNot ? null : <p className="muted">{why}</p>}
      <JobPart work={work} cancelled={say('weights.cancelled')} />
    </div>
  )
}

interface ListProps {
  readonly title: string
  readonly rows: readonly string[]
  readonly isFolded?: boolean
}

function List({ title, rows, isFolded = false }: ListProps) {
  if (rows.length === 0) return null
  return <details className="weights-list" open={!isFolded}><summary>{title} <span className="number">{rows.length}</span></summary><ul className="mono">{rows.map((row) => <li key={row}>{row}</li>)}</ul></details>
}
