import type { Grid } from '../../core/grid.ts'
import { levelsAt, rangeOf } from './levels.ts'
import { thresholdMethod } from './threshold-method.ts'
import { sumsBelow, type View } from './view.ts'

const MAX_STEPS = 30
const TOLERANCE = 1e-6
const below = new Float64Array(3)

/**
 * Newton's iteration for the clip that balances clipping against rounding (ALGORITHMS 3.5):
 * T ← Σ_{|x|>T} |x| / (#{0<|x|≤T} / 12n² + #{|x|>T}), zeros left out because they round exactly.
 */
export function octavThreshold(view: View, grid: Grid): number {
  const side = view.magnitude
  const all1 = side.s1[side.bins]!
  let threshold = all1 / side.total
  for (let step = 0; step < MAX_STEPS; step++) {
    sumsBelow(side, threshold, below)
    const inside = below[0]!
    const outside = side.total - inside
    const denominator = inside / (12 * levelsAt(view, grid, threshold) ** 2) + outside
    if (!(denominator > 0)) return view.absmax
    const next = Math.min((all1 - below[1]!) / denominator, view.absmax)
    if (Math.abs(next - threshold) < TOLERANCE * threshold) return next
    threshold = next
  }
  return threshold
}

export const octav = thresholdMethod(
  'octav',
  (view, grid) => {
    if (view.magnitude.total === 0) return { cannot: 'the sampled values are all 0' }
    return { ...rangeOf(view, octavThreshold(view, grid)), why: 'clipping and rounding error balance' }
  },
  { errorBased: true },
)
