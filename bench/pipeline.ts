import { observe } from '../main/calibrate/observe.ts'
import type { Statistics } from '../main/calibrate/statistics.ts'
import { watchedTensors } from '../main/calibrate/watch.ts'
import { quietTask } from '../main/core/task.ts'
import { loadRewritten, type RewrittenPiece } from '../main/engine/jobs/rewritten.ts'
import { openPart, type OpenedPart } from '../main/engine/jobs/workpiece.ts'
import type { Recipe } from '../main/recipe/recipe.ts'
import { threads } from './subjects.ts'

/** The steps of the straight way in this process, for figures that need one step many times. */

export interface Seen {
  readonly piece: RewrittenPiece
  readonly statistics: Statistics
}

/** One pass over the calibration samples, as the job makes it. */
export async function observed(recipe: Recipe): Promise<Seen> {
  const piece = await loadRewritten(recipe)
  const { samples } = await opened(piece, recipe, 'calibration')
  const { valuesPerTensor } = recipe.calibration
  const { statistics } = await observe(piece.graph, samples, {
    tensors: watchedTensors(piece.graph), valuesPerTensor: valuesPerTensor === 'all' ? null : valuesPerTensor, threads,
  }, quietTask)
  return { piece, statistics }
}

/** The samples of a part that the recipe is known to name. */
export async function opened(piece: RewrittenPiece, recipe: Recipe, part: OpenedPart['part']): Promise<OpenedPart> {
  const found = await openPart(piece, recipe, part, quietTask)
  if (!found) throw new Error(`the recipe has no ${part} samples`)
  return found
}
