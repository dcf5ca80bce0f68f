import type { Db } from './database.ts'
import { diffValues, flatten } from './differing.ts'
import type { Difference } from './differing.ts'
import { findId } from './read-run.ts'
import { summariesOf } from './run-summaries.ts'
import type { RunSummary } from './run-summaries.ts'
import { guarded } from './store-fault.ts'

export interface LineageNode {
  readonly run: RunSummary
  /** 0: the run that was asked about; negative: what it came from; positive: what was made of it. */
  readonly depth: number
  /** What its recipe says otherwise than its parent's. */
  readonly changes: readonly Difference[]
}

// A path cannot be longer than there are runs; the bound stops at a circle that a damaged file holds.
const FAMILY = `
  WITH RECURSIVE
    most (depth) AS (SELECT count(*) FROM runs),
    ancestors (id, depth) AS (
      SELECT :id, 0
      UNION ALL SELECT runs.parent, ancestors.depth - 1 FROM ancestors JOIN runs ON runs.id = ancestors.id, most WHERE runs.parent IS NOT NULL AND -ancestors.depth < most.depth
    ),
    descendants (id, depth) AS (
      SELECT :id, 0
      UNION ALL SELECT runs.id, descendants.depth + 1 FROM descendants JOIN runs ON runs.parent = descendants.id, most WHERE descendants.depth < most.depth
    )
  SELECT id, depth FROM ancestors UNION SELECT id, depth FROM descendants ORDER BY depth, id`

/** Ancestors and descendants of a run and itself, the oldest first. */
export function lineageOf(db: Db, wanted: string): LineageNode[] {
  return guarded(db.name, () =>
    db.transaction(() => {
      const family = db.prepare(FAMILY).all({ id: findId(db, wanted) }) as { id: string; depth: number }[]
      const depths = new Map(family.map(({ id, depth }) => [id, depth]))
      const recipeOf = recipes(db)
      return summariesOf(db, [...depths.keys()]).map((run) => ({
        run,
        depth: depths.get(run.run)!,
        changes: run.parent === null ? [] : diffValues(recipeOf(run.parent), recipeOf(run.run), false),
      }))
    })())
}

/** Recipes by run, flattened; each is read once. */
function recipes(db: Db): (run: string) => ReadonlyMap<string, unknown> {
  const read = db.prepare<[string], string | null>("SELECT document -> '$.recipe' FROM runs WHERE id = ?").pluck()
  const known = new Map<string, ReadonlyMap<string, unknown>>()
  return (run) => {
    const found = known.get(run) ?? flatten(JSON.parse(read.get(run) ?? 'null'))
    known.set(run, found)
    return found
  }
}
