import type { BenchOperatorsResult } from '../../app/api.ts'
import { plain, section, tableLines, type Column } from '../layout.ts'
import { NOTHING, significant } from '../numbers.ts'
import { shownPath, type ReportContext } from './context.ts'

type Entry = BenchOperatorsResult['entries'][number]

/** A row an operator and size, a column a precision; which providers there are, and where the table was written. */
export function operatorsReport(result: BenchOperatorsResult, out: string | undefined, context: ReportContext): string[][] {
  const { say, style, cwd } = context
  const columns: Column[] = [
    { title: say('report.operator') }, { title: say('report.channels') }, { title: say('report.shape') }, { title: say('report.provider') },
    ...result.precisions.map((precision): Column => ({ title: `${precision} ms`, align: 'right' })),
  ]
  const rows = [...Map.groupBy(result.entries, keyOf).values()].map((entries) => {
    const first = entries[0]!
    return [
      nameOf(first), first.inputChannels === undefined ? '' : `${first.inputChannels} → ${first.outputChannels}`, `${first.height}×${first.width}`, first.provider ?? '',
      ...result.precisions.map((precision) => {
        const found = entries.find((entry) => entry.precision === precision)
        return found ? significant(found.medianMs, 3) : NOTHING
      }),
    ]
  })
  const providers = result.providers.map(({ title, present, why }) => `  ${title}  ${present ? style.good(say('report.present')) : `${say('report.absent')}  ${plain(why ?? '')}`}`)
  return [
    section(say('report.operators'), tableLines(columns, rows, style), style, result.head['protocol'] ?? ''),
    section(say('report.providers'), providers, style),
    result.notes.map((note) => `  ${plain(note)}`),
    out === undefined ? [] : [plain(shownPath(out, cwd))],
  ]
}

const keyOf = ({ precision: _precision, medianMs: _median, minMs: _min, spreadMs: _spread, runs: _runs, ...shape }: Entry): string => JSON.stringify(shape)

const nameOf = ({ op, kernel, group, mode, factor }: Entry): string =>
  [op, kernel === undefined ? '' : `${kernel}×${kernel}`, group === 'none' ? '' : (group ?? ''), mode ?? '', factor === undefined ? '' : `×${factor}`].filter((word) => word !== '').join(' ')
