import type { ExportResult } from '../../app/export.ts'
import type { VerifyResult } from '../../app/verify.ts'
import { plain, section, tableLines } from '../layout.ts'
import { fixed, grouped } from '../numbers.ts'
import type { ReportContext } from './context.ts'
import { shownPath } from './context.ts'

const right = 'right' as const

/** What was written where, and what is not in order. */
export function bundleReport({ bundle }: ExportResult, context: ReportContext): string[][] {
  const { say, style, cwd } = context
  const language = say('report.language') as 'en' | 'zh'
  const { checks, files, coverage } = bundle
  const folders = Object.entries(Object.groupBy(files, ({ path }) => (path.includes('/') ? `${path.split('/')[0]!}/` : path)))
  const rows = folders.map(([name, some = []]) => [name, grouped(some.length), grouped(some.reduce((sum, { bytes }) => sum + bytes, 0))])
  const open = checks.filter(({ state }) => state !== 'ok')
  const columns = [{ title: say('report.file') }, { title: say('report.files'), align: right }, { title: say('report.bundle-bytes'), align: right }]
  return [
    section(say('report.bundle', { board: bundle.board }), [
      ...tableLines(columns, rows, style),
      `  ${say('report.bundle-names', { matched: coverage.matched, rows: coverage.rows })}`,
      `  SHA-256 ${bundle.sha256}`,
    ], style, shownPath(bundle.out, cwd)),
    open.length === 0 ? [] : section(say('report.readiness'), open.flatMap(({ state, what, where, why, fix }) => {
      const paint = state === 'error' ? style.bad : state === 'warning' ? style.strong : style.faint
      return [
        `  ${paint(say(`report.check.${state as 'note' | 'warning' | 'error'}`))}  ${plain(what[language])}`,
        ...(where.length === 0 ? [] : [`    ${say('report.at')}  ${plain(where.slice(0, 4).join(', '))}${where.length > 4 ? ' …' : ''}`]),
        ...(why ? [`    ${say('report.why')}  ${plain(why[language])}`] : []), ...(fix ? [`    ${say('report.do')}  ${plain(fix[language])}`] : []),
      ]
    }), style),
  ]
}

/** Whether the bundle is whole; then, with a dump, where the board leaves the simulation. */
export function verifyReport({ bundle, board, of, problems, golden, passed, dump }: VerifyResult, context: ReportContext): string[][] {
  const { say, style, cwd } = context
  const verdict = passed ? style.good(say('report.verified')) : style.bad(say('report.not-verified'))
  const exact = golden.filter((check) => check.exact).length
  return [
    [`${shownPath(bundle, cwd)}  ${plain(board)}  ${plain(of)}  ${verdict}`],
    section(say('report.problems'), problems.map(({ path, kind, what }) => `  ${(kind === 'unlisted' ? style.faint : style.bad)(kind)}  ${plain(path)}: ${plain(what)}`), style),
    golden.length === 0 ? [] : section(say('report.golden'), [`  ${say('report.golden-exact', { exact, count: golden.length })}`, ...golden.filter((check) => !check.passed).map(({ input, model, output, cosine }) => `  ${style.bad(plain(`${input} ${model} ${output}`))}  ${fixed(cosine, 6)}`)], style),
    ...(dump ? dumpSections(dump, context) : []),
  ]
}

/** Rows of the worst tensors that a person reads; `--json` has them all. */
const SHOWN = 12

function dumpSections({ layers, diagnoses, unmatched, against, worse, gates }: NonNullable<VerifyResult['dump']>, context: ReportContext): string[][] {
  const { say, style, longestName } = context
  const worst = layers.toSorted((a, b) => a.cosine - b.cosine).slice(0, SHOWN)
  const columns = [{ title: say('report.tensor'), most: longestName }, { title: 'cosine', align: right }, { title: 'SQNR dB', align: right }, { title: 'max abs', align: right }]
  return [
    section(say('report.dump'), tableLines(columns, worst.map(({ tensor, cosine, sqnrDb, maxAbs }) => [tensor, fixed(cosine, 6), fixed(sqnrDb, 2), fixed(maxAbs, 4)]), style), style, grouped(layers.length)),
    section(say('report.suspicions'), diagnoses.map(({ tensor, suspicion, before, after }) => `  ${style.bad(say(`report.suspicion.${suspicion}`))}  ${plain(tensor)}  cosine ${fixed(before, 4)} → ${fixed(after, 4)}`), style),
    section(say('report.unmatched'), unmatched.map(({ array, nearest }) => `  ${plain(array)}  ${style.faint(plain(nearest.join(', ')))}`), style),
    against === null ? [] : section(say('report.since', { run: against }), worse.length === 0 ? [`  ${say('report.none-worse')}`] : worse.slice(0, SHOWN).map(({ tensor, beforeDb, afterDb }) => `  ${plain(tensor)}  ${fixed(beforeDb, 2)} → ${fixed(afterDb, 2)} dB`), style),
    section(say('report.gates'), gates.map(({ rule, passed }) => `  ${passed ? style.good(say('report.passed')) : style.bad(say('report.failed'))}  ${plain(rule)}`), style),
  ]
}
