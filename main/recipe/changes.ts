import { parse } from 'yaml'
import { Fault } from '../core/fault.ts'
import type { Recipe } from './recipe.ts'
import type { KeyPath } from './recipe-text.ts'

/** What the command line says of a recipe: `--set` assignments and the options that are short for one. */
export interface RecipeOptions {
  /** Path of the model. */
  readonly model?: string
  /** Path of the calibration samples. */
  readonly samples?: string
  /** Path of the evaluation samples. */
  readonly evaluation?: string
  readonly workspace?: string
  readonly board?: string
  readonly method?: string
  readonly threads?: number
  readonly seed?: number
  /** `path.to.key=value`, applied in order after the options above. */
  readonly set?: readonly string[]
}

/** One key that the command line sets. */
export interface Change {
  readonly path: KeyPath
  /** null takes the key away. */
  readonly value: unknown
  /** The option as it was typed, for messages. */
  readonly where: string
}

export function changesOf(options: RecipeOptions): Change[] {
  const named: [keyof RecipeOptions, string][] = [
    ['model', 'model'],
    ['samples', 'samples.calibration.path'],
    ['evaluation', 'samples.evaluation.path'],
    ['workspace', 'workspace'],
    ['board', 'board'],
    ['method', 'quantize.activations.method'],
    ['threads', 'threads'],
    ['seed', 'seed'],
  ]
  const changes = named
    .filter(([option]) => options[option] !== undefined)
    .map(([option, path]): Change => ({ path: path.split('.'), value: options[option], where: typed(option, String(options[option])) }))
  return [...changes, ...(options.set ?? []).map(parseAssignment)]
}

/** The model is an argument of the command line, everything else an option. */
const typed = (option: string, value: string): string => (option === 'model' ? value : `--${option} ${value}`)

/**
 * `path.to.key=value`. A part that holds dots or `=` stands in double quotes: `quantize.layers."a.b".bits=16`. The value is
 * read as YAML (`true`, `0.5`, `[1, 2]`, `{bits: 16}`), as plain text where it is none (`*.png`); `null` takes the key away.
 * Throws `recipe.bad-set`.
 */
export const parseAssignment = (assignment: string): Change => assignmentTyped(assignment, `--set ${assignment}`)

/** The same with the option as it was typed, for messages: `--try layers.conv_3.bits=16`. */
export function assignmentTyped(assignment: string, where: string): Change {
  const option = where.split(' ')[0]!
  const refuse = (what: string): Fault =>
    new Fault({ code: 'recipe.bad-set', what, where, next: `Write ${option} path.to.key=value, e.g. ${option} quantize.activations.method=mse.` })
  const path: string[] = []
  let rest = assignment
  for (;;) {
    const part = /^(?:"((?:[^"\\]|\\.)*)"|([^".=]+))([.=])/.exec(rest)
    if (!part) throw refuse(assignment.includes('=') ? 'the path before `=` is not dotted names' : 'there is no `=` in it')
    path.push((part[1]?.replace(/\\(.)/g, '$1') ?? part[2]!).trim())
    rest = rest.slice(part[0].length)
    if (part[3] === '=') return { path, value: assignedValue(rest.trim()), where }
  }
}

function assignedValue(text: string): unknown {
  let value: unknown
  try {
    value = parse(text, { logLevel: 'error' })
  } catch {
    return text // `*.png` and the like are no YAML; the schema still judges the text
  }
  return typeof value === 'string' && !/^["']/.test(text) ? text : value
}

/** A complete recipe with assignments of our own (as rewrites make them), which are known to be right. */
export const withSettings = (recipe: Recipe, settings: readonly string[]): Recipe =>
  settings.length === 0 ? recipe : (withChanges(recipe as unknown as Record<string, unknown>, settings.map(parseAssignment)) as unknown as Recipe)

/** A copy of plain recipe values with the changes made; groups that are not there yet are created. */
export function withChanges(value: Record<string, unknown>, changes: readonly Change[]): Record<string, unknown> {
  const copy = structuredClone(value)
  for (const change of changes) {
    setAt(copy, change)
    for (const path of followers(copy, change.path)) setAt(copy, { ...change, path, value: change.path[0] === 'seed' ? change.value : null })
  }
  return copy
}

/** Keys that a change speaks for too: the seeds under `seed`; of `bits` and `type` the one that was not named. */
function followers(value: Record<string, unknown>, path: KeyPath): KeyPath[] {
  const key = path.join('.')
  if (key === 'seed') {
    return [['samples', 'calibration', 'seed'], ['samples', 'evaluation', 'seed'], ['tune', 'samples', 'seed']].filter((other) => readAt(value, other) !== undefined)
  }
  const precision = /^(quantize\.(?:activations|weights))\.(bits|type)$/.exec(key)
  return precision ? [[...precision[1]!.split('.'), precision[2] === 'bits' ? 'type' : 'bits']] : []
}

function readAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((at, key) => (isGroup(at) && Object.hasOwn(at, key) ? at[key] : undefined), value)
}

const isGroup = (value: unknown): value is Record<string | number, unknown> => typeof value === 'object' && value !== null

function setAt(root: Record<string, unknown>, change: Change): void {
  let at: Record<string | number, unknown> = root
  for (const [depth, key] of change.path.slice(0, -1).entries()) {
    const inner = Object.hasOwn(at, key) ? at[key] : undefined
    if (inner === undefined || inner === null) {
      if (change.value === null) return
      define(at, key, {})
    } else if (!isGroup(inner)) {
      const holder = change.path.slice(0, depth + 1).join('.')
      const what = `\`${holder}\` holds a value, not keys`
      throw new Fault({ code: 'recipe.bad-set', what, where: change.where, next: `Set \`${holder}\` itself.` })
    }
    at = at[key] as Record<string | number, unknown>
  }
  const last = change.path.at(-1)!
  if (change.value === null) delete at[last]
  else define(at, last, change.value)
}

/** An own property whatever its name is: `__proto__` must reach the schema, which refuses it. */
const define = (at: object, key: string | number, value: unknown): void => {
  Object.defineProperty(at, key, { value, enumerable: true, configurable: true, writable: true })
}

/** The recipe of the model before fine-tuning, which takes minutes: what is measured many times goes without. */
export const withoutFinetune = ({ quantize: { finetune: _left, ...quantize }, ...recipe }: Recipe): Recipe => ({ ...recipe, quantize })
