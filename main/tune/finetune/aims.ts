import { breathe, type Task } from '../../core/task.ts'
import type { Tensor } from '../../onnx/graph.ts'
import { float32, tensor } from '../../onnx/tensor.ts'
import { openSession } from '../../runtime/session.ts'
import type { Feeds } from './crops.ts'

export interface PictureRange {
  readonly lo: number
  readonly hi: number
}

/** What the outputs are to be. */
export interface Aims {
  /** By crop: what the float model gives, a picture cut to its levels. */
  readonly outputs: readonly Feeds[]
  /** By output: what squared errors are multiplied with, so that outputs of any unit and size count alike. */
  readonly weights: ReadonlyMap<string, number>
}

/** Runs the float model on every crop. The unit of an error is the range of a picture, elsewhere the root mean square of the output. */
export async function aimsOf({ float, pictures }: { readonly float: Uint8Array; readonly pictures: ReadonlyMap<string, PictureRange> }, crops: readonly Feeds[], threads: number, task: Task): Promise<Aims> {
  const session = await openSession(float, { mode: 'float', threads })
  try {
    const names = session.outputs.filter(({ type }) => type === 'float32').map(({ name }) => name)
    const outputs: Feeds[] = []
    for (const crop of crops) {
      task.report({ stage: 'finetune', done: 0, total: 0 })
      await breathe(task)
      const results = await session.run(crop, names)
      outputs.push(Object.fromEntries(names.map((name) => [name, cut(results[name]!, pictures.get(name))])))
    }
    return { outputs, weights: new Map(names.map((name) => [name, weightOf(outputs.map((one) => one[name]!), pictures.get(name), names.length)])) }
  } finally {
    await session.close()
  }
}

const cut = (values: Tensor, range: PictureRange | undefined): Tensor =>
  range ? tensor('float32', values.dims, float32(values).map((value) => Math.min(range.hi, Math.max(range.lo, value)))) : { ...values, data: float32(values).slice() }

function weightOf(aims: readonly Tensor[], range: PictureRange | undefined, outputs: number): number {
  const count = aims[0]!.data.length
  if (range) return 1 / (outputs * count * (range.hi - range.lo) ** 2)
  const power = aims.reduce((sum, aim) => sum + float32(aim).reduce((total, value) => total + value * value, 0), 0) / (aims.length * count)
  return 1 / (outputs * count * (power || 1))
}
