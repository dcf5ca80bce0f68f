import { z } from 'zod'
import { CODE_TYPE, RUN_REF } from './run.ts'

/** One tensor of the Statistics that a run used. */
const place = { run: RUN_REF, tensor: z.string().min(1).max(4096) }
const real = z.number().min(-3.5e38).max(3.5e38)
export const FLOAT64S: z.ZodType<Float64Array> = z.instanceof(Float64Array)

/** The codes a tensor is deployed on. Absent in a request: those of the run's own scale row. */
export const GRID = z.strictObject({
  type: CODE_TYPE,
  /** Zero point in the middle: the range becomes ±max(|lo|, |hi|). */
  symmetric: z.boolean(),
  /** 7 bits of an 8-bit type. */
  reduced: z.boolean().optional(),
})
export type Grid = z.infer<typeof GRID>

export const HISTOGRAM_REQUEST = z.strictObject({
  ...place,
  /** signed: over x. magnitude: over |x|. */
  of: z.enum(['signed', 'magnitude']).default('signed'),
  bins: z.int().min(8).max(8192).default(512),
  /** Window to draw; default: all that was seen. */
  from: real.optional(),
  to: real.optional(),
})

/** Equal bins over the window, for drawing. Counts are not whole where a bin cuts through a stored one. */
export const HISTOGRAM = z.object({
  /** bins + 1, ascending. */
  edges: FLOAT64S,
  /** Values a bin; those outside the window are not in any. */
  counts: FLOAT64S,
  /** Values outside the window. */
  below: z.number(),
  above: z.number(),
  /** Extremes of all values that were seen, whatever the window. */
  min: z.number(),
  max: z.number(),
  mean: z.number(),
  /** Values seen, and those of them that the histogram holds. */
  count: z.number(),
  sampled: z.number(),
  /** Exact zeros (they also stand in their bin). */
  zeros: z.number(),
  /** Extremes a channel; one where the tensor has no channels. */
  channelMin: FLOAT64S,
  channelMax: FLOAT64S,
})
export type Histogram = z.infer<typeof HISTOGRAM>

/** Many ranges in one question, so that a dragged line can be answered ahead of the hand. */
export const WHAT_IF_REQUEST = z.strictObject({
  ...place,
  grid: GRID.optional(),
  ranges: z.array(z.strictObject({ lo: real, hi: real })).min(1).max(1024),
})

/** Entry i answers range i, before anything is run. */
export const WHAT_IF = z.object({
  grid: GRID,
  /** Percent of the values that lie outside the representable range. */
  clippedPercent: FLOAT64S,
  /** Distance of two codes: the scale. */
  step: FLOAT64S,
  zeroPoint: FLOAT64S,
  /** Mean square of the values over the mean squared error, dB, cut to ±120. */
  predictedSqnrDb: FLOAT64S,
  /** Mean squared error by cause. */
  roundingError: FLOAT64S,
  clippingError: FLOAT64S,
})
export type WhatIf = z.infer<typeof WHAT_IF>

export const THRESHOLDS_REQUEST = z.strictObject({ ...place, grid: GRID.optional() })

/** What each threshold method would pick for this tensor, for markers and snapping. */
export const THRESHOLDS = z.object({
  grid: GRID,
  methods: z.array(z.object({
    /** The method that was asked. */
    name: z.string(),
    /** The one that decided; another where it could not. */
    decided: z.string(),
    lo: z.number(),
    hi: z.number(),
    why: z.string(),
    clippedPercent: z.number(),
    step: z.number(),
    predictedSqnrDb: z.number(),
  })),
})
export type Thresholds = z.infer<typeof THRESHOLDS>

/** Every tensor of the Statistics, in topological order: the numbers that a table begins with. */
export const TENSORS = z.object({
  samples: z.number(),
  tensors: z.array(z.object({
    tensor: z.string(), channels: z.number(), count: z.number(), min: z.number(), max: z.number(), mean: z.number(),
  })),
})
export type Tensors = z.infer<typeof TENSORS>
