import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE, FUSED_ACTIVATIONS, isPassThrough } from '../onnx/operators.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import { judgedNodes, judgeNode } from './judge.ts'
import { constantAt } from './node-facts.ts'
import type { BoardProfile } from './profile.ts'

export type Standing = 'transparent' | 'mover' | 'activation' | 'other'

/** How one output of the model leaves a board. */
export interface BoardOutput {
  readonly output: string
  /** `int32`: the accumulator as it is; `float`: computed so, or given back so by what runs it. */
  readonly type: 'int32' | 'int16' | 'int8' | 'uint8' | 'uint16' | 'float' | 'unknown'
  /** `same`: as in the model. null: it is no picture. */
  readonly layout: 'nhwc' | 'nchw' | 'same' | 'unknown' | null
  /** Steps of its codes (of an int32: input × weight), one or one a channel; null where the model holds none. */
  readonly scale: readonly number[] | null
  /** The last convolution or matrix product on its way; null where there is none. */
  readonly last: { readonly node: string; readonly op: string } | null
  /** What stands behind that, in the order of the graph, without quantize, dequantize and arithmetic of shapes. */
  readonly between: readonly { readonly node: string; readonly op: string; readonly kind: Standing }[]
  /** A sentence: what decides the type. */
  readonly why: string
  /** Id of the profile's source; null where nothing is stated. */
  readonly source: string | null
}

/** Every output of the graph as the board gives it back, for codes of `bits` inside. */
export function outputsOf(graph: Graph, profile: BoardProfile, bits: 8 | 16 = 8): BoardOutput[] {
  const links = topology(graph)
  const judged = new Set(judgedNodes(graph))
  return graph.outputs.map(({ name, dims }) => {
    const way = wayTo(name, graph, links, judged)
    const between = way.between.map((node) => ({ node: node.name, op: node.op, kind: standing(node, profile) }))
    const last = way.last && { node: way.last.name, op: way.last.op }
    const type = typeOf(name, way, graph, links, profile, bits)
    const layout = dims?.length === 4 ? layoutOf(way, profile) : null
    return { output: name, layout, last: last ?? null, between, ...type }
  })
}

interface Way {
  readonly last: Node | undefined
  readonly between: readonly Node[]
  /** A QuantizeLinear behind the last computing node: the model itself rounds there. */
  readonly rounding: Node | undefined
  /** Computed in float behind the dequantize: nothing rounds again what the last computing node made of codes. */
  readonly host: readonly Node[]
}

function wayTo(output: string, graph: Graph, { producer }: Topology, judged: ReadonlySet<Node>): Way {
  const isOfCodes = (node: Node): boolean => node.inputs.slice(0, 2).every((name) => producer.get(name)?.op === 'DequantizeLinear')
  const before = new Set<Node>()
  const grow = (name: string): void => {
    const node = producer.get(name)
    if (node) before.add(node)
  }
  grow(output)
  for (const node of before) node.inputs.forEach(grow)
  const order = graph.nodes.filter((node) => before.has(node))
  const last = order.findLast((node) => COMPUTE.has(node.op))
  const behind = new Set<string>(last ? last.outputs : graph.inputs.map(({ name }) => name))
  const chain = order.filter((node) => {
    if (node === last || !node.inputs.some((name) => behind.has(name))) return false
    for (const name of node.outputs) behind.add(name)
    return true
  })
  const rounding = chain.findLast((node) => node.op === 'QuantizeLinear')
  const behindLast = chain.filter((node) => judged.has(node))
  return last && !rounding && isOfCodes(last) ? { last, between: [], rounding, host: behindLast } : { last, between: behindLast, rounding, host: [] }
}

const ACTIVATIONS = new Set([...FUSED_ACTIVATIONS, 'LeakyRelu', 'PRelu', 'Sigmoid', 'Tanh', 'HardSigmoid', 'HardSwish', 'Elu', 'Selu', 'Gelu', 'Softplus', 'Softsign'])

function standing(node: Node, { output }: BoardProfile): Standing {
  if (output.transparent.includes(node.op)) return 'transparent'
  return isPassThrough(node) ? 'mover' : ACTIVATIONS.has(node.op) ? 'activation' : 'other'
}

type Decided = Pick<BoardOutput, 'type' | 'scale' | 'why' | 'source'>

