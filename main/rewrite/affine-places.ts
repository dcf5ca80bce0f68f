import { intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { isAffine, isPassThrough } from '../onnx/operators.ts'
import { float32 } from '../onnx/tensor.ts'
import { affineOf, type Affine } from './affine.ts'
import { isPadded } from './fold-weights.ts'
import { channelsOf, convWeights, isRefused, whyNeeded, type Refused, type Site } from './site.ts'

/** Neighbours that multiply and shift each channel of a picture by constants: y = m·x + a over all of them. */
export interface AffineChain {
  readonly nodes: readonly Node[]
  readonly affine: Affine
  readonly input: string
  readonly output: string
}

/** Where a chain goes. `path`: nodes between the convolution and the chain that let positive factors through. */
export type AffinePlace =
  | { readonly kind: 'behind'; readonly conv: Node; readonly path: readonly Node[] }
  | { readonly kind: 'before'; readonly conv: Node }
  | { readonly kind: 'layer' }

const isAffineKind = (graph: Graph, node: Node): boolean => node.op === 'BatchNormalization' || isAffine(graph, { ...node, domain: '' })

/** The input of an affine node that is no constant. */
const movingInput = (graph: Graph, node: Node): string => (node.op === 'BatchNormalization' ? node.inputs[0]! : node.inputs.find((name) => !graph.initializers.has(name))!)

/** What one node does to the channels of its picture; undefined where it has nothing to do with such arithmetic. */
export function affineStep({ graph }: Site, node: Node): { readonly affine: Affine; readonly input: string } | Refused | undefined {
  if (!isAffineKind(graph, node)) return undefined
  const input = movingInput(graph, node)
  const constant = node.op === 'BatchNormalization' ? undefined : graph.initializers.get(node.inputs[1 - node.inputs.indexOf(input)]!)
  // Whole numbers are arithmetic of shapes.
  if (constant !== undefined && !constant.type.includes('float')) return undefined
  if (node.domain !== '') return { why: `${node.op} is of ${node.domain}, not of ONNX itself` }
  const channels = channelsOf(graph, input)
  if (channels === undefined) return { why: `${input} is not known to be a picture [N, C, H, W] with its number of channels` }
  const affine = affineOf(graph, node, input, channels)
  return affine === undefined ? { why: whyNotAffine(graph, node, constant, channels) } : { affine, input }
}

function whyNotAffine(graph: Graph, node: Node, constant: ReturnType<Graph['initializers']['get']>, channels: number): string {
  if (node.op === 'BatchNormalization') {
    if (intAttribute(node, 'training_mode', 0) !== 0 || node.outputs.filter((name) => name !== '').length > 1) return 'it is in training form'
    const missing = node.inputs.slice(1, 5).find((name) => !graph.initializers.has(name))
    return missing === undefined ? `its constants are not for ${channels} channels` : `${missing} is computed at run time`
  }
  if (constant!.type !== 'float32') return `its constant is ${constant!.type}`
  if (node.op === 'Div' && float32(constant!).some((value) => value === 0)) return 'it divides by 0'
  const shape = `[${constant!.dims.join(', ')}]`
  const width = constant!.dims.at(-1) ?? 1
  if (width === 1) return `its constant ${shape} is not one number for each of ${channels} channels`
  return `its constant ${shape} runs along the width${width === channels ? `, although there are as many channels (${channels})` : ''}`
}

/** The chain that begins at a node; undefined where it only goes on with one, or is none. */
export function chainAt(site: Site, first: Node): AffineChain | Refused | undefined {
  const step = affineStep(site, first)
  if (step === undefined || isRefused(step)) return step
  const before = site.links.producer.get(step.input)
  const previous = before && affineStep(site, before)
  if (previous && !isRefused(previous) && whyNeeded(site, step.input) === undefined) return undefined
  const nodes = [first]
  let { affine } = step
  for (;;) {
    const output = nodes.at(-1)!.outputs[0]!
    const next = site.links.consumers.get(output)?.[0]
    if (next === undefined || whyNeeded(site, output) !== undefined) break
    const following = affineStep(site, next)
    if (following === undefined || isRefused(following) || following.input !== output) break
    const { m, a } = following.affine
    affine = { m: affine.m.map((one, c) => one * m[c]!), a: affine.a.map((one, c) => one * m[c]! + a[c]!) }
    nodes.push(next)
  }
  return { nodes, affine, input: step.input, output: nodes.at(-1)!.outputs[0]! }
}

const shifts = ({ a }: Affine): boolean => a.some((value) => value !== 0)
const isConv = (node: Node): boolean => node.domain === '' && (node.op === 'Conv' || node.op === 'ConvTranspose')

/** Operators that give m·y where they gave y, for every m > 0. */
const letsFactorsThrough = (node: Node): boolean =>
  node.domain === '' && (node.op === 'Relu' || (node.op === 'MaxPool' && isPassThrough(node)) || (node.op === 'Resize' && isPassThrough(node)))

/** Where a chain can go: into the convolution before it, into the one behind it, or into a layer of its own. */
export function placeOf(site: Site, chain: AffineChain, leftovers: 'scale-layer' | 'keep'): AffinePlace | Refused {
  const behind = placeBehind(site, chain)
  if (!isRefused(behind)) return behind
  const before = placeBefore(site, chain)
  if (!isRefused(before)) return before
  const both = `${behind.why}; ${before.why}`
  if (leftovers === 'keep') return { why: both }
  if (site.graph.inputs.some(({ name }) => name === chain.input)) return { why: `${both}; at an input of the graph it is what hoist-mean takes out` }
  if (site.links.producer.get(chain.input)?.op === 'DepthToSpace') return { why: `${both}; behind DepthToSpace it is what hoist-mean moves` }
  return { kind: 'layer' }
}

function placeBehind(site: Site, { input, affine }: AffineChain): AffinePlace | Refused {
  const path: Node[] = []
  for (let tensor = input; ; tensor = path[0]!.inputs[0]!) {
    const maker = site.links.producer.get(tensor)
    if (maker === undefined) return { why: `no convolution makes ${tensor}` }
    const needed = whyNeeded(site, tensor)
    if (needed !== undefined) return { why: needed }
    if (isConv(maker)) {
      const constants = convWeights(site.graph, maker)
      return isRefused(constants) ? constants : { kind: 'behind', conv: maker, path }
    }
    if (!letsFactorsThrough(maker)) return { why: `${maker.name} (${maker.op}) stands before it, not a convolution` }
    if (shifts(affine)) return { why: `${maker.name} (${maker.op}) lets factors through, but no shift` }
    if (affine.m.some((factor) => factor <= 0)) return { why: `${maker.name} (${maker.op}) lets only positive factors through` }
    path.unshift(maker)
  }
}

function placeBefore(site: Site, { output, affine }: AffineChain): AffinePlace | Refused {
  const needed = whyNeeded(site, output)
  if (needed !== undefined) return { why: needed }
  const conv = site.links.consumers.get(output)?.[0]
  if (conv === undefined) return { why: `nothing reads ${output}` }
  if (!isConv(conv) || conv.inputs[0] !== output) return { why: `${conv.name} (${conv.op}) reads it, not a convolution` }
  const constants = convWeights(site.graph, conv)
  if (isRefused(constants)) return constants
  if (shifts(affine) && conv.op === 'ConvTranspose') return { why: `${conv.name} sums fewer products at its borders, so a shift before it is no bias` }
  if (shifts(affine) && isPadded(conv)) return { why: `${conv.name} pads with zeros, which the shift does not reach: its bias would be wrong along the borders (the padding trap)` }
  return { kind: 'before', conv }
}
