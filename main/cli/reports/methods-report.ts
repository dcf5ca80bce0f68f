import type { MethodRow, Recommendation } from '../../app/api.ts'
import { plain, section, tableLines } from '../layout.ts'
import { decibels, fixed, NOTHING } from '../numbers.ts'
import type { ReportContext } from './context.ts'

/** What each method came to, the recommended one marked, and why it is that one. */
export function methodsReport(rows: readonly MethodRow[], recommendation: Recommendation, context: ReportContext): string[][] {
  const { say, style, longestName } = context
  const right = 'right' as const
  const unit = rows[0]?.unit ?? 'dB'
  const score = (value: number | null): string => (unit === 'dB' ? decibels(value) : fixed(value, 5))
  const columns = [
    { title: say('report.method'), paint: (text: string, row: number) => (rows[row]!.run === recommendation.run ? style.good(text) : text) },
    { title: `${say('report.simulated')} ${unit}`, align: right },
    { title: `${say('report.drop')} ${unit}`, align: right },
    { title: `${say('report.worst-layer')} SQNR dB`, align: right },
    { title: '', most: longestName },
    { title: `${say('report.mean')} SQNR dB`, align: right },
    { title: `${say('report.clipped')} %`, align: right },
    { title: 's', align: right },
    { title: say('report.run') },
  ]
  const cells = rows.map((row) => [
    row.run === recommendation.run ? `${row.method} *` : row.method, score(row.simulated), score(row.drop), decibels(row.worstDb, 2), row.worstTensor ?? NOTHING,
    decibels(row.meanDb, 2), fixed(row.clippedPercent, 3), fixed(row.seconds, 1), row.run,
  ])
  return [
    section(say('report.methods'), tableLines(columns, cells, style), style, plain(rows[0]?.protocol ?? '')),
    section(say('report.recommended'), [`  ${style.strong(recommendation.method)}  ${plain(reasonText(rows, recommendation, context))}`], style),
  ]
}

/** The recommendation's reason in the language of the reader. */
function reasonText(rows: readonly MethodRow[], { method, decidedBy, tied, alike, samples, lead }: Recommendation, { say }: ReportContext): string {
  if (decidedBy === 'alone') return say('reason.alone')
  const rowOf = (name: string): MethodRow => rows.find((row) => row.method === name)!
  const { unit, simulated } = rowOf(tied[0]!)
  const number = (value: number | null): string => `${unit === 'dB' ? decibels(value) : fixed(value, 5)}${unit === 'ratio' ? '' : ` ${unit}`}`
  if (decidedBy === 'score') return say('reason.score', { score: number(simulated), delta: number(lead!.delta), margin: number(lead!.margin), other: lead!.method, samples })
  const others = tied.filter((name) => !alike.includes(name)).map((name) => `${name} ${decibels(rowOf(name).worstDb, 2)}`)
  const worst = `${decibels(rowOf(method).worstDb, 2)} dB`
  return [
    say('reason.tied', { samples, methods: tied.join(', '), score: number(simulated) }),
    others.length === 0 ? say('reason.alike', { methods: alike.join(', '), worst }) : say('reason.layers', { methods: alike.join(', '), worst, others: others.join(', ') }),
    ...(decidedBy === 'simplicity' ? [say('reason.simplicity', { method })] : []),
  ].join(say('reason.join'))
}
