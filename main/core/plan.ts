import type { Grid, Range } from './grid.ts'

/** How one activation tensor is to be quantized, before its range is known. */
export interface TensorPlan {
  readonly tensor: string
  /** Node that makes it; '' for a graph input. */
  readonly node: string
  /** Tensors of one group share one scale and zero point. The group's name is its first tensor in topological order. */
  readonly group: string
  readonly grid: Grid
  /** A range known without looking: the grid of a Clip, of an image, of a Sigmoid. Wins over any method. */
  readonly fixed?: Range & { readonly method: string; readonly reason: string }
  /** A fused activation bounds what can occur: the solved range is cut to it. */
  readonly bound?: Range
  /** One operand of an Add whose result and other operand stand on this fixed scale: on the same scale the sum is exact. */
  readonly alignTo?: { readonly scale: number; readonly reason: string }
  /** The tensor whose Statistics tell its range: what a mover in float moves. Absent: its own. */
  readonly seenAs?: string
  /** Reached from the inputs by linear operators alone: what it can hold is bounded, and its ends are populated. */
  readonly linear?: boolean
}

export interface WeightPlan {
  readonly tensor: string
  readonly node: string
  readonly grid: Grid
  /** Output-channel axis for per-channel scales; null: one scale a tensor. */
  readonly axis: number | null
  /** Channels share scales in at most so many groups of like magnitude (conv_group). Absent: each has its own. */
  readonly groups?: number
  /** What the layer's own line says of rounding. Absent: the recipe's. */
  readonly rounding?: string
}

export interface BiasPlan {
  readonly tensor: string
  readonly node: string
  /** The node's activation input and weight, whose scales multiply to the bias scale. */
  readonly input: string
  readonly weight: string
  /** alpha / beta of a Gemm, where they differ: the bias scale is s_x · s_w times it. */
  readonly accumulatorRatio?: number
}

/** Which tensors of a Graph are quantized, on which grids, and which share a scale. */
export interface Plan {
  readonly tensors: readonly TensorPlan[]
  readonly weights: readonly WeightPlan[]
  readonly biases: readonly BiasPlan[]
  /** Names of nodes that compute in float, with the reason. */
  readonly floatNodes: ReadonlyMap<string, string>
}
