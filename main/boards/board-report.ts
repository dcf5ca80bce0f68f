import type { Graph } from '../onnx/graph.ts'
import { judgeModel, type BoardRow } from './judge.ts'
import { checkLimits, type LimitCheck } from './limits.ts'
import { outputsOf, type BoardOutput } from './outputs.ts'
import { mixedVerdicts, type MixedVerdict } from './precisions.ts'
import type { BoardProfile, BoardSource } from './profile.ts'

/** All that a board says of a model, as it stands in the file. */
export interface BoardReport {
  readonly board: string
  /** One line. */
  readonly verdict: string
  readonly title: string
  /** `built-in`, or the file of a person's own profile. */
  readonly origin: string
  readonly toolchain: readonly string[]
  readonly sources: Readonly<Record<string, BoardSource>>
  /** Worst first. `mixed`: in the precisions that mixed plans choose from. */
  readonly operators: readonly (BoardRow & { readonly mixed: readonly MixedVerdict[] })[]
  readonly outputs: readonly BoardOutput[]
  readonly limits: readonly LimitCheck[]
}

/** Shapes should be inferred before: what depends on sizes that are not known is not judged. */
export function boardReport(graph: Graph, profile: BoardProfile): BoardReport {
  const operators = judgeModel(graph, profile).map((row) => ({ ...row, mixed: mixedVerdicts(row, profile) }))
  const limits = checkLimits(graph, profile)
  const { name, title, origin, toolchain, sources } = profile
  return { board: name, verdict: verdictOf(operators, limits), title, origin, toolchain, sources, operators, outputs: outputsOf(graph, profile), limits }
}

function verdictOf(rows: readonly BoardRow[], limits: readonly LimitCheck[]): string {
  const all = rows.reduce((sum, { count }) => sum + count, 0)
  const states = (['native', 'fallback', 'missing', 'unknown'] as const).flatMap((state) => {
    const count = rows.filter(({ verdicts }) => verdicts[0]!.state === state).reduce((sum, row) => sum + row.count, 0)
    return count === 0 ? [] : [`${count} ${state}`]
  })
  const broken = limits.filter(({ state }) => state === 'broken').length
  const parts = [`${all} ${all === 1 ? 'node' : 'nodes'} in int8: ${states.length === 0 ? 'none' : states.join(', ')}`]
  if (broken > 0) parts.push(`${broken} ${broken === 1 ? 'limit' : 'limits'} broken`)
  return parts.join('; ')
}
