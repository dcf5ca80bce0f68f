import { parseProtocol, protocolOf, protocolsFor, type PictureProtocol } from '../../compare/protocol.ts'
import { measureRepair, type RepairMeasure } from '../../compare/repair.ts'
import type { Task } from '../../core/task.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { RewriteStep } from '../../rewrite/apply.ts'
import { shiftedFeeds } from '../../rewrite/preprocess-shift.ts'
import type { Feeds } from '../../rewrite/prove.ts'
import type { Sample } from '../../samples/sample.ts'
import { withFactor, type OpenedPart } from './workpiece.ts'

export interface MeasuredRepairs {
  readonly repairs: readonly RepairMeasure[]
  /** A sentence each, also of repairs that could not be measured. */
  readonly notes: readonly string[]
}

/** Measures every repair among steps on the evaluation samples, where these are pictures with references. */
export async function measuredRepairs(steps: readonly RewriteStep[], evaluation: OpenedPart | undefined, recipe: Recipe, threads: number, task: Task): Promise<MeasuredRepairs> {
  const places = steps.flatMap((step, index) => (step.kind === 'repair' ? [{ step, shifts: steps.slice(0, index).flatMap(({ preprocess }) => preprocess) }] : []))
  if (places.length === 0) return { repairs: [], notes: [] }
  const ground = await measurable(evaluation, recipe)
  if ('why' in ground) return { repairs: [], notes: places.map(({ step }) => `${step.rewrite} changes the function and was not measured: ${ground.why}.`) }
  const repairs: RepairMeasure[] = []
  for (const { step, shifts } of places) {
    repairs.push(await measureRepair(step.before, step.after, ground.part.samples, {
      rewrite: step.rewrite, protocol: ground.protocol, expectation: ground.part.expectation, threads,
      ...(shifts.length > 0 ? { feeds: (feeds: Feeds) => shiftedFeeds(feeds, shifts) } : {}),
    }, task))
  }
  return { repairs, notes: repairs.map(noteOf) }
}

/** How evaluation pictures are judged against their references; null where the first sample has none. */
export function repairProtocol(part: OpenedPart, recipe: Recipe, first: Sample): { readonly part: OpenedPart; readonly protocol: PictureProtocol } | null {
  if (!first.reference || part.part !== 'evaluation') return null
  const expectation = withFactor(part.expectation, first)
  const { metric: asked, shave } = recipe.samples.evaluation!
  const metric = typeof asked === 'string' ? asked : undefined
  const wished = parseProtocol(protocolsFor(expectation, true, { metric: typeof metric === 'string' ? metric : undefined, shave })[0]!)
  // Likeness to the float model itself says nothing of a change that was made to it.
  const protocol = wished.kind === 'picture' ? wished : (protocolOf('psnr-y', shave, expectation.output.factor.value) as PictureProtocol)
  return { part: { ...part, expectation }, protocol }
}

async function measurable(evaluation: OpenedPart | undefined, recipe: Recipe): Promise<{ readonly part: OpenedPart; readonly protocol: PictureProtocol } | { readonly why: string }> {
  if (!evaluation || evaluation.samples.count === 0) return { why: 'there are no evaluation samples (samples.evaluation)' }
  if (evaluation.expectation.output.kind.value !== 'picture') return { why: 'the model gives no picture' }
  return repairProtocol(evaluation, recipe, await evaluation.samples.load(0)) ?? { why: 'the evaluation samples have no references' }
}

const noteOf = ({ rewrite, protocol, before, after, samples, changedPercent }: RepairMeasure): string =>
  `${rewrite} changes the function: measured on ${samples} ${samples === 1 ? 'sample' : 'samples'}, ${protocol} ${said(before)} before and ${said(after)} after; ${changedPercent.toFixed(2)} % of the values are others.`

const said = (value: number | null): string => (value === null ? 'infinite' : value.toFixed(3))
