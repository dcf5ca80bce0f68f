import { intAttribute } from '../onnx/attribute.ts'
import { withAttributes, withNodes } from '../onnx/edit.ts'
import type { Node, Tensor } from '../onnx/graph.ts'
import { elementCount, float32, tensor } from '../onnx/tensor.ts'
import { makerOf } from './maker.ts'
import { convWeights, elementsOf, isRefused, nodeRewrite, replaced, ROUNDING } from './site.ts'

/** Most weights that a dense convolution may get, 64 MiB of float32. */
const MOST_WEIGHTS = 2 ** 24

interface Grouped {
  readonly weight: Tensor
  readonly groups: number
}

/** A depthwise or grouped convolution as a dense one whose other weights are 0, for boards that know no groups or run them slowly. */
export const depthwiseToDense = nodeRewrite<Grouped>({
  name: 'depthwise-to-dense',
  plan({ graph }, node) {
    if ((node.op !== 'Conv' && node.op !== 'ConvTranspose') || intAttribute(node, 'group', 1) === 1) return undefined
    const constants = convWeights(graph, node)
    if (isRefused(constants)) return constants
    const groups = intAttribute(node, 'group', 1)
    const dense = elementCount(constants.weight.dims) * groups
    return dense > MOST_WEIGHTS ? { why: `the dense weights would be ${dense.toLocaleString('en')} numbers, ${groups.toLocaleString('en')} times as many` } : { weight: constants.weight, groups }
  },
  say({ graph }, node, { weight, groups }) {
    const [rows, columns] = weight.dims as [number, number]
    const positions = node.op === 'Conv' ? elementsOf(graph, node.outputs[0]!) : elementsOf(graph, node.inputs[0]!)
    const [input, output] = node.op === 'Conv' ? [columns * groups, rows] : [rows, columns * groups]
    const each = elementCount(weight.dims.slice(1))
    const [few, many] = [1, groups].map((times) => (elementCount(weight.dims) * times).toLocaleString('en'))
    return {
      what: `${node.op} of ${groups} groups, ${input} → ${output} channels, becomes dense: ${few} weights become ${many}, most of them 0`,
      why: 'Some boards run groups on the slow path or not at all, and need one scale for all channels less.',
      cost: { macs: positions === null ? null : positions * each * (groups - 1), bytesMoved: 0, channelPeak: Math.max(input, output) },
    }
  },
  apply({ graph }, node, { weight, groups }) {
    const maker = makerOf(graph)
    const dense = maker.put(`${node.inputs[1]}_dense`, denseOf(weight, groups))
    const changed: Node = { ...withAttributes(node, { group: undefined }), inputs: [node.inputs[0]!, dense, ...node.inputs.slice(2)] }
    const nodes = replaced(graph.nodes, (each) => (each === node ? [changed] : undefined))
    return { graph: withNodes(graph, nodes, { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: ROUNDING }
  },
})

/** Both kinds hold a group's rows together; what a row lacks are the columns of the other groups. */
function denseOf(weight: Tensor, groups: number): Tensor {
  const [rows, columns, height, width] = weight.dims as [number, number, number, number]
  const row = columns * height * width
  const values = float32(weight)
  const wide = new Float32Array(values.length * groups)
  for (let at = 0; at < rows; at++) wide.set(values.subarray(at * row, (at + 1) * row), at * row * groups + Math.floor(at / (rows / groups)) * row)
  return tensor('float32', [rows, columns * groups, height, width], wide)
}
