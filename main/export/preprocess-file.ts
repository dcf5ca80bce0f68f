import { pixelFormula, spellingsOf } from '../samples/spellings.ts'
import type { Preprocess } from '../samples/sample.ts'
import type { ExportInput } from './subject.ts'
import { listed, pretty } from './written.ts'

/** How pixels become each input, once as numbers and once as every toolchain writes them. */
export function preprocessFile(inputs: readonly ExportInput[]): string {
  return pretty({
    formula: '((pixel * (range[1] - range[0]) / 255 + range[0]) - mean) * scale, per channel in the order of color, pixel 0..255',
    inputs: inputs.map(({ name, dims, preprocess }) => {
      if (preprocess === null) return { name, shape: dims, dtype: 'float32', note: 'arrays, used as they are' }
      const { color, layout, range, mean, scale, resize, crop, pad } = preprocess
      const { mean: pixelMean, scale: pixelScale } = pixelFormula(preprocess)
      const divisors = pixelScale.map((value) => 1 / value)
      return {
        name, shape: dims, dtype: 'float32', color, layout, range, mean, scale, resize: resize ?? null, crop: crop ?? null, pad: pad ?? null,
        pixel: { mean: pixelMean, scale: pixelScale },
        spellings: {
          ...Object.fromEntries(spellingsOf(preprocess).map(({ speller, text }) => [speller, text])),
          openvino: `--mean_values=[${listed(pixelMean, ',')}] --scale_values=[${listed(divisors, ',')}]${color === 'bgr' ? ' --reverse_input_channels' : ''}`,
          bm1684: guideText(preprocess, pixelMean, pixelScale),
          ncnn: `in.substract_mean_normalize({${listed(pixelMean, 'f, ')}f}, {${listed(pixelScale, 'f, ')}f});`,
        },
      }
    }),
  })
}

/** cali_image_preprocess of the BM1684 guide: pictures as OpenCV reads them, blue first unless bgr2rgb. */
function guideText({ color, resize, crop }: Preprocess, mean: readonly number[], scale: readonly number[]): string {
  const sizes = [...(resize?.mode === 'stretch' ? [['resize', resize.size] as const] : []), ...(crop ? [['crop', crop.size] as const] : [])]
  const one = scale.every((value) => value === scale[0]) ? scale.slice(0, 1) : scale
  return [...sizes.map(([kind, [height, width]]) => `${kind}_h=${height},${kind}_w=${width}`), `mean_value=${listed(mean, ':')},scale=${listed(one, ':')},bgr2rgb=${color === 'rgb' ? 'True' : 'False'}`].join(';')
}
