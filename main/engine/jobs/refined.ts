import type { Statistics } from '../../calibrate/statistics.ts'
import { Fault } from '../../core/fault.ts'
import type { Task } from '../../core/task.ts'
import { quantizeOptions } from '../../quantize/options.ts'
import { normMeans } from '../../quantize/refine/norm-means.ts'
import { refine, refiningKey } from '../../quantize/refine/refine.ts'
import type { StepReport } from '../../quantize/refine/report.ts'
import { withTuned, type Tuned } from '../../quantize/tuned.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { quantizeFrom, type QuantizedPiece } from './quantize.ts'
import type { RewrittenPiece } from './rewritten.ts'
import { openPart } from './workpiece.ts'

export interface RefinedPiece extends QuantizedPiece {
  /** Empty where the recipe asks for nothing that looks at samples again. */
  readonly refined: readonly StepReport[]
}

export interface RefinedSettings {
  readonly threads: number
  readonly allowMissing?: boolean
  readonly tuned?: Tuned
}

/** `quantizeFrom` with the steps that look at calibration samples again. Throws `recipe.no-samples` where the recipe names none. */
export async function quantizeRefined(
  piece: RewrittenPiece, recipe: Recipe, statistics: Statistics, where: string, { threads, allowMissing = false, tuned }: RefinedSettings, task: Task,
): Promise<RefinedPiece> {
  const made = quantizeFrom(piece, recipe, statistics, where, allowMissing, tuned)
  const asked = { quantized: made.quantized, options: quantizeOptions(recipe.quantize) }
  if (refiningKey(asked) === undefined) return { ...made, refined: [] }
  const part = await openPart(piece, recipe, 'calibration', task)
  const needing = refiningKey(asked, true)
  if (part === undefined && needing !== undefined) {
    throw new Fault({ code: 'recipe.no-samples', what: `${needing} looks at calibration samples, and the recipe names none`, where: 'samples.calibration', next: 'Set samples.calibration.path in the recipe, or leave the key out.' })
  }
  const coded = tuned ? withTuned(made.workGraph, tuned) : made.workGraph
  // Rewrites and folding take BatchNormalization into convolutions; the model before them still tells it.
  const norms = normMeans(piece.rewritten.steps[0]?.before ?? piece.graph)
  const { quantized, steps } = await refine({ graph: made.workGraph, coded, ...asked, statistics, norms, samples: part?.samples, threads, seed: recipe.seed }, task)
  return { ...made, quantized, refined: steps }
}
