import { describe, expect, test } from 'vitest'
import { pictureQuality, parseProtocol, type PictureProtocol } from '../../../main/compare/protocol.ts'
import { worstTile as slowWorstTile } from '../../../main/compare/tile.ts'
import { seededRandom } from '../../../main/core/random.ts'
import type { Picture } from '../../../main/samples/sample.ts'
import type { RawPicture } from '../../../preload/contract/index.ts'
import { headroomOf, pairFacts, smallErrors, worstTile } from '../../../renderer/features/compare/analysis.ts'
import { measuredPart, measureOf, regionPsnr, wholeOf } from '../../../renderer/features/compare/psnr.ts'
import { inSlices } from '../../../renderer/features/compare/slices.ts'

const random = seededRandom(11)
const signal = new AbortController().signal

/** Levels from −20 to 275, some exactly between two whole ones. */
const picture = (width: number, height: number, channels: 1 | 3 = 3): RawPicture => ({
  width, height, channels, data: Float32Array.from({ length: width * height * channels }, (_, at) => (at % 7 === 0 ? Math.floor(random() * 256) + 0.5 : random() * 295 - 20)),
})
const near = (from: RawPicture, by: number): RawPicture => ({ ...from, data: from.data.map((level) => level + (random() - 0.5) * by) })
const asPicture = ({ width, height, channels, data }: RawPicture): Picture => ({ width, height, color: channels === 3 ? 'rgb' : 'y', data })
const cut = ({ width, height, channels, data }: RawPicture, x: number, y: number, across: number, down: number): RawPicture => ({
  width: across, height: down, channels,
  data: Float32Array.from({ length: across * down * channels }, (_, at) => data[Math.floor(at / (across * down)) * width * height + (y + (Math.floor(at / across) % down)) * width + x + (at % across)]!),
})

describe('PSNR of a region', () => {
  const reference: RawPicture = (() => {
    const made = picture(61, 47)
    return { ...made, data: made.data.map((level) => Math.round(Math.min(255, Math.max(0, level)))) }
  })()
  const output = near(reference, 30)

  test.each(['psnr-y/shave2/studio', 'psnr-y/shave0/studio', 'psnr-rgb/shave3'])('of the whole picture is what %s measures', async (id) => {
    const expected = pictureQuality(parseProtocol(id) as PictureProtocol, asPicture(output), asPicture(reference))
    expect(await regionPsnr(output, reference, wholeOf(output), measureOf(id), signal)).toBeCloseTo(expected, 9)
  })

  test('of a part is that of the pictures cut to it', async () => {
    const part = { x: 11, y: 7, width: 25, height: 30 }
    const of = (whole: RawPicture): Picture => asPicture(cut(whole, part.x, part.y, part.width, part.height))
    const expected = pictureQuality(parseProtocol('psnr-y/shave0/studio') as PictureProtocol, of(output), of(reference))
    expect(await regionPsnr(output, reference, part, measureOf('psnr-y/shave2/studio'), signal)).toBeCloseTo(expected, 9)
  })

  test('leaves the shaved border out, and what the other picture does not have', async () => {
    const smaller = cut(reference, 0, 0, 50, 47)
    expect(measuredPart({ x: 0, y: 40, width: 61, height: 7 }, output, smaller, { color: 'y', shave: 2 })).toEqual({ x: 2, y: 40, width: 46, height: 5 })
    expect(measuredPart({ x: 0, y: 0, width: 2, height: 2 }, output, smaller, { color: 'y', shave: 2 })).toBeNull()
    expect(await regionPsnr(output, smaller, { x: 55, y: 0, width: 6, height: 6 }, measureOf('psnr-y/shave0/studio'), signal)).toBeNull()
    const whole = pictureQuality(parseProtocol('psnr-y/shave2/studio') as PictureProtocol, asPicture(output), asPicture(smaller))
    expect(await regionPsnr(output, smaller, wholeOf(output), measureOf('psnr-y/shave2/studio'), signal)).toBeCloseTo(whole, 9)
  })

  test('is infinite where nothing differs, and goes to luma where one has no colours', async () => {
    expect(await regionPsnr(reference, reference, wholeOf(reference), measureOf('psnr-rgb/shave1'), signal)).toBe(Infinity)
    const grey = picture(61, 47, 1)
    const expected = pictureQuality(parseProtocol('psnr-y/shave0/studio') as PictureProtocol, asPicture(grey), asPicture(reference))
    expect(await regionPsnr(grey, reference, wholeOf(grey), measureOf('psnr-rgb/shave0'), signal)).toBeCloseTo(expected, 9)
    expect(measureOf('sqnr/output')).toEqual({ color: 'y', shave: 0 })
  })
})

