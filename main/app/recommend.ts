import { Fault } from '../core/fault.ts'
import type { LayerError, Run } from '../core/run.ts'
import { METHODS, type Recipe } from '../recipe/recipe.ts'

/** What one threshold method came to, for a table over methods. Numbers that were not measured are null. */
export interface MethodRow {
  readonly method: string
  readonly run: string
  readonly protocol: string | null
  readonly unit: 'dB' | 'ratio' | '%'
  readonly float: number | null
  readonly simulated: number | null
  /** Float less simulated, in `unit`. */
  readonly drop: number | null
  /** Share of samples (or boxes) on which the simulated model says what float says, in percent; null where it is no class or box, or the score itself. */
  readonly agreement: number | null
  /** The layer with the most error, everything before it quantized too where that was measured: SQNR in dB. */
  readonly worstDb: number | null
  readonly worstTensor: string | null
  /** Mean SQNR of the layers in dB, those without any error left out. */
  readonly meanDb: number | null
  /** Mean over the layers. */
  readonly clippedPercent: number | null
  /** Quantizing and comparing, the one pass over the samples left out. */
  readonly seconds: number
}

export interface Recommendation {
  readonly run: string
  readonly method: string
  /** What told it from the others: nothing had to (`alone`), the score, the worst layer, or that it is the simplest of equals. */
  readonly decidedBy: 'alone' | 'score' | 'layers' | 'simplicity'
  /** Methods whose score the samples cannot tell from the best one, the best first. */
  readonly tied: readonly string[]
  /** Those of them whose worst layers are as good as the best of these. */
  readonly alike: readonly string[]
  /** Samples that scores were compared on. */
  readonly samples: number
  /** The best score over the best one that is clearly worse; `margin` is half of the 95 % interval of `delta`. */
  readonly lead: { readonly method: string; readonly delta: number; readonly margin: number } | null
  /** One sentence in English with the numbers. */
  readonly reason: string
}

/** Worst layers nearer than this (dB) count as alike. */
const ALIKE_DB = 0.01

/** Student's t for a two-sided 95 % interval, by degrees of freedom from 1. */
const STUDENT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13]
const STUDENT_BEYOND = 2.05

export const methodOf = (run: Run): string => (run.recipe as Recipe | undefined)?.quantize.activations.method ?? ''

export function methodRow(run: Run): MethodRow {
  const { quality } = run
  const layers = judgedLayers(run)
  const worst = layers.toSorted((a, b) => a.sqnrDb - b.sqnrDb)[0]
  const inexact = layers.filter((layer) => layer.mse > 0).map((layer) => layer.sqnrDb)
  const { float = null, simulated = null } = quality ?? {}
  return {
    method: methodOf(run), run: run.run, protocol: quality?.protocol ?? null, unit: quality?.unit ?? 'dB', float, simulated,
    drop: float === null || simulated === null ? null : float - simulated,
    agreement: Object.entries(quality?.others ?? {}).find(([protocol]) => protocol.startsWith('agreement/') && quality?.protocol.startsWith('agreement/') !== true)?.[1].simulated ?? null,
    worstDb: worst?.sqnrDb ?? null, worstTensor: worst?.tensor ?? null, meanDb: mean(inexact), clippedPercent: mean(layers.map((layer) => layer.clippedPercent)),
    seconds: run.seconds - (run.calibration?.seconds ?? 0),
  }
}

function judgedLayers(run: Run): readonly LayerError[] {
  const layers = run.layers ?? []
  const accumulated = layers.filter((layer) => layer.mode === 'accumulated')
  return accumulated.length > 0 ? accumulated : layers
}

const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length)

interface Candidate {
  readonly run: Run
  readonly row: MethodRow
}

/**
 * The run to take of several that differ in their method alone: the best score; among those that the samples cannot tell from it
 * (paired differences a sample, 95 %), the best worst layer; among those alike, the simpler method: max, percentile, the others.
 * Throws `input.protocols-differ` where the runs were not measured alike, `input.nothing-to-compare` where none measured anything.
 */
export function recommend(runs: readonly Run[]): Recommendation {
  const candidates = runs.map((run): Candidate => ({ run, row: methodRow(run) }))
  const first = candidates[0]
  if (first === undefined) throw new Fault({ code: 'input.nothing-to-compare', what: 'there is no run to recommend', next: 'Give runs of several methods.' })
  for (const other of candidates) refuseOtherProtocol(first, other)
  const score = scoreAmong(candidates)
  const byScore = candidates.toSorted((a, b) => score(b) - score(a) || simplicity(a) - simplicity(b))
  const best = byScore[0]!
  const tied = byScore.filter((other) => !isClearlyBetter(best, other))
  const worstDb = Math.max(...tied.map(({ row }) => row.worstDb ?? -Infinity))
  const alike = tied.filter(({ row }) => (row.worstDb ?? -Infinity) >= worstDb - ALIKE_DB)
  const chosen = alike.toSorted((a, b) => simplicity(a) - simplicity(b))[0]!
  const decidedBy = candidates.length === 1 ? 'alone' : tied.length === 1 ? 'score' : alike.length === 1 ? 'layers' : 'simplicity'
  const next = byScore.find((other) => !tied.includes(other))
  const found = {
    run: chosen.row.run, method: chosen.row.method, decidedBy, tied: tied.map(methodIn), alike: alike.map(methodIn),
    samples: first.run.quality?.perSample.length ?? 0,
    lead: next === undefined ? null : { method: next.row.method, ...difference(best, next) },
  } as const
  return { ...found, reason: reasonOf(found, candidates) }
}

