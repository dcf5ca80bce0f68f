import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { modCrop, readPicture } from '../../../main/samples/picture.ts'
import { bicubic, resample } from '../../../main/samples/resample.ts'
import type { Kernel } from '../../../main/samples/resample.ts'
import type { Picture } from '../../../main/samples/sample.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

const grey = (width: number, height: number, level: (x: number, y: number) => number): Picture => ({
  width, height, color: 'y', data: Float32Array.from({ length: width * height }, (_, i) => level(i % width, Math.floor(i / width))),
})

const KERNELS: Kernel[] = ['bicubic', 'bilinear', 'nearest', 'area', 'lanczos']

describe('resample', () => {
  it.each(KERNELS)('%s keeps a flat picture flat and its colours apart', (kernel) => {
    const flat: Picture = { width: 7, height: 5, color: 'rgb', data: Float32Array.from({ length: 105 }, (_, i) => [10, 120, 255][Math.floor(i / 35)]!) }
    for (const [height, width] of [[3, 4], [11, 13], [5, 14]] as const) {
      const result = resample(flat, height, width, kernel)
      expect([result.width, result.height, result.color]).toEqual([width, height, 'rgb'])
      // float32 results: half a unit in the last place of 255.
      for (const [i, level] of result.data.entries()) expect(level).toBeCloseTo([10, 120, 255][Math.floor(i / (width * height))]!, 4)
    }
  })

  it.each(KERNELS)('%s gives the mirror image of a mirrored picture', (kernel) => {
    const row = [3, 80, 41, 200, 7, 9, 120]
    const there = resample(grey(7, 1, (x) => row[x]!), 1, 4, kernel).data
    const back = resample(grey(7, 1, (x) => row[6 - x]!), 1, 4, kernel).data.toReversed()
    if (kernel === 'nearest') expect(there[0]).toBe(row[0])
    else for (const [i, level] of there.entries()) expect(level).toBeCloseTo(back[i]!, 4)
  })

  it('interpolates with the cubic of a = -0.5', () => {
    // Enlarged twice, outputs lie at quarters between source pixels.
    const impulse = resample(grey(9, 1, (x) => (x === 4 ? 1 : 0)), 1, 18, 'bicubic').data
    const cubic = (d: number) => (d <= 1 ? 1.5 * d ** 3 - 2.5 * d ** 2 + 1 : -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2)
    for (const [output, distance] of [[8, 0.25], [9, 0.25], [7, 0.75], [10, 0.75], [6, 1.25], [5, 1.75]] as const) expect(impulse[output]).toBeCloseTo(cubic(distance), 6)
    expect(impulse[4]).toBe(0)
  })

  it('widens the kernel when shrinking: every source pixel has a say', () => {
    const shrunk = (at: number) => resample(grey(12, 1, (x) => (x === at ? 1 : 0)), 1, 3, 'bicubic').data
    for (let at = 0; at < 12; at++) expect(shrunk(at).reduce((sum, value) => sum + Math.abs(value), 0)).toBeGreaterThan(0.1)
  })

  it('mirrors edges with the edge pixel itself', () => {
    // Output 0 of an enlargement by 2 looks at -0.25: taps at -2, -1, 0, 1 → mirrored 1, 0, 0, 1.
    const data = resample(grey(4, 1, (x) => [10, 20, 90, 40][x]!), 1, 8, 'bicubic').data
    const [w125, w025, w075, w175] = [-0.0703125, 0.8671875, 0.2265625, -0.0234375]
    expect(data[0]).toBeCloseTo(w175 * 20 + w075 * 10 + w025 * 10 + w125 * 20, 4)
  })

  it('area takes the mean of what an output pixel covers', () => {
    expect([...resample(grey(5, 1, (x) => [0, 10, 20, 30, 40][x]!), 1, 2, 'area').data]).toEqual([8, 32])
    expect([...resample(grey(2, 2, (x, y) => 10 * x + 100 * y), 4, 4, 'area').data.subarray(0, 4)]).toEqual([0, 0, 10, 10])
  })

  it('nearest takes the pixel at the centre', () => {
    expect([...resample(grey(6, 1, (x) => x), 1, 2, 'nearest').data]).toEqual([1, 4])
    expect([...resample(grey(2, 1, (x) => x), 1, 6, 'nearest').data]).toEqual([0, 0, 0, 1, 1, 1])
  })

  it('does not clip: a step overshoots', () => {
    const wide = bicubic(grey(8, 1, (x) => (x < 4 ? 0 : 255)), 3)
    expect(Math.max(...wide.data)).toBeGreaterThan(256)
    expect([wide.width, wide.height]).toEqual([24, 3])
  })
})

warnWithoutSharedData('downscaling like MATLAB')
describe.skipIf(!hasSharedData)('MATLAB imresize', () => {
  // Halves go up, as in MATLAB.
  const rounded = (picture: Picture): Picture => ({ ...picture, data: picture.data.map((level) => Math.min(255, Math.max(0, Math.round(level)))) })

  it.each([2, 3, 4])('Set5 at 1/%i: the low-resolution pictures come out of the high-resolution ones', async (factor) => {
    const folder = join(sharedData, 'images/Set5', `image_SRF_${factor}`)
    let [all, within, insideAll, insideExact] = [0, 0, 0, 0]
    for (const file of readdirSync(folder).filter((name) => name.includes('_LR'))) {
      const low = await readPicture(join(folder, file))
      const high = modCrop(await readPicture(join(folder, file.replace('_LR', '_HR'))), factor)
      const once = rounded(resample(high, low.height, low.width, 'bicubic'))
      // MATLAB rounds to 8 bits after each direction, rows first.
      const twice = rounded(resample(rounded(resample(high, low.height, high.width, 'bicubic')), low.height, low.width, 'bicubic'))
      for (const [i, level] of low.data.entries()) {
        all++
        if (Math.abs(once.data[i]! - level) <= 1) within++
        const [x, y] = [i % low.width, Math.floor(i / low.width) % low.height]
        if (x < 2 || y < 2 || x >= low.width - 2 || y >= low.height - 2) continue
        insideAll++
        if (twice.data[i] === level) insideExact++
      }
    }
    // Measured 0.9973 (×4) to 0.9993 (×2); what is left is 8-bit rounding and clipping between the two directions.
    expect(within / all).toBeGreaterThan(0.99)
    // Away from the border (these files were made by a MATLAB that repeated edges) every single pixel is the same.
    expect(insideExact).toBe(insideAll)
  })
})
