import type { GateResult, RunSummary } from '../../../preload/contract/index.ts'

const MOST_POINTS = 200

/** Runs that can stand on one axis: those of a model by one protocol. */
export interface RunGroup {
  readonly key: string
  readonly model: string | null
  readonly protocol: string
  /** The oldest first. */
  readonly runs: readonly RunSummary[]
}

/** The measured runs by model and protocol, the largest group first. */
export function groupsOf(runs: readonly RunSummary[]): readonly RunGroup[] {
  const measured = runs.filter((run) => run.quality !== null && run.quality.simulated !== null)
  const groups = [...Map.groupBy(measured, (run) => `${run.model ?? ''} ${run.quality?.protocol ?? ''}`)]
  return groups
    .map(([key, own]) => ({ key, model: own[0]!.model, protocol: own[0]!.quality!.protocol, runs: own.toSorted((a, b) => a.run.localeCompare(b.run)).slice(-MOST_POINTS) }))
    .toSorted((a, b) => b.runs.length - a.runs.length)
}

/** Where a gate draws the line for the simulated model: a loss allowed from the run's own float model, or a least value. Null where none does. */
export function limitOf(gates: readonly Pick<GateResult, 'rule'>[], protocol: string, float: number | null): number | null {
  const metric = (protocol.split('/')[0] ?? '').replaceAll('-', '_')
  const limits = gates.flatMap(({ rule }) => {
    const [, name = '', value = ''] = /^(\w+) [<>]= (\S+)$/.exec(rule) ?? []
    if (name === `${metric}_drop_db` || name === `${metric}_drop`) return float === null ? [] : [float - Number(value)]
    return name === `${metric}_db` || name === metric || name === `output_${metric}` || name === `output_${metric}_db` ? [Number(value)] : []
  })
  return limits.length === 0 ? null : Math.max(...limits)
}
