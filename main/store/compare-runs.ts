import type { LayerError, Run, Versions } from '../core/run.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { factsOf, flatten, isSame } from './differing.ts'
import { metricRows } from './metrics.ts'
import type { RunSummary } from './run-summaries.ts'

/** One value of each run, in the order of the runs; null where a run has none. */
export interface ComparedValue {
  readonly key: string
  readonly values: readonly unknown[]
}

/** The same things in several runs. Numbers of different protocols never stand in one row. */
export interface ComparedRuns {
  readonly runs: readonly RunSummary[]
  /** Model, samples, size, latency, environment, by dotted path. */
  readonly facts: readonly ComparedValue[]
  readonly recipe: readonly ComparedValue[]
  /** Means over all samples. */
  readonly metrics: readonly { readonly protocol: string; readonly version: keyof Versions; readonly values: readonly (number | null)[] }[]
  readonly scales: readonly { readonly tensor: string; readonly kind: ScaleRow['kind']; readonly values: readonly (ScaleRow | null)[] }[]
  readonly layers: readonly {
    readonly tensor: string; readonly node: string; readonly op: string; readonly mode: LayerError['mode']; readonly values: readonly (LayerError | null)[]
  }[]
}

/** Puts runs side by side, part by part. Only rows that differ, unless `all`. */
export function compareRuns(runs: readonly Run[], all: boolean): Omit<ComparedRuns, 'runs'> {
  const differs = (row: { readonly values: readonly unknown[] }): boolean => all || row.values.some((value) => !isSame(value, row.values[0]))
  const values = (leaves: readonly ReadonlyMap<string, unknown>[]): ComparedValue[] =>
    [...new Set(leaves.flatMap((each) => [...each.keys()]))].map((key) => ({ key, values: leaves.map((each) => each.get(key) ?? null) })).filter(differs)
  return {
    facts: values(runs.map(factsOf)),
    recipe: values(runs.map((run) => flatten(run.recipe))),
    metrics: aligned(runs.map(meansOf), (row) => [row.protocol, row.version])
      .map(({ first: { protocol, version }, found }) => ({ protocol, version, values: found.map((row) => row?.value ?? null) })).filter(differs),
    scales: aligned(runs.map((run) => run.scales ?? []), (row) => [row.tensor, row.kind])
      .map(({ first: { tensor, kind }, found }) => ({ tensor, kind, values: found })).filter(differs),
    layers: aligned(runs.map((run) => run.layers ?? []), (layer) => [layer.tensor, layer.mode])
      .map(({ first: { tensor, node, op, mode }, found }) => ({ tensor, node, op, mode, values: found })).filter(differs),
  }
}

const meansOf = (run: Run) => (run.quality === undefined ? [] : metricRows(run.quality).filter((row) => row.sample === '' && row.value !== null))

/** Elements with the same key side by side, in the order in which keys are met. Equal keys of one run stand in rows of their own. */
function aligned<T>(lists: readonly (readonly T[])[], keyOf: (element: T) => readonly string[]): { first: T; found: (T | null)[] }[] {
  const rows = new Map<string, { first: T; found: (T | null)[] }>()
  for (const [at, list] of lists.entries()) {
    const met = new Map<string, number>()
    for (const element of list) {
      const key = JSON.stringify(keyOf(element))
      const times = met.get(key) ?? 0
      met.set(key, times + 1)
      const place = `${key} ${times}`
      const row = rows.get(place) ?? { first: element, found: lists.map(() => null) }
      row.found[at] = element
      rows.set(place, row)
    }
  }
  return [...rows.values()]
}
