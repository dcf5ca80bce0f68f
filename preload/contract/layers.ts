import { z } from 'zod'
import { call } from './call.ts'
import { CODE_TYPE, RUN_REF, type ScaleRow } from './run.ts'

const NAME = z.string().min(1).max(4096)
const real = z.number().min(-3.5e38).max(3.5e38)

/** What `quantize.layers` is to say of one tensor; null takes a key out, what is absent stays. `forward_with_float` speaks of the layer that computes it. */
export const LAYER_CHANGE = z.strictObject({
  threshold: real.positive().nullish(),
  range: z.tuple([real.max(0), real.min(0)]).nullish(),
  method: z.string().max(40).nullish(),
  bits: z.literal([8, 16]).nullish(),
  forward_with_float: z.boolean().nullish(),
  th_scale: real.positive().nullish(),
})
export type LayerChange = z.infer<typeof LAYER_CHANGE>

/** How one activation of the run's model is treated. */
const PLANNED_TENSOR = z.object({
  tensor: z.string(),
  node: z.string(),
  /** The node that computes it: the convolution before a Relu. '' for an input of the model. */
  layer: z.string(),
  /** Operators computed as one, in order; none for an input of the model. */
  ops: z.array(z.string()),
  /** First tensor of those that share this one's scale. */
  group: z.string(),
  /** The tensor whose Statistics tell its range. */
  seenAs: z.string(),
  /** Rule that knows the range without looking: methods do nothing here. */
  fixed: z.string().nullable(),
  /** Codes it is put on; null: none. */
  grid: z.object({ type: CODE_TYPE, symmetric: z.boolean(), reduced: z.boolean() }).nullable(),
  /** Codes of the weights that its layer multiplies with; null: none. */
  weights: CODE_TYPE.nullable(),
  /** Why what makes it computes in float; it may carry codes all the same, for the quantized layers that read it. */
  float: z.string().nullable(),
})
export type PlannedTensor = z.infer<typeof PLANNED_TENSOR>

/** Rules that a range is found by, in the order in which they are asked. */
const EXPLAIN_RULE = z.enum(['float', 'given', 'known', 'method', 'th_scale', 'bound', 'group', 'sum'])

/** Why a tensor is quantized as it is. */
export const TENSOR_EXPLANATION = z.object({
  asked: z.string(),
  /** The tensor that carries the codes of what was asked for. */
  tensor: z.string(),
  kind: z.enum(['activation', 'weight', 'bias', 'float']),
  layer: z.string(),
  ops: z.array(z.string()),
  group: z.array(z.string()),
  by: EXPLAIN_RULE,
  /** Place in the recipe that decided; null: the rule itself. */
  line: z.string().nullable(),
  steps: z.array(z.object({ rule: EXPLAIN_RULE, applies: z.boolean(), line: z.string().nullable(), says: z.string() })),
  wishes: z.array(z.object({ line: z.string(), kind: z.enum(['op', 'pattern', 'exact']), key: z.string(), value: z.string(), tensor: z.string(), used: z.boolean() })),
  row: (z.looseObject({ tensor: z.string(), scale: z.array(z.number()) }) as unknown as z.ZodType<ScaleRow>).nullable(),
  seenAs: z.string().nullable(),
  now: z.object({ clippedPercent: z.number(), predictedSqnrDb: z.number() }).nullable(),
  methods: z.array(z.object({ name: z.string(), decided: z.string(), lo: z.number(), hi: z.number(), why: z.string(), clippedPercent: z.number(), step: z.number(), predictedSqnrDb: z.number() })),
  /** What tuning changed of what is said here, which is the state before it; null where the recipe asks for none. */
  tuning: z.object({
    keys: z.array(z.string()),
    /** The run that the changes are of; null: none of this recipe was made yet. */
    run: z.string().nullable(),
    changes: z.array(z.object({
      tensor: z.string(), kind: z.enum(['activation', 'weight', 'bias']), scaleBefore: z.array(z.number()), scaleAfter: z.array(z.number()),
      codes: z.object({ moved: z.number(), of: z.number() }).nullable(), reason: z.string(),
    })),
  }).nullable(),
})
export type TensorExplanation = z.infer<typeof TENSOR_EXPLANATION>

export const LAYERS_BELOW = z.object({
  /** The run's recipe with the changes, whole, as a job takes it. */
  recipe: z.string(),
  /** Activations that get other codes; those that share a scale with a named one among them. */
  changed: z.array(z.string()),
  /** Activations whose values may change in the quantized model: the changed ones and all that is computed from them. */
  below: z.array(z.string()),
  /** Another type of codes, or to or from float: latency has to be measured again. */
  typesChanged: z.boolean(),
  /** Named tensors that stay as they are, and why. */
  idle: z.array(z.object({ tensor: z.string(), why: z.enum(['gone', 'float', 'same']), reason: z.string() })),
  /** From what the parts of the run took; null where it was not measured. */
  secondsEstimate: z.number().nullable(),
})
export type LayersBelow = z.infer<typeof LAYERS_BELOW>

/** Single layers of a recorded run. Faults: `input.no-statistics` where the run keeps none. Large models take seconds at the first question. */
export const LAYER_CALLS = {
  /** Every activation in topological order. */
  'layers.plan': call(z.strictObject({ run: RUN_REF }), z.object({ tensors: z.array(PLANNED_TENSOR) })),
  /** Which line or rule decided for a tensor or layer, and what every method would give. Faults: `input.unknown-tensor`. */
  'layers.explain': call(z.strictObject({ run: RUN_REF, tensor: NAME }), TENSOR_EXPLANATION),
  /** What changes to single layers would reach. Nothing is run. Faults: `recipe.*`. */
  'layers.below': call(z.strictObject({ run: RUN_REF, layers: z.record(NAME, LAYER_CHANGE) }), LAYERS_BELOW),
} as const
