import { z } from 'zod'
import { EXPORT_SPEC, VERIFY_SPEC } from './exports.ts'
import { FAULT } from './fault.ts'
import { IMPORT_SPEC, WEIGHTS_SPEC } from './intake.ts'
import { METHOD_ROW, RECOMMENDATION } from './methods.ts'
import { ASSIGNMENT, RECIPE_TEXT } from './recipe.ts'
import { REWRITE_WISH } from './rewrite.ts'
import { RUN_REF } from './run.ts'

export const JOB_KIND = z.enum(['run', 'methods', 'calibrate', 'quantize', 'compare', 'rewrite', 'tune', 'demo', 'runs-export', 'runs-import', 'export', 'verify', 'import', 'weights'])
export type JobKind = z.infer<typeof JOB_KIND>

const parent = RUN_REF.optional()

/** What tuning can do; its runs hold `tune` with `trials`, `sensitivity` or `pareto`. */
export const TUNE_SPEC = z.discriminatedUnion('mode', [
  /** Tries settings (short or whole paths): the run that comes back is a child with its own model and quality. */
  z.strictObject({ kind: z.literal('tune'), mode: z.literal('try'), recipe: RECIPE_TEXT, settings: z.array(ASSIGNMENT).min(1).max(1000), parent }),
  /** Who takes most from the outputs: `sensitivity` of the run. `full`: also all but one and accumulated, at four times the cost. */
  z.strictObject({ kind: z.literal('tune'), mode: z.literal('sensitivity'), recipe: RECIPE_TEXT, samples: z.int().min(1).max(10_000).optional(), full: z.boolean().default(false), parent }),
  /** Searches by `tune` of the recipe. A `runs` event tells of each trial; `runs.show` of the running run has them. Cancelled, it ends as done with the best so far. `resume`: a search that goes on. */
  z.strictObject({ kind: z.literal('tune'), mode: z.literal('search'), recipe: RECIPE_TEXT, parent, resume: RUN_REF.optional() }),
  /** Plans of mixed precision, measured: `pareto` of the run. With a budget (`psnr_y_drop_db<=0.02`, `latency<=0.6x`, `bitmacs<=1.2x`, `bytes<=0.5x`, `macs_int16<=0.2x`) the plan inside it becomes the run's model. */
  z.strictObject({ kind: z.literal('tune'), mode: z.literal('pareto'), recipe: RECIPE_TEXT, budget: z.string().min(1).max(100).optional(), samples: z.int().min(1).max(10_000).optional(), parent }),
])

/** What a job of tuning does. */
export const TUNE_MODE = z.enum(['try', 'sensitivity', 'search', 'pareto'])
export type TuneMode = z.infer<typeof TUNE_MODE>

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
  TUNE_SPEC,
  /**
   * Writes runs (without `runs`: all that have ended) and what they came from as one file; what came of it stands in `transfer`. This and
   * the next wait for nothing in the queue.
   */
  z.strictObject({ kind: z.literal('runs-export'), runs: z.array(RUN_REF).min(1).max(10_000).optional(), artifacts: z.boolean().default(true) }),
  /** Adds the runs of an uploaded history file that are not here yet: all or none. Faults `input.not-a-history`, `input.newer-history`, `input.damaged-history`. */
  z.strictObject({ kind: z.literal('runs-import'), upload: z.string().min(1).max(100) }),
  /** Writes the bundle of a run for a board; `export.bundle` of the new run says what was written. */
  EXPORT_SPEC,
  /** Checks a bundle, and a board's dump against it; `export.verified` of the new run says what was found. */
  VERIFY_SPEC,
  /** Both record a run whose model is what was made. */
  IMPORT_SPEC,
  WEIGHTS_SPEC,
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

/** What came of history as a file. */
export const TRANSFER = z.discriminatedUnion('kind', [
  /** `name`: the file is fetched from `exportPath(name)` within a day. `leftOut`: artifacts outside the workspace that are gone or were changed. */
  z.object({ kind: z.literal('exported'), name: z.string(), bytes: z.number(), runs: z.number(), artifacts: z.number(), leftOut: z.number() }),
  /** `known`: runs of the file that were here already. */
  z.object({ kind: z.literal('imported'), added: z.number(), known: z.number(), artifacts: z.number() }),
])
export type Transfer = z.infer<typeof TRANSFER>

/** One job of the queue, as lists and events carry it. Times are ISO 8601, UTC. */
export const JOB = z.object({
  id: z.string(),
  kind: JOB_KIND,
  /** Of a job of tuning; null for other jobs. */
  mode: TUNE_MODE.nullable(),
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
  /** Null before it is done, and for other jobs than `runs-export` and `runs-import`. */
  transfer: TRANSFER.nullable(),
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
