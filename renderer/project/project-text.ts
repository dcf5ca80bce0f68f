import { z } from 'zod'
import type { RecipeJson } from '../../preload/contract/index.ts'
import { keptJson } from '../ui/kept.ts'

/** A recipe as a run was started with it. */
const STARTED = z.object({ id: z.string(), recipe: z.record(z.string(), z.unknown()) })

const PROJECT = z.object({
  /** What is being prepared: a recipe file as JSON, complete or not; what it does not say is guessed or default. */
  recipe: z.record(z.string(), z.unknown()),
  /** Threshold methods to be tried together, where there are several; else that of the recipe. */
  methods: z.array(z.string()).optional(),
  /** The last job that was started from it, until its run is known. */
  job: STARTED.nullable(),
  /** The last run that was made from it. */
  ran: STARTED.nullable(),
  /** The run of tuning that was taken last. */
  tuned: z.string().optional(),
  /** The run that a bundle was written of last. */
  exported: z.string().optional(),
})

/** What a person works on in this window: model, samples and settings, and the run they gave. Survives a reload. */
export type Project = Readonly<z.infer<typeof PROJECT>>

export const EMPTY: Project = { recipe: {}, job: null, ran: null }

/** A project as it was kept; an empty one where nothing, or something else, stands there. */
export const projectFrom = (text: string | null): Project => keptJson<Project>(text, PROJECT, EMPTY)

/** The recipe with one key put or taken away; parts that become empty go. */
export function withKey(recipe: RecipeJson, [first, ...rest]: readonly string[], value: unknown): RecipeJson {
  if (first === undefined) return recipe
  const inner = rest.length === 0 ? value : withKey(isObject(recipe[first]) ? recipe[first] : {}, rest, value)
  const { [first]: _old, ...others } = recipe
  const isGone = inner === undefined || (rest.length > 0 && isObject(inner) && Object.keys(inner).length === 0)
  return isGone ? others : { ...recipe, [first]: inner }
}

/** The recipe as text without what it rewrites: rewrites are looked for in the model as it came. */
export const unrewrittenText = (recipe: RecipeJson): string => JSON.stringify(withKey(recipe, ['rewrite'], undefined))

/** What stands at a path of the recipe. */
export const recipeAt = (recipe: RecipeJson, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), recipe)

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)
