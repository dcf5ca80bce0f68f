import { intsAttribute } from '../../onnx/attribute.ts'
import type { Node } from '../../onnx/graph.ts'
import { elementCount, float32Scalar, tensor } from '../../onnx/tensor.ts'
import { explicit, spans, tapsOf, walkOf, type Walk } from './convolution-gradients.ts'
import { placed } from './part-gradients.ts'
import type { Site } from './site.ts'

const walkOfPool = (node: Node, from: readonly number[], to: readonly number[]): Walk => walkOf(node, intsAttribute(node, 'kernel_shape', from.slice(2).map(() => 1)), from, to)

/** Pixels along each axis from the first to the last that the kernel touches, pads included. */
const reaches = (walk: Walk, to: readonly number[]): number[] => spans(walk).map((span, axis) => (to[axis + 2]! - 1) * walk.strides[axis]! + span)

/** What lies below every value, so that no pad is ever the largest. */
const LOWEST = -3.4028234663852886e38

/** To the largest value of each window; where several are equal, as codes often are, they share. */
export function maxPool({ node, gradient, tape, forward }: Site): string[] {
  const [from, to] = [forward.dims(node.inputs[0]!), forward.dims(node.outputs[0]!)]
  const walk = walkOfPool(node, from, to)
  const { strides, dilations, begins } = walk
  const ends = reaches(walk, to).map((reach, axis) => Math.max(0, reach - from[axis + 2]! - begins[axis]!))
  const whole = from.map((size, axis) => (axis < 2 ? size : size + begins[axis - 2]! + ends[axis - 2]!))
  const padded = tape.add('Pad', [node.inputs[0]!, tape.list([0, 0, ...begins, 0, 0, ...ends]), tape.constant(float32Scalar(LOWEST))])
  const axes = tape.list(walk.kernel.map((_, axis) => axis + 2))
  const windows = tapsOf(walk.kernel).map((tap) => {
    const starts = tap.map((at, axis) => at * dilations[axis]!)
    const stops = starts.map((start, axis) => start + (to[axis + 2]! - 1) * strides[axis]! + 1)
    const seen = tape.add('Slice', [padded, tape.list(starts), tape.list(stops), axes, tape.list(strides)])
    return { starts, isLargest: tape.add('Cast', [tape.add('Equal', [seen, node.outputs[0]!])], { to: FLOAT }) }
  })
  const share = tape.add('Div', [gradient, tape.add('Sum', windows.map(({ isLargest }) => isLargest))])
  const parts = windows.map(({ starts, isLargest }) => placed(tape, tape.add('Mul', [share, isLargest]), to, { starts: [0, 0, ...starts], steps: [1, 1, ...strides] }, whole))
  const stops = begins.map((begin, axis) => begin + from[axis + 2]!)
  return [tape.add('Slice', [tape.add('Sum', parts), tape.list(begins), tape.list(stops), axes])]
}

/** Number of float32 in ONNX. */
const FLOAT = 1

/** To every pixel of a window the share that it has in the mean. What the operator itself makes of ones says how it counts pads. */
export function averagePool({ node, gradient, tape, forward }: Site): string[] {
  const [from, to] = [forward.dims(node.inputs[0]!), forward.dims(node.outputs[0]!)]
  const walk = walkOfPool(node, from, to)
  const ones = (dims: readonly number[]): string => tape.constant(tensor('float32', dims, new Float32Array(elementCount(dims)).fill(1)))
  const sizes = to.slice(2)
  const inside = sizes.map((size, axis) => Array.from({ length: size }, (_, at) => pixelsInside(walk, axis, at, from[axis + 2]!)))
  const pixels = inside.reduce<number[]>((counts, axis) => counts.flatMap((count) => axis.map((one) => count * one)), [1])
  const means = tape.add('AveragePool', [ones([1, 1, ...from.slice(2)])], Object.fromEntries(node.attributes))
  const share = tape.add('Div', [means, tape.constant(tensor('float32', [1, 1, ...sizes], Float32Array.from(pixels)))])
  const over = reaches(walk, to).map((reach, axis) => reach - from[axis + 2]! - walk.begins[axis]!)
  const back = { ...walk, ends: over.map((size) => Math.max(0, size)), group: from[1]! }
  return [tape.add('ConvTranspose', [tape.add('Mul', [gradient, share]), ones([from[1]!, 1, ...walk.kernel])], { ...explicit(back), output_padding: over.map((size) => Math.max(0, -size)) })]
}

/** Pixels of the picture, not of its pads, that a window sees along an axis. */
const pixelsInside = ({ kernel, strides, dilations, begins }: Walk, axis: number, window: number, size: number): number =>
  Array.from({ length: kernel[axis]! }, (_, tap) => window * strides[axis]! - begins[axis]! + tap * dilations[axis]!).filter((at) => at >= 0 && at < size).length
