import type { LayerChange } from '../../../preload/contract/index.ts'

/** What is to become of one tensor; what is absent stays as the run has it. */
export interface LayerDraft {
  readonly lo?: number
  readonly hi?: number
  readonly method?: string
  readonly bits?: 8 | 16
  readonly float?: boolean
  /** Factor of the threshold that the method picks. */
  readonly scale?: number
}

export type Drafts = Readonly<Record<string, LayerDraft>>

/** One step that can be taken back. */
export interface Edit {
  readonly changes: readonly { readonly tensor: string; readonly before: LayerDraft | null; readonly after: LayerDraft | null }[]
  /** Edits that follow one another with the same tag are one step. */
  readonly tag: string
}

/** All edits of a run's drafts; the first `done` of them are in force. */
export interface DraftLog {
  readonly edits: readonly Edit[]
  readonly done: number
}

export const NO_EDITS: DraftLog = { edits: [], done: 0 }

export function draftsOf({ edits, done }: DraftLog): Drafts {
  const drafts: Record<string, LayerDraft> = {}
  for (const { changes } of edits.slice(0, done)) {
    for (const { tensor, after } of changes) {
      if (after === null) delete drafts[tensor]
      else drafts[tensor] = after
    }
  }
  return drafts
}

/** A range and a method speak of the same: the one that is set takes the other away. `undefined` takes a key away. */
export function withDraft(draft: LayerDraft | undefined, change: { readonly [K in keyof LayerDraft]: LayerDraft[K] | undefined }): LayerDraft | null {
  const replaced = change.lo !== undefined || change.hi !== undefined ? { method: undefined, scale: undefined } : change.method !== undefined || change.scale !== undefined ? { lo: undefined, hi: undefined } : {}
  const next = Object.fromEntries(Object.entries({ ...draft, ...replaced, ...change }).filter(([, value]) => value !== undefined))
  return Object.keys(next).length === 0 ? null : next
}

/** Puts drafts of tensors; null takes one away. What was taken back before is lost. Nothing changes where all stays the same. */
export function edited(log: DraftLog, puts: Readonly<Record<string, LayerDraft | null>>, tag = ''): DraftLog {
  const drafts = draftsOf(log)
  const changes = Object.entries(puts)
    .map(([tensor, after]) => ({ tensor, before: drafts[tensor] ?? null, after }))
    .filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after))
  if (changes.length === 0) return log
  const kept = log.edits.slice(0, log.done)
  const last = kept.at(-1)
  const [change] = changes
  const joins = tag !== '' && last?.tag === tag && last.changes.length === 1 && changes.length === 1 && last.changes[0]!.tensor === change!.tensor
  const edits = joins ? [...kept.slice(0, -1), { changes: [{ ...change!, before: last.changes[0]!.before }], tag }] : [...kept, { changes, tag }]
  return { edits, done: edits.length }
}

export const undone = (log: DraftLog): DraftLog => ({ ...log, done: Math.max(0, log.done - 1) })
export const redone = (log: DraftLog): DraftLog => ({ ...log, done: Math.min(log.edits.length, log.done + 1) })

/** Takes every draft away, as one step. */
export const withoutDrafts = (log: DraftLog): DraftLog => edited(log, Object.fromEntries(Object.keys(draftsOf(log)).map((tensor) => [tensor, null])))

/**
 * The recipe's words for a draft of a tensor whose range is `own`. Where a method or rule found nothing below 0 and nothing is wanted there,
 * the upper end is the threshold that boards know.
 */
export function changeOf(draft: LayerDraft, own: { readonly lo: number; readonly hi: number; readonly method: string }): LayerChange {
  const change: LayerChange = {}
  if (draft.lo !== undefined || draft.hi !== undefined) {
    const range: [number, number] = [draft.lo ?? own.lo, draft.hi ?? own.hi]
    const isThreshold = range[0] === 0 && own.lo === 0 && own.method !== 'threshold'
    Object.assign(change, { threshold: isThreshold ? range[1] : null, range: isThreshold ? null : range, method: null, th_scale: null })
  }
  if (draft.method !== undefined) Object.assign(change, { method: draft.method, threshold: null, range: null })
  if (draft.scale !== undefined) Object.assign(change, { th_scale: draft.scale === 1 ? null : draft.scale, threshold: null, range: null })
  if (draft.bits !== undefined) change.bits = draft.bits
  if (draft.float !== undefined) change.forward_with_float = draft.float ? true : null
  return change
}
