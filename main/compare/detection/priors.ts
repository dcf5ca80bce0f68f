import type { SsdDecode } from '../../core/score.ts'

/** A default box, in shares of the input. */
export interface Prior {
  readonly cx: number
  readonly cy: number
  readonly width: number
  readonly height: number
}

/**
 * Default boxes of all layers, row by row, cell by cell; in each cell for every `min` its square, the square of sqrt(min · max), then the
 * ratios: the order of Caffe's PriorBox. `size`: of the input in pixels.
 */
export function priorBoxes({ layers, cells, offset, clip }: SsdDecode['priors'], [height, width]: readonly [number, number]): Prior[] {
  return layers.flatMap(({ step, map, min, max, ratios, flip }) => {
    const [rows, columns] = map ?? [Math.ceil(height / step!), Math.ceil(width / step!)]
    const [down, across] = cells === 'map' || step === undefined ? [height / rows, width / columns] : [step, step]
    const others = ratios.filter((ratio) => Math.abs(ratio - 1) > 1e-6).flatMap((ratio) => (flip ? [ratio, 1 / ratio] : [ratio]))
    const sides = min.flatMap((side, index) => {
      const between = max[index] === undefined ? [] : [Math.sqrt(side * max[index])]
      return [...[side, ...between].map((each) => [each, each] as const), ...others.map((ratio) => [side * Math.sqrt(ratio), side / Math.sqrt(ratio)] as const)]
    })
    return Array.from({ length: rows * columns }, (_, cell) => cell).flatMap((cell) => {
      const cx = (((cell % columns) + offset) * across) / width
      const cy = ((Math.floor(cell / columns) + offset) * down) / height
      return sides.map(([wide, high]) => clipped({ cx, cy, width: wide / width, height: high / height }, clip))
    })
  })
}

function clipped(prior: Prior, clip: SsdDecode['priors']['clip']): Prior {
  if (clip === 'none') return prior
  const inside = (value: number) => Math.max(0, Math.min(1, value))
  if (clip === 'center') return { cx: inside(prior.cx), cy: inside(prior.cy), width: inside(prior.width), height: inside(prior.height) }
  const [x1, x2] = [inside(prior.cx - prior.width / 2), inside(prior.cx + prior.width / 2)]
  const [y1, y2] = [inside(prior.cy - prior.height / 2), inside(prior.cy + prior.height / 2)]
  return { cx: (x1 + x2) / 2, cy: (y1 + y2) / 2, width: x2 - x1, height: y2 - y1 }
}
