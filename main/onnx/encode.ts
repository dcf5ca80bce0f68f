import { create, toBinary } from '@bufbuild/protobuf'
import { Fault } from '../core/fault.ts'
import { attributeProtoOf } from './attribute.ts'
import { domainOf, isUntouched, sourceBytesOf } from './decode.ts'
import { elementTypeNumber } from './element-type.ts'
import type { AttributeValue, Graph, Node, ValueInfo } from './graph.ts'
import {
  GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, OperatorSetIdProtoSchema, TensorShapeProto_DimensionSchema, ValueInfoProtoSchema,
} from './onnx_pb.ts'
import type {
  AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorShapeProto_Dimension, ValueInfoProto,
} from './onnx_pb.ts'
import { tensorProtoOf } from './tensor-proto.ts'

/** A protobuf message ends below 2 GiB. */
export const MAX_MODEL_BYTES = 2 ** 31 - 1

/**
 * A graph as the bytes of a .onnx file, weights inside. An untouched graph gives the bytes it was read from; in a touched one
 * everything untouched is written from what was read, unknown fields included, and names that were made up for nodes are written.
 * Throws `model.too-large` from 2 GiB on: writeModel (model-file.ts) puts the weights beside the file.
 */
export function encodeModel(graph: Graph): Uint8Array {
  const source = graph.proto === undefined ? undefined : sourceBytesOf(graph.proto)
  return source !== undefined && isUntouched(graph) ? new Uint8Array(source) : encodeProto(modelProtoOf(graph))
}

/** A model message as bytes: fields by number, unknown fields last in their message. */
export function encodeProto(proto: ModelProto): Uint8Array {
  if (rawBytesIn(proto.graph) > MAX_MODEL_BYTES) throw tooLarge()
  const bytes = toBinary(ModelProtoSchema, proto)
  if (bytes.length > MAX_MODEL_BYTES) throw tooLarge()
  return bytes
}

const rawBytesIn = (graph: GraphProto | undefined): number => graph?.initializer.reduce((sum, tensor) => sum + tensor.rawData.length, 0) ?? 0

const tooLarge = (): Fault =>
  new Fault({
    code: 'model.too-large', what: 'the model does not fit into one file of 2 GiB',
    next: 'Write it to a path: its weights then go into a second file.',
  })

/** A graph as a model message; shares what it can with `graph.proto`, which is not changed. */
export function modelProtoOf(graph: Graph): ModelProto {
  const base = graph.proto
  if (base !== undefined && isUntouched(graph)) return base
  const model = Object.assign(create(ModelProtoSchema), base ?? { producerName: 'scalewright' })
  return Object.assign(model, {
    irVersion: BigInt(graph.irVersion),
    opsetImport: opsetImports(graph),
    graph: graphProtoOf(graph, base?.graph),
  })
}

function opsetImports(graph: Graph): OperatorSetIdProto[] {
  const written = new Map((graph.proto?.opsetImport ?? []).map((entry) => [domainOf(entry.domain), entry]))
  return [...graph.opsets].map(([domain, version]) => {
    const entry = written.get(domain)
    if (entry !== undefined && entry.version === BigInt(version)) return entry
    return Object.assign(create(OperatorSetIdProtoSchema), entry ?? (domain === '' ? {} : { domain }), { version: BigInt(version) })
  })
}

function graphProtoOf(graph: Graph, base: GraphProto | undefined): GraphProto {
  const proto = Object.assign(create(GraphProtoSchema), base ?? {})
  const tensors = tensorsOf(graph)
  return Object.assign(proto, {
    name: graph.name,
    node: graph.nodes.map(nodeProtoOf),
    initializer: [...graph.initializers].map(([name, tensor]) => tensorProtoOf(tensor, name)),
    input: inputProtos(graph, base),
    output: graph.outputs.map(valueInfoProtoOf),
    valueInfo: knownValues(graph, tensors),
    quantizationAnnotation: (base?.quantizationAnnotation ?? []).filter((note) => tensors.has(note.tensorName)),
  })
}

