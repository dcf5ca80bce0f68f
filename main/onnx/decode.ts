import { fromBinary } from '@bufbuild/protobuf'
import { Fault } from '../core/fault.ts'
import { attributeValueOf } from './attribute.ts'
import type { Graph, Node, Tensor, ValueInfo } from './graph.ts'
import { ModelProtoSchema } from './onnx_pb.ts'
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from './onnx_pb.ts'
import { elementTypeOf, tensorOf } from './tensor-proto.ts'
import { topologicalOrder } from './topology.ts'
import { checkNames } from './check-names.ts'
import { checkWire } from './check-wire.ts'
import { MODEL_LIMITS } from './limits.ts'
import type { ModelLimits } from './limits.ts'

/** The bytes a model was read from, so that an untouched one is written as it came, however its writer ordered them. */
const sources = new WeakMap<ModelProto, Uint8Array>()
/** The graph as it was read, to see whether it was touched. */
const graphsAsRead = new WeakMap<ModelProto, Graph>()

export const sourceBytesOf = (proto: ModelProto): Uint8Array | undefined => sources.get(proto)

/** Whether nothing that a Graph holds differs from what was read of its `proto`. */
export function isUntouched(graph: Graph): boolean {
  const read = graph.proto === undefined ? undefined : graphsAsRead.get(graph.proto)
  if (read === undefined) return false
  return (Object.keys(read) as (keyof Graph)[]).every((key) => graph[key] === read[key])
}

/**
 * A model from the bytes of a .onnx file. The message is to be read only; tensors view `bytes`, which must not change afterwards.
 * Throws `model.*` Faults for an empty file, one that is no ONNX model, a truncated one, one beyond the limits (check-wire.ts),
 * and one without a graph. `where` is the file in errors.
 */
export function decodeModel(bytes: Uint8Array, where: string, limits: ModelLimits = MODEL_LIMITS): ModelProto {
  const proto = parseModel(bytes, where, limits)
  sources.set(proto, bytes)
  return proto
}

/** As decodeModel, but without remembering the bytes: for a message that will be changed. */
export function parseModel(bytes: Uint8Array, where: string, limits: ModelLimits): ModelProto {
  const notOnnx = (what: string, cause?: unknown): Fault =>
    new Fault({
      code: 'model.not-onnx', what, where,
      next: 'Give a model in ONNX format, as torch.onnx.export or tf2onnx write it.' }, { cause,
    })
  if (bytes.length === 0) {
    throw new Fault({ code: 'model.empty-file', what: 'the file is empty', where, next: 'Export or copy the model again.' })
  }
  if (bytes.length >= 8 && new TextDecoder('latin1').decode(bytes.subarray(4, 8)) === 'ORTM') {
    throw new Fault({
      code: 'model.ort-format', what: 'this is a model in the ORT format', where,
      next: 'Give the .onnx file that it was made from.',
    })
  }
  checkWire(bytes, where, limits)
  let proto: ModelProto
  try {
    proto = fromBinary(ModelProtoSchema, bytes, { recursionLimit: 64 })
  } catch (error) {
    throw notOnnx('the file is not a readable ONNX model', error)
  }
  if (proto.graph === undefined) {
    if (proto.irVersion === 0n && proto.opsetImport.length === 0) throw notOnnx('the file is not an ONNX model')
    throw new Fault({ code: 'model.no-graph', what: 'the model holds no graph', where, next: 'Export the model again.' })
  }
  return proto
}

/**
 * The graph of a model: names kept, nodes sorted, tensors read. Throws `model.*` Faults that name node and tensor for a cycle, a
 * dangling input or output, duplicate names, and tensors whose values do not fit their dims.
 */
