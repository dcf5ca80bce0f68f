import type { Handlers } from '../../preload/contract/calls.ts'
import type { RecipeJson } from '../../preload/contract/recipe.ts'
import type { SamplesPart } from '../../preload/contract/samples.ts'
import { recipeFromText } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { guardRecipe } from './guard-recipe.ts'

type Names = 'samples.look' | 'samples.thumbnails' | 'samples.preview' | 'samples.coverage' | 'samples.leak'

interface Place {
  /** Absolute folder that relative paths count from. */
  readonly folder: string
  readonly guard: PathGuard
}

/** The calls that look at samples before anything is run. */
export function sampleViews(app: App, { folder, guard }: Place): Pick<Handlers, Names> {
  /** The recipe as far as these parts need it, and nothing in it that may not be read. */
  const placed = async (json: RecipeJson, parts: readonly SamplesPart[]): Promise<Recipe> => {
    const { model, output, seed } = json
    const samples = Object.fromEntries(parts.map((part) => [part, (json['samples'] as Record<string, unknown> | undefined)?.[part]]))
    const recipe = recipeFromText(JSON.stringify({ model, samples, output, seed }), folder)
    await guardRecipe(app, guard, recipe)
    return recipe
  }
  return {
    'samples.look': async ({ recipe, part }) => mutable(await app.view('sample-look', { recipe: await placed(recipe, [part]), part })),
    'samples.thumbnails': async ({ recipe, part, files, side }) => ({ thumbnails: [...(await app.view('sample-thumbnails', { recipe: await placed(recipe, [part]), part, files, side }))] }),
    'samples.preview': async ({ recipe, part, ...what }) => mutable(await app.view('sample-preview', { recipe: await placed(recipe, [part]), part, ...what })),
    'samples.coverage': async ({ recipe, part }) => mutable(await app.view('sample-coverage', { recipe: await placed(recipe, [part]), part })),
    'samples.leak': async ({ recipe }) => mutable(await app.view('sample-leak', { recipe: await placed(recipe, ['calibration', 'evaluation']) })),
  }
}

/** What came from another process is this one's own: nobody else holds it. */
type Mutable<T> = T extends ArrayBufferView ? T : T extends readonly unknown[] ? { -readonly [K in keyof T]: Mutable<T[K]> } : T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T
const mutable = <T>(value: T): Mutable<T> => value as Mutable<T>
