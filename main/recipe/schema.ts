import { z } from 'zod'
import type { Recipe, TuneRecipe } from './recipe.ts'
import { LABELS_SCHEMA, METRIC_SCHEMA } from './score-schema.ts'
import { ACTIVATION_TYPES, BIAS_CORRECTIONS, GRANULARITIES, LAYER_MODES, METHODS, PRESETS, ROUNDINGS, TUNE_AXES, WEIGHT_SCALES, WEIGHT_TYPES } from './recipe.ts'

const text = z.string().min(1)
const positive = z.number().positive()
const integer = z.int({ error: (issue) => (issue.code === 'invalid_type' ? 'a whole number' : undefined) })
const whole = integer.min(0)
const side = integer.min(1).max(65_536)
const size = z.tuple([side, side])
const perChannel = z.array(z.number()).min(1).max(4)
/** One text or several, always a list afterwards. */
const texts = z.union([text, z.array(text)]).transform((value) => (typeof value === 'string' ? [value] : value))

const layout = z.enum(['nchw', 'nhwc'])
const color = z.enum(['rgb', 'bgr', 'y'])
const range = z.tuple([z.number(), z.number()]).refine(([black, white]) => black !== white, 'two different numbers')

const preprocess = z.strictObject({
  color: color.optional(),
  range: range.optional(),
  mean: perChannel.optional(),
  scale: perChannel.optional(),
  layout: layout.optional(),
  resize: z.strictObject({
    mode: z.enum(['fit', 'fill', 'stretch']),
    size,
    kernel: z.enum(['bicubic', 'bilinear', 'nearest', 'area', 'lanczos', 'opencv-linear']).default('bicubic'),
  }).optional(),
  crop: z.strictObject({ mode: z.enum(['center', 'random']), size }).optional(),
  pad: z.strictObject({ multiple: side }).optional(),
})

const samplesShape = {
  path: text,
  include: texts.optional(),
  exclude: texts.optional(),
  count: integer.min(1).optional(),
  /** Absent: the recipe's own. */
  seed: whole.optional(),
  skipLimit: whole.default(0),
  preprocess: preprocess.optional(),
}

const evaluation = z.strictObject({
  ...samplesShape,
  reference: z.union([text, z.strictObject({ pattern: text })]).optional(),
  /** Truth of classes and boxes, where the metric is of these. */
  labels: LABELS_SCHEMA.optional(),
  metric: METRIC_SCHEMA.optional(),
  shave: whole.max(9999).optional(),
})

const layer = z.strictObject({
  th_strategy: z.enum(['USE_DEFAULT', 'USE_KL', 'USE_MAX']).optional(),
  th_scale: positive.optional(),
  threshold: positive.nullish().transform((value) => value ?? undefined),
  range: z.tuple([z.number().max(0), z.number().min(0)]).refine(([lo, hi]) => lo < hi, 'two ends around 0, such as [-1.5, 3]').optional(),
  forward_with_float: z.boolean().optional(),
  method: z.enum(METHODS).optional(),
  bits: z.literal([8, 16]).optional(),
  weight_bits: z.literal([4, 8, 16]).optional(),
  granularity: z.enum(GRANULARITIES).optional(),
  rounding: z.enum(ROUNDINGS).optional(),
}).refine(({ threshold, range: ends }) => threshold === undefined || ends === undefined, { path: ['range'], error: 'either `threshold` or `range`; leave one of the two out' })

/** A storage type and a number of bits that contradict each other are refused: neither is silently preferred. */
const sameBits = (value: { bits?: number; type?: string }): boolean =>
  value.bits === undefined || value.type === undefined || value.type.endsWith(`int${value.bits}`)
const contradiction = { path: ['type'], error: 'a type of as many bits as `bits` says; leave one of the two out' }

const SHARE = 'a share between 0.5 and 1, such as 0.9999'

/** Left: as other tools write it. Either spelling, or both: they are put together under our own. */
const FLOAT_ALIASES = { fpfwd_inputs: 'inputs', fpfwd_outputs: 'outputs', fpfwd_blocks: 'blocks' } as const

const float = z.strictObject({
  inputs: texts.default([]),
  outputs: texts.default([]),
  blocks: texts.default([]),
  names: texts.default([]),
  ops: texts.default([]),
  depthwise: z.boolean().default(false),
  first: z.boolean().default(false),
  last: z.boolean().default(false),
  fpfwd_inputs: texts.optional(),
  fpfwd_outputs: texts.optional(),
  fpfwd_blocks: texts.optional(),
  accuracy_opt: z.boolean().optional(),
}).transform(({ fpfwd_inputs, fpfwd_outputs, fpfwd_blocks, accuracy_opt, ...own }) => {
  const merged = { ...own, depthwise: own.depthwise || accuracy_opt === true }
  for (const [alias, names] of Object.entries({ fpfwd_inputs, fpfwd_outputs, fpfwd_blocks })) {
    const key = FLOAT_ALIASES[alias as keyof typeof FLOAT_ALIASES]
    merged[key] = [...new Set([...own[key], ...(names ?? [])])]
  }
  return merged
}).prefault({})

