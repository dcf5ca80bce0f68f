import { Fault } from '../core/fault.ts'
import type { Plane } from './planes.ts'

const WINDOW = 11
const SIGMA = 1.5
const C1 = (0.01 * 255) ** 2
const C2 = (0.03 * 255) ** 2

const KERNEL = gaussian(WINDOW, SIGMA)

function gaussian(size: number, sigma: number): Float64Array {
  const middle = (size - 1) / 2
  const weights = Float64Array.from({ length: size }, (_, i) => Math.exp(-((i - middle) ** 2) / (2 * sigma * sigma)))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

/**
 * Structural similarity of two planes (Wang et al. 2004): Gaussian window 11×11 of sigma 1.5, only windows that lie wholly
 * inside, population variances, float64. 1 for identical planes. The mean over windows.
 */
export function ssim(a: Plane, b: Plane): number {
  const { width, height } = a
  const across = width - WINDOW + 1
  const down = height - WINDOW + 1
  if (across < 1 || down < 1) {
    throw new Fault({
      code: 'samples.too-small',
      what: `SSIM needs at least ${WINDOW}×${WINDOW} pixels, ${width}×${height} are left after the shave`,
      next: 'Use larger pictures, a smaller shave, or PSNR.',
    })
  }
  // The variances only occur as a sum, so four filtered maps do instead of five: a, b, a² + b², ab.
  const stride = 4 * across
  const filteredRows = new Float64Array(WINDOW * stride)
  let total = 0
  for (let row = 0; row < height; row++) {
    filterRow(a.data, b.data, row * width, across, filteredRows, (row % WINDOW) * stride)
    if (row >= WINDOW - 1) total += similarityOfRow(filteredRows, row + 1, across)
  }
  return total / (across * down)
}

/** Horizontal pass over one row: four maps side by side from `to` on. */
function filterRow(a: Float32Array, b: Float32Array, from: number, across: number, out: Float64Array, to: number): void {
  for (let x = 0; x < across; x++) {
    let sumA = 0
    let sumB = 0
    let sumSquares = 0
    let sumProduct = 0
    for (let k = 0; k < WINDOW; k++) {
      const weight = KERNEL[k]!
      const valueA = a[from + x + k]!
      const valueB = b[from + x + k]!
      sumA += weight * valueA
      sumB += weight * valueB
      sumSquares += weight * (valueA * valueA + valueB * valueB)
      sumProduct += weight * valueA * valueB
    }
    out[to + x] = sumA
    out[to + across + x] = sumB
    out[to + 2 * across + x] = sumSquares
    out[to + 3 * across + x] = sumProduct
  }
}

/** Vertical pass over the ring of the last 11 filtered rows, the oldest being row `next` of the ring; sum of the similarities. */
function similarityOfRow(rows: Float64Array, next: number, across: number): number {
  const stride = 4 * across
  const vertical = new Float64Array(stride)
  for (let k = 0; k < WINDOW; k++) {
    const weight = KERNEL[k]!
    const from = ((next + k) % WINDOW) * stride
    for (let i = 0; i < stride; i++) vertical[i]! += weight * rows[from + i]!
  }
  let sum = 0
  for (let x = 0; x < across; x++) {
    const meanA = vertical[x]!
    const meanB = vertical[across + x]!
    const product = meanA * meanB
    const squares = meanA * meanA + meanB * meanB
    const variances = vertical[2 * across + x]! - squares
    const covariance = vertical[3 * across + x]! - product
    sum += ((2 * product + C1) * (2 * covariance + C2)) / ((squares + C1) * (variances + C2))
  }
  return sum
}
