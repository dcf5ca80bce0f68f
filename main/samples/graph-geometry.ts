import { intAttribute, intsAttribute, floatsAttribute, tensorAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { float32, integers, isFloat } from '../onnx/tensor.ts'
import type { Topology } from '../onnx/topology.ts'

/** Pixels of a tensor for each pixel of the model's input, down and across. */
export interface SpatialScale {
  readonly down: number
  readonly across: number
}

/** A tensor that is written in the graph: an initializer or the value of a Constant node. */
export function constantOf(graph: Graph, links: Topology, name: string | undefined): Tensor | undefined {
  if (name === undefined || name === '') return undefined
  const node = links.producer.get(name)
  return graph.initializers.get(name) ?? (node?.op === 'Constant' ? tensorAttribute(node, 'value') : undefined)
}

/** The numbers of a constant, or undefined where the tensor is computed or holds no numbers. */
export function numbersOf(graph: Graph, links: Topology, name: string | undefined): number[] | undefined {
  const found = constantOf(graph, links, name)
  if (found === undefined || found.type === 'string') return undefined
  return isFloat(found.type) ? Array.from(float32(found)) : integers(found)
}

/** Operators after which positions no longer mean pixels. */
const ENDS_PIXELS = new Set(['Flatten', 'Gemm', 'MatMul', 'GlobalAveragePool', 'GlobalMaxPool', 'Shape', 'Size', 'NonMaxSuppression', 'TopK', 'Constant', 'ConstantOfShape'])

const STRIDED = new Set(['Conv', 'MaxPool', 'AveragePool', 'LpPool', 'ConvInteger', 'QLinearConv'])

/**
 * Transposes of a 6-dimensional view that spread channels over pixels: permutation → where the view holds the block's
 * height and width. Channels first of PyTorch's PixelShuffle, of TensorFlow's order, and channels last.
 */
const SHUFFLES: Readonly<Record<string, readonly [number, number]>> = { '0,1,4,2,5,3': [2, 3], '0,3,4,1,5,2': [1, 2], '0,1,3,2,4,5': [3, 4] }

function shuffleBlock(graph: Graph, links: Topology, node: Node): readonly [number, number] | undefined {
  const positions = SHUFFLES[intsAttribute(node, 'perm', []).join(',')]
  const view = positions && links.producer.get(node.inputs[0]!)
  if (view?.op !== 'Reshape') return undefined
  const shape = numbersOf(graph, links, view.inputs[1]) ?? intsAttribute(view, 'shape', [])
  const [down, across] = [shape[positions![0]], shape[positions![1]]]
  return down !== undefined && across !== undefined && down > 0 && across > 0 ? [down, across] : undefined
}

/** Factors of a Resize or Upsample whose scales are constants; undefined where they are computed or sizes are given. */
function resizeFactors(graph: Graph, links: Topology, node: Node): readonly [number, number] | undefined {
  const stated = node.op === 'Upsample' ? floatsAttribute(node, 'scales', undefined) : undefined
  const scales = stated ?? numbersOf(graph, links, node.inputs[node.op === 'Resize' && node.inputs.length > 2 ? 2 : 1])
  if (scales === undefined) return undefined
  if (scales.length === 2) return [scales[0]!, scales[1]!]
  if (scales.length !== 4) return undefined
  return scales[1] === 1 ? [scales[2]!, scales[3]!] : [scales[1]!, scales[2]!]
}

/** By how much a node enlarges (> 1) or shrinks (< 1) its input; undefined where that cannot be read from the graph. */
function growthOf(graph: Graph, links: Topology, node: Node): readonly [number, number] | undefined {
  const strides = () => {
    const [down = 1, across = 1] = intsAttribute(node, 'strides', [])
    return [down, across] as const
  }
  if (STRIDED.has(node.op)) return [1 / strides()[0], 1 / strides()[1]]
  if (node.op === 'ConvTranspose') return strides()
  if (node.op === 'Resize' || node.op === 'Upsample') return resizeFactors(graph, links, node)
  const block = intAttribute(node, 'blocksize', 1)
  if (node.op === 'DepthToSpace') return [block, block]
  if (node.op === 'SpaceToDepth') return [1 / block, 1 / block]
  if (node.op === 'Transpose') return shuffleBlock(graph, links, node) ?? [1, 1]
  return [1, 1]
}

/**
 * Spatial scale of every tensor that is computed pixel by pixel from `input`, as far as the operators tell. Borders that a
 * convolution without padding cuts off are not counted. A tensor that several scales meet in takes the largest.
 */
export function spatialScales(graph: Graph, links: Topology, input: string): Map<string, SpatialScale> {
  const scales = new Map<string, SpatialScale>([[input, { down: 1, across: 1 }]])
  for (const node of graph.nodes) {
    if (node.domain !== '' || ENDS_PIXELS.has(node.op)) continue
    const sources = node.inputs.flatMap((name) => scales.get(name) ?? [])
    const growth = sources.length > 0 ? growthOf(graph, links, node) : undefined
    if (growth === undefined) continue
    const down = Math.max(...sources.map((source) => source.down)) * growth[0]
    const across = Math.max(...sources.map((source) => source.across)) * growth[1]
    for (const output of node.outputs) if (output !== '') scales.set(output, { down, across })
  }
  return scales
}

const KEEPS_CHANNELS = new Set(['Relu', 'Clip', 'PRelu', 'LeakyRelu', 'Sigmoid', 'Tanh', 'BatchNormalization', 'Identity', 'Dropout', 'Cast', 'Round', 'Resize', 'Upsample', 'Pad', 'Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', 'MaxPool', 'AveragePool'])

/** Channels of a tensor in NCHW as the operators before it tell, for outputs whose shape the file leaves out. */
export function channelsByOperators(graph: Graph, links: Topology, name: string): number | undefined {
  const node = links.producer.get(name)
  if (node === undefined) {
    const dim = graph.values.get(name)?.dims?.[1]
    return typeof dim === 'number' ? dim : undefined
  }
  const weight = graph.initializers.get(node.inputs[1] ?? '')
  if (node.op === 'Conv') return weight?.dims[0]
  if (node.op === 'ConvTranspose') return weight && weight.dims[1]! * intAttribute(node, 'group', 1)
  const source = node.inputs.find((input) => input !== '' && !graph.initializers.has(input))
  if (source === undefined) return undefined
  if (node.op === 'DepthToSpace') {
    const before = channelsByOperators(graph, links, source)
    return before && before / intAttribute(node, 'blocksize', 1) ** 2
  }
  return KEEPS_CHANNELS.has(node.op) ? channelsByOperators(graph, links, source) : undefined
}
