import type { Graph } from '../../onnx/graph.ts'
import { float32, isFloat } from '../../onnx/tensor.ts'
import type { Sample } from '../../samples/sample.ts'
import { openWatch } from './watch.ts'

/**
 * Noise over signal at the float outputs of a coded graph, simulated, over all samples together; mean of the outputs.
 * `pictures` gives the samples one by one.
 */
export async function outputNoise(float: Graph, coded: Graph, threads: number, pictures: () => AsyncIterable<Sample>): Promise<number> {
  const names = float.outputs.filter(({ type }) => isFloat(type)).map(({ name }) => name)
  const [noise, signal] = [new Float64Array(names.length), new Float64Array(names.length)]
  const real = await openWatch(float, names, 'float', threads)
  try {
    const simulated = await openWatch(coded, names, 'simulated', threads)
    try {
      for await (const sample of pictures()) {
        const wanted = await real.run(sample)
        const made = await simulated.run(sample)
        for (const index of names.keys()) {
          const [x, y] = [float32(wanted[index]!), float32(made[index]!)]
          for (let at = 0; at < x.length; at++) {
            noise[index]! += (x[at]! - y[at]!) ** 2
            signal[index]! += x[at]! ** 2
          }
        }
      }
    } finally {
      await simulated.close()
    }
  } finally {
    await real.close()
  }
  const ratios = Array.from(noise, (sum, index) => (sum === 0 ? 0 : sum / signal[index]!))
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
}
