import { z } from 'zod'
import { FAULT } from './fault.ts'

/** A recipe file's text. Relative paths in it count from the folder the program was started in. */
export const RECIPE_TEXT = z.string().max(1 << 18)

/** A recipe as JSON: complete, paths absolute, a valid recipe file key by key (CLI.md lists the keys). */
export const RECIPE_JSON = z.record(z.string(), z.unknown())
export type RecipeJson = z.infer<typeof RECIPE_JSON>

/** `path.to.key=value`, as after `--set` of the terminal; `null` takes a key away. */
export const ASSIGNMENT = z.string().min(1).max(4096)

export const CHECKED_RECIPE = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    recipe: RECIPE_JSON,
    /** The whole recipe written out, every default shown. */
    text: z.string(),
  }),
  z.object({
    ok: z.literal(false),
    fault: FAULT,
    /** Where in the text, counted from 1; null where the fault is of the whole or of an assignment. */
    line: z.number().nullable(),
    column: z.number().nullable(),
  }),
])
export type CheckedRecipe = z.infer<typeof CHECKED_RECIPE>

/** What may stand in a recipe, for the fields of a form. */
export const RECIPE_CHOICES = z.object({
  boards: z.array(z.string()),
  methods: z.array(z.string()),
  presets: z.array(z.string()),
  activationTypes: z.array(z.string()),
  weightTypes: z.array(z.string()),
  metrics: z.array(z.string()),
  /** Decoders of well-known detectors, by name, and the rules of average precision. */
  decoders: z.array(z.string()),
  apRules: z.array(z.string()),
  layerModes: z.array(z.string()),
  /** Names of gates and the side they bound: `<=` at most, `>=` at least. */
  gates: z.array(z.object({ name: z.string(), sense: z.enum(['<=', '>=']) })),
})
export type RecipeChoices = z.infer<typeof RECIPE_CHOICES>
