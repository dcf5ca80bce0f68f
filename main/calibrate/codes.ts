/**
 * Codes of the histogram bins (see statistics.ts): sign(1) | exponent(8) | mantissa(10). The lower 18 bits are the
 * magnitude code, ascending with |x|; code 0 is zero of either sign.
 */
export const SIGN = 1 << 18
export const MAGNITUDES = 1 << 18

/** Largest magnitude code of a finite value. */
const LARGEST = (0xff << 10) - 1

const value = new Float32Array(1)
const bits = new Uint32Array(value.buffer)

/** The bin of a float32 value: its upper 19 bits after rounding the lower 13 away, ties to even. Never infinity's code. */
export function codeOf(x: number): number {
  value[0] = x
  const raw = bits[0]!
  const magnitude = Math.min(((raw & 0x7fffffff) + 0xfff + ((raw >>> 13) & 1)) >>> 13, LARGEST)
  return magnitude === 0 ? 0 : magnitude | ((raw >>> 13) & SIGN)
}

/** The bin of a finite binary16 value given by its bits; exact. */
export function codeOfHalf(half: number): number {
  const sign = half & 0x8000 ? SIGN : 0
  const exponent = (half >>> 10) & 0x1f
  const mantissa = half & 0x3ff
  if (exponent > 0) return sign | ((exponent + 112) << 10) | mantissa
  return mantissa === 0 ? 0 : sign | codeOf(mantissa * 2 ** -24)
}

/** |x| that a magnitude code stands for; its bin reaches half way to the neighbours. */
export function magnitudeOf(code: number): number {
  bits[0] = (code & (MAGNITUDES - 1)) << 13
  return value[0]!
}

export const lowerEdge = (magnitude: number): number =>
  magnitude === 0 ? 0 : (magnitudeOf(magnitude - 1) + magnitudeOf(magnitude)) / 2

export const upperEdge = (magnitude: number): number =>
  magnitude >= LARGEST ? magnitudeOf(LARGEST) : (magnitudeOf(magnitude) + magnitudeOf(magnitude + 1)) / 2

/** The magnitude code whose bin holds |x| (to a float32 rounding of x at its edges). */
export function magnitudeCodeOf(x: number): number {
  value[0] = x
  return ((bits[0]! & 0x7fffffff) + 0x1000) >>> 13
}
