import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { roundHalfEven } from '../../../main/core/round.ts'
import type { RawPicture } from '../../../preload/contract/index.ts'
import { colorsOf, MAPS } from '../../../renderer/features/compare/color-maps.ts'
import { commonSize, differenceAt, paintDifference, topOf, type DifferenceLook } from '../../../renderer/features/compare/difference.ts'
import { levelAt, paintLevels, paintSmaller, PLAIN, shownLevel } from '../../../renderer/features/compare/levels.ts'
import { paintMarks } from '../../../renderer/features/compare/marks.ts'

const random = seededRandom(3)
const noisy = (width: number, height: number, channels: 1 | 3 = 3): RawPicture => ({
  width, height, channels, data: Float32Array.from({ length: width * height * channels }, () => random() * 300 - 20),
})
const pixel = (levels: readonly number[]): RawPicture => ({ width: 1, height: 1, channels: levels.length === 3 ? 3 : 1, data: Float32Array.from(levels) })

describe('levels as a board shows them', () => {
  test('are rounded half to even and clipped', () => {
    expect([0.5, 1.5, 2.5, 254.5, 255.4, 300, -0.4, -3, 127.49999].map(shownLevel)).toEqual([0, 2, 2, 254, 255, 255, 0, 0, 127])
    expect(Object.is(shownLevel(-0.2), 0)).toBe(true)
  })

  test.each([3, 1] as const)('stand in the picture as they are: %i planes', (channels) => {
    const picture = noisy(7, 5, channels)
    const rgba = new Uint8ClampedArray(7 * 5 * 4)
    for (const [from, to] of [[0, 2], [2, 5]] as const) paintLevels(picture, PLAIN)(rgba, from, to)
    for (let at = 0; at < 35; at++) {
      const expected = [0, 1, 2].map((channel) => Math.min(255, Math.max(0, roundHalfEven(picture.data[(channels === 3 ? channel * 35 : 0) + at]!))))
      expect([...rgba.subarray(at * 4, at * 4 + 4)]).toEqual([...expected, 255])
    }
  })

  test('follow exposure and offset', () => {
    const rgba = new Uint8ClampedArray(4)
    paintLevels(pixel([10, 100, 200]), { stops: 1, offset: -8 })(rgba, 0, 1)
    expect([...rgba]).toEqual([4, 184, 255, 255])
  })

  test('made smaller are means of areas: the mean of all stays', () => {
    const source = Uint8ClampedArray.from({ length: 9 * 6 * 4 }, (_, at) => (at % 4 === 3 ? 255 : Math.floor(random() * 256)))
    const mean = (rgba: Uint8ClampedArray): number => rgba.reduce((sum, value, at) => (at % 4 === 1 ? sum + value : sum), 0) / (rgba.length / 4)
    for (const to of [{ width: 3, height: 2 }, { width: 4, height: 5 }, { width: 1, height: 1 }, { width: 9, height: 6 }]) {
      const rgba = new Uint8ClampedArray(to.width * to.height * 4)
      paintSmaller(source, { width: 9, height: 6 }, to)(rgba, 0, to.height)
      expect(Math.abs(mean(rgba) - mean(source))).toBeLessThan(0.6)
    }
    const exact = new Uint8ClampedArray(4)
    paintSmaller(Uint8ClampedArray.of(0, 10, 20, 255, 100, 30, 40, 255), { width: 2, height: 1 }, { width: 1, height: 1 })(exact, 0, 1)
    expect([...exact]).toEqual([50, 20, 30, 255])
  })

  test('of one plane are luma, of three BT.601', () => {
    expect(levelAt(pixel([255, 255, 255]), 'y', 0, 0)).toBeCloseTo(235, 10)
    expect(levelAt(pixel([0, 0, 0]), 'y', 0, 0)).toBe(16)
    expect(levelAt(pixel([77]), 'y', 0, 0)).toBe(77)
  })
})

