import { unitOf } from '../../core/protocol-unit.ts'
import type { Run, Versions } from '../../core/run.ts'
import { plain, section, tableLines } from '../layout.ts'
import { decibels, fixed, NOTHING } from '../numbers.ts'
import type { ReportContext } from './context.ts'

const VERSIONS = [
  ['float', 'report.float', 'report.float.is'],
  ['simulated', 'report.simulated', 'report.simulated.is'],
  ['fused', 'report.fused', 'report.fused.is'],
] as const

/** Quality of the three versions of the model by protocol, and what quantization costs. */
export function qualitySection(run: Run, { say, style }: ReportContext): string[] {
  const quality = run.quality
  if (!quality) return []
  const right = 'right' as const
  const all = Object.entries(quality.others)
  // Ids that say much are rows of a table of their own.
  const isWide = all.some(([protocol]) => protocol.length > LONGEST_TITLE) || all.length > 3
  const others = isWide ? [] : all
  const columns = [
    { title: '' },
    { title: '' },
    { title: quality.unit, align: right },
    { title: `${say('report.drop')} ${quality.unit}`, align: right },
    ...others.map(([protocol]) => ({ title: plain(protocol), align: right })),
  ]
  const rows = VERSIONS.map(([version, name, meaning]) => [
    say(name),
    say(meaning),
    value(quality, version, quality.unit),
    version === 'float' ? '' : drop(quality, version, quality.unit),
    ...others.map(([protocol, versions]) => value(versions, version, unitOf(protocol))),
  ])
  const count = run.samples?.evaluation?.count ?? quality.perSample.length
  const remark = plain(`${quality.protocol}  ${say('report.quality-samples', { count })}`)
  const beside = isWide ? otherLines(all, { say, style }) : []
  return section(say('report.quality'), [...tableLines(columns, rows, style), ...beside], style, remark)
}

const LONGEST_TITLE = 32

function otherLines(others: readonly (readonly [string, Versions])[], { say, style }: Pick<ReportContext, 'say' | 'style'>): string[] {
  const right = 'right' as const
  const columns = [{ title: '' }, { title: '' }, ...VERSIONS.map(([, name]) => ({ title: say(name), align: right }))]
  const rows = others.map(([protocol, versions]) => [plain(protocol), unitOf(protocol), ...VERSIONS.map(([version]) => value(versions, version, unitOf(protocol)))])
  return ['', ...tableLines(columns, rows, style)]
}

const digitsOf = (unit: string): number => (unit === 'dB' ? 3 : unit === '%' ? 2 : 5)

const value = (versions: Versions, version: keyof Versions, unit: string): string =>
  unit === 'dB' ? decibels(versions[version]) : fixed(versions[version], digitsOf(unit))

/** Float less quantized: positive where quality is lost. */
function drop(versions: Versions, version: keyof Versions, unit: string): string {
  const [whole, less] = [versions.float, versions[version]]
  if (whole === null || less === null || !Number.isFinite(whole) || !Number.isFinite(less)) return NOTHING
  return fixed(whole - less, digitsOf(unit))
}
