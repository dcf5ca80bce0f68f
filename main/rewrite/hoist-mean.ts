import { attributesOf, intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import { nameMaker, withNodes } from '../onnx/edit.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { float32, float32Scalar, int64List, tensor } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import { affineChain, type Affine, type FoldedNode } from './affine.ts'

export interface Hoisted {
  readonly graph: Graph
  readonly folded: readonly FoldedNode[]
  /** Tensors that were added and hold the picture's own range: the plane, and the picture with it. */
  readonly planes: readonly string[]
  /** The level that was taken off the picture: the planes hold -centre..peak - centre. */
  readonly centre: number
}

/**
 * Takes a per-channel mean shift and scale between a picture input and its first Conv into that Conv, so that the Conv reads
 * the picture's own codes and nothing is rounded before it. m·x + a goes into the weights as W·m; the constant part
 * W·a goes into the bias where the Conv does not pad. Where it pads with zeros, the shift must not reach into the border
 * (ALGORITHMS 5.4): the constant part then becomes the weights of one more input channel, a plane that is `level` inside the
 * picture and, like everything, zero in the padding; it is the end of the picture's range that is farther from the mean.
 * Exact in real numbers, borders included.
 */
export function hoistMean(graph: Graph, input: string, peak: number, keep: ReadonlySet<string> = new Set()): Hoisted {
  const unchanged = { graph, folded: [], planes: [], centre: 0 }
  const channels = 3 // of a colour picture; one with a single channel has no means to be taken apart
  const links = topology(graph)
  const readers = links.consumers.get(input) ?? []
  if (readers.length !== 1 || links.outputs.has(input)) return unchanged
  const chain = affineChain(graph, links, input, channels, keep)
  const last = chain.nodes.at(-1)
  if (!last || chain.affine.m.some((factor) => factor === 0)) return unchanged
  const behind = links.consumers.get(last.outputs[0]!) ?? []
  const conv = behind[0]
  if (behind.length !== 1 || conv?.op !== 'Conv' || conv.inputs[0] !== last.outputs[0] || links.outputs.has(last.outputs[0]!) || keep.has(last.outputs[0]!)) return unchanged
  const weight = graph.initializers.get(conv.inputs[1]!)
  const bias = conv.inputs[2] ? graph.initializers.get(conv.inputs[2]) : undefined
  if (weight?.type !== 'float32' || weight.dims.length !== 4 || weight.dims[1] !== channels || intAttribute(conv, 'group', 1) !== 1) return unchanged
  if ((conv.inputs[2] && bias?.type !== 'float32') || stringAttribute(conv, 'auto_pad', 'NOTSET') !== 'NOTSET') return unchanged

  const name = nameMaker(graph)
  const pads = intsAttribute(conv, 'pads', []).some((pad) => pad !== 0)
  const initializers = new Map(graph.initializers)
  const put = (wish: string, value: Tensor) => {
    const made = name(wish)
    initializers.set(made, value)
    return made
  }
  const centre = pads ? centreOf(chain.affine, peak) : 0
  const level = centre > peak / 2 ? -centre : peak - centre
  const affine = { m: chain.affine.m, a: chain.affine.a.map((a, channel) => a + chain.affine.m[channel]! * centre) }
  const made = pads ? widened(weight, affine, level) : { weight: scaled(weight, chain.affine), constant: constantPart(weight, chain.affine) }
  const weightName = put(`${conv.inputs[1]}_hoisted`, made.weight)
  const inputs = [input, weightName, ...(conv.inputs[2] ? [conv.inputs[2]] : [])]
  const added: Node[] = []
  if (pads) {
    const plane = constantPlane(input, centre, level, name, put)
    added.push(...plane)
    inputs[0] = plane.at(-1)!.outputs[0]!
  } else inputs[2] = put(`${conv.inputs[2] ?? `${conv.name}_bias`}_hoisted`, addTo(bias, (made as { constant: Float64Array }).constant))
  const gone = new Set<Node>(chain.nodes)
  const nodes = graph.nodes.filter((node) => !gone.has(node)).map((node) => (node === conv ? { ...conv, inputs } : node))
  return {
    graph: withNodes(graph, [...added, ...nodes], { initializers }),
    folded: chain.nodes.map((node) => ({ node: node.name, op: node.op, into: conv.name })),
    planes: pads ? [added[0]!, ...added.slice(-2)].map((node) => node.outputs[0]!) : [],
    centre,
  }
}

/** input → first channel · 0 + level → Concat(input, plane). */
function constantPlane(input: string, centre: number, level: number, name: (wish: string) => string, put: (wish: string, value: Tensor) => string): Node[] {
  const node = (op: string, inputs: string[], output: string, attributes = {}): Node => ({ name: name(`${output}_node`), op, domain: '', inputs, outputs: [output], attributes: attributesOf(attributes) })
  const [shifted, channel, blank, plane, whole] = ['centred', 'channel', 'blank', 'plane', 'with_plane'].map((part) => name(`${input}_${part}`)) as [string, string, string, string, string]
  const slice = [put(`${input}_from`, int64List([0])), put(`${input}_to`, int64List([1])), put(`${input}_axis`, int64List([1]))]
  return [
    node('Sub', [input, put(`${input}_centre`, float32Scalar(centre))], shifted),
    node('Slice', [shifted, ...slice], channel),
    node('Mul', [channel, put(`${input}_nothing`, float32Scalar(0))], blank),
    node('Add', [blank, put(`${input}_level`, float32Scalar(level))], plane),
    node('Concat', [shifted, plane], whole, { axis: 1 }),
  ]
}

/** The level nearest to the common zero of all channels: what is left of the shift is small beside the weights. */
function centreOf({ m, a }: Affine, peak: number): number {
  const mean = a.reduce((sum, value, channel) => sum - value / m[channel]!, 0) / m.length
  return (Math.max(0, Math.min(255, Math.round((mean / peak) * 255))) / 255) * peak
}

/** Weights [O, C, kh, kw] times the channel's factor. */
function scaled(weight: Tensor, { m }: Affine): Tensor {
  const inner = weight.dims[2]! * weight.dims[3]!
  return tensor('float32', weight.dims, float32(weight).map((value, index) => value * m[Math.floor(index / inner) % m.length]!))
}

/** [O, C + 1, kh, kw]: the last channel weighs the plane. */
function widened(weight: Tensor, affine: Affine, level: number): { weight: Tensor } {
  const [outputs, channels, height, width] = weight.dims as [number, number, number, number]
  const inner = height * width
  const values = float32(weight)
  const wide = new Float32Array(outputs * (channels + 1) * inner)
  const by = float32(scaled(weight, affine))
  for (let output = 0; output < outputs; output++) {
    const from = output * channels * inner
    wide.set(by.subarray(from, from + channels * inner), output * (channels + 1) * inner)
    for (let tap = 0; tap < inner; tap++) {
      let sum = 0
      for (let channel = 0; channel < channels; channel++) sum += values[from + channel * inner + tap]! * affine.a[channel]!
      wide[(output * (channels + 1) + channels) * inner + tap] = sum / level
    }
  }
  return { weight: tensor('float32', [outputs, channels + 1, height, width], wide) }
}

/** What the shift adds to every output pixel of a Conv that does not pad. */
function constantPart(weight: Tensor, { a }: Affine): Float64Array {
  const [outputs, channels, height, width] = weight.dims as [number, number, number, number]
  const values = float32(weight)
  const sums = new Float64Array(outputs)
  for (let i = 0; i < values.length; i++) sums[Math.floor(i / (channels * height * width))]! += values[i]! * a[Math.floor(i / (height * width)) % channels]!
  return sums
}

function addTo(bias: Tensor | undefined, constant: Float64Array): Tensor {
  const old = bias ? float32(bias) : new Float32Array(constant.length)
  return tensor('float32', [constant.length], Float32Array.from(constant, (value, channel) => value + old[channel]!))
}
