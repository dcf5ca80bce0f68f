import type { Quality, Versions } from '../core/run.ts'

const VERSIONS = ['float', 'simulated', 'fused'] as const

/** One number of a run. `sample` is '' for the mean. Rows of one position belong together. */
export interface MetricRow {
  readonly position: number
  readonly version: (typeof VERSIONS)[number]
  readonly protocol: string
  readonly sample: string
  readonly value: number | null
}

/** The numbers of a run, first the mean of its own protocol, then its samples, then the means of the other protocols and their samples where these are kept. */
export function metricRows(quality: Quality): MetricRow[] {
  const { protocol } = quality
  const groups = [
    { protocol, sample: '', values: quality as Versions },
    ...quality.perSample.map((values) => ({ protocol, sample: values.sample, values: values as Versions })),
    ...Object.entries(quality.others).map(([other, values]) => ({ protocol: other, sample: '', values })),
    ...Object.entries(quality.besides ?? {}).flatMap(([other, samples]) => samples.map((values) => ({ protocol: other, sample: values.sample, values: values as Versions }))),
  ]
  return groups.flatMap(({ values, ...group }, position) => VERSIONS.map((version) => ({ ...group, position, version, value: values[version] })))
}

/** What of a Quality has no rows. */
export type QualityHead = Omit<Quality, keyof Versions | 'perSample' | 'others' | 'besides'>

/** Splits off what `metricRows` keeps. */
export function qualityHead({ float: _float, simulated: _simulated, fused: _fused, perSample: _perSample, others: _others, besides: _besides, ...head }: Quality): QualityHead {
  return head
}

const valueOf = (group: readonly MetricRow[], version: MetricRow['version']): number | null =>
  group.find((row) => row.version === version)?.value ?? null

/** The same Quality back from its head and its rows in order of position. */
export function qualityOf(head: QualityHead, rows: readonly MetricRow[]): Quality {
  const groups = [...Map.groupBy(rows, (row) => row.position).values()].map((group) => ({
    protocol: group[0]!.protocol,
    sample: group[0]!.sample,
    values: { float: valueOf(group, 'float'), simulated: valueOf(group, 'simulated'), fused: valueOf(group, 'fused') },
  }))
  const [mean, ...rest] = groups
  const samples = Map.groupBy(rest.filter((group) => group.sample !== ''), (group) => group.protocol)
  const others = rest.filter((group) => group.sample === '').map((group) => [group.protocol, group.values] as const)
  const samplesOf = (protocol: string) => (samples.get(protocol) ?? []).map(({ sample, values }) => ({ sample, ...values }))
  const besides = [...samples.keys()].filter((protocol) => protocol !== head.protocol).map((protocol) => [protocol, samplesOf(protocol)] as const)
  return { ...head, ...mean!.values, perSample: samplesOf(head.protocol), others: Object.fromEntries(others), ...(besides.length === 0 ? {} : { besides: Object.fromEntries(besides) }) }
}
