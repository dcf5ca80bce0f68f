import { intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, integers } from '../onnx/tensor.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import { resizeFacts } from './resize-facts.ts'

/** How the repeated image of a residual network stands in the graph. */
export type AnchorForm = 'concat' | 'conv' | 'gather' | 'tile' | 'image-skip'
export type PixelOrder = 'DCR' | 'CRD'

/**
 * A residual that is learned on top of the repeated input (ABPN, ALGORITHMS 6.7):
 * `DepthToSpace(features + copies of the image)`, or `DepthToSpace(features) + enlarged image`.
 */
export interface Anchor {
  readonly form: AnchorForm
  /** The sum of both. */
  readonly add: Node
  readonly shuffle: Node
  readonly order: PixelOrder
  readonly factor: number
  readonly channels: number
  /** The image that is repeated, and what is learned on top of it: both before DepthToSpace. */
  readonly image: string
  readonly features: string
  /** Image channel that stands in each channel of the copies. */
  readonly copies: readonly number[]
  /** Nodes that make the copies alone, in order. */
  readonly branch: readonly Node[]
  /** True where DepthToSpace puts every copy back to its own colour. */
  readonly isPure: boolean
}

/** The colour that DepthToSpace gives to each channel before it. */
export const colorsOf = (order: PixelOrder, factor: number, channels: number): number[] =>
  Array.from({ length: channels * factor * factor }, (_, channel) => (order === 'DCR' ? channel % channels : Math.floor(channel / (factor * factor))))

/** Every anchor of a graph. */
export function anchorsOf(graph: Graph): Anchor[] {
  const links = topology(graph)
  return graph.nodes.filter(({ op, domain }) => op === 'DepthToSpace' && domain === '').flatMap((shuffle) => {
    const anchor = beforeShuffle(graph, links, shuffle) ?? behindShuffle(graph, links, shuffle)
    return anchor === undefined ? [] : [anchor]
  })
}

const orderOf = (node: Node): PixelOrder => (stringAttribute(node, 'mode', 'DCR') === 'CRD' ? 'CRD' : 'DCR')

const onlyReader = (links: Topology, tensor: string): Node | undefined => {
  const readers = links.consumers.get(tensor) ?? []
  return readers.length === 1 && !links.outputs.has(tensor) ? readers[0] : undefined
}

/** DepthToSpace(Add(features, copies)). */
function beforeShuffle(graph: Graph, links: Topology, shuffle: Node): Anchor | undefined {
  const add = links.producer.get(shuffle.inputs[0]!)
  if (add?.op !== 'Add' || onlyReader(links, add.outputs[0]!) !== shuffle) return undefined
  const factor = intAttribute(shuffle, 'blocksize', 1)
  for (const [side, name] of add.inputs.entries()) {
    const found = copiesOf(graph, links, name)
    if (!found || found.copies.length % (factor * factor) !== 0) continue
    const channels = found.copies.length / (factor * factor)
    const order = orderOf(shuffle)
    const colors = colorsOf(order, factor, channels)
    return {
      ...found, add, shuffle, order, factor, channels, features: add.inputs[1 - side]!,
      isPure: found.copies.every((color, channel) => color === colors[channel]) && Math.max(...found.copies) === channels - 1,
    }
  }
  return undefined
}

/** Add(DepthToSpace(features), the enlarged image). */
function behindShuffle(graph: Graph, links: Topology, shuffle: Node): Anchor | undefined {
  const add = onlyReader(links, shuffle.outputs[0]!)
  if (add?.op !== 'Add') return undefined
  const other = add.inputs.find((name) => name !== shuffle.outputs[0])
  const resize = other === undefined ? undefined : links.producer.get(other)
  if (resize?.op !== 'Resize' || onlyReader(links, resize.outputs[0]!) !== add) return undefined
  const facts = resizeFacts(graph, resize)
  const factor = intAttribute(shuffle, 'blocksize', 1)
  if ('why' in facts || facts.kind !== 'nearest' || facts.factors.some((each) => each !== factor)) return undefined
  const order = orderOf(shuffle)
  return {
    form: 'image-skip', add, shuffle, order, factor, channels: facts.channels, image: resize.inputs[0]!, features: shuffle.inputs[0]!,
    copies: colorsOf(order, factor, facts.channels), branch: [resize], isPure: true,
  }
}

type Copies = Pick<Anchor, 'form' | 'image' | 'copies' | 'branch'>

/** A tensor that holds channels of another one, each as it is; undefined where it is computed. */
function copiesOf(graph: Graph, links: Topology, tensor: string): Copies | undefined {
  const node = links.producer.get(tensor)
  if (node === undefined || node.domain !== '') return undefined
  const [input = ''] = node.inputs
  const channels = graph.values.get(input)?.dims?.[1]
  if (typeof channels !== 'number') return undefined
  const all = Array.from({ length: channels }, (_, channel) => channel)
  const made = (form: AnchorForm, copies: readonly number[]): Copies => ({ form, image: input, copies, branch: [node] })
  switch (node.op) {
    case 'Concat': {
      const isRepeat = node.inputs.length > 1 && node.inputs.every((name) => name === input) && [1, -3].includes(intAttribute(node, 'axis', 0))
      return isRepeat ? made('concat', node.inputs.flatMap(() => all)) : undefined
    }
    case 'Tile': {
      const repeats = graph.initializers.get(node.inputs[1] ?? '')
      const times = repeats ? integers(repeats) : []
      return times.length === 4 && times.every((time, axis) => axis === 1 || time === 1) ? made('tile', Array.from({ length: times[1]! }, () => all).flat()) : undefined
    }
    case 'Gather': {
      const indices = graph.initializers.get(node.inputs[1] ?? '')
      return intAttribute(node, 'axis', 0) === 1 && indices?.dims.length === 1 ? made('gather', integers(indices).map((at) => (at < 0 ? at + channels : at))) : undefined
    }
    case 'Conv': {
      const copies = selectionOf(graph, node, channels)
      return copies && made('conv', copies)
    }
    default: return undefined
  }
}

/** The input channel that each row of a 1×1 Conv hands on as it is; undefined where it does anything else. */
function selectionOf(graph: Graph, node: Node, channels: number): number[] | undefined {
  const weight = graph.initializers.get(node.inputs[1] ?? '')
  const isPointwise = weight?.type === 'float32' && weight.dims.length === 4 && weight.dims[2] === 1 && weight.dims[3] === 1 && (node.inputs[2] ?? '') === ''
  const isPlain = intsAttribute(node, 'strides', [1, 1]).every((step) => step === 1) && intsAttribute(node, 'pads', [0, 0, 0, 0]).every((pad) => pad === 0)
  if (!isPointwise || !isPlain) return undefined
  const perGroup = weight.dims[1]!
  const rowsPerGroup = weight.dims[0]! / (channels / perGroup)
  const values = float32(weight)
  const rows = Array.from({ length: weight.dims[0]! }, (_, row) => {
    const taps = values.subarray(row * perGroup, (row + 1) * perGroup)
    const at = taps.indexOf(1)
    return at >= 0 && taps.every((tap, index) => tap === (index === at ? 1 : 0)) ? Math.floor(row / rowsPerGroup) * perGroup + at : -1
  })
  return rows.includes(-1) ? undefined : rows
}
