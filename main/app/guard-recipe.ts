import { isSampleList } from '../core/sample-list.ts'
import { pathsOf } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'

const PARTS = ['calibration', 'evaluation'] as const

/**
 * Refuses a recipe that names files which a window may not read, those that its lists of samples name among them. `known`: paths that
 * were chosen at this workspace; a list among them was allowed then with all it names. Throws `input.outside-roots`.
 */
export async function guardRecipe(app: Pick<App, 'view'>, guard: PathGuard, recipe: Recipe, known: readonly string[] = []): Promise<void> {
  guard(pathsOf(recipe), known)
  for (const part of PARTS) {
    // A recipe of the history is what its file said, which may be less than a recipe needs.
    const path = (recipe.samples as Partial<Recipe['samples']> | undefined)?.[part]?.path
    if (path !== undefined && isSampleList(path) && !known.includes(path)) guard(await app.view('sample-listed', { recipe, part }), known)
  }
}
