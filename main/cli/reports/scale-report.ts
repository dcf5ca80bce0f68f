import type { ScaleRow } from '../../core/scale-table.ts'
import { plain, section, tableLines } from '../layout.ts'
import { significant } from '../numbers.ts'
import type { ReportContext } from './context.ts'

/** How many tensors are quantized as what. */
export function scaleSummary(scales: readonly ScaleRow[], { say, style }: ReportContext): string[] {
  if (scales.length === 0) return []
  const quantized = scales.filter((row) => !row.float)
  const count = (kind: ScaleRow['kind']): string => {
    const rows = quantized.filter((row) => row.kind === kind)
    const types = [...new Set(rows.map((row) => row.type))].toSorted()
    return types.length === 0 ? '0' : `${rows.length} (${types.join(', ')})`
  }
  const line = say('report.scales-count', {
    activations: count('activation'), weights: count('weight'), biases: count('bias'), float: scales.length - quantized.length,
  })
  return section(say('report.scales'), [`  ${plain(line)}`], style)
}

/** The scale table, a row a tensor; of per-channel scales the smallest and the largest. */
export function scaleSection(scales: readonly ScaleRow[], { say, style, longestName }: ReportContext): string[] {
  if (scales.length === 0) return []
  const right = 'right' as const
  const columns = [
    { title: say('report.tensor'), most: longestName },
    { title: say('report.kind') },
    { title: say('report.type') },
    { title: say('report.granularity') },
    { title: say('report.scale'), align: right },
    { title: say('report.zero-point'), align: right },
    { title: say('report.low'), align: right },
    { title: say('report.high'), align: right },
    { title: say('report.method') },
  ]
  const rows = scales.map((row) => [
    row.tensor, row.kind, row.type, row.granularity, spanOf(row.scale), spanOf(row.zeroPoint), significant(row.lo), significant(row.hi),
    row.float ? row.reason : row.method,
  ])
  return section(say('report.scales'), tableLines(columns, rows, style), style)
}

export function spanOf(values: readonly number[]): string {
  if (values.length === 0) return ''
  const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity])
  return low === high ? significant(low) : `${significant(low)}..${significant(high)}`
}
