import { Fragment, useMemo } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { plainText } from '../../ui/scale-text.ts'
import { changed } from '../../ui/search.ts'
import { commandOf, settingsOf, stepOfKey } from './draft.ts'
import { stepName } from './steps.ts'
import type { Draft } from './use-draft.ts'

/** Everything that will be run, as text to take along; what differs from the defaults; what is wrong. */
export function ReviewStep({ draft, methods }: { readonly draft: Draft; readonly methods: readonly string[] }) {
  const say = useSay()
  const workspace = useCall('app.info', {}).data?.workspace ?? ''
  const { whole, wrong } = draft
  const command = commandOf(methods, workspace)
  return (
    <div className="wizard-columns">
      <div className="wizard-column">
        {wrong === null ? null : <Wrong draft={draft} />}
        <Panel title={say('calibrate.command')} aside={<CopyButton text={command} label={say('copy')} />}>
          <pre className="code review-code" tabIndex={0}>{command.split(' ').map((word, at) => <Fragment key={at}>{at === 0 ? '' : ' '}<span>{word}</span></Fragment>)}</pre>
          <p className="panel-foot">{say('calibrate.command.what')}</p>
        </Panel>
        {whole === null ? null : <Differences draft={draft} methods={methods} />}
      </div>
      <Panel title={say('recipe')} aside={whole === null ? null : <CopyButton text={whole.text} label={say('calibrate.copy-recipe')} />} grows>
        {whole === null ? <p className="panel-text">{say('calibrate.no-recipe')}</p> : <pre className="recipe review-recipe mono" tabIndex={0} aria-label={say('recipe')}>{whole.text}</pre>}
      </Panel>
    </div>
  )
}

function Wrong({ draft: { wrong } }: { readonly draft: Draft }) {
  const say = useSay()
  const [parameters] = useSearchParams()
  if (wrong === null) return null
  const step = stepOfKey(wrong.path)
  const place = wrong.path[0] === 'model' || wrong.path.length === 0 ? '/model' : '/samples'
  return (
    <FaultNotice fault={wrong.fault}>
      <Link className="button" to={step === null ? place : { search: `?${changed(parameters, { step }).toString()}` }}>{say('calibrate.mend', { step: step === null ? say(place === '/model' ? 'place.model' : 'place.samples') : say(stepName(step)) })}</Link>
    </FaultNotice>
  )
}

function Differences({ draft: { whole, defaults, set }, methods }: { readonly draft: Draft; readonly methods: readonly string[] }) {
  const say = useSay()
  const settings = useMemo(() => (whole === null || defaults === undefined ? [] : settingsOf(whole.recipe, defaults)), [whole, defaults])
  const shown = methods.length > 1 ? settings.filter(({ path }) => path.join('.') !== 'quantize.activations.method') : settings
  return (
    <Panel title={say('calibrate.differences')} aside={<span className="panel-note number">{shown.length}</span>} grows>
      {methods.length > 1 ? <p className="panel-text">{say('calibrate.differences.methods', { methods: methods.join(', ') })}</p> : null}
      {shown.length === 0 ? <p className="panel-text">{say('calibrate.differences.none')}</p> : (
        <div className="setting-scroll">
          <table className="plain values">
            <thead><tr><th>{say('place')}</th><th>{say('calibrate.set-to')}</th><th>{say('calibrate.by-default')}</th><th><span className="unseen">{say('calibrate.reset')}</span></th></tr></thead>
            <tbody>
              {shown.map(({ path, value, initial }) => (
                <tr key={path.join('\0')}>
                  <th scope="row" className="mono">{path.join('.')}</th><td className="mono">{plainText(value)}</td><td className="mono muted">{plainText(initial)}</td>
                  <td><button type="button" className="link" onClick={() => set(path, undefined)} aria-label={say('calibrate.reset-of', { name: path.join('.') })} title={say('calibrate.reset')}>↺</button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
