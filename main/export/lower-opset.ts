import { attributesOf, intAttribute } from '../onnx/attribute.ts'
import { nameMaker } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { OPERATOR_HISTORY } from '../onnx/opset-history.ts'
import { float32List, integers } from '../onnx/tensor.ts'

/** Opsets that an IR version may carry at most, from the ONNX versioning table. */
const IR_OF_OPSET: Readonly<Record<number, number>> = { 9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9 }

export type Lowered = { readonly graph: Graph } | { readonly refused: readonly string[] }

/**
 * The same model written in an older opset, for tools that read nothing newer: where definitions between only took in more types
 * nothing changes, axes and sizes that became inputs go back to being attributes. What has no older form is refused by node.
 */
export function lowerOpset(graph: Graph, to: number): Lowered {
  const from = graph.opsets.get('') ?? 0
  if (from <= to) return { graph }
  const refused: string[] = []
  const empty = nameMaker(graph)('no_values')
  const nodes = graph.nodes.map((node) => {
    if (node.domain !== '') return node
    const history = OPERATOR_HISTORY[node.op]
    const changed = history === undefined || Object.entries(history).some(([version, change]) => Number(version) > to && Number(version) <= from && change !== 'same')
    const plain = withoutNewAttributes(node, to)
    const isNew = (FIRST_OPSET[node.op] ?? 1) > to || history === undefined || plain === undefined
    const older = isNew ? undefined : changed ? olderForm(graph, plain, to, empty) : plain
    if (older === undefined) refused.push(`${node.name} (${node.op})`)
    return older ?? node
  })
  if (refused.length > 0) return { refused }
  const used = new Set([...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)])
  const initializers = new Map([...graph.initializers, [empty, float32List([])] as const].filter(([name]) => used.has(name)))
  const irVersion = Math.min(graph.irVersion, IR_OF_OPSET[to] ?? graph.irVersion)
  const { proto: _source, ...plain } = graph
  return { graph: { ...plain, nodes, initializers, opsets: new Map([...graph.opsets, ['', to]]), irVersion } }
}

/** Operators that came after opset 9, with the opset that brought them (ONNX, "Operator Changelog"). */
const FIRST_OPSET: Readonly<Record<string, number>> = {
  Mod: 10, QLinearConv: 10, QLinearMatMul: 10, QuantizeLinear: 10, DequantizeLinear: 10, ConvInteger: 10, MatMulInteger: 10, RoiAlign: 10, ReverseSequence: 10, ThresholdedRelu: 10, Resize: 10, IsInf: 10, NonMaxSuppression: 10,
  BitShift: 11, CumSum: 11, Det: 11, DynamicQuantizeLinear: 11, GatherElements: 11, GatherND: 11, Range: 11, Round: 11, ScatterElements: 11, ScatterND: 11,
  Celu: 12, Einsum: 12, GreaterOrEqual: 12, LessOrEqual: 12, HardSwish: 14, Trilu: 14, CastLike: 15, GridSample: 16, LayerNormalization: 17, GroupNormalization: 18, Mish: 18, Gelu: 20,
}
/** Attributes that came later, and the value at which they say what was so before. */
const LATER: Readonly<Record<string, Readonly<Record<string, readonly [opset: number, old: number]>>>> = {
  Reshape: { allowzero: [14, 0] }, ArgMax: { select_last_index: [12, 0] }, ArgMin: { select_last_index: [12, 0] }, BatchNormalization: { training_mode: [14, 0] }, Cast: { saturate: [19, 1] },
}

/** The node without attributes of newer opsets; undefined where one of them says something new. */
function withoutNewAttributes(node: Node, to: number): Node | undefined {
  const newer = Object.entries(LATER[node.op] ?? {}).filter(([name, [opset]]) => opset > to && node.attributes.has(name))
  if (newer.some(([name, [, old]]) => intAttribute(node, name, old) !== old)) return undefined
  return newer.length === 0 ? node : { ...node, attributes: new Map([...node.attributes].filter(([name]) => !newer.some(([one]) => one === name))) }
}

const NEW_OF_RESIZE = ['antialias', 'axes', 'keep_aspect_ratio_policy']

/** Undefined: no older form says the same. */
function olderForm(graph: Graph, node: Node, to: number, empty: string): Node | undefined {
  if (['Squeeze', 'Unsqueeze', 'ReduceSum'].includes(node.op) || (node.op.startsWith('Reduce') && to < 18)) return withAttribute(graph, node, 'axes')
  if (node.op === 'Split') return node.inputs[1] ? withAttribute(graph, node, 'split') : undefined
  // From opset 13 on along one axis; before, over everything from that axis on: alike for the last axis alone.
  if (['Softmax', 'LogSoftmax', 'Hardmax'].includes(node.op)) {
    const rank = graph.values.get(node.inputs[0]!)?.dims?.length
    const axis = intAttribute(node, 'axis', -1)
    return rank !== undefined && (axis === -1 || axis === rank - 1) ? { ...node, attributes: new Map([...node.attributes, ...attributesOf({ axis: rank - 1 })]) } : undefined
  }
  // 13 let roi and scales be left out, 11 wants empty ones.
  if (node.op === 'Resize' && to >= 11 && ![...node.attributes.keys()].some((name) => NEW_OF_RESIZE.includes(name))) {
    const [input = '', roi = '', scales = '', ...sizes] = node.inputs
    return { ...node, inputs: [input, roi || empty, scales || empty, ...sizes] }
  }
  return undefined
}

function withAttribute(graph: Graph, node: Node, name: string): Node | undefined {
  const input = node.inputs[1]
  if (input === undefined || input === '') return node
  const values = graph.initializers.get(input)
  return values && { ...node, inputs: node.inputs.slice(0, 1), attributes: new Map([...node.attributes, ...attributesOf({ [name]: integers(values) })]) }
}
