import { intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import type { Node, Tensor } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import type { Affine } from './affine.ts'

/** Weights and bias of a convolution. */
export interface ConvConstants {
  readonly weight: Tensor
  readonly bias: Tensor | undefined
}

export const outputChannels = (conv: Node, weight: Tensor): number =>
  conv.op === 'Conv' ? weight.dims[0]! : weight.dims[1]! * intAttribute(conv, 'group', 1)

/** m·conv(x) + a as one convolution (ALGORITHMS 5.1). */
export function weightsBehind(conv: Node, { weight, bias }: ConvConstants, { m, a }: Affine): Required<ConvConstants> & { readonly bias: Tensor } {
  const values = float32(weight)
  const channelOf = outputChannelOf(conv, weight)
  const old = bias ? float32(bias) : new Float32Array(m.length)
  return {
    weight: tensor('float32', weight.dims, values.map((value, index) => value * m[channelOf(index)]!)),
    bias: tensor('float32', [m.length], Float32Array.from(m, (one, c) => old[c]! * one + a[c]!)),
  }
}

/** Output channel of a weight element: axis 0 of a Conv; of a ConvTranspose [Cin, Cout/g, …] axis 1 within the input's group. */
export function outputChannelOf(conv: Node, weight: Tensor): (index: number) => number {
  const [first, second] = weight.dims as [number, number]
  const inner = weight.dims.slice(2).reduce((product, dim) => product * dim, 1)
  if (conv.op === 'Conv') return (index) => Math.floor(index / (inner * second))
  const perGroup = first / intAttribute(conv, 'group', 1)
  return (index) => {
    const row = Math.floor(index / inner)
    return Math.floor(Math.floor(row / second) / perGroup) * second + (row % second)
  }
}

/** Input channel of a weight element. */
export function inputChannelOf(conv: Node, weight: Tensor): (index: number) => number {
  const [first, second] = weight.dims as [number, number]
  const inner = weight.dims.slice(2).reduce((product, dim) => product * dim, 1)
  const perGroup = first / intAttribute(conv, 'group', 1)
  return (index) => {
    const row = Math.floor(index / inner)
    return conv.op === 'Conv' ? Math.floor(Math.floor(row / second) / perGroup) * second + (row % second) : Math.floor(row / second)
  }
}

/** conv(m·x + a) as one convolution; the shift counts at every place alike, so nothing may be padded unless it is 0. */
export function weightsBefore(conv: Node, { weight, bias }: ConvConstants, { m, a }: Affine): ConvConstants {
  const values = float32(weight)
  const channelOf = inputChannelOf(conv, weight)
  const scaled = tensor('float32', weight.dims, values.map((value, index) => value * m[channelOf(index)]!))
  if (a.every((shift) => shift === 0)) return { weight: scaled, bias }
  const output = outputChannelOf(conv, weight)
  const sums = Float64Array.from({ length: outputChannels(conv, weight) }, (_, c) => (bias ? float32(bias)[c]! : 0))
  for (let index = 0; index < values.length; index++) sums[output(index)]! += values[index]! * a[channelOf(index)]!
  return { weight: scaled, bias: tensor('float32', [sums.length], Float32Array.from(sums)) }
}

/** Whether a convolution reads zeros around its input, whatever its size. */
export const isPadded = (conv: Node): boolean =>
  intsAttribute(conv, 'pads', []).some((pad) => pad !== 0) || stringAttribute(conv, 'auto_pad', 'NOTSET').startsWith('SAME')
