import type { RecipeJson } from '../../../preload/contract/index.ts'
import { withKey } from '../../project/project-text.ts'

/** Parts of a recipe that only mean something for the model they were written for. */
const OF_ONE_MODEL: readonly (readonly string[])[] = [['samples'], ['output'], ['rewrite'], ['quantize', 'layers'], ['quantize', 'float']]

/** The recipe for another model: samples, and what names layers, go; board, methods and gates stay. */
export function withModel(recipe: RecipeJson, path: string): RecipeJson {
  return withKey(OF_ONE_MODEL.reduce((left, key) => withKey(left, key, undefined), recipe), ['model'], path)
}
