import { Fault } from '../core/fault.ts'
import { intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, float32List, tensor } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import { anchorsOf, type Anchor } from './anchor-facts.ts'
import { makerOf, newNode, type CollectingMaker } from './maker.ts'
import { selection } from './resize-forms.ts'
import type { Match, Refusal, Rewrite, RewriteContext, Rewritten } from './rewrite.ts'

/** What an anchor can be turned into. `merged`: the last Conv reads the image too, and the sum is gone. */
export const ANCHOR_FORMS = ['image-skip', 'concat', 'conv', 'merged'] as const
type Target = (typeof ANCHOR_FORMS)[number]

/**
 * Moves the repeated-image residual (ABPN) between its forms, which compute the same (ALGORITHMS 6.7). Option `to`, default
 * `merged`: one accumulator holds image and residual, which saves a rounding and a large element-wise sum.
 */
export const anchor: Rewrite = {
  name: 'anchor',
  kind: 'rewrite',
  find(graph, context) {
    const to = targetOf(context)
    const found: Match[] = []
    const refused: Refusal[] = []
    for (const each of anchorsOf(graph)) {
      if (each.form === to) continue
      const why = refusal(graph, each, to, context)
      if (why === undefined) found.push(matchOf(each, to))
      else refused.push({ rewrite: anchor.name, node: each.add.name, why })
    }
    return { found, refused }
  },
  apply(graph, match, context) {
    const found = anchorsOf(graph).find(({ add }) => add.name === match.nodes[0])
    if (!found) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
    const to = targetOf(context)
    return to === 'merged' ? merge(graph, found) : move(graph, found, to)
  },
}

function targetOf({ options }: RewriteContext): Target {
  const to = options['to'] ?? 'merged'
  const found = ANCHOR_FORMS.find((form) => form === to)
  if (found) return found
  throw new Fault({ code: 'recipe.wrong-value', where: 'rewrite.anchor.to', what: `there is no form '${String(to)}'`, next: `Use one of ${ANCHOR_FORMS.join(', ')}.` })
}

/** Where the sum and the shuffle stand, tensors between them change: nobody else may need those. */
function refusal(graph: Graph, { add, shuffle, branch, isPure, features, image, copies, channels, form }: Anchor, to: Target, { keep }: RewriteContext): string | undefined {
  if (!isPure && to === 'image-skip') return 'its copies do not land on their own colours: DepthToSpace mixes them (see the repair unmix-anchor)'
  const links = topology(graph)
  const inner = form === 'image-skip' ? shuffle.outputs[0]! : add.outputs[0]!
  const kept = [inner, ...branch.map((node) => node.outputs[0]!)].find((name) => keep.has(name))
  if (kept !== undefined) return `the recipe speaks of ${kept}`
  if (to === 'concat' && copies.some((color, channel) => color !== channel % channels)) return 'Concat puts whole images one behind the other, these copies stand otherwise (DepthToSpace CRD: change it with depth-to-space-mode first)'
  if (to !== 'merged') return undefined
  const conv = links.producer.get(features)
  if (conv?.op !== 'Conv' || conv.domain !== '') return 'what is added to the image does not come from a Conv'
  if ((links.consumers.get(features) ?? []).length !== 1 || links.outputs.has(features)) return `the output of ${conv.name} is needed elsewhere too`
  if (keep.has(features)) return `the recipe speaks of ${features}`
  const weight = graph.initializers.get(conv.inputs[1] ?? '')
  if (weight?.type !== 'float32' || weight.dims.length !== 4) return `the weights of ${conv.name} are not constant float32`
  if (intAttribute(conv, 'group', 1) !== 1) return `${conv.name} has groups`
  const [height, width] = weight.dims.slice(2) as [number, number]
  const pads = intsAttribute(conv, 'pads', [0, 0, 0, 0])
  const isSame = stringAttribute(conv, 'auto_pad', 'NOTSET') === 'NOTSET' && intsAttribute(conv, 'strides', [1, 1]).every((step) => step === 1) && intsAttribute(conv, 'dilations', [1, 1]).every((step) => step === 1) &&
    height % 2 === 1 && width % 2 === 1 && pads[0] === (height - 1) / 2 && pads[1] === (width - 1) / 2 && pads[2] === pads[0] && pads[3] === pads[1]
  if (!isSame) return `${conv.name} has no tap right at each pixel of the image (stride, dilation or padding)`
  return image === conv.inputs[0] ? `${conv.name} reads the image already` : undefined
}

function matchOf({ add, shuffle, branch, form, factor, channels }: Anchor, to: Target): Match {
  return {
    rewrite: anchor.name, nodes: [add.name, shuffle.name, ...branch.map((node) => node.name)],
    what: `the image, repeated ${factor * factor} times (${form}) and added, becomes ${SAID[to]}`,
    why: to === 'merged' ? 'One accumulator holds image and residual, and no sum over a large map is left. Measure it: a tap of 1 can widen the step of small weights.' : 'The same function in the shape that a board or the next rewrite wants.',
    cost: { macs: null, bytesMoved: null, channelPeak: channels * factor * factor },
  }
}

