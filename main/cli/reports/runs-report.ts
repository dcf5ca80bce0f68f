import type { GateReport, RunDiff, RunSummary } from '../../app/api.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import type { Column } from '../layout.ts'
import { section, tableLines } from '../layout.ts'
import { decibels, fixed, NOTHING, significant } from '../numbers.ts'
import type { TextKey } from '../texts/texts.ts'
import type { ReportContext } from './context.ts'
import { shownPath } from './context.ts'
import { gateSection } from './run-report.ts'
import { spanOf } from './scale-report.ts'

const right = 'right' as const

export function runListReport(runs: readonly RunSummary[], { say, style, cwd, longestName }: ReportContext): string[][] {
  if (runs.length === 0) return [[say('report.no-runs')]]
  const columns = [
    { title: say('report.run') }, { title: say('report.verb') }, { title: say('report.status') }, { title: say('report.created') },
    { title: say('report.model'), most: longestName }, { title: say('report.quality') }, { title: say('report.simulated'), align: right },
    { title: say('report.fused'), align: right }, { title: say('report.latency'), align: right }, { title: say('report.size'), align: right },
    { title: say('report.tags') },
  ]
  const rows = runs.map((run) => [
    run.run, run.verb, say(`status.${run.status}`), run.created.replace('T', ' ').replace(/\.\d+Z$|Z$/, ''),
    run.model === null ? NOTHING : shownPath(run.model, cwd), run.quality === null ? NOTHING : `${run.quality.protocol} ${run.quality.unit}`,
    decibels(run.quality?.simulated), decibels(run.quality?.fused), fixed(run.latencyRatio, 2), fixed(run.sizeRatio, 2),
    run.tags.join(' '),
  ])
  return [tableLines(columns, rows, style)]
}

const VERSIONS = { float: 'report.float', simulated: 'report.simulated', fused: 'report.fused' } as const

/** What sets two runs apart, a part for each kind of fact; the runs' ids head the columns. */
export function diffReport(diff: RunDiff, { say, style, longestName: most }: ReportContext): string[][] {
  const name = (key: TextKey): Column => ({ title: say(key), most })
  const number = (title: string): Column => ({ title, align: right })
  const [a, b] = [number(diff.a), number(diff.b)]
  const part = (title: TextKey, columns: readonly Column[], rows: readonly string[][]): string[] =>
    rows.length === 0 ? [] : section(say(title), tableLines(columns, rows, style), style)
  const places = [name('report.place'), { title: diff.a, most }, { title: diff.b, most }]
  const values = (rows: RunDiff['recipe']): string[][] => rows.map((row) => [row.key, shown(row.a), shown(row.b)])
  const metrics = diff.metrics.map((row) =>
    [row.protocol, say(VERSIONS[row.version]), row.sample || say('report.mean-of-all'), decibels(row.a), decibels(row.b), signed(row.delta, 3)])
  const scales = diff.scales.map((row) =>
    [row.tensor, row.kind, scaleText(row.a), scaleText(row.b), signed(row.scaleChange === null ? null : row.scaleChange * 100, 2)])
  const layers = diff.layers.map((row) =>
    [row.node, row.tensor, row.mode, decibels(row.a?.sqnrDb, 2), decibels(row.b?.sqnrDb, 2), signed(row.sqnrDelta, 2)])
  const change = say('report.change')
  const parts = [
    part('report.recipe', places, values(diff.recipe)),
    part('report.facts', places, values(diff.facts)),
    part('report.quality', [name('report.protocol'), name('report.version'), name('report.sample'), a, b, number(change)], metrics),
    part('report.scales', [name('report.tensor'), name('report.kind'), a, b, number(`${change} %`)], scales),
    part('report.layers', [name('report.node'), name('report.tensor'), { title: '' }, a, b, number(`${change} SQNR dB`)], layers),
    part('report.findings', places, values(diff.findings)),
  ]
  return parts.every((lines) => lines.length === 0) ? [[say('report.same')]] : parts
}

const signed = (value: number | null, digits: number): string => (value !== null && value > 0 ? '+' : '') + fixed(value, digits)

export const shown = (value: unknown): string => {
  if (value === undefined) return NOTHING
  return typeof value === 'string' ? value : typeof value === 'number' ? significant(value, 6) : JSON.stringify(value)
}

const scaleText = (row: ScaleRow | null): string => (row === null ? NOTHING : row.float ? 'float' : `${row.type} ${spanOf(row.scale)}`)

export const gateReport = (report: GateReport, context: ReportContext): string[][] => [gateSection(report.gates, context)]
