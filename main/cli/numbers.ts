import { cappedDecibels } from '../core/decibel.ts'

/** What stands where there is no number. */
export const NOTHING = '–'

export const fixed = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined || Number.isNaN(value) ? NOTHING : value.toFixed(digits)

export const decibels = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined || Number.isNaN(value) ? NOTHING : cappedDecibels(value).toFixed(digits)

/** Four significant digits, without needless zeros: `0.6914`, `1.25e-7`, `176.3`. */
export const significant = (value: number | null | undefined, digits = 4): string =>
  value === null || value === undefined || Number.isNaN(value) ? NOTHING : String(Number(value.toPrecision(digits)))

/** Noise over signal: small ones by their power of ten, so that a column can be read down. */
export const ratio = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined || value === 0 || Number.isNaN(value) || Math.abs(value) >= 1e-3 ? significant(value, digits) : value.toExponential(digits - 1)

const GROUPED = new Intl.NumberFormat('en')
/** A whole number in groups of three: `42,540`. */
export const grouped = (value: number): string => GROUPED.format(value)

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** The decimal unit in which the largest of the sizes stays below 1000. */
export function byteUnit(...sizes: number[]): { unit: string; divisor: number } {
  const largest = Math.max(1, ...sizes)
  const power = Math.min(Math.floor(Math.log10(largest) / 3), BYTE_UNITS.length - 1)
  return { unit: BYTE_UNITS[power]!, divisor: 1000 ** power }
}

export function bytes(size: number): string {
  const { unit, divisor } = byteUnit(size)
  return `${(size / divisor).toFixed(unit === 'B' ? 0 : 1)} ${unit}`
}

/** A length of time for a progress line: `0:05`, `12:40`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
