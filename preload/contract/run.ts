import { z } from 'zod'
import { FAULT } from './fault.ts'
import type { ParetoPoint, Trial, TuneFacts, UnitSensitivity } from './tune.ts'

/** Id of a run: a full one, a beginning that is unique, or a tag. */
export const RUN_REF = z.string().min(1).max(200)
export const VERB = z.enum(['run', 'calibrate', 'quantize', 'compare', 'demo', 'inspect', 'rewrite', 'audit', 'tune', 'export', 'verify', 'weights', 'import'])
export const RUN_STATUS = z.enum(['running', 'done', 'failed', 'cancelled'])
export type Verb = z.infer<typeof VERB>
export type RunStatus = z.infer<typeof RUN_STATUS>

const number = z.number().nullable()
export const ENVIRONMENT = z.looseObject({ scalewright: z.string(), onnxruntime: z.string(), node: z.string(), cpu: z.string(), threads: z.number() })
export type Environment = { readonly scalewright: string; readonly onnxruntime: string; readonly node: string; readonly cpu: string; readonly threads: number }

export const RUN_FILTER = z.strictObject({
  verb: VERB.optional(),
  status: RUN_STATUS.optional(),
  tag: z.string().max(200).optional(),
  /** The beginning of the model's SHA-256, or a part of its path. */
  model: z.string().max(1000).optional(),
  parent: RUN_REF.optional(),
  /** Text that the model's path, a tag or a note holds. */
  text: z.string().max(1000).optional(),
  /** Archived runs too; they are left out otherwise. */
  archived: z.boolean().optional(),
  /** Only tuning that did this, and only of this model as the recipe names it. */
  tuned: z.enum(['try', 'sensitivity', 'search', 'pareto']).optional(),
  recipeModel: z.string().max(4096).optional(),
  /** Default 100. */
  limit: z.int().min(1).max(20_000).optional(),
  /** Only runs older than this id: the last of the page before. */
  before: RUN_REF.optional(),
})
export type RunFilter = z.infer<typeof RUN_FILTER>

export const RUN_SUMMARY = z.object({
  run: z.string(),
  parent: z.string().nullable(),
  verb: VERB,
  status: RUN_STATUS,
  /** ISO 8601, UTC. */
  created: z.string(),
  seconds: z.number(),
  /** Path of the model as it was given. */
  model: z.string().nullable(),
  quality: z.object({ protocol: z.string(), unit: z.enum(['dB', 'ratio', '%']), float: number, simulated: number, fused: number }).nullable(),
  /** fused over float. */
  latencyRatio: number,
  sizeRatio: number,
  fault: FAULT.nullable(),
  /** How many gates were passed and failed, and how many of the failed ones are waived; null where none was set. */
  gates: z.object({ passed: z.number(), failed: z.number(), waived: z.number() }).nullable(),
  tags: z.array(z.string()),
  archived: z.boolean(),
  /** Threshold method of the activations, their bits, and the board, as the recipe says; null where it says nothing. */
  method: z.string().nullable(),
  bits: number,
  board: z.string().nullable(),
  /** Least SQNR of a layer in dB, everything before it quantized too where that was measured. */
  worstSqnrDb: number,
  /** First line of the note; '' where there is none. */
  note: z.string(),
  /** Whether it is pinned as the baseline of its model. */
  baseline: z.boolean(),
})
export type RunSummary = z.infer<typeof RUN_SUMMARY>

