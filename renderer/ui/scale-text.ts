import type { ScaleRow } from '../../preload/contract/index.ts'
import { significant } from './format.ts'

/** One number, or the least and the greatest of several: `0.00392`, `0.0012 … 0.0188`. */
export function spanOf(values: readonly number[]): string {
  if (values.length === 0) return ''
  const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity])
  return low === high ? significant(low) : `${significant(low, 3)} … ${significant(high, 3)}`
}

/** A plain value of a recipe or a fact, in one line. */
export function plainText(value: unknown): string {
  if (value === undefined) return '–'
  // As a person wrote it, where that is short: 0.1 rather than 0.10000.
  if (typeof value === 'number') return Math.abs(value) >= 1e-4 && String(value).length <= 7 ? String(value).replace('-', '−') : significant(value, 5)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export const rangeText = (row: ScaleRow | null): string => (row === null ? '–' : row.float ? 'float' : `${significant(row.lo)} … ${significant(row.hi)}`)
