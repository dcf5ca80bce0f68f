import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from '../../onnx/attribute.ts'
import { elementCount, float32Scalar, integers } from '../../onnx/tensor.ts'
import { replicates } from '../../rewrite/resize-index.ts'
import { convolution, transposedConvolution } from './convolution-gradients.ts'
import { gather, slice } from './part-gradients.ts'
import { averagePool, maxPool } from './pool-gradients.ts'
import { gemm, matmul } from './product-gradients.ts'
import { noGradient, type Gradient, type Site } from './site.ts'
import { straightThrough } from './straight-through.ts'
import type { Tape } from './tape.ts'

/** x as it stands where `condition` is true, else 0. */
const where = ({ tape }: Site, condition: string, values: string): string => tape.add('Where', [condition, values, zero(tape)])

const zero = (tape: Tape): string => tape.constant(float32Scalar(0))

/** True where the first input is above 0. */
const positive = ({ node, tape }: Site): string => tape.add('Greater', [node.inputs[0]!, zero(tape)])

/** The gradient of an input that was spread over the output: summed over the axes it was spread along. */
function gathered({ node, tape, forward }: Site, gradient: string, input: number): string {
  const from = forward.dims(node.outputs[0]!)
  const to = forward.dims(node.inputs[input]!)
  const axes = from.flatMap((size, axis) => (size === (to[axis - (from.length - to.length)] ?? 1) && axis >= from.length - to.length ? [] : [axis]))
  const summed = axes.length === 0 ? gradient : tape.add('ReduceSum', [gradient, tape.list(axes)], { keepdims: 1 })
  return from.length === to.length ? summed : tape.add('Reshape', [summed, tape.list(to)])
}

/** Gradients of both operands of elementwise arithmetic, each where it is wanted. */
const arithmetic = (first: (site: Site) => string, second: (site: Site) => string): Gradient => (site) =>
  [first, second].map((part, index) => (site.wants(index) ? gathered(site, part(site), index) : undefined))

const times = ({ tape, gradient }: Site, other: string): string => tape.add('Mul', [gradient, other])

const reshaped: Gradient = ({ node, gradient, tape, forward }) => [tape.add('Reshape', [gradient, tape.list(forward.dims(node.inputs[0]!))])]

const same: Gradient = ({ gradient }) => [gradient]

const sum: Gradient = (site) => site.node.inputs.map((_, index) => (site.wants(index) ? gathered(site, site.gradient, index) : undefined))

function concat({ node, gradient, tape, forward, wants }: Site): (string | undefined)[] {
  const rank = forward.dims(node.outputs[0]!).length
  const given = intAttribute(node, 'axis', 0)
  const axis = given < 0 ? given + rank : given
  let from = 0
  return node.inputs.map((input, index) => {
    const to = from + forward.dims(input)[axis]!
    const part = wants(index) ? tape.add('Slice', [gradient, tape.list([from]), tape.list([to]), tape.list([axis])]) : undefined
    from = to
    return part
  })
}

function transpose({ node, gradient, tape, forward }: Site): string[] {
  const rank = forward.dims(node.inputs[0]!).length
  const perm = intsAttribute(node, 'perm', Array.from({ length: rank }, (_, axis) => rank - 1 - axis))
  return [tape.add('Transpose', [gradient], { perm: perm.map((_, axis) => perm.indexOf(axis)) })]
}

/** SpaceToDepth of the mode; ONNX has it for DCR alone. */
function depthToSpace({ node, gradient, tape, forward }: Site): string[] {
  const block = intAttribute(node, 'blocksize', 1)
  const dims = forward.dims(node.inputs[0]!)
  const [batch, depth, height, width] = dims as [number, number, number, number]
  const crd = stringAttribute(node, 'mode', 'DCR') === 'CRD'
  const apart = tape.add('Reshape', [gradient, tape.list([batch, depth / block ** 2, height, block, width, block])])
  const moved = tape.add('Transpose', [apart], { perm: crd ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4] })
  return [tape.add('Reshape', [moved, tape.list(dims)])]
}

/** Whether a nearest Resize from one size to another repeats every pixel as often. */
const repeats = (from: number, to: number, modes: Parameters<typeof replicates>[2]): boolean => from === to || (to % from === 0 && replicates(from, to / from, modes))

