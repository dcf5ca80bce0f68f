import { useState, type ReactNode } from 'react'
import { useEngineWords } from '../../texts/engine-words.ts'
import { useSay } from '../../texts/texts.ts'
import { typedKey } from '../../ui/typing.ts'
import { numberText } from './preprocess-form.ts'

interface NumberFieldProps {
  readonly label: string
  readonly value: number | null
  /** The number that a text stands for; null where it is none. */
  readonly read: (text: string) => number | null
  readonly onChange: (value: number) => void
  /** What happens when the field is emptied; absent: nothing. */
  readonly onClear?: () => void
  readonly placeholder?: string
  readonly disabled?: boolean
}

/** A number that takes hold while it is typed; what is no number stays in the field and is marked. */
export function NumberField({ label, value, read, onChange, onClear, placeholder, disabled }: NumberFieldProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const shown = typed ?? (value === null ? '' : numberText(value))
  const isWrong = typed !== null && typed.trim() !== '' && read(typed) === null

  function type(text: string): void {
    setTyped(text)
    const number = read(text)
    if (number !== null) onChange(number)
    else if (text.trim() === '') onClear?.()
  }

  return (
    <input
      className="field number samples-number" inputMode="decimal" spellCheck={false} aria-label={label} title={label} aria-invalid={isWrong || undefined}
      value={shown} placeholder={placeholder} disabled={disabled} onChange={(event) => type(event.target.value)} onBlur={() => setTyped(null)}
    />
  )
}

interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly placeholder?: string
  readonly id?: string
}

/** A text that takes hold with Enter, or when the field is left. Escape brings back what stood there. */
export function TextField({ label, value, onChange, placeholder, id }: TextFieldProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const commit = (): void => {
    if (typed !== null && typed.trim() !== value) onChange(typed.trim())
    setTyped(null)
  }
  return (
    <input
      id={id} className="field mono samples-text" spellCheck={false} autoComplete="off" aria-label={label} title={value === '' ? label : value} value={typed ?? value} placeholder={placeholder}
      onChange={(event) => setTyped(event.target.value)} onBlur={commit}
      onKeyDown={(event) => {
        const key = typedKey(event)
        if (key === 'Enter') commit()
        else if (key === 'Escape') setTyped(null)
      }}
    />
  )
}

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly choices: readonly { readonly value: T; readonly name: string }[]
  readonly onChange: (value: T) => void
}

export function Choice<T extends string>({ label, value, choices, onChange }: ChoiceProps<T>) {
  return (
    <select className="field" aria-label={label} value={value} onChange={(event) => onChange(event.target.value as T)}>
      {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.name}</option>)}
    </select>
  )
}

interface FormRowProps {
  readonly label: string
  readonly given: boolean
  /** Where the guess comes from. */
  readonly how: string
  readonly onReset: () => void
  readonly children: ReactNode
}

/** One setting: its controls, and whether a person gave it or it was guessed, and how. */
export function FormRow({ label, given, how: english, onReset, children }: FormRowProps) {
  const say = useSay()
  const { text: how, lang } = useEngineWords()(english)
  return (
    <div className="samples-row" data-given={given || undefined}>
      <span className="samples-row-label">{label}</span>
      <span className="samples-row-fields">{children}</span>
      {given
        ? <button type="button" className="samples-mark" data-given="true" onClick={onReset} title={say('samples.reset.what', { how })}>● {say('samples.given')} <span aria-hidden="true">↺</span><span className="unseen">{say('samples.reset', { label })}</span></button>
        : <span className="samples-mark" title={how}>◌ {say('samples.guessed')}</span>}
      <span className="samples-row-how" title={how} lang={given ? undefined : lang}>{given ? say('samples.would-be', { how }) : how}</span>
    </div>
  )
}
