import type { Grid, Range } from '../../core/grid.ts'
import type { TensorStatistics } from '../statistics.ts'
import { expectedError } from './expected-error.ts'
import { rangeOf, usedBits } from './levels.ts'
import { maxRange, thresholdMethod } from './threshold-method.ts'
import { sumsBelow, type View, viewOf } from './view.ts'

export interface AciqAlphas {
  readonly laplace: number
  readonly gauss: number
}

/** The closed-form clips of a tensor under the two assumed densities. */
export const aciqAlphas = (statistics: TensorStatistics, grid: Grid): AciqAlphas => alphasOf(viewOf(statistics), grid)

/**
 * Clips that are optimal for a Laplace and for a Gauss density (ALGORITHMS 3.6), the better of them and MAX by the error
 * that the histogram gives. One-sided data are a rectified density: its parameter is estimated from the positive part, and
 * an asymmetric grid spends all codes on one half, as one more bit would.
 */
export const aciq = thresholdMethod('aciq', (view, grid) => {
  if (view.magnitude.total === 0) return { cannot: 'the sampled values are all 0' }
  const alphas = alphasOf(view, grid)
  const candidates: (Range & { why: string })[] = [
    { ...maxRange(view), why: 'no density beats the whole range' },
    { ...around(view, grid, alphas.laplace), why: 'optimal clip of a Laplace density' },
    { ...around(view, grid, alphas.gauss), why: 'optimal clip of a Gauss density' },
  ]
  const errors = candidates.map(({ lo, hi }) => expectedError(view, lo, hi, grid).total)
  return candidates[errors.indexOf(Math.min(...errors))]!
})

function alphasOf(view: View, grid: Grid): AciqAlphas {
  const bits = usedBits(grid) + (view.oneSided !== null && !grid.symmetric ? 1 : 0)
  const { deviation, sigma } = view.oneSided === null ? spreadOf(view) : rectifiedSpreadOf(view)
  return { laplace: deviation * laplaceFactor(bits), gauss: sigma * gaussFactor(bits) }
}

function around(view: View, grid: Grid, alpha: number): Range {
  if (view.oneSided !== null) return rangeOf(view, alpha)
  const mean = meanOf(view)
  if (grid.symmetric) return rangeOf(view, Math.min(Math.abs(mean) + alpha, view.absmax))
  return { lo: Math.max(view.min, mean - alpha), hi: Math.min(view.max, mean + alpha) }
}

const total = (view: View, sum: 's1' | 's2', sign: 1 | -1): number =>
  view.positive[sum][view.positive.bins]! + sign * view.negative[sum][view.negative.bins]!

const meanOf = (view: View): number => total(view, 's1', -1) / view.count

const below = new Float64Array(3)

/** E|x - mean| and the standard deviation. */
function spreadOf(view: View): { deviation: number; sigma: number } {
  const mean = meanOf(view)
  const side = mean >= 0 ? view.positive : view.negative
  const distance = Math.abs(mean)
  sumsBelow(side, distance, below)
  const beyond = side.s1[side.bins]! - below[1]! - distance * (side.total - below[0]!)
  // Deviations to both sides of the mean are equal in sum.
  return { deviation: (2 * beyond) / view.count, sigma: Math.sqrt(Math.max(total(view, 's2', 1) / view.count - mean * mean, 0)) }
}

/** Parameters of the density whose negative half was cut off: from the values that are left. */
function rectifiedSpreadOf({ magnitude }: View): { deviation: number; sigma: number } {
  return { deviation: magnitude.s1[magnitude.bins]! / magnitude.total, sigma: Math.sqrt(magnitude.s2[magnitude.bins]! / magnitude.total) }
}

/** The a > 0 with e^-a = a / (3·4^bits): the optimal clip of a Laplace density in units of its scale. */
export const laplaceFactor = (bits: number): number => root((a) => Math.exp(-a) - a / (3 * 4 ** bits))

/** The a > 0 with 2·(φ(a) - a·Q(a)) = a / (3·4^bits): the optimal clip of a Gauss density in units of sigma. */
export const gaussFactor = (bits: number): number => root((a) => 2 * (density(a) - a * upperTail(a)) - a / (3 * 4 ** bits))

const density = (a: number): number => Math.exp((-a * a) / 2) / Math.sqrt(2 * Math.PI)

/**
 * Q(a), the share of a unit Gauss above a: its Taylor series below 3, Laplace's continued fraction above
 * (Abramowitz and Stegun 26.2.10 and 26.2.14).
 */
function upperTail(a: number): number {
  if (a < 3) {
    let [term, sum] = [a, a]
    for (let n = 1; n < 60; n++) {
      term *= (-a * a) / (2 * n)
      sum += term / (2 * n + 1)
    }
    return 0.5 - sum / Math.sqrt(2 * Math.PI)
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / (a + fraction)
  return density(a) / (a + fraction)
}

/** The zero of a falling function on (0, 64). */
function root(f: (a: number) => number): number {
  let [low, high] = [0, 64]
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (f(middle) > 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
