import type { Grid, Range } from '../../core/grid.ts'
import { expectedError } from './expected-error.ts'
import { rangeOf } from './levels.ts'
import { maxRange, thresholdMethod } from './threshold-method.ts'
import type { View } from './view.ts'

const GRID = 128
/** Below the grid's first step the search goes on by this factor: few values far out can stretch the range a hundredfold. */
const FINER = 0.8
const FINER_STEPS = 20
const GOLDEN = (Math.sqrt(5) - 1) / 2
const GOLDEN_STEPS = 16
const ROUNDS = 4
/** Share of the range to both sides that rounds after the first look at. */
const NEAR = 8 / GRID

let last: { readonly view: View; readonly grid: Grid; readonly range: Range } | undefined

/** The range with the least expected squared error (ALGORITHMS 3.4a). The last one is kept: other methods start from it. */
export function mseRange(view: View, grid: Grid): Range {
  if (last?.view !== view || last.grid !== grid) last = { view, grid, range: search(view, grid) }
  return last.range
}

function search(view: View, grid: Grid): Range {
  const cost = ({ lo, hi }: Range) => expectedError(view, lo, hi, grid).total
  const threshold = leastCost((share) => cost(rangeOf(view, share * view.absmax)), 1)
  const together = rangeOf(view, threshold * view.absmax)
  if (grid.symmetric || view.oneSided !== null) return together
  const apart = descend(cost, maxRange(view))
  const refined = descend(cost, together)
  return cost(refined) <= cost(apart) ? refined : apart
}

/** The share in (to, from] of least cost: 1/128 steps down, finer ones near 0, then golden section around the best; ties to the largest. */
function leastCost(cost: (share: number) => number, from: number, to = 0): number {
  let [best, least] = [from, cost(from)]
  const consider = (share: number): void => {
    const value = cost(share)
    if (value < least) [best, least] = [share, value]
  }
  for (let share = from - 1 / GRID; share > Math.max(to, 0.5 / GRID); share -= 1 / GRID) consider(share)
  let around: [number, number] = [best - 1 / GRID, Math.min(best + 1 / GRID, from)]
  if (best < 1.5 / GRID) {
    for (let step = 1; step <= FINER_STEPS; step++) consider(FINER ** step / GRID)
    around = [best * FINER, Math.min(best / FINER, from)]
  }
  const refined = golden(cost, ...around)
  return cost(refined) < least ? refined : best
}

function golden(cost: (x: number) => number, from: number, to: number): number {
  let [a, b] = [from, to]
  let [x, y] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)]
  let [atX, atY] = [cost(x), cost(y)]
  for (let step = 0; step < GOLDEN_STEPS; step++) {
    if (atX < atY) {
      ;[b, y, atY] = [y, x, atX]
      x = b - GOLDEN * (b - a)
      atX = cost(x)
    } else {
      ;[a, x, atX] = [x, y, atY]
      y = a + GOLDEN * (b - a)
      atY = cost(y)
    }
  }
  return atX < atY ? x : y
}

/** Moves one end at a time to its best place until neither moves; after the first round in the neighbourhood only. */
function descend(cost: (range: Range) => number, start: Range): Range {
  const shares = { lo: 1, hi: 1 }
  const at = (): Range => ({ lo: shares.lo * start.lo, hi: shares.hi * start.hi })
  let least = cost(start)
  for (let round = 0; round < ROUNDS; round++) {
    const before = least
    for (const end of ['hi', 'lo'] as const) {
      if (start[end] === 0) continue
      const [from, to] = round === 0 ? [1, 0] : [Math.min(shares[end] + NEAR, 1), shares[end] - NEAR]
      const share = leastCost((part) => cost({ ...at(), [end]: part * start[end] }), from, to)
      const value = cost({ ...at(), [end]: share * start[end] })
      if (value < least) [shares[end], least] = [share, value]
    }
    if (least === before) break
  }
  return at()
}

export const mse = thresholdMethod('mse', (view, grid) => ({ ...mseRange(view, grid), why: 'least expected squared error' }), { errorBased: true })
