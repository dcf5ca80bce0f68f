import { seededRandom } from '../core/random.ts'
import { attributesOf } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor, ValueInfo } from '../onnx/graph.ts'
import { elementCount, float32List, float32Scalar, int64List, tensor } from '../onnx/tensor.ts'
import type { OperatorShape } from './operator-table.ts'

/** One operator on one size, and a float32 graph that holds it alone. */
export interface OperatorCase {
  readonly shape: OperatorShape
  readonly graph: Graph
}

type Attributes = Parameters<typeof attributesOf>[0]
type Size = readonly [height: number, width: number]

/** Without the size, which is put in for every case. */
type Kind = Omit<OperatorShape, 'height' | 'width'> & {
  readonly attributes?: Attributes
  /** Shapes of the inputs; default one picture of `inputChannels`. */
  readonly inputs?: (size: Size) => readonly (readonly number[])[]
  readonly output: (size: Size) => readonly number[]
  /** Behind the inputs, by position; null: left out. */
  readonly constants?: readonly (Tensor | null)[]
}

const same = (channels: number) => ([height, width]: Size): number[] => [1, channels, height, width]
const enlarged = (channels: number, factor: number) => ([height, width]: Size): number[] => [1, channels, height * factor, width * factor]

function weights(dims: readonly number[]): Tensor {
  const random = seededRandom(1, dims.length)
  return tensor('float32', dims, Float32Array.from({ length: elementCount(dims) }, () => (random() * 2 - 1) / 8))
}

const conv = (kernel: number, from: number, to: number): Kind => ({
  op: 'Conv', kernel, group: 'none', inputChannels: from, outputChannels: to, output: same(to),
  attributes: { kernel_shape: [kernel, kernel], pads: Array.from({ length: 4 }, () => (kernel - 1) / 2) }, constants: [weights([to, from, kernel, kernel]), weights([to])],
})

const depthwise = (channels: number): Kind => ({
  op: 'Conv', kernel: 3, group: 'depthwise', inputChannels: channels, outputChannels: channels, output: same(channels),
  attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: channels }, constants: [weights([channels, 1, 3, 3]), weights([channels])],
})

const transposed = (channels: number): Kind => ({
  op: 'ConvTranspose', kernel: 4, group: 'none', factor: 2, inputChannels: channels, outputChannels: channels, output: enlarged(channels, 2),
  attributes: { kernel_shape: [4, 4], strides: [2, 2], pads: [1, 1, 1, 1] }, constants: [weights([channels, channels, 4, 4])],
})

const pair = (op: string, channels: number): Kind => ({ op, inputChannels: channels, outputChannels: channels, inputs: (size) => [same(channels)(size), same(channels)(size)], output: same(channels) })

const concat = (each: number): Kind => ({
  op: 'Concat', inputChannels: each, outputChannels: 2 * each, attributes: { axis: 1 }, inputs: (size) => [same(each)(size), same(each)(size)], output: same(2 * each),
})

const resize = (mode: 'nearest' | 'linear' | 'cubic', factor: number, channels: number): Kind => ({
  op: 'Resize', mode, factor, inputChannels: channels, outputChannels: channels, output: enlarged(channels, factor),
  attributes: { mode, coordinate_transformation_mode: mode === 'nearest' ? 'asymmetric' : 'half_pixel', ...(mode === 'nearest' ? { nearest_mode: 'floor' } : {}) },
  constants: [null, float32List([1, 1, factor, factor])],
})

const shuffle = (factor: number, to: number): Kind => ({
  op: 'DepthToSpace', mode: 'DCR', factor, inputChannels: to * factor * factor, outputChannels: to, output: enlarged(to, factor), attributes: { blocksize: factor, mode: 'DCR' },
})

const unary = (op: string, channels: number, attributes: Attributes = {}, constants: readonly Tensor[] = []): Kind =>
  ({ op, inputChannels: channels, outputChannels: channels, output: same(channels), attributes, constants })

/** A map times one number a channel: the end of channel attention. */
const gate = (channels: number): Kind => ({ op: 'Mul', mode: 'gate', inputChannels: channels, outputChannels: channels, inputs: (size) => [same(channels)(size), [1, channels, 1, 1]], output: same(channels) })

