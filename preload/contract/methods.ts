import { z } from 'zod'
import { call } from './call.ts'
import { RUN_REF } from './run.ts'

const number = z.number().nullable()

/** What one threshold method came to, for a table over methods. Numbers that were not measured are null. */
export const METHOD_ROW = z.object({
  method: z.string(),
  run: z.string(),
  protocol: z.string().nullable(),
  unit: z.enum(['dB', 'ratio', '%']),
  float: number,
  simulated: number,
  /** Float less simulated, in `unit`. */
  drop: number,
  /** Share of samples (or boxes) on which the simulated model says what float says, in percent. */
  agreement: number,
  /** SQNR of the worst layer in dB, everything before it quantized too where that was measured. */
  worstDb: number,
  worstTensor: z.string().nullable(),
  /** Mean SQNR of the layers in dB, those without any error left out. */
  meanDb: number,
  /** Mean over the layers. */
  clippedPercent: number,
  /** Quantizing and comparing, the one pass over the samples left out. */
  seconds: z.number(),
})
export type MethodRow = z.infer<typeof METHOD_ROW>

export const RECOMMENDATION = z.object({
  run: z.string(),
  method: z.string(),
  /** What told it from the others: nothing had to (`alone`), the score, the worst layer, or that it is the simplest of equals. */
  decidedBy: z.enum(['alone', 'score', 'layers', 'simplicity']),
  /** Methods whose score the samples cannot tell from the best one, the best first. */
  tied: z.array(z.string()),
  /** Those of them whose worst layers are as good as the best of these. */
  alike: z.array(z.string()),
  /** Samples that scores were compared on. */
  samples: z.number(),
  /** The best score over the best one that is clearly worse; `margin` is half of the 95 % interval of `delta`. */
  lead: z.object({ method: z.string(), delta: z.number(), margin: z.number() }).nullable(),
  /** One sentence in English with the numbers. */
  reason: z.string(),
})
export type Recommendation = z.infer<typeof RECOMMENDATION>

export const METHODS_CALLS = {
  /** Runs that differ in their threshold method alone, as rows of a table, and which to take. Fault `input.protocols-differ` where they cannot be compared. */
  'runs.methods': call(z.strictObject({ runs: z.array(RUN_REF).min(1).max(12) }), z.object({ rows: z.array(METHOD_ROW), recommendation: RECOMMENDATION })),
} as const
