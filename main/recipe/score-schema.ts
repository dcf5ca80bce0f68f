import { z } from 'zod'
import { AP_RULES, LABEL_FORMATS, SCORE_ALIASES, SCORE_KINDS, type DecodeSettings, type ScoreSettings } from '../core/score.ts'
import { QUALITY_METRICS, type QualityMetric } from './recipe.ts'

const text = z.string().min(1)
const whole = z.int({ error: (issue) => (issue.code === 'invalid_type' ? 'a whole number' : undefined) }).min(0)
const share = z.number().min(0).max(1)
const positive = z.number().positive()
const sides = z.tuple([whole.min(1), whole.min(1)])
const some = <T extends z.ZodType>(item: T, least = 0) => z.union([item, z.array(item).min(least)]).transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]) as z.output<T>[])
const one = <T extends z.ZodType>(item: T) => some(item, 1)

const grid = z.strictObject({
  kind: z.literal('grid'),
  outputs: one(text).optional(),
  order: z.enum(['object-box-class', 'box-object-class']).default('object-box-class'),
  xy: z.enum(['tanh', 'sigmoid', 'none']).default('tanh'),
  wh: z.enum(['sigmoid', 'exp']).default('sigmoid'),
  logits: z.boolean().default(false),
  powers: z.tuple([positive, positive]).default([0.6, 0.4]),
})

const background = whole.nullable()

const boxes = z.strictObject({
  kind: z.literal('boxes'),
  boxes: text.optional(),
  scores: text.optional(),
  classes: text.optional(),
  transposed: z.boolean().optional(),
  format: z.enum(['xyxy', 'cxcywh', 'xywh']).default('xyxy'),
  unit: z.enum(['pixels', 'share']).default('pixels'),
  objectness: z.boolean().default(false),
  logits: z.boolean().default(false),
  background: background.default(null),
})

const layer = z.strictObject({
  step: positive.optional(),
  map: sides.optional(),
  min: one(positive),
  max: some(positive).default([]),
  ratios: some(positive).default([]),
  flip: z.boolean().default(true),
}).refine(({ step, map }) => step !== undefined || map !== undefined, { path: ['step'], error: 'pixels from cell to cell, except with `map`' })

const ssd = z.strictObject({
  kind: z.literal('ssd'),
  boxes: text,
  scores: text,
  priors: z.strictObject({ layers: z.array(layer).min(1), cells: z.enum(['step', 'map']).default('step'), offset: share.default(0.5), clip: z.enum(['none', 'corners', 'center']).default('none') }),
  variances: z.tuple([positive, positive]).default([0.1, 0.2]),
  softmax: z.boolean().default(false),
  background: background.default(0),
})

const ULTRAFACE_SIDES = [[8, [10, 16, 24]], [16, [32, 48]], [32, [64, 96]], [64, [128, 192, 256]]] as const

/** Decoders of well-known models, by name. */
const DECODERS = {
  fastestdet: { kind: 'grid' },
  yolov5: { kind: 'boxes', format: 'cxcywh', objectness: true },
  yolov8: { kind: 'boxes', format: 'cxcywh' },
  ultraface: { kind: 'boxes', boxes: 'boxes', scores: 'scores', unit: 'share', background: 0 },
  'ultraface-raw': { kind: 'ssd', boxes: 'boxes', scores: 'scores', priors: { layers: ULTRAFACE_SIDES.map(([step, min]) => ({ step, min: [...min] })), cells: 'map', clip: 'center' } },
} as const satisfies Record<string, z.input<typeof settings>>
const settings = z.discriminatedUnion('kind', [grid, boxes, ssd], { error: (issue) => (issue.code === 'invalid_union' ? 'one of grid, boxes, ssd' : undefined) })
export const DECODER_NAMES = Object.keys(DECODERS)
const named = z.enum(Object.keys(DECODERS) as (keyof typeof DECODERS)[]).transform((name): DecodeSettings => settings.parse(DECODERS[name]) as DecodeSettings)

/** A kind by its own name or that of the Sophon guide. */
const kind = <K extends (typeof SCORE_KINDS)[number]>(name: K) =>
  z.literal([name, ...Object.entries(SCORE_ALIASES).flatMap(([alias, own]) => (own === name ? [alias] : []))]).transform((): K => name)

const topk = z.strictObject({ kind: kind('topk'), k: one(whole.min(1)).default([1, 5]), offset: z.int().default(0), output: text.optional() })

const detection = z.strictObject({
  kind: kind('detection'),
  decode: z.union([named, settings]),
  ap: z.enum(AP_RULES).default('coco'),
  score: share.default(0.01),
  nms: share.default(0.45),
  most: whole.min(1).default(100),
  agreement: share.default(0.3),
})

const similarity = z.strictObject({
  kind: kind('feature-similarity'),
  measure: z.enum(['cosine', 'sqnr']).default('cosine'),
  outputs: z.union([one(text).transform((names) => Object.fromEntries(names.map((name) => [name, 1]))), z.record(text, positive).refine((outputs) => Object.keys(outputs).length > 0, 'at least one output')]).optional(),
})

const ownModule = z.strictObject({ kind: kind('module'), score: text, settings: z.record(text, z.unknown()).default({}) })

const none = z.strictObject({ kind: kind('none') })

/** Kinds that need no settings may be written as a word. */
const SCORE_WORDS = ['topk', 'feature-similarity', 'none'] as const
const WORDS = [...QUALITY_METRICS, ...SCORE_WORDS, 'topx_accuracy_for_classify', 'feature_similarity'] as const

const score = z.discriminatedUnion('kind', [topk, detection, similarity, ownModule, none], { error: (issue) => (issue.code === 'invalid_union' ? `one of ${SCORE_KINDS.join(', ')}` : undefined) })
const word = z.enum(WORDS).transform((name): QualityMetric | ScoreSettings => ((QUALITY_METRICS as readonly string[]).includes(name) ? (name as QualityMetric) : (score.parse({ kind: name }) as ScoreSettings)))

/** How outputs are judged: a word, or a kind with its settings. */
export const METRIC_SCHEMA = z.union([word, score])

const source = z.strictObject({ path: text.optional(), format: z.enum(LABEL_FORMATS).optional(), file: text.optional(), label: text.optional(), classes: text.optional() })
  .refine(({ path, format }) => path !== undefined || format === 'folders', { path: ['path'], error: 'the file or folder of the labels, except with `format: folders`' })

/** A path, or where and how labels are written. */
export const LABELS_SCHEMA = z.union([text.transform((path) => ({ path })), source])
