import { intAttribute, intsAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32 } from '../onnx/tensor.ts'

/**
 * Whether a convolution only hands input values on: every row of its weights holds a single 1, and there is no bias. On one scale for
 * input and output it then loses nothing: with weight code 127 and scale 1/127 the requantized output is the input's code
 * (ALGORITHMS 6.5). Not one that pads: it could read a zero.
 */
export function isReplication(graph: Graph, node: Node): boolean {
  if ((node.op !== 'Conv' && node.op !== 'ConvTranspose') || node.domain !== '' || (node.inputs[2] ?? '') !== '') return false
  const weight = graph.initializers.get(node.inputs[1] ?? '')
  if (weight?.type !== 'float32' || weight.dims.length !== 4) return false
  return node.op === 'Conv' ? isSelection(node, weight) : isSpread(node, weight)
}

type Weight = NonNullable<ReturnType<Graph['initializers']['get']>>

/** One 1 a row, at a tap that stands on a pixel of the input wherever the kernel stands. */
function isSelection(node: Node, weight: Weight): boolean {
  const [rows, columns, height, width] = weight.dims as [number, number, number, number]
  const pads = intsAttribute(node, 'pads', [0, 0, 0, 0])
  const values = float32(weight)
  const size = columns * height * width
  for (let row = 0; row < rows; row++) {
    const taps = values.subarray(row * size, (row + 1) * size)
    const at = taps.indexOf(1)
    if (at < 0 || taps.some((tap, index) => tap !== (index === at ? 1 : 0))) return false
    const [y, x] = [Math.floor((at % (height * width)) / width), at % width]
    if (y < pads[0]! || x < pads[1]! || height - 1 - y < pads[2]! || width - 1 - x < pads[3]!) return false
  }
  return true
}

/** All ones, one channel a group, as wide as its step: every output value has one source. */
function isSpread(node: Node, weight: Weight): boolean {
  const [, perGroup, height, width] = weight.dims as [number, number, number, number]
  const strides = intsAttribute(node, 'strides', [1, 1])
  const isPlain = intsAttribute(node, 'pads', [0, 0, 0, 0]).every((pad) => pad === 0) && intsAttribute(node, 'output_padding', [0, 0]).every((pad) => pad === 0)
  return isPlain && perGroup === 1 && intAttribute(node, 'group', 1) === weight.dims[0] && strides[0] === height && strides[1] === width && float32(weight).every((tap) => tap === 1)
}
