import { intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import type { ConvConstants } from './fold-weights.ts'
import { convWeights, dimsOf, isRefused, type Refused } from './site.ts'

/** A dense Conv with what its sums are made of. */
export interface DenseConv extends ConvConstants {
  readonly node: Node
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** Top, left, bottom, right. */
  readonly pads: readonly number[]
}

export function denseConv(graph: Graph, node: Node): DenseConv | Refused {
  const constants = convWeights(graph, node)
  if (isRefused(constants)) return constants
  if (intAttribute(node, 'group', 1) !== 1) return { why: `${node.name} has groups` }
  const auto = stringAttribute(node, 'auto_pad', 'NOTSET')
  if (auto.startsWith('SAME')) return { why: `${node.name} pads by ${auto}` }
  const pads = auto === 'VALID' ? [0, 0, 0, 0] : intsAttribute(node, 'pads', [0, 0, 0, 0])
  return { ...constants, node, strides: intsAttribute(node, 'strides', [1, 1]), dilations: intsAttribute(node, 'dilations', [1, 1]), pads }
}

export const kernelOf = ({ weight }: ConvConstants): readonly [number, number] => [weight.dims[2]!, weight.dims[3]!]

/** Where the taps of `small` lie within those of `large`, both on the same picture; undefined where they do not. */
export function offsetWithin(large: DenseConv, small: DenseConv): readonly [number, number] | undefined {
  if (String(large.strides) !== String(small.strides)) return undefined
  const isOne = kernelOf(small).every((side) => side === 1)
  if (!isOne && String(large.dilations) !== String(small.dilations)) return undefined
  const offsets = [0, 1].map((axis) => {
    const step = large.dilations[axis]!
    const [before, after] = [large.pads[axis]! - small.pads[axis]!, large.pads[axis + 2]! - small.pads[axis + 2]!]
    const reach = (kernelOf(large)[axis]! - 1) * step - (kernelOf(small)[axis]! - 1) * step
    return before >= 0 && after >= 0 && before + after === reach && before % step === 0 ? before / step : undefined
  })
  return offsets.includes(undefined) ? undefined : (offsets as [number, number])
}

/** Weights of both on the same input: those of `small` added at their place. */
export function summedWeights(large: DenseConv, small: DenseConv, [down, across]: readonly [number, number]): Tensor {
  const [, , height, width] = large.weight.dims as [number, number, number, number]
  const [, , rows, columns] = small.weight.dims as [number, number, number, number]
  const sum = float32(large.weight).slice()
  const added = float32(small.weight)
  for (let index = 0; index < added.length; index++) {
    const [tap, plane] = [index % (rows * columns), Math.floor(index / (rows * columns))]
    sum[plane * height * width + (Math.floor(tap / columns) + down) * width + (tap % columns) + across]! += added[index]!
  }
  return tensor('float32', large.weight.dims, sum)
}

/** Weights of both on their inputs one behind the other. */
export function joinedWeights(first: DenseConv, second: DenseConv): Tensor {
  const [rows, columns, height, width] = first.weight.dims as [number, number, number, number]
  const other = second.weight.dims[1]!
  const [a, b] = [columns * height * width, other * height * width]
  const values = new Float32Array(rows * (a + b))
  for (let row = 0; row < rows; row++) {
    values.set(float32(first.weight).subarray(row * a, (row + 1) * a), row * (a + b))
    values.set(float32(second.weight).subarray(row * b, (row + 1) * b), row * (a + b) + a)
  }
  return tensor('float32', [rows, columns + other, height, width], values)
}

/** The columns from..to of a weight. */
export function columnsOf({ weight }: ConvConstants, from: number, to: number): Tensor {
  const [rows, columns, height, width] = weight.dims as [number, number, number, number]
  const inner = height * width
  const values = new Float32Array(rows * (to - from) * inner)
  for (let row = 0; row < rows; row++) values.set(float32(weight).subarray((row * columns + from) * inner, (row * columns + to) * inner), row * (to - from) * inner)
  return tensor('float32', [rows, to - from, height, width], values)
}

/** These columns of a weight, in this order. */
export function columnsPicked(weight: Tensor, columns: readonly number[]): Tensor {
  const [rows, all, ...kernel] = weight.dims as [number, number, ...number[]]
  const inner = kernel.reduce((product, side) => product * side, 1)
  const values = new Float32Array(rows * columns.length * inner)
  for (let row = 0; row < rows; row++) {
    for (const [at, column] of columns.entries()) values.set(float32(weight).subarray((row * all + column) * inner, (row * all + column + 1) * inner), (row * columns.length + at) * inner)
  }
  return tensor('float32', [rows, columns.length, ...kernel], values)
}

/** These rows of a weight or bias, in this order. */
export function rowsPicked(values: Tensor, rows: readonly number[]): Tensor {
  const inner = values.dims.slice(1).reduce((product, size) => product * size, 1)
  const picked = new Float32Array(rows.length * inner)
  for (const [at, row] of rows.entries()) picked.set(float32(values).subarray(row * inner, (row + 1) * inner), at * inner)
  return tensor('float32', [rows.length, ...values.dims.slice(1)], picked)
}

/** Sum of biases; undefined where neither has one. */
export function summedBias(first: ConvConstants, second: ConvConstants): Tensor | undefined {
  if (!first.bias || !second.bias) return first.bias ?? second.bias
  const other = float32(second.bias)
  return tensor('float32', first.bias.dims, float32(first.bias).map((value, index) => value + other[index]!))
}

/** Whether two pictures have the same batch, height and width for certain. Names of open sizes are what a file says, no proof. */
export function sameSize(graph: Graph, first: string, second: string): boolean {
  const [a, b] = [dimsOf(graph, first), dimsOf(graph, second)]
  return a?.length === 4 && b?.length === 4 && [0, 2, 3].every((axis) => a[axis] === b[axis] && a[axis] !== null && (axis === 0 || typeof a[axis] === 'number'))
}
