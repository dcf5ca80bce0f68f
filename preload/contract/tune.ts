import { z } from 'zod'
import { call } from './call.ts'
import { RUN_REF } from './run.ts'

/** What a run of the verb `tune` holds; written by one program alone, as `Run` says. */

/** One change of a recipe, measured on held-back samples. The same key gives the same numbers. */
export interface Trial {
  /** What it was tried for: `start`, a stage of the search, `pareto`, `try`. */
  readonly stage: string
  /** What it changes, as after `--set`, in order; empty for the recipe as it is. */
  readonly settings: readonly string[]
  /** How many of the held-back samples it was measured on. */
  readonly samples: number
  /** Hash of model, statistics, samples, protocol and recipe: where it is found again. */
  readonly key: string
  /** Of the score; '' where the trial failed before it. */
  readonly protocol: string
  /** Of the simulated model, and of the float model on the same samples; null where the protocol has no such number. */
  readonly score: number | null
  readonly floatScore: number | null
  /** Standard error of the score's mean loss against float, sample by sample: differences below it are chance. Null where it is not known. */
  readonly scoreError: number | null
  /** Noise over signal at the outputs, mean of samples; null where the trial failed. */
  readonly nsr: number | null
  /** SHA-256 of the ScaleTable and of the quantized model; '' where there is none. */
  readonly scales: string
  readonly model: string
  readonly seconds: number
  readonly inferenceSeconds: number
  /** Runs of a model that it took, and that it did not take: float outputs and calibration known already, a model measured before. */
  readonly inferences: number
  readonly savedInferences: number
  /** Why it failed; null where it did not. */
  readonly fault: string | null
}

/** How much one unit (what shares a scale, with the layers that make it) takes from the outputs. Noise ratios are means over samples. */
export interface UnitSensitivity {
  readonly unit: string
  /** The name that `quantize.layers` takes for it; null where it cannot without changing the graph: made on the way, or folded into a neighbour. */
  readonly layer: string | null
  readonly op: string
  readonly nodes: readonly string[]
  /** Tensors that carry its codes; they share one scale where there are several. */
  readonly tensors: readonly string[]
  /** Place by `alone`, from 1. */
  readonly rank: number
  /** Noise over signal at the outputs: only this unit is quantized. */
  readonly alone: number
  /** Everything but this unit is quantized; null where it was not measured. */
  readonly allButOne: number | null
  /** This unit and all before it are quantized; null where it was not measured. */
  readonly accumulated: number | null
  /** The task's score of the same three models; null where the protocol has none for a part. */
  readonly aloneScore: number | null
  readonly allButOneScore: number | null
  readonly accumulatedScore: number | null
  /** Noise over signal at the unit's own result when only its weights, only what it reads, only its result is rounded to codes; null where there is no such part. */
  readonly weightNsr: number | null
  readonly inputNsr: number | null
  readonly outputNsr: number | null
  /** Share of the noise of its own codes that comes from clipped values; null where it has none. */
  readonly clipShare: number | null
  /** Share of the model's multiply-accumulates; null where shapes are not known. */
  readonly macsShare: number | null
  /** Sum of `alone` of this and all higher ranks over the sum of all. */
  readonly cumulativeShare: number
}

/** What a scan was measured on and what it took. */
export interface SensitivityFacts {
  readonly protocol: string
  readonly samples: number
  /** Score of the float and of the wholly quantized model, and noise over signal of the latter. */
  readonly floatScore: number | null
  readonly quantizedScore: number | null
  readonly quantizedNsr: number
  /** Wall time of the scan, of one evaluation (float, simulated and fused model on the same samples, scored), and one over the other. */
  readonly seconds: number
  readonly evaluationSeconds: number
  readonly evaluations: number
  /** Models that were cut out and run, and the share of their nodes that was not computed because what it gives was kept. */
  readonly models: number
  readonly reusedShare: number
}

export type PrecisionName = 'int8' | 'int8w/int16a' | 'int16' | 'float'

/** One measured plan of a Pareto front. */
export interface ParetoPoint {
  readonly settings: readonly string[]
  /** Units that are not in int8, by precision. */
  readonly plan: readonly { readonly unit: string; readonly precision: PrecisionName }[]
  readonly protocol: string
  readonly score: number | null
  /** Score of float minus its own. */
  readonly lost: number | null
  readonly nsr: number
  readonly predictedNsr: number
  /** Of the plan: Σ weight bits × activation bits × MACs over that of int8; bytes of weights; share of MACs in int16 and in float; latency over that of float, from operator times. */
  readonly bitMacs: number
  readonly bytes: number
  readonly macsInt16: number
  readonly macsFloat: number
  readonly latency: number | null
  /** No other point is better in both measured noise and the cost that was asked for. */
  readonly front: boolean
  /** The budget takes this one. */
  readonly chosen: boolean
}

/** What a run of the verb `tune` was, beside its model and quality. */
export interface TuneFacts {
  readonly mode: 'sensitivity' | 'search' | 'pareto' | 'try'
  readonly protocol: string
  /** Samples that scores are measured on: those of the evaluation only where nothing is chosen by them (`try`). */
  readonly samples: { readonly count: number; readonly sha256: string; readonly from: 'tune.samples' | 'samples.calibration' | 'samples.evaluation' }
  /** The run that the recipe as it was came to. */
  readonly start: string | null
  /** Settings of the winner; empty where nothing beat the start. */
  readonly winner: readonly string[]
  /** Whether the search ended before its budget or stages did. */
  readonly stopped: boolean
  readonly resumedFrom: string | null
  readonly budget: string | null
  readonly seconds: number
  readonly inferences: number
  readonly savedInferences: number
  readonly sensitivity?: SensitivityFacts
}

/**
 * One thing to do about a run; `gain`: share of the output's noise that it is expected to take away. `act`: its settings are set (they also go
 * into `tune` with mode `try`), or tuning measures or searches; null: a person must act.
 */
const ADVICE = z.object({ what: z.string(), figures: z.array(z.string()), gain: z.number().nullable(), act: z.enum(['set', 'sensitivity', 'search']).nullable(), settings: z.array(z.string()), unit: z.string() })
export type Advice = z.infer<typeof ADVICE>

export const TUNE_CALLS = {
  /** What to do next about a recorded run, in order of expected gain. */
  'runs.advise': call(z.strictObject({ run: RUN_REF }), z.object({ advice: z.array(ADVICE) })),
} as const
