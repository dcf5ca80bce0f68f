import { fixed } from '../../ui/format.ts'
import type { RegionScore } from './use-scores.ts'

/** What stands at a region: its quality on both sides, or of one where the other is the reference. */
export function regionText(score: RegionScore | undefined): string {
  if (score === undefined) return '…'
  const { a, b } = score
  if (a === null || b === null) return `${fixed(a ?? b, 2)} dB`
  return `${fixed(a, 2)} → ${fixed(b, 2)} dB`
}
