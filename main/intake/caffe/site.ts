import type { attributesOf } from '../../onnx/attribute.ts'
import type { Tensor } from '../../onnx/graph.ts'
import type { Fields } from './prototxt.ts'

/** A tensor of the net: its name in the graph and its size. */
export interface Value {
  readonly name: string
  readonly dims: readonly number[]
}

type Attributes = Parameters<typeof attributesOf>[0]

/** A learned blob where it stands, and what is asked of its size. */
export type Learned = (index: number, dims: readonly number[]) => Tensor

/** What a layer is turned into, and where: one layer of the prototxt. */
export interface Site {
  readonly layer: Fields
  readonly name: string
  readonly type: string
  readonly inputs: readonly Value[]
  /** Tops that the layer names. */
  readonly tops: number
  readonly learned: Learned
  /** A constant of the graph. */
  readonly constant: (wish: string, value: Tensor) => string
  /** A node; its output is an inner one unless `top` says which top it is. */
  readonly emit: (op: string, inputs: readonly string[], dims: readonly number[], attributes?: Attributes, top?: number) => Value
  /** The layer's top is a tensor that is there already. */
  readonly pass: (value: Value, top?: number) => void
  /** Refuses the layer with its line. */
  readonly refuse: (what: string, next?: string) => never
}

export type Convert = (site: Site) => void
