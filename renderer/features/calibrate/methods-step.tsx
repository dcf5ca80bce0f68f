import { useCall } from '../../client.ts'
import { changeProject, setRecipe } from '../../project/project.ts'
import { textOf, useSay } from '../../texts/texts.ts'
import { Panel } from '../../ui/panel.tsx'
import { chosenMethods, METHOD_PATH } from './draft.ts'
import { Field, FieldFault, NumberField } from './fields.tsx'
import type { Draft } from './use-draft.ts'

/** How long a method looks at one tensor's statistics: next to nothing, little, some. */
const COSTS: Readonly<Record<string, 1 | 2 | 3>> = { max: 1, octav: 1, aciq: 1, symkl: 1, mse: 1, auto: 1, kl: 2, admm: 2, percentile: 2, jsd: 3 }
const COST_NAMES = { 1: 'calibrate.cost.least', 2: 'calibrate.cost.little', 3: 'calibrate.cost.some' } as const
const PERCENTILE = ['quantize', 'activations', 'percentile']

/** One method, or several that are compared from one pass over the samples. */
export function MethodsStep({ draft }: { readonly draft: Draft }) {
  const say = useSay()
  const choices = useCall('recipe.choices', {}).data
  const chosen = chosenMethods(draft.project)
  const fault = draft.faultAt(METHOD_PATH)
  function toggle(method: string): void {
    const next = chosen.includes(method) ? chosen.filter((each) => each !== method) : [...chosen, method]
    // The cards' order is the order of the runs, whichever was ticked first.
    const methods = (choices?.methods ?? []).filter((each) => next.includes(each))
    if (methods.length === 1) setRecipe(METHOD_PATH, methods[0])
    changeProject({ methods })
  }
  if (choices === undefined) return null
  return (
    <Panel title={say('calibrate.methods')} aside={<span className="panel-note">{chosen.length > 1 ? say('calibrate.methods.several', { count: chosen.length }) : say('calibrate.methods.one')}</span>} grows>
      <div className="methods" role="group" aria-label={say('calibrate.methods')}>
        {choices.methods.map((method) => {
          const cost = COSTS[method]
          const isOnly = chosen.length === 1 && chosen[0] === method
          return (
            <label key={method} className="method" data-chosen={chosen.includes(method) || undefined} title={isOnly ? say('calibrate.methods.least') : undefined}>
              <input type="checkbox" checked={chosen.includes(method)} disabled={isOnly} onChange={() => toggle(method)} aria-label={method} aria-describedby={`method-${method}`} />
              <span className="method-head"><b className="mono">{method}</b>{method === 'auto' ? <span className="tag">{say('calibrate.default')}</span> : null}
                {cost === undefined ? null : <span className="method-cost" title={say('calibrate.cost.what')}><span aria-hidden="true">{'▮'.repeat(cost)}{'▯'.repeat(3 - cost)}</span> {say(COST_NAMES[cost])}</span>}
              </span>
              <span className="method-what" id={`method-${method}`}>{textOf(say, `calibrate.method.${method}`) ?? ''} <span className="muted">{textOf(say, `calibrate.method.${method}.for`) ?? ''}</span></span>
            </label>
          )
        })}
      </div>
      {fault === undefined ? null : <FieldFault fault={fault} />}
      {chosen.includes('percentile') ? (
        <Field label={say('calibrate.percentile')} hint={say('calibrate.percentile.what')} isChanged={draft.isChanged(PERCENTILE)} onReset={() => draft.set(PERCENTILE, undefined)} fault={draft.faultAt(PERCENTILE)}>
          {(ids) => <NumberField {...ids} value={draft.at(PERCENTILE)} isWrong={draft.faultAt(PERCENTILE) !== undefined} onChange={(value) => draft.set(PERCENTILE, value)} />}
        </Field>
      ) : null}
    </Panel>
  )
}
