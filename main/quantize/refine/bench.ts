import { breathe, type Task } from '../../core/task.ts'
import type { ScaleTable } from '../../core/scale-table.ts'
import type { Graph } from '../../onnx/graph.ts'
import type { Sample, SampleSet } from '../../samples/sample.ts'
import type { Quantized } from '../quantize.ts'
import type { Split } from './held-out.ts'

/** What the steps work with. */
export interface Bench {
  /** The float network that is to be met. */
  readonly graph: Graph
  /** The same graph with the constants that were coded: fine-tuning may have changed them. */
  readonly coded: Graph
  readonly samples: SampleSet
  readonly split: Split
  readonly threads: number
  readonly seed: number
  /** Bytes of layer values kept between steps; absent: see front.ts. */
  readonly memoryBytes?: number
  /** Counts pictures and says how far the work is. */
  readonly counter: Counter
}

export interface Counter {
  step(): Promise<void>
}

/** Progress over a known number of pictures; may be told of more. */
export function pictureCounter(total: number, task: Task): Counter {
  let done = 0
  task.report({ stage: 'refine', done, total, unit: 'pictures' })
  return {
    async step() {
      done++
      task.report({ stage: 'refine', done, total: Math.max(total, done), unit: 'pictures' })
      await breathe(task)
    },
  }
}

/** These samples one after the other, with their index. */
export async function* eachOf({ samples, counter }: Bench, indices: readonly number[]): AsyncGenerator<Sample & { readonly index: number }> {
  for (const index of indices) {
    const sample = await samples.load(index)
    yield { ...sample, index }
    await counter.step()
  }
}

/** Name in the quantized graph of what the layers read of an activation. */
export const codedName = ({ dequantizedNames }: Pick<Quantized, 'dequantizedNames'>, tensor: string): string => dequantizedNames.get(tensor) ?? tensor

export const rowsByTensor = (table: ScaleTable) => new Map(table.map((row) => [row.tensor, row]))