export function graphOf(proto: ModelProto, where: string): Graph {
  const { graph } = proto
  if (graph === undefined) throw new Fault({
    code: 'model.no-graph', what: 'the model holds no graph', where, next: 'Export the model again.',
  })
  checkNames(graph, where)
  const initializers = initializersOf(graph, where)
  const inputs = graph.input.filter((input) => !initializers.has(input.name)).map((input) => valueInfoOf(input, where))
  const outputs = graph.output.map((output) => valueInfoOf(output, where))
  const values = new Map<string, ValueInfo>()
  for (const info of graph.valueInfo) values.set(info.name, valueInfoOf(info, where))
  for (const info of [...inputs, ...outputs]) values.set(info.name, info)
  const read: Graph = {
    name: graph.name,
    nodes: topologicalOrder(nodesOf(graph, where), where),
    inputs,
    outputs,
    initializers,
    values,
    opsets: opsetsOf(proto, where),
    irVersion: Number(proto.irVersion),
    proto,
  }
  graphsAsRead.set(proto, read)
  return read
}

function initializersOf(graph: GraphProto, where: string): Map<string, Tensor> {
  const initializers = new Map<string, Tensor>()
  for (const proto of graph.initializer) initializers.set(proto.name, tensorOf(proto, `${where}: tensor '${proto.name}'`))
  return initializers
}

/** `ai.onnx` may be written out; both mean the standard operators. */
export const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain)

function opsetsOf(proto: ModelProto, where: string): Map<string, number> {
  const opsets = new Map(proto.opsetImport.map((entry) => [domainOf(entry.domain), Number(entry.version)]))
  // IR versions 1 and 2 say no opset; the standard operators are then those of version 1.
  if (opsets.size === 0 && proto.irVersion < 3n) opsets.set('', 1)
  if (opsets.size === 0) throw new Fault({
    code: 'model.no-opset', what: 'the model does not say its opset', where, next: 'Export the model again.',
  })
  return opsets
}

function nodesOf(graph: GraphProto, where: string): Node[] {
  const taken = new Set(graph.node.map((node) => node.name))
  const used = new Set<string>()
  return graph.node.map((proto) => {
    const name = uniqueNodeName(proto, taken, used)
    const place = `${where}: node '${name}' (${proto.opType})`
    const attributes = new Map(proto.attribute.map((attribute) => [attribute.name, attributeValueOf(attribute, place)] as const))
    if (attributes.size !== proto.attribute.length) {
      throw new Fault({
        code: 'model.attribute', where: place, what: 'an attribute is given twice', next: 'Export the model again.',
      })
    }
    return {
      name, op: proto.opType, domain: domainOf(proto.domain), inputs: proto.input, outputs: proto.output, attributes,
      ...(proto.docString === '' ? {} : { doc: proto.docString }), proto,
    }
  })
}

/** The file's name, where it has one and no node before took it; else the operator and first output, numbered where that is taken too. */
function uniqueNodeName(proto: NodeProto, taken: Set<string>, used: Set<string>): string {
  let name = proto.name
  if (name === '' || used.has(name)) {
    const made = `${proto.opType}_${proto.output.find((output) => output !== '') ?? 'node'}`
    name = made
    for (let count = 2; taken.has(name) || used.has(name); count++) name = `${made}_${count}`
  }
  used.add(name)
  return name
}

/** Type and shape as the file states them; a sequence, map or optional is of type `undefined` with its proto kept. */
function valueInfoOf(proto: ValueInfoProto, where: string): ValueInfo {
  const type = proto.type?.value
  if (type?.case !== 'tensorType') return { name: proto.name, type: 'undefined', dims: null, proto }
  const dims = type.value.shape?.dim.map((dim) => {
    if (dim.value.case === 'dimParam') return dim.value.value === '' ? null : dim.value.value
    // Some exporters write -1 for "not known".
    return dim.value.case === 'dimValue' && dim.value.value >= 0n ? Number(dim.value.value) : null
  })
  return { name: proto.name, type: elementTypeOf(type.value.elemType, `${where}: tensor '${proto.name}'`), dims: dims ?? null, proto }
}
