/**
 * Bits of the small float types ⇄ float32.
 * Layouts: float16 = IEEE 754 binary16; bfloat16 = the upper half of a float32; float8 and float4 as the ONNX
 * documentation gives them (the "fn" types have no infinity, the "uz" types one zero and one NaN, 0x80).
 */
const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

const bitsOf = (value: number): number => {
  scratch[0] = value
  return scratchBits[0]!
}

const valueOf = (bits: number): number => {
  scratchBits[0] = bits
  return scratch[0]!
}

/** Every float16 has a float32, so this is exact. NaN payloads are kept in the upper bits. */
export function float16ToFloat32(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** The float32 nearest to `value`, rounded to a float16, ties to even; past 65519.99 it is infinity. Returns bits. */
export function float32ToFloat16(value: number): number {
  const bits = bitsOf(value)
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    // Normal: move the exponent bias from 127 to 15 and round off 13 fraction bits; a carry runs into the exponent as it should.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  }
  // Subnormal: whole multiples of 2^-24; the product is exact in float64.
  const steps = Math.abs(valueOf(magnitude)) * 2 ** 24
  const floor = Math.floor(steps)
  const rest = steps - floor
  return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor)
}

export const bfloat16ToFloat32 = (bits: number): number => valueOf(bits << 16)

const smallFloat = (bits: number, width: number, exponentBits: number, bias: number): number => {
  const fractionBits = width - 1 - exponentBits
  const sign = (bits >> (width - 1)) & 1 ? -1 : 1
  const exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1)
  const fraction = (bits & ((1 << fractionBits) - 1)) / (1 << fractionBits)
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias)
}

export const float8e4m3fnToFloat32 = (bits: number): number => ((bits & 0x7f) === 0x7f ? NaN : smallFloat(bits, 8, 4, 7))

export const float8e4m3fnuzToFloat32 = (bits: number): number => (bits === 0x80 ? NaN : smallFloat(bits, 8, 4, 8))

export const float8e5m2ToFloat32 = (bits: number): number => {
  if ((bits & 0x7c) !== 0x7c) return smallFloat(bits, 8, 5, 15)
  return (bits & 3) !== 0 ? NaN : (bits & 0x80) === 0 ? Infinity : -Infinity
}

export const float8e5m2fnuzToFloat32 = (bits: number): number => (bits === 0x80 ? NaN : smallFloat(bits, 8, 5, 16))

/** An exponent alone: 2^(bits - 127). */
export const float8e8m0ToFloat32 = (bits: number): number => (bits === 0xff ? NaN : 2 ** (bits - 127))

export const float4e2m1ToFloat32 = (bits: number): number => smallFloat(bits & 0xf, 4, 2, 1)