describe('the worst tile', () => {
  test.each([[90, 70, 16], [40, 33, 64], [64, 64, 64], [17, 90, 5]])('of %i × %i, side %i, is the one that a search without tricks finds', async (width, height, side) => {
    const a = picture(width, height)
    const b = near(a, 12)
    const facts = await pairFacts(a, b, signal)
    const expected = slowWorstTile(asPicture(b), asPicture(a), side)
    const found = await worstTile(facts, side, signal)
    expect(found).toMatchObject({ x: expected.x, y: expected.y, width: expected.width, height: expected.height })
    expect(found.error).toBeCloseTo(expected.error, 4)
  })

  test('of equal pictures is the first', async () => {
    const a = picture(20, 20)
    expect(await worstTile(await pairFacts(a, a, signal), 8, signal)).toEqual({ x: 0, y: 0, width: 8, height: 8, error: 0 })
  })
})

describe('how two pictures differ', () => {
  const flat = (level: number): RawPicture => ({ width: 8, height: 4, channels: 3, data: new Float32Array(96).fill(level) })

  test('mean, most, and the share of pixels that a screen shows otherwise', async () => {
    const b = flat(100)
    b.data[5] = 103
    b.data[32 + 9] = 99.75
    const facts = await pairFacts(flat(100), b, signal)
    expect(facts.mean).toBeCloseTo((3 + 0.25) / 96, 12)
    expect([facts.max, facts.differing]).toEqual([3, 1 / 32])
    expect([0, 0.25, 0.2, 2.5, 3].map(facts.shareOver)).toEqual([2 / 32, 1 / 32, 2 / 32, 1 / 32, 0])
    expect([facts.errors[5], facts.errors[9], facts.errors[0]]).toEqual([1, Math.fround(0.25 / 3), 0])
  })

  test('made small, a cell is the mean of its pixels', () => {
    const errors = Float32Array.from([1, 3, 0, 0, 8, 0, 0, 0, 5])
    expect(smallErrors({ width: 3, height: 3, errors }, 2)).toEqual({ width: 2, height: 2, cells: Float32Array.of(3, 0, 0, 5), top: 5 })
    expect(smallErrors({ width: 3, height: 3, errors }, 3).cells).toEqual(errors)
  })

  test('headroom: what lies outside of black and white, a pixel once', async () => {
    const wild = flat(10)
    wild.data.set([-1, 256, -0.001], 0)
    wild.data[32] = 300
    expect(await headroomOf(wild, signal)).toEqual({ below: 2 / 32, above: 2 / 32, min: -1, max: 300 })
    expect(await headroomOf(flat(255), signal)).toEqual({ below: 0, above: 0, min: 255, max: 255 })
  })
})

test('work in slices does every row once, in order, and stops when asked', async () => {
  const rows: number[] = []
  await inSlices(37, (from, to) => { for (let row = from; row < to; row++) rows.push(row) }, signal, 5)
  expect(rows).toEqual(Array.from({ length: 37 }, (_, row) => row))
  const stop = new AbortController()
  let done = 0
  const work = inSlices(1000, () => {
    done += 1
    const until = performance.now() + 9
    while (performance.now() < until);
    if (done === 3) stop.abort()
  }, stop.signal, 1)
  await expect(work).rejects.toMatchObject({ name: 'AbortError' })
  expect(done).toBe(3)
})
