const value = new Float32Array(1)
const bits = new Uint32Array(value.buffer)

/** A finite float32 value in units of 2^-149, the spacing of float32 subnormals. */
export function unitsOf(x: number): bigint {
  value[0] = x
  const raw = bits[0]!
  const exponent = (raw >>> 23) & 0xff
  const mantissa = raw & 0x7fffff
  const units = exponent === 0 ? BigInt(mantissa) : BigInt(mantissa | 0x800000) << BigInt(exponent - 1)
  return raw >>> 31 ? -units : units
}

/** Exact sum of finite float32 values in units of 2^-149: mantissas are summed by exponent (exact to 2^29 values each). */
export function exactSum(values: Float32Array): bigint {
  const raw = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const byExponent = new Float64Array(256)
  for (let index = 0; index < raw.length; index++) {
    const exponent = (raw[index]! >>> 23) & 0xff
    const mantissa = exponent === 0 ? raw[index]! & 0x7fffff : (raw[index]! & 0x7fffff) | 0x800000
    byExponent[exponent] = byExponent[exponent]! + (raw[index]! >>> 31 ? -mantissa : mantissa)
  }
  return byExponent.reduce((sum, units, exponent) => sum + (BigInt(units) << BigInt(Math.max(exponent - 1, 0))), 0n)
}

/** Units of 2^-149 as a double, rounded once. */
export function numberOfUnits(units: bigint): number {
  const magnitude = units < 0n ? -units : units
  const excess = Math.max(magnitude.toString(2).length - 64, 0)
  // A set bit below the 64 kept ones must still break ties.
  const kept = magnitude >> BigInt(excess)
  const sticky = excess > 0 && kept << BigInt(excess) !== magnitude ? 1n : 0n
  const scaled = Number(kept | sticky) * 2 ** (excess - 149)
  return units < 0n ? -scaled : scaled
}

/** Mean of `count` values whose exact sums a channel are given. */
export const meanOf = (channelSum: readonly bigint[], count: number): number =>
  count === 0 ? 0 : numberOfUnits(channelSum.reduce((sum, units) => sum + units, 0n)) / count
