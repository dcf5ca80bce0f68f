import { asFault, Fault, type FaultData } from '../../core/fault.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import { constantsToInitializers } from '../../onnx/constants.ts'
import type { Dim, Graph, Node } from '../../onnx/graph.ts'
import { topology, type Topology } from '../../onnx/topology.ts'
import { readQdq } from '../../quantize/read-qdq.ts'
import { inferValues } from '../../runtime/values.ts'
import { attributeFacts, initializerFacts, type AttributeFacts, type InitializerFacts } from './graph-facts.ts'
import { readModelOnce } from './last-model.ts'
import { standalone } from './workpiece.ts'

export interface GraphViewInput {
  /** Absolute path. */
  readonly model: string
}

/** Tensors are meant by their index in `tensors`; -1 stands for one that is left out. */
export interface GraphView {
  readonly sha256: string
  /** In topological order. */
  readonly nodes: readonly GraphNode[]
  readonly tensors: readonly GraphTensor[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Why shapes are only those that the file states; null where the runtime inferred them. */
  readonly notInferred: FaultData | null
}

export interface GraphNode {
  readonly name: string
  readonly op: string
  /** '' is ai.onnx. */
  readonly domain: string
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly attributes: readonly AttributeFacts[]
  /** Parts of the name before its last one: `body/block1` of `/body/block1/conv/Conv` is `['body', 'block1', 'conv']`. */
  readonly scope: readonly string[]
  /** Of a rounding (QuantizeLinear, DequantizeLinear with constant scales): the tensor that its output is a rounded copy of. */
  readonly rounds: number | null
}

export interface GraphTensor {
  readonly name: string
  readonly type: string
  /** null: the rank is not known. */
  readonly dims: readonly Dim[] | null
  readonly initializer: InitializerFacts | null
  /** Codes that the model rounds this tensor to. Least and greatest of scale and zero point where each channel has its own. */
  readonly codes: { readonly type: string; readonly channels: number; readonly scale: readonly [number, number]; readonly zeroPoint: readonly [number, number] } | null
}

/**
 * The graph of a model file as it stands there, for a person to look at. Throws `input.*` and `model.*` where it cannot be read;
 * one that can be read and not be run comes with the shapes that the file states and `notInferred`.
 */
export async function graphJob({ model }: GraphViewInput): Promise<GraphView> {
  const file = await readModelOnce(model)
  // As everybody draws it: constants belong to the nodes that use them.
  const { graph } = constantsToInitializers(file.graph)
  let [known, notInferred]: [Graph['values'], FaultData | null] = [graph.values, null]
  try {
    known = await inferValues(standalone(file), {}, model)
  } catch (error) {
    if (!(error instanceof Fault) || !error.code.startsWith('model.')) throw error
    notInferred = asFault(error).toJSON()
  }
  return { sha256: file.sha256, ...viewOf(graph, known), notInferred }
}

/** What is drawn of a graph, with the types and shapes that are known of its tensors. */
export function viewOf(graph: Graph, known: Graph['values']): Omit<GraphView, 'sha256' | 'notInferred'> {
  const codes = new Map(readQdq(graph).rows.map((row) => [row.tensor, row]))
  const tensors: GraphTensor[] = []
  const indexes = new Map<string, number>()
  const indexOf = (name: string): number => {
    if (name === '') return -1
    const found = indexes.get(name)
    if (found !== undefined) return found
    indexes.set(name, tensors.length)
    const constant = graph.initializers.get(name)
    const value = known.get(name) ?? graph.values.get(name)
    const row = codes.get(name) ?? codes.get(name.replace(/_quantized$/, ''))
    tensors.push({
      name, type: constant?.type ?? value?.type ?? 'undefined', dims: constant?.dims ?? value?.dims ?? null,
      initializer: constant ? initializerFacts(constant) : null, codes: row ? codesOf(row) : null,
    })
    return tensors.length - 1
  }
  const inputs = graph.inputs.map(({ name }) => indexOf(name))
  const rounded = roundedBy(graph, topology(graph))
  const nodes = graph.nodes.map((node): GraphNode => ({
    name: node.name, op: node.op, domain: node.domain, inputs: node.inputs.map(indexOf), outputs: node.outputs.map(indexOf),
    attributes: attributeFacts(node), scope: scopeOf(namedAs(node)), rounds: rounded.has(node) ? indexOf(rounded.get(node)!) : null,
  }))
  return { nodes, tensors, inputs, outputs: graph.outputs.map(({ name }) => indexOf(name)) }
}

/** What tells where a node belongs: its own name, or its output's where the file gives none and that one holds slashes. */
function namedAs({ name, proto, outputs: [output = ''] }: Node): string {
  if (proto === undefined || proto.name !== '') return name
  return output.includes('/') ? output : ''
}

/** Names of PyTorch and TensorFlow hold the modules that a node belongs to, parted by slashes or points. */
export function scopeOf(name: string): string[] {
  const parts = name.includes('/') ? name.split('/') : name.split('.')
  return parts.filter((part) => part !== '').slice(0, -1)
}

function codesOf({ type, scale, zeroPoint }: ScaleRow): GraphTensor['codes'] {
  const span = (values: readonly number[]): [number, number] => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]
  return { type, channels: scale.length, scale: span(scale), zeroPoint: span(zeroPoint) }
}

/** Roundings with constant scales, and what each output is a copy of. A pair whose codes are used otherwise is none. */
function roundedBy(graph: Graph, links: Topology): ReadonlyMap<Node, string> {
  const rounded = new Map<Node, string>()
  const hasConstantScale = (node: Node): boolean => node.inputs.slice(1).every((name) => name === '' || graph.initializers.has(name))
  for (const node of graph.nodes) {
    const [from, to] = [node.inputs[0]!, node.outputs[0]!]
    if (!hasConstantScale(node)) continue
    if (node.op === 'QuantizeLinear') {
      const users = links.consumers.get(to) ?? []
      const isPair = users.length > 0 && !links.outputs.has(to) && users.every((user) => user.op === 'DequantizeLinear' && user.inputs[0] === to && hasConstantScale(user))
      if (isPair) rounded.set(node, from)
    } else if (node.op === 'DequantizeLinear') {
      const maker = links.producer.get(from)
      if (maker === undefined ? graph.initializers.has(from) : rounded.has(maker)) rounded.set(node, maker === undefined ? from : rounded.get(maker)!)
    }
  }
  return rounded
}