describe('the difference', () => {
  const a = pixel([100, 50, 0])
  const b = pixel([98, 55, 0])

  test('by measure and channel; of all channels the one that counts most', () => {
    const value = (kind: DifferenceLook['kind'], channel: DifferenceLook['channel'] = 'max') => differenceAt(a, b, { kind, channel }, 0, 0).value
    expect([value('signed'), value('absolute'), value('squared'), value('signed', 'r'), value('absolute', 'b')]).toEqual([5, 5, 25, -2, 0])
    expect(value('relative')).toBeCloseTo(0.1, 12)
    expect(value('signed', 'y')).toBeCloseTo((65.481 * -2 + 128.553 * 5) / 255, 10)
    expect(differenceAt(pixel([0.2, 0, 0]), pixel([0.7, 0, 0]), { kind: 'relative', channel: 'r' }, 0, 0).value).toBeCloseTo(0.5, 6)
    expect(differenceAt(a, pixel([120]), { kind: 'signed', channel: 'max' }, 0, 0).value).toBeCloseTo(120 - levelAt(a, 'y', 0, 0), 5)
    expect(commonSize({ ...a, width: 3, height: 9 }, { ...a, width: 5, height: 2 })).toEqual({ width: 3, height: 2 })
  })

  test('takes the last colour where gain says so', () => {
    expect([topOf('absolute', 1), topOf('signed', 16), topOf('squared', 51), topOf('relative', 4)]).toEqual([255, 255 / 16, 25, 0.25])
    const look = (change: Partial<DifferenceLook>): DifferenceLook => ({ kind: 'absolute', channel: 'max', gain: 1, map: 'viridis', over: null, ...change })
    const drawn = (change: Partial<DifferenceLook>, other = b): number[] => {
      const rgba = new Uint8ClampedArray(4)
      paintDifference(a, other, look(change))(rgba, 0, 1)
      return [...rgba.subarray(0, 3)]
    }
    const color = (map: Parameters<typeof colorsOf>[0], index: number): number[] => [...colorsOf(map).subarray(index * 3, index * 3 + 3)]
    expect(drawn({ gain: 64 })).toEqual(color('viridis', 255))
    expect(drawn({ gain: 16, map: 'cividis' })).toEqual(color('cividis', 80))
    expect(drawn({}, a)).toEqual(color('viridis', 0))
    expect(drawn({ kind: 'signed', gain: 64 })).toEqual(color('signed', 255))
    expect(drawn({ kind: 'signed', channel: 'r', gain: 256 })).toEqual(color('signed', 0))
    expect(drawn({ over: 5, gain: 64 })).toEqual([0, 0, 0])
    expect(drawn({ over: 4.5, gain: 64 })).toEqual(color('viridis', 255))
    expect(drawn({ over: 1, channel: 'r', gain: 32 })).toEqual(color('viridis', 64))
  })

  test('in the fast and in the plain way is the same', () => {
    const [one, other] = [noisy(13, 9), noisy(13, 9)]
    for (const kind of ['signed', 'absolute', 'squared', 'relative'] as const) {
      for (const channel of ['max', 'y', 'g'] as const) {
        const look: DifferenceLook = { kind, channel, gain: 4, map: 'viridis', over: 3 }
        const rgba = new Uint8ClampedArray(13 * 9 * 4)
        paintDifference(one, other, look)(rgba, 0, 9)
        const colors = colorsOf(kind === 'signed' ? 'signed' : 'viridis')
        for (let at = 0; at < 13 * 9; at++) {
          const { value, levels } = differenceAt(one, other, look, at % 13, Math.floor(at / 13))
          const share = value / topOf(kind, 4)
          const index = Math.round(255 * Math.min(1, Math.max(0, kind === 'signed' ? (share + 1) / 2 : share))) * 3
          expect([...rgba.subarray(at * 4, at * 4 + 3)]).toEqual(levels <= 3 ? [0, 0, 0] : [...colors.subarray(index, index + 3)])
        }
      }
    }
  })
})

test('colour maps rise in lightness; the signed one falls to black and rises again', () => {
  const lightness = (map: Parameters<typeof colorsOf>[0]) => Array.from({ length: 256 }, (_, step) => {
    const [red, green, blue] = colorsOf(map).subarray(step * 3, step * 3 + 3)
    return 0.2126 * (red! / 255) ** 2.2 + 0.7152 * (green! / 255) ** 2.2 + 0.0722 * (blue! / 255) ** 2.2
  })
  for (const map of MAPS) {
    const values = lightness(map)
    expect(values.slice(1).filter((value, at) => value < values[at]! - 2e-3), map).toEqual([])
    expect(values[255]! - values[0]!).toBeGreaterThan(0.5)
  }
  const signed = lightness('signed')
  expect(Math.min(...signed)).toBe(Math.min(signed[127]!, signed[128]!))
  expect(Math.min(signed[0]!, signed[255]!)).toBeGreaterThan(0.4)
})

test('clipped pixels are marked: above everywhere, below on every other pixel, one of many where it is shown smaller', () => {
  const data = new Float32Array(8 * 4).fill(100)
  data[3] = 255.5
  data[8] = -0.5
  data[9] = -0.5
  const marked = (width: number, height: number): string[] => {
    const rgba = new Uint8ClampedArray(width * height * 4)
    paintMarks({ width: 8, height: 4, channels: 1, data }, { width, height })(rgba, 0, height)
    return Array.from({ length: width * height }, (_, at) => `${at}:${[...rgba.subarray(at * 4, at * 4 + 4)].join(' ')}`).filter((text) => !text.endsWith(':0 0 0 0'))
  }
  expect(marked(8, 4)).toEqual(['3:255 64 200 255', '9:0 214 255 255'])
  expect(marked(2, 1)).toEqual(['0:255 64 200 255'])
  expect(marked(4, 2)).toEqual(['0:0 214 255 255', '1:255 64 200 255'])
})
