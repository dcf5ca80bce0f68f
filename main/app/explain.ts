import { Fault } from '../core/fault.ts'
import type { Task } from '../core/task.ts'
import type { JobInput, JobOutput } from '../engine/jobs.ts'
import type { View, ViewInput } from '../engine/views.ts'
import type { Store } from '../store/open-store.ts'
import type { ExplainTensorInput, TensorExplanation } from './api.ts'
import { withGuesses } from './pipeline.ts'

interface Tools {
  readonly store: () => Store
  readonly threads: number
  readonly prepare: (input: JobInput<'prepare'>, task: Task) => Promise<JobOutput<'prepare'>>
  readonly view: (question: ViewInput<'explain-tensor'>) => Promise<View<'explain-tensor'>>
}

/** Why a tensor is quantized as it is, by a recipe and Statistics that are there already. Nothing is recorded. Throws `input.not-calibrated`. */
export async function explainTensor({ recipe: asked, statistics, tensor }: ExplainTensorInput, task: Task, { store, threads, prepare, view }: Tools): Promise<TensorExplanation> {
  const prepared = await prepare({ recipe: asked, threads, workspace: store().folder }, task)
  const stored = statistics ?? (prepared.statisticsKey === undefined ? undefined : store().findStatistics(prepared.statisticsKey)?.artifact.path)
  if (stored === undefined) {
    throw new Fault({
      code: 'input.not-calibrated', where: asked.model, what: 'there are no statistics of this model with these samples yet',
      next: 'Calibrate first (scalewright calibrate RECIPE), or give --statistics FILE.',
    })
  }
  return view({ recipe: withGuesses(asked, prepared), statistics: stored, tensor })
}
