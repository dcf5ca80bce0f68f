import { parseYamlText, type YamlText } from '../core/yaml-text.ts'

export type { KeyPath } from '../core/yaml-text.ts'

/** A recipe as it was written, before it is checked, and where each part of it stands. */
export type RecipeText = YamlText

/** YAML (or JSON) text into plain values. Throws `recipe.syntax` and `recipe.empty` with line and column. */
export const parseRecipeText = (source: string, name: string): RecipeText =>
  parseYamlText(source, name, { what: 'recipe', syntax: 'recipe.syntax', empty: 'recipe.empty', least: 'A recipe needs at least `model: path.onnx`.' })