/** Windows of 8×8 pixels against each other: the product of spatial attention. */
const WINDOW = 8
const windows = ([height, width]: Size): number => Math.max(1, Math.floor(height / WINDOW) * Math.floor(width / WINDOW))
const attention = (channels: number): Kind => ({
  op: 'MatMul', mode: 'attention', inputChannels: channels, outputChannels: WINDOW * WINDOW,
  inputs: (size) => [[windows(size), WINDOW * WINDOW, channels], [windows(size), channels, WINDOW * WINDOW]], output: (size) => [windows(size), WINDOW * WINDOW, WINDOW * WINDOW],
})
const softmax: Kind = {
  op: 'Softmax', mode: 'attention', inputChannels: WINDOW * WINDOW, outputChannels: WINDOW * WINDOW, attributes: { axis: -1 },
  inputs: (size) => [[windows(size), WINDOW * WINDOW, WINDOW * WINDOW]], output: (size) => [windows(size), WINDOW * WINDOW, WINDOW * WINDOW],
}

const KINDS: readonly Kind[] = [
  // What a run costs that computes nothing: copies in and out of the runtime.
  unary('Identity', 32),
  conv(1, 32, 32), conv(1, 64, 64), conv(3, 3, 32), conv(3, 16, 16), conv(3, 32, 32), conv(3, 64, 64), conv(3, 32, 12), conv(5, 3, 32), conv(5, 32, 32),
  depthwise(32), depthwise(64), transposed(32),
  pair('Add', 32), pair('Add', 64), pair('Mul', 32), concat(16), concat(32),
  resize('nearest', 2, 3), resize('nearest', 2, 32), resize('linear', 2, 3), resize('linear', 2, 32), resize('cubic', 2, 3), shuffle(2, 3), shuffle(2, 32), shuffle(4, 3),
  unary('Relu', 32), unary('LeakyRelu', 32, { alpha: 0.1 }), unary('PRelu', 32, {}, [weights([32, 1, 1])]), unary('Clip', 32, {}, [float32Scalar(0), float32Scalar(0.5)]),
  unary('Sigmoid', 32), unary('Tanh', 32), unary('HardSwish', 32),
  { ...unary('BatchNormalization', 32, {}, [weights([32]), weights([32]), weights([32]), float32List(Array.from({ length: 32 }, () => 1))]) },
  { op: 'Transpose', inputChannels: 32, outputChannels: 32, attributes: { perm: [0, 2, 3, 1] }, output: ([height, width]) => [1, height, width, 32] },
  { op: 'Pad', mode: 'edge', inputChannels: 32, outputChannels: 32, attributes: { mode: 'edge' }, constants: [int64List([0, 0, 1, 1, 0, 0, 1, 1])], output: ([height, width]) => [1, 32, height + 2, width + 2] },
  { op: 'GlobalAveragePool', inputChannels: 32, outputChannels: 32, output: () => [1, 32, 1, 1] },
  gate(32), attention(32), softmax,
]

/** Maps of a small crop, and of a quarter of 720p. */
const SIZES: readonly Size[] = [[64, 64], [180, 320]]
const QUICK_SIZES: readonly Size[] = [[32, 32]]

/** Every operator that super-resolution networks are made of, each on every size. `quick`: all of them on one small size. `ops`: only these. */
export function operatorCases({ quick = false, ops }: { readonly quick?: boolean; readonly ops?: readonly string[] } = {}): OperatorCase[] {
  const kinds = ops === undefined ? KINDS : KINDS.filter(({ op }) => ops.includes(op))
  return (quick ? QUICK_SIZES : SIZES).flatMap((size) => kinds.map((kind) => caseOf(kind, size)))
}

/** Names of all operators that `operatorCases` knows. */
export const OPERATORS: readonly string[] = [...new Set(KINDS.map(({ op }) => op))]

function caseOf({ attributes = {}, inputs, output, constants = [], ...shape }: Kind, size: Size): OperatorCase {
  const fed = (inputs?.(size) ?? [same(shape.inputChannels!)(size)]).map((dims, index): ValueInfo => ({ name: `x${index}`, type: 'float32', dims }))
  const given = constants.map((value, index) => [value === null ? '' : `c${index}`, value] as const)
  const node: Node = { name: shape.op, op: shape.op, domain: '', inputs: [...fed.map(({ name }) => name), ...given.map(([name]) => name)], outputs: ['y'], attributes: attributesOf(attributes) }
  const made: ValueInfo = { name: 'y', type: 'float32', dims: output(size) }
  const graph: Graph = {
    name: shape.op, nodes: [node], inputs: fed, outputs: [made],
    initializers: new Map(given.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))),
    values: new Map([...fed, made].map((info) => [info.name, info])), opsets: new Map([['', 17]]), irVersion: 8,
  }
  return { shape: { ...shape, height: size[0], width: size[1] }, graph }
}
