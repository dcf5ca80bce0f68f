import { Fault } from '../core/fault.ts'
import { intAttribute } from '../onnx/attribute.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import type { Match, Refusal, Rewrite, RewriteContext, RewriteCost, Rewritten } from './rewrite.ts'
import { resizeFacts, type EnlargedPicture } from './resize-facts.ts'
import { linearNodes, NEAREST_FORMS, primeSteps, RESIZE_FORMS, spread, type ResizeForm } from './resize-forms.ts'
import { makerOf } from './maker.ts'

/**
 * Nearest and linear Resize by whole factors as Conv + DepthToSpace (ALGORITHMS 6): boards run a Resize in int8 only, a convolution
 * in whatever precision is asked for. Option `form`: see RESIZE_FORMS; default `conv1x1`, `cascade` from a factor of 4 on.
 */
export const resizeToConv: Rewrite = {
  name: 'resize-to-conv',
  kind: 'rewrite',
  find(graph, context) {
    const found: Match[] = []
    const refused: Refusal[] = []
    for (const node of graph.nodes) {
      if (node.op !== 'Resize' || node.domain !== '') continue
      const plan = planOf(graph, node, context)
      if ('why' in plan) refused.push({ rewrite: resizeToConv.name, node: node.name, why: plan.why })
      else found.push(matchOf(node, plan))
    }
    return { found, refused }
  },
  apply(graph, match, context) {
    const node = graph.nodes.find(({ name }) => name === match.nodes[0])
    const plan = node && planOf(graph, node, context)
    if (!node || !plan || 'why' in plan) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
    return plan.conv ? fuse(graph, node, plan, plan.conv) : replace(graph, node, plan)
  },
}

interface Plan {
  readonly picture: EnlargedPicture
  readonly form: ResizeForm | 'linear'
  /** The Conv whose rows are replicated. */
  readonly conv?: Node
}

function planOf(graph: Graph, node: Node, { options, keep }: RewriteContext): Plan | { readonly why: string } {
  const picture = resizeFacts(graph, node)
  if ('why' in picture) return picture
  const [sy, sx] = picture.factors
  if (picture.kind === 'linear') return sy === sx ? { picture, form: 'linear' } : { why: `linear with different factors (${sy} and ${sx}) has no DepthToSpace` }
  const form = formOf(options['form'], picture)
  if (sy !== sx && (form === 'grouped' || form === 'cascade')) return { why: `form ${form} needs equal factors, these are ${sy} and ${sx}; convtranspose takes them` }
  if (sy !== sx && form !== 'convtranspose' && picture.size === null) return { why: `different factors (${sy} and ${sx}) with an open size: only form convtranspose takes them` }
  if (form !== 'fused') return { picture, form }
  const conv = fusable(graph, node, keep)
  return 'why' in conv ? conv : { picture, form, conv }
}

function formOf(wish: unknown, { factors: [sy, sx] }: EnlargedPicture): ResizeForm {
  if (wish === undefined) return sy !== sx ? 'convtranspose' : sy >= 4 && primeSteps(sy).length > 1 ? 'cascade' : 'conv1x1'
  const form = RESIZE_FORMS.find((each) => each === wish)
  if (form) return form
  throw new Fault({ code: 'recipe.wrong-value', where: 'rewrite.resize-to-conv.form', what: `there is no form '${String(wish)}'`, next: `Use one of ${RESIZE_FORMS.join(', ')}.` })
}

/** The Conv before a Resize, where nothing else needs its output. */
function fusable(graph: Graph, node: Node, keep: ReadonlySet<string>): Node | { readonly why: string } {
  const links = topology(graph)
  const input = node.inputs[0]!
  const conv = links.producer.get(input)
  if (conv?.op !== 'Conv' || conv.domain !== '') return { why: 'form fused needs a Conv right before it' }
  if ((links.consumers.get(input) ?? []).length !== 1 || links.outputs.has(input)) return { why: `form fused: the output of ${conv.name} is needed elsewhere too` }
  if (keep.has(input)) return { why: `form fused: the recipe speaks of ${input}` }
  if (intAttribute(conv, 'group', 1) !== 1) return { why: `form fused: ${conv.name} has groups` }
  const constants = conv.inputs.slice(1).filter((name) => name !== '')
  return constants.every((name) => graph.initializers.get(name)?.type === 'float32') ? conv : { why: `form fused: the weights of ${conv.name} are not constant float32` }
}

