import type { Graph } from '../onnx/graph.ts'
import type { OutputView } from './prove.ts'

/** What a rewrite may know beyond the graph. */
export interface RewriteContext {
  /** Tensors that must keep their names and values: a recipe or a person speaks of them. */
  readonly keep: ReadonlySet<string>
  /** The picture input and its range, where there is one. */
  readonly picture: { readonly input: string; readonly range: readonly [low: number, high: number] } | null
  /** The picture output and its range. */
  readonly output: { readonly name: string; readonly range: readonly [low: number, high: number] } | null
  /** How the recipe puts weights and activations on codes; absent: 8 bits, a scale a channel. */
  readonly codes?: CodesContext
  /** What Statistics saw of each channel of a tensor, for rewrites that are given a file of them. */
  readonly seen?: ReadonlyMap<string, SeenChannels>
  /** Settings of this rewrite (`form: cascade`). */
  readonly options: Readonly<Record<string, unknown>>
}

export interface CodesContext {
  readonly granularity: 'channel' | 'tensor'
  readonly weightBits: number
  readonly activationBits: number
}

export interface SeenChannels {
  readonly min: ArrayLike<number>
  readonly max: ArrayLike<number>
}

/** What it costs, for one picture of the size that the graph states; null where shapes are open. Negative: saved. */
export interface RewriteCost {
  readonly macs: number | null
  /** Activations written and read, bytes of float32. */
  readonly bytesMoved: number | null
  /** The most channels that one tensor of it has. */
  readonly channelPeak: number | null
}

/** One place where a rewrite fits. */
export interface Match {
  readonly rewrite: string
  /** Nodes that change or go, the one that names the place first. */
  readonly nodes: readonly string[]
  /** What is there and what it becomes, in a sentence. */
  readonly what: string
  /** Why a board is better off. */
  readonly why: string
  readonly cost: RewriteCost
}

/** A place that looks alike and does not fit. */
export interface Refusal {
  readonly rewrite: string
  readonly node: string
  readonly why: string
}

export interface Candidates {
  readonly found: readonly Match[]
  readonly refused: readonly Refusal[]
}

/** The graph after one match. */
export interface Rewritten {
  readonly graph: Graph
  /** Old tensor name → the name that holds the same values now, where it is another one. */
  readonly renamed: ReadonlyMap<string, string>
  /** How outputs stand to the old ones; absent: the same. */
  readonly outputs?: ReadonlyMap<string, OutputView>
  /** Largest difference that float arithmetic explains, as a share of the output's largest magnitude; 0: bit-equal. */
  readonly relativeTolerance: number
  /** What left the graph at its picture input and belongs into preprocessing. */
  readonly preprocess?: PreprocessShift
  /** What the recipe has to say besides, as after `--set`: a rewrite of how the graph is quantized. */
  readonly settings?: readonly string[]
}

/** `(v - mean) * scale` for each channel of an input, as preprocessing does it. */
export interface PreprocessShift {
  readonly input: string
  readonly mean: readonly number[]
  readonly scale: readonly number[]
}

/**
 * One kind of change to a graph. `find` looks only; `apply` changes one place that `find` gave for the same graph and throws
 * `bug.rewrite` for any other. kind *rewrite* keeps the function and is proved; *repair* changes it on purpose and is measured.
 */
export interface Rewrite {
  readonly name: string
  readonly kind: 'rewrite' | 'repair'
  find(graph: Graph, context: RewriteContext): Candidates
  apply(graph: Graph, match: Match, context: RewriteContext): Rewritten | Promise<Rewritten>
}
