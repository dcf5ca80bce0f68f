import type { LabelsSource, ScoreSettings } from '../core/score.ts'

/**
 * A recipe as the rest of the house reads it: checked, complete, paths absolute. What is absent here is decided by what
 * is found (the preset, the graph, the samples) and said aloud there. A Recipe is also a valid recipe file, key by key.
 */
/** Settings are those of the rewrite; `nodes` narrows it to matches whose first node is named. */
export type RewriteRecipe = 'auto' | readonly string[] | Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface Recipe {
  /** Absolute path of the ONNX file. */
  readonly model: string
  readonly board: Board
  /** Absolute folder. Absent: the nearest workspace upward, else that of the user. */
  readonly workspace?: string
  readonly samples: {
    readonly calibration?: SamplesRecipe
    readonly evaluation?: EvaluationRecipe
  }
  /** What the model gives, where the guess from its graph is wrong. */
  readonly output?: OutputRecipe
  /** Changes to the graph before it is observed, each proved: `auto`, names in order, or names with their settings. Absent: none. */
  readonly rewrite?: RewriteRecipe
  readonly calibration: {
    /** Values a tensor and picture that enter the histogram at most. Extremes and sums are always over all. */
    readonly valuesPerTensor: number | 'all'
  }
  readonly quantize: QuantizeRecipe
  readonly compare: CompareRecipe
  /** How `tune` searches. Absent: its defaults. */
  readonly tune?: TuneRecipe
  /** Bounds by name, as `psnr_y_drop_db: 0.1`. */
  readonly gates: Readonly<Record<string, number>>
  /** Absent: as many as the machine has cores. */
  readonly threads?: number
  readonly seed: number
}

/** Name of a board's profile; which there are depends on the workspace (`boardNames`), so the app checks it. */
export type Board = string

export const METHODS = ['auto', 'max', 'percentile', 'kl', 'symkl', 'jsd', 'mse', 'octav', 'admm', 'aciq'] as const
export type MethodName = (typeof METHODS)[number]

export const PRESETS = ['ort-cpu', 'x86', 'arm'] as const
export type PresetName = (typeof PRESETS)[number]

export const ACTIVATION_TYPES = ['uint8', 'int8', 'uint16', 'int16'] as const
export type ActivationType = (typeof ACTIVATION_TYPES)[number]

export const WEIGHT_TYPES = ['uint4', 'int4', 'uint8', 'int8', 'uint16', 'int16'] as const
export type WeightType = (typeof WEIGHT_TYPES)[number]

/** How weights share scales: one a channel, one a tensor, or one for each of a few groups of channels of like magnitude. */
export const GRANULARITIES = ['channel', 'tensor', 'group'] as const
export type Granularity = (typeof GRANULARITIES)[number]

/** How weights are rounded to codes. */
export const ROUNDINGS = ['nearest', 'adaround', 'adaround-asymmetric'] as const
export type Rounding = (typeof ROUNDINGS)[number]

/** Where the scales of weights come from: their largest values, or a search on samples. */
export const WEIGHT_SCALES = ['absmax', 'search'] as const
export type WeightScale = (typeof WEIGHT_SCALES)[number]

export const BIAS_CORRECTIONS = ['off', 'empirical', 'analytic'] as const
export type BiasCorrection = (typeof BIAS_CORRECTIONS)[number]

export const QUALITY_METRICS = ['psnr-y', 'psnr-rgb', 'ssim-y', 'ssim-rgb', 'sqnr', 'cosine'] as const
export type QualityMetric = (typeof QUALITY_METRICS)[number]

export const LAYER_MODES = ['accumulated', 'alone', 'both', 'none'] as const
export type LayerMode = (typeof LAYER_MODES)[number]

