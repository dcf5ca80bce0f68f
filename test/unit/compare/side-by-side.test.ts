import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drawText, textWidth } from '../../../main/compare/bitmap-font.ts'
import type { VersionPictures } from '../../../main/compare/quality.ts'
import { sideBySide, writeSideBySide } from '../../../main/compare/side-by-side.ts'
import { cropTo, worstTile } from '../../../main/compare/tile.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { readPicture } from '../../../main/samples/picture.ts'
import type { Picture } from '../../../main/samples/sample.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()

const flat = (width: number, height: number, level: number, color: 'rgb' | 'y' = 'rgb'): Picture => ({
  width, height, color, data: new Float32Array((color === 'rgb' ? 3 : 1) * width * height).fill(level),
})

/** A copy with a square of another level in every channel. */
function withSquare(picture: Picture, x: number, y: number, side: number, level: number): Picture {
  const data = picture.data.slice()
  const size = picture.width * picture.height
  for (let channel = 0; channel * size < data.length; channel++) {
    for (let row = y; row < y + side; row++) data.fill(level, channel * size + row * picture.width + x, channel * size + row * picture.width + x + side)
  }
  return { ...picture, data }
}

describe('the worst tile', () => {
  test('frames the place where two pictures differ most', () => {
    const float = flat(40, 30, 100)
    const quantized = withSquare(withSquare(float, 2, 2, 4, 103), 30, 20, 8, 104)
    expect(worstTile(quantized, float, 8)).toEqual({ x: 30, y: 20, width: 8, height: 8, error: 4 })
  })

  test('agrees with trying every window by hand', () => {
    const random = seededRandom(3)
    const noisy = (): Picture => ({ width: 13, height: 9, color: 'rgb', data: Float32Array.from({ length: 3 * 13 * 9 }, () => Math.floor(random() * 256)) })
    const [a, b] = [noisy(), noisy()]
    let best = { x: 0, y: 0, error: -1 }
    for (let y = 0; y + 4 <= 9; y++) {
      for (let x = 0; x + 4 <= 13; x++) {
        let sum = 0
        for (let i = 0; i < 48; i++) {
          const at = (Math.floor(i / 16) * 9 + y + (Math.floor(i / 4) % 4)) * 13 + x + (i % 4)
          sum += Math.abs(a.data[at]! - b.data[at]!)
        }
        if (sum / 48 > best.error) best = { x, y, error: sum / 48 }
      }
    }
    expect(worstTile(a, b, 4)).toMatchObject({ x: best.x, y: best.y, error: expect.closeTo(best.error, 10) })
  })

  test('a picture smaller than the tile is the tile; equal pictures have no error', () => {
    expect(worstTile(flat(10, 6, 5), flat(10, 6, 5), 64)).toEqual({ x: 0, y: 0, width: 10, height: 6, error: 0 })
  })

  test('a crop ends where the picture ends, and is nothing beyond it', () => {
    expect(cropTo(flat(20, 20, 1), { x: 16, y: 4, width: 8, height: 8 })).toMatchObject({ width: 4, height: 8 })
    expect(cropTo(flat(20, 20, 1), { x: 20, y: 4, width: 8, height: 8 })).toBeNull()
  })
})

describe('the font', () => {
  const rows = (text: string): string[] => {
    const grid = Array.from({ length: 9 }, () => Array.from({ length: textWidth(text) }, () => '.'))
    drawText(text, (x, y) => (grid[y]![x] = '#'))
    return grid.map((row) => row.join(''))
  }

  test('draws within its width, descending letters lower', () => {
    expect(rows('Ip')).toEqual([
      '###......',
      '.#.......',
      '.#..####.',
      '.#..#...#',
      '.#..#...#',
      '.#..#...#',
      '###.####.',
      '....#....',
      '....#....',
    ])
    expect(rows('p').slice(0, 2).join('')).not.toContain('#')
    expect(rows('p')[8]).toBe('#....')
    expect(rows('I').slice(7).join('')).not.toContain('#')
  })

  test('every printable label character has its own shape, at most 5×7', () => {
    const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+,:/_()|')
    const shapes = letters.map((letter) => rows(letter).join('\n'))
    expect(new Set(shapes).size).toBe(letters.length)
    for (const letter of letters) expect(textWidth(letter)).toBeLessThanOrEqual(5)
    expect(rows('é')).toEqual(rows('-'))
    expect(rows('×')).toEqual(rows('x'))
    expect(textWidth('')).toBe(0)
  })
})

describe('side by side', () => {
  const float = flat(96, 80, 100)
  const simulated = withSquare(float, 40, 30, 16, 104)
  const pictures: VersionPictures = {
    sample: 'pic_01', lowRes: flat(48, 40, 100), reference: flat(96, 80, 100), float, simulated, fused: simulated, tile: worstTile(simulated, float, 64),
  }
  const has = (picture: Picture, [red, green, blue]: readonly number[]) => {
    const size = picture.width * picture.height
    return picture.data.subarray(0, size).some((level, i) => level === red && picture.data[size + i] === green && picture.data[2 * size + i] === blue)
  }
  const BLUE = [0x4f, 0xb3, 0xff]
  const ORANGE = [0xf0, 0xa1, 0x3a]
  const GREEN = [0x3e, 0xcf, 0x9a]

  test('fused is shown only where a pixel differs from simulated', () => {
    const same = sideBySide(pictures)
    expect([has(same, BLUE), has(same, GREEN), has(same, ORANGE)]).toEqual([true, true, false])
    expect(has(sideBySide({ ...pictures, fused: withSquare(simulated, 0, 0, 2, 103.4) }), ORANGE)).toBe(true)
    expect(has(sideBySide({ ...pictures, fused: withSquare(simulated, 0, 0, 2, 100.4) }), ORANGE)).toBe(false)
  })

  test('without low-resolution picture and reference their panels are left out', () => {
    const { sample, tile } = pictures
    const bare = sideBySide({ sample, float, simulated, fused: simulated, tile })
    expect(has(bare, GREEN)).toBe(false)
    expect(bare.height).toBeLessThan(sideBySide(pictures).height)
  })

  test('luma pictures and tiny ones can be drawn', () => {
    const luma = flat(20, 10, 50, 'y')
    expect(() => sideBySide({ sample: 'a', float: luma, simulated: luma, fused: luma, reference: luma, tile: worstTile(luma, luma, 64) })).not.toThrow()
    const dot = flat(1, 1, 50)
    expect(() => sideBySide({ sample: 'b', float: dot, simulated: dot, fused: dot, tile: worstTile(dot, dot, 64) })).not.toThrow()
  })

  test('the file holds what was drawn', async () => {
    const path = join(folder, 'picture.png')
    await writeSideBySide(path, pictures)
    const read = await readPicture(path)
    const drawn = sideBySide(pictures)
    expect([read.width, read.height]).toEqual([drawn.width, drawn.height])
    // Levels are rounded when the file is written.
    expect(read.data.every((level, i) => Math.abs(level - drawn.data[i]!) <= 0.5)).toBe(true)
  })
})