/** A recorded run. Parts that its verb did not do are absent. Numbers in dB are cut to ±120 (no difference at all). */
export interface Run {
  readonly run: string
  readonly parent: string | null
  readonly verb: Verb
  readonly status: RunStatus
  readonly created: string
  readonly seconds: number
  readonly fault?: { readonly code: string; readonly what: string; readonly where?: string; readonly next?: string }
  /** The whole recipe as JSON; `recipe.text` makes a file of it. */
  readonly recipe?: unknown
  readonly model?: { readonly path: string; readonly sha256: string; readonly bytes: number; readonly parameters: number; readonly macsPerSample: number }
  readonly samples?: { readonly calibration?: SampleFacts; readonly evaluation?: SampleFacts }
  readonly calibration?: CalibrationFacts
  /** What its parts took, seconds: `prepare`, `observe`, `quantize`, `quality`, `layers`, `latency` (with operators). Latency taken over from another run: as it took there. */
  readonly stageSeconds?: Readonly<Record<string, number>>
  readonly quality?: Quality
  readonly latency?: Latency
  readonly size?: { readonly floatBytes: number; readonly quantizedBytes: number; readonly ratio: number }
  readonly scales?: readonly ScaleRow[]
  readonly layers?: readonly LayerError[]
  readonly operators?: readonly OperatorTime[]
  readonly proofs?: readonly ProofFacts[]
  readonly findings?: readonly Finding[]
  readonly gates?: readonly GateResult[]
  /** Bytes by `artifactPath(run, role)`. */
  readonly artifacts?: readonly Artifact[]
  readonly notes?: readonly string[]
  /** Of `tune`: what was done, and its rows; trials are there while it runs. */
  readonly tune?: TuneFacts
  readonly trials?: readonly Trial[]
  readonly sensitivity?: readonly UnitSensitivity[]
  readonly pareto?: readonly ParetoPoint[]
  readonly environment: Environment
}

export interface SampleFacts {
  readonly count: number
  readonly sha256: string
  readonly skipped: number
}

export interface CalibrationFacts {
  readonly seconds: number
  readonly inferenceSeconds: number
  readonly bareInferenceSeconds: number | null
  readonly peakRssBytes: number
  /** Set when the statistics of an earlier run were found and nothing was inferred. */
  readonly statisticsFrom?: string
}

/** One number for each version of the model. */
export interface Versions {
  readonly float: number | null
  readonly simulated: number | null
  readonly fused: number | null
}

export interface Quality extends Versions {
  /** e.g. `psnr-y/shave3/studio`. Numbers of different protocols are never compared. */
  readonly protocol: string
  readonly unit: 'dB' | 'ratio' | '%'
  readonly perSample: readonly (Versions & { readonly sample: string })[]
  readonly others: Readonly<Record<string, Versions>>
  /** Numbers of single samples by other protocols (agreement with float), where they are kept. */
  readonly besides?: Readonly<Record<string, readonly (Versions & { readonly sample: string })[]>>
  readonly infinite?: Readonly<Record<string, Versions>>
}

/** Milliseconds. */
export interface Timing {
  readonly median: number
  readonly min: number
  readonly spread: number
  readonly runs: number
}

export interface Latency {
  readonly protocol: string
  readonly floatMs: Timing
  readonly fusedMs: Timing
  readonly ratio: number
}

/** accumulated: everything before it is quantized too; alone: only this tensor is. */
export interface LayerError {
  readonly node: string
  readonly op: string
  readonly tensor: string
  readonly mode: 'accumulated' | 'alone'
  readonly sqnrDb: number
  readonly cosine: number
  readonly mse: number
  readonly maxAbs: number
  readonly clippedPercent: number
}

/** Mean microseconds a run. */
export interface OperatorTime {
  readonly node: string
  readonly op: string
  readonly version: 'float' | 'fused'
  readonly us: number
}

export interface ProofFacts {
  readonly rewrite: string
  readonly nodes: readonly string[]
  readonly verdict: 'exact' | 'within tolerance' | 'broken'
  readonly maxAbs: number
  readonly inputs: number
  readonly borders: boolean
  /** maxAbs over the outputs' largest magnitude. This and what follows is absent in records of earlier versions. */
  readonly relative?: number
  /** float32 steps at the place of the largest difference. */
  readonly ulp?: number
  /** The largest difference near the edges of the outputs. */
  readonly edgeMaxAbs?: number
  /** Where the largest difference stands, or what is broken; null where there is none. */
  readonly worst?: WorstPlace | null
  /** Every input in the order tried, up to one that breaks. This and `outputs` is absent in records of earlier versions. */
  readonly tried?: readonly TriedInput[]
  readonly outputs?: readonly OutputDifference[]
}

/** One input of a proof. */
export interface TriedInput {
  readonly input: string
  /** Of the noise that it is made of; null: it is no noise. */
  readonly seed: number | null
  /** The largest difference that it showed on any output. */
  readonly maxAbs: number
}

/** How far an output is from what it was, over all inputs of a proof. */
export interface OutputDifference {
  readonly output: string
  readonly maxAbs: number
  /** Near the edges of its last two axes, and inside of them. */
  readonly edgeMaxAbs: number
  readonly insideMaxAbs: number
  /** maxAbs over the output's own largest magnitude. */
  readonly relative: number
  /** float32 steps at the place of its largest difference. */
  readonly ulp: number
}

