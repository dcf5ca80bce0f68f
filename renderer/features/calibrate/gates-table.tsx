import { IconX } from '@tabler/icons-react'
import { useState } from 'react'
import type { RecipeChoices } from '../../client.ts'
import { textOf, useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Choice, FieldFault, NumberField } from './fields.tsx'
import type { Draft } from './use-draft.ts'

const SENSES = { '<=': '≤', '>=': '≥' } as const

/** Bounds that a run has to keep to. */
export function GatesTable({ draft, gates }: { readonly draft: Draft; readonly gates: RecipeChoices['gates'] }) {
  const say = useSay()
  const set = (draft.at(['gates']) ?? {}) as Readonly<Record<string, unknown>>
  const free = gates.filter(({ name }) => !Object.hasOwn(set, name))
  const [picked, setPicked] = useState('')
  const next = free.find(({ name }) => name === picked) ?? free[0]
  const nameOf = (name: string): string => textOf(say, `calibrate.gate.${name}`) ?? name
  const fault = draft.faultAt(['gates'])
  return (
    <Panel title={say('gates')} aside={<span className="panel-note">{say('calibrate.gates.what')}</span>}>
      {Object.keys(set).length === 0 ? <p className="panel-text">{say('calibrate.gates.none')}</p> : (
        <table className="plain setting-table">
          <thead className="unseen"><tr><th>{say('gate.rule')}</th><th>{say('calibrate.bound')}</th><th>{say('calibrate.remove')}</th></tr></thead>
          <tbody>
            {Object.entries(set).map(([name, bound]) => (
              <tr key={name}>
                <th scope="row"><span className="mono">{name}</span><small>{nameOf(name)}</small></th>
                <td><span className="muted">{SENSES[gates.find((gate) => gate.name === name)?.sense ?? '<=']}</span> <NumberField label={say('calibrate.bound-of', { name })} value={bound} isWrong={draft.faultAt(['gates', name]) !== undefined} onChange={(value) => draft.set(['gates', name], value ?? '')} /></td>
                <td><Button tone="quiet" aria-label={say('calibrate.remove-of', { name })} title={say('calibrate.remove')} onClick={() => draft.set(['gates', name], undefined)}><IconX size={14} aria-hidden /></Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {fault === undefined ? null : <FieldFault fault={fault} />}
      {next === undefined ? null : (
        <div className="setting-add">
          <Choice label={say('calibrate.gate.new')} value={next.name} choices={free.map(({ name, sense }) => ({ value: name, name: `${name} ${SENSES[sense]}` }))} onChange={setPicked} />
          <Button onClick={() => draft.set(['gates', next.name], FIRST_BOUNDS[next.name] ?? 0)}>{say('calibrate.gate.add')}</Button>
        </div>
      )}
    </Panel>
  )
}

/** What a bound begins with: usual values, to be changed. */
const FIRST_BOUNDS: Readonly<Record<string, number>> = {
  psnr_y_drop_db: 0.1, psnr_rgb_drop_db: 0.1, ssim_y_drop: 0.001, ssim_rgb_drop: 0.001, psnr_y_db: 30, psnr_rgb_db: 30, output_sqnr_db: 30, output_cosine: 0.999,
  worst_layer_cosine: 0.99, worst_layer_sqnr_db: 20, latency_ratio: 1, size_ratio: 0.5, findings_errors: 0,
}
