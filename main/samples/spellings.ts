import type { Preprocess } from './sample.ts'

/** Preprocessing of pixels 0..255 in one formula a channel: `(pixel - mean) * scale`, in the order of `color`. */
export interface PixelFormula {
  readonly mean: readonly number[]
  readonly scale: readonly number[]
}

/** The recipe's range, mean and scale as one formula: `low + pixel * (high - low) / 255` comes first, and is put into both. */
export function pixelFormula({ range: [low, high], mean, scale }: Preprocess): PixelFormula {
  const step = (high - low) / 255
  return { mean: mean.map((value) => (value - low) / step), scale: scale.map((value) => value * step) }
}

export const SPELLERS = ['horizon', 'rknn', 'sophon', 'formula'] as const
export type Speller = (typeof SPELLERS)[number]

/** How one toolchain writes the same preprocessing. `formula`: what ONNX Runtime and TensorRT leave to the caller. */
export interface Spelling {
  readonly speller: Speller
  readonly text: string
}

/** The same preprocessing as each toolchain writes it. All of them give the same values for pixels 0..255. */
export function spellingsOf(preprocess: Preprocess): readonly Spelling[] {
  const formula = pixelFormula(preprocess)
  const texts: Readonly<Record<Speller, string>> = {
    horizon: horizon(preprocess, formula), rknn: rknn(preprocess, formula), sophon: sophon(preprocess, formula), formula: plain(preprocess, formula),
  }
  return SPELLERS.map((speller) => ({ speller, text: texts[speller] }))
}

/** Ten digits: a float32 holds seven. */
const written = (value: number): string => String(Number(value.toPrecision(10)) + 0)
const list = (values: readonly number[], between: string): string => values.map(written).join(between)

/** hb_mapper and hb_compile: `(pixel - mean_value) * scale_value`, put into the graph by `norm_type`. */
function horizon({ color, layout }: Preprocess, { mean, scale }: PixelFormula): string {
  const hasMean = mean.some((value) => written(value) !== '0')
  const hasScale = scale.some((value) => written(value) !== '1')
  const type = [...(hasMean ? ['mean'] : []), ...(hasScale ? ['scale'] : [])].join('_and_')
  return [
    `input_type_train: ${color === 'y' ? 'gray' : color}`,
    `input_layout_train: ${layout.toUpperCase()}`,
    `norm_type: ${type === '' ? 'no_preprocess' : `data_${type}`}`,
    ...(hasMean ? [`mean_value: ${list(mean, ' ')}`] : []),
    ...(hasScale ? [`scale_value: ${list(scale, ' ')}`] : []),
  ].join('\n')
}

/** rknn-toolkit2: std_values are divisors. */
function rknn({ color }: Preprocess, { mean, scale }: PixelFormula): string {
  const divisors = list(scale.map((value) => 1 / value), ', ')
  return `rknn.config(mean_values=[[${list(mean, ', ')}]], std_values=[[${divisors}]]${color === 'bgr' ? ', quant_img_RGB2BGR=True' : ''})`
}

/** tpu-mlir's model_transform. */
const sophon = ({ color }: Preprocess, { mean, scale }: PixelFormula): string =>
  `--mean ${list(mean, ',')} --scale ${list(scale, ',')} --pixel_format ${color === 'y' ? 'gray' : color}`

function plain({ color, layout }: Preprocess, { mean, scale }: PixelFormula): string {
  const order = color === 'y' ? 'Y' : [...color.toUpperCase()].join(', ')
  return `x = (pixel - [${list(mean, ', ')}]) * [${list(scale, ', ')}]\n${order} · ${layout.toUpperCase()} · pixel 0 … 255`
}
