import { z } from 'zod'
import type { Run } from '../../client.ts'
import type { RewritePreview, RewriteStep } from '../../../preload/contract/index.ts'

const PLAN_FILE = z.object({
  format: z.literal('scalewright-rewrite-plan'),
  version: z.literal(1),
  model: z.string(),
  steps: z.array(z.object({ rewrite: z.string(), options: z.record(z.string(), z.unknown()), nodes: z.array(z.string()) })),
})
export type PlanFile = z.infer<typeof PLAN_FILE>

/** Throws where it is no plan: what a run keeps is written by the program itself. */
export const planFileFrom = (text: string): PlanFile => PLAN_FILE.parse(JSON.parse(text))

/** What a preview did, as the file that does it again. */
export const planFileOf = ({ steps }: RewritePreview, sha256: string): PlanFile => ({
  format: 'scalewright-rewrite-plan', version: 1, model: sha256, steps: steps.map(({ rewrite, options, matches }) => ({ rewrite, options, nodes: matches.map(({ nodes }) => nodes[0]!) })),
})

/** What a run measured of its repairs, in their order. */
const MEASURES = z.array(z.object({
  rewrite: z.string(), protocol: z.string(), before: z.number().nullable(), after: z.number().nullable(), samples: z.number(), changedPercent: z.number(),
}))
export type RepairMeasure = z.infer<typeof MEASURES>[number]

export const measuresFrom = (text: string): readonly RepairMeasure[] => MEASURES.parse(JSON.parse(text))

export type ProofFacts = NonNullable<Run['proofs']>[number]

/** A run that did rewrites, and what it did. */
export interface ProvedRun {
  readonly run: Run
  readonly plan: PlanFile
  readonly measures: readonly RepairMeasure[]
}

export interface Proved {
  readonly run: string
  /** By step of the preview: the proof; null for a repair, undefined where the run did not do it. */
  readonly proofs: readonly (ProofFacts | null | undefined)[]
  /** By step: what a repair did to the evaluation samples; undefined where nothing was measured. */
  readonly measures: readonly (RepairMeasure | undefined)[]
  /** Every step, and nothing else, was done and kept. */
  readonly isWhole: boolean
}

/** What earlier runs proved of these steps. A step counts while all before it are the same: its graph is another one otherwise. */
export function provedBy(preview: RewritePreview, sha256: string, runs: readonly ProvedRun[]): Proved | null {
  const wanted = planFileOf(preview, sha256)
  const judged = runs.filter(({ plan }) => plan.model === sha256).map(({ run, plan, measures }) => {
    const differs = wanted.steps.findIndex((step, index) => !isSame(step, plan.steps[index]))
    const same = differs < 0 ? wanted.steps.length : differs
    return { run, measures, same, isWhole: same === wanted.steps.length && plan.steps.length === same }
  })
  const best = judged.toSorted((a, b) => Number(b.isWhole) - Number(a.isWhole) || b.same - a.same)[0]
  if (best === undefined || best.same === 0) return null
  const repairs = preview.steps.filter(({ kind }) => kind === 'repair')
  return {
    run: best.run.run, isWhole: best.isWhole, proofs: preview.steps.map((step, index) => (index < best.same ? proofOf(step, best.run) : undefined)),
    measures: preview.steps.map((step, index) => (step.kind === 'repair' && index < best.same ? best.measures[repairs.indexOf(step)] : undefined)),
  }
}

function proofOf({ rewrite, kind, matches }: RewriteStep, { proofs = [] }: Run): ProofFacts | null | undefined {
  if (kind === 'repair') return null
  const nodes = matches.map((match) => match.nodes[0])
  return proofs.find((proof) => proof.rewrite === rewrite && JSON.stringify(proof.nodes) === JSON.stringify(nodes))
}

const isSame = (a: PlanFile['steps'][number], b: PlanFile['steps'][number] | undefined): boolean =>
  b !== undefined && a.rewrite === b.rewrite && sorted(a.options) === sorted(b.options) && JSON.stringify(a.nodes) === JSON.stringify(b.nodes)

const sorted = (options: Readonly<Record<string, unknown>>): string => JSON.stringify(Object.entries(options).toSorted(([a], [b]) => a.localeCompare(b)))
