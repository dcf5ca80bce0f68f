import type { PrecisionName } from '../core/tune.ts'

/** One way to compute a unit: what it costs, and the noise that it alone leaves in the outputs. */
export interface PrecisionOption {
  readonly precision: PrecisionName
  readonly cost: number
  readonly noise: number
}

/** The options of each unit; every unit has at least one. */
export type Choices = readonly (readonly PrecisionOption[])[]

/** Places of the options taken, unit by unit. */
export type Assignment = readonly number[]

export const costOf = (choices: Choices, taken: Assignment): number => taken.reduce((sum, place, unit) => sum + choices[unit]![place]!.cost, 0)
export const noiseOf = (choices: Choices, taken: Assignment): number => taken.reduce((sum, place, unit) => sum + choices[unit]![place]!.noise, 0)

/** The option of each unit that is least in noise + λ · cost; of equals the cheaper (ALGORITHMS 8.3). */
export const atPrice = (choices: Choices, lambda: number): Assignment =>
  choices.map((options) => options.reduce((best, option, place) => {
    const held = options[best]!
    const difference = option.noise + lambda * option.cost - (held.noise + lambda * held.cost)
    return difference < 0 || (difference === 0 && option.cost < held.cost) ? place : best
  }, 0))

/** Distinct assignments over prices that are evenly spread on a logarithm, the cheapest first, with the cheapest and the quietest of all. */
export function sweep(choices: Choices, prices = 20): Assignment[] {
  const slopes = choices.flatMap((options) => options.flatMap((a) => options.flatMap((b) => (b.cost > a.cost && a.noise > b.noise ? [(a.noise - b.noise) / (b.cost - a.cost)] : []))))
  const [low, high] = slopes.length === 0 ? [1, 1] : [Math.min(...slopes) / 2, Math.max(...slopes) * 2]
  const lambdas = [Infinity, ...Array.from({ length: prices }, (_, index) => high * (low / high) ** (index / Math.max(1, prices - 1))), 0]
  const made = new Map<string, Assignment>()
  for (const lambda of lambdas) {
    const taken = lambda === Infinity ? cheapest(choices) : atPrice(choices, lambda)
    made.set(taken.join(), taken)
  }
  return [...made.values()].toSorted((a, b) => costOf(choices, a) - costOf(choices, b))
}

const cheapest = (choices: Choices): Assignment =>
  choices.map((options) => options.reduce((best, option, place) => (option.cost < options[best]!.cost || (option.cost === options[best]!.cost && option.noise < options[best]!.noise) ? place : best), 0))

/**
 * The least noise within a budget, by dynamic programming over the cost above the cheapest in `steps` steps, costs rounded up: what it gives
 * keeps the budget, and is the best up to that rounding. Null where even the cheapest does not fit.
 */
export function withinBudget(choices: Choices, budget: number, steps = 1000): Assignment | null {
  const base = cheapest(choices)
  const spare = budget - costOf(choices, base)
  if (spare < -1e-9 * Math.abs(budget)) return null
  const unitStep = spare <= 0 ? 0 : spare / steps
  const stepsOf = (option: PrecisionOption, unit: number): number => {
    const over = option.cost - choices[unit]![base[unit]!]!.cost
    return over <= 0 ? 0 : unitStep === 0 ? Infinity : Math.ceil(over / unitStep - 1e-9)
  }
  let best = new Float64Array(steps + 1)
  const taken: Int32Array[] = []
  for (const [unit, options] of choices.entries()) {
    const next = new Float64Array(steps + 1).fill(Infinity)
    const places = new Int32Array(steps + 1).fill(-1)
    for (const [place, option] of options.entries()) {
      const needs = stepsOf(option, unit)
      for (let used = needs; used <= steps; used++) {
        const noise = best[used - needs]! + option.noise
        if (noise < next[used]!) {
          next[used] = noise
          places[used] = place
        }
      }
    }
    best = next
    taken.push(places)
  }
  const assignment: number[] = []
  let left = steps
  for (let unit = choices.length - 1; unit >= 0; unit--) {
    const place = taken[unit]![left]!
    assignment[unit] = place
    left -= stepsOf(choices[unit]![place]!, unit)
  }
  return assignment
}

/** Which points no other beats in both: less cost and no more loss, or less loss and no more cost. Equal points: the first stays. */
export function frontOf(points: readonly { readonly cost: number; readonly loss: number }[]): boolean[] {
  return points.map((point, index) => points.every((other, at) => {
    const asGood = other.cost <= point.cost && other.loss <= point.loss
    const better = other.cost < point.cost || other.loss < point.loss
    return !(asGood && (better || at < index))
  }))
}
