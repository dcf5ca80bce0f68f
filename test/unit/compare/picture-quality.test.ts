import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { parseProtocol, pictureQuality, protocolOf } from '../../../main/compare/protocol.ts'
import type { PictureProtocol } from '../../../main/compare/protocol.ts'
import type { Picture } from '../../../main/samples/sample.ts'

const picture = (width: number, height: number, color: 'rgb' | 'y', level: (channel: number, x: number, y: number) => number): Picture => {
  const channels = color === 'rgb' ? 3 : 1
  const data = new Float32Array(channels * width * height)
  for (let i = 0; i < data.length; i++) data[i] = level(Math.floor(i / (width * height)), i % width, Math.floor(i / width) % height)
  return { width, height, color, data }
}

const textured = (width: number, height: number, seed = 1): Picture => {
  const random = seededRandom(seed)
  return picture(width, height, 'rgb', () => Math.floor(random() * 256))
}

const quality = (id: string, output: Picture, reference: Picture): number => pictureQuality(parseProtocol(id) as PictureProtocol, output, reference)

describe('protocol ids', () => {
  test('a metric and a shave make an id, and the id reads back as the same protocol', () => {
    const cases: [metric: string, shave: number | undefined, factor: number, id: string][] = [
      ['psnr-y', undefined, 3, 'psnr-y/shave3/studio'],
      ['psnr-rgb', 1, 3, 'psnr-rgb/shave1'],
      ['ssim-y', 0, 2, 'ssim-y/shave0/studio'],
      ['ssim-rgb', undefined, 4, 'ssim-rgb/shave4'],
      ['sqnr', 5, 1, 'sqnr/output'],
      ['cosine', undefined, 1, 'cosine/output'],
    ]
    for (const [metric, shave, factor, id] of cases) {
      const protocol = protocolOf(metric, shave, factor)
      expect(protocol.id).toBe(id)
      expect(parseProtocol(id)).toEqual(protocol)
    }
  })

  test('units follow the metric', () => {
    expect(['psnr-y/shave3/studio', 'ssim-rgb/shave2', 'sqnr/output', 'cosine/output'].map((id) => parseProtocol(id).unit)).toEqual(['dB', 'ratio', 'dB', 'ratio'])
  })

  test.each(['psnr-y/shave3', 'psnr-rgb/shave3/studio', 'psnr/shave3', 'ssim-y/shave-1/studio', 'sqnr', ''])('«%s» is refused', (id) => {
    expect(() => parseProtocol(id)).toThrow(expect.objectContaining({ code: 'recipe.unknown-protocol' }))
  })

  test('an unknown metric is refused with the nearest names', () => {
    expect(() => protocolOf('psnr_y', 3, 3)).toThrow(expect.objectContaining({ code: 'recipe.unknown-metric', next: expect.stringContaining('psnr-y') }))
    expect(() => protocolOf('psnr-y', -1, 3)).toThrow(expect.objectContaining({ code: 'recipe.bad-shave' }))
    expect(() => protocolOf('psnr-y', 1.5, 3)).toThrow(expect.objectContaining({ code: 'recipe.bad-shave' }))
  })
})

