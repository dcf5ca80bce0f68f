import type { OperatorTime } from '../../../preload/contract/index.ts'

export interface OperatorRow {
  readonly op: string
  /** Nodes of this operator, in the version that has more. */
  readonly nodes: number
  /** Microseconds a run, of all nodes together; 0 where the version has none. */
  readonly float: number
  readonly fused: number
}

/** Times by operator, the slowest first. The runtime runs other operators once it has fused some, so a row may have one side only. */
export function operatorRows(times: readonly OperatorTime[]): readonly OperatorRow[] {
  const rows = new Map<string, { float: number; fused: number; counts: { float: number; fused: number } }>()
  for (const { op, version, us } of times) {
    const row = rows.get(op) ?? { float: 0, fused: 0, counts: { float: 0, fused: 0 } }
    row[version] += us
    row.counts[version] += 1
    rows.set(op, row)
  }
  return [...rows].map(([op, { float, fused, counts }]) => ({ op, float, fused, nodes: Math.max(counts.float, counts.fused) }))
    .toSorted((x, y) => Math.max(y.float, y.fused) - Math.max(x.float, x.fused))
}
