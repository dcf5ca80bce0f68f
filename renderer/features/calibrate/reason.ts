import type { MethodRow, Recommendation } from '../../client.ts'
import type { Say } from '../../texts/texts.ts'
import { digitsOf, fixed } from '../../ui/format.ts'

/** Why this method, in the person's language, with the numbers that decided: a sentence each. */
export function reasonsOf(say: Say, rows: readonly MethodRow[], { method, decidedBy, tied, alike, samples, lead }: Recommendation): readonly string[] {
  const best = rows.find((row) => row.method === tied[0])
  if (decidedBy === 'alone' || best === undefined) return [say('calibrate.reason.alone')]
  const score = (value: number | null): string => `${fixed(value, digitsOf(best.unit))}${best.unit === 'ratio' ? '' : ` ${best.unit}`}`
  if (decidedBy === 'score' && lead !== null) return [say('calibrate.reason.score', { score: score(best.simulated), delta: score(lead.delta), margin: score(lead.margin), other: lead.method, count: samples })]
  const db = (name: string): string => `${fixed(rows.find((row) => row.method === name)?.worstDb, 2)} dB`
  const others = tied.filter((name) => !alike.includes(name)).map((name) => `${name} ${db(name)}`).join(', ')
  return [
    say('calibrate.reason.tied', { count: samples, methods: tied.join(', '), score: score(best.simulated) }),
    others === '' ? say('calibrate.reason.alike', { methods: alike.join(', '), worst: db(method) }) : say('calibrate.reason.layers', { methods: alike.join(', '), worst: db(method), others }),
    ...(decidedBy === 'simplicity' ? [say('calibrate.reason.simplicity', { method })] : []),
  ]
}
