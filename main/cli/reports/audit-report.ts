import type { Finding } from '../../core/run.ts'
import { plain, section } from '../layout.ts'
import type { ReportContext } from './context.ts'

/** Findings by severity, each with its figure and what to do; `fix` is the recipe text that does it, null where nobody asked. */
export function auditReport(findings: readonly Finding[], fix: string | null, context: ReportContext): string[][] {
  const { say, style } = context
  const parts = (['error', 'warning', 'note'] as const).map((severity) => {
    const own = findings.filter((each) => each.severity === severity)
    return section(say(`report.severity.${severity}`), own.flatMap((each) => lines(each, context)), style, String(own.length))
  })
  const proposed = fix === null ? [] : fix === '' ? [say('report.fix-none')] : section(say('report.fix'), fix.trimEnd().split('\n').map((line) => `  ${plain(line)}`), style)
  return [...(findings.length === 0 ? [[say('report.findings-none')]] : parts), proposed]
}

function lines({ rule, severity, node, tensor, what, why, fix }: Finding, { say, style }: ReportContext): string[] {
  const paint = severity === 'error' ? style.bad : severity === 'warning' ? style.strong : style.faint
  const place = [...new Set([node, tensor])].filter((name) => name !== '').join(' ')
  return [
    `  ${paint(rule)}  ${plain(what)}`,
    ...(place === '' ? [] : [`    ${say('report.at')}  ${plain(place)}`]),
    `    ${say('report.why')}  ${plain(why)}`,
    `    ${say('report.do')}  ${plain(fix)}`,
  ]
}
