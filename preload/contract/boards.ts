import { z } from 'zod'

const STATE = z.enum(['missing', 'fallback', 'unknown', 'native'])

/** What a board's profile says of one node in one precision. */
const VERDICT = z.object({
  precision: z.enum(['int8', 'int16', 'int32-out', 'float16', 'float32']),
  state: STATE,
  /** A sentence. */
  why: z.string(),
  /** Id among `sources`; null where nothing is stated. */
  source: z.string().nullable(),
})

/** The same in the precisions that mixed plans choose from: operator and bits of activations and weights together. */
const MIXED_VERDICT = z.object({ precision: z.enum(['int8', 'int8w/int16a', 'int16', 'float']), state: STATE, why: z.string() })

const NAMED = z.object({ node: z.string(), op: z.string() })

/** All that a board says of a model. */
export const BOARD_REPORT = z.object({
  board: z.string(),
  /** One line. */
  verdict: z.string(),
  title: z.string(),
  /** `built-in`, or the file of a person's own profile. */
  origin: z.string(),
  toolchain: z.array(z.string()),
  sources: z.record(z.string(), z.object({ document: z.string(), version: z.string().optional(), page: z.string() })),
  /** Nodes that are treated alike in one row, a verdict a precision; worst first. */
  operators: z.array(z.object({ op: z.string(), count: z.number(), nodes: z.array(z.string()), verdicts: z.array(VERDICT), mixed: z.array(MIXED_VERDICT) })),
  outputs: z.array(z.object({
    output: z.string(),
    type: z.enum(['int32', 'int16', 'int8', 'uint8', 'uint16', 'float', 'unknown']),
    /** `same`: as in the model; null: no picture. */
    layout: z.enum(['nhwc', 'nchw', 'same', 'unknown']).nullable(),
    /** One step, or one a channel; null where the model holds none. */
    scale: z.array(z.number()).nullable(),
    /** The last convolution or matrix product on its way. */
    last: NAMED.nullable(),
    between: z.array(NAMED.extend({ kind: z.enum(['transparent', 'mover', 'activation', 'other']) })),
    why: z.string(),
    source: z.string().nullable(),
  })),
  limits: z.array(z.object({ limit: z.string(), state: z.enum(['met', 'broken', 'unknown']), what: z.string(), zh: z.string(), source: z.string().nullable() })),
})
export type BoardReport = z.infer<typeof BOARD_REPORT>
