import type { Node, Tensor } from '../onnx/graph.ts'
import { int64List, tensor } from '../onnx/tensor.ts'
import { newNode, type Maker } from './maker.ts'
import type { EnlargedPicture } from './resize-facts.ts'

/** Ways to write a nearest Resize (ALGORITHMS 6.2). `fused` replicates the rows of the Conv before it instead of adding one. */
export const RESIZE_FORMS = ['conv1x1', 'conv3x3', 'grouped', 'cascade', 'convtranspose', 'fused'] as const
export type ResizeForm = (typeof RESIZE_FORMS)[number]

/** Weights [rows, columns, k, k] with a one at the centre tap of column `column(row)`. */
export function selection(rows: number, columns: number, kernel: number, column: (row: number) => number): Tensor {
  const data = new Float32Array(rows * columns * kernel * kernel)
  const centre = (kernel * kernel - 1) / 2
  for (let row = 0; row < rows; row++) data[(row * columns + column(row)) * kernel * kernel + centre] = 1
  return tensor('float32', [rows, columns, kernel, kernel], data)
}

/** Every channel `sy·sx` times: [N, sy·sx·C, H, W], copy p of channel c at p·C + c. */
function copies({ channels, factors: [sy, sx] }: EnlargedPicture, input: string, output: string, kernel: 1 | 3, maker: Maker): Node {
  const weight = maker.put(`${output}_weight`, selection(sy * sx * channels, channels, kernel, (row) => row % channels))
  return newNode(maker, 'Conv', [input, weight], output, { kernel_shape: [kernel, kernel], ...(kernel === 3 ? { pads: [1, 1, 1, 1] } : {}) })
}

/** Copies (p·C + c) put beside each other: DepthToSpace where both factors are one, else by hand, which needs the size. */
export function spread({ channels, factors: [sy, sx], size }: EnlargedPicture, input: string, output: string, maker: Maker): Node[] {
  if (sy === sx) return [newNode(maker, 'DepthToSpace', [input], output, { blocksize: sy, mode: 'DCR' })]
  const [height, width] = size!
  const [parts, woven] = [maker.name(`${output}_parts`), maker.name(`${output}_woven`)]
  return [
    newNode(maker, 'Reshape', [input, maker.put(`${output}_apart`, int64List([-1, sy, sx, channels, height, width]))], parts),
    newNode(maker, 'Transpose', [parts], woven, { perm: [0, 3, 4, 1, 5, 2] }),
    newNode(maker, 'Reshape', [woven, maker.put(`${output}_together`, int64List([-1, channels, height * sy, width * sx]))], output),
  ]
}

const dense = (kernel: 1 | 3) => (picture: EnlargedPicture, input: string, output: string, maker: Maker): Node[] => {
  const wide = maker.name(`${output}_copies`)
  return [copies(picture, input, wide, kernel, maker), ...spread(picture, wide, output, maker)]
}

/** One input channel a group: its copies stand together, which only CRD takes apart rightly. */
function grouped({ channels, factors: [s] }: EnlargedPicture, input: string, output: string, maker: Maker): Node[] {
  const wide = maker.name(`${output}_copies`)
  const weight = maker.put(`${output}_weight`, tensor('float32', [channels * s * s, 1, 1, 1], new Float32Array(channels * s * s).fill(1)))
  return [
    newNode(maker, 'Conv', [input, weight], wide, { kernel_shape: [1, 1], group: channels }),
    newNode(maker, 'DepthToSpace', [wide], output, { blocksize: s, mode: 'CRD' }),
  ]
}

/** A kernel of ones a channel, as wide as its step. */
function transposed({ channels, factors: [sy, sx] }: EnlargedPicture, input: string, output: string, maker: Maker): Node[] {
  const weight = maker.put(`${output}_weight`, tensor('float32', [channels, 1, sy, sx], new Float32Array(channels * sy * sx).fill(1)))
  return [newNode(maker, 'ConvTranspose', [input, weight], output, { kernel_shape: [sy, sx], strides: [sy, sx], group: channels })]
}

/** Prime steps, the smallest first: 4 = 2·2, 6 = 2·3. */
export function primeSteps(factor: number): number[] {
  const steps: number[] = []
  for (let rest = factor, step = 2; rest > 1; ) {
    if (rest % step === 0) {
      steps.push(step)
      rest /= step
    } else step++
  }
  return steps
}

function cascade(picture: EnlargedPicture, input: string, output: string, maker: Maker): Node[] {
  const steps = primeSteps(picture.factors[0])
  const nodes: Node[] = []
  let from = input
  for (const [index, step] of steps.entries()) {
    const to = index === steps.length - 1 ? output : maker.name(`${output}_step${index + 1}`)
    nodes.push(...dense(1)({ ...picture, factors: [step, step] }, from, to, maker))
    from = to
  }
  return nodes
}

/** The nodes that take `input` to `output` for every form but `fused`. */
export const NEAREST_FORMS: Readonly<Record<Exclude<ResizeForm, 'fused'>, (picture: EnlargedPicture, input: string, output: string, maker: Maker) => Node[]>> = {
  conv1x1: dense(1), conv3x3: dense(3), grouped, cascade, convtranspose: transposed,
}

/**
 * Linear Resize (ALGORITHMS 6.6): edges repeated by one pixel, a 3×3 kernel a channel that weighs every phase, DepthToSpace. Exact
 * in real numbers for half_pixel and asymmetric.
 */
export function linearNodes(picture: EnlargedPicture, input: string, output: string, maker: Maker): Node[] {
  const { channels, factors: [sy, sx], coordinates } = picture
  const [padded, wide] = [maker.name(`${output}_padded`), maker.name(`${output}_phases`)]
  const taps = (factor: number, phase: number): number[] => {
    const offset = coordinates === 'asymmetric' ? phase / factor : (phase + 0.5) / factor - 0.5
    return [-1, 0, 1].map((at) => Math.max(0, 1 - Math.abs(offset - at)))
  }
  const rows = Array.from({ length: sy * sx }, (_, p) => {
    const [down, across] = [taps(sy, Math.floor(p / sx)), taps(sx, p % sx)]
    return down.flatMap((v) => across.map((h) => v * h))
  })
  // Rows of one channel stand together: CRD.
  const weight = maker.put(`${output}_weight`, tensor('float32', [channels * sy * sx, 1, 3, 3], Float32Array.from(Array.from({ length: channels }, () => rows).flat(2))))
  return [
    newNode(maker, 'Pad', [input, maker.put(`${output}_edges`, int64List([0, 0, 1, 1, 0, 0, 1, 1]))], padded, { mode: 'edge' }),
    newNode(maker, 'Conv', [padded, weight], wide, { kernel_shape: [3, 3], group: channels }),
    newNode(maker, 'DepthToSpace', [wide], output, { blocksize: sy, mode: 'CRD' }),
  ]
}
