import { z } from 'zod'
import type { Run } from '../core/run.ts'
import type { Waiver } from './marks.ts'

/** What the history file says it is, in its `manifest.json`. */
export const HISTORY_FORMAT = 'scalewright-history'
export const HISTORY_VERSION = 1
export const MANIFEST_NAME = 'manifest.json'

export const RUN_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const SHA256 = z.string().regex(/^[0-9a-f]{64}$/)
const ID = z.string().regex(RUN_ID)
const COUNT = z.int().min(0)
const MOMENT = z.iso.datetime()
/** NaN and infinite numbers too. */
const REAL = z.custom<number>((value) => typeof value === 'number', 'a number')
const VALUE = REAL.nullable()
const VERSIONS = { float: VALUE, simulated: VALUE, fused: VALUE }
const TIMING = z.looseObject({ median: REAL, min: REAL, spread: REAL, runs: COUNT })
const SAMPLES = z.looseObject({ count: COUNT, sha256: z.string(), skipped: COUNT })

/** Artifacts lie in the file, and in every workspace, under their content; no other place may be named. */
const ARTIFACT_PATH = /^artifacts\/([0-9a-f]{2})\/(\1[0-9a-f]{62})(\.[a-z0-9]{1,12})?$/

/** A recorded run with its outcome. Artifacts have the path that they have below a workspace. */
const RUN = z.looseObject({
  run: ID, parent: ID.nullable(),
  verb: z.enum(['run', 'calibrate', 'quantize', 'compare', 'demo', 'inspect', 'rewrite', 'audit', 'tune', 'export', 'verify', 'weights', 'import']),
  status: z.enum(['done', 'failed', 'cancelled']),
  created: MOMENT, seconds: z.number().min(0),
  fault: z.looseObject({ code: z.string().regex(/^(?:input|model|samples|recipe|workspace|engine|bug)\./), what: z.string(), where: z.string().optional(), next: z.string().optional() }).optional(),
  model: z.looseObject({ path: z.string(), sha256: SHA256, bytes: COUNT, parameters: COUNT, macsPerSample: REAL }).optional(),
  samples: z.looseObject({ calibration: SAMPLES.optional(), evaluation: SAMPLES.optional() }).optional(),
  calibration: z.looseObject({ seconds: REAL, inferenceSeconds: REAL, bareInferenceSeconds: VALUE, peakRssBytes: REAL }).optional(),
  quality: z.looseObject({
    protocol: z.string(), unit: z.enum(['dB', 'ratio', '%']), ...VERSIONS,
    perSample: z.array(z.looseObject({ sample: z.string().min(1), ...VERSIONS })), others: z.record(z.string(), z.object(VERSIONS)),
    besides: z.record(z.string(), z.array(z.looseObject({ sample: z.string().min(1), ...VERSIONS }))).optional(),
  }).optional(),
  latency: z.looseObject({ protocol: z.string(), floatMs: TIMING, fusedMs: TIMING, ratio: REAL }).optional(),
  size: z.looseObject({ floatBytes: COUNT, quantizedBytes: COUNT, ratio: REAL }).optional(),
  scales: z.array(z.looseObject({
    tensor: z.string(), kind: z.enum(['activation', 'weight', 'bias']), type: z.string(), granularity: z.enum(['tensor', 'channel']), axis: z.int().nullable(),
    scale: z.array(REAL), zeroPoint: z.array(REAL), lo: REAL, hi: REAL, method: z.string(), float: z.boolean(), reason: z.string(),
  })).optional(),
  layers: z.array(z.looseObject({
    node: z.string(), op: z.string(), tensor: z.string(), mode: z.enum(['accumulated', 'alone']),
    sqnrDb: REAL, cosine: REAL, mse: REAL, maxAbs: REAL, clippedPercent: REAL,
  })).optional(),
  operators: z.array(z.looseObject({ node: z.string(), op: z.string(), version: z.enum(['float', 'fused']), us: REAL })).optional(),
  proofs: z.array(z.looseObject({
    rewrite: z.string(), nodes: z.array(z.string()), verdict: z.enum(['exact', 'within tolerance', 'broken']), maxAbs: REAL, inputs: COUNT, borders: z.boolean(),
    relative: REAL.optional(), ulp: REAL.optional(), edgeMaxAbs: REAL.optional(),
    worst: z.looseObject({ output: z.string(), input: z.string(), position: z.array(COUNT), what: z.string() }).nullable().optional(),
    tried: z.array(z.looseObject({ input: z.string(), seed: REAL.nullable(), maxAbs: REAL })).optional(),
    outputs: z.array(z.looseObject({ output: z.string(), maxAbs: REAL, edgeMaxAbs: REAL, insideMaxAbs: REAL, relative: REAL, ulp: REAL })).optional(),
  })).optional(),
  findings: z.array(z.looseObject({
    rule: z.string(), severity: z.enum(['error', 'warning', 'note']), node: z.string(), tensor: z.string(), what: z.string(), why: z.string(), fix: z.string(),
  })).optional(),
  gates: z.array(z.looseObject({ rule: z.string(), measured: VALUE, passed: z.boolean() })).optional(),
  artifacts: z.array(z.looseObject({ role: z.string().regex(/^[a-z0-9-]{1,64}$/), path: z.string().regex(ARTIFACT_PATH), sha256: SHA256, bytes: COUNT })
    .refine(({ path, sha256 }) => ARTIFACT_PATH.exec(path)?.[2] === sha256, 'the path of an artifact is not that of its content')).optional(),
  notes: z.array(z.string()).optional(),
  trials: z.array(z.looseObject({ stage: z.string(), settings: z.array(z.string()), samples: COUNT, key: z.string(), protocol: z.string(), score: VALUE, nsr: VALUE, fault: z.string().nullable() })).optional(),
  sensitivity: z.array(z.looseObject({ unit: z.string(), nodes: z.array(z.string()), tensors: z.array(z.string()), rank: COUNT, alone: REAL, cumulativeShare: REAL })).optional(),
  pareto: z.array(z.looseObject({ settings: z.array(z.string()), nsr: REAL, predictedNsr: REAL, bitMacs: REAL, bytes: REAL, front: z.boolean(), chosen: z.boolean() })).optional(),
  environment: z.looseObject({ scalewright: z.string(), onnxruntime: z.string(), node: z.string(), cpu: z.string(), threads: COUNT }),
})