function typeOf(output: string, way: Way, graph: Graph, links: Topology, profile: BoardProfile, bits: 8 | 16): Decided {
  const { highPrecision } = profile.output
  const { last, rounding } = way
  if (rounding) {
    const step = constantAt(graph, links, rounding.inputs[1])
    const type = constantAt(graph, links, rounding.inputs[2])?.type ?? 'uint8'
    const known = type === 'int8' || type === 'uint8' || type === 'int16' || type === 'uint16'
    const rounds = `the model rounds to ${type} in '${rounding.name}'`
    const why = last && highPrecision.is === true ? `${rounds}; ${hindrance(last, way, links, profile, true) ?? 'without that its accumulator could leave as it is'}` : rounds
    return { type: known ? type : 'unknown', scale: step ? numbersOf(step.data) : null, why, source: why === rounds ? null : highPrecision.source }
  }
  const blocker = last === undefined ? 'nothing on its way is a convolution or a matrix product' : hindrance(last, way, links, profile)
  if (last && blocker === undefined && highPrecision.is !== 'unknown') {
    return { type: 'int32', scale: accumulatorScale(graph, links, last), why: `'${last.name}' (${last.op}) goes to the dequantize directly: its accumulator leaves as it is${way.host.length === 0 ? '' : `; behind it, in float: ${way.host.map((node) => `${node.op} '${node.name}'`).join(', ')}`}`, source: highPrecision.source }
  }
  const maker = links.producer.get(output)
  const verdict = maker && judgeNode(graph, maker, profile, bits === 8 ? 'int8' : 'int16')
  const tail = blocker ?? 'no document states whether an accumulator may leave the board'
  if (!verdict || verdict.state === 'unknown' || verdict.state === 'missing') return { type: 'unknown', scale: null, why: `${tail}; ${verdict?.why ?? 'the output is an input'}`, source: verdict?.source ?? null }
  const type = verdict.state === 'fallback' ? 'float' : bits === 8 ? 'int8' : 'int16'
  return { type, scale: null, why: `${tail}; ${verdict.why}`, source: verdict.source ?? highPrecision.source }
}

/** Why the accumulator of the last computing node cannot leave as it is; undefined where nothing (but a rounding, if that is let pass) is in the way. */
function hindrance(last: Node, { between, host }: Way, links: Topology, profile: BoardProfile, pastRounding = false): string | undefined {
  const { highPrecision, computing, transparent } = profile.output
  if (highPrecision.is === false) return 'accumulators do not leave this board'
  if (highPrecision.is === 'unknown') return undefined
  const blocking = between.filter((node) => !transparent.includes(node.op))
  if (blocking.length > 0) {
    return `${blocking.map((node) => `${node.op} '${node.name}'`).join(', ')} ${blocking.length === 1 ? 'stands' : 'stand'} between '${last.name}' and the dequantize, so its accumulator is rounded first`
  }
  if (!computing.includes(last.op)) return `no document states that the accumulator of ${last.op} may leave`
  const passed = pastRounding ? [...transparent, 'QuantizeLinear'] : transparent
  const other = users(last.outputs, links, (node) => passed.includes(node.op) || host.includes(node))
  return other && `'${last.name}' also goes to '${other.name}' (${other.op}), so its accumulator is rounded`
}

/** A node that uses these tensors otherwise than to give them back. */
function users(names: readonly string[], links: Topology, passes: (node: Node) => boolean): Node | undefined {
  for (const node of names.flatMap((name) => links.consumers.get(name) ?? [])) {
    if (!passes(node) && node.op !== 'DequantizeLinear') return node
    const further = users(node.op === 'DequantizeLinear' ? [] : node.outputs, links, passes)
    if (further) return further
  }
  return undefined
}

/** Input step × weight step, where both sides of the node are dequantized codes. */
function accumulatorScale(graph: Graph, links: Topology, node: Node): number[] | null {
  const [input, weight] = node.inputs.slice(0, 2).map((name) => {
    const maker = links.producer.get(name)
    const step = maker?.op === 'DequantizeLinear' ? constantAt(graph, links, maker.inputs[1]) : undefined
    return step && numbersOf(step.data)
  })
  return input && weight ? weight.map((step) => step * input[0]!) : null
}

const numbersOf = (data: ArrayLike<unknown>): number[] => Array.from(data, Number)

/** What is stated of the output of a convolution holds where nothing stands behind it; a board that keeps the model's layout keeps it always. */
function layoutOf({ last, between }: Way, { output }: BoardProfile): BoardOutput['layout'] {
  const isConv = last?.op === 'Conv' || last?.op === 'ConvTranspose'
  const bare = between.every((node) => output.transparent.includes(node.op))
  return output.layout.is === 'same' || (isConv && bare) ? output.layout.is : 'unknown'
}
