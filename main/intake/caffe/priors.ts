import { tensor } from '../../onnx/tensor.ts'
import { pictureDims } from './convolution.ts'
import type { Convert } from './site.ts'

/**
 * Boxes that a detector of SSD's kind starts from, computed now: they hang on sizes alone. [1, 2, boxes · 4]: corners as parts of the
 * picture, then variances. Rule: weiliu89/caffe, src/caffe/layers/prior_box_layer.cpp.
 */
export const priorBox: Convert = (site) => {
  const param = site.layer.message('prior_box_param')
  const [, , height, width] = pictureDims(site)
  const picture = site.inputs[1]?.dims ?? []
  const fixed = param.number('img_size', 0)
  const [imageHeight, imageWidth] = [param.number('img_h', fixed) || (picture[2] ?? 0), param.number('img_w', fixed) || (picture[3] ?? 0)]
  if (imageHeight < 1 || imageWidth < 1) site.refuse('the size of the picture is not known')
  const step = param.number('step', 0)
  const [stepHeight, stepWidth] = [param.number('step_h', step) || imageHeight / height, param.number('step_w', step) || imageWidth / width]
  const offset = param.number('offset', 0.5)
  const sizes = boxSizes(param.numbers('min_size'), param.numbers('max_size'), ratiosOf(param.numbers('aspect_ratio'), param.flag('flip', true)))
  if (sizes.length === 0) site.refuse('it has no `min_size`')
  const limit = param.flag('clip', false) ? (value: number) => Math.min(Math.max(value, 0), 1) : (value: number) => value
  const corners: number[] = []
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [centerX, centerY] = [(x + offset) * stepWidth, (y + offset) * stepHeight]
      for (const [boxWidth, boxHeight] of sizes) corners.push(...[(centerX - boxWidth / 2) / imageWidth, (centerY - boxHeight / 2) / imageHeight, (centerX + boxWidth / 2) / imageWidth, (centerY + boxHeight / 2) / imageHeight].map(limit))
    }
  }
  const given = param.numbers('variance')
  if (![0, 1, 4].includes(given.length)) site.refuse('`variance` is given once or four times')
  const variances = corners.map((_, index) => given[given.length === 4 ? index % 4 : 0] ?? 0.1)
  site.pass({ name: site.constant(site.name, tensor('float32', [1, 2, corners.length], Float32Array.from([...corners, ...variances]))), dims: [1, 2, corners.length] })
}

/** 1 first, then each new one, with its reciprocal where they are flipped. */
function ratiosOf(given: readonly number[], flip: boolean): number[] {
  const ratios = [1]
  for (const ratio of given) if (!ratios.some((known) => Math.abs(known - ratio) < 1e-6)) ratios.push(ratio, ...(flip ? [1 / ratio] : []))
  return ratios
}

function boxSizes(least: readonly number[], most: readonly number[], ratios: readonly number[]): [number, number][] {
  return least.flatMap((size, index): [number, number][] => [
    [size, size],
    ...(most[index] === undefined ? [] : [[Math.sqrt(size * most[index]), Math.sqrt(size * most[index])] as [number, number]]),
    ...ratios.slice(1).map((ratio): [number, number] => [size * Math.sqrt(ratio), size / Math.sqrt(ratio)]),
  ])
}
