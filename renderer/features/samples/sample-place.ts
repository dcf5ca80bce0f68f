import type { RecipeJson } from '../../client.ts'
import { recipeAt } from '../../project/project-text.ts'
import type { ExplainedPreprocess, SamplesPart } from '../../../preload/contract/index.ts'

export const PARTS = ['calibration', 'evaluation'] as const satisfies readonly SamplesPart[]

/** What of the recipe decides a part's samples; the rest may be unfinished. Undefined where the part names none. */
export function placeOf(recipe: RecipeJson, parts: readonly SamplesPart[]): RecipeJson | undefined {
  if (typeof recipe['model'] !== 'string' || parts.some((part) => pathOf(recipe, part) === '')) return undefined
  const { model, output, seed } = recipe
  return { model, ...(output === undefined ? {} : { output }), ...(seed === undefined ? {} : { seed }), samples: Object.fromEntries(parts.map((part) => [part, recipeAt(recipe, ['samples', part])])) }
}

/** '' where nothing is chosen yet. */
export function pathOf(recipe: RecipeJson, part: SamplesPart): string {
  const path = recipeAt(recipe, ['samples', part, 'path'])
  return typeof path === 'string' ? path : ''
}

/** What decides which files there are and in which order: thumbnails stay while only preprocessing changes. */
export function filesKey(place: RecipeJson, part: SamplesPart): string {
  const { preprocess: _preprocess, skipLimit: _limit, metric: _metric, shave: _shave, ...files } = (recipeAt(place, ['samples', part]) ?? {}) as Record<string, unknown>
  return JSON.stringify([part, place['model'], place['output'], files])
}

/** Keys that must be the same in both parts: one model has one normalization. */
const SHARED = ['color', 'range', 'mean', 'scale', 'layout'] as const
export type SharedKey = (typeof SHARED)[number]

/** Keys in which the two parts differ. */
export function differing(ours: ExplainedPreprocess | null | undefined, theirs: ExplainedPreprocess | null | undefined): readonly SharedKey[] {
  if (!ours || !theirs) return []
  return SHARED.filter((key) => JSON.stringify(ours[key].value) !== JSON.stringify(theirs[key].value))
}
