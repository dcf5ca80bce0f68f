import { create } from '@bufbuild/protobuf'
import { Fault } from '../core/fault.ts'
import type { AttributeValue, Node, Tensor } from './graph.ts'
import { AttributeProtoSchema } from './onnx_pb.ts'
import type { AttributeProto } from './onnx_pb.ts'
import { tensorOf, tensorProtoOf } from './tensor-proto.ts'

/** Numbers of `AttributeProto.AttributeType`. */
const TYPE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8, graphs: 10 } as const

const text = new TextDecoder()
const bytes = new TextEncoder()

/** IR versions 1 and 2 have no type field: it shows in what is set. */
function typeOf(proto: AttributeProto): number {
  if (proto.type !== 0 || proto.refAttrName !== '') return proto.type
  const has = (field: keyof AttributeProto): boolean => Object.hasOwn(proto, field)
  if (has('f')) return TYPE.float
  if (has('i')) return TYPE.int
  if (has('s')) return TYPE.string
  if (proto.t !== undefined) return TYPE.tensor
  if (proto.g !== undefined) return TYPE.graph
  if (proto.floats.length > 0) return TYPE.floats
  if (proto.ints.length > 0) return TYPE.ints
  if (proto.strings.length > 0) return TYPE.strings
  return proto.graphs.length > 0 ? TYPE.graphs : 0
}

/** Reads an attribute of the file; references to a function's attribute and the rare kinds become `other`. */
export function attributeValueOf(proto: AttributeProto, where: string): AttributeValue {
  if (proto.refAttrName !== '') return { kind: 'other' }
  switch (typeOf(proto)) {
    case TYPE.float: return { kind: 'float', value: proto.f }
    case TYPE.int: return { kind: 'int', value: proto.i }
    case TYPE.string: return { kind: 'string', value: text.decode(proto.s) }
    case TYPE.floats: return { kind: 'floats', value: proto.floats }
    case TYPE.ints: return { kind: 'ints', value: proto.ints }
    case TYPE.strings: return { kind: 'strings', value: proto.strings.map((item) => text.decode(item)) }
    case TYPE.graphs: return { kind: 'graphs', value: proto.graphs }
    case TYPE.tensor:
      if (proto.t !== undefined) return { kind: 'tensor', value: tensorOf(proto.t, where) }
      throw new Fault({ code: 'model.attribute', what: `attribute '${proto.name}' says it is a tensor but holds none`, where })
    case TYPE.graph:
      if (proto.g !== undefined) return { kind: 'graph', value: proto.g }
      throw new Fault({ code: 'model.attribute', what: `attribute '${proto.name}' says it is a graph but holds none`, where })
    default: return { kind: 'other' }
  }
}

/** An attribute for the file. `other` cannot be made from its value: encode.ts takes it from the node's own proto. */
export function attributeProtoOf(name: string, attribute: AttributeValue): AttributeProto {
  const make = (type: number, fields: Partial<Omit<AttributeProto, '$typeName' | '$unknown'>>): AttributeProto =>
    create(AttributeProtoSchema, { name, type, ...fields })
  switch (attribute.kind) {
    case 'float': return make(TYPE.float, { f: attribute.value })
    case 'int': return make(TYPE.int, { i: attribute.value })
    case 'string': return make(TYPE.string, { s: bytes.encode(attribute.value) })
    case 'floats': return make(TYPE.floats, { floats: [...attribute.value] })
    case 'ints': return make(TYPE.ints, { ints: [...attribute.value] })
    case 'strings': return make(TYPE.strings, { strings: attribute.value.map((item) => bytes.encode(item)) })
    case 'tensor': return make(TYPE.tensor, { t: tensorProtoOf(attribute.value, attribute.value.proto?.name ?? '') })
    case 'graph': return make(TYPE.graph, { g: attribute.value })
    case 'graphs': return make(TYPE.graphs, { graphs: [...attribute.value] })
    case 'other': throw new Fault({
      code: 'bug.attribute', what: `attribute '${name}' was taken off the node that holds its value`,
    })
  }
}

type Kind = AttributeValue['kind']

