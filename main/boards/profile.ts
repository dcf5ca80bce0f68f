/**
 * What documents say of a board and its toolchain, as data. Nothing in it is guessed: what no document states is the word `unknown`,
 * and every statement names the source that it was read in.
 */
export interface BoardProfile {
  /** `horizon-j6`: letters, digits and dashes. */
  readonly name: string
  readonly title: string
  readonly vendor: string
  /** Versions of the toolchain that the facts hold for, as `OpenExplorer 3.0.31`. */
  readonly toolchain: readonly string[]
  /** By id; every id is used by a fact below. */
  readonly sources: Readonly<Record<string, BoardSource>>
  readonly operators: readonly OperatorRule[]
  readonly output: OutputRules
  readonly activations: ActivationRules
  readonly weights: WeightRules
  readonly bias: { readonly bits: Fact<readonly number[]> }
  readonly limits: BoardLimits
  readonly names: {
    /** Characters in names of nodes and tensors that its tools break on. */
    readonly refused: Fact<readonly string[]>
  }
  /** Formats of a bundle for it, with their settings; empty: the quantized model with its ranges. */
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** `built-in`, or the absolute path of a person's own file. */
  readonly origin: string
}

/** A document, what it is the document of, and where it lies: an address, or words that lead there. */
export interface BoardSource {
  readonly document: string
  readonly version?: string
  readonly page: string
}

/** A stated fact with the id of its source; `unknown` where no document states it, which is then all there is. */
export type Fact<T> =
  | { readonly is: T; readonly source: string; readonly note?: string }
  | { readonly is: 'unknown'; readonly source: null; readonly note?: string }

/** What can be asked for: codes of 8 or 16 bits, an accumulator that leaves as it is, or floating point. */
export const BOARD_PRECISIONS = ['int8', 'int16', 'int32-out', 'float16', 'float32'] as const
export type BoardPrecision = (typeof BOARD_PRECISIONS)[number]

/**
 * `native`: computed by the accelerator in this precision. `fallback`: computed, but elsewhere or in a wider type (the note says which).
 * `missing`: refused. `unknown`: no document says.
 */
export const OPERATOR_STATES = ['missing', 'fallback', 'unknown', 'native'] as const
export type OperatorState = (typeof OPERATOR_STATES)[number]

/**
 * What one source says of some operators. Of several rules that fit a node: those with conditions count before those without, and the
 * worst state among them holds. Two rules that fit the same nodes with the same kinds of conditions may not differ.
 */
export interface OperatorRule {
  /**
   * Names of ai.onnx operators. `*` is every operator, where no rule that names it speaks of the precision;
   * `others` is every operator that no rule names at all.
   */
  readonly ops: readonly string[]
  /** Absent: whatever the node looks like. */
  readonly when?: OperatorCondition
  /** A precision that is absent is not spoken of. */
  readonly states: Readonly<Partial<Record<BoardPrecision, OperatorState>>>
  /** null only where every state is `unknown`. */
  readonly source: string | null
  readonly note?: string
}

/** Both ends belong to it. `max` null: no upper end. */
export interface Span {
  readonly min: number
  readonly max: number | null
}

/** All that is given must hold. A node of which a value cannot be told (a size that is not fixed) does not fit. */
export interface OperatorCondition {
  /** Longest side of the kernel. */
  readonly kernel?: Span
  readonly stride?: Span
  readonly dilation?: Span
  /** Largest padding of a side. */
  readonly pad?: Span
  /** Groups of a Conv: `none` 1, `depthwise` one a channel, `grouped` between. */
  readonly group?: readonly ('none' | 'depthwise' | 'grouped')[]
  /** Attribute `mode`: of Resize nearest, linear or cubic; of DepthToSpace DCR or CRD; of Pad constant, edge, reflect or wrap. */
  readonly mode?: readonly string[]
  /** `coordinate_transformation_mode` of Resize. */
  readonly coordinates?: readonly string[]
  /** Largest factor of a Resize along height and width. */
  readonly factor?: Span
  /** Kind of the factors of a Resize: all whole powers of 2, all whole, or anything else. The narrowest word counts. */
  readonly factors?: readonly ('power-of-two' | 'whole' | 'fractional')[]
  /** Channels of the data input and of the output. */
  readonly inputChannels?: Span
  readonly outputChannels?: Span
  /** `axis` of Concat, Softmax, Split …, counted from the front. */
  readonly axis?: readonly number[]
  /** Dimensions of the data input. */
  readonly rank?: Span
  /** `blocksize` of DepthToSpace and SpaceToDepth. */
  readonly block?: Span
  /** Whether the second input is a constant of the model. */
  readonly operand?: 'constant' | 'computed'
}

export interface OutputRules {
  /** Whether an accumulator may leave the board as int32, not rounded to 8 bits, where the dequantize follows directly. */
  readonly highPrecision: Fact<boolean>
  /** Operators whose accumulator may leave so; empty where `highPrecision` is not true. */
  readonly computing: readonly string[]
  /** Operators that may stand between it and the dequantize without ending it. */
  readonly transparent: readonly string[]
  /** How a picture stands in the memory of an output that a convolution computed. `same`: as in the model. */
  readonly layout: Fact<'nhwc' | 'nchw' | 'same'>
  /** Whether the tools add a Transpose at an output to give back the model's layout. */
  readonly transposeAdded: Fact<boolean>
}

export interface ActivationRules {
  readonly bits: Fact<readonly number[]>
  readonly signs: Fact<readonly ('signed' | 'unsigned')[]>
  readonly symmetry: Fact<'symmetric' | 'asymmetric' | 'both'>
  /** `zero`: 0 only. `lowest-or-zero`: also the least code. `any`: every code. */
  readonly zeroPoint: Fact<'zero' | 'lowest-or-zero' | 'any'>
  readonly granularity: Fact<'tensor' | 'channel' | 'both'>
  readonly powerOfTwoScales: Fact<boolean>
}

export interface WeightRules {
  readonly bits: Fact<readonly number[]>
  readonly symmetry: Fact<'symmetric' | 'asymmetric' | 'both'>
  readonly granularity: Fact<'tensor' | 'channel' | 'both'>
  readonly powerOfTwoScales: Fact<boolean>
}

export interface BoardLimits {
  /** Channels are computed in lots of this many; others are filled up. */
  readonly channelMultiple: Fact<number>
  /** Greatest side of a Conv kernel, stride, dilation and padding. */
  readonly kernel: Fact<number>
  readonly stride: Fact<number>
  readonly dilation: Fact<number>
  readonly pad: Fact<number>
  /** Greatest size of a dimension, and most dimensions. */
  readonly dimension: Fact<number>
  readonly rank: Fact<number>
  /** Memory beside the arithmetic, in bytes. */
  readonly memoryBytes: Fact<number>
  /** Opsets of ai.onnx that the converter reads. */
  readonly opset: Fact<Span>
  readonly irVersion: Fact<Span>
  readonly dynamicShapes: Fact<boolean>
  /** Greatest batch. */
  readonly batch: Fact<number>
}

/** The facts of a profile that are no operators, by their path (`limits.opset`), in the order of the file. */
export function factsOf(profile: BoardProfile): { readonly path: string; readonly fact: Fact<unknown> }[] {
  const { output, activations, weights, bias, limits, names } = profile
  const { computing: _computing, transparent: _transparent, ...outputFacts } = output
  const groups = { output: outputFacts, activations, weights, bias, limits, names }
  return Object.entries(groups).flatMap(([group, facts]) =>
    Object.entries(facts as Record<string, Fact<unknown>>).map(([key, fact]) => ({ path: `${group}.${key}`, fact })))
}
