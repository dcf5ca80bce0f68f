import type { Task } from '../core/task.ts'
import type { Graph } from '../onnx/graph.ts'
import { scanVariants, type Feeds } from './scan.ts'
import { mean, type Scorer } from './score.ts'
import { switchboard } from './switchboard.ts'

export interface NoiseWork {
  readonly float: Graph
  readonly coded: Graph
  readonly feeds: readonly Feeds[]
  readonly scorer: Scorer
  /** Each: which names are rounded to codes. */
  readonly sets: readonly (readonly string[])[]
  /** What is nearer to the sets, so that more is reused. Default: the float graph. */
  readonly base?: 'float' | 'coded'
  readonly threads: number
  readonly memoryBytes: number
  readonly where: string
}

/** Noise over signal at the outputs (mean over samples) of models in which only some names are rounded to codes, in the order of the sets. */
export async function measureNoise({ float, coded, sets, scorer, base = 'float', ...shared }: NoiseWork, task: Task): Promise<{ readonly nsr: readonly number[]; readonly inferences: number }> {
  const board = switchboard(float, coded)
  const ratios = sets.map((): number[] => [])
  const reference = { graph: board.variant(new Set()), take: (sample: number, values: Feeds) => scorer.setFloat(sample, values) }
  const variants = sets.map((names, index) => ({ graph: board.variant(new Set(names)), take: async (sample: number, values: Feeds) => void ratios[index]!.push((await scorer.score('partly quantized', sample, values)).nsr) }))
  let done = 0
  const step = (): void => task.report({ stage: 'sensitivity', done: ++done, total: sets.length + 1, unit: 'models' })
  const scans = base === 'float' ? [{ base: float, variants: [reference, ...variants] }] : [{ base: float, variants: [reference] }, { base: board.variant(board.keys), variants }]
  let inferences = 0
  for (const scan of scans) inferences += (await scanVariants({ ...shared, ...scan }, task, step)).inferences
  return { nsr: ratios.map(mean), inferences }
}
