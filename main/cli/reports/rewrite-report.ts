import type { RewriteFound, RewriteResult } from '../../app/api.ts'
import { plain, section, tableLines } from '../layout.ts'
import { fixed, grouped } from '../numbers.ts'
import type { ReportContext } from './context.ts'

type Match = RewriteFound['rewrites'][number]['found'][number]

/** Every rewrite with what it finds, where, why it helps and what it costs; then what looked alike and was refused. */
export function listReport({ rewrites }: RewriteFound, context: ReportContext): string[][] {
  const { say, style } = context
  const found = rewrites.filter((rewrite) => rewrite.found.length > 0)
  const refused = rewrites.flatMap((rewrite) => rewrite.refused)
  const none = found.length === 0 ? [section(say('report.rewrites'), [`  ${say('report.rewrites-none')}`], style)] : []
  return [
    ...none,
    ...found.map(({ name, kind, auto, found: matches }) => section(name, [
      `  ${plain(say(kind === 'repair' ? 'report.rewrite-repair' : auto ? 'report.rewrite-auto' : 'report.rewrite-exact'))}`,
      ...matches.flatMap((match) => matchLines(match, context)), `  ${plain(matches[0]!.why)}`,
    ], style, grouped(matches.length))),
    refused.length === 0 ? [] : section(say('report.refused'), tableLines([{ title: say('report.rewrite-name') }, { title: say('report.node'), most: context.longestName }, { title: say('report.refused-why') }], refused.map(({ rewrite, node, why }) => [rewrite, node, why]), style), style),
  ]
}

function matchLines({ nodes, what, cost }: Match, { say, style }: ReportContext): string[] {
  const costs = [
    cost.macs === null ? null : say('report.cost-macs', { count: grouped(cost.macs) }),
    cost.bytesMoved === null ? null : say('report.cost-bytes', { count: grouped(cost.bytesMoved) }),
    cost.channelPeak === null ? null : say('report.cost-channels', { count: grouped(cost.channelPeak) }),
  ].filter((each) => each !== null)
  return [`  ${style.strong(nodes[0] ?? '')}  ${plain(what)}${costs.length > 0 ? `  ${style.faint(costs.join(', '))}` : ''}`]
}

/** What was done, in order, and what else was looked at. */
export function stepsReport({ steps, refused, repairs }: RewriteResult, context: ReportContext): string[][] {
  const { say, style } = context
  return [
    section(say('report.rewrites'), steps.flatMap(({ rewrite, kind, matches, settings }) => [
      `  ${style.strong(rewrite)}${kind === 'repair' ? `  ${style.bad(say('report.rewrite-repair'))}` : ''}`, ...matches.map(({ what }) => `    ${plain(what)}`),
      ...(settings.length === 0 ? [] : [`    ${plain(say('report.rewrite-settings', { settings: settings.join(', ') }))}`]),
    ]), style),
    repairSection(repairs, context),
    refused.length === 0 ? [] : section(say('report.refused'), refused.map(({ rewrite, node, why }) => `  ${rewrite}  ${node}: ${plain(why)}`), style),
  ]
}

/** What repairs did to the evaluation samples; empty where nothing was measured (the notes of the run say why). */
function repairSection(repairs: RewriteResult['repairs'], { say, style }: ReportContext): string[] {
  if (repairs.length === 0) return []
  const numbers = (['report.repair-before', 'report.repair-after', 'report.repair-samples', 'report.repair-changed'] as const).map((key) => ({ title: say(key), align: 'right' as const }))
  const columns = [{ title: say('report.rewrite-name') }, { title: say('report.repair-protocol') }, ...numbers]
  const rows = repairs.map(({ rewrite, protocol, before, after, samples, changedPercent }) => [rewrite, protocol, fixed(before, 3), fixed(after, 3), String(samples), fixed(changedPercent, 2)])
  return section(say('report.repairs'), tableLines(columns, rows, style), style, say('report.repairs-measured'))
}
