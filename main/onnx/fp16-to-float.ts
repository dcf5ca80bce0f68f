import { Fault } from '../core/fault.ts'
import { withNodes } from './edit.ts'
import { elementTypeNumber } from './element-type.ts'
import type { ElementType } from './element-type.ts'
import type { AttributeValue, Graph, Node, Tensor, ValueInfo } from './graph.ts'
import type { GraphProto } from './onnx_pb.ts'
import { floatActivations } from './operators.ts'
import { counted } from './preparation.ts'
import type { PreparedGraph } from './preparation.ts'
import { graphsIn } from './subgraph.ts'
import { float32, tensor } from './tensor.ts'
import { nodesIn, tensorsIn } from './walk.ts'

const HALF_TYPES: readonly ElementType[] = ['float16', 'bfloat16']
const isHalf = (type: ElementType): boolean => HALF_TYPES.includes(type)
const HALF_NUMBERS = new Set(HALF_TYPES.map(elementTypeNumber))
const FLOAT32 = elementTypeNumber('float32')

/** Attributes whose int is an element type. */
const TYPE_ATTRIBUTES = new Set(['to', 'dtype', 'stash_type', 'output_dtype'])

/**
 * float16 and bfloat16 become float32 everywhere: weights, constants, Cast targets, inputs and outputs. Their values are all float32
 * values, so nothing is lost; what comes after is computed more exactly than before. Casts that then change nothing are removed.
 * Throws `model.half-precision` where a subgraph or function holds such a type.
 */
export function halfToFloat(graph: Graph): PreparedGraph {
  const tensors = [...graph.initializers.values(), ...graph.values.values()]
  const types = new Set([...tensors.map((item) => item.type), ...graph.nodes.flatMap(typesOf)])
  const found = HALF_TYPES.filter((type) => types.has(type))
  if (found.length === 0) return { graph, steps: [] }
  graph.nodes.forEach(checkSubgraphs)
  checkFunctions(graph)
  const initializers = new Map([...graph.initializers].map(([name, values]) => [name, floatTensor(values)] as const))
  const values = new Map([...graph.values].map(([name, info]) => [name, floatInfo(info)] as const))
  const nodes = graph.nodes.map(floatNode)
  const [inputs, outputs] = [graph.inputs.map(floatInfo), graph.outputs.map(floatInfo)]
  const converted = withNodes(graph, nodes, { initializers, values, inputs, outputs })
  const weights = [...graph.initializers.values()].filter((values) => isHalf(values.type)).length
  const ends = [...graph.inputs, ...graph.outputs].filter((info) => isHalf(info.type)).map((info) => `'${info.name}'`)
  const atEnds = ends.length === 0 ? '' : `, inputs and outputs ${ends.join(', ')}`
  const step = `converted from ${found.join(' and ')} to float32 for work: ${counted(weights, 'weight tensor')}${atEnds}`
  const cleaned = withoutIdleCasts(converted)
  return { graph: cleaned.graph, steps: [step, ...cleaned.steps] }
}

/** Element types that a node's attributes speak of. */
function typesOf(node: Node): ElementType[] {
  return [...node.attributes].flatMap(([name, attribute]): ElementType[] => {
    if (attribute.kind === 'tensor') return [attribute.value.type]
    if (attribute.kind !== 'int' || !TYPE_ATTRIBUTES.has(name)) return []
    return HALF_TYPES.filter((type) => elementTypeNumber(type) === Number(attribute.value))
  })
}

const floatTensor = (values: Tensor): Tensor => (isHalf(values.type) ? tensor('float32', values.dims, float32(values)) : values)

const floatInfo = (info: ValueInfo): ValueInfo => (isHalf(info.type) ? { name: info.name, type: 'float32', dims: info.dims } : info)

function floatNode(node: Node): Node {
  if (typesOf(node).every((type) => !isHalf(type))) return node
  return { ...node, attributes: new Map([...node.attributes].map(([name, attribute]) => [name, floatAttributeValue(name, attribute)])) }
}

function floatAttributeValue(name: string, attribute: AttributeValue): AttributeValue {
  if (attribute.kind === 'tensor') return { kind: 'tensor', value: floatTensor(attribute.value) }
  const isType = attribute.kind === 'int' && TYPE_ATTRIBUTES.has(name) && HALF_NUMBERS.has(Number(attribute.value))
  return isType ? { kind: 'int', value: BigInt(FLOAT32) } : attribute
}

/** Casts from float32 to float32 turn into Identity, which withoutCopies takes out. */
function withoutIdleCasts(graph: Graph): PreparedGraph {
  const hasDouble = [...graph.values.values(), ...graph.initializers.values()].some((item) => item.type === 'float64')
  if (hasDouble) return { graph, steps: [] }
  const float = floatActivations(graph)
  let count = 0
  const nodes = graph.nodes.map((node) => {
    const to = node.attributes.get('to')
    const isFloat = float.has(node.inputs[0] ?? '') || graph.initializers.get(node.inputs[0] ?? '')?.type === 'float32'
    if (node.op !== 'Cast' || node.domain !== '' || to?.kind !== 'int' || Number(to.value) !== FLOAT32 || !isFloat) return node
    count++
    return { ...node, op: 'Identity', attributes: new Map() }
  })
  if (count === 0) return { graph, steps: [] }
  return { graph: withNodes(graph, nodes), steps: [`${counted(count, 'Cast')} between float types no longer needed`] }
}

function checkSubgraphs(node: Node): void {
  for (const attribute of node.attributes.values()) {
    for (const subgraph of graphsIn(attribute)) {
      if (holdsHalf(subgraph)) throw halfFault(`node '${node.name}' (${node.op})`, 'a graph inside it')
    }
  }
}

function checkFunctions(graph: Graph): void {
  const used = new Set(graph.nodes.map((node) => `${node.domain}:${node.op}`))
  for (const definition of graph.proto?.functions ?? []) {
    if (used.has(`${definition.domain}:${definition.name}`)) throw halfFault(`function '${definition.name}'`, 'the model')
  }
}

function holdsHalf(graph: GraphProto): boolean {
  const model = { graph, functions: [], trainingInfo: [] }
  const isHalfInfo = (info: { type?: { value: { case?: string; value?: unknown } } | undefined }): boolean => {
    const type = info.type?.value
    return type?.case === 'tensorType' && HALF_NUMBERS.has((type.value as { elemType: number }).elemType)
  }
  if ([...graph.input, ...graph.output, ...graph.valueInfo].some(isHalfInfo)) return true
  for (const { proto } of tensorsIn(model)) if (HALF_NUMBERS.has(proto.dataType)) return true
  for (const node of nodesIn(model)) {
    if (node.attribute.some((attribute) => TYPE_ATTRIBUTES.has(attribute.name) && HALF_NUMBERS.has(Number(attribute.i)))) return true
  }
  return false
}

const halfFault = (where: string, holder: string): Fault =>
  new Fault({
    code: 'model.half-precision', where, what: `${holder} computes in half precision and cannot be converted`,
    next: 'Export the model in float32.',
  })
