import type { Run } from '../../core/run.ts'
import { plain, section, tableLines } from '../layout.ts'
import { bytes, byteUnit, fixed, grouped, significant } from '../numbers.ts'
import type { ReportContext } from './context.ts'
import { shownPath } from './context.ts'
import { layerSection, worstLayersSection } from './layer-report.ts'
import { qualitySection } from './quality-report.ts'
import { scaleSection, scaleSummary } from './scale-report.ts'

export interface RunReportOptions {
  /** Every scale row, not only their number. */
  readonly scales?: boolean
  /** Every layer error, not only the worst five. */
  readonly layers?: boolean
  /** Notes were already printed while the run went on. */
  readonly notes?: boolean
}

/** Everything a run holds, part by part, for a person. What the run did not do is left out. */
export function runReport(run: Run, context: ReportContext, options: RunReportOptions = {}): string[][] {
  return [
    headline(run, context),
    calibrationSection(run, context),
    options.scales === true ? scaleSection(run.scales ?? [], context) : scaleSummary(run.scales ?? [], context),
    qualitySection(run, context),
    latencySection(run, context),
    sizeSection(run, context),
    ...(options.layers === true ? layerSection(run.layers ?? [], context) : [worstLayersSection(run.layers ?? [], context)]),
    proofSection(run, context),
    findingSection(run, context),
    gateSection(run.gates ?? [], context),
    fileSection(run, context),
    options.notes === true ? section(context.say('report.notes'), (run.notes ?? []).map((note) => `  ${plain(note)}`), context.style) : [],
  ]
}

function headline(run: Run, { say, style, cwd }: ReportContext): string[] {
  if (!run.model) return []
  const { path, parameters, bytes: size } = run.model
  return section(say('report.model'), [`  ${plain(shownPath(path, cwd))}  ${grouped(parameters)} ${say('report.parameters')}  ${bytes(size)}`], style)
}

function calibrationSection(run: Run, { say, style }: ReportContext): string[] {
  const facts = run.calibration
  if (!facts) return []
  const samples = run.samples?.calibration
  const skipped = samples && samples.skipped > 0 ? `, ${say('report.skipped', { count: samples.skipped })}` : ''
  const line = facts.statisticsFrom === undefined
    ? say('report.samples', {
        count: samples?.count ?? 0, seconds: fixed(facts.seconds, 1), inference: fixed(facts.inferenceSeconds, 1), memory: bytes(facts.peakRssBytes),
      })
    : say('report.statistics-found', { run: facts.statisticsFrom })
  return section(say('report.calibration'), [`  ${plain(line + skipped)}`], style)
}

function latencySection(run: Run, { say, style }: ReportContext): string[] {
  const latency = run.latency
  if (!latency) return []
  const columns = [
    { title: '' },
    ...(['report.median', 'report.min', 'report.spread'] as const).map((name) => ({ title: `${say(name)} ms`, align: 'right' as const })),
    { title: say('report.times'), align: 'right' as const },
    { title: say('report.ratio'), align: 'right' as const },
  ]
  const row = (name: string, { median, min, spread, runs }: typeof latency.floatMs, ratio: string): string[] =>
    [name, fixed(median, 2), fixed(min, 2), fixed(spread, 2), String(runs), ratio]
  const rows = [row(say('report.float'), latency.floatMs, ''), row(say('report.fused'), latency.fusedMs, fixed(latency.ratio, 3))]
  return section(say('report.latency'), tableLines(columns, rows, style), style, plain(latency.protocol))
}

function sizeSection(run: Run, { say, style }: ReportContext): string[] {
  const size = run.size
  if (!size) return []
  const { unit, divisor } = byteUnit(size.floatBytes, size.quantizedBytes)
  const columns = [{ title: '' }, { title: unit, align: 'right' as const }, { title: say('report.ratio'), align: 'right' as const }]
  const shown = (value: number): string => fixed(value / divisor, unit === 'B' ? 0 : 1)
  const rows = [[say('report.float'), shown(size.floatBytes), ''], [say('report.quantized'), shown(size.quantizedBytes), fixed(size.ratio, 3)]]
  return section(say('report.size'), tableLines(columns, rows, style), style)
}

/** The first names, and how many more: a folded BatchNormalization a convolution makes a long list. */
const someNames = (names: readonly string[]): string => (names.length <= 3 ? names.join(' ') : `${names.slice(0, 2).join(' ')} +${names.length - 2}`)

function proofSection(run: Run, { say, style, longestName }: ReportContext): string[] {
  const columns = [
    { title: say('report.rewrite') },
    { title: say('report.node'), most: longestName },
    { title: say('report.verdict') },
    { title: say('report.max-abs'), align: 'right' as const },
    { title: say('report.relative'), align: 'right' as const },
  ]
  const rows = (run.proofs ?? []).map((proof) => [proof.rewrite, someNames(proof.nodes), proof.verdict, significant(proof.maxAbs), significant(proof.relative)])
  return rows.length === 0 ? [] : section(say('report.proofs'), tableLines(columns, rows, style), style)
}

function findingSection(run: Run, { say, style }: ReportContext): string[] {
  const lines = (run.findings ?? []).flatMap((finding) => {
    const paint = finding.severity === 'error' ? style.bad : style.strong
    const place = [finding.node, finding.tensor].filter((name) => name !== '').join(' ')
    return [
      `  ${paint(finding.rule)}  ${plain(place === '' ? finding.what : `${place}: ${finding.what}`)}`,
      ...[finding.why, finding.fix].filter((text) => text !== '').map((text) => style.faint(`    ${plain(text)}`)),
    ]
  })
  return section(say('report.findings'), lines, style)
}

/** `waived`: why a person accepted a gate that failed. */
type ShownGate = NonNullable<Run['gates']>[number] & { readonly waived?: string | null }

export function gateSection(gates: readonly ShownGate[], { say, style }: ReportContext): string[] {
  if (gates.length === 0) return []
  const verdict = (_text: string, row: number): string => (gates[row]!.passed ? style.good(_text) : style.bad(_text))
  const columns = [{ title: say('report.rule') }, { title: say('report.measured'), align: 'right' as const }, { title: '', paint: verdict }]
  const rows = gates.map((gate) => [gate.rule, fixed(gate.measured, 4), gateVerdict(gate, say)])
  return section(say('report.gates'), tableLines(columns, rows, style), style)
}

function gateVerdict({ passed, waived }: ShownGate, say: ReportContext['say']): string {
  if (passed) return say('report.passed')
  return waived === undefined || waived === null ? say('report.failed') : say('report.waived', { reason: waived })
}

function fileSection(run: Run, { say, style, cwd }: ReportContext): string[] {
  const columns = [{ title: '' }, { title: '', align: 'right' as const }, { title: '' }]
  const rows = (run.artifacts ?? []).map((artifact) => [artifact.role, bytes(artifact.bytes), shownPath(artifact.path, cwd)])
  return rows.length === 0 ? [] : section(say('report.files'), tableLines(columns, rows, style), style)
}
