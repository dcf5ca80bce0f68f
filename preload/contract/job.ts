import { z } from 'zod'
import { FAULT } from './fault.ts'
import { METHOD_ROW, RECOMMENDATION } from './methods.ts'
import { ASSIGNMENT, RECIPE_TEXT } from './recipe.ts'
import { REWRITE_WISH } from './rewrite.ts'
import { RUN_REF } from './run.ts'

export const JOB_KIND = z.enum(['run', 'methods', 'calibrate', 'quantize', 'compare', 'rewrite', 'demo'])
export type JobKind = z.infer<typeof JOB_KIND>

const parent = RUN_REF.optional()

/** What a job is to do. `parent` is the run that a change was made to: the new run becomes its child. */
export const JOB_SPEC = z.discriminatedUnion('kind', [
  /** The whole way. Statistics of the same model and samples are found again: a child that only changes thresholds infers nothing to calibrate. */
  z.strictObject({ kind: z.literal('run'), recipe: RECIPE_TEXT, parent }),
  /** The whole way for several threshold methods (names of `recipe.choices`) from one pass over the samples: a run each. */
  z.strictObject({ kind: z.literal('methods'), recipe: RECIPE_TEXT, methods: z.array(z.string().min(1).max(40)).min(1).max(12), parent }),
  z.strictObject({ kind: z.literal('calibrate'), recipe: RECIPE_TEXT }),
  z.strictObject({ kind: z.literal('quantize'), recipe: RECIPE_TEXT, parent }),
  /** A recorded run measured again, with its recipe after the assignments. */
  z.strictObject({ kind: z.literal('compare'), run: RUN_REF, set: z.array(ASSIGNMENT).max(1000).default([]) }),
  /** Rewrites the recipe's model, proves each step and keeps the model with its plan. */
  z.strictObject({ kind: z.literal('rewrite'), recipe: RECIPE_TEXT, wishes: z.array(REWRITE_WISH).min(1).max(100), parent }),
  /** The whole way on the bundled sample. */
  z.strictObject({ kind: z.literal('demo') }),
])
export type JobSpec = z.input<typeof JOB_SPEC>

export const JOB_STATE = z.enum(['queued', 'running', 'done', 'failed', 'cancelled'])
export type JobState = z.infer<typeof JOB_STATE>

export const JOB_PROGRESS = z.object({
  /** One word of the pipeline: `prepare`, `observe`, `quantize`, `quality`, `layers`, `latency` … */
  stage: z.string(),
  done: z.number(),
  total: z.number(),
  /** What is counted: `pictures`, `layers`, `steps`. */
  unit: z.string().optional(),
  /** Milliseconds since the stage began. */
  stageMs: z.number(),
  /** Milliseconds that the rest of the stage will take at the rate so far; null while that cannot be told. */
  remainingMs: z.number().nullable(),
  /** What the stage is done for, where a job does the same several times: a threshold method. */
  part: z.string().optional(),
  /** Resident memory of the engine, at most so far. */
  memoryBytes: z.number().optional(),
})
export type JobProgress = z.infer<typeof JOB_PROGRESS>

/** One job of the queue, as lists and events carry it. Times are ISO 8601, UTC. */
export const JOB = z.object({
  id: z.string(),
  kind: JOB_KIND,
  state: JOB_STATE,
  /** A running job rests, a queued one lets others pass. */
  paused: z.boolean(),
  /** Jobs that come before this one; 0 unless it is queued. */
  position: z.int().min(0),
  progress: JOB_PROGRESS.nullable(),
  /** Id of the recorded run, as soon as it has one. */
  run: z.string().nullable(),
  /** What each method of a job of several came to so far, in the order asked; they are recorded when the job ends. */
  runs: z.array(METHOD_ROW),
  /** Which of them to take; null until that is known, and for other jobs. */
  recommendation: RECOMMENDATION.nullable(),
  /** Why it failed. A failed gate is no failure: see the run's gates. */
  fault: FAULT.nullable(),
  created: z.string(),
  started: z.string().nullable(),
  ended: z.string().nullable(),
})
export type Job = z.infer<typeof JOB>

export const LOG_LINE = z.object({
  /** Increasing within the job; a gap at the beginning means that the oldest lines were dropped. */
  n: z.int(),
  time: z.string(),
  /** note: a remark of the pipeline (a guess that was made, a sample that was skipped). */
  level: z.enum(['info', 'note', 'error']),
  text: z.string(),
})
export type LogLine = z.infer<typeof LOG_LINE>

/** Values of one tensor so far, in equal bins from `lo` to `hi`. */
export const LIVE_HISTOGRAM = z.object({ tensor: z.string(), lo: z.number(), hi: z.number(), counts: z.array(z.number()) })
export type LiveHistogram = z.infer<typeof LIVE_HISTOGRAM>

export const JOB_DETAIL = JOB.extend({
  /** What the job saw of up to 16 tensors while it observed, in the order of the model; empty before. */
  live: z.array(LIVE_HISTOGRAM),
  /** Threshold methods that the job is to try, in order; empty for other jobs. */
  methods: z.array(z.string()),
  log: z.array(LOG_LINE),
  /** What does the same in a terminal; where it names `recipe.yaml`, that file holds `recipe`. */
  command: z.string(),
  /** The recipe's text, whole; null where the job has none of its own. */
  recipe: z.string().nullable(),
})
export type JobDetail = z.infer<typeof JOB_DETAIL>
