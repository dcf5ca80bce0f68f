import type { MethodRow, RecipeJson } from '../../client.ts'
import { recipeAt, type Project } from '../../project/project-text.ts'
import { digitsOf, fixed } from '../../ui/format.ts'
import type { WizardStep } from './steps.ts'

export type KeyPath = readonly string[]

export const METHOD_PATH: KeyPath = ['quantize', 'activations', 'method']
const DEFAULT_METHOD = 'auto'

/** Methods that are to be tried: several, or that of the recipe. */
export function chosenMethods({ methods, recipe }: Pick<Project, 'methods' | 'recipe'>): readonly string[] {
  if (methods !== undefined && methods.length > 1) return methods
  const one = recipeAt(recipe, METHOD_PATH)
  return [typeof one === 'string' ? one : DEFAULT_METHOD]
}

/** The draft as JSON, one key a line, and which key stands on a line (from 1): so a fault of the check finds its field. */
export function linedJson(recipe: RecipeJson): { readonly text: string; pathAt(line: number): KeyPath } {
  const text = JSON.stringify(recipe, null, 1)
  return {
    text,
    pathAt(line) {
      const path: string[] = []
      for (const each of text.split('\n').slice(0, line)) {
        const [, indent = '', key] = /^( *)(?:"((?:[^"\\]|\\.)*)":)?/.exec(each) ?? []
        if (key === undefined) continue
        path.length = Math.max(0, indent.length - 1)
        path.push(JSON.parse(`"${key}"`) as string)
      }
      return path
    },
  }
}

/** The step in which a key of the recipe is set; null for keys that other screens set. */
export function stepOfKey([first, second, third]: KeyPath): WizardStep | null {
  if (first === 'quantize' && second === 'activations' && (third === 'method' || third === 'percentile')) return 'methods'
  if (first === 'board' || first === 'quantize' || first === 'gates') return 'target'
  return first === 'samples' || first === 'calibration' || first === 'threads' || first === 'seed' ? 'samples' : null
}

export const startsWith = (path: KeyPath, head: KeyPath): boolean => head.every((key, index) => path[index] === key)

/** A key that is set otherwise than where nothing is said. */
export interface Setting {
  readonly path: KeyPath
  readonly value: unknown
  /** Undefined: nothing stands there by default. */
  readonly initial: unknown
}

/** Parts whose keys have defaults; model, samples and output are what the project is about. */
const PARTS = ['board', 'rewrite', 'calibration', 'quantize', 'compare', 'gates', 'threads', 'seed'] as const

/** What a complete recipe says otherwise than the defaults, key by key; a key that is only derived from another is left out. */
export function settingsOf(recipe: RecipeJson, defaults: RecipeJson): readonly Setting[] {
  const found: Setting[] = []
  const look = (path: KeyPath, value: unknown, initial: unknown): void => {
    // A plan of rewrites is one thing: those without options would not be seen else.
    const isWhole = path.length === 1 && path[0] === 'rewrite'
    if (!isWhole && isGroup(value) && (isGroup(initial) || initial === undefined)) {
      for (const key of new Set([...Object.keys(value), ...Object.keys(isGroup(initial) ? initial : {})])) look([...path, key], value[key], isGroup(initial) ? initial[key] : undefined)
    } else if (JSON.stringify(value) !== JSON.stringify(initial)) found.push({ path, value, initial })
  }
  for (const part of PARTS) look([part], recipe[part], defaults[part])
  return found
}

const isGroup = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)

/** What was typed into a field of a number, as the recipe takes it: what is none goes on as text, for the check to refuse it. */
export function numberFrom(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const value = Number(trimmed)
  return Number.isFinite(value) ? value : trimmed
}

/** A word of a command line, quoted where it needs it. */
export const shellWord = (text: string): string => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`)

/** What does the same in a terminal, `recipe.yaml` holding the recipe's text. */
export function commandOf(methods: readonly string[], workspace: string): string {
  const several = methods.length > 1 ? ` --methods ${methods.join(',')}` : ''
  return `npx scalewright run recipe.yaml${several} --workspace ${shellWord(workspace)}`
}

/** Which way each number of a method is better, and the digits after the point that it is shown with (`score`: those of its unit). */
const COLUMNS = {
  simulated: { better: 1, digits: 'score' }, drop: { better: -1, digits: 'score' }, worstDb: { better: 1, digits: 2 }, meanDb: { better: 1, digits: 2 },
  agreement: { better: 1, digits: 2 }, clippedPercent: { better: -1, digits: 3 }, seconds: { better: -1, digits: 1 },
} as const
export type MethodColumn = keyof typeof COLUMNS

/** A method's number as the table shows it. */
export function shownValue(row: MethodRow, column: MethodColumn): string {
  const { digits } = COLUMNS[column]
  return fixed(row[column], digits === 'score' ? digitsOf(row.unit) : digits)
}

/** What the best of a column reads like; null where all read alike. */
export function bestText(rows: readonly MethodRow[], column: MethodColumn): string | null {
  const known = rows.filter((row) => row[column] !== null)
  const best = known.toSorted((a, b) => (b[column]! - a[column]!) * COLUMNS[column].better)[0]
  const texts = new Set(known.map((row) => shownValue(row, column)))
  return best === undefined || texts.size < 2 ? null : shownValue(best, column)
}