/** Which pictures or arrays, and how they become the model's input. */
export interface SamplesRecipe {
  /** Absolute path: a folder, a list file, `.npy`, `.npz` or one picture. */
  readonly path: string
  /** Globs over the path inside the folder. Absent: every picture. */
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  /** Absent: all there are. More than there are pictures: several crops of each. */
  readonly count?: number
  readonly seed: number
  /** Samples that may be left out because they cannot be used; one more is an error. */
  readonly skipLimit: number
  readonly preprocess?: PreprocessRecipe
}

export interface EvaluationRecipe extends SamplesRecipe {
  /** Absolute folder, or a pattern that turns the stem of a sample into that of its reference. Absent: paired by name. */
  readonly reference?: string | { readonly pattern: string }
  /** Absent: psnr-y where there are references, else sqnr. */
  readonly metric?: QualityMetric | ScoreSettings
  /** Classes or boxes that are really there. Absent: only agreement with the float model is measured. */
  readonly labels?: LabelsSource
  /** Pixels left out on every side. Absent: the model's upscale factor. */
  readonly shave?: number
}

/** The part of a `Preprocess` that is given; the rest is found from the graph and the samples. */
export interface PreprocessRecipe {
  readonly color?: 'rgb' | 'bgr' | 'y'
  readonly range?: readonly [number, number]
  readonly mean?: readonly number[]
  readonly scale?: readonly number[]
  readonly layout?: 'nchw' | 'nhwc'
  readonly resize?: {
    readonly mode: 'fit' | 'fill' | 'stretch'
    readonly size: readonly [height: number, width: number]
    readonly kernel: 'bicubic' | 'bilinear' | 'nearest' | 'area' | 'lanczos' | 'opencv-linear'
  }
  readonly crop?: { readonly mode: 'center' | 'random'; readonly size: readonly [height: number, width: number] }
  readonly pad?: { readonly multiple: number }
}

/** The output side of the model; what is absent is found from the graph. */
export interface OutputRecipe {
  readonly kind?: 'picture' | 'vector'
  readonly layout?: 'nchw' | 'nhwc'
  readonly color?: 'rgb' | 'bgr' | 'y'
  /** Values of black and white. */
  readonly range?: readonly [number, number]
  /** Output pixels an input pixel, along a side. */
  readonly factor?: number
}

export interface QuantizeRecipe {
  readonly preset: PresetName
  readonly activations: {
    readonly bits: 8 | 16
    /** Absent: the preset's type of that many bits. */
    readonly type?: ActivationType
    readonly method: MethodName
    /** Absent: the preset decides. */
    readonly symmetric?: boolean
    /** Codes of half the range, so that u8×s8 pair sums fit 16 bits. Absent: the preset decides. */
    readonly reduced?: boolean
    /** Share of the values inside the range, for the method of that name: between 0.5 and 1. */
    readonly percentile: number
  }
  readonly weights: {
    readonly bits: 4 | 8 | 16
    readonly type?: WeightType
    /** Absent: the preset decides. */
    readonly granularity?: Granularity
    /** Most groups of a weight, for `granularity: group`. */
    readonly groups: number
    readonly reduced?: boolean
    readonly rounding: Rounding
    /** search: steps by the error of the layer's outputs on samples. */
    readonly scale: WeightScale
  }
  /** Mean shifts that codes cause, put into biases. empirical: from samples; analytic: from rounded weights and Statistics. */
  readonly bias: { readonly correction: BiasCorrection }
  readonly float: FloatRecipe
  /** Overrides by node name, tensor name or glob, in the order of the file: a later one wins. */
  readonly layers: Readonly<Record<string, LayerRecipe>>
  /** auto: a tensor that is clipped to 0..255 afterwards takes the grid of its clip. */
  readonly tail: 'auto' | 'off'
  /** `accumulator`: outputs that a convolution computes are not rounded to codes. `accumulator-clip`: nor where a Relu or Clip stands behind it, which then runs in float. */
  readonly output: 'codes' | 'accumulator' | 'accumulator-clip'
  /** accumulator: what a convolution computes for one sum alone is added before it is rounded, as compilers that fuse residual sums do. */
  readonly sums: 'codes' | 'accumulator'
  /** auto: constant arithmetic next to convolutions goes into their weights, proved each time. off: the graph is quantized as it is. */
  readonly fold: 'auto' | 'off'
  /** auto: a picture input takes the grid of its pixels. observed: it is calibrated as any other tensor. */
  readonly input: 'auto' | 'observed'
  /** Weights, biases and scales are tuned against the float model's own output. Absent: they are not. */
  readonly finetune?: FinetuneRecipe
}

