import type { ImportCaffeResult, WeightsResult } from '../../app/api.ts'
import { plain, section, tableLines } from '../layout.ts'
import { grouped } from '../numbers.ts'
import type { ReportContext } from './context.ts'

/** Which weight of the graph came from which key of the file. */
export function weightsReport({ weights }: WeightsResult, { say, style, longestName }: ReportContext): string[][] {
  const columns = [{ title: say('report.tensor'), most: longestName }, { title: say('report.weights-key'), most: longestName }, { title: say('report.shape') }, { title: say('report.weights-turned') }]
  const rows = weights.pairs.map(({ name, key, dims, perm }) => [name, key, `[${dims.join(', ')}]`, perm === undefined ? '' : perm.join(' ')])
  const names = (title: string, list: readonly string[]): string[] => (list.length === 0 ? [] : section(title, list.map((name) => `  ${name}`), style, grouped(list.length)))
  return [
    section(say('report.weights'), tableLines(columns, rows, style), style, grouped(weights.pairs.length)),
    names(say('report.weights-missing'), weights.missing), names(say('report.weights-unexpected'), weights.unexpected), names(say('report.weights-ignored'), weights.ignored),
  ]
}

/** What the net became. */
export function importReport({ imported }: ImportCaffeResult, { say, style, longestName }: ReportContext): string[][] {
  const columns = [{ title: say('report.tensor'), most: longestName }, { title: say('report.shape') }]
  const ends = (title: string, list: readonly { readonly name: string; readonly dims: readonly (number | string | null)[] }[]): string[] =>
    section(title, tableLines(columns, list.map(({ name, dims }) => [name, `[${dims.join(', ')}]`]), style), style)
  const { detection } = imported
  return [
    ends(say('report.inputs'), imported.inputs), ends(say('report.outputs'), imported.outputs),
    detection === null ? [] : section(say('report.decoder'), [`  ${plain(`${detection.layer}: ${detection.classes} ${say('report.classes')}, ${detection.code}, NMS ${detection.nmsThreshold}, ${say('report.confidence')} ${detection.confidence}`)}`], style),
  ]
}
