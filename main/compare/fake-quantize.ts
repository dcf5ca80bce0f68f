import { Fault } from '../core/fault.ts'
import { CODE_LIMITS } from '../core/grid.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import type { ErrorSums } from './errors.ts'

/** 1.5 · 2^52: adding and subtracting it rounds to an integer, ties to even. */
const ROUND = 6755399441055744

/**
 * Adds the errors that one tensor's own codes make: every float32 value against
 * DQ(Q(x)) = (clamp(round(x / s) + z) − z) · s, in float32 as the operators compute (ONNX QuantizeLinear).
 * Returns how many values were clipped: their code lies beyond the storage range before the clamp.
 * `channels` and `inner` lay the values out for a row with a scale a channel: [outer, channels, inner].
 */
export function addOwnErrors(sums: ErrorSums, values: Float32Array, row: ScaleRow, channels = 1, inner = values.length): number {
  if (row.type === 'float32' || row.scale.length === 0) {
    throw new Fault({ code: 'bug.float-row', where: row.tensor, what: 'a float row has no codes to measure' })
  }
  const [min, max] = CODE_LIMITS[row.type]
  if (row.granularity === 'tensor') return addBlock(sums, values, row.scale[0]!, row.zeroPoint[0]!, min, max)
  let clipped = 0
  for (let from = 0, block = 0; from < values.length; from += inner, block++) {
    const channel = block % channels
    clipped += addBlock(sums, values.subarray(from, from + inner), row.scale[channel]!, row.zeroPoint[channel]!, min, max)
  }
  return clipped
}

function addBlock(sums: ErrorSums, values: Float32Array, scale: number, zeroPoint: number, min: number, max: number): number {
  let signal = 0
  let other = 0
  let product = 0
  let noise = 0
  let maxAbs = sums.maxAbs
  let clipped = 0
  for (let i = 0; i < values.length; i++) {
    const real = values[i]!
    let code = Math.fround(real / scale) + ROUND - ROUND + zeroPoint
    if (code < min) {
      code = min
      clipped++
    } else if (code > max) {
      code = max
      clipped++
    }
    const held = Math.fround((code - zeroPoint) * scale)
    const error = held - real
    signal += real * real
    other += held * held
    product += real * held
    noise += error * error
    const magnitude = Math.abs(error)
    if (magnitude > maxAbs) maxAbs = magnitude
  }
  sums.count += values.length
  sums.signal += signal
  sums.other += other
  sums.product += product
  sums.noise += noise
  sums.maxAbs = maxAbs
  return clipped
}
