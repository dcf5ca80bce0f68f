import type { LineageNode, RunMarks } from '../../app/api.ts'
import { plain, section, tableLines } from '../layout.ts'
import { decibels, NOTHING } from '../numbers.ts'
import { shown } from './runs-report.ts'
import type { ReportContext } from './context.ts'

/** What people wrote on a run: waivers stay for ever. */
export function marksReport(run: string, { tags, note, waivers, baseline, archived }: RunMarks, { say, style }: ReportContext): string[][] {
  const facts = [
    ...(tags.length === 0 ? [] : [say('report.tagged', { run, tags: tags.join(' ') })]),
    ...(baseline === null ? [] : [baseline === run ? say('report.is-baseline') : say('report.pinned', { run: baseline })]),
    ...(archived ? [say('report.archived', { run })] : []),
  ]
  const columns = [{ title: say('report.rule') }, { title: say('report.reason') }, { title: say('report.created') }]
  const rows = waivers.map((waiver) => [waiver.rule, waiver.reason, waiver.created.slice(0, 10)])
  return [
    rows.length === 0 ? [] : section(say('report.waivers'), tableLines(columns, rows, style), style),
    section(say('report.note'), note === '' ? [] : note.split('\n').map((line) => `  ${plain(line)}`.trimEnd()), style),
    section(say('report.marks'), facts.map((line) => `  ${plain(line)}`), style),
  ]
}

const MOST_CHANGES = 3

/** The runs that one came from and that came of it, the oldest first; each stands one step further right than its parent. */
export function lineageReport(nodes: readonly LineageNode[], { say, style, longestName: most }: ReportContext): string[][] {
  const top = Math.min(...nodes.map(({ depth }) => depth))
  const columns = [
    { title: say('report.run'), paint: (text: string, row: number) => (nodes[row]!.depth === 0 ? style.strong(text) : text) },
    { title: say('report.verb') }, { title: say('report.status') }, { title: say('report.quality') }, { title: say('report.simulated'), align: 'right' as const }, { title: say('report.change'), most },
  ]
  const rows = nodes.map(({ run, depth, changes }) => [
    `${'  '.repeat(depth - top)}${run.run}`, run.verb, say(`status.${run.status}`), run.quality === null ? NOTHING : `${run.quality.protocol} ${run.quality.unit}`, decibels(run.quality?.simulated),
    [...changes.slice(0, MOST_CHANGES).map(({ key, a, b }) => `${key} ${shown(a)} → ${shown(b)}`), ...(changes.length > MOST_CHANGES ? [`+${changes.length - MOST_CHANGES}`] : [])].join(', '),
  ])
  return [tableLines(columns, rows, style)]
}
