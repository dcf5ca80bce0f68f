import { z } from 'zod'
import { call } from './call.ts'
import { MODEL_GRAPH } from './model.ts'
import { RECIPE_TEXT } from './recipe.ts'

/** A rewrite that is wished for: its settings, and the first nodes of the matches that are wanted (absent: all). */
export const REWRITE_WISH = z.strictObject({
  rewrite: z.string().min(1).max(100),
  options: z.record(z.string(), z.unknown()).default({}),
  nodes: z.array(z.string().max(4096)).max(20_000).optional(),
})
export type RewriteWish = z.input<typeof REWRITE_WISH>

const COST = z.object({ macs: z.number().nullable(), bytesMoved: z.number().nullable(), channelPeak: z.number().nullable() })
const MATCH = z.object({
  rewrite: z.string(),
  /** The first one names the place. */
  nodes: z.array(z.string()),
  /** What is there and what it becomes; why a board is better off. */
  what: z.string(),
  why: z.string(),
  /** For the size that the model states; null where it states none. Negative: saved. */
  cost: COST,
})
export type RewriteMatch = z.infer<typeof MATCH>
const REFUSAL = z.object({ rewrite: z.string(), node: z.string(), why: z.string() })
export type RewriteRefusal = z.infer<typeof REFUSAL>

/** rewrite: keeps the function and is proved. repair: changes it on purpose and is measured. */
const KIND = z.enum(['rewrite', 'repair'])

const PLAIN_GRAPH = MODEL_GRAPH.omit({ sha256: true, notInferred: true })
export type RewriteGraph = z.infer<typeof PLAIN_GRAPH>

const STEP = z.object({ rewrite: z.string(), kind: KIND, options: z.record(z.string(), z.unknown()), matches: z.array(MATCH), /** What the recipe has to say besides, as after `--set`. */ settings: z.array(z.string()).optional() })
export type RewriteStep = z.infer<typeof STEP>

export const REWRITE_PREVIEW = z.object({
  steps: z.array(STEP),
  refused: z.array(REFUSAL),
  renamed: z.array(z.tuple([z.string(), z.string()])),
  before: PLAIN_GRAPH,
  after: PLAIN_GRAPH,
})
export type RewritePreview = z.infer<typeof REWRITE_PREVIEW>

/** RGB bytes row by row, as a screen shows them. */
const SHOWN_BYTES = z.object({ width: z.number(), height: z.number(), rgb: z.instanceof(Uint8Array) as z.ZodType<Uint8Array> })

export const REPAIR_VIEW = z.object({
  rewrite: z.string(),
  sample: z.string(),
  /** How many there are. */
  samples: z.number(),
  part: z.enum(['calibration', 'evaluation']),
  /** Null: the sample has no reference. Of the scores, null is infinite. */
  protocol: z.string().nullable(),
  scores: z.object({ before: z.number().nullable(), after: z.number().nullable() }),
  /** Of all output values. */
  changedPercent: z.number(),
  /** Of 255, before rounding and clipping. */
  largest: z.number(),
  /** What the difference is multiplied by to be seen. */
  gain: z.number(),
  /** Where the picture changes most, in pixels. */
  tile: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number(), error: z.number() }),
  pictures: z.object({ before: SHOWN_BYTES, after: SHOWN_BYTES, difference: SHOWN_BYTES, reference: SHOWN_BYTES.optional() }),
})
export type RepairView = z.infer<typeof REPAIR_VIEW>

/** Rewrites of the model that a recipe names (a draft as text; samples may be missing). Nothing is recorded; to prove and keep: a job of kind `rewrite`. */
export const REWRITE_CALLS = {
  'rewrites.find': call(z.strictObject({ recipe: RECIPE_TEXT }), z.object({
    sha256: z.string(),
    rewrites: z.array(z.object({ name: z.string(), kind: KIND, auto: z.boolean(), found: z.array(MATCH), refused: z.array(REFUSAL) })),
  })),
  /** What a repair among the steps of a preview does to one sample; computed when asked. Faults: `recipe.no-samples`, `model.no-picture`, `input.unknown-sample`. */
  'rewrites.repair': call(
    z.strictObject({ recipe: RECIPE_TEXT, wishes: z.array(REWRITE_WISH).max(100), step: z.int().min(0).max(10_000), sample: z.int().min(0).max(1_000_000) }),
    REPAIR_VIEW,
  ),
  'rewrites.preview': call(z.strictObject({ recipe: RECIPE_TEXT, wishes: z.array(REWRITE_WISH).max(100) }), REWRITE_PREVIEW),
} as const
