import { z } from 'zod'
import { call } from './call.ts'
import { FAULT } from './fault.ts'
import { RECIPE_JSON } from './recipe.ts'

const BYTES = z.instanceof(Uint8Array) as z.ZodType<Uint8Array>
const UINT32S = z.instanceof(Uint32Array) as z.ZodType<Uint32Array>
const INT32S = z.instanceof(Int32Array) as z.ZodType<Int32Array>
const FLOAT32S = z.instanceof(Float32Array) as z.ZodType<Float32Array>
const FLOAT64S = z.instanceof(Float64Array) as z.ZodType<Float64Array>

export const SAMPLES_PART = z.enum(['calibration', 'evaluation'])
export type SamplesPart = z.infer<typeof SAMPLES_PART>

/** A recipe, complete or not: only its `model`, `output`, `seed` and the `samples` of the part are read. */
const PLACE = { recipe: RECIPE_JSON, part: SAMPLES_PART }
const FILE = z.int().min(0).max(10_000_000)

/**
 * What can be told of a file, a bit each in this order. out: no sample can be made of it, for one of the reasons broken, grey (the
 * model takes colour), small, alone (no reference) or misfit (a reference of another size). grey, alpha (left out), turned (by
 * EXIF) and deep (16 bits a value) are told of files that can be used, too.
 */
export const FILE_MARKS = ['out', 'broken', 'grey', 'alpha', 'turned', 'deep', 'small', 'alone', 'misfit'] as const
export type FileMark = (typeof FILE_MARKS)[number]

const LAYOUT = z.enum(['nchw', 'nhwc'])
const COLOR = z.enum(['rgb', 'bgr', 'y'])
const SIZE = z.tuple([z.number(), z.number()])
const explained = <T extends z.ZodType>(value: T) => z.object({ value, given: z.boolean(), guess: value, how: z.string() })

/** Every value of the preprocessing: whether the recipe gives it, and what it would be if it did not, and why. Sizes are [height, width]. */
export const EXPLAINED_PREPROCESS = z.object({
  color: explained(COLOR),
  /** What levels 0 and 255 become; then `(v - mean) * scale` a channel. */
  range: explained(z.tuple([z.number(), z.number()])),
  mean: explained(z.array(z.number())),
  scale: explained(z.array(z.number())),
  layout: explained(LAYOUT),
  resize: explained(z.object({ mode: z.enum(['fit', 'fill', 'stretch']), size: SIZE, kernel: z.enum(['bicubic', 'bilinear', 'nearest', 'area', 'lanczos', 'opencv-linear']) }).nullable()),
  crop: explained(z.object({ mode: z.enum(['center', 'random']), size: SIZE }).nullable()),
  pad: explained(z.object({ multiple: z.number() }).nullable()),
})
export type ExplainedPreprocess = z.infer<typeof EXPLAINED_PREPROCESS>

export const SAMPLES_LOOK = z.object({
  kind: z.enum(['pictures', 'arrays']),
  /** Headers that are known of all there are. While some are not, ask again: each call reads on for a moment. */
  seen: z.object({ done: z.number(), total: z.number() }),
  /** Files that samples are made of, references left out; their place here is how other calls name them. For arrays, the samples. */
  names: z.array(z.string()),
  /** By file; 0 where it is not known. Sizes as they stand after EXIF rotation. */
  width: UINT32S, height: UINT32S, bytes: FLOAT64S, channels: BYTES, bits: BYTES,
  /** Bits of FILE_MARKS. */
  marks: UINT32S,
  /** Samples that are made of each file: 0 where the draw leaves it out, several where crops are taken. */
  drawn: UINT32S,
  /** Why files cannot be used, at most 500. */
  reasons: z.array(z.object({ file: z.number(), why: z.string() })),
  /** By file the name of its reference, '' where it has none; empty where nothing is paired. */
  references: z.array(z.string()),
  /** References that belong to no sample, and the first 100 of them. */
  spare: z.object({ count: z.number(), names: z.array(z.string()) }),
  /** Samples that come out; null while headers are not known. */
  count: z.number().nullable(),
  /** The input that takes pictures; null where none does. */
  input: z.object({ name: z.string(), type: z.string(), dims: z.array(z.union([z.number(), z.string(), z.null()])).nullable(), channels: z.number(), size: SIZE.nullable() }).nullable(),
  /** What is judged, and the metric and shave of a recipe that says nothing. */
  output: z.object({ kind: z.enum(['picture', 'vector']), factor: z.number().nullable(), metric: z.string(), shave: z.number().nullable() }),
  /** Null for arrays, and while headers are not known. */
  preprocess: EXPLAINED_PREPROCESS.nullable(),
  notes: z.array(z.string()),
  /** Why a run would refuse these samples. */
  fault: FAULT.nullable(),
})
export type SamplesLook = z.infer<typeof SAMPLES_LOOK>

