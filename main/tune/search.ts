import type { TrialScore } from '../core/best-trial.ts'
import { shownName } from '../core/shown-name.ts'

/** What a search may change, a list of assignments (as after `--set`) each; the recipe as it is stands for every axis too. */
export interface SearchSpace {
  /** Tried in every combination: threshold methods, granularities, equalization … */
  readonly grid: readonly (readonly (readonly string[])[])[]
  /** Tried one after the other on the best of them. */
  readonly switches: readonly (readonly (readonly string[])[])[]
  /** Threshold methods that are tried tensor by tensor; empty: none are. */
  readonly methods: readonly string[]
  /** What fine-tunes on top of other settings; empty: nothing does. */
  readonly finetune: readonly string[]
  /** Largest share of multiply-accumulates that may be left in float; 0: none is. */
  readonly floatShare: number
  /** Sample counts of the stages, growing; the last is all there are. */
  readonly samples: { readonly few: number; readonly many: number; readonly all: number }
}

/** A unit that has choices of its own, the most sensitive first. */
export interface SearchUnit {
  /** Its name for `quantize.layers`. */
  readonly layer: string
  /** Whether a threshold method means anything for it. */
  readonly coded: boolean
  /** null: it computes nothing. */
  readonly macsShare: number | null
}

export interface TrialWish {
  readonly stage: 'start' | 'grid' | 'switches' | 'finetune' | 'layers' | 'float' | 'final'
  readonly settings: readonly string[]
  readonly samples: number
}

/** `units`: the search waits for who is sensitive; `done`: its stages are through. */
export type SearchStep = { readonly next: 'trial'; readonly wish: TrialWish } | { readonly next: 'units' } | { readonly next: 'done' }

export const wishKey = ({ settings, samples }: Pick<TrialWish, 'settings' | 'samples'>): string => JSON.stringify([samples, settings])

/** The best of the first stage that go on, and of the second. */
const KEPT_FIRST = 4
const KEPT_SECOND = 2
/** A tensor's own method must take this share of the noise away: less is chance. */
const LEAST_GAIN = 0.002

/**
 * The next step of a search (ALGORITHMS 8.5) from what has been measured so far. Deterministic: the same results lead to the same trials
 * in the same order, so a search that was interrupted goes on as if it had not been.
 */
export function nextStep(space: SearchSpace, known: ReadonlyMap<string, TrialScore>, units: readonly SearchUnit[] | null): SearchStep {
  const walk = stages(space, units)
  for (let step = walk.next(); ; ) {
    if (step.done) return { next: 'done' }
    if (step.value === 'units') return { next: 'units' }
    const score = known.get(wishKey(step.value))
    if (score === undefined) return { next: 'trial', wish: step.value }
    step = walk.next(score)
  }
}

type Walk<T> = Generator<TrialWish | 'units', T, TrialScore>

interface Candidate {
  readonly settings: readonly string[]
  readonly nsr: number
}

function* measure(stage: TrialWish['stage'], settings: readonly string[], samples: number): Walk<Candidate> {
  const { nsr } = yield { stage, settings, samples }
  return { settings, nsr: nsr ?? Infinity }
}

/** Least noise first; of equals the one that was tried first. */
const best = (candidates: readonly Candidate[], count: number): Candidate[] => candidates.filter(({ nsr }) => nsr < Infinity).toSorted((a, b) => a.nsr - b.nsr).slice(0, count)

function* stages(space: SearchSpace, units: readonly SearchUnit[] | null): Walk<void> {
  const { few, many, all } = space.samples
  const first = [yield* measure('start', [], few)]
  for (const settings of combinations(space.grid)) if (settings.length > 0) first.push(yield* measure('grid', settings, few))

  const second = [yield* measure('switches', [], many)]
  for (const { settings } of best(first, KEPT_FIRST)) {
    let at = yield* measure('switches', settings, many)
    for (const axis of space.switches) {
      for (const choice of axis) {
        const tried = yield* measure('switches', [...at.settings, ...choice], many)
        if (tried.nsr < at.nsr) at = tried
      }
    }
    second.push(at)
  }
  const finalists = best(second, KEPT_SECOND)
  const [leader] = finalists
  const finetuned: Candidate[] = []
  for (const settings of space.finetune.length > 0 ? [[], ...finalists.map((each) => each.settings)] : []) finetuned.push(yield* measure('finetune', [...settings, ...space.finetune], many))
  if (leader && (space.methods.length > 0 || space.floatShare > 0)) {
    if (units === null) yield 'units'
    const tuned = yield* perLayer(space, units ?? [], leader)
    finalists.unshift(tuned)
    if (space.finetune.length > 0) finetuned.push(yield* measure('finetune', [...tuned.settings, ...space.finetune], many))
  }
  finalists.unshift(...best(finetuned, 1))
  if (all > many) yield* measure('final', [], all)
  for (const { settings } of finalists) yield* measure('final', settings, all)
}

/** Coordinate descent over tensors, the most sensitive first; then layers into float while the share lasts. */
function* perLayer(space: SearchSpace, units: readonly SearchUnit[], leader: Candidate): Walk<Candidate> {
  const { few } = space.samples
  let at = yield* measure('layers', leader.settings, few)
  for (const { layer, coded } of units) {
    if (!coded) continue
    let kept = at
    for (const method of space.methods) {
      const tried = yield* measure('layers', [...at.settings, `quantize.layers.${shownName(layer)}.method=${method}`], few)
      if (tried.nsr < kept.nsr && tried.nsr < at.nsr * (1 - LEAST_GAIN)) kept = tried
    }
    at = kept
  }
  let share = 0
  for (const { layer, macsShare } of units) {
    if (macsShare === null || macsShare === 0 || share + macsShare > space.floatShare) continue
    const tried = yield* measure('float', [...at.settings, `quantize.layers.${shownName(layer)}.forward_with_float=true`], few)
    if (tried.nsr >= at.nsr * (1 - LEAST_GAIN)) continue
    at = tried
    share += macsShare
  }
  return at
}

/** One choice or none of every axis; those that change least first, so that a short budget sees each choice by itself. */
function combinations(axes: SearchSpace['grid']): string[][] {
  const all = axes.reduce<string[][]>((made, axis) => [...made, ...made.flatMap((settings) => axis.map((choice) => [...settings, ...choice]))], [[]])
  return all.toSorted((a, b) => a.length - b.length)
}
