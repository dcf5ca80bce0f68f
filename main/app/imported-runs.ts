import type { Run } from '../core/run.ts'
import { pathsOf } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { guardRecipe } from './guard-recipe.ts'

/** Paths that a run names and that were chosen at this workspace: none where the run came in a history file, which may name any. */
export async function chosenPaths(app: Pick<App, 'runs'>, run: Run): Promise<string[]> {
  return (await app.runs.isImported(run.run)) ? [] : namedPaths(run)
}

/** Refuses a run of another workspace that names files which a window may not read. Throws `input.outside-roots`. */
export async function guardImported(app: Pick<App, 'runs' | 'view'>, guard: PathGuard, run: Run): Promise<void> {
  const chosen = await chosenPaths(app, run)
  guard(run.model ? [run.model.path] : [], chosen)
  if (run.recipe) await guardRecipe(app, guard, run.recipe as Recipe, chosen)
}

const namedPaths = (run: Run): string[] => [...(run.model ? [run.model.path] : []), ...(run.recipe ? pathsOf(run.recipe as Recipe) : [])]
