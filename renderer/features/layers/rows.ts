import type { LayerError, PlannedTensor, Run, ScaleRow } from '../../../preload/contract/index.ts'
import type { Drafts, LayerDraft } from './draft.ts'

export type ErrorMode = LayerError['mode']

/** One tensor of a run: how it is coded, and what that costs. */
export interface LayerRow {
  readonly key: string
  /** Place in the model, from 1; constants come behind. */
  readonly place: number
  readonly tensor: string
  readonly kind: ScaleRow['kind']
  readonly node: string
  /** Operators computed as one: `Conv+Relu`. */
  readonly op: string
  readonly type: ScaleRow['type']
  readonly bits: number
  readonly method: string
  /** What makes it computes in float; it may carry codes all the same. */
  readonly float: boolean
  /** Null without codes. */
  readonly lo: number | null
  readonly hi: number | null
  /** Of the first channel, and the others' where there are several. */
  readonly scale: readonly number[]
  readonly zeroPoint: readonly number[]
  readonly sqnrDb: number | null
  readonly cosine: number | null
  readonly mse: number | null
  readonly maxAbs: number | null
  readonly clippedPercent: number | null
  /** Of the noise over signal of all rows of this mode. */
  readonly share: number | null
  /** Against the parent run, dB. */
  readonly delta: number | null
  readonly reason: string
  /** What the run's plan says of it; absent for constants and where there is no plan. */
  readonly plan: PlannedTensor | undefined
  /** Other tensors on the same scale. */
  readonly ties: readonly string[]
  readonly draft: LayerDraft | undefined
}

export interface Joined {
  readonly run: Pick<Run, 'scales' | 'layers'>
  readonly plan: readonly PlannedTensor[]
  readonly mode: ErrorMode
  readonly parent: Pick<Run, 'layers'> | undefined
}

const EXACT_DB = 120
export const isExact = ({ sqnrDb }: Pick<LayerRow, 'sqnrDb'>): boolean => sqnrDb !== null && sqnrDb >= EXACT_DB

const errorsOf = (run: Pick<Run, 'layers'> | undefined, mode: ErrorMode): ReadonlyMap<string, LayerError> =>
  new Map((run?.layers ?? []).filter((layer) => layer.mode === mode).map((layer) => [layer.tensor, layer]))

/** Scale rows, layer errors of one mode and the plan as one row a tensor: activations in the order of the model, float ones among them, then constants. */
export function joinedRows({ run, plan, mode, parent }: Joined): readonly LayerRow[] {
  const errors = errorsOf(run, mode)
  const before = errorsOf(parent, mode)
  const noise = new Map([...errors].map(([tensor, { sqnrDb }]) => [tensor, 10 ** (-sqnrDb / 10)]))
  const all = [...noise.values()].reduce((sum, each) => sum + each, 0)
  const scales = run.scales ?? []
  const coded = new Map(scales.filter((row) => row.kind === 'activation').map((row) => [row.tensor, row]))
  const groups = Map.groupBy(plan.filter((each) => each.grid !== null), (each) => each.group)
  const planned = plan.flatMap((each) => (each.grid === null ? [{ each, row: floatRow(each) }] : coded.has(each.tensor) ? [{ each, row: coded.get(each.tensor)! }] : []))
  const known = new Set(planned.map(({ each }) => each.tensor))
  const others = scales.filter((row) => row.kind !== 'activation' || !known.has(row.tensor))
  return [...planned, ...others.map((row) => ({ each: undefined, row }))].map(({ each, row }, index) => {
    const error = row.kind === 'activation' ? errors.get(row.tensor) : undefined
    const earlier = before.get(row.tensor)
    return {
      key: `${row.kind} ${row.tensor}`, place: index + 1, tensor: row.tensor, kind: row.kind, node: error?.node ?? each?.node ?? '',
      op: each === undefined ? (error?.op ?? '') : each.ops.join('+'), type: row.type, bits: Number(/\d+$/.exec(row.type)?.[0] ?? 32), method: row.float ? 'float' : row.method, float: row.float || (each?.float ?? null) !== null,
      lo: row.float ? null : row.lo, hi: row.float ? null : row.hi, scale: row.scale, zeroPoint: row.zeroPoint,
      sqnrDb: error?.sqnrDb ?? null, cosine: error?.cosine ?? null, mse: error?.mse ?? null, maxAbs: error?.maxAbs ?? null, clippedPercent: error?.clippedPercent ?? null,
      share: error === undefined || all === 0 ? null : noise.get(row.tensor)! / all,
      delta: error === undefined || earlier === undefined ? null : error.sqnrDb - earlier.sqnrDb,
      reason: row.reason, plan: each, ties: (groups.get(each?.group ?? '') ?? []).map(({ tensor }) => tensor).filter((tensor) => tensor !== row.tensor), draft: undefined,
    }
  })
}

/** The same rows with the drafts on them; a draft of any tensor of a scale marks them all. */
export function withDrafts(rows: readonly LayerRow[], drafts: Drafts): readonly LayerRow[] {
  if (Object.keys(drafts).length === 0) return rows
  return rows.map((row) => {
    if (row.kind !== 'activation') return row
    const draft = drafts[row.tensor] ?? row.ties.map((tensor) => drafts[tensor]).find((each) => each !== undefined)
    return draft === undefined ? row : { ...row, draft }
  })
}

const floatRow = ({ tensor, float }: PlannedTensor): ScaleRow => ({
  tensor, kind: 'activation', type: 'float32', granularity: 'tensor', axis: null, scale: [], zeroPoint: [], lo: 0, hi: 0, method: 'float', float: true, reason: float ?? '',
})

/** The row that lost most; undefined where nothing was measured or all is exact. */
export const worstOf = (rows: readonly LayerRow[]): LayerRow | undefined =>
  rows.reduce<LayerRow | undefined>((worst, row) => (row.sqnrDb !== null && !isExact(row) && (worst === undefined || row.sqnrDb < worst.sqnrDb!) ? row : worst), undefined)