/** One run of the file, `runs/<id>.json`: the record and what was written on it. */
export const RUN_DOCUMENT = z.strictObject({
  run: RUN as unknown as z.ZodType<Run>,
  marks: z.strictObject({
    tags: z.array(z.string().min(1).max(100)),
    archived: z.boolean(),
    note: z.string().max(65_536),
    waivers: z.array(z.strictObject({ rule: z.string(), reason: z.string(), created: MOMENT })) as z.ZodType<Waiver[]>,
    /** Whether it was pinned as the baseline of its model. */
    pinned: z.boolean(),
  }),
})
export type RunDocument = z.infer<typeof RUN_DOCUMENT>

export const MANIFEST = z.looseObject({
  format: z.literal(HISTORY_FORMAT),
  version: z.literal(HISTORY_VERSION),
  created: MOMENT,
  /** The version of the program that wrote it. */
  scalewright: z.string(),
  /** Every run, with the SHA-256 of its document. */
  runs: z.array(z.strictObject({ id: ID, sha256: SHA256 })),
  /** Every artifact that lies in the file, as `artifacts/<sha256>`. */
  artifacts: z.array(z.strictObject({ sha256: SHA256, bytes: COUNT })),
})
export type Manifest = z.infer<typeof MANIFEST>

export const runName = (id: string): string => `runs/${id}.json`
export const artifactName = (sha256: string): string => `artifacts/${sha256}`

const NOT_FINITE = '$number'

/** JSON that keeps every number: those it has no word for stand as `{"$number": "NaN"}`. */
export const documentText = (document: RunDocument): string =>
  JSON.stringify(document, (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? { [NOT_FINITE]: String(value) } : value))

/** The same back, unchecked. Throws SyntaxError for what is no JSON. */
export const parseDocument = (text: string): unknown =>
  // Looking at every value takes longer than all the rest, and most documents need it not.
  text.includes(`"${NOT_FINITE}"`) ? (JSON.parse(text, (_key, value: unknown) => numberOf(value)) as unknown) : (JSON.parse(text) as unknown)

function numberOf(value: unknown): unknown {
  const written = value !== null && typeof value === 'object' && Object.keys(value).length === 1 ? (value as Record<string, unknown>)[NOT_FINITE] : undefined
  return written === 'NaN' || written === 'Infinity' || written === '-Infinity' ? Number(written) : value
}
