import { signed, significant } from './format.ts'

interface DeltaProps {
  readonly value: number | null | undefined
  /** After the point; absent: as many as mean something. */
  readonly digits?: number
  /** Which way is better; nothing where neither is. */
  readonly better?: 'up' | 'down'
}

/** A change in words of numbers: `+0.018`, `−116.1`, `0`. */
export function deltaText(value: number | null | undefined, digits?: number): string {
  if (digits !== undefined) return signed(value, digits)
  return `${(value ?? 0) > 0 ? '+' : ''}${significant(value, 3)}`
}

/** A change with its sign; better or worse by shape and colour where that can be said. */
export function Delta({ value, digits, better }: DeltaProps) {
  const text = deltaText(value, digits)
  if (value === null || value === undefined || better === undefined || !/[1-9∞]/.test(text)) return <span className="number muted">{text}</span>
  return <span className="number delta" data-tone={value > 0 === (better === 'up') ? 'good' : 'bad'}><span aria-hidden="true">{value > 0 ? '▲' : '▼'}</span> {text}</span>
}
