import type { ExportCheck } from '../../../preload/contract/index.ts'
import type { PlaceName } from '../../app/places.ts'
import type { TextKey } from '../../texts/texts.ts'

export const CHECK_SHAPES = {
  error: { shape: '✕', tone: 'bad', text: 'export.check.error' },
  warning: { shape: '!', tone: 'warning', text: 'export.check.warning' },
  note: { shape: 'i', tone: 'muted', text: 'export.check.note' },
  ok: { shape: '✓', tone: 'good', text: 'export.check.ok' },
} as const satisfies Readonly<Record<ExportCheck['state'], { readonly shape: string; readonly tone: string; readonly text: TextKey }>>

export interface CheckCounts {
  readonly errors: number
  readonly warnings: number
  readonly fine: number
}

export const countsOf = (checks: readonly ExportCheck[]): CheckCounts => ({
  errors: checks.filter(({ state }) => state === 'error').length,
  warnings: checks.filter(({ state }) => state === 'warning').length,
  fine: checks.filter(({ state }) => state === 'ok').length,
})

export interface MendPlace {
  readonly to: string
  readonly place: PlaceName
}

/** The screen where what a check asks for is changed; null where only the model's own export or the board can. */
export function mendPlace({ id, state }: Pick<ExportCheck, 'id' | 'state'>, run: string): MendPlace | null {
  if (state === 'ok') return null
  if (/^(?:opset|irVersion|dynamicShapes|batch|dimension|names|even)$/.test(id)) return { to: '/model', place: 'model' }
  if (/^(?:operators|proofs)$/.test(id)) return { to: '/rewrite', place: 'rewrite' }
  if (/^(?:board|bits|signed|weights|wide)$/.test(id)) return { to: '/calibrate?step=target', place: 'calibrate' }
  if (/^(?:ranges|zero-range|denormal)$/.test(id)) return { to: `/run/${run}/layers`, place: 'layers' }
  if (/^(?:sample-count|samples)$/.test(id)) return { to: '/samples', place: 'samples' }
  // Gates are waived and findings are read on the run itself, which is a part of the history.
  return /^(?:gates|findings)$/.test(id) ? { to: `/run/${run}`, place: 'history' } : null
}