function valueOf<K extends Kind>(node: Node, name: string, kind: K): Extract<AttributeValue, { kind: K }> | undefined {
  const attribute = node.attributes.get(name)
  if (attribute === undefined) return undefined
  if (attribute.kind !== kind) {
    throw new Fault({
      code: 'model.attribute', where: `node '${node.name}'`,
      what: `attribute '${name}' of ${node.op} is ${attribute.kind}, expected ${kind}`,
      next: 'Export the model again, or correct the attribute.',
    })
  }
  return attribute as Extract<AttributeValue, { kind: K }>
}

function safe(node: Node, name: string, value: bigint): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new Fault({
    code: 'model.attribute', where: `node '${node.name}'`,
    what: `attribute '${name}' of ${node.op} is ${value}, too large to be used`, next: 'Export the model again.',
  })
}

/** An attribute as a number. Throws `model.attribute` where it is of another kind or beyond 2^53. */
export function intAttribute<F extends number | undefined>(node: Node, name: string, fallback: F): number | F {
  const found = valueOf(node, name, 'int')
  return found === undefined ? fallback : safe(node, name, found.value)
}

export function intsAttribute<F extends readonly number[] | undefined>(node: Node, name: string, fallback: F): number[] | F {
  const found = valueOf(node, name, 'ints')
  return found === undefined ? fallback : found.value.map((value) => safe(node, name, value))
}

/** An `ints` attribute with every value as the file has it: ends of Slice may be 2^63 - 1. */
export function int64sAttribute(node: Node, name: string): BigInt64Array | undefined {
  const found = valueOf(node, name, 'ints')
  return found === undefined ? undefined : BigInt64Array.from(found.value)
}

export function floatAttribute<F extends number | undefined>(node: Node, name: string, fallback: F): number | F {
  return valueOf(node, name, 'float')?.value ?? fallback
}

export function floatsAttribute<F extends readonly number[] | undefined>(node: Node, name: string, fallback: F): readonly number[] | F {
  return valueOf(node, name, 'floats')?.value ?? fallback
}

export function stringAttribute<F extends string | undefined>(node: Node, name: string, fallback: F): string | F {
  return valueOf(node, name, 'string')?.value ?? fallback
}

export function tensorAttribute(node: Node, name: string): Tensor | undefined {
  return valueOf(node, name, 'tensor')?.value
}

/** Attributes of ai.onnx operators that are floats even when a whole number is given. */
const FLOAT_ATTRIBUTES = new Set([
  'alpha', 'beta', 'gamma', 'bias', 'lambd', 'epsilon', 'momentum', 'ratio', 'cubic_coeff_a', 'extrapolation_value', 'spatial_scale',
  'value_float', 'min', 'max', 'scales', 'value_floats', 'softcap', 'scale',
])

type PlainAttribute =
  | number | bigint | string | boolean | readonly number[] | readonly bigint[] | readonly string[] | Tensor | AttributeValue

function attributeFrom(name: string, value: PlainAttribute): AttributeValue {
  const float = FLOAT_ATTRIBUTES.has(name)
  if (typeof value === 'bigint' || typeof value === 'boolean') return { kind: 'int', value: BigInt(value) }
  if (typeof value === 'number') return float || !Number.isInteger(value) ? { kind: 'float', value } : { kind: 'int', value: BigInt(value) }
  if (typeof value === 'string') return { kind: 'string', value }
  if (Array.isArray(value)) {
    if (value.some((item) => typeof item === 'string')) return { kind: 'strings', value: value as readonly string[] }
    const whole = value.every((item) => typeof item === 'bigint' || Number.isInteger(item))
    return whole && !float ? { kind: 'ints', value: value.map(BigInt) } : { kind: 'floats', value: value as readonly number[] }
  }
  return 'kind' in value ? value : { kind: 'tensor', value: value as Tensor }
}

/**
 * A map of attributes from plain values: whole numbers become ints, except under the names that ONNX gives to floats;
 * others floats, text strings, tensors tensors. `{ kind, value }` says it outright. `undefined` leaves an attribute out.
 */
export function attributesOf(values: Readonly<Record<string, PlainAttribute | undefined>>): ReadonlyMap<string, AttributeValue> {
  return new Map(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, attributeFrom(name, value)]])))
}
