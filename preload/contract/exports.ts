import { z } from 'zod'
import { call } from './call.ts'
import { FAULT } from './fault.ts'
import { RUN_REF } from './run.ts'

/** The same sentence in both languages: it stands so in the bundle, too. */
const BILINGUAL = z.object({ en: z.string(), zh: z.string() })
const NAME = z.string().min(1).max(100)
const LANGUAGE = z.enum(['en', 'zh'])
/** Path of a file of the board's importer (that of an upload, say), whose names the tables take. */
const NAMES = z.string().min(1).max(4096)

export const EXPORT_CHECK = z.object({
  /** `opset`, `names`, `zero-range`, `gates`, `findings` … Several checks may share one. */
  id: z.string(),
  state: z.enum(['ok', 'note', 'warning', 'error']),
  what: BILINGUAL,
  /** Names of tensors, nodes, gates or rules. */
  where: z.array(z.string()),
  why: BILINGUAL.optional(),
  fix: BILINGUAL.optional(),
  /** What of it needs no person, as findings write it: ``Set `…`: …``, ``Rewrite `…`: …``. */
  fixes: z.array(z.string()).optional(),
})
export type ExportCheck = z.infer<typeof EXPORT_CHECK>

/** `names`: ending of the importer's own file, whose names its tables can take; null where there is none. */
const FORMAT = z.object({ name: z.string(), title: z.string(), names: z.string().nullable() })

export const EXPORT_BOARDS = z.object({
  boards: z.array(z.object({
    name: z.string(), title: z.string(), vendor: z.string(), toolchain: z.array(z.string()),
    /** `built-in`, or the path of a person's own profile. */
    origin: z.string(),
    formats: z.array(FORMAT),
    /** Worst first. */
    checks: z.array(EXPORT_CHECK),
    /** No check is an error. */
    ready: z.boolean(),
  })),
  /** All that can be added to any board. */
  formats: z.array(FORMAT),
  /** The board of the run's recipe. */
  board: z.string(),
  /** Absolute path of a zip that could be written, `{board}` in it to be filled in. */
  out: z.string(),
})
export type ExportBoards = z.infer<typeof EXPORT_BOARDS>

const BUNDLE_FILE = z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })

export const EXPORT_PREVIEW = z.object({
  checks: z.array(EXPORT_CHECK),
  files: z.array(z.object({
    path: z.string(),
    bytes: z.number(),
    /** What `bytes` is, as far as it is known before models are run and pictures packed: about, at most or at least this many. */
    size: z.enum(['exact', 'about', 'most', 'least']),
    /** Whole; null where the file is no text, or a long one. */
    text: z.string().nullable(),
    sha256: z.string().nullable(),
    /** Against the last export of this run's model for the board. unknown: what models compute is known once it is written. */
    change: z.enum(['new', 'changed', 'same', 'unknown']),
  })),
  bytes: z.number(),
  coverage: z.object({ rows: z.number(), matched: z.number() }),
  commands: z.array(z.object({ title: z.string(), lines: z.array(z.string()) })),
  /** Of the layers that lost most: float values that calibration saw, in equal bins of a window, and the range that the codes hold. */
  histograms: z.array(z.object({
    tensor: z.string(), op: z.string(), cosine: z.number().nullable(), sqnrDb: z.number().nullable(), from: z.number(), to: z.number(), counts: z.array(z.number()),
    range: z.tuple([z.number(), z.number()]), outsidePercent: z.number(),
  })),
  /** The last export of the same model for this board; null where there is none. `gone`: files that it had and this one has not. */
  last: z.object({ run: z.string(), created: z.string(), of: z.string(), gone: z.array(z.string()) }).nullable(),
})
export type ExportPreview = z.infer<typeof EXPORT_PREVIEW>

const BYTES: z.ZodType<Uint8Array> = z.instanceof(Uint8Array)

export const EXPORT_SHEET = z.object({
  /** By golden input: the window in which both outputs differ most, as PNGs. Empty where the model gives no picture. */
  rows: z.array(z.object({
    input: z.string(), width: z.number(), height: z.number(),
    tile: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
    float: BYTES, quantized: BYTES, difference: BYTES,
    /** What the difference is multiplied by; its greatest value, levels of 255. */
    gain: z.number(), maxLevels: z.number(),
    /** Quantized against float, luma of the whole output; null: no level differs. */
    psnrDb: z.number().nullable(),
  })),
})
export type ExportSheet = z.infer<typeof EXPORT_SHEET>

export const EXPORT_PLACE = z.object({
  /** Absolute. */
  out: z.string(),
  kind: z.enum(['folder', 'zip']),
  freeBytes: z.number(),
  /** An earlier bundle, or an empty folder, stands there and will be replaced. */
  replaces: z.boolean(),
  /** Why nothing can be written there. */
  fault: FAULT.nullable(),
})
export type ExportPlace = z.infer<typeof EXPORT_PLACE>

export const EXPORTED_BUNDLE = z.object({
  board: z.string(), formats: z.array(z.string()), out: z.string(), kind: z.enum(['folder', 'zip']),
  /** False: it was moved or removed since. */
  present: z.boolean(),
  /** Of the zip, or of the manifest of a folder. */
  sha256: z.string(), bytes: z.number(), forced: z.boolean(),
  coverage: z.object({ rows: z.number(), matched: z.number() }), checks: z.array(EXPORT_CHECK), files: z.array(BUNDLE_FILE),
})
export type ExportedBundle = z.infer<typeof EXPORTED_BUNDLE>

