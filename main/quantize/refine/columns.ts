import { intsAttribute, stringAttribute } from '../../onnx/attribute.ts'
import type { Tensor } from '../../onnx/graph.ts'
import { elementCount, float32 } from '../../onnx/tensor.ts'
import type { MatrixLayer } from './layer.ts'

/** Positions of a layer's output for an input of this shape: pixels of all pictures of the batch, or rows of a product. */
export function positionCount(layer: MatrixLayer, input: readonly number[]): number {
  if (layer.node.op !== 'Conv') return elementCount(input.slice(0, -1))
  const { outputs } = walkOf(layer, input)
  return input[0]! * outputs[0]! * outputs[1]!
}

/** About `count` of `total` positions, evenly spread: one drawn from each of as many equal stretches. */
export function drawPositions(total: number, count: number, random: () => number): number[] {
  if (count >= total) return Array.from({ length: total }, (_, index) => index)
  return Array.from({ length: count }, (_, index) => Math.floor(((index + random()) * total) / count))
}

/** What each output position is computed from (im2col): float64 [groups, positions, K], zeros where a kernel reaches over the border. */
export function columnsAt(layer: MatrixLayer, input: Tensor, positions: readonly number[]): Float64Array {
  const values = float32(input)
  const { groups, products } = layer
  const columns = new Float64Array(groups * positions.length * products)
  if (layer.node.op !== 'Conv') {
    for (const [at, position] of positions.entries()) for (let k = 0; k < products; k++) columns[at * products + k] = values[position * products + k]!
    return columns
  }
  const { channels, sizes: [height, width], outputs: [rows, across], kernel: [tall, wide], strides, dilations, begins } = walkOf(layer, input.dims)
  const inGroup = channels / groups
  for (let group = 0; group < groups; group++) {
    for (const [at, position] of positions.entries()) {
      const picture = Math.floor(position / (rows * across))
      const top = Math.floor((position % (rows * across)) / across) * strides[0] - begins[0]
      const left = (position % across) * strides[1] - begins[1]
      let to = (group * positions.length + at) * products
      for (let channel = 0; channel < inGroup; channel++) {
        const plane = (picture * channels + group * inGroup + channel) * height * width
        for (let i = 0; i < tall; i++) {
          const y = top + i * dilations[0]
          for (let j = 0; j < wide; j++, to++) {
            const x = left + j * dilations[1]
            if (y >= 0 && y < height && x >= 0 && x < width) columns[to] = values[plane + y * width + x]!
          }
        }
      }
    }
  }
  return columns
}

type Pair = readonly [number, number]

/** How a Conv's kernel walks over an input; a signal of one axis is a picture of height 1. */
function walkOf({ node, dims }: MatrixLayer, input: readonly number[]) {
  const flat = dims.length === 3
  const pair = (list: readonly number[], first: number): Pair => (flat ? [first, list[0]!] : [list[0]!, list[1]!])
  const axes = dims.length - 2
  const ones = Array.from({ length: axes }, () => 1)
  const sizes = pair(input.slice(2), 1)
  const kernel = pair(dims.slice(2), 1)
  const strides = pair(intsAttribute(node, 'strides', ones), 1)
  const dilations = pair(intsAttribute(node, 'dilations', ones), 1)
  const spans = [0, 1].map((axis) => (kernel[axis]! - 1) * dilations[axis]! + 1) as unknown as Pair
  const auto = stringAttribute(node, 'auto_pad', 'NOTSET')
  const given = intsAttribute(node, 'pads', [...ones, ...ones].map(() => 0))
  let begins: Pair = auto === 'NOTSET' ? pair(given.slice(0, axes), 0) : [0, 0]
  let totals: Pair = auto === 'NOTSET' ? ([begins[0] + pair(given.slice(axes), 0)[0], begins[1] + pair(given.slice(axes), 0)[1]] as const) : [0, 0]
  if (auto.startsWith('SAME')) {
    totals = [0, 1].map((axis) => Math.max(0, (Math.ceil(sizes[axis]! / strides[axis]!) - 1) * strides[axis]! + spans[axis]! - sizes[axis]!)) as unknown as Pair
    begins = totals.map((total) => (auto === 'SAME_LOWER' ? Math.ceil(total / 2) : Math.floor(total / 2))) as unknown as Pair
  }
  const outputs = [0, 1].map((axis) => Math.floor((sizes[axis]! + totals[axis]! - spans[axis]!) / strides[axis]!) + 1) as unknown as Pair
  return { channels: input[1]!, sizes, kernel, strides, dilations, begins, outputs }
}
