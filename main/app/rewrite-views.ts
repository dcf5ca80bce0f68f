import type { CheckedRequestOf, Handlers } from '../../preload/contract/calls.ts'
import { finite } from '../core/finite.ts'
import { pathsOf, recipeFromText } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'

type Wish = CheckedRequestOf<'rewrites.preview'>['wishes'][number]

const plainWish = ({ nodes, ...wish }: Wish) => ({ ...wish, ...(nodes ? { nodes } : {}) })

/** The calls that look at a draft's model: what can be rewritten, what that does, and what goes wrong with it. */
export function rewriteViews(app: App, { folder, guard }: { readonly folder: string; readonly guard: PathGuard }): Pick<Handlers, 'rewrites.find' | 'rewrites.preview' | 'rewrites.repair' | 'models.audit'> {
  const read = (text: string): Recipe => {
    const recipe = recipeFromText(text, folder)
    guard(pathsOf(recipe))
    return recipe
  }
  return {
    'rewrites.find': async ({ recipe }) => finite(await app.view('rewrite-find', { recipe: read(recipe), workspace: app.workspace })) as Awaited<ReturnType<Handlers['rewrites.find']>>,
    'rewrites.repair': async ({ recipe: text, wishes, step, sample }) => {
      const recipe = read(text)
      return { ...(await app.view('repair', { recipe, workspace: app.workspace, threads: recipe.threads ?? app.threads, wishes: wishes.map(plainWish), step, sample })) }
    },
    'models.audit': async ({ recipe: text }) => {
      const recipe = read(text)
      const { findings, notes } = await app.view('audit', { recipe, board: recipe.board, workspace: app.workspace })
      return { findings: [...findings], notes: [...notes], board: recipe.board }
    },
    'rewrites.preview': async ({ recipe, wishes }) =>
      finite(await app.view('rewrite-preview', { recipe: read(recipe), workspace: app.workspace, wishes: wishes.map(plainWish) })) as Awaited<ReturnType<Handlers['rewrites.preview']>>,
  }
}
