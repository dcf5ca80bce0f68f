import { z } from 'zod'

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
  boards: z.array(z.object({ board: z.string(), verdict: z.string() })),
})
export type InspectReport = z.infer<typeof INSPECT_REPORT>