const finetune = z.strictObject({
  steps: integer.min(1).max(100_000).default(400),
  batch: integer.min(1).max(256).default(4),
  rate: positive.max(1).default(1e-4),
  scaleRate: z.number().min(0).max(1).optional(),
  crop: integer.min(8).max(4096).default(64),
  holdBack: z.number().gt(0).lt(1).default(0.25),
  every: integer.min(1).default(20),
})

const quantize = z.strictObject({
  preset: z.enum(PRESETS).default('ort-cpu'),
  activations: z.strictObject({
    bits: z.literal([8, 16]).optional(),
    type: z.enum(ACTIVATION_TYPES).optional(),
    method: z.enum(METHODS).default('auto'),
    symmetric: z.boolean().optional(),
    reduced: z.boolean().optional(),
    percentile: z.number().gt(0.5, SHARE).lt(1, SHARE).default(0.99999),
  }).refine(sameBits, contradiction).prefault({}),
  weights: z.strictObject({
    bits: z.literal([4, 8, 16]).optional(),
    type: z.enum(WEIGHT_TYPES).optional(),
    granularity: z.enum(GRANULARITIES).optional(),
    groups: integer.min(2).max(64).default(4),
    reduced: z.boolean().optional(),
    rounding: z.enum(ROUNDINGS).default('nearest'),
    scale: z.enum(WEIGHT_SCALES).default('absmax'),
  }).refine(sameBits, contradiction).prefault({}),
  bias: z.strictObject({ correction: z.enum(BIAS_CORRECTIONS).default('off') }).prefault({}),
  float,
  layers: z.record(text, layer).default({}),
  tail: z.enum(['auto', 'off']).default('auto'),
  output: z.enum(['codes', 'accumulator', 'accumulator-clip']).default('codes'),
  sums: z.enum(['codes', 'accumulator']).default('codes'),
  fold: z.enum(['auto', 'off']).default('auto'),
  input: z.enum(['auto', 'observed']).default('auto'),
  finetune: finetune.optional(),
})

/** The whole recipe file: every key, what it may hold, and what stands where it is left out. Keys in the order they are written. */
export const RECIPE_SCHEMA = z.strictObject({
  model: text,
  board: text.default('ort-cpu'),
  workspace: text.optional(),
  samples: z.strictObject({ calibration: z.strictObject(samplesShape).optional(), evaluation: evaluation.optional() }).prefault({}),
  output: z.strictObject({
    kind: z.enum(['picture', 'vector']).optional(),
    layout: layout.optional(),
    color: color.optional(),
    range: range.optional(),
    factor: positive.optional(),
  }).optional(),
  calibration: z.strictObject({
    valuesPerTensor: z.union([integer.min(1), z.literal('all')]).default(16384),
  }).prefault({}),
  rewrite: z.union([z.literal('auto'), z.array(text), z.record(text, z.record(text, z.unknown()).nullable().transform((options) => options ?? {}))]).optional(),
  quantize: quantize.prefault({}),
  compare: z.strictObject({
    layers: z.enum(LAYER_MODES).default('both'),
    latency: z.boolean().default(true),
    operators: z.boolean().default(true),
    samples: integer.min(1).default(4),
    score: z.strictObject({ kind: z.literal('mobile-ai'), c: positive }).optional(),
  }).prefault({}),
  tune: z.strictObject({
    score: evaluation.shape.metric,
    samples: evaluation.optional(),
    minutes: positive.max(100_000).optional(),
    trials: integer.min(1).max(1_000_000).optional(),
    axes: z.array(z.enum(TUNE_AXES)).min(1).optional(),
    floatShare: z.number().min(0).max(1).default(0),
  }).optional(),
  gates: z.record(text, z.number()).default({}),
  threads: integer.min(1).max(1024).optional(),
  seed: whole.default(0),
})

export type CheckedRecipe = z.output<typeof RECIPE_SCHEMA>

/** Bits that follow from the type, seeds that follow from the recipe's; keys that are only accepted empty are dropped. */
export function completeRecipe(checked: CheckedRecipe): Recipe {
  const { rewrite, tune, samples, quantize: how, ...rest } = checked
  const { activations, weights } = how
  const { calibration, evaluation: judged } = samples
  return {
    ...rest,
    ...(rewrite === undefined || isNothing(rewrite) ? {} : { rewrite }),
    ...(tune && { tune: completeTune(tune, rest.seed) }),
    samples: {
      ...(calibration && { calibration: { ...calibration, seed: calibration.seed ?? rest.seed } }),
      ...(judged && { evaluation: { ...judged, seed: judged.seed ?? rest.seed } }),
    },
    quantize: {
      ...how,
      activations: { ...activations, bits: activations.bits ?? (activations.type?.endsWith('16') ? 16 : 8) },
      weights: { ...weights, bits: weights.bits ?? bitsOfWeights(weights.type) },
    },
  }
}

const completeTune = ({ samples, ...search }: NonNullable<CheckedRecipe['tune']>, seed: number): TuneRecipe =>
  ({ ...search, ...(samples && { samples: { ...samples, seed: samples.seed ?? seed } }) })

const isNothing = (rewrite: NonNullable<CheckedRecipe['rewrite']>): boolean => rewrite !== 'auto' && Object.keys(rewrite).length === 0

const bitsOfWeights = (type: string | undefined): 4 | 8 | 16 => (type?.endsWith('16') ? 16 : type?.endsWith('4') ? 4 : 8)
