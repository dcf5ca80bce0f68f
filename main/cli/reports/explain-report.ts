import type { TensorExplanation } from '../../app/api.ts'
import { plain, section, tableLines } from '../layout.ts'
import { decibels, fixed, significant } from '../numbers.ts'
import type { TextKey } from '../texts/texts.ts'
import type { ReportContext } from './context.ts'

const right = 'right' as const

/** Why one tensor is quantized as it is: what stands, who decided, the rules in order, the recipe's lines, and every method beside. */
export function explainReport(told: TensorExplanation, context: ReportContext): string[][] {
  const { say, style, longestName } = context
  const rule = (name: string): string => say(`explain.${name}` as TextKey)
  const steps = tableLines(
    [{ title: '' }, { title: say('explain.rule'), paint: (text, row) => (told.steps[row]!.applies ? style.good(text) : style.faint(text)) }, { title: say('explain.line') }, { title: say('explain.says') }],
    told.steps.map((step, at) => [`${at + 1}`, `${step.applies ? '*' : ' '} ${rule(step.rule)}`, step.line ?? '', step.says]), style)
  const wishes = tableLines(
    [{ title: say('explain.line') }, { title: say('explain.kind') }, { title: say('report.tensor'), most: longestName }, { title: say('explain.key') }, { title: say('explain.value'), align: right }, { title: say('explain.used') }],
    told.wishes.map(({ line, kind, tensor, key, value, used }) => [line, say(`explain.${kind}`), tensor, key, value, say(used ? 'explain.yes' : 'explain.no')]), style)
  const methods = tableLines(
    [{ title: say('report.method'), paint: (text, row) => (told.methods[row]!.decided === told.row?.method ? style.good(text) : text) }, { title: say('report.low'), align: right }, { title: say('report.high'), align: right },
      { title: say('report.scale'), align: right }, { title: `${say('report.clipped')} %`, align: right }, { title: 'SQNR dB', align: right }, { title: say('report.reason') }],
    told.methods.map(({ name, decided, lo, hi, step, clippedPercent, predictedSqnrDb, why }) =>
      [decided === name ? name : `${name} (${decided})`, significant(lo), significant(hi), significant(step), fixed(clippedPercent, 4), decibels(predictedSqnrDb, 2), why]), style)
  return [
    section(told.tensor, standing(told, context), style),
    section(say('explain.order'), steps, style),
    told.wishes.length === 0 ? [] : section('quantize.layers', wishes, style),
    told.tuning === null ? [] : section(say('explain.tuning'), tuned(told.tuning, context), style, told.tuning.run ?? ''),
    told.methods.length === 0 ? [] : section(say('explain.methods'), methods, style, told.seenAs === null ? '' : plain(told.seenAs)),
  ]
}

/** What tuning made of it, against what stands above. */
function tuned({ keys, run, changes }: NonNullable<TensorExplanation['tuning']>, { say, style, longestName }: ReportContext): string[] {
  const asked = `  ${keys.join(', ')}`
  if (run === null) return [asked, `  ${say('explain.no-run')}`]
  const ratio = (before: readonly number[], after: readonly number[]): string => {
    const ratios = after.map((scale, channel) => scale / (before[channel] ?? before[0]!))
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((each) => fixed(each, 3))
    return least === most ? `${least}` : `${least} .. ${most}`
  }
  return [asked, ...tableLines(
    [{ title: say('report.tensor'), most: longestName }, { title: say('report.scale'), align: right }, { title: say('explain.ratio'), align: right }, { title: say('explain.moved'), align: right }, { title: say('report.reason') }],
    changes.map(({ tensor, scaleBefore, scaleAfter, codes, reason }) =>
      [tensor, `${significant(scaleAfter[0])}${scaleAfter.length > 1 ? ' …' : ''}`, ratio(scaleBefore, scaleAfter), codes === null ? '' : `${fixed((100 * codes.moved) / codes.of, 2)} %`, reason]), style)]
}

function standing(told: TensorExplanation, { say }: ReportContext): string[] {
  const { row, now, group } = told
  const facts: [TextKey, string][] = [
    ...(told.asked === told.tensor ? [] : [['explain.asked', told.asked] as [TextKey, string]]),
    ...(told.layer === '' ? [] : [['explain.layer', `${told.layer}${told.ops.length > 0 ? ` (${told.ops.join(' + ')})` : ''}`] as [TextKey, string]]),
    ['explain.decided', [say(`explain.${told.by}` as TextKey), ...(told.line === null ? [] : [told.line])].join(': ')],
    ...(group.length > 1 ? [['explain.shared', group.join(', ')] as [TextKey, string]] : []),
    ...(row === null
      ? []
      : [
          ['explain.range', `${significant(row.lo)} .. ${significant(row.hi)}  ${row.type}  ${say('report.scale')} ${significant(row.scale[0])}${row.scale.length > 1 ? ' …' : ''}  ${say('report.zero-point')} ${row.zeroPoint[0]}`] as [TextKey, string],
          ['explain.reason', row.reason === '' ? row.method : `${row.method}: ${row.reason}`] as [TextKey, string],
        ]),
    ...(now === null ? [] : [['explain.now', `${fixed(now.clippedPercent, 4)} %, SQNR ${decibels(now.predictedSqnrDb, 2)} dB`] as [TextKey, string]]),
  ]
  return tableLines([{ title: '' }, { title: '' }], facts.map(([key, value]) => [say(key), value]), { strong: String, faint: String, bad: String, good: String })
}
