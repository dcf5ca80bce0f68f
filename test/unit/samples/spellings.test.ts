import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { toTensor } from '../../../main/samples/preprocess.ts'
import type { Preprocess } from '../../../main/samples/sample.ts'
import { pixelFormula, spellingsOf } from '../../../main/samples/spellings.ts'

const plain: Preprocess = { color: 'rgb', range: [0, 255], mean: [0, 0, 0], scale: [1, 1, 1], layout: 'nchw' }
const textOf = (preprocess: Preprocess, speller: string): string => spellingsOf(preprocess).find((each) => each.speller === speller)!.text
const numbers = (text: string): number[] => text.split(/[\s,]+/).filter(Boolean).map(Number)

/** Values of the levels 0..255 as each toolchain computes them from what is written. */
const readers: Readonly<Record<string, (text: string) => (level: number, channel: number) => number>> = {
  horizon: (text) => {
    const mean = numbers(/mean_value: (.*)/.exec(text)?.[1] ?? '0 0 0')
    const scale = numbers(/scale_value: (.*)/.exec(text)?.[1] ?? '1 1 1')
    return (level, channel) => (level - mean[channel]!) * scale[channel]!
  },
  rknn: (text) => {
    const [, mean, std] = /mean_values=\[\[(.*?)\]\], std_values=\[\[(.*?)\]\]/.exec(text)!.map(numbers)
    return (level, channel) => (level - mean![channel]!) / std![channel]!
  },
  sophon: (text) => {
    const [, mean, scale] = /--mean (\S+) --scale (\S+)/.exec(text)!.map(numbers)
    return (level, channel) => (level - mean![channel]!) * scale![channel]!
  },
  formula: (text) => {
    const [, mean, scale] = /pixel - \[(.*?)\]\) \* \[(.*?)\]/.exec(text)!.map(numbers)
    return (level, channel) => (level - mean![channel]!) * scale![channel]!
  },
}

describe('spellingsOf', () => {
  it('writes what gives the values that are fed here, in every toolchain', () => {
    const random = seededRandom(3)
    const levels = Float32Array.from({ length: 256 * 3 }, (_, at) => at % 256)
    for (let tries = 0; tries < 50; tries++) {
      const low = Math.round(random() * 4 - 2)
      const preprocess: Preprocess = {
        ...plain, color: tries % 2 === 0 ? 'rgb' : 'bgr', range: tries === 0 ? [0, 255] : [low, low + 1 + random() * 100],
        mean: [random(), random() * 10, tries % 3 === 0 ? 0 : -random()], scale: [0.01 + random(), 1, tries % 5 === 0 ? -2 : 1 + random() * 9],
      }
      const fed = toTensor({ width: 256, height: 1, color: 'rgb', data: levels }, preprocess, 'float32').data as Float32Array
      for (const [speller, read] of Object.entries(readers)) {
        const value = read(textOf(preprocess, speller))
        for (const [channel, level] of [[0, 0], [1, 128], [2, 255]] as const) {
          const right = fed[channel * 256 + level]!
          expect(Math.abs(value(level, channel) - right), `${speller} ${JSON.stringify(preprocess)}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(right)))
        }
      }
    }
  })

  it('says ImageNet as its users know it', () => {
    const imagenet: Preprocess = { ...plain, range: [0, 1], mean: [0.485, 0.456, 0.406], scale: [1 / 0.229, 1 / 0.224, 1 / 0.225] }
    expect(pixelFormula(imagenet).mean.map((value) => Number(value.toFixed(3)))).toEqual([123.675, 116.28, 103.53])
    expect(textOf(imagenet, 'rknn')).toBe('rknn.config(mean_values=[[123.675, 116.28, 103.53]], std_values=[[58.395, 57.12, 57.375]])')
    expect(textOf(imagenet, 'horizon')).toContain('norm_type: data_mean_and_scale')
  })

  it('leaves out what does nothing, and names colours and layout', () => {
    expect(textOf(plain, 'horizon')).toBe('input_type_train: rgb\ninput_layout_train: NCHW\nnorm_type: no_preprocess')
    expect(textOf({ ...plain, range: [0, 1], layout: 'nhwc', color: 'y', mean: [0], scale: [1] }, 'horizon')).toBe('input_type_train: gray\ninput_layout_train: NHWC\nnorm_type: data_scale\nscale_value: 0.003921568627')
    expect(textOf({ ...plain, color: 'bgr' }, 'rknn')).toMatch(/quant_img_RGB2BGR=True\)$/)
    expect(textOf({ ...plain, color: 'bgr' }, 'sophon')).toMatch(/--pixel_format bgr$/)
  })
})
