import { z } from 'zod'
import { call } from './call.ts'
import { EXPORT_CALLS } from './exports.ts'
import { HISTORY_CALLS } from './history.ts'
import { INTAKE_CALLS } from './intake.ts'
import { JOB, JOB_DETAIL, JOB_SPEC } from './job.ts'
import { METHODS_CALLS } from './methods.ts'
import { MODEL_CALLS } from './model.ts'
import { LAYER_CALLS } from './layers.ts'
import { PICTURE_CALLS } from './pictures.ts'
import { SAMPLES_CALLS } from './samples.ts'
import { ASSIGNMENT, CHECKED_RECIPE, RECIPE_CHOICES, RECIPE_JSON, RECIPE_TEXT } from './recipe.ts'
import { REWRITE_CALLS } from './rewrite.ts'
import { GATE_REPORT, RUN, RUN_DIFF, RUN_FILTER, RUN_REF, RUN_SUMMARY } from './run.ts'
import { HISTOGRAM, HISTOGRAM_REQUEST, TENSORS, THRESHOLDS, THRESHOLDS_REQUEST, WHAT_IF, WHAT_IF_REQUEST } from './statistics.ts'
import { TUNE_CALLS } from './tune.ts'
import { UPLOAD_CALLS } from './uploads.ts'

const NOTHING = z.strictObject({})
const JOB_ID = z.strictObject({ id: z.string().min(1).max(64) })
const TAG = z.string().min(1).max(100).regex(/^\S(.*\S)?$/u, 'a text that does not begin or end with a blank')

const APP_INFO = z.object({
  version: z.string(),
  /** Absolute folder, to be shown only. */
  workspace: z.string(),
  /** False: calls that write answer `workspace.read-only-door`. */
  writable: z.boolean(),
  /** page: served on loopback, the browser owns some keys. window: the desktop app. */
  door: z.enum(['page', 'window']),
  /** Folder that relative paths count from. */
  folder: z.string(),
  platform: z.string(),
  node: z.string(),
  cpu: z.string(),
  cores: z.number(),
  /** Threads that a job gets unless its recipe says another number. */
  threads: z.number(),
  memoryBytes: z.object({ total: z.number(), free: z.number() }),
  /** Where the workspace lies. */
  diskFreeBytes: z.number(),
})
export type AppInfo = z.infer<typeof APP_INFO>

const DOCTOR_REPORT = z.object({
  ok: z.boolean(),
  environment: z.object({ scalewright: z.string(), onnxruntime: z.string(), node: z.string(), cpu: z.string(), threads: z.number() }),
  checks: z.array(z.object({ name: z.string(), status: z.enum(['ok', 'warning', 'failed']), value: z.string(), next: z.string().optional() })),
})
export type DoctorReport = z.infer<typeof DOCTOR_REPORT>

/**
 * Every call between the window and the app: what goes in, what comes out, and whether it writes. Both sides check both.
 * Requests are JSON; replies are envelopes (`encodeReply`), faults included. A call that may last longer than a second is a job.
 */
