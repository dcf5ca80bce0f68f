import { Fault } from '../core/fault.ts'
import { isSampleList } from '../core/sample-list.ts'
import { pathsOf } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'

const PARTS = ['calibration', 'evaluation'] as const

/** Programs that a recipe scores with. */
const scoreModules = ({ samples, tune }: Recipe): string[] =>
  [(samples as Partial<Recipe['samples']> | undefined)?.evaluation?.metric, tune?.samples?.metric, tune?.score].flatMap((metric) => (typeof metric === 'object' && metric.kind === 'module' ? [metric.score] : []))

/**
 * Refuses a recipe that names files which a window may not read, those that its lists of samples name among them. `known`: paths that
 * were chosen at this workspace; a list among them was allowed then with all it names. Throws `input.outside-roots`, and `input.score-module` for a program that no recorded run names.
 */
export async function guardRecipe(app: Pick<App, 'view'>, guard: PathGuard, recipe: Recipe, known: readonly string[] = []): Promise<void> {
  guard(pathsOf(recipe), known)
  const module = scoreModules(recipe).find((path) => !known.includes(path))
  if (module !== undefined) {
    throw new Fault({
      code: 'input.score-module', where: module, what: 'a score of your own is a program, and a window starts none that was not run here before',
      next: 'Run the recipe once from the terminal (`scalewright run recipe.yaml`); runs made from that run take the score along.',
    })
  }
  // A recipe of the history is what its file said, which may be less than a recipe needs.
  const held = recipe.tune?.samples
  for (const samples of [recipe.samples, ...(held ? [{ evaluation: held }] : [])]) {
    for (const part of PARTS) {
      const path = (samples as Partial<Recipe['samples']> | undefined)?.[part]?.path
      if (path !== undefined && isSampleList(path) && !known.includes(path)) guard(await app.view('sample-listed', { recipe: { ...recipe, samples }, part }), known)
    }
  }
}
