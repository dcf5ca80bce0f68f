import type { Handlers } from '../../preload/contract/calls.ts'
import { finite } from '../core/finite.ts'
import { pathsOf, recipeFromText } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'

/** The calls that look at rewrites of a draft's model. */
export function rewriteViews(app: App, { folder, guard }: { readonly folder: string; readonly guard: PathGuard }): Pick<Handlers, 'rewrites.find' | 'rewrites.preview'> {
  const read = (text: string): Recipe => {
    const recipe = recipeFromText(text, folder)
    guard(pathsOf(recipe))
    return recipe
  }
  return {
    'rewrites.find': async ({ recipe }) => finite(await app.view('rewrite-find', { recipe: read(recipe), workspace: app.workspace })) as Awaited<ReturnType<Handlers['rewrites.find']>>,
    'rewrites.preview': async ({ recipe, wishes }) =>
      finite(await app.view('rewrite-preview', { recipe: read(recipe), workspace: app.workspace, wishes: wishes.map(({ nodes, ...wish }) => ({ ...wish, ...(nodes ? { nodes } : {}) })) })) as Awaited<ReturnType<Handlers['rewrites.preview']>>,
  }
}
