import type { ComparedRuns, LayerError, ScaleRow, Versions } from '../../../preload/contract/index.ts'
import type { Table } from '../../ui/delimited.ts'
import { digitsOf, fixed, shortRun, unitOf } from '../../ui/format.ts'
import { plainText } from '../../ui/scale-text.ts'

export type Better = 'up' | 'down'
export const SECTIONS = ['metrics', 'recipe', 'facts'] as const
export type Section = (typeof SECTIONS)[number]

/** One line of the comparison: the same thing in every run. */
export interface ComparedRow {
  readonly section: Section
  readonly key: string
  readonly version?: keyof Versions
  readonly values: readonly unknown[]
  /** Digits after the point; absent: as many as mean something. */
  readonly digits?: number
  readonly better?: Better
  /** What the numbers were measured on, where runs differ in it: those of different samples are never compared. */
  readonly measuredOn?: readonly unknown[]
}

const SHA256 = /^[0-9a-f]{64}$/

/** Facts of which less is better. */
const COSTS = /^(latency\.(ratio|fusedMs\.(median|min))|size\.(ratio|quantizedBytes))$/

/** Metrics first: they say what the differences of the recipe did. */
export function comparedRows({ metrics, recipe, facts }: Pick<ComparedRuns, 'metrics' | 'recipe' | 'facts'>): readonly ComparedRow[] {
  const measuredOn = facts.find(({ key }) => key === 'samples.evaluation.sha256')?.values
  return [
    ...metrics.map(({ protocol, version, values }): ComparedRow => ({
      section: 'metrics', key: protocol, version, values, digits: digitsOf(unitOf(protocol)), better: 'up',
      ...(measuredOn === undefined ? {} : { measuredOn }),
    })),
    ...recipe.map(({ key, values }): ComparedRow => ({ section: 'recipe', key, values })),
    ...facts.map(({ key, values }): ComparedRow => ({ section: 'facts', key, values, ...(COSTS.test(key) ? { better: 'down' as const } : {}) })),
  ]
}

/** A run's number less the baseline's; null where one of the two is none, and for the baseline itself. */
export function deltaOf({ values, measuredOn }: Pick<ComparedRow, 'values' | 'measuredOn'>, run: number, base: number): number | null {
  if (measuredOn !== undefined && measuredOn[run] !== measuredOn[base]) return null
  const [value, from] = [values[run], values[base]]
  return run === base || typeof value !== 'number' || typeof from !== 'number' ? null : value - from
}

export const valueText = ({ values, digits }: ComparedRow, run: number): string => {
  const value = values[run] ?? undefined
  if (typeof value === 'string' && SHA256.test(value)) return `${value.slice(0, 12)}…`
  return typeof value === 'number' && digits !== undefined ? fixed(value, digits) : plainText(value)
}

/** A value with all its digits, for a spreadsheet. */
const rawText = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value))

/** The comparison as a table of texts: a column for each run, then one for each run's change against the baseline. */
export function comparedTable(runs: readonly string[], rows: readonly ComparedRow[], base: number, transposed: boolean): Table {
  const others = runs.flatMap((run, index) => (index === base ? [] : [{ run, index }]))
  const table = [
    ['', ...runs.map(shortRun), ...others.map(({ run }) => `Δ ${shortRun(run)}`)],
    ...rows.map((row) => [
      [row.key, row.version].filter(Boolean).join(' '),
      ...runs.map((_run, index) => rawText(row.values[index])),
      ...others.map(({ index }) => rawText(deltaOf(row, index, base))),
    ]),
  ]
  return transposed ? table[0]!.map((_cell, column) => table.map((line) => line[column]!)) : table
}

export type ScaleMeasure = 'scale' | 'range' | 'zero-point' | 'method' | 'type'
export const SCALE_MEASURES: readonly ScaleMeasure[] = ['scale', 'range', 'zero-point', 'method', 'type']

/**
 * What a tensor's scale changed by against the baseline's: per cent of the scale that changed most, the greater move of the two
 * ends of the range, of the zero point. Null where the two cannot be compared one by one.
 */
export function scaleDelta(row: ScaleRow | null, base: ScaleRow | null, measure: ScaleMeasure): number | null {
  if (row === null || base === null || row.float || base.float) return null
  if (measure === 'scale') return row.scale.length === base.scale.length ? farthest(row.scale.map((scale, at) => (scale / base.scale[at]! - 1) * 100)) : null
  if (measure === 'range') return farthest([row.lo - base.lo, row.hi - base.hi])
  if (measure === 'zero-point') return row.zeroPoint.length === base.zeroPoint.length ? farthest(row.zeroPoint.map((zero, at) => zero - base.zeroPoint[at]!)) : null
  return null
}

const farthest = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most))

export type LayerMeasure = 'sqnrDb' | 'cosine' | 'mse' | 'maxAbs' | 'clippedPercent'
export const LAYER_MEASURES: readonly LayerMeasure[] = ['sqnrDb', 'cosine', 'mse', 'maxAbs', 'clippedPercent']

export const layerBetter = (measure: LayerMeasure): Better => (measure === 'sqnrDb' || measure === 'cosine' ? 'up' : 'down')

/** A layer's error less the baseline's. */
export const layerDelta = (row: LayerError | null, base: LayerError | null, measure: LayerMeasure): number | null =>
  row === null || base === null ? null : row[measure] - base[measure]
