import { intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import { withInputs, withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import type { Affine } from './affine.ts'
import { affineStep } from './affine-places.ts'
import { isPadded } from './fold-weights.ts'
import { hoistMean } from './hoist-mean.ts'
import { makerOf, newNode } from './maker.ts'
import type { Rewritten } from './rewrite.ts'
import { channelsOf, choice, convWeights, isRefused, ROUNDING, whyNeeded, type Refused, type Site } from './site.ts'

/** Where the shift goes: into the Conv behind it, or out of the graph into preprocessing. */
const TARGETS = ['conv', 'preprocess'] as const

/** A mean shift between a picture input and the network. */
export interface Head {
  readonly kind: 'head'
  readonly nodes: readonly Node[]
  readonly affine: Affine
  readonly input: string
  readonly output: string
  readonly to: (typeof TARGETS)[number]
  /** Level 0..peak of the picture. */
  readonly peak: number
  /** The Conv that takes it in, and whether a plane keeps its borders right. */
  readonly conv?: Node
  readonly needsPlane: boolean
}

/** The shift that begins at a node; undefined where it does not read the picture. */
export function headAt(site: Site, first: Node): Head | Refused | undefined {
  const { picture, graph, links } = site
  const step = picture && shiftStep(site, first)
  if (!picture || !step || isRefused(step) || step.input !== picture.input) return undefined
  const needed = whyNeeded(site, picture.input)
  if (needed !== undefined) return { why: needed }
  const nodes = [first]
  let { affine } = step
  for (;;) {
    const output = nodes.at(-1)!.outputs[0]!
    const next = links.consumers.get(output)?.[0]
    const following = next && whyNeeded(site, output) === undefined ? shiftStep(site, next) : undefined
    if (!next || !following || isRefused(following) || following.input !== output) break
    const { m, a } = following.affine
    affine = { m: affine.m.map((one, c) => one * m[c]!), a: affine.a.map((one, c) => one * m[c]! + a[c]!) }
    nodes.push(next)
  }
  const output = nodes.at(-1)!.outputs[0]!
  if (isPlane(site, output)) return undefined
  if (affine.m.some((factor) => factor === 0)) return { why: 'it multiplies a channel by 0' }
  const head = { kind: 'head', nodes, affine, input: picture.input, output, to: choice(site, 'hoist-mean', 'to', TARGETS), peak: picture.range[1], needsPlane: false } as const
  if (head.to === 'conv') return intoConv(site, head)
  const bound = links.outputs.has(output) ? `${output} is an output of the graph` : site.keep.has(output) ? `the recipe speaks of ${output}` : undefined
  const inner = (links.consumers.get(output) ?? []).find((node) => !node.inputs.includes(output))
  if (bound !== undefined || inner) return { why: bound ?? `${output} is used in a graph inside ${inner!.name}` }
  return graph.inputs.some(({ name }) => name === head.input) ? head : { why: `${head.input} is no input of the graph` }
}

/** What hoistMean leaves at the picture: one level less, read by the plane and by what joins both. */
const isPlane = ({ links }: Site, tensor: string): boolean => (links.consumers.get(tensor) ?? []).map(({ op }) => op).join(' ') === 'Slice Concat'

/** An affine node, or the 1×1 Conv with a diagonal that networks write a mean shift as (EDSR). */
function shiftStep(site: Site, node: Node): ReturnType<typeof affineStep> {
  return diagonalStep(site, node) ?? affineStep(site, node)
}

function diagonalStep({ graph }: Site, node: Node): { readonly affine: Affine; readonly input: string } | undefined {
  if (node.op !== 'Conv') return undefined
  const constants = convWeights(graph, node)
  if (isRefused(constants)) return undefined
  const { weight: { dims }, weight, bias } = constants
  const groups = intAttribute(node, 'group', 1)
  const isPointwise = dims[2] === 1 && dims[3] === 1 && !isPadded(node) && intsAttribute(node, 'strides', [1, 1]).every((stride) => stride === 1)
  const channels = dims[0]!
  if (!isPointwise || channelsOf(graph, node.inputs[0]!) !== channels || (groups !== 1 && groups !== channels)) return undefined
  const values = float32(weight)
  const columns = dims[1]!
  const own = (row: number): number => (columns === 1 ? 0 : row)
  if (values.some((value, index) => value !== 0 && index % columns !== own(Math.floor(index / columns)))) return undefined
  const m = Float64Array.from({ length: channels }, (_, row) => values[row * columns + own(row)]!)
  return { affine: { m, a: bias ? Float64Array.from(float32(bias)) : new Float64Array(channels) }, input: node.inputs[0]! }
}

function intoConv(site: Site, head: Head): Head | Refused {
  const { graph, links } = site
  const needed = whyNeeded(site, head.output)
  if (needed !== undefined) return { why: needed }
  const conv = links.consumers.get(head.output)?.[0]
  if (conv === undefined) return { why: `nothing reads ${head.output}` }
  if (conv.op !== 'Conv' || conv.inputs[0] !== head.output) return { why: `${conv.name} (${conv.op}) reads it, not a Conv; \`to: preprocess\` takes it out of the graph` }
  const constants = convWeights(graph, conv)
  if (isRefused(constants)) return constants
  if (head.affine.m.length !== 3) return { why: `a picture of ${head.affine.m.length} channels has no means to be taken apart; \`to: preprocess\` takes it out of the graph` }
  if (intAttribute(conv, 'group', 1) !== 1) return { why: `${conv.name} has groups` }
  if (stringAttribute(conv, 'auto_pad', 'NOTSET') !== 'NOTSET') return { why: `${conv.name} pads by itself (auto_pad)` }
  const needsPlane = isPadded(conv)
  if (needsPlane && choice(site, 'hoist-mean', 'padding', ['plane', 'refuse']) === 'refuse') {
    return { why: `${conv.name} pads with zeros, which the shift does not reach: its bias would be wrong along the borders (the padding trap)` }
  }
  return { ...head, conv, needsPlane }
}

export function hoistHead(graph: Graph, head: Head): Rewritten {
  return head.to === 'conv' ? foldHead(graph, head) : cutHead(graph, head)
}

function foldHead(graph: Graph, { nodes, affine: { m, a }, input, output, peak }: Head): Rewritten {
  const maker = makerOf(graph)
  const scaled = maker.name(`${output}_multiplied`)
  const constant = (wish: string, values: Float64Array): string => maker.put(`${output}_${wish}`, tensor('float32', [1, values.length, 1, 1], Float32Array.from(values)))
  // One Mul and one Add in the place of whatever stands there: hoistMean reads diagonal convolutions too, that way.
  const plain = [newNode(maker, 'Mul', [input, constant('factors', m)], scaled), newNode(maker, 'Add', [scaled, constant('shifts', a)], output)]
  const simple = nodes.some(({ op }) => op === 'Conv') ? withNodes(graph, [...plain, ...graph.nodes.filter((node) => !nodes.includes(node))], { initializers: maker.initializers }) : graph
  return { graph: hoistMean(simple, input, peak).graph, renamed: new Map(), relativeTolerance: ROUNDING }
}

/** The input takes what the shift made of it; preprocessing makes it. */
function cutHead(graph: Graph, { nodes, affine: { m, a }, input, output }: Head): Rewritten {
  const rest = graph.nodes.filter((node) => !nodes.includes(node)).map((node) => (node.inputs.includes(output) ? withInputs(node, (name) => (name === output ? input : name)) : node))
  return {
    graph: withNodes(graph, rest), renamed: new Map([[output, input]]), relativeTolerance: ROUNDING,
    preprocess: { input, mean: Array.from(m, (factor, c) => -a[c]! / factor || 0), scale: [...m] },
  }
}
