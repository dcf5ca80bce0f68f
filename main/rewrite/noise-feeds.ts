import { seededRandom } from '../core/random.ts'
import type { Tensor } from '../onnx/graph.ts'
import { elementCount, tensorOfNumbers } from '../onnx/tensor.ts'
import type { Expectation } from '../samples/expectation.ts'

/** Side of the picture where the shape leaves height or width open; a multiple of the usual reductions. */
const OPEN_SIDE = 32

/** Seeded noise over the range of every input, for proofs where no sample is at hand. */
export function noiseFeeds(expectation: Expectation, seed = 0): Record<string, Tensor> {
  const spatial = expectation.input?.layout.value === 'nhwc' ? [1, 2] : [2, 3]
  const feeds: Record<string, Tensor> = {}
  for (const [index, { name, dims, type }] of expectation.inputs.entries()) {
    const shape = (dims ?? []).map((dim, axis) => (typeof dim === 'number' ? dim : spatial.includes(axis) ? OPEN_SIDE : 1))
    const [low, high] = name === expectation.input?.name ? expectation.input.range.value : [-1, 1]
    const random = seededRandom(seed, index)
    const values = Float32Array.from({ length: elementCount(shape) }, () => low + random() * (high - low))
    feeds[name] = tensorOfNumbers(type.startsWith('float') ? 'float32' : type, shape, type.startsWith('float') ? values : values.map(Math.round))
  }
  return feeds
}