/** Where two outputs differ most, and how. */
export interface WorstPlace {
  readonly output: string
  /** Kind of the input that showed it. */
  readonly input: string
  /** Index along every axis of the output. */
  readonly position: readonly number[]
  /** What is wrong beyond a difference of values; '' where nothing is. */
  readonly what: string
}

export interface Finding {
  readonly rule: string
  readonly severity: 'error' | 'warning' | 'note'
  readonly node: string
  readonly tensor: string
  readonly what: string
  readonly why: string
  readonly fix: string
}

export interface GateResult {
  readonly rule: string
  readonly measured: number | null
  readonly passed: boolean
}

export interface Artifact {
  readonly role: string
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

export const CODE_TYPE = z.enum(['uint4', 'int4', 'uint8', 'int8', 'uint16', 'int16', 'int32'])
export type CodeType = z.infer<typeof CODE_TYPE>

/** How a tensor is turned into codes. */
export interface ScaleRow {
  readonly tensor: string
  readonly kind: 'activation' | 'weight' | 'bias'
  readonly type: CodeType | 'float32'
  readonly granularity: 'tensor' | 'channel'
  readonly axis: number | null
  readonly scale: readonly number[]
  readonly zeroPoint: readonly number[]
  readonly lo: number
  readonly hi: number
  readonly method: string
  readonly float: boolean
  readonly reason: string
}

/** The envelope is checked; what is inside its parts is documented by `Run` and written by one program alone. */
export const RUN = z.looseObject({
  run: z.string(),
  parent: z.string().nullable(),
  verb: VERB,
  status: RUN_STATUS,
  created: z.string(),
  seconds: z.number(),
  fault: FAULT.optional(),
  scales: z.array(z.looseObject({ tensor: z.string(), scale: z.array(z.number()) })).optional(),
  layers: z.array(z.looseObject({ tensor: z.string(), node: z.string() })).optional(),
  gates: z.array(z.looseObject({ rule: z.string(), passed: z.boolean() })).optional(),
  artifacts: z.array(z.looseObject({ role: z.string(), bytes: z.number() })).optional(),
  notes: z.array(z.string()).optional(),
  environment: ENVIRONMENT,
}) as unknown as z.ZodType<Run>

export interface Difference {
  readonly key: string
  readonly a?: unknown
  readonly b?: unknown
}

/** What sets two runs apart; `b − a` everywhere, null where a side is missing. */
export interface RunDiff {
  readonly a: string
  readonly b: string
  /** Model, samples, size, latency, environment, by dotted path. */
  readonly facts: readonly Difference[]
  readonly recipe: readonly Difference[]
  /** `sample` is '' for the mean of all. */
  readonly metrics: readonly {
    readonly protocol: string; readonly version: keyof Versions; readonly sample: string
    readonly a: number | null; readonly b: number | null; readonly delta: number | null
  }[]
  readonly scales: readonly {
    readonly tensor: string; readonly kind: ScaleRow['kind']; readonly a: ScaleRow | null; readonly b: ScaleRow | null
    readonly fields: readonly string[]; readonly scaleChange: number | null; readonly loDelta: number | null; readonly hiDelta: number | null
  }[]
  readonly layers: readonly {
    readonly node: string; readonly tensor: string; readonly mode: LayerError['mode']; readonly a: LayerError | null; readonly b: LayerError | null
    readonly sqnrDelta: number | null; readonly cosineDelta: number | null
  }[]
  readonly findings: readonly Difference[]
}

const parts = z.array(z.looseObject({}))
export const RUN_DIFF = z.looseObject({
  a: z.string(), b: z.string(), facts: parts, recipe: parts, metrics: parts, scales: parts, layers: parts, findings: parts,
}) as unknown as z.ZodType<RunDiff>

export const GATE_REPORT = z.object({
  run: z.string(),
  baseline: z.string(),
  /** `waived`: why a person accepted a gate that failed. */
  gates: z.array(z.object({ rule: z.string(), measured: z.number().nullable(), passed: z.boolean(), waived: z.string().nullable() })),
  /** Every gate was passed. */
  passed: z.boolean(),
  /** Every gate was passed, or is waived. */
  accepted: z.boolean(),
})
export type GateReport = z.infer<typeof GATE_REPORT>
