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
  const others = Object.entries(quality.others)
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
    ...others.map(([protocol, versions]) => value(versions, version, /^(psnr|sqnr)/.test(protocol) ? 'dB' : 'ratio')),
  ])
  const count = run.samples?.evaluation?.count ?? quality.perSample.length
  const remark = plain(`${quality.protocol}  ${say('report.quality-samples', { count })}`)
  return section(say('report.quality'), tableLines(columns, rows, style), style, remark)
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