const RECENT_BUNDLE = z.object({
  /** Of the export, and of what was exported. */
  run: z.string(), of: z.string().nullable(), created: z.string(), board: z.string(), out: z.string(), bytes: z.number(),
  /** Path of the model. */
  model: z.string().nullable(),
})
export type RecentBundle = z.infer<typeof RECENT_BUNDLE>

const LAYER = z.object({
  node: z.string(), op: z.string(), tensor: z.string(), mode: z.enum(['accumulated', 'alone']),
  sqnrDb: z.number().nullable(), cosine: z.number().nullable(), mse: z.number().nullable(), maxAbs: z.number().nullable(), clippedPercent: z.number().nullable(),
})

export const SUSPICIONS = ['layout', 'channels', 'layout-and-channels', 'codes', 'scale-of-1', 'shape', 'not-finite', 'input-channels', 'input-layout'] as const

export const VERIFIED_BUNDLE = z.object({
  bundle: z.string(), board: z.string(),
  /** Id of the exported run, as the bundle says; it may be of another workspace. */
  of: z.string(),
  /** Everything was in order. */
  passed: z.boolean(),
  /** unlisted is told and no fault. */
  problems: z.array(z.object({ path: z.string(), kind: z.enum(['missing', 'changed', 'link', 'format', 'unlisted']), what: z.string() })),
  golden: z.array(z.object({ input: z.string(), model: z.enum(['float', 'simulated']), output: z.string(), exact: z.boolean(), cosine: z.number().nullable(), maxAbs: z.number().nullable(), passed: z.boolean() })),
  dump: z.object({
    /** Board against simulation, in the order of the graph. */
    layers: z.array(LAYER),
    /** The first in the graph is the one to look at; tensor '' is all of them. */
    diagnoses: z.array(z.object({ tensor: z.string(), suspicion: z.enum(SUSPICIONS), before: z.number(), after: z.number() })),
    outputs: z.array(z.string()),
    unmatched: z.array(z.object({ array: z.string(), nearest: z.array(z.string()) })),
    /** The dump before of the same run, board and golden input; null where this is the first. */
    against: z.string().nullable(),
    worse: z.array(z.object({ tensor: z.string(), beforeDb: z.number().nullable(), afterDb: z.number().nullable() })),
    gates: z.array(z.object({ rule: z.string(), measured: z.number().nullable(), passed: z.boolean() })),
  }).optional(),
})
export type VerifiedBundle = z.infer<typeof VERIFIED_BUNDLE>

/** Jobs of bundles, as `jobs.start` takes them. */
export const EXPORT_SPEC = z.strictObject({
  kind: z.literal('export'), run: RUN_REF, board: NAME,
  /** Absolute path of a folder, or of a file that ends with .zip. */
  out: z.string().min(1).max(4096),
  /** Exports although a check failed; the bundle says so. */
  force: z.boolean().default(false),
  formats: z.array(NAME).max(20).default([]), names: NAMES.optional(), language: LANGUAGE.default('en'),
})
export const VERIFY_SPEC = z.strictObject({
  kind: z.literal('verify'),
  /** Path of a bundle's folder or zip. */
  bundle: z.string().min(1).max(4096),
  /** Path of an .npz that a board gave (that of an upload, say), and which golden input it was fed. */
  outputs: z.string().min(1).max(4096).optional(), golden: z.int().min(0).max(1000).default(0),
})

/** What the export screen asks. Faults: `input.nothing-to-export`, `input.unknown-board`, `input.unknown-format`, `model.changed` … */
export const EXPORT_CALLS = {
  /** Every board with its readiness for a run: seconds at first, then milliseconds. */
  'export.boards': call(z.strictObject({ run: RUN_REF }), EXPORT_BOARDS),
  /** The bundle as it would be written, texts whole; nothing is written. */
  'export.preview': call(z.strictObject({ run: RUN_REF, board: NAME, formats: z.array(NAME).max(20).default([]), names: NAMES.optional(), language: LANGUAGE.default('en') }), EXPORT_PREVIEW),
  /** The golden pictures of a run as the report will show them: both models are run, seconds at most at first. */
  'export.sheet': call(z.strictObject({ run: RUN_REF }), EXPORT_SHEET),
  /** Whether a bundle could be written there. */
  'export.place': call(z.strictObject({ out: z.string().min(1).max(4096) }), EXPORT_PLACE),
  /** What a run of `export` wrote. */
  'export.bundle': call(z.strictObject({ run: RUN_REF }), EXPORTED_BUNDLE),
  /** A text of an earlier export's bundle as it was written; null where it is gone, was changed since, or is no text or a long one. */
  'export.earlier': call(z.strictObject({ run: RUN_REF, path: z.string().min(1).max(240) }), z.object({ text: z.string().nullable() })),
  /** Bundles that this workspace wrote and that are still there, the newest first. */
  'export.recent': call(z.strictObject({}), z.object({ bundles: z.array(RECENT_BUNDLE) })),
  /** What a run of `verify` found. */
  'export.verified': call(z.strictObject({ run: RUN_REF }), VERIFIED_BUNDLE),
} as const
