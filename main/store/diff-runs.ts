import type { LayerError, Run } from '../core/run.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { diffValues, factsOf, flatten, isSame } from './differing.ts'
import type { Difference } from './differing.ts'
import { metricRows } from './metrics.ts'

export interface MetricDifference {
  readonly protocol: string
  readonly version: 'float' | 'simulated' | 'fused'
  /** '' for the mean of all samples. */
  readonly sample: string
  readonly a: number | null
  readonly b: number | null
  /** b − a; null where a side is missing. */
  readonly delta: number | null
}

export interface ScaleDifference {
  readonly tensor: string
  readonly kind: ScaleRow['kind']
  readonly a: ScaleRow | null
  readonly b: ScaleRow | null
  /** Fields that differ; all of them where a side is missing. */
  readonly fields: readonly string[]
  /** Relative change of the scale that changed most, b / a − 1; null where the rows cannot be compared one by one. */
  readonly scaleChange: number | null
  readonly loDelta: number | null
  readonly hiDelta: number | null
}

export interface LayerDifference {
  readonly node: string
  readonly tensor: string
  readonly mode: LayerError['mode']
  readonly a: LayerError | null
  readonly b: LayerError | null
  /** b − a, in dB. */
  readonly sqnrDelta: number | null
  readonly cosineDelta: number | null
}

/** What sets two runs of one workspace apart. */
export interface RunDiff {
  readonly a: string
  readonly b: string
  /** Model, samples, size, latency, environment, by dotted path. */
  readonly facts: readonly Difference[]
  /** Keys of the recipe, by dotted path; a list is one value. */
  readonly recipe: readonly Difference[]
  /** Numbers of one protocol side by side; those of different protocols never meet. */
  readonly metrics: readonly MetricDifference[]
  readonly scales: readonly ScaleDifference[]
  readonly layers: readonly LayerDifference[]
  readonly findings: readonly Difference[]
}

/** Compares two runs part by part. Only what differs, unless `all`. */
export function diffRuns(a: Run, b: Run, options: { readonly all?: boolean } = {}): RunDiff {
  const all = options.all ?? false
  return {
    a: a.run,
    b: b.run,
    facts: diffValues(factsOf(a), factsOf(b), all),
    recipe: diffValues(flatten(a.recipe), flatten(b.recipe), all),
    metrics: diffMetrics(a, b, all),
    scales: diffScales(a.scales ?? [], b.scales ?? [], all),
    layers: diffLayers(a.layers ?? [], b.layers ?? [], all),
    findings: diffValues(findingsOf(a), findingsOf(b), all),
  }
}

const findingsOf = (run: Run): Map<string, unknown> =>
  new Map((run.findings ?? []).map((finding) => [[finding.rule, finding.tensor || finding.node].filter(Boolean).join(' '), finding.what]))

/** Pairs of the elements that have the same key, in the order of `a`, then what only `b` has. Equal keys pair up in order. */
function pairs<T>(a: readonly T[], b: readonly T[], keyOf: (element: T) => string): { a: T | null; b: T | null }[] {
  const rest = Map.groupBy(b, keyOf)
  const both = a.map((element) => ({ a: element, b: rest.get(keyOf(element))?.shift() ?? null }))
  return [...both, ...[...rest.values()].flat().map((element) => ({ a: null, b: element }))]
}

function minus(b: number | null = null, a: number | null = null): number | null {
  if (a === null || b === null) return null
  return b === a ? 0 : b - a // Infinity minus itself is no change.
}

function diffMetrics(a: Run, b: Run, all: boolean): MetricDifference[] {
  const rowsOf = (run: Run) => (run.quality === undefined ? [] : metricRows(run.quality).filter((row) => row.value !== null))
  return pairs(rowsOf(a), rowsOf(b), (row) => JSON.stringify([row.protocol, row.sample, row.version]))
    .map((pair) => {
      const { protocol, version, sample } = (pair.a ?? pair.b)!
      const [before, after] = [pair.a?.value ?? null, pair.b?.value ?? null]
      return { protocol, version, sample, a: before, b: after, delta: minus(after, before) }
    })
    .filter((each) => all || each.delta !== 0)
}

function diffScales(a: readonly ScaleRow[], b: readonly ScaleRow[], all: boolean): ScaleDifference[] {
  return pairs(a, b, (row) => JSON.stringify([row.tensor, row.kind]))
    .map((pair) => {
      const row = (pair.a ?? pair.b)!
      const fields = (Object.keys(row) as (keyof ScaleRow)[]).filter((key) => !isSame(pair.a?.[key], pair.b?.[key]))
      return {
        tensor: row.tensor,
        kind: row.kind,
        ...pair,
        fields,
        scaleChange: scaleChange(pair.a?.scale, pair.b?.scale),
        loDelta: minus(pair.b?.lo, pair.a?.lo),
        hiDelta: minus(pair.b?.hi, pair.a?.hi),
      }
    })
    .filter((each) => all || each.fields.length > 0)
}

function scaleChange(a: readonly number[] | undefined, b: readonly number[] | undefined): number | null {
  if (a === undefined || b === undefined || a.length === 0 || a.length !== b.length) return null
  const changes = a.map((scale, channel) => b[channel]! / scale - 1)
  return changes.reduce((most, change) => (Math.abs(change) > Math.abs(most) ? change : most), 0)
}

function diffLayers(a: readonly LayerError[], b: readonly LayerError[], all: boolean): LayerDifference[] {
  return pairs(a, b, (layer) => JSON.stringify([layer.tensor, layer.mode]))
    .filter((pair) => all || !isSame(pair.a, pair.b))
    .map((pair) => {
      const { node, tensor, mode } = (pair.a ?? pair.b)!
      return { node, tensor, mode, ...pair, sqnrDelta: minus(pair.b?.sqnrDb, pair.a?.sqnrDb), cosineDelta: minus(pair.b?.cosine, pair.a?.cosine) }
    })
}
