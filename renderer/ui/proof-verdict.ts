import type { Run } from '../client.ts'

type Verdict = NonNullable<Run['proofs']>[number]['verdict']

const VERDICTS = {
  'exact': { shape: '✓', tone: 'good', text: 'rewrite.verdict.exact', what: 'rewrite.verdict.exact.what' },
  'within tolerance': { shape: '≈', tone: 'good', text: 'rewrite.verdict.within', what: 'rewrite.verdict.within.what' },
  'broken': { shape: '✕', tone: 'bad', text: 'rewrite.verdict.broken', what: 'rewrite.verdict.broken.what' },
} as const

/** A verdict by shape, tone and word, and what it means in a sentence. */
export const verdictText = (verdict: Verdict): (typeof VERDICTS)[Verdict] => VERDICTS[verdict]
