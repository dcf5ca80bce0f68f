import type { CodeType } from '../core/grid.ts'

/** Scales of a weight: one a channel, one a tensor, one for each group of channels of like magnitude (written a channel). */
export type Granularity = 'channel' | 'tensor' | 'group'

/** How a Graph is to be quantized: the `quantize` part of a recipe with every default filled in. */
export interface QuantizeOptions {
  readonly preset: PresetName
  readonly activations: {
    readonly type: CodeType
    readonly symmetric: boolean
    /** Codes 0..127 only, so that u8×s8 pair sums fit int16. */
    readonly reduced: boolean
    readonly method: string
    readonly percentile: number
  }
  readonly weights: { readonly type: CodeType; readonly granularity: Granularity; readonly groups: number; readonly reduced: boolean }
  /** What looks at samples again once the scales stand: see refine/refine.ts. */
  readonly refine: RefineOptions
  readonly float: FloatRegions
  readonly layers: Readonly<Record<string, LayerOverride>>
  /** `auto`: a graph output that is clipped to its levels, or is a picture, takes the grid of that range. */
  readonly tail: 'auto' | 'off'
  /** `accumulator`: an output that a convolution computes leaves as it was summed up, not rounded to codes; movers behind it stay in float. `accumulator-clip`: a Relu or Clip there too. */
  readonly output: 'codes' | 'accumulator' | 'accumulator-clip'
  /** `accumulator`: a layer's result that one sum alone reads is added before it is rounded. */
  readonly sums: 'codes' | 'accumulator'
  /** `auto`: constant arithmetic next to convolutions goes into their weights. */
  readonly fold: 'auto' | 'off'
  /** `auto`: a picture input takes the grid of its levels; `observed`: its observed range. */
  readonly input: 'auto' | 'observed'
}

/** adaround: by what the codes make of the layer's own inputs; asymmetric: so that it also makes up for what was lost before the layer. */
export type Rounding = 'nearest' | 'adaround' | 'adaround-asymmetric'

/** Codes of weights and biases that are chosen by what the layers make of samples. */
export interface RefineOptions {
  readonly rounding: Rounding
  readonly scale: 'absmax' | 'search'
  readonly bias: 'off' | 'empirical' | 'analytic'
}

/** Float regions by the names of nodes or of the tensors they make (ALGORITHMS 4.2). */
export interface FloatRegions {
  /** These and everything before them. */
  readonly inputs: readonly string[]
  /** These and everything after them. */
  readonly outputs: readonly string[]
  /** A name: it and what follows up to the next computing node. `start:end`: everything between. */
  readonly blocks: readonly string[]
  readonly names: readonly string[]
  /** Operator types. */
  readonly ops: readonly string[]
  /** Depthwise convolutions. */
  readonly depthwise: boolean
  /** The computing nodes that inputs reach before any other. */
  readonly first: boolean
  /** The computing nodes behind which no other stands before an output. */
  readonly last: boolean
}

/** One line of `quantize.layers`; keys as board engineers write them. */
export interface LayerOverride {
  readonly th_strategy?: 'USE_DEFAULT' | 'USE_KL' | 'USE_MAX'
  readonly th_scale?: number
  readonly threshold?: number | null
  /** Both ends, around 0. */
  readonly range?: readonly [lo: number, hi: number]
  readonly forward_with_float?: boolean
  readonly method?: string
  readonly bits?: 8 | 16
  /** Of the layer's weights; the type keeps its sign. */
  readonly weight_bits?: 4 | 8 | 16
  /** Of the layer's weights. */
  readonly granularity?: Granularity
  readonly rounding?: string
}

/** Whether the recipe itself says the range, so that no rule and no method does. */
export const givesRange = (override: LayerOverride | undefined): boolean => typeof override?.threshold === 'number' || override?.range !== undefined

export type PresetName = 'ort-cpu' | 'x86' | 'arm'

type Preset = Pick<QuantizeOptions, 'activations' | 'weights'>

const AUTO = { method: 'auto', percentile: 0.99999 }

