import { intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import type { OperatorCondition } from './profile.ts'

/** What conditions ask of a node. A key is absent where it does not apply or cannot be told (a size that is not fixed). */
export interface NodeFacts {
  readonly kernel?: number
  readonly stride?: number
  readonly dilation?: number
  readonly pad?: number
  readonly group?: 'none' | 'depthwise' | 'grouped'
  readonly mode?: string
  readonly coordinates?: string
  readonly factor?: number
  readonly factors?: 'power-of-two' | 'whole' | 'fractional'
  readonly inputChannels?: number
  readonly outputChannels?: number
  readonly axis?: number
  readonly rank?: number
  readonly block?: number
  readonly operand?: 'constant' | 'computed'
}

type Writable = { -readonly [K in keyof NodeFacts]?: NodeFacts[K] | undefined }

/** The facts of every node of one graph; what the file says of shapes is used, nothing is inferred. */
export function factsFrom(graph: Graph): (node: Node) => NodeFacts {
  const links = topology(graph)
  return (node) => stated({ ...windowFacts(graph, links, node), ...shapeFacts(graph, node), ...modeFacts(node), ...resizeFacts(graph, node) })
}

const stated = (facts: Writable): NodeFacts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && !Number.isNaN(value)))

/** A constant of the model, also where a DequantizeLinear (or Identity) stands before it. */
export function constantAt(graph: Graph, { producer }: Topology, name: string | undefined): Tensor | undefined {
  if (name === undefined || name === '') return undefined
  const found = graph.initializers.get(name)
  const node = producer.get(name)
  if (found || node === undefined) return found
  return ['DequantizeLinear', 'QuantizeLinear', 'Identity'].includes(node.op) ? constantAt(graph, { producer } as Topology, node.inputs[0]) : undefined
}

const WINDOWS = new Set(['Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'LpPool'])
const most = (values: readonly number[] | undefined): number | undefined => (values === undefined || values.length === 0 ? undefined : Math.max(...values))

function windowFacts(graph: Graph, links: Topology, node: Node): Writable {
  if (!WINDOWS.has(node.op)) return {}
  const weight = constantAt(graph, links, node.inputs[1])
  const isConv = node.op === 'Conv' || node.op === 'ConvTranspose'
  const facts: Writable = {
    kernel: most(intsAttribute(node, 'kernel_shape', isConv ? weight?.dims.slice(2) : undefined)),
    stride: most(intsAttribute(node, 'strides', [1])), dilation: most(intsAttribute(node, 'dilations', [1])), pad: most(intsAttribute(node, 'pads', [0])),
  }
  if (!isConv) return facts
  const groups = intAttribute(node, 'group', 1)
  const [first, second] = weight?.dims ?? []
  const perGroup = second === undefined ? undefined : second * groups
  const inputChannels = node.op === 'Conv' ? perGroup : first
  return {
    ...facts, inputChannels, outputChannels: node.op === 'Conv' ? first : perGroup,
    group: groups === 1 ? 'none' : inputChannels === undefined ? undefined : groups === inputChannels ? 'depthwise' : 'grouped',
  }
}

const AXES = new Set(['Concat', 'Softmax', 'LogSoftmax', 'Split', 'Gather', 'ArgMax', 'ArgMin', 'Flatten', 'LayerNormalization'])
const PAIRS = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'PRelu', 'MatMul', 'Gemm'])

function shapeFacts(graph: Graph, node: Node): Writable {
  const dims = graph.values.get(node.inputs[0] ?? '')?.dims ?? undefined
  const rank = dims?.length
  const axis = AXES.has(node.op) && node.attributes.has('axis') ? intAttribute(node, 'axis', 0) : undefined
  const fromFront = axis === undefined || axis >= 0 ? axis : rank === undefined ? undefined : axis + rank
  const channels = dims?.[1]
  const constant = node.inputs.some((name) => graph.initializers.has(name))
  return {
    rank, axis: fromFront, ...(typeof channels === 'number' ? { inputChannels: channels } : {}),
    operand: PAIRS.has(node.op) ? (constant ? 'constant' : 'computed') : undefined,
    block: node.op === 'DepthToSpace' || node.op === 'SpaceToDepth' ? intAttribute(node, 'blocksize', undefined) : undefined,
  }
}

const MODES: Readonly<Record<string, string>> = { Resize: 'nearest', Upsample: 'nearest', Pad: 'constant', DepthToSpace: 'DCR' }

const modeFacts = (node: Node): Writable => (MODES[node.op] === undefined ? {} : { mode: stringAttribute(node, 'mode', MODES[node.op]!) })

function resizeFacts(graph: Graph, node: Node): Writable {
  if (node.op !== 'Resize' && node.op !== 'Upsample') return {}
  const factors = factorsOf(graph, node)
  const whole = factors?.every((factor) => Number.isInteger(factor) && factor >= 1)
  const kind = whole === undefined ? undefined : !whole ? 'fractional' : factors!.every((factor) => Number.isInteger(Math.log2(factor))) ? 'power-of-two' : 'whole'
  return {
    coordinates: stringAttribute(node, 'coordinate_transformation_mode', node.op === 'Upsample' ? 'asymmetric' : 'half_pixel'),
    factor: most(factors), factors: kind,
  }
}

/** Factors along all axes but batch and channels. */
function factorsOf(graph: Graph, node: Node): number[] | undefined {
  const numbers = (name: string | undefined): number[] | undefined => {
    const tensor = graph.initializers.get(name ?? '')
    return tensor === undefined || tensor.data.length === 0 ? undefined : Array.from(tensor.data as ArrayLike<number | bigint>, Number)
  }
  const attribute = node.attributes.get('scales')
  const scales = attribute?.kind === 'floats' ? [...attribute.value] : numbers(node.inputs[node.inputs.length > 2 ? 2 : 1])
  if (scales) return scales.slice(2)
  const sizes = numbers(node.inputs[3]) ?? graph.values.get(node.outputs[0] ?? '')?.dims
  const from = graph.values.get(node.inputs[0] ?? '')?.dims
  if (!sizes || !from || sizes.length !== from.length) return undefined
  const factors = sizes.slice(2).map((size, index) => Number(size) / Number(from[index + 2]))
  return factors.every(Number.isFinite) ? factors : undefined
}

/** True where everything that the condition gives can be told of the node, and holds. */
export function fulfils(facts: NodeFacts, when: OperatorCondition): boolean {
  return (Object.keys(when) as (keyof OperatorCondition)[]).every((key) => {
    const [wanted, value] = [when[key], facts[key]]
    if (value === undefined) return false
    if (Array.isArray(wanted)) return (wanted as readonly unknown[]).includes(value)
    if (typeof wanted === 'string') return wanted === value
    const { min, max } = wanted as { min: number; max: number | null }
    return Number(value) >= min && Number(value) <= (max ?? Infinity)
  })
}
