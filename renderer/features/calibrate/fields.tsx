import { useId, useState, type ReactNode } from 'react'
import type { FaultData } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { EngineText } from '../../ui/engine-text.tsx'
import { useFaultWords } from '../../ui/fault-words.ts'
import { numberFrom } from './draft.ts'

interface FieldProps {
  readonly label: string
  /** What it means, in a sentence. */
  readonly hint?: ReactNode
  readonly isChanged: boolean
  readonly onReset: () => void
  readonly fault?: FaultData | undefined
  readonly children: (ids: { readonly id: string; readonly described: string }) => ReactNode
}

/** One setting: its name, its control, whether it differs from the default with the way back, and what is wrong with it. */
export function Field({ label, hint, isChanged, onReset, fault, children }: FieldProps) {
  const id = useId()
  const described = `${id}-hint`
  return (
    <div className="setting" data-changed={isChanged || undefined}>
      <label className="setting-name" htmlFor={id}>{label}</label>
      <div className="setting-control">{children({ id, described })}</div>
      <ChangedMark label={label} isChanged={isChanged} onReset={onReset} />
      <div className="setting-hint" id={described}>{hint}{fault === undefined ? null : <FieldFault fault={fault} />}</div>
    </div>
  )
}

/** By shape and word: this is not the default; a click takes it back. */
export function ChangedMark({ label, isChanged, onReset }: { readonly label: string; readonly isChanged: boolean; readonly onReset: () => void }) {
  const say = useSay()
  if (!isChanged) return <span className="setting-mark" />
  return (
    <button type="button" className="setting-mark" onClick={onReset} title={say('calibrate.reset')}>
      <span aria-hidden="true">●</span> {say('calibrate.changed')} <span aria-hidden="true">↺</span><span className="unseen">{say('calibrate.reset-of', { name: label })}</span>
    </button>
  )
}

export function FieldFault({ fault }: { readonly fault: FaultData }) {
  const { title, step } = useFaultWords()(fault)
  return <p className="setting-fault" role="alert"><span aria-hidden="true">✕</span> <b>{title}</b> <EngineText text={fault.what} /> {step}</p>
}

interface ChoiceProps {
  readonly id?: string
  readonly label?: string
  readonly described?: string
  readonly value: string
  readonly choices: readonly { readonly value: string; readonly name: string }[]
  readonly onChange: (value: string) => void
}

export function Choice({ id, label, described, value, choices, onChange }: ChoiceProps) {
  return (
    <select className="field" id={id} aria-label={label} aria-describedby={described} value={value} onChange={(event) => onChange(event.target.value)}>
      {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.name}</option>)}
    </select>
  )
}

interface NumberFieldProps {
  readonly id?: string
  readonly label?: string
  readonly described?: string
  readonly value: unknown
  readonly placeholder?: string
  readonly isWrong?: boolean
  /** A number; what is none goes on as it is, for the check to say so; undefined where it was emptied. */
  readonly onChange: (value: unknown) => void
}

const shownNumber = (value: unknown): string => (value === undefined || value === null ? '' : String(value))

export function NumberField({ id, label, described, value, placeholder, isWrong, onChange }: NumberFieldProps) {
  // `0.` is a number on the way to `0.1`: what is typed stays as it is while it means the value.
  const [typed, setTyped] = useState(() => shownNumber(value))
  const text = numberFrom(typed) === (value ?? undefined) ? typed : shownNumber(value)
  return (
    <input
      className="field number setting-number" id={id} aria-label={label} aria-describedby={described} aria-invalid={isWrong || undefined} inputMode="decimal" autoComplete="off" spellCheck={false}
      value={text} placeholder={placeholder} onChange={(event) => { setTyped(event.target.value); onChange(numberFrom(event.target.value)) }}
    />
  )
}
