import { z } from 'zod'
import { call } from './call.ts'
import { GATE_REPORT, RUN_FILTER, RUN_REF, RUN_SUMMARY, type Difference, type LayerError, type RunSummary, type ScaleRow, type Versions } from './run.ts'

const TEXT = z.string().max(65_536)

/** Columns that the store sorts by. */
export const RUN_ORDER = z.enum([
  'created', 'run', 'verb', 'model', 'status', 'protocol', 'float', 'simulated', 'drop', 'latency', 'size', 'gates', 'worst', 'method', 'board', 'seconds', 'tags',
])
export type RunOrder = z.infer<typeof RUN_ORDER>

/** Numbers that a filter can bound: `drop<=0.1`, `worst<30` (dB SQNR of the worst layer), `latency`, `size` (ratios), `seconds`. */
export const RUN_NUMBER = z.enum(['float', 'simulated', 'drop', 'latency', 'size', 'worst', 'seconds'])
export const BOUND = z.strictObject({ number: RUN_NUMBER, sense: z.enum(['<', '<=', '>', '>=', '=']), value: z.number() })
export type Bound = z.infer<typeof BOUND>

export const RUN_PAGE_REQUEST = z.strictObject({
  filter: RUN_FILTER.omit({ limit: true, before: true }).extend({
    method: z.string().max(100).optional(),
    board: z.string().max(100).optional(),
    /** Only runs created at or after, and before, these moments (ISO 8601). */
    since: z.iso.datetime().optional(),
    until: z.iso.datetime().optional(),
    /** Only pinned baselines. */
    baseline: z.boolean().optional(),
    bounds: z.array(BOUND).max(20).optional(),
  }).default({}),
  /** The first counts most; runs of equal rank stand newest first. */
  sort: z.array(z.strictObject({ by: RUN_ORDER, down: z.boolean() })).max(8).default([]),
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(1000).default(200),
})
export type RunPageFilter = z.input<typeof RUN_PAGE_REQUEST>['filter']

const WAIVER = z.object({ rule: z.string(), reason: z.string(), created: z.string() })
export type Waiver = z.infer<typeof WAIVER>

/** What is written on a run beside its record. */
const MARKS = z.object({
  tags: z.array(z.string()),
  archived: z.boolean(),
  /** Markdown; '' where there is none. */
  note: z.string(),
  /** Kept for ever, newest last. */
  waivers: z.array(WAIVER),
  /** The run that is pinned as baseline of the same model (by SHA-256); it may be this one. */
  baseline: z.string().nullable(),
})
export type RunMarks = z.infer<typeof MARKS>

export interface LineageNode {
  readonly run: RunSummary
  /** 0: the run that was asked about; negative: what it came from; positive: what was made of it. */
  readonly depth: number
  /** What its recipe says otherwise than its parent's. */
  readonly changes: readonly Difference[]
}

/** The same key in 2–8 runs; entry i belongs to run i, undefined or null where it has none. */
export interface ComparedRuns {
  readonly runs: readonly RunSummary[]
  readonly facts: readonly { readonly key: string; readonly values: readonly unknown[] }[]
  readonly recipe: readonly { readonly key: string; readonly values: readonly unknown[] }[]
  readonly metrics: readonly { readonly protocol: string; readonly version: keyof Versions; readonly values: readonly (number | null)[] }[]
  readonly scales: readonly { readonly tensor: string; readonly kind: ScaleRow['kind']; readonly values: readonly (ScaleRow | null)[] }[]
  readonly layers: readonly { readonly tensor: string; readonly node: string; readonly op: string; readonly mode: LayerError['mode']; readonly values: readonly (LayerError | null)[] }[]
}

const parts = z.array(z.looseObject({}))
const LINEAGE = z.object({ nodes: parts }) as unknown as z.ZodType<{ nodes: readonly LineageNode[] }>
const COMPARED = z.looseObject({ runs: parts, facts: parts, recipe: parts, metrics: parts, scales: parts, layers: parts }) as unknown as z.ZodType<ComparedRuns>

/** The recorded runs as a whole: pages, relations, and what people write on them. */
export const HISTORY_CALLS = {
  /** One page of the list, filtered and sorted by the store. */
  'runs.page': call(RUN_PAGE_REQUEST, z.object({ total: z.number(), runs: z.array(RUN_SUMMARY) })),
  'runs.marks': call(z.strictObject({ run: RUN_REF }), MARKS),
  /** Ancestors and descendants, the oldest first. */
  'runs.lineage': call(z.strictObject({ run: RUN_REF }), LINEAGE),
  /** 2–8 runs side by side. Only rows that differ, unless `all`. */
  'runs.compare': call(z.strictObject({ runs: z.array(RUN_REF).min(2).max(8), all: z.boolean().default(false) }), COMPARED),
  'runs.note': call(z.strictObject({ run: RUN_REF, text: TEXT }), z.object({ note: z.string() }), true),
  /** Pins a run as the baseline of its model, or takes the pin away. Fault `input.no-model` where the run names none. */
  'runs.pin': call(z.strictObject({ run: RUN_REF, pinned: z.boolean() }), z.object({ baseline: z.string().nullable() }), true),
  /** Accepts a failed gate of a run, with a reason that stays. Faults `input.no-gate`, `input.gate-passed`. */
  'runs.waive': call(z.strictObject({ run: RUN_REF, rule: z.string().min(1).max(500), reason: z.string().trim().min(3).max(2000) }), z.object({ waivers: z.array(WAIVER) }), true),
  /** The run's gates against the pinned baseline of its model. Fault `input.no-baseline` where none is pinned. */
  'runs.gateBaseline': call(z.strictObject({ run: RUN_REF }), GATE_REPORT),
} as const

/** Where the bytes of an export are (GET, same origin in both doors). */
export const exportPath = (name: string): string => `/export/${encodeURIComponent(name)}`