function refuseOtherProtocol(a: Candidate, b: Candidate): void {
  const samplesOf = ({ run }: Candidate) => run.samples?.evaluation?.sha256 ?? run.samples?.calibration?.sha256
  if (a.row.protocol === b.row.protocol && samplesOf(a) === samplesOf(b) && a.run.model?.sha256 === b.run.model?.sha256) return
  throw new Fault({
    code: 'input.protocols-differ', where: `${a.run.run}, ${b.run.run}`, what: 'the runs are of another model, or were measured on other samples or by another protocol',
    next: 'Give runs that differ in their threshold method alone.',
  })
}

/**
 * The score as measured. Pictures equal to their reference have none and are left out of a mean: where a candidate has such, it counts
 * on samples that have a number with all candidates, and a candidate without any number at all is the best there is.
 */
function scoreAmong(candidates: readonly Candidate[]): (one: Candidate) => number {
  const samplesOf = ({ run }: Candidate) => run.quality?.perSample ?? []
  const odd = new Set(candidates.flatMap((one) => samplesOf(one).flatMap(({ sample, simulated }) => (simulated === null ? [sample] : []))))
  return (one) => {
    const { simulated } = one.row
    if (simulated === null) return one.run.quality === undefined ? -Infinity : Infinity
    return (odd.size === 0 ? null : mean(samplesOf(one).flatMap((each) => (odd.has(each.sample) ? [] : [each.simulated!])))) ?? simulated
  }
}

const SIMPLEST: readonly string[] = ['max', 'percentile']

/** Lower is simpler; the rest in the order of the recipe's own list. */
function simplicity({ row: { method } }: Candidate): number {
  const at = SIMPLEST.indexOf(method)
  return at >= 0 ? at : SIMPLEST.length + METHODS.findIndex((name) => name === method)
}

/** Mean of what `a` is better by on each sample, and half of its 95 % interval; with fewer than two samples anything is possible. */
function difference(a: Candidate, b: Candidate): { readonly delta: number; readonly margin: number } {
  const other = new Map((b.run.quality?.perSample ?? []).map(({ sample, simulated }) => [sample, simulated]))
  const differences = (a.run.quality?.perSample ?? []).flatMap(({ sample, simulated }) => {
    const paired = other.get(sample)
    return simulated === null || paired === null || paired === undefined ? [] : [simulated - paired]
  })
  const delta = mean(differences) ?? 0
  const freedom = differences.length - 1
  if (freedom < 1) return { delta, margin: Infinity }
  const variance = differences.reduce((sum, each) => sum + (each - delta) ** 2, 0) / freedom
  return { delta, margin: (STUDENT[freedom - 1] ?? STUDENT_BEYOND) * Math.sqrt(variance / differences.length) }
}

function isClearlyBetter(best: Candidate, other: Candidate): boolean {
  const { delta, margin } = difference(best, other)
  return best !== other && delta > margin
}

const methodIn = ({ row }: Candidate): string => row.method

type Found = Omit<Recommendation, 'reason'>

function reasonOf({ method, decidedBy, tied, alike, samples, lead }: Found, candidates: readonly Candidate[]): string {
  if (decidedBy === 'alone') return `${method} is the only method that was run.`
  const rowOf = (name: string) => candidates.find(({ row }) => row.method === name)!.row
  const { protocol, unit, simulated } = rowOf(tied[0]!)
  const number = (value: number | null): string => (value === null ? 'no number' : `${value.toFixed(unit === 'dB' ? 3 : 5)}${unit === 'ratio' ? '' : ` ${unit}`}`)
  const most = `${protocol} ${number(simulated)}`
  if (decidedBy === 'score') return `${method} has the best score: ${most}, ${number(lead!.delta)} (± ${number(lead!.margin)}) more than ${lead!.method} over ${samples} samples.`
  const db = (name: string): string => `${rowOf(name).worstDb?.toFixed(2) ?? 'no number'} dB`
  const others = tied.filter((name) => !alike.includes(name)).map((name) => `${name} ${db(name)}`)
  const parts = [
    `${samples} samples cannot tell ${tied.join(', ')} apart (${most})`,
    `the worst layer ${others.length === 0 ? 'is alike' : 'is best'} with ${alike.join(', ')} (${db(method)}${others.length === 0 ? '' : `, against ${others.join(', ')}`})`,
    ...(decidedBy === 'simplicity' ? [`${method} is the simplest of them`] : []),
  ]
  return `${parts.join('; ')}.`
}
