import type { Finding } from '../core/run.ts'

/** Where a finding points, and what it says. */
export interface Said {
  readonly node?: string
  readonly tensor?: string
  readonly what: string
  readonly why: string
  readonly fix: string
}

/** `rule` as `T01`: findings carry it as `SW-T01`. */
export const finding = (rule: string, severity: Finding['severity'], { node = '', tensor = '', what, why, fix }: Said): Finding =>
  ({ rule: `SW-${rule}`, severity, node, tensor, what, why, fix })

const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'note']

/** Errors first, then warnings, then notes; within one severity as they were found. */
export const bySeverity = (findings: readonly Finding[]): Finding[] => findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))

/** The first names, and how many more. */
export function someOf(names: readonly string[], most = 4): string {
  if (names.length <= most) return names.join(', ')
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const kibi = bytes / 1024
  return kibi < 1024 ? `${rounded(kibi)} KiB` : `${rounded(kibi / 1024)} MiB`
}

const rounded = (value: number): string => value.toFixed(value < 10 ? 1 : 0)

export const percentText = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`

/** A number with as many digits as tell it from its neighbours. */
export const numberText = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e9 ? String(value) : String(Number(value.toPrecision(4))))