export const CALLS = {
  /** At once. */
  'app.info': call(NOTHING, APP_INFO),
  /** Telling instruction sets of this CPU, as the engine sees them; empty where the system does not say. The first answer takes an engine. */
  'app.instructions': call(NOTHING, z.object({ instructions: z.array(z.string()) })),
  /** Starts an engine and checks the whole workspace: seconds. */
  'app.doctor': call(NOTHING, DOCTOR_REPORT),

  ...MODEL_CALLS,
  ...INTAKE_CALLS,

  /** The recipe of the bundled sample, paths absolute: text and JSON as `recipe.check` gives them. */
  'recipe.bundled': call(NOTHING, z.object({ text: z.string(), recipe: RECIPE_JSON })),
  /** A recipe file, paths in it made absolute. Faults: `input.*`, `recipe.*`. */
  'recipe.open': call(z.strictObject({ path: z.string().min(1).max(4096) }), z.object({ text: z.string(), recipe: RECIPE_JSON })),
  /** Checks a text, after assignments where given. What is wrong with the recipe is a reply (`ok: false`), not a fault. */
  'recipe.check': call(z.strictObject({ text: RECIPE_TEXT, set: z.array(ASSIGNMENT).max(1000).default([]) }), CHECKED_RECIPE),
  /** JSON (of a run, say) as a recipe file. Faults: `recipe.*`. */
  'recipe.text': call(z.strictObject({ recipe: RECIPE_JSON }), z.object({ text: z.string() })),
  /** What forms can offer. */
  'recipe.choices': call(NOTHING, RECIPE_CHOICES),

  /** Puts a job at the end of the queue; one runs at a time. A recipe that is wrong is a fault `recipe.*` here, and nothing is queued. */
  'jobs.start': call(JOB_SPEC, JOB, true),
  /** The newest first: all that wait or run, and the last hundred that ended since the program began. */
  'jobs.list': call(NOTHING, z.object({ jobs: z.array(JOB) })),
  /** Fault `input.unknown-job` where the id is not in the list. */
  'jobs.get': call(JOB_ID, JOB_DETAIL),
  /** A queued job ends at once, a running one within three seconds; one that ended stays as it is. */
  'jobs.cancel': call(JOB_ID, JOB, true),
  /** A running job rests after the picture, layer or turn that it is at; one that ended stays as it is. */
  'jobs.pause': call(JOB_ID.extend({ paused: z.boolean() }), JOB, true),

  /** Newest first. */
  'runs.list': call(RUN_FILTER, z.object({ runs: z.array(RUN_SUMMARY) })),
  /** `best`: which of the run's trials is the best so far, by its place; null where it has none. */
  'runs.show': call(z.strictObject({ run: RUN_REF }), z.object({ run: RUN, tags: z.array(z.string()), archived: z.boolean(), best: z.int().nullable() })),
  /** Only what differs, unless `all`. */
  'runs.diff': call(z.strictObject({ a: RUN_REF, b: RUN_REF, all: z.boolean().default(false) }), RUN_DIFF),
  /** Rules of `gates` (`psnr_y_drop_db: 0.1`) where given, else those of the run's recipe. */
  'runs.gate': call(z.strictObject({ run: RUN_REF, baseline: RUN_REF, gates: z.record(z.string(), z.number()).optional() }), GATE_REPORT),
  /** Gives all tags of the run afterwards. */
  'runs.tag': call(
    z.strictObject({ run: RUN_REF, add: z.array(TAG).max(100).default([]), remove: z.array(TAG).max(100).default([]) }),
    z.object({ tags: z.array(z.string()) }), true,
  ),
  /** Archived runs are kept whole and left out of lists; false takes one back. */
  'runs.archive': call(z.strictObject({ run: RUN_REF, archived: z.boolean() }), z.object({ archived: z.boolean() }), true),

  /** These four read the Statistics that a run used; fault `input.no-statistics` where it keeps none. Milliseconds once warm. */
  'statistics.tensors': call(z.strictObject({ run: RUN_REF }), TENSORS),
  'statistics.histogram': call(HISTOGRAM_REQUEST, HISTOGRAM),
  'statistics.whatIf': call(WHAT_IF_REQUEST, WHAT_IF),
  'statistics.thresholds': call(THRESHOLDS_REQUEST, THRESHOLDS),

  ...HISTORY_CALLS,
  ...PICTURE_CALLS,
  ...REWRITE_CALLS,
  ...SAMPLES_CALLS,
  ...TUNE_CALLS,
  ...UPLOAD_CALLS,
  ...EXPORT_CALLS,
  ...LAYER_CALLS,
  ...METHODS_CALLS,
} as const

export type CallName = keyof typeof CALLS
/** What the caller writes: keys with defaults may be left out. */
export type RequestOf<N extends CallName> = z.input<(typeof CALLS)[N]['request']>
/** What the handler gets: defaults filled in. */
export type CheckedRequestOf<N extends CallName> = z.output<(typeof CALLS)[N]['request']>
export type ReplyOf<N extends CallName> = z.output<(typeof CALLS)[N]['reply']>

/** What stands behind every door. A handler throws faults. */
export type Handlers = { readonly [N in CallName]: (request: CheckedRequestOf<N>) => Promise<ReplyOf<N>> | ReplyOf<N> }

export const isCallName = (name: string): name is CallName => Object.hasOwn(CALLS, name)
export const CALL_NAMES = Object.keys(CALLS) as readonly CallName[]

/** Where the bytes of a run's artifact are (GET, same origin in both doors): `picture`, `quantized-model`, `statistics`, `recipe` … */
export const artifactPath = (run: string, role: string): string => `/artifact/${encodeURIComponent(run)}/${encodeURIComponent(role)}`
