import { CODE_LIMITS, type CodeType } from '../core/grid.ts'
import { floatAttribute, intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { COMPUTE } from '../onnx/operators.ts'
import { float32, integers } from '../onnx/tensor.ts'
import { channelIndex } from './without-codes.ts'
import type { Coded } from './site.ts'

/** Scale and zero point of a QuantizeLinear or DequantizeLinear whose parameters are constants. */
export interface Params {
  readonly type: CodeType
  readonly scale: readonly number[]
  readonly zeroPoint: readonly number[]
  /** The real range that its codes reach, of all channels together. */
  readonly lo: number
  readonly hi: number
}

export function paramsOf(graph: Graph, node: Node): Params | undefined {
  const scale = graph.initializers.get(node.inputs[1] ?? '')
  const zero = graph.initializers.get(node.inputs[2] ?? '')
  const type = (zero ?? graph.initializers.get(node.inputs[0]!))?.type ?? 'uint8'
  if (!scale || !(type in CODE_LIMITS)) return undefined
  const steps = [...float32(scale)]
  const zeroPoint = zero ? integers(zero) : steps.map(() => 0)
  const [min, max] = CODE_LIMITS[type as CodeType]
  const ends = (code: number): number[] => steps.map((step, index) => (code - (zeroPoint[index] ?? zeroPoint[0]!)) * step)
  return { type: type as CodeType, scale: steps, zeroPoint, lo: Math.min(...ends(min)), hi: Math.max(...ends(max)) }
}

/** What a node that computes products reads: codes of its input, of its weight, and of its bias where that has any. */
export interface Operands {
  readonly node: Node
  /** Tensor whose codes the input is, before its QuantizeLinear. */
  readonly input: { readonly tensor: string; readonly params: Params } | null
  readonly weight: Constant
  readonly bias: Constant | null
  /** What a step of the accumulator is of a step of the bias: alpha / beta of a Gemm, else 1. */
  readonly ratio: number
}

export interface Constant {
  readonly tensor: string
  readonly params: Params
  readonly codes: Tensor
}

/** Every node of a QDQ graph that multiplies by the codes of a constant. */
export function computingNodes({ graph, links }: Coded): Operands[] {
  const constant = (name: string | undefined): Constant | null => {
    const node = links.producer.get(name ?? '')
    const codes = node?.op === 'DequantizeLinear' ? graph.initializers.get(node.inputs[0]!) : undefined
    const params = node && codes ? paramsOf(graph, node) : undefined
    return codes && params ? { tensor: node!.inputs[0]!, params, codes } : null
  }
  return graph.nodes.filter(({ op, domain }) => COMPUTE.has(op) && domain === '').flatMap((node) => {
    const weight = constant(node.inputs[1])
    if (!weight) return []
    const read = links.producer.get(node.inputs[0]!)
    const params = read?.op === 'DequantizeLinear' ? paramsOf(graph, read) : undefined
    return [{
      node, weight, bias: constant(node.inputs[2]),
      input: params ? { tensor: links.producer.get(read!.inputs[0]!)?.inputs[0] ?? read!.inputs[0]!, params } : null,
      ratio: node.op === 'Gemm' ? floatAttribute(node, 'alpha', 1) / floatAttribute(node, 'beta', 1) : 1,
    }]
  })
}

/** The output channel of each element of a weight, and how many there are. */
export function outputChannels(node: Node, { dims }: Tensor): { readonly of: (index: number) => number; readonly count: number } {
  if (node.op === 'ConvTranspose') {
    const [groups, perGroup, rows] = [intAttribute(node, 'group', 1), dims[1]!, dims[0]!]
    const [column, row] = [channelIndex(dims, 1), channelIndex(dims, 0)]
    return { of: (index) => Math.floor((row(index) * groups) / rows) * perGroup + column(index), count: groups * perGroup }
  }
  const axis = node.op === 'Conv' || (node.op === 'Gemm' && intAttribute(node, 'transB', 0) === 1) ? 0 : dims.length - 1
  return { of: channelIndex(dims, axis), count: dims[axis]! }
}

/** Sum over each output channel of what `each` makes of a weight's code, its zero point taken off. */
export function channelSums({ node, weight: { codes, params } }: Operands, each: (code: number, channel: number) => number): Float64Array {
  const { of, count } = outputChannels(node, codes)
  const sums = new Float64Array(count)
  for (const [index, code] of integers(codes).entries()) {
    const channel = of(index)
    sums[channel]! += each(code - (params.zeroPoint[params.zeroPoint.length > 1 ? channel : 0] ?? 0), channel)
  }
  return sums
}

/** The scale of a constant for one output channel. */
export const scaleAt = ({ scale }: Params, channel: number): number => scale[scale.length > 1 ? channel : 0] ?? NaN
