import type { GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from './onnx_pb.ts'
import type { ElementType } from './element-type.ts'

/**
 * Values of a tensor, one array element a tensor element (4- and 2-bit types are unpacked).
 * float16, bfloat16 and the float8 family hold their raw bits; complex holds re, im pairs; bool holds 0 and 1.
 */
export type TensorData =
  | Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array
  | BigInt64Array | BigUint64Array | string[]

/** Row-major values with type and shape. `dims` is [] for a scalar. */
export interface Tensor {
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly data: TensorData
  /** Where it was read from; written back as it stands while present. */
  readonly proto?: TensorProto
}

export type AttributeValue =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly bigint[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: GraphProto }
  | { readonly kind: 'graphs'; readonly value: readonly GraphProto[] }
  | { readonly kind: 'other' }

export interface Node {
  /** Unique in the graph; made up from the operator and first output where the file gives none. */
  readonly name: string
  readonly op: string
  /** '' is ai.onnx. */
  readonly domain: string
  /** '' stands for an optional input that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, AttributeValue>
  readonly doc?: string
  /** Where it was read from; what the fields above do not hold is written back from it. */
  readonly proto?: NodeProto
}

/** A dimension: a number, a symbol (`N`), or null when nothing is known. */
export type Dim = number | string | null

export interface ValueInfo {
  readonly name: string
  readonly type: ElementType
  /** null: the rank is not known. */
  readonly dims: readonly Dim[] | null
  readonly proto?: ValueInfoProto
}

/**
 * An ONNX graph in memory. Nodes stand in topological order, names are those of the file.
 * Plain data: edits make a new Graph (see edit.ts) and share what they do not touch.
 */
export interface Graph {
  readonly name: string
  readonly nodes: readonly Node[]
  /** Without those that only give an initializer a default. */
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly initializers: ReadonlyMap<string, Tensor>
  /** What is known of types and shapes, inputs and outputs included. */
  readonly values: ReadonlyMap<string, ValueInfo>
  /** Opset version by domain; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>
  readonly irVersion: number
  /** The file's model, for everything a Graph does not hold (metadata, functions, unknown fields). */
  readonly proto?: ModelProto
}
