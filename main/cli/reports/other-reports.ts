import type { CalibrateResult, DemoResult, DoctorReport, InspectReport, EdgeTensor } from '../../app/api.ts'
import { plain, section, tableLines } from '../layout.ts'
import { bytes, grouped, NOTHING, significant } from '../numbers.ts'
import type { ReportContext } from './context.ts'
import { shellWord, shownPath } from './context.ts'
import { spanOf } from './scale-report.ts'

const right = 'right' as const

export function inspectReport(report: InspectReport, context: ReportContext): string[][] {
  const { say, style, cwd, longestName } = context
  const opsets = Object.entries(report.opsets).map(([domain, version]) => `${domain === '' ? 'ai.onnx' : domain} ${version}`)
  const facts = [
    `  ${plain(shownPath(report.path, cwd))}  ${grouped(report.parameters)} ${say('report.parameters')}  ${bytes(report.bytes)}`,
    `  opset ${plain(opsets.join(', '))}  IR ${report.irVersion}  SHA-256 ${report.sha256}`,
  ]
  const tensors = (title: string, list: readonly EdgeTensor[]): string[] => section(title, tableLines([
    { title: say('report.tensor'), most: longestName }, { title: say('report.type') }, { title: say('report.shape') },
    { title: say('report.layout') },
    { title: say('report.scale'), align: right }, { title: say('report.zero-point'), align: right },
  ], list.map(tensorRow), style), style)
  const sentences = (title: string, list: readonly string[]): string[] => section(title, list.map((line) => `  ${plain(line)}`), style)
  const operators = tableLines(
    [{ title: say('report.operator') }, { title: say('report.count'), align: right }],
    report.operators.map(({ op, domain, count }) => [domain === '' ? op : `${domain}.${op}`, grouped(count)]), style)
  return [
    section(say('report.model'), facts, style),
    tensors(say('report.inputs'), report.inputs),
    tensors(say('report.outputs'), report.outputs),
    section(say('report.operators'), operators, style),
    sentences(say('report.preparation'), report.preparation),
    sentences(say('report.expectation'), report.expectation),
    sentences(say('report.external'), report.externalFiles.map((path) => shownPath(path, cwd))),
  ]
}

const tensorRow = ({ name, type, dims, layout, quantization }: EdgeTensor): string[] => [
  name, quantization?.type ?? type, dims === null ? NOTHING : `[${dims.map((dim) => dim ?? '?').join(', ')}]`, layout ?? NOTHING,
  quantization === null ? '' : spanOf(quantization.scale), quantization === null ? '' : spanOf(quantization.zeroPoint),
]

/** What was seen of each tensor, and where the Statistics are. */
export function tensorsSection(result: CalibrateResult, { say, style, cwd, longestName }: ReportContext): string[][] {
  const columns = [
    { title: say('report.tensor'), most: longestName }, { title: say('report.channels'), align: right }, { title: say('report.count'), align: right },
    { title: say('report.min'), align: right }, { title: say('report.mean'), align: right }, { title: say('report.max'), align: right },
  ]
  const rows = result.tensors.map(({ tensor, channels, count, min, mean, max }) =>
    [tensor, String(channels), grouped(count), significant(min), significant(mean), significant(max)])
  return [
    section(say('report.tensors'), tableLines(columns, rows, style), style),
    section(say('report.statistics'), [`  ${plain(shownPath(result.statistics, cwd))}`], style),
  ]
}

/** After the demo: what to look at, and two commands that show what is possible. */
export function demoSections(result: DemoResult, workspace: string | undefined, { say, style, cwd }: ReportContext): string[][] {
  const place = workspace === undefined ? '' : ` --workspace ${shellWord(workspace)}`
  return [
    section(say('report.picture'), [`  ${plain(shownPath(result.files.picture, cwd))}`], style),
    section(say('report.next'), [
      `  npx scalewright runs show ${result.run} --layers${place}`,
      `  npx scalewright run ${plain(shellWord(shownPath(result.files.recipe, cwd)))} --method max${place}`,
    ], style),
  ]
}

export function doctorReport({ environment, checks }: DoctorReport, { say, style }: ReportContext): string[][] {
  const verdict = (text: string, row: number): string => (checks[row]!.status === 'ok' ? style.good(text) : style.bad(text))
  const rows = checks.map(({ name, status, value, next }) => [name, say(`check.${status}`), value, next ?? ''])
  const columns = [{ title: say('report.check') }, { title: '', paint: verdict }, { title: say('report.found') }, { title: '' }]
  const versions = `  scalewright ${environment.scalewright}  onnxruntime ${environment.onnxruntime}  node ${environment.node}  ${environment.cpu}`
  return [[plain(versions)], tableLines(columns, rows, style)]
}
