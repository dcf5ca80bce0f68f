import type { RecipeJson } from '../../client.ts'
import { recipeAt } from '../../project/project-text.ts'

type Part = Readonly<Record<string, unknown>>

const partAt = (recipe: RecipeJson, path: readonly string[]): Part => (recipeAt(recipe, path) ?? {}) as Part

/** What of the recipe decides samples, with other samples. */
const withSamples = ({ model, output, seed }: RecipeJson, samples: RecipeJson): RecipeJson =>
  ({ model, ...(output === undefined ? {} : { output }), ...(seed === undefined ? {} : { seed }), samples })

/** The recipe with the held-back samples in the evaluation's place, as trials take them: what they do not say is that of the evaluation. */
export function heldAsEvaluation(recipe: RecipeJson): RecipeJson {
  const held = partAt(recipe, ['tune', 'samples'])
  const { preprocess, metric, shave } = partAt(recipe, ['samples', 'evaluation'])
  const taken = { ...(preprocess === undefined ? {} : { preprocess }), ...(metric === undefined ? {} : { metric }), ...(shave === undefined ? {} : { shave }), ...held }
  const score = recipeAt(recipe, ['tune', 'score'])
  return withSamples(recipe, { evaluation: score === undefined ? taken : { ...taken, metric: score } })
}

/** The recipe with the held-back samples in the calibration's place, for what looks for pictures that are in two parts. */
export function heldAsCalibration(recipe: RecipeJson): RecipeJson {
  const { reference: _reference, labels: _labels, metric: _metric, shave: _shave, ...held } = partAt(recipe, ['tune', 'samples'])
  return withSamples(recipe, { calibration: held, evaluation: partAt(recipe, ['samples', 'evaluation']) })
}

/** `tune.samples` with another folder; a new one begins with how the evaluation finds its references by name. */
export function withFolder(recipe: RecipeJson, path: string): Part | undefined {
  if (path === '') return undefined
  const held = recipeAt(recipe, ['tune', 'samples']) as Part | undefined
  if (held !== undefined) return { ...held, path }
  const reference = recipeAt(recipe, ['samples', 'evaluation', 'reference'])
  return { path, ...(typeof reference === 'object' && reference !== null ? { reference } : {}) }
}

/** Side of the square that is cut from the middle of held-back pictures; undefined: as those of the evaluation. */
export const cropOf = (recipe: RecipeJson, part: readonly string[] = ['tune', 'samples']): unknown => {
  const size = recipeAt(recipe, [...part, 'preprocess', 'crop', 'size'])
  return Array.isArray(size) ? size[0] : undefined
}

/** `tune.samples.preprocess` with another crop: the rest of the evaluation's goes along, because one of its own stands alone. */
export function withCrop(recipe: RecipeJson, side: unknown): Part | undefined {
  const { crop: _judged, ...judged } = partAt(recipe, ['samples', 'evaluation', 'preprocess'])
  const { crop: _held, ...rest } = { ...judged, ...partAt(recipe, ['tune', 'samples', 'preprocess']) }
  if (side !== undefined) return { ...rest, crop: { mode: 'center', size: [side, side] } }
  return JSON.stringify(rest) === JSON.stringify(judged) ? undefined : rest
}
