import { describe, expect, it } from 'vitest'
import { qparams, workingCodes } from '../../../main/core/qparams.ts'
import { roundHalfEven } from '../../../main/core/round.ts'

const u8 = { type: 'uint8', symmetric: false } as const
const s8 = { type: 'int8', symmetric: false } as const

describe('roundHalfEven', () => {
  it('rounds ties to even and never returns -0', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5].map(roundHalfEven)).toEqual([0, 2, 2, 0, -2])
    expect(Object.is(roundHalfEven(-0.2), 0)).toBe(true)
  })
})

describe('qparams', () => {
  it('gives the codes that the edge cases of a range ask for', () => {
    expect(qparams({ lo: 5, hi: 5 }, s8)).toMatchObject({ zeroPoint: -128 })
    expect(qparams({ lo: -5, hi: -5 }, s8)).toMatchObject({ zeroPoint: 127 })
    expect(qparams({ lo: 0, hi: 0 }, u8)).toEqual({ scale: 1, zeroPoint: 0, degenerate: true })
    expect(qparams({ lo: 0, hi: 1e-42 }, u8).degenerate).toBe(true)
  })

  it('keeps pixels as they are on the grid of a picture', () => {
    expect(qparams({ lo: 0, hi: 255 }, u8)).toEqual({ scale: 1, zeroPoint: 0, degenerate: false })
  })

  it('divides a symmetric int8 range by 127 and an unsigned one by 254 codes', () => {
    expect(qparams({ lo: -1, hi: 2 }, { type: 'int8', symmetric: true })).toEqual({ scale: Math.fround(2 / 127), zeroPoint: 0, degenerate: false })
    expect(qparams({ lo: -1, hi: 2 }, { type: 'uint8', symmetric: true })).toEqual({ scale: Math.fround(2 / 127), zeroPoint: 127, degenerate: false })
  })

  it('uses half the codes on a reduced grid', () => {
    expect(workingCodes({ type: 'int8', symmetric: true, reduced: true })).toEqual([-64, 64])
    expect(workingCodes({ type: 'uint8', symmetric: false, reduced: true })).toEqual([0, 127])
  })

  it('covers the range it was made from, to half a step', () => {
    for (const [lo, hi] of [[-3.7, 11.2], [-0.001, 900], [-20, 0.5]] as const) {
      const params = qparams({ lo, hi }, u8)
      // The zero point is rounded, which moves both ends by half a step at most.
      expect((0 - params.zeroPoint) * params.scale).toBeLessThanOrEqual(lo + params.scale * 0.5001)
      expect((255 - params.zeroPoint) * params.scale).toBeGreaterThanOrEqual(hi - params.scale * 0.5001)
    }
  })
})