/** Types, ranges and granularity by target. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  // uint8 is what Add, Mul and Concat fuse in; int8 channels cost nothing on this runtime.
  'ort-cpu': {
    activations: { type: 'uint8', symmetric: false, reduced: false, ...AUTO },
    weights: { type: 'int8', granularity: 'channel', groups: 4, reduced: false },
  },
  // As fbgemm: 7-bit activations keep vpmaddubsw pair sums (127 · 127 · 2) inside int16 on CPUs without VNNI.
  x86: {
    activations: { type: 'uint8', symmetric: false, reduced: true, ...AUTO },
    weights: { type: 'int8', granularity: 'channel', groups: 4, reduced: false },
  },
  // As qnnpack: one weight scale a tensor, full 8 bits.
  arm: {
    activations: { type: 'uint8', symmetric: false, reduced: false, ...AUTO },
    weights: { type: 'int8', granularity: 'tensor', groups: 4, reduced: false },
  },
}

export const NO_FLOAT: FloatRegions = { inputs: [], outputs: [], blocks: [], names: [], ops: [], depthwise: false, first: false, last: false }

/** What a recipe may say of `quantize`; everything is optional. */
export interface QuantizeWishes {
  readonly preset?: PresetName | undefined
  readonly activations?: { bits?: 8 | 16 | undefined; type?: CodeType | undefined; method?: string | undefined; symmetric?: boolean | undefined; reduced?: boolean | undefined; percentile?: number | undefined } | undefined
  readonly weights?: { bits?: 4 | 8 | 16 | undefined; type?: CodeType | undefined; granularity?: Granularity | undefined; groups?: number | undefined; reduced?: boolean | undefined; rounding?: RefineOptions['rounding'] | undefined; scale?: RefineOptions['scale'] | undefined } | undefined
  readonly bias?: { correction?: RefineOptions['bias'] | undefined } | undefined
  readonly float?: Partial<FloatRegions> | undefined
  readonly layers?: Readonly<Record<string, LayerOverride>> | undefined
  readonly tail?: 'auto' | 'off' | undefined
  readonly output?: 'codes' | 'accumulator' | 'accumulator-clip' | undefined
  readonly sums?: 'codes' | 'accumulator' | undefined
  readonly fold?: 'auto' | 'off' | undefined
  readonly input?: 'auto' | 'observed' | undefined
}

/** Fills a recipe's wishes up with the preset's choices. */
export function quantizeOptions(wishes: QuantizeWishes = {}): QuantizeOptions {
  const preset = wishes.preset ?? 'ort-cpu'
  const { activations, weights } = PRESETS[preset]
  const bits = wishes.activations?.bits
  const type = wishes.activations?.type ?? (bits === undefined ? activations.type : withBits(activations.type, bits))
  const weightType = wishes.weights?.type ?? (wishes.weights?.bits === undefined ? weights.type : withBits(weights.type, wishes.weights.bits))
  const narrow = type === 'uint8' || type === 'int8'
  return {
    preset,
    activations: {
      type,
      symmetric: wishes.activations?.symmetric ?? activations.symmetric,
      reduced: wishes.activations?.reduced ?? (narrow && activations.reduced),
      method: wishes.activations?.method ?? activations.method,
      percentile: wishes.activations?.percentile ?? activations.percentile,
    },
    weights: {
      type: weightType,
      granularity: wishes.weights?.granularity ?? weights.granularity,
      groups: wishes.weights?.groups ?? weights.groups,
      reduced: wishes.weights?.reduced ?? weights.reduced,
    },
    refine: { rounding: wishes.weights?.rounding ?? 'nearest', scale: wishes.weights?.scale ?? 'absmax', bias: wishes.bias?.correction ?? 'off' },
    float: { ...NO_FLOAT, ...wishes.float },
    layers: wishes.layers ?? {},
    tail: wishes.tail ?? 'auto',
    output: wishes.output ?? 'codes',
    sums: wishes.sums ?? 'codes',
    fold: wishes.fold ?? 'auto',
    input: wishes.input ?? 'auto',
  }
}

/** A code type of another width and the same sign. */
export const withBits = (type: CodeType, bits: number): CodeType => type.replace(/\d+/, String(bits)) as CodeType
