import { signed } from './format.ts'

interface DeltaProps {
  readonly value: number | null | undefined
  readonly digits: number
  /** Which way is better; nothing where neither is. */
  readonly better?: 'up' | 'down'
}

/** A change with its sign; better or worse by shape and colour where that can be said. */
export function Delta({ value, digits, better }: DeltaProps) {
  const text = signed(value, digits)
  if (value === null || value === undefined || better === undefined || !/[1-9∞]/.test(text)) return <span className="number muted">{text}</span>
  return <span className="number delta" data-tone={value > 0 === (better === 'up') ? 'good' : 'bad'}><span aria-hidden="true">{value > 0 ? '▲' : '▼'}</span> {text}</span>
}
