import { IconX } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Choice, FieldFault, NumberField } from './fields.tsx'
import type { Draft } from './use-draft.ts'

const LAYERS = ['quantize', 'layers']
/** Keys with a column of their own; others are kept and told. */
const COLUMNS = ['method', 'bits', 'forward_with_float', 'threshold']

/** Layers that are quantized otherwise: by name, by glob, or by operator. */
export function OverridesTable({ draft, methods }: { readonly draft: Draft; readonly methods: readonly string[] }) {
  const say = useSay()
  const layers = (draft.at(LAYERS) ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  const [pattern, setPattern] = useState('')
  const [added, setAdded] = useState<readonly string[]>([])
  const names = [...Object.keys(layers), ...added.filter((name) => !Object.hasOwn(layers, name))]
  function add(event: FormEvent): void {
    event.preventDefault()
    const name = pattern.trim()
    if (name === '') return
    if (!names.includes(name)) setAdded([...added, name])
    setPattern('')
  }
  function remove(name: string): void {
    draft.set([...LAYERS, name], undefined)
    setAdded(added.filter((each) => each !== name))
  }
  return (
    <Panel title={say('calibrate.overrides')} aside={<span className="panel-note">{say('calibrate.overrides.what')}</span>}>
      {names.length === 0 ? <p className="panel-text">{say('calibrate.overrides.none')}</p> : (
        <div className="setting-scroll">
          <table className="plain setting-table">
            <thead><tr><th>{say('calibrate.pattern')}</th><th>{say('method')}</th><th>{say('calibrate.bits')}</th><th>{say('calibrate.in-float')}</th><th>{say('calibrate.threshold')}</th><th><span className="unseen">{say('calibrate.remove')}</span></th></tr></thead>
            <tbody>{names.map((name) => <Override key={name} draft={draft} name={name} layer={layers[name] ?? {}} methods={methods} onRemove={() => remove(name)} />)}</tbody>
          </table>
        </div>
      )}
      <form className="setting-add" onSubmit={add}>
        <input className="field mono" aria-label={say('calibrate.pattern.new')} placeholder={say('calibrate.pattern.hint')} value={pattern} onChange={(event) => setPattern(event.target.value)} autoComplete="off" spellCheck={false} />
        <Button type="submit" disabled={pattern.trim() === ''}>{say('calibrate.pattern.add')}</Button>
      </form>
    </Panel>
  )
}

interface OverrideProps {
  readonly draft: Draft
  readonly name: string
  readonly layer: Readonly<Record<string, unknown>>
  readonly methods: readonly string[]
  readonly onRemove: () => void
}

function Override({ draft, name, layer, methods, onRemove }: OverrideProps) {
  const say = useSay()
  const set = (key: string, value: unknown): void => draft.set([...LAYERS, name, key], value)
  const same = { value: '', name: say('calibrate.as-others') }
  const rest = Object.entries(layer).filter(([key, value]) => !COLUMNS.includes(key) && value !== undefined && value !== null)
  const fault = draft.faultAt([...LAYERS, name])
  return (
    <>
      <tr>
        <th scope="row"><span className="mono">{name}</span>{rest.length === 0 ? null : <small className="mono">{rest.map(([key, value]) => `${key} ${String(value)}`).join(' · ')}</small>}</th>
        <td><Choice label={say('calibrate.method-of', { name })} value={String(layer['method'] ?? '')} choices={[same, ...methods.map((method) => ({ value: method, name: method }))]} onChange={(value) => set('method', value === '' ? undefined : value)} /></td>
        <td><Choice label={say('calibrate.bits-of', { name })} value={String(layer['bits'] ?? '')} choices={[same, { value: '8', name: '8' }, { value: '16', name: '16' }]} onChange={(value) => set('bits', value === '' ? undefined : Number(value))} /></td>
        <td data-align="center"><input type="checkbox" aria-label={say('calibrate.float-of', { name })} checked={layer['forward_with_float'] === true} onChange={(event) => set('forward_with_float', event.target.checked ? true : undefined)} /></td>
        <td><NumberField label={say('calibrate.threshold-of', { name })} value={layer['threshold']} placeholder="–" isWrong={draft.faultAt([...LAYERS, name, 'threshold']) !== undefined} onChange={(value) => set('threshold', value)} /></td>
        <td><Button tone="quiet" aria-label={say('calibrate.remove-of', { name })} title={say('calibrate.remove')} onClick={onRemove}><IconX size={14} aria-hidden /></Button></td>
      </tr>
      {fault === undefined ? null : <tr><td colSpan={6}><FieldFault fault={fault} /></td></tr>}
    </>
  )
}
