import type { CheckedRequestOf } from '../../preload/contract/calls.ts'
import { Fault } from '../core/fault.ts'
import { shellWord } from '../core/shell-word.ts'
import { changeRecipe, recipeFromText } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { writeRecipe } from '../recipe/write-recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { checkGates } from './gates.ts'
import { exportOrder as bundleOrder } from './export-calls.ts'
import { guardRecipe } from './guard-recipe.ts'
import { chosenPaths } from './imported-runs.ts'
import { exportOrder, importOrder } from './history-orders.ts'
import { intakeOrder } from './intake-calls.ts'
import type { Order } from './jobs.ts'
import { checkMethods } from './methods.ts'
import type { RewriteWish } from './rewrite.ts'
import { tuneOrder } from './tune/order.ts'

type Spec = CheckedRequestOf<'jobs.start'>

export interface OrderPlace {
  readonly app: App
  /** Absolute folder that relative paths count from. */
  readonly folder: string
  readonly guard: PathGuard
}

/** What a window asks for as something the queue can do. Recipes are checked here: a wrong one is a fault and never queued. */
export async function orderOf(spec: Spec, place: OrderPlace): Promise<Order> {
  const { app, folder } = place
  const command = (words: string): string => `npx scalewright ${words} --workspace ${shellWord(app.workspace)}`
  if (spec.kind === 'demo') return { kind: 'demo', command: command('demo'), work: (task) => app.demo({}, task) }
  if (spec.kind === 'runs-export') return exportOrder(spec, app, command)
  if (spec.kind === 'runs-import') return importOrder(spec, app, command)
  if (spec.kind === 'export' || spec.kind === 'verify') return bundleOrder(spec, app, place, command)
  if (spec.kind === 'import' || spec.kind === 'weights') return intakeOrder(spec, app, place, command)
  if (spec.kind === 'compare') {
    const changes = { set: spec.set }
    const earlier = await app.runs.show(spec.run)
    if (earlier.recipe) await checkRecipe(changeRecipe(earlier.recipe as Recipe, changes, folder), await chosenPaths(app, earlier), place)
    const words = ['compare', earlier.run, ...spec.set.flatMap((one) => ['--set', shellWord(one)])].join(' ')
    return { kind: 'compare', command: command(words), work: (task) => app.compare({ run: earlier.run, changes, cwd: folder }, task) }
  }
  const parent = 'parent' in spec && spec.parent !== undefined ? await app.runs.show(spec.parent) : undefined
  const recipe = recipeFromText(spec.recipe, folder)
  await checkRecipe(recipe, parent ? await chosenPaths(app, parent) : [], place)
  if (spec.kind === 'methods') return methodsOrder(spec, { recipe, ...(parent ? { parent: parent.run } : {}) }, app, command)
  if (spec.kind === 'rewrite') {
    const wishes = spec.wishes.map(({ nodes, ...wish }) => ({ ...wish, ...(nodes ? { nodes } : {}) }))
    const input = { recipe, wishes, ...(parent ? { parent: parent.run } : {}) }
    return { kind: 'rewrite', command: command(`rewrite recipe.yaml ${wishWords(wishes)}`), recipe: writeRecipe(recipe), work: (task) => app.rewrite(input, task) }
  }
  if (spec.kind === 'tune') return tuneOrder(spec, { recipe, ...(parent ? { parent: parent.run } : {}) }, app, command)
  const { kind } = spec
  const input = { recipe, ...(parent ? { parent: parent.run } : {}) }
  return { kind, command: command(`${kind} recipe.yaml`), recipe: writeRecipe(recipe), work: (task) => app[kind](input, task) }
}

/** The wishes as options of the terminal: names alone, or a line of the recipe where there are settings or chosen places. */
function wishWords(wishes: readonly RewriteWish[]): string {
  const isPlain = wishes.every(({ options, nodes }) => nodes === undefined && Object.keys(options).length === 0)
  if (isPlain) return `--only ${wishes.map(({ rewrite }) => rewrite).join(',')}`
  return `--set ${shellWord(`rewrite=${JSON.stringify(Object.fromEntries(wishes.map(({ rewrite, options, nodes }) => [rewrite, { ...options, ...(nodes ? { nodes } : {}) }])))}`)}`
}

function methodsOrder({ methods: names }: Extract<Spec, { kind: 'methods' }>, input: { recipe: Recipe; parent?: string }, app: App, command: (words: string) => string): Order {
  const methods = checkMethods(names)
  return {
    kind: 'methods', command: command(`run recipe.yaml --methods ${methods.join(',')}`), recipe: writeRecipe(input.recipe), methods,
    async work(task) {
      const { runs, recommendation } = await app.methods({ ...input, methods }, task)
      return runs.find(({ run }) => run === recommendation.run)!
    },
  }
}

async function checkRecipe(recipe: Recipe, known: readonly string[], { app, guard }: OrderPlace): Promise<void> {
  const { workspace, ...rest } = recipe
  if (workspace !== undefined && workspace !== app.workspace) {
    throw new Fault({
      code: 'recipe.other-workspace', where: 'workspace', what: `the recipe wants the workspace ${workspace}, open is ${app.workspace}`,
      next: 'Take `workspace` out of the recipe, or open that workspace.',
    })
  }
  checkGates(recipe.gates)
  await guardRecipe(app, guard, rest, known)
}
