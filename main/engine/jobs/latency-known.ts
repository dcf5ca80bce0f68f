import { Fault } from '../../core/fault.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { boardTimes } from './audit.ts'
import { loadRewritten } from './rewritten.ts'

/** Operators whose time every latency rests on, and that a table names by picture sizes. */
const CONVOLUTIONS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose'])

/**
 * Whether a budget on latency could be judged for a recipe, before anything is measured for it: by the table of its board, else by the times
 * that a run of it would measure. Throws `input.no-times`.
 */
export async function latencyKnownJob({ recipe, workspace }: { readonly recipe: Recipe; readonly workspace: string }): Promise<void> {
  const table = await boardTimes(recipe.board, workspace)
  if (!table) {
    if (!recipe.compare.latency || !recipe.compare.operators) throw noTimes(recipe.board)
    return
  }
  const { graph } = await loadRewritten(recipe)
  for (const op of new Set(graph.nodes.flatMap((node) => (CONVOLUTIONS.has(node.op) ? [node.op] : [])))) {
    const precisions = new Set(table.table.entries.flatMap((entry) => (entry.op === op ? [entry.precision] : [])))
    if (!precisions.has('float32') && !precisions.has('float16')) throw noRow(table.path, 'float', op)
    if (!precisions.has('int8')) throw noRow(table.path, 'int8', op)
  }
}

export const noTimes = (board: string): Fault => new Fault({
  code: 'input.no-times', what: 'there are no operator times, so the latency of a plan cannot be told', where: board,
  next: 'Set compare.latency and compare.operators to true and run the recipe again, or put a table of the board into the workspace (boards/NAME.csv).',
})

export const noRow = (table: string, kernel: 'float' | 'int8', op: string): Fault => new Fault({
  code: 'input.no-times', where: table, what: `the table has no ${kernel === 'float' ? 'float32' : kernel} row for ${op}, so the latency of a plan cannot be told`, next: `Measure ${op} in this precision and add the row.`,
})
