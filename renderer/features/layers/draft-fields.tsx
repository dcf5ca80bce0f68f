import { useState } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Segmented } from '../../ui/segmented.tsx'
import type { LayerDraft } from './draft.ts'
import type { LayerRow } from './rows.ts'

interface DraftFieldsProps {
  readonly row: LayerRow
  readonly draft: LayerDraft | undefined
  readonly methods: readonly string[]
  /** `th_scale` of the run's recipe. */
  readonly currentScale: number
  readonly onChange: (change: { readonly [K in keyof LayerDraft]: LayerDraft[K] | undefined }, tag?: string) => void
}

/** Everything else that the recipe can say of a tensor. */
export function DraftFields({ row, draft, methods, currentScale, onChange }: DraftFieldsProps) {
  const say = useSay()
  const isFloat = draft?.float ?? row.float
  const hasCodes = row.plan?.grid !== null
  const isKnown = row.plan?.fixed !== null
  const isInput = row.plan?.ops.length === 0
  const bits = draft?.bits ?? (row.bits === 16 ? 16 : 8)
  return (
    <div className="draft-fields">
      <label className="draft-field">
        <span className="unseen">{say('method')}</span>
        <select className="field" value={draft?.method ?? ''} disabled={!hasCodes || isKnown} title={isKnown ? say('layers.known-range', { rule: row.plan?.fixed ?? '' }) : undefined} onChange={(event) => onChange({ method: event.target.value || undefined })}>
          <option value="">{say('layers.as-run', { method: row.method })}</option>
          {methods.map((method) => <option key={method} value={method}>{method}</option>)}
        </select>
      </label>
      <div className="draft-field">
        <span>{say('layers.bits')}</span>
        {!hasCodes ? <span className="number muted">32</span> : (
          <Segmented label={say('layers.bits')} value={bits === 16 ? '16' : '8'} choices={[{ value: '8', name: '8' }, { value: '16', name: '16' }]} onChange={(value) => onChange({ bits: Number(value) === row.bits ? undefined : (Number(value) as 8 | 16) })} />
        )}
      </div>
      <ScaleField value={draft?.scale ?? currentScale} disabled={!hasCodes || isKnown || draft?.lo !== undefined || (row.method === 'threshold' && draft?.method === undefined)} onTake={(scale) => onChange({ scale: scale === currentScale ? undefined : scale })} />
      <label className="draft-field draft-check">
        <input type="checkbox" checked={isFloat} disabled={isInput} onChange={(event) => onChange({ float: event.target.checked === row.float ? undefined : event.target.checked })} />
        <span>{say('layers.in-float')}</span>
      </label>
    </div>
  )
}

interface ScaleFieldProps {
  readonly value: number
  readonly disabled: boolean
  readonly onTake: (value: number) => void
}

function ScaleField({ value, disabled, onTake }: ScaleFieldProps) {
  const say = useSay()
  const [typed, setTyped] = useState<string | null>(null)
  const number = Number(typed ?? value)
  const isWrong = !(Number.isFinite(number) && number > 0)
  const take = (): void => {
    if (typed !== null && !isWrong) onTake(number)
    setTyped(null)
  }
  return (
    <label className="draft-field">
      <span title={say('layers.th-scale')}>th_scale</span>
      <input
        className="field number draft-scale" inputMode="decimal" value={typed ?? String(value)} disabled={disabled} aria-invalid={isWrong} aria-label={say('layers.th-scale')}
        onChange={(event) => setTyped(event.target.value)} onBlur={take} onKeyDown={(event) => { if (event.key === 'Enter') take(); else if (event.key === 'Escape') setTyped(null) }}
      />
    </label>
  )
}
