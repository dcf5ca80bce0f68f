import { Link } from 'react-router'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { duration, fileName, grouped } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { roughSeconds, type Cost } from './cost.ts'
import { Choice, Field, FieldFault, NumberField } from './fields.tsx'
import type { Draft } from './use-draft.ts'

const VALUES = ['calibration', 'valuesPerTensor']
const SEED = ['samples', 'calibration', 'seed']
const COUNT = ['samples', 'calibration', 'count']

/** What is looked at, how much of it, and what that costs. */
export function SamplesStep({ draft, cost, methods }: { readonly draft: Draft; readonly cost: Cost; readonly methods: number }) {
  const say = useSay()
  const threads = useCall('app.info', {}).data?.threads
  const fault = draft.faultAt(['samples'])
  const isOwn = [COUNT, SEED].some((path) => draft.faultAt(path) !== undefined)
  return (
    <div className="wizard-columns">
      <Panel title={say('place.samples')} aside={<Link to="/samples">{say('calibrate.samples.choose')}</Link>}>
        <dl className="facts">
          <Part draft={draft} part="calibration" />
          <Part draft={draft} part="evaluation" />
        </dl>
        {fault === undefined || isOwn ? null : <FieldFault fault={fault} />}
        <Field label={say('calibrate.count')} hint={cost.samples === null ? say('calibrate.count.what') : say('calibrate.count.are', { count: grouped(cost.samples) })} isChanged={draft.at(COUNT) !== undefined} onReset={() => draft.set(COUNT, undefined)} fault={draft.faultAt(COUNT)}>
          {(ids) => <NumberField {...ids} value={draft.at(COUNT)} placeholder={say('calibrate.count.all')} isWrong={draft.faultAt(COUNT) !== undefined} onChange={(value) => draft.set(COUNT, value)} />}
        </Field>
        <Field label={say('calibrate.seed')} hint={say('calibrate.seed.what')} isChanged={(draft.at(SEED) ?? 0) !== 0} onReset={() => draft.set(SEED, undefined)} fault={draft.faultAt(SEED)}>
          {(ids) => <NumberField {...ids} value={draft.at(SEED)} placeholder="0" isWrong={draft.faultAt(SEED) !== undefined} onChange={(value) => draft.set(SEED, value)} />}
        </Field>
      </Panel>
      <div className="wizard-column">
        <Panel title={say('calibrate.resources')}>
          <Field label={say('facts.threads')} hint={say('calibrate.threads.what')} isChanged={draft.at(['threads']) !== undefined} onReset={() => draft.set(['threads'], undefined)} fault={draft.faultAt(['threads'])}>
            {(ids) => <NumberField {...ids} value={draft.at(['threads'])} {...(threads === undefined ? {} : { placeholder: String(threads) })} isWrong={draft.faultAt(['threads']) !== undefined} onChange={(value) => draft.set(['threads'], value)} />}
          </Field>
          <Values draft={draft} />
        </Panel>
        <Panel title={say('calibrate.cost')}><CostText cost={cost} methods={methods} /></Panel>
      </div>
    </div>
  )
}

function Part({ draft, part }: { readonly draft: Draft; readonly part: 'calibration' | 'evaluation' }) {
  const say = useSay()
  const path = draft.at(['samples', part, 'path'])
  const reference = draft.at(['samples', part, 'reference'])
  const metric = draft.at(['samples', part, 'metric'])
  const isReference = typeof reference === 'string' || (typeof reference === 'object' && reference !== null)
  return (
    <div data-path>
      <dt>{say(part === 'calibration' ? 'record.calibration' : 'record.evaluation')}</dt>
      <dd className="mono">
        {typeof path === 'string' ? <span title={path}>{fileName(path)}</span> : <span className="muted">{say(part === 'calibration' ? 'calibrate.samples.none' : 'calibrate.samples.same')}</span>}
        {isReference ? <small>{say('calibrate.reference', { name: typeof reference === 'string' ? fileName(reference) : String((reference as { pattern?: unknown }).pattern ?? '') })}</small> : null}
        {typeof metric === 'string' ? <small>{metric}</small> : typeof metric === 'object' && metric !== null ? <small>{String((metric as { kind?: unknown }).kind ?? '')}</small> : null}
      </dd>
    </div>
  )
}

function Values({ draft }: { readonly draft: Draft }) {
  const say = useSay()
  const value = draft.at(VALUES)
  const known = ['4096', '16384', '65536', 'all']
  const now = String(value ?? '')
  const choices = [...known, ...(now === '' || known.includes(now) ? [] : [now])]
  return (
    <Field label={say('calibrate.values')} hint={say('calibrate.values.what')} isChanged={draft.isChanged(VALUES)} onReset={() => draft.set(VALUES, undefined)} fault={draft.faultAt(VALUES)}>
      {({ id, described }) => (
        <Choice
          id={id} described={described} value={now} choices={choices.map((each) => ({ value: each, name: each === 'all' ? say('calibrate.values.all') : grouped(Number(each)) }))}
          onChange={(next) => draft.set(VALUES, next === 'all' ? 'all' : Number(next))}
        />
      )}
    </Field>
  )
}

/** What the job will cost, and where that is known from. */
export function CostText({ cost: { measured, samples, seconds }, methods }: { readonly cost: Cost; readonly methods: number }) {
  const say = useSay()
  const count = samples === null ? say('calibrate.cost.samples-unknown') : say('calibrate.cost.samples', { count: samples })
  if (measured === null) return <p className="panel-text">{say('calibrate.cost.unknown', { samples: count })}</p>
  const pass = samples === null ? null : measured.secondsASample * samples
  return (
    <div className="panel-text cost">
      <p className="cost-sum">{seconds === null ? count : say('calibrate.cost.about', { samples: count, seconds: roughSeconds(seconds) })}</p>
      <p>{pass === null ? say('calibrate.cost.a-sample', { time: duration(measured.secondsASample) }) : say('calibrate.cost.pass', { time: duration(pass) })}{measured.restSeconds === null ? '' : ` ${say('calibrate.cost.rest', { count: methods, time: duration(measured.restSeconds) })}`} {say('calibrate.cost.found')}</p>
      <p><Link to={`/run/${measured.run}`}>{say('calibrate.cost.from')}</Link></p>
    </div>
  )
}
