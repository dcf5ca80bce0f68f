import type { ScaleRow } from './scale-table.ts'
import type { ParetoPoint, Trial, TuneFacts, UnitSensitivity } from './tune.ts'

/** The JSON of a run, as `--json` prints it and the store keeps it. Parts that a verb did not do are absent. */
export interface Run {
  readonly run: string
  readonly parent: string | null
  readonly verb: Verb
  readonly status: RunStatus
  /** ISO 8601, UTC. */
  readonly created: string
  readonly seconds: number
  /** Why it failed, when it did. */
  readonly fault?: { readonly code: string; readonly what: string; readonly where?: string; readonly next?: string }
  readonly recipe?: unknown
  readonly model?: ModelFacts
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
  readonly artifacts?: readonly Artifact[]
  readonly notes?: readonly string[]
  /** Of `tune`: what was done, and its rows. */
  readonly tune?: TuneFacts
  readonly trials?: readonly Trial[]
  readonly sensitivity?: readonly UnitSensitivity[]
  readonly pareto?: readonly ParetoPoint[]
  readonly environment: Environment
}

export type Verb = 'run' | 'calibrate' | 'quantize' | 'compare' | 'demo' | 'inspect' | 'rewrite' | 'audit' | 'tune' | 'export' | 'verify' | 'weights' | 'import'
export type RunStatus = 'running' | 'done' | 'failed' | 'cancelled'

export interface ModelFacts {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
  readonly parameters: number
  /** Multiply-accumulates of one sample of the first evaluation (or calibration) sample's size; 0: not known. */
  readonly macsPerSample: number
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
  /** By protocol: samples whose value is infinite (pictures equal to their reference). They are null above and left out of the means. */
  readonly infinite?: Readonly<Record<string, Versions>>
}

export interface Timing {
  /** Milliseconds. */
  readonly median: number
  readonly min: number
  /** Half the distance between the quartiles, milliseconds. */
  readonly spread: number
  readonly runs: number
}

export interface Latency {
  readonly protocol: string
  readonly floatMs: Timing
  readonly fusedMs: Timing
  /** fused median over float median of the same interleaved runs. */
  readonly ratio: number
}

export interface LayerError {
  readonly node: string
  readonly op: string
  readonly tensor: string
  /** accumulated: everything before it is quantized too; alone: only this tensor is. */
  readonly mode: 'accumulated' | 'alone'
  readonly sqnrDb: number
  readonly cosine: number
  readonly mse: number
  readonly maxAbs: number
  readonly clippedPercent: number
}

export interface OperatorTime {
  /** Graph node, or the runtime's own name where it fused several. */
  readonly node: string
  readonly op: string
  readonly version: 'float' | 'fused'
  /** Mean microseconds a run. */
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
  /** `quantized-model`, `statistics`, `picture`, `recipe` … */
  readonly role: string
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

export interface Environment {
  readonly scalewright: string
  readonly onnxruntime: string
  readonly node: string
  readonly cpu: string
  readonly threads: number
}
