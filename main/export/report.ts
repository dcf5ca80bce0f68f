import { csvLine } from '../core/csv.ts'
import type { Run } from '../core/run.ts'
import { safeCell } from './coverage.ts'
import { worstFirst } from './figures.ts'
import type { Bilingual, Check, Subject } from './subject.ts'

export type Language = 'en' | 'zh'

/** One table of the report. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Index of a column whose numbers (0 to 1) are drawn as bars. */
  readonly bar?: number
  /** Of each row, where rows say whether something is in order. */
  readonly states?: readonly Check['state'][]
}

const T = {
  title: { en: 'Report', zh: '报告' }, summary: { en: 'Summary', zh: '概要' }, model: { en: 'model', zh: '模型' }, board: { en: 'board', zh: '板' }, run: { en: 'run', zh: '运行' }, created: { en: 'created', zh: '创建时间' },
  method: { en: 'threshold method', zh: '阈值方法' }, samples: { en: 'calibration samples', zh: '校准样本' }, float: { en: 'float', zh: '浮点' }, simulated: { en: 'simulated', zh: '仿真' }, fused: { en: 'fused', zh: '融合' },
  bytes: { en: 'bytes', zh: '字节' }, quantized: { en: 'quantized', zh: '量化' }, latency: { en: 'latency on this machine (median, ms)', zh: '本机延迟（中位数，毫秒）' },
  quality: { en: 'Quality', zh: '质量' }, protocol: { en: 'protocol', zh: '协议' }, gates: { en: 'Gates', zh: '门限' }, rule: { en: 'rule', zh: '规则' }, measured: { en: 'measured', zh: '测得' }, verdict: { en: 'verdict', zh: '结论' },
  passed: { en: 'passed', zh: '通过' }, failed: { en: 'failed', zh: '未通过' }, readiness: { en: 'Readiness', zh: '就绪检查' }, state: { en: 'state', zh: '状态' }, what: { en: 'what', zh: '内容' }, why: { en: 'why', zh: '原因' }, fix: { en: 'fix', zh: '办法' }, where: { en: 'where', zh: '位置' },
  layers: { en: 'Layers, worst first', zh: '各层误差（最差在前）' }, tensor: { en: 'tensor', zh: '张量' }, op: { en: 'operator', zh: '算子' }, mode: { en: 'mode', zh: '方式' },
  ranges: { en: 'Ranges', zh: '范围' }, type: { en: 'type', zh: '类型' }, scale: { en: 'scale', zh: '比例' }, zero: { en: 'zero point', zh: '零点' }, observed: { en: 'observed', zh: '观测' }, range: { en: 'range', zh: '范围' },
  proofs: { en: 'Proofs', zh: '证明' }, rewrite: { en: 'rewrite', zh: '改写' }, maxAbs: { en: 'max abs difference', zh: '最大绝对差' }, inputs: { en: 'inputs', zh: '输入数' },
  findings: { en: 'Findings', zh: '审计结果' }, environment: { en: 'Environment', zh: '环境' }, perSample: { en: 'Quality by sample', zh: '各样本质量' }, sample: { en: 'sample', zh: '样本' }, picture: { en: 'Side by side', zh: '并排对比' },
} as const satisfies Record<string, Bilingual>

const number = (value: number | null | undefined, digits = 4): string => (value === null || value === undefined ? '-' : Number.isFinite(value) ? String(Number(value.toPrecision(digits + 2)) + 0) : String(value))

const STATES = { ok: { en: 'ok', zh: '正常' }, note: { en: 'note', zh: '提示' }, warning: { en: 'warning', zh: '警告' }, error: { en: 'error', zh: '错误' } } as const satisfies Record<Check['state'], Bilingual>

/** State, what, where, why and fix of a check. */
export const checkRow = ({ state, what, where, why, fix }: Check, language: Language): string[] =>
  [STATES[state][language], what[language], where.join(', '), why?.[language] ?? '', fix?.[language] ?? '']

