import { z } from 'zod'
import { call } from './call.ts'
import { RUN_REF } from './run.ts'

const FLOAT32S: z.ZodType<Float32Array> = z.instanceof(Float32Array)

/** float, simulated, fused: what the versions of the model made. reference: what the sample says is right. bicubic: its input, enlarged. */
export const PICTURE_VERSION = z.enum(['float', 'simulated', 'fused', 'reference', 'bicubic'])
export type PictureVersion = z.infer<typeof PICTURE_VERSION>

const PROBE = { run: RUN_REF, sample: z.int().min(0).max(1_000_000) }

/** A picture as raw values: planes one after the other (RGB, or one plane), rows from the top; levels neither rounded nor clipped. */
const RAW_PICTURE = z.object({ width: z.number(), height: z.number(), channels: z.union([z.literal(1), z.literal(3)]), data: FLOAT32S })
export type RawPicture = z.infer<typeof RAW_PICTURE>

/** How levels are written as codes: code = level / step + zeroPoint. */
const LEVEL_CODES = z.object({ step: z.number(), zeroPoint: z.number() })
export type LevelCodes = z.infer<typeof LEVEL_CODES>

const SCORES = z.object({ float: z.number().nullable(), simulated: z.number().nullable(), fused: z.number().nullable() })

export const SAMPLE_PICTURES = z.object({
  sample: z.string(),
  /** Pixels left out at each border by the run's protocol. */
  shave: z.number(),
  protocol: z.string(),
  scores: SCORES,
  /** Absent: the sample has none (no reference; a model that does not enlarge has no bicubic). */
  pictures: z.partialRecord(PICTURE_VERSION, RAW_PICTURE),
  /** Of the quantized output; null where it is float. */
  codes: LEVEL_CODES.nullable(),
})
export type SamplePictures = z.infer<typeof SAMPLE_PICTURES>

export const SAMPLE_VECTORS = z.object({
  sample: z.string(),
  outputs: z.array(z.object({
    name: z.string(), dims: z.array(z.number()),
    float: FLOAT32S, simulated: FLOAT32S, fused: FLOAT32S,
    /** Of all values, against float. */
    cosine: z.object({ simulated: z.number(), fused: z.number() }),
    sqnrDb: z.object({ simulated: z.number(), fused: z.number() }),
    /** Whether the largest value stands at the same place as in float (classification). */
    sameTop: z.object({ simulated: z.boolean(), fused: z.boolean() }),
  })),
})
export type SampleVectors = z.infer<typeof SAMPLE_VECTORS>

/** What the versions of a run's model make of one sample: computed when asked, by an engine that stays warm. Faults `input.nothing-to-compare`, `samples.*`. */
export const PICTURE_CALLS = {
  /** The samples that the run was compared on, in order, and what its model gives. */
  'pictures.list': call(z.strictObject({ run: RUN_REF }), z.object({
    kind: z.enum(['picture', 'vector']), part: z.enum(['evaluation', 'calibration']),
    samples: z.array(z.object({ index: z.number(), sample: z.string(), scores: SCORES })),
    protocol: z.string(), unit: z.enum(['dB', 'ratio', '%']),
  })),
  /** Fault `model.no-picture` where the model gives none. */
  'pictures.show': call(z.strictObject(PROBE), SAMPLE_PICTURES),
  /** The sample's input made small, RGB bytes row by row, at most `side` pixels wide and high. */
  'pictures.thumbnail': call(z.strictObject({ ...PROBE, side: z.int().min(16).max(256).default(64) }), z.object({ width: z.number(), height: z.number(), rgb: z.instanceof(Uint8Array) as z.ZodType<Uint8Array> })),
  /** Outputs as numbers, for models that give no picture (and for those that do). */
  'pictures.vectors': call(z.strictObject(PROBE), SAMPLE_VECTORS),
} as const