const SAID: Readonly<Record<Target, string>> = {
  'image-skip': 'a nearest Resize added behind DepthToSpace', concat: 'a Concat of copies', conv: 'a 1×1 Conv that repeats it', merged: 'more input channels of the last Conv',
}

/** Between forms that keep a sum. Every output value is the same sum of the same two numbers. */
function move(graph: Graph, at: Anchor, to: Exclude<Target, 'merged'>): Rewritten {
  const maker = makerOf(graph)
  const { add, shuffle, features, factor, order } = at
  const gone = new Set<Node>([add, shuffle, ...branchThatGoes(graph, at)])
  const output = (at.form === 'image-skip' ? add : shuffle).outputs[0]!
  const [wide, other] = [maker.name(`${output}_before`), maker.name(`${output}_${to === 'image-skip' ? 'enlarged' : 'copies'}`)]
  const shuffled = (input: string, name: string): Node => ({ ...shuffle, inputs: [input], outputs: [name], attributes: newNode(maker, 'DepthToSpace', [], '', { blocksize: factor, mode: order }).attributes })
  const nodes: Node[] = to === 'image-skip'
    ? [...enlarge(at, other, maker), shuffled(features, wide), { ...add, inputs: [wide, other], outputs: [output] }]
    : [...repeat(at, to, other, maker), { ...add, inputs: [features, other], outputs: [wide] }, shuffled(wide, output)]
  return { graph: withNodes(graph, [...graph.nodes.filter((node) => !gone.has(node)), ...nodes], { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: 0 }
}

const enlarge = ({ image, factor }: Anchor, output: string, maker: CollectingMaker): Node[] => [
  newNode(maker, 'Resize', [image, '', maker.put(`${output}_scales`, float32List([1, 1, factor, factor]))], output, { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
]

function repeat({ image, factor, channels, copies }: Anchor, to: 'concat' | 'conv', output: string, maker: CollectingMaker): Node[] {
  if (to === 'concat') return [newNode(maker, 'Concat', Array.from({ length: factor * factor }, () => image), output, { axis: 1 })]
  const weight = maker.put(`${output}_weight`, selection(copies.length, channels, 1, (row) => copies[row]!))
  return [newNode(maker, 'Conv', [image, weight], output, { kernel_shape: [1, 1] })]
}

/** Nodes of the branch whose result nobody else reads. */
function branchThatGoes(graph: Graph, { branch, add }: Anchor): readonly Node[] {
  const links = topology(graph)
  return branch.filter((node) => (links.consumers.get(node.outputs[0]!) ?? []).every((reader) => reader === add) && !links.outputs.has(node.outputs[0]!))
}

/** The last Conv reads the image beside its features; the tap in the middle of each row hands its colour on. */
function merge(graph: Graph, at: Anchor): Rewritten {
  const { add, shuffle, features, image, channels, copies } = at
  const maker = makerOf(graph)
  const conv = topology(graph).producer.get(features)!
  const [rows, columns, height, width] = graph.initializers.get(conv.inputs[1]!)!.dims as [number, number, number, number]
  const values = float32(graph.initializers.get(conv.inputs[1]!)!)
  const taps = height * width
  const wide = new Float32Array(rows * (columns + channels) * taps)
  for (let row = 0; row < rows; row++) {
    const from = row * (columns + channels) * taps
    wide.set(values.subarray(row * columns * taps, (row + 1) * columns * taps), from)
    wide[from + (columns + copies[row]!) * taps + (taps - 1) / 2] = 1
  }
  const weight = maker.put(`${conv.inputs[1]}_merged`, tensor('float32', [rows, columns + channels, height, width], wide))
  const both = maker.name(`${conv.name}_and_image`)
  const isBehind = at.form === 'image-skip'
  // The sum's own name stays with the same values: it is what statistics and overrides speak of.
  const sum = isBehind ? features : add.outputs[0]!
  const gone = new Set<Node>([add, ...(isBehind ? [shuffle] : []), ...branchThatGoes(graph, at)])
  const nodes = graph.nodes.filter((node) => !gone.has(node)).map((node) => (node === conv ? { ...conv, inputs: [both, weight, ...conv.inputs.slice(2)], outputs: [sum] } : node))
  const shuffled = isBehind ? [{ ...shuffle, outputs: [add.outputs[0]!] }] : []
  return {
    graph: withNodes(graph, [newNode(maker, 'Concat', [conv.inputs[0]!, image], both, { axis: 1 }), ...nodes, ...shuffled], { initializers: maker.initializers }),
    // Products are summed in one chain instead of two.
    renamed: new Map(), relativeTolerance: 2e-6,
  }
}

