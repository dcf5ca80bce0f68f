import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { z } from 'zod'
import type { KeyPath, RecipeText } from './recipe-text.ts'
import { RECIPE_SCHEMA } from './schema.ts'
import { allowedBy, keysAt, tellingIssue } from './schema-facts.ts'

/** What the check refused, as one fault that names the place and says what may stand there. */
export function recipeFault(error: z.ZodError, text: RecipeText): Fault {
  const { issue, path } = tellingIssue(error.issues)
  if (issue.code === 'unrecognized_keys') return unknownKeyFault(path, issue.keys[0]!, text)
  const key = path.join('.')
  const value = valueAt(text.value, path)
  if (value === undefined) return missingKeyFault(path, text)
  return new Fault({
    code: 'recipe.wrong-value',
    what: key === '' ? `a recipe is made of keys, not of ${shown(value)}` : `\`${key}\` cannot be ${shown(value)}`,
    where: text.locate(path, 'value'),
    next: key === '' ? 'Begin with `model: path.onnx`.' : `It takes ${allowedBy(issue)}.`,
  })
}

function unknownKeyFault(path: KeyPath, key: string, text: RecipeText): Fault {
  const inside = path.length === 0 ? 'the recipe' : `\`${path.join('.')}\``
  return new Fault({
    code: 'recipe.unknown-key',
    what: `${inside} has no key «${key}»`,
    where: text.locate([...path, key], 'key'),
    next: didYouMean(key, keysAt(RECIPE_SCHEMA, path)),
  })
}

function missingKeyFault(path: KeyPath, text: RecipeText): Fault {
  const key = path.join('.')
  return new Fault({
    code: 'recipe.missing-key',
    what: `\`${key}\` is missing`,
    where: text.locate(path, 'key'),
    next: key === 'model' ? 'Add `model: path.onnx`.' : `Add \`${path.at(-1)}\` there.`,
  })
}

/** What CLI.md names and this version does not do yet: refused, never ignored. */
export function refuseWhatIsNotAvailable(text: RecipeText): void {
  const refuse = (key: string, what: string, next: string): never => {
    throw new Fault({ code: 'recipe.not-available', what, where: text.locate([key], 'key'), next })
  }
  const rewrite = valueAt(text.value, ['rewrite'])
  if (rewrite !== undefined && rewrite !== null && !(Array.isArray(rewrite) && rewrite.length === 0)) {
    refuse('rewrite', 'this version does not rewrite graphs', 'Take `rewrite` out of the recipe: rewrites come with `scalewright rewrite`.')
  }
  if ((valueAt(text.value, ['tune']) ?? null) !== null) {
    refuse('tune', 'this version does not tune', 'Take `tune` out of the recipe: it comes with `scalewright tune`.')
  }
  const board = valueAt(text.value, ['board'])
  if (typeof board === 'string' && board !== 'ort-cpu') {
    const next = 'Only ort-cpu (ONNX Runtime on this machine) is there; boards come with `scalewright export`.'
    refuse('board', `this version knows no board «${board}»`, next)
  }
}

/** The value at a path of plain data; undefined where there is none. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string | number, unknown>)[key]
  }
  return at
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? 'a list' + listed(value) : 'a group of keys'
  return value === null ? 'empty' : `«${String(value).slice(0, 60)}»`
}

const listed = (items: readonly unknown[]): string =>
  items.length <= 4 && items.every((item) => typeof item !== 'object') ? ` [${items.join(', ')}]` : ` of ${items.length} items`
