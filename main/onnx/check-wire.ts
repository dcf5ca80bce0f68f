import { ScalarType } from '@bufbuild/protobuf'
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { Fault } from '../core/fault.ts'
import { MODEL_LIMITS } from './limits.ts'
import type { ModelLimits } from './limits.ts'
import { GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from './onnx_pb.ts'

/** Protobuf wire types. */
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const START_GROUP = 3
const END_GROUP = 4
const FIXED32 = 5

const MAX_DEPTH = 64

/** Texts that name something; the others (documentation, metadata) may be long. */
const NAME_FIELDS = new Set(['name', 'op_type', 'domain', 'overload', 'input', 'output', 'ref_attr_name', 'dim_param', 'tensor_name'])

/**
 * Walks the bytes of a model before they are decoded, without making anything of them, and throws where decoding would be
 * hopeless or cost more than a model may: `model.truncated`, `model.not-onnx`, `model.limit`. `where` is the file.
 */
export function checkWire(bytes: Uint8Array, where: string, limits: ModelLimits = MODEL_LIMITS): void {
  const walk = new Walk(bytes, where, limits)
  walk.message(ModelProtoSchema, 0, bytes.length, 0, 0)
}

/** Where a walk stands and what it has counted: the state that every step shares. */
class Walk {
  private position = 0
  private readonly counts = { nodes: 0, tensors: 0, messages: 0, listedFloats: 0, listedIntegers: 0 }
  private readonly bytes: Uint8Array
  private readonly where: string
  private readonly limits: ModelLimits
  private readonly fields = new Map<DescMessage, Map<number, DescField>>()

  constructor(bytes: Uint8Array, where: string, limits: ModelLimits) {
    this.bytes = bytes
    this.where = where
    this.limits = limits
  }

  message(desc: DescMessage, start: number, end: number, depth: number, nesting: number): void {
    this.countMessage(desc, depth, nesting)
    const fields = this.fieldsOf(desc)
    let attributes = 0
    this.position = start
    while (this.position < end) {
      const at = this.position
      const tag = this.varint(end)
      const field = fields.get(Math.floor(tag / 8))
      const wire = tag % 8
      if (tag < 8 || wire > FIXED32 || wire === END_GROUP) throw this.damaged(at)
      if (field === undefined) {
        this.skip(wire, end, depth)
        continue
      }
      if (desc === NodeProtoSchema && field.name === 'attribute' && ++attributes > this.limits.attributesPerNode) {
        throw this.limit(`a node has more than ${this.limits.attributesPerNode} attributes`)
      }
      this.field(field, wire, at, end, depth, nesting)
    }
  }

  private countMessage(desc: DescMessage, depth: number, nesting: number): void {
    const { counts, limits } = this
    if (depth > MAX_DEPTH) throw this.limit(`messages are nested more than ${MAX_DEPTH} deep`)
    if (nesting > limits.graphNesting) throw this.limit(`graphs are nested more than ${limits.graphNesting} deep`)
    if (++counts.messages > limits.messages) throw this.limit(`it holds more than ${limits.messages} messages`)
    if (desc === NodeProtoSchema && ++counts.nodes > limits.nodes) throw this.limit(`it has more than ${limits.nodes} nodes`)
    if (desc === TensorProtoSchema && ++counts.tensors > limits.tensors) throw this.limit(`it has more than ${limits.tensors} tensors`)
  }

  private field(field: DescField, wire: number, at: number, end: number, depth: number, nesting: number): void {
    const child = field.fieldKind === 'message' || (field.fieldKind === 'list' && field.listKind === 'message') ? field.message : undefined
    const scalar = field.fieldKind === 'scalar' || (field.fieldKind === 'list' && field.listKind === 'scalar') ? field.scalar : undefined
    if (child !== undefined || scalar === ScalarType.STRING || scalar === ScalarType.BYTES) {
      if (wire !== BYTES) throw this.damaged(at)
      const length = this.length(end, depth)
      if (scalar === ScalarType.STRING && NAME_FIELDS.has(field.name) && length > this.limits.nameBytes) {
        throw this.limit(`a name has ${length} bytes, more than ${this.limits.nameBytes}`)
      }
      const stop = this.position + length
      if (child !== undefined) this.message(child, this.position, stop, depth + 1, nesting + (child === GraphProtoSchema ? 1 : 0))
      this.position = stop
      return
    }
    this.scalars(field, scalar!, wire, at, end, depth)
  }

  private scalars(field: DescField, scalar: ScalarType, wire: number, at: number, end: number, depth: number): void {
    const own = scalar === ScalarType.FLOAT ? FIXED32 : scalar === ScalarType.DOUBLE ? FIXED64 : VARINT
    const key = own === VARINT ? 'listedIntegers' : 'listedFloats'
    if (wire === own) {
      this.skip(wire, end, depth)
      if (field.fieldKind === 'list') this.counts[key]++
    } else if (wire === BYTES && field.fieldKind === 'list') {
      const length = this.length(end, depth)
      const stop = this.position + length
      if (own === VARINT) for (let index = this.position; index < stop; index++) this.counts[key] += this.bytes[index]! < 0x80 ? 1 : 0
      else this.counts[key] += Math.ceil((stop - this.position) / (own === FIXED32 ? 4 : 8))
      this.position = stop
    } else {
      throw this.damaged(at)
    }
    if (this.counts[key] > this.limits[key]) {
      throw this.limit(`it lists more than ${this.limits[key]} numbers one by one`, 'Export the model with its weights as raw data.')
    }
  }

  private skip(wire: number, end: number, depth: number): void {
    const at = this.position
    if (wire === VARINT) this.varint(end)
    else if (wire === START_GROUP) this.skipGroup(end, depth + 1)
    else {
      // Read first: it moves the position that the length is added to.
      const length = wire === FIXED64 ? 8 : wire === FIXED32 ? 4 : this.length(end, depth)
      this.position += length
    }
    if (this.position > end) throw depth === 0 ? this.truncated(this.position) : this.damaged(at)
  }

  private skipGroup(end: number, depth: number): void {
    if (depth > MAX_DEPTH) throw this.limit(`messages are nested more than ${MAX_DEPTH} deep`)
    for (;;) {
      const at = this.position
      const wire = this.varint(end) % 8
      if (wire === END_GROUP) return
      if (wire > FIXED32) throw this.damaged(at)
      this.skip(wire, end, depth)
    }
  }

  private length(end: number, depth: number): number {
    const at = this.position
    const length = this.varint(end)
    if (this.position + length > end) throw depth === 0 ? this.truncated(this.position + length) : this.damaged(at)
    return length
  }

  /** Up to ten bytes; beyond 2^53 it is only approximate, which no length or tag can be. */
  private varint(end: number): number {
    let value = 0
    for (let count = 0; count < 10; count++) {
      if (this.position >= end) throw end === this.bytes.length ? this.truncated(end + 1) : this.damaged(this.position)
      const byte = this.bytes[this.position++]!
      value += (byte & 0x7f) * 2 ** (7 * count)
      if (byte < 0x80) return value
    }
    throw this.damaged(this.position)
  }

  private fieldsOf(desc: DescMessage): Map<number, DescField> {
    let fields = this.fields.get(desc)
    if (fields === undefined) {
      fields = new Map(desc.fields.map((field) => [field.number, field]))
      this.fields.set(desc, fields)
    }
    return fields
  }

  private limit(what: string, next = 'Real models stay below: the file is damaged, or made to harm.'): Fault {
    return new Fault({ code: 'model.limit', what: `the model is refused: ${what}`, where: this.where, next })
  }

  /** A file that ends too early can only be told from one that is no model at all by how it begins. */
  private truncated(needed: number): Fault {
    // Every writer puts ir_version, field 1, first: a varint of one byte.
    if (this.bytes[0] !== 0x08 || this.bytes.length < 2 || this.bytes[1]! > 0x7f) return this.damaged(0)
    const missing = needed - this.bytes.length
    return new Fault({
      code: 'model.truncated', where: this.where, what: `the file ends too early: at least ${missing} more bytes belong to it`,
      next: 'Copy or download the model again.',
    })
  }

  private damaged(at: number): Fault {
    const { bytes } = this
    const head = new TextDecoder('latin1').decode(bytes.subarray(0, 64))
    if (head.startsWith('version https://git-lfs')) {
      return new Fault({
        code: 'model.not-onnx', where: this.where, what: 'this is a pointer of Git LFS, not the model itself',
        next: 'Fetch the file with: git lfs pull.',
      })
    }
    const isText = bytes.subarray(0, 64).every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127))
    if (bytes[0] === 0x08 && bytes[1]! <= 0x7f && !isText) {
      return new Fault({
        code: 'model.damaged', where: this.where, what: `the file is damaged at byte ${at}`, next: 'Copy, download or export the model again.',
      })
    }
    return new Fault({
      code: 'model.not-onnx', where: this.where, what: isText ? 'the file is text, not an ONNX model' : 'the file is not an ONNX model',
      next: 'Give a model in ONNX format, as torch.onnx.export or tf2onnx write it.',
    })
  }
}
