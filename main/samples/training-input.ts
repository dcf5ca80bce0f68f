import { floatAttribute, intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32 } from '../onnx/tensor.ts'
import type { Topology } from '../onnx/topology.ts'
import { numbersOf } from './graph-geometry.ts'

/** Correlation of natural pictures: between neighbouring pixels (falling by distance) and between colour channels. */
const PIXEL_CORRELATION = 0.95
const CHANNEL_CORRELATION = 0.9

/** Mean and standard deviation of the values that a network saw at its input in training. */
export interface TrainingInput {
  readonly mean: number
  readonly deviation: number
}

/** Variance of a filter's answer to a picture of unit variance whose correlation falls exponentially with distance. */
function answerVariance(filter: Float32Array, channels: number, rows: number, columns: number): number {
  let sum = 0
  const at = (index: number) => [Math.floor(index / (rows * columns)), Math.floor(index / columns) % rows, index % columns] as const
  for (let i = 0; i < channels * rows * columns; i++) {
    const [channel, row, column] = at(i)
    for (let j = 0; j < filter.length; j++) {
      const [otherChannel, otherRow, otherColumn] = at(j)
      const near = PIXEL_CORRELATION ** Math.hypot(row - otherRow, column - otherColumn)
      sum += filter[i]! * filter[j]! * near * (channel === otherChannel ? 1 : CHANNEL_CORRELATION)
    }
  }
  return sum
}

/**
 * Where a BatchNormalization follows the first Conv, its running mean and variance are those of the Conv's answers in training.
 * A picture model turns them back into the mean (least squares over the filters) and deviation (median over the filters) of
 * the input. Undefined where there is no such pair, or the filters are too large to be worth it.
 */
export function trainingInput(graph: Graph, links: Topology, conv: Node): TrainingInput | undefined {
  const norm = links.consumers.get(conv.outputs[0]!)?.find((node) => node.op === 'BatchNormalization')
  const weight = graph.initializers.get(conv.inputs[1] ?? '')
  if (norm === undefined || weight === undefined || weight.dims.length !== 4 || intAttribute(conv, 'group', 1) !== 1) return undefined
  const means = numbersOf(graph, links, norm.inputs[3])
  const variances = numbersOf(graph, links, norm.inputs[4])
  const [filters, channels, rows, columns] = weight.dims as [number, number, number, number]
  if (means?.length !== filters || variances?.length !== filters || channels * rows * columns > 400) return undefined
  const values = float32(weight)
  const bias = numbersOf(graph, links, conv.inputs[2]) ?? means.map(() => 0)
  const size = channels * rows * columns
  const ratios: number[] = []
  let [across, along] = [0, 0]
  for (let filter = 0; filter < filters; filter++) {
    const taps = values.subarray(filter * size, (filter + 1) * size)
    const sum = taps.reduce((total, tap) => total + tap, 0)
    const variance = variances[filter]! + floatAttribute(norm, 'epsilon', 1e-5)
    const modelled = answerVariance(taps, channels, rows, columns)
    if (modelled > 0) ratios.push(Math.sqrt(variances[filter]! / modelled))
    across += (sum * (means[filter]! - bias[filter]!)) / variance
    along += (sum * sum) / variance
  }
  if (ratios.length === 0 || along === 0) return undefined
  return { mean: across / along, deviation: ratios.toSorted((a, b) => a - b)[ratios.length >> 1]! }
}
