import type { InspectReport } from '../../app/api.ts'
import { plain, section, tableLines } from '../layout.ts'
import { grouped, NOTHING } from '../numbers.ts'
import type { ReportContext } from './context.ts'
import { shownPath } from './context.ts'
import { spanOf } from './scale-report.ts'

type BoardReport = InspectReport['boards'][number]

const right = 'right' as const
/** Names of nodes that a row shows; `--json` has them all. */
const SHOWN_NODES = 2

/** What one board would do with a model: operators, outputs, limits, and where that is written. */
export function boardSections(report: BoardReport, context: ReportContext): string[][] {
  const { say, style, cwd } = context
  const { board, title, toolchain, origin, verdict } = report
  const from = origin === 'built-in' ? say('board.built-in') : shownPath(origin, cwd)
  return [
    section(say('report.board', { board }), [`  ${plain(title)}  ${plain(toolchain.join(', '))}  ${plain(from)}`, `  ${plain(verdict)}`], style),
    operatorSection(report, context),
    reasonSection(report, context),
    outputSection(report, context),
    limitSection(report, context),
    section(say('report.sources', { board }), Object.entries(report.sources).map(([id, { document, version, page }]) =>
      `  ${plain([id, document, ...(version === undefined ? [] : [version]), page].join('  '))}`), style),
  ]
}

function operatorSection({ board, operators }: BoardReport, { say, style, longestName }: ReportContext): string[] {
  const precisions = operators[0]?.verdicts.map(({ precision }) => precision) ?? []
  const paint = (column: number) => (text: string, row: number): string => {
    const { state } = operators[row]!.verdicts[column]!
    return state === 'missing' ? style.bad(text) : state === 'native' ? style.good(text) : text
  }
  const columns = [
    { title: say('report.operator') }, { title: say('report.count'), align: right },
    ...precisions.map((precision, index) => ({ title: precision, paint: paint(index) })), { title: say('report.nodes'), most: longestName },
  ]
  const rows = operators.map(({ op, count, verdicts, nodes }) => [
    op, grouped(count), ...verdicts.map(({ state }) => say(`board.${state}`)), nodes.slice(0, SHOWN_NODES).join(', ') + (count > SHOWN_NODES ? ' …' : ''),
  ])
  return section(say('report.board-operators', { board }), tableLines(columns, rows, style), style)
}

/** Limits that are stated, then the names of those that are not. */
function limitSection({ board, limits }: BoardReport, { say, style }: ReportContext): string[] {
  const stated = limits.filter(({ source }) => source !== null)
  const silent = limits.filter(({ source }) => source === null).map(({ limit }) => limit)
  const columns = [
    { title: say('report.limit') }, { title: '', paint: (text: string, row: number): string => (stated[row]!.state === 'broken' ? style.bad(text) : text) },
    { title: '' }, { title: say('report.source') },
  ]
  const table = stated.length === 0 ? [] : tableLines(columns, stated.map(({ limit, state, what, source }) => [limit, say(`board.${state}`), what, source!]), style)
  return section(say('report.board-limits', { board }), [...table, ...(silent.length === 0 ? [] : [`  ${say('board.unknown')}: ${silent.join(', ')}`])], style)
}

/** Why, for whatever is stated and not simply computed; what nobody states needs no sentence each. */
function reasonSection({ board, operators }: BoardReport, { say, style }: ReportContext): string[] {
  const told = new Map(operators.flatMap(({ verdicts }) => verdicts.filter(({ state, source }) => source !== null && state !== 'native').map(({ why, source }) => [why, source!] as const)))
  return section(say('report.board-reasons', { board }), [...told].map(([why, source]) => `  ${plain(why)}  (${plain(source)})`), style)
}

function outputSection({ board, outputs }: BoardReport, { say, style, longestName }: ReportContext): string[] {
  const columns = [
    { title: say('report.output'), most: longestName }, { title: say('report.type') }, { title: say('report.layout') }, { title: say('report.scale'), align: right },
    { title: say('report.last-computing'), most: longestName }, { title: say('report.between'), most: longestName },
  ]
  const rows = outputs.map(({ output, type, layout, scale, last, between }) => [
    output, type === 'unknown' ? say('board.unknown') : type, layout === null ? NOTHING : layout === 'unknown' || layout === 'same' ? say(`board.${layout}`) : layout,
    scale === null ? NOTHING : spanOf(scale), last === null ? NOTHING : `${last.op} ${last.node}`,
    between.length === 0 ? say('board.nothing-between') : between.map(({ op, node }) => `${op} ${node}`).join(', '),
  ])
  const why = outputs.map(({ output, why: reason, source }) => `  ${plain(output)}: ${plain(reason)}${source === null ? '' : `  (${plain(source)})`}`)
  return section(say('report.board-outputs', { board }), [...tableLines(columns, rows, style), ...why], style)
}
