import type { Tensor } from '../onnx/graph.ts'

/** A picture of whole or fractional levels 0..255, planar (channel, row, column), as float64-safe values. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** `rgb`: three planes; `y`: one plane of BT.601 studio luma (16..235) or of plain grey as the file gave it. */
  readonly color: 'rgb' | 'y'
  readonly data: Float32Array
}

/** The file of a sample, and where the input's pixels lie on it: (row + shift) · scale. */
export interface SampleSource {
  readonly path: string
  /** Height and width of the picture in the file. */
  readonly size: readonly [height: number, width: number]
  readonly scale: readonly [down: number, across: number]
  readonly shift: readonly [top: number, left: number]
}

/** The named input tensors of one image, with its reference picture where there is one. */
export interface Sample {
  /** Name without folder and extension; unique in its set (a crop adds `#k`). */
  readonly id: string
  readonly feeds: Readonly<Record<string, Tensor>>
  /** The low-resolution picture as it goes in (after crop and resize), for looking at. Absent for arrays. */
  readonly picture?: Picture
  /** What the model should give, mod-cropped to a multiple of the model's scale. */
  readonly reference?: Picture
  /** Where its pixels come from. Absent for arrays. */
  readonly source?: SampleSource
  /** Height and width before padding to the right and below; absent where nothing was padded. The output is cut to it × factor. */
  readonly content?: readonly [height: number, width: number]
}

/** How pixels become a model's input, and its output pixels: guessed once, written into the recipe, then only read. */
export interface Preprocess {
  readonly color: 'rgb' | 'bgr' | 'y'
  /** Pixel levels 0..255 are mapped linearly onto this range first. */
  readonly range: readonly [number, number]
  /** Then per channel `(v - mean) * scale`, in the order of `color`. */
  readonly mean: readonly number[]
  readonly scale: readonly number[]
  readonly layout: 'nchw' | 'nhwc'
  readonly resize?: { readonly mode: 'fit' | 'fill' | 'stretch'; readonly size: readonly [height: number, width: number]; readonly kernel: 'bicubic' | 'bilinear' | 'nearest' | 'area' | 'lanczos' | 'opencv-linear' }
  readonly crop?: { readonly mode: 'center' | 'random'; readonly size: readonly [height: number, width: number] }
  readonly pad?: { readonly multiple: number }
}

/** Samples that are loaded one by one; memory does not grow with their number. */
export interface SampleSet {
  readonly count: number
  /** Sample ids in order. */
  readonly ids: readonly string[]
  /** Over the content of every file used and everything that shapes a sample (crops, preprocessing, seed). */
  readonly sha256: string
  /** Samples left out because they could not be used, within the recipe's limit. */
  readonly skipped: readonly { readonly sample: string; readonly why: string }[]
  /** How pixels became inputs, complete, guesses included; null for arrays, which are used as they are. */
  readonly preprocess?: Preprocess | null
  /** What was decided on the way (a crop that was proposed, arrays taken as they are), a sentence each. */
  readonly notes?: readonly string[]
  load(index: number): Promise<Sample>
}
