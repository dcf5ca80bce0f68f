import { observe } from '../../calibrate/observe.ts'
import { encodeStatistics } from '../../calibrate/statistics-file.ts'
import { watchedTensors } from '../../calibrate/watch.ts'
import { Fault } from '../../core/fault.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { sha256 } from '../../core/hash.ts'
import type { CalibrationFacts } from '../../core/run.ts'
import type { Task } from '../../core/task.ts'
import { refuseQuantized } from '../../quantize/refuse-quantized.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { loadRewritten } from './rewritten.ts'
import { openPart } from './workpiece.ts'

export interface ObserveInput {
  readonly recipe: Recipe
  readonly threads: number
  /** Where the Statistics file is to be written. */
  readonly statistics: string
}

export interface ObserveOutput {
  readonly facts: CalibrationFacts
  readonly sha256: string
  readonly bytes: number
}

/** One pass over the calibration samples; writes the Statistics file. */
export async function observeJob({ recipe, threads, statistics }: ObserveInput, task: Task): Promise<ObserveOutput> {
  const piece = await loadRewritten(recipe)
  refuseQuantized(piece.graph)
  const calibration = await openPart(piece, recipe, 'calibration', task)
  if (!calibration) {
    throw new Fault({ code: 'recipe.no-samples', what: 'there are no calibration samples', where: 'samples.calibration', next: 'Give --samples FOLDER or set samples.calibration.path in the recipe.' })
  }
  const { valuesPerTensor } = recipe.calibration
  const { statistics: seen, facts } = await observe(piece.graph, calibration.samples, {
    tensors: watchedTensors(piece.graph), valuesPerTensor: valuesPerTensor === 'all' ? null : valuesPerTensor, threads, protocol: calibration.samples.sha256,
  }, task)
  const bytes = encodeStatistics(seen)
  await writeFileAtomic(statistics, bytes)
  return { facts, sha256: sha256(bytes), bytes: bytes.byteLength }
}