/** RGB bytes row by row. */
const SMALL_PICTURE = z.object({ width: z.number(), height: z.number(), rgb: BYTES })
export type SmallPicture = z.infer<typeof SMALL_PICTURE>
/** At most 512 pixels a side; `full` is [height, width] before it was made small. */
const SHOWN_PICTURE = SMALL_PICTURE.extend({ full: SIZE })
export type ShownPicture = z.infer<typeof SHOWN_PICTURE>

export const SAMPLE_PREVIEW = z.object({
  /** Null where no sample is made of the file. */
  id: z.string().nullable(),
  /** False: shown as if it were a sample; the draw left it out. */
  isDrawn: z.boolean(),
  /** The file's pixels; null for arrays and for what cannot be read. */
  before: SHOWN_PICTURE.nullable(),
  /** The part of them that goes in, as shares of width and height; null where all of them do. */
  region: z.object({ left: z.number(), top: z.number(), width: z.number(), height: z.number() }).nullable(),
  /** What the model gets, drawn as a picture; null where it gets none. */
  after: SHOWN_PICTURE.nullable(),
  /** The values drawn as black and white, and the share of values outside of them. */
  levels: z.object({ low: z.number(), high: z.number(), outside: z.number() }).nullable(),
  tensor: z.object({ input: z.string(), type: z.string(), dims: z.array(z.number()), layout: z.string().nullable(), color: z.string().nullable() }).nullable(),
  /** Of the values as they are fed. */
  channels: z.array(z.object({ name: z.string(), min: z.number(), max: z.number(), mean: z.number() })),
  /** The same preprocessing as toolchains write it. formula: ONNX Runtime and TensorRT leave it to the caller. */
  spellings: z.array(z.object({ speller: z.enum(['horizon', 'rknn', 'sophon', 'formula']), text: z.string() })),
  /** Why no sample can be made of the file. */
  why: z.string().nullable(),
})
export type SamplePreview = z.infer<typeof SAMPLE_PREVIEW>

export const SAMPLES_COVERAGE = z.object({
  /** Pictures that were decoded; while it is less than `total`, ask again: each call goes on for a moment. */
  done: z.number(), total: z.number(),
  /** The files that the columns below speak of, as places in the look. */
  file: UINT32S,
  /** Mean and standard deviation of the luma, 0..255; its entropy in bits; shares of black and of white pixels. */
  brightness: FLOAT32S, contrast: FLOAT32S, entropy: FLOAT32S, black: FLOAT32S, white: FLOAT32S,
  /** The first file with the same pixels, where that is another; −1 else. */
  twin: INT32S,
  broken: z.array(z.object({ file: z.number(), why: z.string() })),
})
export type SamplesCoverage = z.infer<typeof SAMPLES_COVERAGE>

export const SAMPLES_LEAK = z.object({
  /** As in SAMPLES_COVERAGE. */
  done: z.number(), total: z.number(),
  same: z.number(), alike: z.number(),
  /** At most 500, those with equal pixels first. The evaluation's name may be that of a reference. */
  pairs: z.array(z.object({ calibration: z.string(), evaluation: z.string(), kind: z.enum(['same', 'alike']) })),
  /** Parts that are arrays: these are not compared. */
  notCompared: z.array(SAMPLES_PART),
})
export type SamplesLeak = z.infer<typeof SAMPLES_LEAK>

/** Samples before anything is run. Faults `recipe.*`, `samples.*`, `model.*`, and `input.outside-roots` where the door may not read. */
export const SAMPLES_CALLS = {
  /** What a part finds, and what becomes of it. */
  'samples.look': call(z.strictObject(PLACE), SAMPLES_LOOK),
  /** Files as they stand, at most `side` pixels wide and high. */
  'samples.thumbnails': call(
    z.strictObject({ ...PLACE, files: z.array(FILE).min(1).max(64), side: z.int().min(16).max(192).default(96) }),
    z.object({ thumbnails: z.array(z.object({ file: z.number(), picture: SMALL_PICTURE.nullable(), why: z.string().nullable() })) }),
  ),
  /** One file before and after. `crop`: which of its samples. `as`: model: values drawn as the graph lets guess that the model reads them; stretched: from the least to the greatest. */
  'samples.preview': call(z.strictObject({ ...PLACE, file: FILE, crop: z.int().min(0).max(100_000).default(0), as: z.enum(['model', 'stretched']).default('model') }), SAMPLE_PREVIEW),
  /** How bright, how rich in contrast, and which are alike, of the files that samples are made of. */
  'samples.coverage': call(z.strictObject(PLACE), SAMPLES_COVERAGE),
  /** Pictures that both calibrate and evaluate. */
  'samples.leak': call(z.strictObject({ recipe: RECIPE_JSON }), SAMPLES_LEAK),
} as const