/** Inputs of the file that only give an initializer a default stay while the initializer does. */
function inputProtos(graph: Graph, base: GraphProto | undefined): ValueInfoProto[] {
  const own = new Map(graph.inputs.map((input) => [input.name, input]))
  const kept = (base?.input ?? []).flatMap((proto) => {
    const input = own.get(proto.name)
    own.delete(proto.name)
    if (input !== undefined) return [valueInfoProtoOf(input)]
    return graph.initializers.has(proto.name) ? [proto] : []
  })
  return [...kept, ...[...own.values()].map(valueInfoProtoOf)]
}

function tensorsOf(graph: Graph): ReadonlySet<string> {
  return new Set([...graph.inputs.map((input) => input.name), ...graph.initializers.keys(), ...graph.nodes.flatMap((node) => node.outputs)])
}

/** What is known of inner tensors that still exist; inputs and outputs state theirs themselves. */
function knownValues(graph: Graph, tensors: ReadonlySet<string>): ValueInfoProto[] {
  const stated = new Set([...graph.inputs, ...graph.outputs].map((info) => info.name))
  const inFile = new Set(graph.proto?.graph?.valueInfo.map((info) => info.name))
  return [...graph.values.values()]
    .filter((info) => tensors.has(info.name) && (!stated.has(info.name) || inFile.has(info.name)))
    .map(valueInfoProtoOf)
}

/** The proto of a node as it stands where it says the same, else a copy with what differs. */
function nodeProtoOf(node: Node): NodeProto {
  const base = node.proto
  const attribute = attributeProtosOf(node)
  const same = base !== undefined && base.opType === node.op && domainOf(base.domain) === node.domain && base.name === node.name
    && base.docString === (node.doc ?? '') && equalLists(base.input, node.inputs) && equalLists(base.output, node.outputs)
    && equalLists(base.attribute, attribute)
  if (same) return base
  return Object.assign(create(NodeProtoSchema), base ?? {}, {
    input: [...node.inputs], output: [...node.outputs], name: node.name, opType: node.op, attribute,
    ...(domainOf(base?.domain ?? '') === node.domain ? {} : { domain: node.domain }),
    ...(node.doc === undefined ? {} : { docString: node.doc }),
  })
}

const equalLists = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a === b || (a.length === b.length && a.every((item, index) => Object.is(item, b[index])))

function attributeProtosOf(node: Node): AttributeProto[] {
  const written = new Map(node.proto?.attribute.map((proto) => [proto.name, proto]))
  return [...node.attributes].map(([name, value]) => {
    const base = written.get(name)
    return base !== undefined && saysSame(base, value) ? base : attributeProtoOf(name, value)
  })
}

/** Whether an attribute of the file holds this value; its lists and messages are shared with the graph, so identity tells. */
function saysSame(proto: AttributeProto, attribute: AttributeValue): boolean {
  if (attribute.kind === 'other') return true
  if (proto.refAttrName !== '') return false
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  switch (attribute.kind) {
    case 'float': return Object.hasOwn(proto, 'f') && Object.is(proto.f, attribute.value)
    case 'int': return Object.hasOwn(proto, 'i') && proto.i === attribute.value
    case 'string': return Object.hasOwn(proto, 's') && text(proto.s) === attribute.value
    case 'floats': return proto.floats === attribute.value
    case 'ints': return proto.ints === attribute.value
    case 'strings': return equalLists(proto.strings.map(text), attribute.value)
    case 'tensor': return proto.t !== undefined && proto.t === attribute.value.proto
    case 'graph': return proto.g === attribute.value
    case 'graphs': return proto.graphs === attribute.value
  }
}

function valueInfoProtoOf(info: ValueInfo): ValueInfoProto {
  const { name, proto } = info
  if (proto !== undefined) return proto.name === name ? proto : Object.assign(create(ValueInfoProtoSchema), proto, { name })
  if (info.type === 'undefined') return create(ValueInfoProtoSchema, { name })
  const shape = info.dims === null ? {} : { shape: { dim: info.dims.map(dimensionOf) } }
  const type = { value: { case: 'tensorType', value: { elemType: elementTypeNumber(info.type), ...shape } } } as const
  return create(ValueInfoProtoSchema, { name, type })
}

function dimensionOf(dim: number | string | null): TensorShapeProto_Dimension {
  if (dim === null) return create(TensorShapeProto_DimensionSchema)
  return create(TensorShapeProto_DimensionSchema, {
    value: typeof dim === 'number' ? { case: 'dimValue', value: BigInt(dim) } : { case: 'dimParam', value: dim },
  })
}
