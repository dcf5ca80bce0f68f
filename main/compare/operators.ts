import type { OperatorTime } from '../core/run.ts'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import { profileNodes } from '../runtime/profile.ts'
import type { Sample } from '../samples/sample.ts'

export interface OperatorOptions {
  readonly threads: number
  /** Runs that are averaged. Default 10. */
  readonly runs?: number
}

/**
 * Where the time goes: mean microseconds of every operator of the float and of the fused model, by ONNX Runtime's profiler,
 * the costliest first within each version, float before fused. The profiler itself slows small operators a little.
 */
export async function operatorTimes(
  models: { readonly float: Uint8Array; readonly quantized: Uint8Array },
  feeds: Sample['feeds'],
  options: OperatorOptions,
  task: Task,
): Promise<OperatorTime[]> {
  const { threads, runs = 10 } = options
  const float = await profileNodes(models.float, feeds, { mode: 'float', threads, runs, where: 'float model' })
  task.report({ stage: 'operators', done: 1, total: 2, unit: 'models' })
  await breathe(task)
  const fused = await profileNodes(models.quantized, feeds, { mode: 'fused', threads, runs, where: 'fused model' })
  task.report({ stage: 'operators', done: 2, total: 2, unit: 'models' })
  return [float, fused].flatMap((times) => times.toSorted((a, b) => b.us - a.us))
}
