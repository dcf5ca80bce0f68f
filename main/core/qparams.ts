import { bitsOf, CODE_LIMITS, type Grid, type Range } from './grid.ts'
import { roundHalfEven } from './round.ts'

/** Smallest normal float32: a smaller scale would be flushed to zero by some runtimes. */
const MIN_SCALE = 2 ** -126

/** Scale (a float32 value) and zero point of one tensor or channel. */
export interface QParams {
  readonly scale: number
  readonly zeroPoint: number
  /** The range was all zero: scale 1 is a convention, not a measurement. */
  readonly degenerate: boolean
}

/** Codes from which a scale is derived: narrower than storage for symmetric and reduced grids (ALGORITHMS 1.2). */
export function workingCodes(grid: Grid): readonly [min: number, max: number] {
  const [min, max] = CODE_LIMITS[grid.type]
  const signed = min < 0
  if (grid.reduced) return signed ? [-(2 ** (bitsOf(grid.type) - 2)), 2 ** (bitsOf(grid.type) - 2)] : [0, 2 ** (bitsOf(grid.type) - 1) - 1]
  if (!grid.symmetric) return [min, max]
  return signed ? [min + 1, max] : [0, max - 1]
}

/**
 * Scale and zero point from a range: s = (hi - lo) / (qmax - qmin) in float64, z = round(qmin - lo / s), both ends widened
 * to hold 0; a symmetric grid takes ±max(|lo|, |hi|) and puts z in the middle (as ONNX Runtime's quantizer does).
 */
export function qparams(range: Range, grid: Grid): QParams {
  const [min, max] = workingCodes(grid)
  let lo = Math.min(range.lo, 0)
  let hi = Math.max(range.hi, 0)
  if (grid.symmetric) {
    hi = Math.max(-lo, hi)
    lo = -hi
  }
  const middle = roundHalfEven((min + max) / 2)
  const scale = (hi - lo) / (max - min)
  if (!(scale >= MIN_SCALE)) return { scale: 1, zeroPoint: grid.symmetric ? middle : Math.max(min, Math.min(max, 0)), degenerate: true }
  const zeroPoint = grid.symmetric ? middle : Math.max(min, Math.min(max, roundHalfEven(min - lo / scale)))
  return { scale: Math.fround(scale), zeroPoint, degenerate: false }
}