describe('PSNR', () => {
  test('one level everywhere is 20 log10(255) = 48.1308 dB', () => {
    const reference = picture(16, 16, 'rgb', (_, x, y) => x + y)
    const output = picture(16, 16, 'rgb', (_, x, y) => x + y + 1)
    expect(quality('psnr-rgb/shave0', output, reference)).toBeCloseTo(48.1308, 4)
  })

  test('squared errors of all channels are averaged together', () => {
    const reference = picture(8, 8, 'rgb', () => 100)
    const output = picture(8, 8, 'rgb', (channel) => 100 + [0, 3, 6][channel]!)
    expect(quality('psnr-rgb/shave0', output, reference)).toBeCloseTo(10 * Math.log10((255 * 255) / 15), 6)
  })

  test('studio luma: a grey difference of 1 level shrinks to 219/255, which is worth 1.3219 dB', () => {
    // 20 log10(255/219): what full-range luma scripts read lower. Tolerance: float32 luma, steps of 1.5e-5 in 0.86.
    const reference = picture(8, 8, 'rgb', () => 100)
    const output = picture(8, 8, 'rgb', () => 101)
    const fullRange = 20 * Math.log10(255)
    expect(quality('psnr-y/shave0/studio', output, reference) - fullRange).toBeCloseTo(20 * Math.log10(255 / 219), 3)
    expect(20 * Math.log10(255 / 219)).toBeCloseTo(1.32, 2)
  })

  test('green weighs 128.553 / 255', () => {
    const reference = picture(8, 8, 'rgb', () => 50)
    const output = picture(8, 8, 'rgb', (channel) => (channel === 1 ? 60 : 50))
    expect(quality('psnr-y/shave0/studio', output, reference)).toBeCloseTo(20 * Math.log10(255 / (10 * 128.553 / 255)), 4)
  })

  test('identical pictures are infinitely good', () => {
    const same = textured(20, 20)
    expect(quality('psnr-y/shave2/studio', same, same)).toBe(Infinity)
    expect(quality('psnr-rgb/shave2', same, same)).toBe(Infinity)
  })

  test('the output is rounded half to even and clipped first, the reference is left as it is', () => {
    const reference = picture(4, 4, 'rgb', (_, x) => [0, 2, 2, 255][x]!)
    const output = picture(4, 4, 'rgb', (_, x) => [-7.4, 1.5, 2.5, 300][x]!)
    expect(quality('psnr-rgb/shave0', output, reference)).toBe(Infinity)
  })

  test('the shave leaves the border out, on every side', () => {
    const reference = picture(12, 10, 'rgb', () => 40)
    const border = (width: number) => picture(12, 10, 'rgb', (_, x, y) => (Math.min(x, y, 11 - x, 9 - y) < width ? 90 : 40))
    expect(quality('psnr-rgb/shave2', border(2), reference)).toBe(Infinity)
    expect(quality('psnr-rgb/shave2', border(3), reference)).toBeLessThan(30)
    expect(quality('psnr-rgb/shave1', border(2), reference)).toBeLessThan(30)
  })

  test('pictures are cut to their common size from the top left', () => {
    const reference = textured(21, 20)
    const larger = picture(24, 23, 'rgb', (channel, x, y) => (x < 21 && y < 20 ? reference.data[(channel * 20 + y) * 21 + x]! : 0))
    expect(quality('psnr-rgb/shave1', larger, reference)).toBe(Infinity)
    expect(quality('psnr-rgb/shave1', reference, larger)).toBe(Infinity)
  })

  test('a luma output is compared with the luma of a colour reference', () => {
    const reference = picture(8, 8, 'rgb', () => 100)
    const luma = 16 + (219 * 100) / 255
    const output = picture(8, 8, 'y', () => luma)
    const off = Math.round(luma) - luma
    expect(quality('psnr-y/shave0/studio', output, reference)).toBeCloseTo(20 * Math.log10(255 / Math.abs(off)), 2)
    expect(() => quality('psnr-rgb/shave0', output, reference)).toThrow(expect.objectContaining({ code: 'recipe.metric-needs-color' }))
  })

  test('a reference of another magnification and a shave that eats the picture are refused', () => {
    expect(() => quality('psnr-y/shave0/studio', textured(20, 20), textured(40, 40))).toThrow(expect.objectContaining({ code: 'samples.reference-size' }))
    expect(() => quality('psnr-y/shave10/studio', textured(20, 20), textured(20, 20))).toThrow(expect.objectContaining({ code: 'samples.too-small' }))
  })
})

describe('SSIM', () => {
  const C1 = (0.01 * 255) ** 2
  const C2 = (0.03 * 255) ** 2

  test('identical pictures give 1', () => {
    const same = textured(24, 18)
    expect(quality('ssim-y/shave2/studio', same, same)).toBeCloseTo(1, 12)
    expect(quality('ssim-rgb/shave0', same, same)).toBeCloseTo(1, 12)
  })

  test('flat pictures leave the luminance term alone', () => {
    const [a, b] = [100, 110]
    const expected = (2 * a * b + C1) / (a * a + b * b + C1)
    expect(quality('ssim-rgb/shave0', picture(16, 16, 'rgb', () => a), picture(16, 16, 'rgb', () => b))).toBeCloseTo(expected, 12)
  })

  test('one window equals the formula written out with a full two-dimensional Gaussian', () => {
    const a = textured(11, 11, 3)
    const b = textured(11, 11, 4)
    const weight = (x: number, y: number) => Math.exp(-((x - 5) ** 2 + (y - 5) ** 2) / (2 * 1.5 ** 2))
    let sum = 0
    for (let y = 0; y < 11; y++) for (let x = 0; x < 11; x++) sum += weight(x, y)
    const mean = (value: (i: number) => number) => {
      let total = 0
      for (let y = 0; y < 11; y++) for (let x = 0; x < 11; x++) total += (weight(x, y) / sum) * value(y * 11 + x)
      return total
    }
    const channel = (c: number) => {
      const [p, q] = [(i: number) => a.data[c * 121 + i]!, (i: number) => b.data[c * 121 + i]!]
      const [mp, mq] = [mean(p), mean(q)]
      const [vp, vq] = [mean((i) => (p(i) - mp) ** 2), mean((i) => (q(i) - mq) ** 2)]
      const covariance = mean((i) => (p(i) - mp) * (q(i) - mq))
      return ((2 * mp * mq + C1) * (2 * covariance + C2)) / ((mp ** 2 + mq ** 2 + C1) * (vp + vq + C2))
    }
    expect(quality('ssim-rgb/shave0', a, b)).toBeCloseTo((channel(0) + channel(1) + channel(2)) / 3, 10)
  })

  test('windows that do not lie wholly inside do not count: the mean over a wider picture is that of its windows', () => {
    const a = textured(13, 11, 5)
    const b = textured(13, 11, 6)
    const window = (source: Picture, left: number) => picture(11, 11, 'rgb', (channel, x, y) => source.data[(channel * 11 + y) * 13 + x + left]!)
    const three = [0, 1, 2].map((left) => quality('ssim-rgb/shave0', window(a, left), window(b, left)))
    expect(quality('ssim-rgb/shave0', a, b)).toBeCloseTo(three.reduce((sum, value) => sum + value, 0) / 3, 10)
  })

  test('a picture smaller than the window is refused', () => {
    expect(() => quality('ssim-y/shave2/studio', textured(14, 20), textured(14, 20))).toThrow(expect.objectContaining({ code: 'samples.too-small' }))
  })
})