/** Every pixel was repeated: its gradient is the sum over its copies. */
function resize({ node, gradient, tape, forward }: Site): string[] {
  const [from, to] = [forward.dims(node.inputs[0]!), forward.dims(node.outputs[0]!)]
  const modes = { coordinates: stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel'), nearest: stringAttribute(node, 'nearest_mode', 'round_prefer_floor') }
  const isRepetition = stringAttribute(node, 'mode', 'nearest') === 'nearest' && from.every((size, axis) => repeats(size, to[axis]!, modes))
  if (!isRepetition) throw noGradient(node, 'fine-tuning knows the gradient of a Resize that repeats pixels a whole number of times, and this one does not')
  const apart = from.flatMap((size, axis) => [size, to[axis]! / size])
  const copies = from.map((_, axis) => 2 * axis + 1)
  return [tape.add('ReduceSum', [tape.add('Reshape', [gradient, tape.list(apart)]), tape.list(copies)], { keepdims: 0 })]
}

function pad(site: Site): string[] {
  const { node, gradient, tape, forward } = site
  const given = forward.graph.initializers.get(node.inputs[1] ?? '')
  if (!given || stringAttribute(node, 'mode', 'constant') !== 'constant' || node.inputs[3]) throw noGradient(node, 'fine-tuning knows the gradient of a Pad with constant values and constant pads on all axes')
  const dims = forward.dims(node.inputs[0]!)
  const starts = integers(given).slice(0, dims.length)
  if (integers(given).some((amount) => amount < 0)) throw noGradient(node, 'fine-tuning knows no gradient of a Pad that takes away')
  return [tape.add('Slice', [gradient, tape.list(starts), tape.list(starts.map((start, axis) => start + dims[axis]!)), tape.list(dims.map((_, axis) => axis))])]
}

/** What a mean over pixels was made of shares its gradient. */
function globalAverage({ node, gradient, tape, forward }: Site): string[] {
  const dims = forward.dims(node.inputs[0]!)
  const share = tape.add('Mul', [gradient, tape.constant(float32Scalar(1 / elementCount(dims.slice(2))))])
  return [tape.add('Expand', [share, tape.list(dims)])]
}

function prelu(site: Site): (string | undefined)[] {
  if (site.wants(1)) throw noGradient(site.node, 'fine-tuning knows the gradient of a PRelu whose slopes are constant')
  return [site.tape.add('Where', [positive(site), site.gradient, times(site, site.node.inputs[1]!)])]
}

const scaled = (site: Site, factor: number): string => times(site, site.tape.constant(float32Scalar(factor)))

/** Slope y · (1 - y). */
function sigmoid(site: Site): string[] {
  const y = site.node.outputs[0]!
  const rest = site.tape.add('Sub', [site.tape.constant(float32Scalar(1)), y])
  return [times(site, site.tape.add('Mul', [y, rest]))]
}

/** Slope 1 - y². */
function tanh(site: Site): string[] {
  const y = site.node.outputs[0]!
  return [times(site, site.tape.add('Sub', [site.tape.constant(float32Scalar(1)), site.tape.add('Mul', [y, y])]))]
}

/** Slopes y · (δ - y) along an axis: y · (gradient - Σ gradient · y). */
function softmax(site: Site): string[] {
  const { node, gradient, tape } = site
  const y = node.outputs[0]!
  const mean = tape.add('ReduceSum', [times(site, y), tape.list([intAttribute(node, 'axis', -1)])], { keepdims: 1 })
  return [tape.add('Mul', [y, tape.add('Sub', [gradient, mean])])]
}

/** The operators that gradients can be taken through; tensors are as in ONNX, one sample a run. */
export const GRADIENTS: ReadonlyMap<string, Gradient> = new Map<string, Gradient>([
  ['Conv', convolution],
  ['ConvTranspose', transposedConvolution],
  ['Gemm', gemm],
  ['MatMul', matmul],
  ['Relu', (site) => [where(site, positive(site), site.gradient)]],
  ['LeakyRelu', (site) => [site.tape.add('Where', [positive(site), site.gradient, scaled(site, floatAttribute(site.node, 'alpha', 0.01))])]],
  ['PRelu', prelu],
  // What a Clip leaves alone it hands on, its own ends included.
  ['Clip', (site) => [where(site, site.tape.add('Equal', [site.node.inputs[0]!, site.node.outputs[0]!]), site.gradient)]],
  ['Sigmoid', sigmoid],
  ['Tanh', tanh],
  ['Exp', (site) => [times(site, site.node.outputs[0]!)]],
  ['Softmax', softmax],
  ['Neg', (site) => [scaled(site, -1)]],
  ['Add', arithmetic(({ gradient }) => gradient, ({ gradient }) => gradient)],
  ['Sub', arithmetic(({ gradient }) => gradient, (site) => scaled(site, -1))],
  ['Mul', arithmetic((site) => times(site, site.node.inputs[1]!), (site) => times(site, site.node.inputs[0]!))],
  ['Div', arithmetic((site) => site.tape.add('Div', [site.gradient, site.node.inputs[1]!]), (site) => site.tape.add('Div', [times(site, site.tape.add('Neg', [site.node.outputs[0]!])), site.node.inputs[1]!]))],
  ['Sum', sum],
  ['Concat', concat],
  ['Transpose', transpose],
  ['DepthToSpace', depthToSpace],
  ['SpaceToDepth', ({ node, gradient, tape }) => [tape.add('DepthToSpace', [gradient], { blocksize: intAttribute(node, 'blocksize', 1) })]],
  ['Resize', resize],
  ['Pad', pad],
  ['Slice', slice],
  ['Gather', gather],
  ['MaxPool', maxPool],
  ['AveragePool', averagePool],
  ['GlobalAveragePool', globalAverage],
  ['Reshape', reshaped],
  ['Flatten', reshaped],
  ['Squeeze', reshaped],
  ['Unsqueeze', reshaped],
  ['Identity', same],
  ['Dropout', same],
  ['QuantizeLinear', straightThrough],
  ['DequantizeLinear', same],
])