export interface FinetuneRecipe {
  readonly steps: number
  /** Samples a step. */
  readonly batch: number
  /** Of Adam, for weights and biases. */
  readonly rate: number
  /** Of Adam, for logarithms of scales; 0: scales stay. Absent: three times the rate. */
  readonly scaleRate?: number
  /** Side of the square that is cut from larger samples. */
  readonly crop: number
  /** Share of the samples that the step is chosen by, and that are never trained on. */
  readonly holdBack: number
  /** Steps between two looks at them. */
  readonly every: number
}

/** What stays in float; every list holds names or globs. ALGORITHMS 4.2 names the walks. */
export interface FloatRecipe {
  /** These nodes and everything before them. */
  readonly inputs: readonly string[]
  /** These nodes and everything after them. */
  readonly outputs: readonly string[]
  /** These nodes and what follows up to the next computing node; `start:end` for a region. */
  readonly blocks: readonly string[]
  /** Exactly these nodes. */
  readonly names: readonly string[]
  /** Every node of these operators. */
  readonly ops: readonly string[]
  readonly depthwise: boolean
  /** The computing layers that read the model's inputs. */
  readonly first: boolean
  /** The computing layers that make the model's outputs. */
  readonly last: boolean
}

/** Names follow the Sophon tools. */
export interface LayerRecipe {
  readonly th_strategy?: 'USE_DEFAULT' | 'USE_KL' | 'USE_MAX'
  /** Multiplies the solved threshold. */
  readonly th_scale?: number
  /** Fixes the threshold of the layer's output; `th_scale` is then not used. */
  readonly threshold?: number
  /** Fixes both ends, around 0, where one threshold does not say it. */
  readonly range?: readonly [lo: number, hi: number]
  readonly forward_with_float?: boolean
  readonly method?: MethodName
  readonly bits?: 8 | 16
  /** Of the layer's weights; `bits` speaks of what comes out of it. */
  readonly weight_bits?: 4 | 8 | 16
  /** Of the layer's weights. */
  readonly granularity?: Granularity
  readonly rounding?: Rounding
}

/** What a search may change, in the order of its stages. */
export const TUNE_AXES = ['method', 'granularity', 'preset', 'symmetric', 'equalize', 'bias', 'rounding', 'weight-scale', 'layers', 'float'] as const
export type TuneAxis = (typeof TUNE_AXES)[number]

export interface TuneRecipe {
  /** Absent: the metric of the evaluation. */
  readonly score?: EvaluationRecipe['metric'] & {}
  /** Held-back samples that trials are scored on; never those of the evaluation. Absent: the calibration samples. */
  readonly samples?: EvaluationRecipe
  /** Budget of a search. Absent: until its stages are through. */
  readonly minutes?: number
  readonly trials?: number
  /** Absent: all that the model and the rest of the recipe leave open. */
  readonly axes?: readonly TuneAxis[]
  /** Largest share of multiply-accumulates that a search may leave in float. */
  readonly floatShare: number
}

export interface CompareRecipe {
  readonly layers: LayerMode
  readonly latency: boolean
  readonly operators: boolean
  /** Evaluation samples that layer errors are measured on; quality always takes all. */
  readonly samples: number
  /** A challenge's score of quality and runtime together, said in the notes. Absent: none. */
  readonly score?: { readonly kind: 'mobile-ai'; readonly c: number }
}
