import { floatsAttribute, intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import { withInputs, withNodes } from '../onnx/edit.ts'
import { elementTypeNumber } from '../onnx/element-type.ts'
import type { Node } from '../onnx/graph.ts'
import { float32 } from '../onnx/tensor.ts'
import { bytesMoved, channelsOf, dimsOf, isUsedInside, nodeRewrite, replaced, type Refused, type Site } from './site.ts'

/** Which of the two names the values keep. */
interface Copy {
  readonly gone: string
  readonly stays: string
}

/**
 * Takes out nodes that only pass their input on: Identity, Dropout of a trained model, and Reshape, Transpose, Pad, Slice, Resize,
 * Cast and Concat that change nothing. Names of inputs and outputs stay.
 */
export const removeIdentity = nodeRewrite<Copy>({
  name: 'remove-identity',
  plan(site, node) {
    const check = CHECKS[node.op]
    if (check === undefined) return undefined
    if (node.domain !== '') return { why: `${node.op} is of ${node.domain}, not of ONNX itself` }
    const found = check(site, node)
    if (found === 'works') return undefined
    if (found !== 'copies') return { why: found }
    const type = site.graph.values.get(node.outputs[0]!)?.type
    if (type === 'float16' || type === 'bfloat16') return { why: `it is ${type}, where the runtime rounds at every node: do fp16-to-float first` }
    return copyOf(site, node.inputs[0]!, node.outputs[0]!)
  },
  say: ({ graph }, node, { gone, stays }) => ({
    what: `${node.op} passes its input on and goes: what was ${gone} is ${stays}`,
    why: 'A node that changes nothing still costs a pass over memory, and may end a fusion or ask for a scale of its own.',
    cost: { macs: 0, bytesMoved: bytesMoved(graph, node.inputs[0]!, -1), channelPeak: channelsOf(graph, node.inputs[0]!) ?? null },
  }),
  apply({ graph }, node, { gone, stays }) {
    const rename = (name: string): string => (name === gone ? stays : name)
    const rest = replaced(graph.nodes, (each) => {
      if (each === node) return []
      const touched = each.inputs.includes(gone) || each.outputs.includes(gone)
      return touched ? [{ ...withInputs(each, rename), outputs: each.outputs.map(rename) }] : undefined
    })
    return { graph: withNodes(graph, rest), renamed: new Map([[gone, stays]]), relativeTolerance: 0 }
  },
})

/** One name goes. That of an output, of a tensor inside a subgraph or of one that the recipe speaks of must stay. */
function copyOf(site: Site, input: string, output: string): Copy | Refused {
  const bound = (name: string): string | undefined => {
    if (site.links.outputs.has(name)) return `${name} is an output of the graph`
    if (isUsedInside(site, name)) return `${name} is used in a graph inside a node`
    return site.keep.has(name) ? `the recipe speaks of ${name}` : undefined
  }
  const [first, second] = [bound(input), bound(output)]
  if (second === undefined) return { gone: output, stays: input }
  if (!site.links.producer.has(input)) return { why: `${input} is no node's result and ${second}: both names stay, so something must copy` }
  return first === undefined ? { gone: input, stays: output } : { why: `${first} and ${second}: both names stay, so something must copy` }
}

/** `works`: it changes something, as nodes of its kind do. Any other text: why it may be no copy although it looks like one. */
type Verdict = 'copies' | 'works' | (string & {})

const verdict = (copies: boolean): Verdict => (copies ? 'copies' : 'works')

const CHECKS: Readonly<Record<string, (site: Site, node: Node) => Verdict>> = {
  Identity: () => 'copies',
  Dropout({ graph, links }, { inputs: [, , training = ''], outputs: [, mask = ''] }) {
    if (mask !== '' && (links.consumers.has(mask) || links.outputs.has(mask))) return `its mask ${mask} is used`
    if (training === '') return 'copies'
    const flag = graph.initializers.get(training)
    if (flag === undefined) return 'whether it drops values is only known at run time'
    return flag.data[0] === 0 ? 'copies' : 'it is set to drop values, as in training'
  },
  Reshape: reshapes,
  Transpose({ graph }, node) {
    const perm = intsAttribute(node, 'perm', undefined)
    return verdict(perm === undefined ? (dimsOf(graph, node.inputs[0]!)?.length ?? 2) < 2 : perm.every((axis, index) => axis === index))
  },
  Pad({ graph }, node) {
    const pads = node.inputs[1] ? numbers(graph.initializers.get(node.inputs[1])) : intsAttribute(node, 'pads', undefined)
    return pads === undefined ? 'how much it pads is only known at run time' : verdict(pads.every((pad) => pad === 0))
  },
  Slice: slices,
  Resize: resizes,
  Upsample: resizes,
  Cast({ graph }, node) {
    const type = graph.values.get(node.inputs[0]!)?.type ?? graph.initializers.get(node.inputs[0]!)?.type
    return type === undefined ? 'the type of its input is not known' : verdict(intAttribute(node, 'to', 0) === elementTypeNumber(type))
  },
  Concat: (_, { inputs }) => verdict(inputs.length === 1),
}

/** Constant whole numbers; the ends of Slice may be 2^63 - 1. */
const numbers = (constant: { readonly data: ArrayLike<unknown> } | undefined): number[] | undefined => constant && Array.from(constant.data, Number)

/** Every axis is copied or stated anew as it was; one that is worked out (-1) is then the same too. */
function reshapes({ graph }: Site, node: Node): Verdict {
  const [before, after] = [dimsOf(graph, node.inputs[0]!), dimsOf(graph, node.outputs[0]!)]
  const wish = numbers(graph.initializers.get(node.inputs[1] ?? '')) ?? (after?.every((dim) => typeof dim === 'number') ? (after as readonly number[]) : undefined)
  if (before === null) return wish && after?.length !== wish.length ? 'works' : 'the shape of its input is not known'
  if (wish === undefined) return after !== null && after.length !== before.length ? 'works' : 'the shape it gives is only known at run time'
  const copies = intAttribute(node, 'allowzero', 0) === 0
  const open = before.flatMap((dim, axis) => ((copies && wish[axis] === 0) || (typeof dim === 'number' && dim === wish[axis]) ? [] : [axis]))
  if (wish.length === before.length && (open.length === 0 || (open.length === 1 && wish[open[0]!] === -1))) return 'copies'
  const canBe = wish.length === before.length && open.every((axis) => wish[axis] === -1 || typeof before[axis] !== 'number')
  return canBe ? `whether [${wish.join(', ')}] is [${before.map((dim) => dim ?? '?').join(', ')}] is only known at run time` : 'works'
}

const FAR = 2 ** 31 - 1

function slices({ graph }: Site, node: Node): Verdict {
  const dims = dimsOf(graph, node.inputs[0]!)
  const given = (index: number, attribute: string): number[] | null | undefined => {
    const name = node.inputs[index]
    if (name) return numbers(graph.initializers.get(name)) ?? null
    const attributed = node.attributes.get(attribute)
    return attributed?.kind === 'ints' ? attributed.value.map(Number) : undefined
  }
  const [starts, ends, axes, steps] = [given(1, 'starts'), given(2, 'ends'), given(3, 'axes'), given(4, 'steps')]
  if (!starts || !ends || axes === null || steps === null) return 'what it takes is only known at run time'
  if (starts.some((start) => start !== 0) || steps?.some((step) => step !== 1)) return 'works'
  for (const [index, end] of ends.entries()) {
    const axis = axes?.[index] ?? index
    const dim = dims?.[axis < 0 ? axis + dims.length : axis]
    if (end >= FAR || (typeof dim === 'number' && end >= dim)) continue
    return typeof dim === 'number' || end < 0 ? 'works' : `whether it ends at ${end} or before is only known at run time`
  }
  return 'copies'
}

function resizes({ graph }: Site, node: Node): Verdict {
  const [, second = '', third = '', sizes = ''] = node.inputs
  const constant = graph.initializers.get(node.op === 'Upsample' || (graph.opsets.get('') ?? 0) < 11 ? second : third)
  const scales = constant ? [...float32(constant)] : floatsAttribute(node, 'scales', undefined)
  const [before, after] = [dimsOf(graph, node.inputs[0]!), dimsOf(graph, node.outputs[0]!)]
  const areKnown = [before, after].every((dims) => dims?.every((dim) => typeof dim === 'number'))
  if (sizes !== '' ? !areKnown : !scales) return `its ${sizes === '' ? 'scales' : 'sizes'} are only known at run time`
  if (sizes !== '' ? String(before) !== String(after) : scales!.some((scale) => scale !== 1)) return 'works'
  return stringAttribute(node, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize' ? 'tf_crop_and_resize takes a region that is only known at run time' : 'copies'
}
