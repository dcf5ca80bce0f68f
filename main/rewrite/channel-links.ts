import { stringAttribute } from '../onnx/attribute.ts'
import type { Node } from '../onnx/graph.ts'
import { channelsOf, convWeights, isRefused, isUsedInside, type Refused, type Site } from './site.ts'

/**
 * Tensors whose channels can be scaled by one vector of positive factors without changing the function: everything that makes them and
 * everything that reads them is a convolution, or passes factors of a channel through (ALGORITHMS 5.6).
 */
export interface ChannelLink {
  readonly tensors: ReadonlySet<string>
  readonly channels: number
  /** Convolutions whose output channels they are. */
  readonly producers: readonly Node[]
  /** Convolutions whose input channels they are, each with the tensor that it reads. */
  readonly consumers: readonly { readonly conv: Node; readonly reads: string }[]
  /** What passes factors through, in graph order. */
  readonly between: readonly Node[]
}

export const isConvolution = (node: Node): boolean => (node.op === 'Conv' || node.op === 'ConvTranspose') && node.domain === ''

/** f(a·x) = a·f(x) for a > 0, on each channel alone. */
const HOMOGENEOUS = new Set(['Identity', 'Dropout', 'Relu', 'LeakyRelu', 'PRelu', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'Resize', 'Upsample', 'Mul', 'Div'])

/** The link that a convolution's output belongs to, or why its channels cannot be scaled. */
export function linkOf(site: Site, start: Node): ChannelLink | Refused {
  const { graph, links } = site
  const first = start.outputs[0]!
  const channels = channelsOf(graph, first)
  if (channels === undefined) return { why: `${first} is not known to be a picture [N, C, H, W] with its number of channels` }
  const tensors = new Set([first])
  const [producers, between] = [new Set<Node>(), new Set<Node>()]
  const consumers: { conv: Node; reads: string }[] = []
  for (const tensor of tensors) {
    const why = whyFixed(site, tensor, channels)
    if (why !== undefined) return { why }
    const maker = links.producer.get(tensor)
    if (maker === undefined) return { why: `${tensor} is an input of the graph` }
    for (const node of [maker, ...(links.consumers.get(tensor) ?? [])]) {
      const makes = node === maker
      if (isConvolution(node) && (makes || node.inputs[0] === tensor)) {
        const constants = convWeights(graph, node)
        if (isRefused(constants)) return constants
        if (makes) producers.add(node)
        else consumers.push({ conv: node, reads: tensor })
        continue
      }
      const more = passedOn(site, node)
      if (isRefused(more)) return more
      between.add(node)
      for (const name of more.tensors) tensors.add(name)
    }
  }
  if (consumers.length === 0) return { why: `no convolution reads what ${start.name} makes` }
  return { tensors, channels, producers: inGraph(site, producers), consumers, between: inGraph(site, between) }
}

const inGraph = ({ graph }: Site, nodes: ReadonlySet<Node>): Node[] => graph.nodes.filter((node) => nodes.has(node))

function whyFixed(site: Site, tensor: string, channels: number): string | undefined {
  if (site.links.outputs.has(tensor)) return `${tensor} is an output of the graph`
  if (site.keep.has(tensor)) return `the recipe speaks of ${tensor}`
  if (isUsedInside(site, tensor)) return `${tensor} is used in a graph inside a node`
  if (channelsOf(site.graph, tensor) !== channels) return `${tensor} has other channels`
  return undefined
}

/** Activations that a node ties to the same factors, or why it does not let factors through. */
function passedOn({ graph }: Site, node: Node): { readonly tensors: readonly string[] } | Refused {
  const refused: Refused = { why: `${node.name} (${node.op}) lets no factors through` }
  const outputs = node.outputs.filter((name) => name !== '')
  if (node.domain !== '' || outputs.length !== 1) return refused
  const moving = node.inputs.filter((name) => name !== '' && !graph.initializers.has(name))
  if (node.op === 'Add' || node.op === 'Sub' || node.op === 'Sum') return moving.length === node.inputs.length ? { tensors: [...moving, ...outputs] } : { why: `${node.name} (${node.op}) adds a constant` }
  if (!HOMOGENEOUS.has(node.op) || moving.length !== 1 || moving[0] !== node.inputs[0]) return refused
  if (stringAttribute(node, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize') return refused
  return { tensors: [moving[0]!, ...outputs] }
}