function replace(graph: Graph, node: Node, { picture, form }: Plan): Rewritten {
  const maker = makerOf(graph)
  const [input, output] = [node.inputs[0]!, node.outputs[0]!]
  const nodes = form === 'linear' ? linearNodes(picture, input, output, maker) : NEAREST_FORMS[form as Exclude<ResizeForm, 'fused'>](picture, input, output, maker)
  return {
    graph: withNodes(graph, graph.nodes.flatMap((each) => (each === node ? nodes : [each])), { initializers: maker.initializers }),
    renamed: new Map(),
    // One product with 1 and sums with 0 are exact.
    relativeTolerance: form === 'linear' ? linearTolerance(picture) : 0,
  }
}

/**
 * Nine products in another order; and the runtime rounds its coordinates to float32 before it weighs with what is left behind the
 * point, so that its own weights are wrong by about a side's last bit on each axis, times a difference of up to twice the magnitude.
 */
const linearTolerance = ({ size }: EnlargedPicture): number => (size === null ? 1e-4 : Math.min(1e-4, 1e-6 + 4 * Math.max(...size) * 2 ** -23))

/** Output row c of the Conv becomes rows p·C + c: the picture is computed enlarged, no node is added but DepthToSpace. */
function fuse(graph: Graph, node: Node, { picture }: Plan, conv: Node): Rewritten {
  const maker = makerOf(graph)
  const { factors: [sy, sx], channels } = picture
  const repeated = (name: string): string => {
    const old = graph.initializers.get(name)!
    const values = float32(old)
    const wide = new Float32Array(values.length * sy * sx)
    for (let copy = 0; copy < sy * sx; copy++) wide.set(values, copy * values.length)
    return maker.put(`${name}_repeated`, tensor('float32', [channels * sy * sx, ...old.dims.slice(1)], wide))
  }
  const [wide, output] = [maker.name(`${node.outputs[0]}_copies`), node.outputs[0]!]
  const widened: Node = { ...conv, inputs: [conv.inputs[0]!, ...conv.inputs.slice(1).map((name) => (name === '' ? '' : repeated(name)))], outputs: [wide] }
  const nodes = graph.nodes.flatMap((each) => (each === conv ? [widened] : each === node ? spread(picture, wide, output, maker) : [each]))
  // The kernel may sum a wider matrix in another order.
  return { graph: withNodes(graph, nodes, { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: 1e-6 }
}

function matchOf(node: Node, plan: Plan): Match {
  const { picture: { kind, factors: [sy, sx], channels }, form, conv } = plan
  const factor = sy === sx ? `×${sy}` : `×${sy} and ×${sx}`
  return {
    rewrite: resizeToConv.name, nodes: [node.name, ...(conv ? [conv.name] : [])],
    what: `${kind} Resize ${factor} of ${channels} channels becomes ${SAID[form]}`,
    why: 'Many boards run Resize in int8 only; a convolution keeps the precision that is asked for, and replication loses nothing.',
    cost: costOf(plan),
  }
}

const SAID: Readonly<Record<Plan['form'], string>> = {
  conv1x1: 'a 1×1 Conv and DepthToSpace', conv3x3: 'a 3×3 Conv and DepthToSpace', grouped: 'a grouped Conv and DepthToSpace', cascade: 'a cascade of Conv and DepthToSpace',
  convtranspose: 'a depthwise ConvTranspose', fused: 'more rows of the Conv before it and DepthToSpace', linear: 'an edge Pad, a grouped 3×3 Conv and DepthToSpace',
}

/** ALGORITHMS 6.5, for the stated size; one element is 4 bytes, written once and read once. */
function costOf({ picture: { channels: c, factors: [sy, sx], size }, form }: Plan): RewriteCost {
  const s = sy * sx
  const steps = form === 'cascade' ? primeSteps(sy) : [sy]
  const positions = size === null ? null : size[0] * size[1]
  const stepCosts = steps.map((step, index) => {
    const before = steps.slice(0, index).reduce((product, one) => product * one * one, 1)
    return { macs: before * c * c * step * step, elements: 2 * before * c * step * step }
  })
  const macs = { conv1x1: c * c * s, conv3x3: 9 * c * c * s, grouped: c * s, convtranspose: c * s, linear: 9 * c * s, fused: 0, cascade: stepCosts.reduce((sum, one) => sum + one.macs, 0) }[form]
  const elements = form === 'convtranspose' || form === 'fused' ? 0 : form === 'cascade' ? stepCosts.reduce((sum, one) => sum + one.elements, 0) : 2 * c * s
  const peak = form === 'convtranspose' ? c : form === 'cascade' ? c * Math.max(...steps) ** 2 : c * s
  return { macs: positions === null ? null : macs * positions, bytesMoved: positions === null ? null : elements * positions * 4, channelPeak: peak }
}
