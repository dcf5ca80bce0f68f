import type { Picture } from './sample.ts'

export type Kernel = 'bicubic' | 'bilinear' | 'nearest' | 'area' | 'lanczos' | 'opencv-linear'

/**
 * Keys' cubic with a = -0.5, the one of MATLAB `imresize` and of PIL (OpenCV and torch take -0.75).
 * R. Keys, Cubic convolution interpolation for digital image processing, 1981, eq. 15.
 */
function cubic(x: number): number {
  const d = Math.abs(x)
  if (d <= 1) return (1.5 * d - 2.5) * d * d + 1
  if (d < 2) return ((-0.5 * d + 2.5) * d - 4) * d + 2
  return 0
}

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x))

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

const lanczos3 = (x: number): number => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)

const KERNELS = {
  bicubic: { weight: cubic, width: 4 },
  bilinear: { weight: triangle, width: 2 },
  lanczos: { weight: lanczos3, width: 6 },
  'opencv-linear': { weight: triangle, width: 2 },
} as const

/** For each output position the source positions that make it, and how much each counts; weights add up to 1. */
interface Taps {
  readonly perOutput: number
  readonly index: Int32Array
  readonly weight: Float64Array
}

/** Position beyond an edge, mirrored with the edge itself included: … 1 0 | 0 1 2 … n-1 | n-1 n-2 … */
function mirrored(position: number, length: number): number {
  const folded = ((position % (2 * length)) + 2 * length) % (2 * length)
  return folded < length ? folded : 2 * length - 1 - folded
}

function tapsFrom(outputs: number, perOutput: number, at: (output: number, tap: number) => readonly [index: number, weight: number]): Taps {
  const index = new Int32Array(outputs * perOutput)
  const weight = new Float64Array(outputs * perOutput)
  for (let output = 0; output < outputs; output++) {
    let sum = 0
    for (let tap = 0; tap < perOutput; tap++) {
      const slot = output * perOutput + tap
      const [position, share] = at(output, tap)
      index[slot] = position
      weight[slot] = share
      sum += share
    }
    for (let tap = 0; tap < perOutput; tap++) weight[output * perOutput + tap]! /= sum
  }
  return { perOutput, index, weight }
}

/** Mean over the stretch of source pixels that an output pixel covers; enlarging, this repeats pixels. */
function areaTaps(inputs: number, outputs: number): Taps {
  const step = inputs / outputs
  return tapsFrom(outputs, Math.ceil(step) + 1, (output, tap) => {
    const from = output * step
    const position = Math.floor(from) + tap
    const covered = Math.min(position + 1, from + step) - Math.max(position, from)
    // Rounding of output * step can leave a sliver of the next pixel: too thin to count.
    return [Math.min(position, inputs - 1), position < inputs && covered > 1e-9 ? covered : 0]
  })
}

/**
 * Centres aligned: output x looks at source (x + 0.5) * inputs / outputs - 0.5. When shrinking, the kernel is widened by the
 * factor, so that it filters what the smaller picture cannot hold (MATLAB `imresize`, `Antialiasing` on); `opencv-linear` is not
 * (`cv2.resize`, INTER_LINEAR). Edges are mirrored.
 */
function kernelTaps(inputs: number, outputs: number, kernel: keyof typeof KERNELS): Taps {
  const { weight, width } = KERNELS[kernel]
  const scale = outputs / inputs
  const narrow = kernel === 'opencv-linear' ? 1 : Math.min(scale, 1)
  const support = width / narrow
  return tapsFrom(outputs, Math.ceil(support) + 2, (output, tap) => {
    const centre = (output + 0.5) / scale - 0.5
    const position = Math.floor(centre - support / 2) + tap
    return [mirrored(position, inputs), weight(narrow * (centre - position))]
  })
}

function tapsOf(inputs: number, outputs: number, kernel: Kernel): Taps {
  if (kernel === 'area') return areaTaps(inputs, outputs)
  if (kernel === 'nearest') {
    return tapsFrom(outputs, 1, (output) => [Math.min(inputs - 1, Math.floor(((output + 0.5) * inputs) / outputs)), 1])
  }
  return kernelTaps(inputs, outputs, kernel)
}

/** Rows of a plane resampled to a new width; float64 sums, float32 results. */
function resampleRows(plane: Float32Array, rows: number, inputs: number, taps: Taps): Float32Array {
  const { perOutput, index, weight } = taps
  const outputs = index.length / perOutput
  const result = new Float32Array(rows * outputs)
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = 0
      for (let slot = output * perOutput; slot < (output + 1) * perOutput; slot++) sum += weight[slot]! * plane[row * inputs + index[slot]!]!
      result[row * outputs + output] = sum
    }
  }
  return result
}

/** Columns of a plane resampled to a new height, a whole source row at a time (columns one by one would thrash the cache). */
function resampleColumns(plane: Float32Array, columns: number, taps: Taps): Float32Array {
  const { perOutput, index, weight } = taps
  const outputs = index.length / perOutput
  const result = new Float32Array(outputs * columns)
  const sums = new Float64Array(columns)
  for (let output = 0; output < outputs; output++) {
    sums.fill(0)
    for (let slot = output * perOutput; slot < (output + 1) * perOutput; slot++) {
      const share = weight[slot]!
      if (share === 0) continue
      const from = index[slot]! * columns
      for (let column = 0; column < columns; column++) sums[column]! += share * plane[from + column]!
    }
    result.set(sums, output * columns)
  }
  return result
}

/**
 * A picture of another size. Kernels: `bicubic` and `lanczos` (overshoot: levels can leave 0..255), `bilinear`, all three with
 * anti-aliasing when shrinking; `opencv-linear` the same as `bilinear` without it; `area` (mean of the covered pixels); `nearest` (no filter). Nothing is rounded or clipped.
 */
export function resample(picture: Picture, height: number, width: number, kernel: Kernel): Picture {
  if (picture.width === width && picture.height === height) return picture
  const across = tapsOf(picture.width, width, kernel)
  const down = tapsOf(picture.height, height, kernel)
  const channels = picture.color === 'rgb' ? 3 : 1
  const sourceSize = picture.width * picture.height
  const data = new Float32Array(channels * width * height)
  for (let channel = 0; channel < channels; channel++) {
    const plane = picture.data.subarray(channel * sourceSize, (channel + 1) * sourceSize)
    const wide = resampleRows(plane, picture.height, picture.width, across)
    data.set(resampleColumns(wide, width, down), channel * width * height)
  }
  return { width, height, color: picture.color, data }
}

/** What bicubic interpolation makes of a picture at `factor` times its size: the yardstick of every super-resolution model. Not clipped. */
export const bicubic = (picture: Picture, factor: number): Picture =>
  resample(picture, Math.round(picture.height * factor), Math.round(picture.width * factor), 'bicubic')
