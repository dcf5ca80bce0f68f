import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { Fault } from '../core/fault.ts'
import { nearest } from '../core/nearest.ts'
import { valueAt } from '../core/schema-facts.ts'
import type { Change, RecipeOptions } from './changes.ts'
import { changesOf, assignmentTyped, withChanges } from './changes.ts'
import { withGuidePreprocess } from './guide-preprocess.ts'
import type { Recipe } from './recipe.ts'
import { recipeFault } from './recipe-fault.ts'
import type { KeyPath, RecipeText } from './recipe-text.ts'
import { parseRecipeText } from './recipe-text.ts'
import { completeRecipe, RECIPE_SCHEMA } from './schema.ts'

const LARGEST_RECIPE_BYTES = 4 << 20

/** Keys that hold paths: relative ones count from the recipe's folder, those of the command line from where it was typed. */
const PATH_KEYS: readonly KeyPath[] = [
  ['model'],
  ['workspace'],
  ['samples', 'calibration', 'path'],
  ['rewrite', 'equalize', 'statistics'],
  ['rewrite', 'absorb-bias', 'statistics'],
  ['rewrite', 'absorb-high-bias', 'statistics'],
  ['rewrite', 'conv-group', 'statistics'],
  ['tune', 'score', 'score'],
  ...['samples.evaluation', 'tune.samples'].flatMap((part) => ['path', 'reference', 'labels', 'labels.path', 'labels.classes', 'metric.score'].map((key) => `${part}.${key}`.split('.'))),
]

/** True for a file that is read as a recipe, by its name; anything else is taken for a model. `.qproj` is the name that the desktop app owns. */
export const isRecipePath = (path: string): boolean => ['.yaml', '.yml', '.json', '.qproj'].includes(extname(path).toLowerCase())

/**
 * Reads a recipe file (YAML or JSON), makes the changes of the command line and checks the whole.
 * Throws `input.*` where the file cannot be read and `recipe.*` with file, line and column where it is wrong.
 */
export async function readRecipe(path: string, options: RecipeOptions = {}, cwd: string = process.cwd()): Promise<Recipe> {
  const file = resolve(cwd, path)
  const text = parseRecipeText(await readText(file, path), path)
  return checked(text, changesOf(options), dirname(file), cwd)
}

/**
 * Checks a recipe that is no file (typed in a window, say), with `--set` assignments where given; relative paths count from `folder`.
 * Throws `recipe.*` with `recipe:line:column`.
 */
export const recipeFromText = (source: string, folder: string, set: readonly string[] = []): Recipe =>
  checked(parseRecipeText(source, 'recipe'), changesOf({ set }), folder, folder)

/** Every file or folder that a recipe names, absolute. */
export const pathsOf = (recipe: Recipe): string[] =>
  PATH_KEYS.flatMap((path) => {
    const value = valueAt(recipe, path)
    return typeof value === 'string' ? [value] : []
  })

/** A model with options is short for a recipe. Its samples also serve the evaluation unless that has its own. */
export function recipeFromOptions(model: string, options: RecipeOptions = {}, cwd: string = process.cwd()): Recipe {
  const text: RecipeText = { value: {}, locate: () => 'the command line' }
  const evaluation = options.evaluation ?? options.samples
  return checked(text, changesOf({ ...options, model, evaluation }), cwd, cwd)
}

/** A recipe with one `path.to.key=value` changed, checked again. Throws `recipe.*` that names the assignment as it was `typed`. */
export const applySet = (recipe: Recipe, assignment: string, cwd: string = process.cwd(), typed = `--set ${assignment}`): Recipe =>
  checked({ value: recipe, locate: () => 'the recipe' }, [assignmentTyped(assignment, typed)], cwd, cwd)

/** A recipe (that of an earlier run, say) with the options of a command line, checked again. */
export const changeRecipe = (recipe: Recipe, options: RecipeOptions, cwd: string = process.cwd()): Recipe =>
  checked({ value: recipe, locate: () => 'the recipe' }, changesOf(options), cwd, cwd)

function checked(text: RecipeText, changes: readonly Change[], folder: string, cwd: string): Recipe {
  const raw = text.value
  const isGroup = typeof raw === 'object' && raw !== null && !Array.isArray(raw)
  const given = isGroup ? withAbsolutePaths(withChanges(raw as Record<string, unknown>, changes), changes, folder, cwd) : raw
  const locate: RecipeText['locate'] = (path, part) => changeAt(changes, path, raw)?.where ?? text.locate(path, part)
  const value = isGroup ? withGuidePreprocess(given as Record<string, unknown>, locate) : given
  const changedText: RecipeText = { value, locate }
  const result = RECIPE_SCHEMA.safeParse(value)
  if (!result.success) throw recipeFault(result.error, changedText)
  return completeRecipe(result.data)
}

/** The change that made what stands at a path, if one did. */
function changeAt(changes: readonly Change[], path: KeyPath, raw: unknown): Change | undefined {
  const starts = (whole: KeyPath, head: KeyPath) => head.every((key, index) => String(whole[index]) === String(key))
  const around = changes.findLast((change) => change.path.length <= path.length && starts(path, change.path))
  if (around || path.length === 0 || valueAt(raw, path) !== undefined) return around
  return changes.findLast((change) => starts(change.path, path))
}

function withAbsolutePaths(value: Record<string, unknown>, changes: readonly Change[], folder: string, cwd: string): Record<string, unknown> {
  const absolute = PATH_KEYS.flatMap((path): Change[] => {
    const written = valueAt(value, path)
    if (typeof written !== 'string' || written === '') return []
    return [{ path, value: resolve(changeAt(changes, path, {}) ? cwd : folder, written), where: '' }]
  })
  return withChanges(value, absolute)
}

async function readText(file: string, shown: string): Promise<string> {
  const bytes = await readBytes(file, shown)
  const next = 'A recipe is a YAML file that begins with `model: path.onnx`; give models as .onnx files.'
  if (bytes.includes(0)) throw new Fault({ code: 'recipe.not-text', what: 'this is not a text file', where: shown, next })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Fault({ code: 'recipe.not-text', what: 'this is not UTF-8 text', where: shown, next }, { cause: error })
  }
}

async function readBytes(file: string, shown: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size > LARGEST_RECIPE_BYTES) {
      const what = `a recipe of ${Math.round(size / 1e6)} MB is not plausible`
      throw new Fault({ code: 'recipe.too-large', what, where: shown, next: 'Give a recipe of at most 4 MB.' })
    }
    return await readFile(file)
  } catch (error) {
    throw await asReadFault(error, file, shown)
  }
}

async function asReadFault(error: unknown, file: string, shown: string): Promise<unknown> {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EISDIR') {
    const what = 'this is a folder, not a recipe'
    return new Fault({ code: 'input.folder', what, where: shown, next: 'Give the recipe file inside it.' }, { cause: error })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const what = 'reading is not permitted'
    return new Fault({ code: 'input.no-access', what, where: shown, next: 'Change its permissions.' }, { cause: error })
  }
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return error
  const next = (await similarFile(file)) ?? 'Check the path; it counts from the folder the command runs in.'
  return new Fault({ code: 'input.missing-file', what: 'there is no such recipe', where: shown, next }, { cause: error })
}

async function similarFile(file: string): Promise<string | undefined> {
  const names = await readdir(dirname(file)).catch((): string[] => [])
  const [name] = nearest(basename(file), names.filter(isRecipePath), 1)
  return name === undefined ? undefined : `Did you mean ${name}?`
}
