import { attributesOf, floatAttribute } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { elementCount, float32, float32Scalar } from '../onnx/tensor.ts'
import { makerOf } from './maker.ts'
import type { Rewritten } from './rewrite.ts'
import { bytesMoved, channelsOf, isRefused, nodeRewrite, replaced, whyNeeded, type Refused } from './site.ts'

/** Values below `low` become it, values above `high` become that. */
interface Bounds {
  readonly low: number
  readonly high: number
}

interface Fusion {
  readonly input: string
  readonly bounds: Bounds
  /** The activation before it that goes; absent where the node is only written otherwise. */
  readonly first?: Node
}

/** Activations that cut off at constants, one behind another, become one: Relu and Clip, Min and Max with a number (a Relu6 as exporters write it). */
export const fuseActivation = nodeRewrite<Fusion>({
  name: 'fuse-activation',
  plan(site, node) {
    const own = boundsOf(site.graph, node)
    if (own === undefined || isRefused(own)) return own
    const first = site.links.producer.get(own.input)
    const before = first && boundsOf(site.graph, first)
    if (!first || !before || isRefused(before)) return isPlain(node) ? undefined : { input: own.input, bounds: own.bounds }
    const needed = whyNeeded(site, own.input)
    if (needed !== undefined) return isPlain(node) ? { why: needed } : { input: own.input, bounds: own.bounds }
    const clamp = (value: number): number => Math.min(Math.max(value, own.bounds.low), own.bounds.high)
    return { input: before.input, bounds: { low: clamp(before.bounds.low), high: clamp(before.bounds.high) }, first }
  },
  say({ graph }, node, { bounds, first }) {
    const becomes = operatorOf(bounds) === 'Clip' ? `Clip(${bounds.low}, ${bounds.high})` : operatorOf(bounds)
    return {
      others: first ? [first] : [],
      what: `${[...(first ? [first.op] : []), node.op].join(' → ')} becomes ${becomes}`,
      why: first ? 'One pass over the map less, and no range of its own between the two.' : 'Compilers fuse Clip into the convolution before it; this operator they compute by itself.',
      cost: { macs: 0, bytesMoved: first ? bytesMoved(graph, node.outputs[0]!, -1) : 0, channelPeak: channelsOf(graph, node.outputs[0]!) ?? null },
    }
  },
  apply: ({ graph }, node, fusion) => fused(graph, node, fusion),
})

/** Forms that compilers know, and that need not be written otherwise. */
const isPlain = ({ op, domain }: Node): boolean => domain === '' && (op === 'Relu' || op === 'Clip')

/** What a node cuts off; undefined where it is no such activation. */
function boundsOf(graph: Graph, node: Node): { readonly input: string; readonly bounds: Bounds } | Refused | undefined {
  if (!['Relu', 'Clip', 'Min', 'Max'].includes(node.op)) return undefined
  if (node.domain !== '') return { why: `${node.op} is of ${node.domain}, not of ONNX itself` }
  if (node.op === 'Relu') return { input: node.inputs[0]!, bounds: { low: 0, high: Infinity } }
  return node.op === 'Clip' ? clipBounds(graph, node) : numberBounds(graph, node)
}

function clipBounds(graph: Graph, node: Node): { readonly input: string; readonly bounds: Bounds } | Refused {
  const bound = (index: number, attribute: string, open: number): number | undefined => {
    const name = node.inputs[index]
    if (!name) return floatAttribute(node, attribute, open)
    const constant = graph.initializers.get(name)
    return constant?.type === 'float32' ? float32(constant)[0] : undefined
  }
  const [low, high] = [bound(1, 'min', -Infinity), bound(2, 'max', Infinity)]
  if (low === undefined || high === undefined) return { why: 'its bounds are no constants of float32' }
  return low <= high ? { input: node.inputs[0]!, bounds: { low, high } } : { why: `its bounds cross (${low} above ${high})` }
}

/** Min or Max of a tensor and a number. */
function numberBounds(graph: Graph, node: Node): { readonly input: string; readonly bounds: Bounds } | Refused | undefined {
  const moving = node.inputs.filter((name) => !graph.initializers.has(name))
  if (node.inputs.length !== 2 || moving.length !== 1) return undefined
  const constant = graph.initializers.get(node.inputs.find((name) => name !== moving[0])!)!
  if (constant.type !== 'float32') return undefined
  if (elementCount(constant.dims) !== 1 || constant.dims.length > 1) return { why: `its constant [${constant.dims.join(', ')}] is not one number` }
  const value = float32(constant)[0]!
  return { input: moving[0]!, bounds: node.op === 'Max' ? { low: value, high: Infinity } : { low: -Infinity, high: value } }
}

const operatorOf = ({ low, high }: Bounds): 'Identity' | 'Relu' | 'Clip' => (high === Infinity && low === 0 ? 'Relu' : high === Infinity && low === -Infinity ? 'Identity' : 'Clip')

function fused(graph: Graph, node: Node, { input, bounds, first }: Fusion): Rewritten {
  const maker = makerOf(graph)
  const op = operatorOf(bounds)
  const [low, high] = [bounds.low, bounds.high].map((value) => (op === 'Clip' && Number.isFinite(value) ? value : undefined))
  const isLate = (graph.opsets.get('') ?? 0) >= 11
  const limits = isLate
    ? [low === undefined ? '' : maker.put(`${node.outputs[0]}_min`, float32Scalar(low)), high === undefined ? '' : maker.put(`${node.outputs[0]}_max`, float32Scalar(high))]
    : []
  const inputs = [input, ...limits]
  while (inputs.at(-1) === '') inputs.pop()
  const one: Node = { ...node, op, domain: '', inputs, attributes: attributesOf(isLate ? {} : { min: low, max: high }) }
  const nodes = replaced(graph.nodes, (each) => (each === first ? [] : each === node ? [one] : undefined))
  const same = first !== undefined && sameValues(graph, first, node)
  return { graph: withNodes(graph, nodes, { initializers: maker.initializers }), renamed: new Map(same ? [[first.outputs[0]!, node.outputs[0]!]] : []), relativeTolerance: 0 }
}

/** Whether the second cuts off nothing that the first has left: then both tensors hold the same. */
function sameValues(graph: Graph, first: Node, second: Node): boolean {
  const [before, after] = [boundsOf(graph, first), boundsOf(graph, second)] as { readonly bounds: Bounds }[]
  return before!.bounds.low >= after!.bounds.low && before!.bounds.high <= after!.bounds.high
}
