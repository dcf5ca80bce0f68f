import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { digestPicture, looksTheSame } from '../../../main/samples/digest-picture.ts'
import { resample } from '../../../main/samples/resample.ts'
import type { Picture } from '../../../main/samples/sample.ts'

/** Smooth noise: a few random pixels made large. */
function smooth(seed: number, width = 48, height = 40): Picture {
  const random = seededRandom(seed)
  const few: Picture = { width: 6, height: 6, color: 'rgb', data: Float32Array.from({ length: 108 }, () => Math.floor(random() * 256)) }
  const large = resample(few, height, width, 'bilinear')
  return { ...large, data: large.data.map(Math.round) }
}

const even = (level: number): Picture => ({ width: 4, height: 4, color: 'y', data: new Float32Array(16).fill(level) })

describe('digestPicture', () => {
  it('measures the luma', () => {
    expect(digestPicture(even(0))).toMatchObject({ brightness: 0, contrast: 0, entropy: 0, black: 1, white: 0, likeness: null })
    expect(digestPicture(even(255))).toMatchObject({ brightness: 255, white: 1, black: 0 })
    const halves: Picture = { width: 4, height: 1, color: 'y', data: Float32Array.of(0, 0, 255, 255) }
    expect(digestPicture(halves)).toMatchObject({ brightness: 127.5, contrast: 127.5, entropy: 1, black: 0.5, white: 0.5 })
    const green: Picture = { width: 1, height: 1, color: 'rgb', data: Float32Array.of(0, 100, 0) }
    expect(digestPicture(green).brightness).toBeCloseTo(58.7, 4)
  })

  it('knows equal pixels, and tells sizes and one other level apart', () => {
    const picture = smooth(1)
    const changed = { ...picture, data: picture.data.map((level, at) => (at === 7 ? level + 1 : level)) }
    const turned: Picture = { ...picture, width: picture.height, height: picture.width }
    expect(digestPicture({ ...picture, data: picture.data.slice() }).sha256).toBe(digestPicture(picture).sha256)
    expect(new Set([picture, changed, turned].map((each) => digestPicture(each).sha256)).size).toBe(3)
  })

  it('sees what looks the same, and no likeness in others', () => {
    const digests = Array.from({ length: 40 }, (_, seed) => digestPicture(smooth(seed)))
    for (const [seed, digest] of digests.entries()) {
      const picture = smooth(seed)
      expect(looksTheSame(digest, digestPicture(resample(picture, 80, 96, 'bicubic')))).toBe(true)
      expect(looksTheSame(digest, digestPicture({ ...picture, data: picture.data.map((level) => level * 0.9 + 8) }))).toBe(true)
      expect(digests.filter((other) => looksTheSame(digest, other))).toHaveLength(1)
    }
    expect(looksTheSame(digestPicture(even(9)), digestPicture(even(9)))).toBe(false)
  })
})
