import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { tensor } from '../onnx/tensor.ts'
import { chainAt, placeOf, type AffineChain, type AffinePlace } from './affine-places.ts'
import { weightsBefore, weightsBehind, type ConvConstants } from './fold-weights.ts'
import { makerOf, newNode, type CollectingMaker } from './maker.ts'
import type { Rewrite, Rewritten } from './rewrite.ts'
import { bytesMoved, choice, elementsOf, isRefused, nodeRewrite, replaced, ROUNDING } from './site.ts'

interface Fold {
  readonly chain: AffineChain
  readonly place: AffinePlace
}

/**
 * Folds chains of BatchNormalization and constant arithmetic (ALGORITHMS 5.1, 5.3): into the convolution before them, through Relu,
 * MaxPool and nearest Resize where only positive factors remain; into the convolution behind them where no padding meets a shift;
 * else into one depthwise 1×1 layer (option `leftovers`: `scale-layer` or `keep`). `takes` says which chains are this rewrite's.
 */
export function foldRewrite(name: string, takes: (chain: AffineChain) => boolean): Rewrite {
  return nodeRewrite<Fold>({
    name,
    plan(site, node) {
      const chain = chainAt(site, node)
      if (chain === undefined) return undefined
      // What is no chain is told by the rewrite that its operator belongs to.
      if (isRefused(chain)) return takes({ nodes: [node], affine: { m: new Float64Array(), a: new Float64Array() }, input: '', output: '' }) ? chain : undefined
      if (!takes(chain)) return undefined
      const place = placeOf(site, chain, choice(site, name, 'leftovers', ['scale-layer', 'keep']))
      return isRefused(place) ? place : { chain, place }
    },
    say: (site, _, fold) => said(site.graph, fold),
    apply: ({ graph }, _, { chain, place }) => (place.kind === 'layer' ? intoLayer(graph, chain) : place.kind === 'behind' ? intoBehind(graph, chain, place) : intoBefore(graph, chain, place.conv)),
  })
}

function said(graph: Graph, { chain: { nodes, output, affine: { m } }, place }: Fold) {
  const chain = `${nodes.map(({ op }) => op).join(' → ')} of ${m.length} channels`
  const through = place.kind === 'behind' && place.path.length > 0 ? ` through ${place.path.map(({ op }) => op).join(' and ')}` : ''
  const elements = elementsOf(graph, output)
  return {
    others: [...nodes.slice(1), ...(place.kind === 'layer' ? [] : [place.conv])],
    what: place.kind === 'layer' ? `${chain} becomes one depthwise 1×1 Conv` : `${chain} goes into the weights of ${place.conv.name} ${place.kind === 'behind' ? 'before' : 'behind'} it${through}`,
    why: place.kind === 'layer'
      ? 'No convolution takes it in; as a layer with weights it is quantized by channel like any convolution.'
      : 'A map less is written, read and rounded; a scale that was one number for all channels no longer stands between.',
    cost: {
      macs: place.kind === 'layer' ? elements : 0,
      bytesMoved: bytesMoved(graph, output, place.kind === 'layer' ? 1 - nodes.length : -nodes.length), channelPeak: m.length,
    },
  }
}

function rewritten(graph: Graph, nodes: readonly Node[], { initializers }: CollectingMaker): Rewritten {
  return { graph: withNodes(graph, nodes, { initializers }), renamed: new Map(), relativeTolerance: ROUNDING }
}

/** The convolution with other constants. */
function withConstants(graph: Graph, conv: Node, maker: CollectingMaker, change: (conv: Node, constants: ConvConstants) => ConvConstants): Node {
  const bias = conv.inputs[2] ? graph.initializers.get(conv.inputs[2]) : undefined
  const made = change(conv, { weight: graph.initializers.get(conv.inputs[1]!)!, bias })
  const names = [maker.put(`${conv.inputs[1]}_folded`, made.weight)]
  if (made.bias) names.push(maker.put(`${conv.inputs[2] || `${conv.name}_bias`}_folded`, made.bias))
  return { ...conv, inputs: [conv.inputs[0]!, ...names] }
}

/** Tensors between the convolution and the chain hold other values now, so they get other names. */
function intoBehind(graph: Graph, { nodes, affine, output }: AffineChain, { conv, path }: Extract<AffinePlace, { kind: 'behind' }>): Rewritten {
  const maker = makerOf(graph)
  const made = [conv, ...path]
  const renamed = new Map(made.map((node, index) => [node.outputs[0]!, index === made.length - 1 ? output : maker.name(`${node.outputs[0]}_scaled`)]))
  const scaled = (node: Node): Node => ({ ...node, inputs: node.inputs.map((name) => renamed.get(name) ?? name), outputs: [renamed.get(node.outputs[0]!)!] })
  const folded = scaled(withConstants(graph, conv, maker, (node, constants) => weightsBehind(node, constants, affine)))
  return rewritten(graph, replaced(graph.nodes, (node) => (nodes.includes(node) ? [] : node === conv ? [folded] : path.includes(node) ? [scaled(node)] : undefined)), maker)
}

function intoBefore(graph: Graph, { nodes, affine, input }: AffineChain, conv: Node): Rewritten {
  const maker = makerOf(graph)
  const folded = withConstants(graph, conv, maker, (node, constants) => weightsBefore(node, constants, affine))
  return rewritten(graph, replaced(graph.nodes, (node) => (nodes.includes(node) ? [] : node === conv ? [{ ...folded, inputs: [input, ...folded.inputs.slice(1)] }] : undefined)), maker)
}

function intoLayer(graph: Graph, { nodes, affine: { m, a }, input, output }: AffineChain): Rewritten {
  const maker = makerOf(graph)
  const constants = [maker.put(`${output}_factor`, tensor('float32', [m.length, 1, 1, 1], Float32Array.from(m)))]
  if (a.some((shift) => shift !== 0)) constants.push(maker.put(`${output}_shift`, tensor('float32', [a.length], Float32Array.from(a))))
  const layer = newNode(maker, 'Conv', [input, ...constants], output, { kernel_shape: [1, 1], group: m.length })
  return rewritten(graph, replaced(graph.nodes, (node) => (node === nodes[0] ? [layer] : nodes.includes(node) ? [] : undefined)), maker)
}
