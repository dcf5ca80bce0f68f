import { intAttribute, intsAttribute, stringAttribute } from '../../onnx/attribute.ts'
import type { Node } from '../../onnx/graph.ts'
import { elementCount } from '../../onnx/tensor.ts'
import { noGradient, type Site } from './site.ts'
import type { Tape } from './tape.ts'

/** How a kernel walks over a picture, an entry a spatial axis. */
export interface Walk {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly begins: readonly number[]
  readonly ends: readonly number[]
  readonly group: number
}

/** As attributes of a Conv, ConvTranspose or pool. */
export const explicit = ({ strides, dilations, begins, ends, group }: Walk) => ({ strides, dilations, pads: [...begins, ...ends], group })

/** Pixels that a kernel spans along each axis. */
export const spans = ({ kernel, dilations }: Walk): number[] => kernel.map((taps, axis) => (taps - 1) * dilations[axis]! + 1)

/** Strides and pads of a Conv, ConvTranspose or pool, between the larger picture (what a Conv reads) and the smaller one. */
export function walkOf(node: Node, kernel: readonly number[], large: readonly number[], small: readonly number[]): Walk {
  const ones = kernel.map(() => 1)
  const pads = intsAttribute(node, 'pads', [...kernel, ...kernel].map(() => 0))
  const walk: Walk = {
    kernel, strides: intsAttribute(node, 'strides', ones), dilations: intsAttribute(node, 'dilations', ones),
    begins: pads.slice(0, kernel.length), ends: pads.slice(kernel.length), group: intAttribute(node, 'group', 1),
  }
  const auto = stringAttribute(node, 'auto_pad', 'NOTSET')
  if (auto === 'NOTSET' || auto === 'VALID') return walk
  const totals = spans(walk).map((span, axis) => Math.max(0, (small[axis + 2]! - 1) * walk.strides[axis]! + span - large[axis + 2]!))
  const less = totals.map((total) => Math.floor(total / 2))
  const more = totals.map((total, axis) => total - less[axis]!)
  return auto === 'SAME_LOWER' ? { ...walk, begins: more, ends: less } : { ...walk, begins: less, ends: more }
}

/** y = Conv(x, w, b): to x a ConvTranspose of the gradient, to w the products of gradient and picture a tap, to b the sum. */
export function convolution({ node, gradient, tape, forward, wants }: Site): (string | undefined)[] {
  const [x, w] = node.inputs as [string, string]
  const [from, weight, to] = [forward.dims(x), forward.dims(w), forward.dims(node.outputs[0]!)]
  const walk = walkOf(node, weight.slice(2), from, to)
  const left = spans(walk).map((span, axis) => from[axis + 2]! + walk.begins[axis]! + walk.ends[axis]! - span - (to[axis + 2]! - 1) * walk.strides[axis]!)
  return [
    wants(0) ? tape.add('ConvTranspose', [gradient, w], { ...explicit(walk), output_padding: left }) : undefined,
    wants(1) ? tapProducts(tape, { small: gradient, smallDims: to, large: x, largeDims: from, weight, walk }) : undefined,
    wants(2) ? channelSums(tape, gradient, to.length) : undefined,
  ]
}

/** The same with the parts exchanged: what a ConvTranspose reads is the smaller picture. */
export function transposedConvolution({ node, gradient, tape, forward, wants }: Site): (string | undefined)[] {
  if (node.attributes.has('output_shape') || stringAttribute(node, 'auto_pad', 'NOTSET') !== 'NOTSET') throw noGradient(node, 'fine-tuning knows the gradient of a ConvTranspose with explicit pads')
  const [x, w] = node.inputs as [string, string]
  const [from, weight, to] = [forward.dims(x), forward.dims(w), forward.dims(node.outputs[0]!)]
  const walk = walkOf(node, weight.slice(2), to, from)
  return [
    wants(0) ? tape.add('Conv', [gradient, w], explicit(walk)) : undefined,
    wants(1) ? tapProducts(tape, { small: x, smallDims: from, large: gradient, largeDims: to, weight, walk }) : undefined,
    wants(2) ? channelSums(tape, gradient, to.length) : undefined,
  ]
}

const channelSums = (tape: Tape, gradient: string, rank: number): string =>
  tape.add('ReduceSum', [gradient, tape.list(Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 1))], { keepdims: 0 })

interface Products {
  /** The picture that a kernel makes, [1, M, …]. */
  readonly small: string
  readonly smallDims: readonly number[]
  /** The picture that a kernel reads, [1, K, …]. */
  readonly large: string
  readonly largeDims: readonly number[]
  /** Shape of the weight, [M, K / group, …]. */
  readonly weight: readonly number[]
  readonly walk: Walk
}

/**
 * Gradient of a kernel: for each tap, the products of the smaller picture with what that tap reads of the larger one, summed
 * over pixels. A matrix product a tap keeps the memory at one picture, and is faster than a Conv with a kernel of picture size.
 */
function tapProducts(tape: Tape, { small, smallDims, large, largeDims, weight, walk }: Products): string {
  const { group, strides, dilations, begins, ends } = walk
  const pixels = elementCount(smallDims.slice(2))
  const [made, read] = [smallDims[1]!, largeDims[1]!]
  const flat = (channels: number) => tape.list(group === 1 ? [channels, pixels] : [group, channels / group, pixels])
  const left = tape.add('Reshape', [small, flat(made)])
  const padded = [...begins, ...ends].some((amount) => amount > 0) ? tape.add('Pad', [large, tape.list([0, 0, ...begins, 0, 0, ...ends])]) : large
  const axes = tape.list(walk.kernel.map((_, axis) => axis + 2))
  const products = tapsOf(walk.kernel).map((tap) => {
    const starts = tap.map((at, axis) => at * dilations[axis]!)
    const stops = starts.map((start, axis) => start + (smallDims[axis + 2]! - 1) * strides[axis]! + 1)
    const seen = tape.add('Reshape', [tape.add('Slice', [padded, tape.list(starts), tape.list(stops), axes, tape.list(strides)]), flat(read)])
    const product = group === 1 ? tape.add('Gemm', [left, seen], { transB: 1 }) : tape.add('MatMul', [left, tape.add('Transpose', [seen], { perm: [0, 2, 1] })])
    return tape.add('Reshape', [product, tape.list([weight[0]!, weight[1]!, 1])])
  })
  const all = products.length === 1 ? products[0]! : tape.add('Concat', products, { axis: 2 })
  return tape.add('Reshape', [all, tape.list(weight)])
}

/** Positions of a kernel in row-major order. */
export const tapsOf = (kernel: readonly number[]): number[][] =>
  kernel.reduce<number[][]>((taps, size) => taps.flatMap((tap) => Array.from({ length: size }, (_, at) => [...tap, at])), [[]])
