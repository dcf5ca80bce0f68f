import { z } from 'zod'
import { BOARD_REPORT } from './boards.ts'
import { call } from './call.ts'
import { FAULT } from './fault.ts'
import { RECIPE_TEXT } from './recipe.ts'
import type { Finding } from './run.ts'

/** The window never needs to know where a model lies: the bundled one, a model of a recorded run, or a path that a person typed. */
export const MODEL_REF = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bundled') }),
  /** `float`: the model that the run began with; `quantized`: the one it made. */
  z.strictObject({ kind: z.literal('run'), run: z.string().min(1).max(200), version: z.enum(['float', 'quantized']) }),
  /** Relative paths count from the folder the program was started in. A served page may only name files below the folders it was given. */
  z.strictObject({ kind: z.literal('path'), path: z.string().min(1).max(4096) }),
])
export type ModelRef = z.infer<typeof MODEL_REF>

const TENSOR_FACTS = z.object({
  name: z.string(),
  type: z.string(),
  /** A symbol or null where a size is not fixed; null alone: the rank is not known. */
  dims: z.array(z.union([z.number(), z.string(), z.null()])).nullable(),
  /** `nchw`, `nhwc` … where it could be told. */
  layout: z.string().nullable(),
  /** Set where the tensor is quantized at the model's edge. */
  quantization: z.object({ type: z.string(), scale: z.array(z.number()), zeroPoint: z.array(z.number()) }).nullable(),
})
export type TensorFacts = z.infer<typeof TENSOR_FACTS>

export const INSPECT_REPORT = z.object({
  path: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  /** Name and version of the program that wrote the file; '' where it does not say. */
  producer: z.string(),
  irVersion: z.number(),
  /** Opset by domain; '' is ai.onnx. */
  opsets: z.record(z.string(), z.number()),
  parameters: z.number(),
  inputs: z.array(TENSOR_FACTS),
  outputs: z.array(TENSOR_FACTS),
  /** Most frequent first. */
  operators: z.array(z.object({ op: z.string(), domain: z.string(), count: z.number() })),
  /** What taking the model in would change, in plain words. */
  preparation: z.array(z.string()),
  /** What is expected of samples and how that was found, a sentence each. */
  expectation: z.array(z.string()),
  externalFiles: z.array(z.string()),
  /** In the order they were asked for. */
  boards: z.array(BOARD_REPORT),
})
export type InspectReport = z.infer<typeof INSPECT_REPORT>

const DIMS = z.array(z.union([z.number(), z.string(), z.null()])).nullable()
const SPAN = z.tuple([z.number(), z.number()])

const GRAPH_NODE = z.object({
  name: z.string(),
  op: z.string(),
  /** '' is ai.onnx. */
  domain: z.string(),
  inputs: z.array(z.number()),
  outputs: z.array(z.number()),
  /** `kind` as the file says it (`ints`, `float`, `tensor` …); `text` is cut where it is long. */
  attributes: z.array(z.object({ name: z.string(), kind: z.string(), text: z.string() })),
  /** Parts of the name before its last one. */
  scope: z.array(z.string()),
  /** Of a rounding: the tensor that its output is a rounded copy of. */
  rounds: z.number().nullable(),
})
export type GraphNode = z.infer<typeof GRAPH_NODE>

const GRAPH_TENSOR = z.object({
  name: z.string(),
  type: z.string(),
  dims: DIMS,
  /** Set for constants. `values` are all of them where they are few. */
  initializer: z.object({ bytes: z.number(), min: z.number().nullable(), max: z.number().nullable(), values: z.array(z.number()).nullable() }).nullable(),
  /** Codes that the model rounds it to; least and greatest where each channel has its own. */
  codes: z.object({ type: z.string(), channels: z.number(), scale: SPAN, zeroPoint: SPAN }).nullable(),
})
export type GraphTensor = z.infer<typeof GRAPH_TENSOR>

/** A graph as it stands in the file; Constant nodes became initializers. Tensors are meant by their index, -1 is one that is left out. */
export const MODEL_GRAPH = z.object({
  sha256: z.string(),
  /** In topological order. */
  nodes: z.array(GRAPH_NODE),
  tensors: z.array(GRAPH_TENSOR),
  inputs: z.array(z.number()),
  outputs: z.array(z.number()),
  /** Why shapes are only those that the file states; null where the runtime inferred them. */
  notInferred: FAULT.nullable(),
})
export type ModelGraph = z.infer<typeof MODEL_GRAPH>

const FINDING: z.ZodType<Finding> = z.object({
  rule: z.string(), severity: z.enum(['error', 'warning', 'note']), node: z.string(), tensor: z.string(), what: z.string(), why: z.string(), fix: z.string(),
})

/** A model file, looked at; nothing is recorded. Faults: `model.*`, `input.*`. */
export const MODEL_CALLS = {
  /** Pre-flight card. */
  'models.inspect': call(z.strictObject({ model: MODEL_REF, boards: z.array(z.string().min(1).max(200)).max(8).optional() }), INSPECT_REPORT),
  /** Answered also for models that can be read and not be run. */
  'models.graph': call(z.strictObject({ model: MODEL_REF }), MODEL_GRAPH),
  /** Findings about the model of a draft (as text; samples may be missing) for its board, errors first; nothing is run. */
  'models.audit': call(z.strictObject({ recipe: RECIPE_TEXT }), z.object({ findings: z.array(FINDING), notes: z.array(z.string()), board: z.string().nullable() })),
} as const
