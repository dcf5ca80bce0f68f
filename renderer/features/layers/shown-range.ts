import type { CodeType, Grid, PlannedTensor, Thresholds } from '../../../preload/contract/index.ts'
import type { Bounds, End, Limits } from './axis.ts'
import type { LayerDraft } from './draft.ts'
import type { LayerRow } from './rows.ts'

export type Method = Thresholds['methods'][number]

/** The codes of a tensor with other bits. */
export function gridWith({ type, symmetric, reduced }: NonNullable<PlannedTensor['grid']>, bits: 8 | 16 | undefined): Grid {
  const wanted = bits === undefined ? type : (type.replace(/\d+/, String(bits)) as CodeType)
  return { type: wanted, symmetric, ...(reduced && wanted.endsWith('int8') ? { reduced } : {}) }
}

/** The range that a draft gives a tensor, as far as it can be told before the plan is made again; the run's own without a draft. */
export function rangeOf(row: LayerRow, draft: LayerDraft | undefined, methods: readonly Method[], currentScale: number): Bounds {
  const own = { lo: row.lo ?? 0, hi: row.hi ?? 0 }
  if (draft === undefined) return own
  if (draft.lo !== undefined || draft.hi !== undefined) return { lo: draft.lo ?? own.lo, hi: draft.hi ?? own.hi }
  const factor = draft.scale ?? (draft.method === undefined ? currentScale : 1)
  const rescaled = draft.bits !== undefined && row.plan?.fixed === null ? methods.find(({ name }) => name === row.method) : undefined
  const picked = methods.find(({ name }) => name === draft.method) ?? rescaled
  if (picked) return { lo: picked.lo * factor, hi: picked.hi * factor }
  return draft.scale === undefined ? own : { lo: (own.lo / currentScale) * factor, hi: (own.hi / currentScale) * factor }
}

/** Ends that mean something: a tensor without values below 0 has no lower one. */
export const endsOf = ({ min, max }: { readonly min: number; readonly max: number }, { lo, hi }: Bounds): readonly End[] =>
  [...(min < 0 || lo < 0 ? (['lo'] as const) : []), ...(max > 0 || hi > 0 || min >= 0 ? (['hi'] as const) : [])]

/** How far an end can be dragged or keyed: over what was seen, and what stands there already. A typed value may lie beyond. */
export const limitsOf = ({ min, max }: { readonly min: number; readonly max: number }, { lo, hi }: Bounds): Limits => ({ least: Math.min(min, lo, 0), most: Math.max(max, hi, 0) })

/** The method that is expected to lose least; ties go to the first. */
export const bestOf = (methods: readonly Method[]): Method | undefined =>
  methods.reduce<Method | undefined>((best, method) => (best === undefined || method.predictedSqnrDb > best.predictedSqnrDb + 1e-9 ? method : best), undefined)

/** Methods that pick the same range under one name: `max · kl`. */
export function groupedMethods(methods: readonly Method[]): readonly { readonly name: string; readonly range: Bounds; readonly best: boolean }[] {
  const best = bestOf(methods)
  const groups = Map.groupBy(methods, ({ lo, hi }) => `${lo} ${hi}`)
  return [...groups.values()].map((group) => ({ name: group.map(({ name }) => name).join(' · '), range: { lo: group[0]!.lo, hi: group[0]!.hi }, best: best !== undefined && group.includes(best) }))
}