/** What the report says, as tables: every form of it is written from these. Measured times are of this run and named as such. */
export function reportTables({ run, records, board, model, samples, method, layers }: Subject, checks: readonly Check[], language: Language): Table[] {
  const t = (key: keyof typeof T): string => T[key][language]
  const { quality, latency, size } = run
  const worst = worstFirst(layers)
  const tables: Table[] = [
    { title: t('summary'), head: ['', ''], rows: [
      [t('model'), model], ['SHA-256', run.model?.sha256 ?? '-'], [t('board'), `${board.title} (${board.name})`], [t('run'), run.run], [t('created'), run.created], [t('method'), method], [t('samples'), String(samples)],
      ...(size ? [[`${t('bytes')}: ${t('float')} → ${t('quantized')}`, `${size.floatBytes} → ${size.quantizedBytes}`]] : []),
      ...(latency ? [[t('latency'), `${t('float')} ${number(latency.floatMs.median)}, ${t('fused')} ${number(latency.fusedMs.median)}`]] : []),
    ] },
    { title: t('readiness'), head: [t('state'), t('what'), t('where'), t('why'), t('fix')], rows: checks.map((check) => checkRow(check, language)), states: checks.map(({ state }) => state) },
  ]
  if (quality) {
    tables.push({ title: t('quality'), head: [t('protocol'), t('float'), t('simulated'), t('fused')], rows: [[`${quality.protocol} (${quality.unit})`, number(quality.float), number(quality.simulated), number(quality.fused)], ...Object.entries(quality.others).map(([protocol, value]) => [protocol, number(value.float), number(value.simulated), number(value.fused)])] })
    tables.push({ title: t('perSample'), head: [t('sample'), t('float'), t('simulated'), t('fused')], rows: quality.perSample.slice(0, 200).map((one) => [one.sample, number(one.float), number(one.simulated), number(one.fused)]) })
  }
  tables.push({ title: t('gates'), head: [t('rule'), t('measured'), t('verdict')], rows: (run.gates ?? []).map(({ rule, measured, passed }) => [rule, number(measured), t(passed ? 'passed' : 'failed')]) })
  tables.push({ title: t('layers'), head: [t('tensor'), t('op'), 'cosine', 'SQNR dB', 'max abs', 'clipped %'], bar: 2, rows: worst.map((layer) => [layer.tensor, layer.op, number(layer.cosine, 6), number(layer.sqnrDb), number(layer.maxAbs), number(layer.clippedPercent)]) })
  tables.push({ title: t('ranges'), head: [t('tensor'), t('type'), t('scale'), t('zero'), t('observed'), t('range'), t('method')], rows: records.filter(({ role }) => role !== 'bias').map((record) => [
    record.name, `${record.signed ? '' : 'u'}int${record.bits}`, record.axis === null ? number(record.scale[0], 7) : `${record.scale.length} × (axis ${record.axis})`, record.axis === null ? String(record.zeroPoint[0]) : '', record.observed ? record.observed.map((value) => number(value)).join(' .. ') : '-', record.range.map((value) => number(value)).join(' .. '), record.method,
  ]) })
  tables.push({ title: t('proofs'), head: [t('rewrite'), t('verdict'), t('maxAbs'), t('inputs')], rows: (run.proofs ?? []).map(({ rewrite, verdict, maxAbs, inputs }) => [rewrite, verdict, number(maxAbs), String(inputs)]) })
  tables.push({ title: t('findings'), head: [t('rule'), t('state'), t('where'), t('what'), t('fix')], rows: (run.findings ?? []).map((finding) => [finding.rule, finding.severity, finding.tensor || finding.node, finding.what, finding.fix]) })
  tables.push({ title: t('environment'), head: ['', ''], rows: Object.entries(run.environment).map(([key, value]) => [key, String(value)]) })
  return tables.filter(({ rows }) => rows.length > 0)
}

export const reportTitle = ({ model, board }: Subject, language: Language): string => `${T.title[language]}: ${model} → ${board.title}`
export const pictureTitle = (language: Language): string => T.picture[language]

/** A cell of a GitHub table: markup of a name stays text. */
const markdownCell = (text: string): string => text.replaceAll(/[\\|<>*_`[\]#]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ')

export const markdownTable = ({ head, rows }: Pick<Table, 'head' | 'rows'>): string =>
  [`| ${head.map(markdownCell).join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...rows.map((row) => `| ${row.map(markdownCell).join(' | ')} |`)].map((line) => `${line}\n`).join('')

export const reportMarkdown = (title: string, tables: readonly Table[]): string =>
  [`# ${markdownCell(title)}\n`, ...tables.map((table) => `## ${markdownCell(table.title)}\n\n${markdownTable(table)}`)].join('\n')

const COLUMNS = ['tensor', 'node', 'op', 'mode', 'sqnr_db', 'cosine', 'mse', 'max_abs', 'clipped_percent'] as const

/** A row a tensor and mode: `accumulated` is RKNN's *entire*, `alone` its *single*. Lines end with CRLF (RFC 4180). */
export const layersCsv = (layers: Run['layers'] = []): string =>
  [COLUMNS, ...layers.map((layer) => [layer.tensor, layer.node, layer.op, layer.mode, ...[layer.sqnrDb, layer.cosine, layer.mse, layer.maxAbs, layer.clippedPercent].map(String)].map(safeCell))].map((row) => `${csvLine(row)}\r\n`).join('')

/** Google's Model Explorer paints nodes by these: the cosine of what each makes. */
export const modelExplorer = (layers: Run['layers'] = []): string => `${JSON.stringify({
  main: {
    results: Object.fromEntries(layers.filter(({ mode, node }) => mode === 'accumulated' && node !== '').map(({ node, cosine }) => [node, { value: cosine }])),
    thresholds: [{ value: 0.9, bgColor: '#f1aeb5' }, { value: 0.99, bgColor: '#f8d7da' }, { value: 0.999, bgColor: '#fff3cd' }, { value: 1, bgColor: '#d1e7dd' }],
  },
}, null, 2)}\n`
