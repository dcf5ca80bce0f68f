import type { Plane } from './planes.ts'

/**
 * Peak signal-to-noise ratio in dB, peak 255: 10 log10(255² / MSE), the squared error averaged over all planes together.
 * Identical planes give Infinity (BasicSR's convention; some scripts cap it at 100).
 */
export function psnr(output: readonly Plane[], reference: readonly Plane[]): number {
  let sum = 0
  let count = 0
  for (const [index, plane] of output.entries()) {
    const other = reference[index]!.data
    const { data } = plane
    for (let i = 0; i < data.length; i++) {
      const difference = data[i]! - other[i]!
      sum += difference * difference
    }
    count += data.length
  }
  return sum === 0 ? Infinity : 10 * Math.log10((255 * 255 * count) / sum)
}
