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

/**
 * Distinct assignments over prices that are evenly spread on a logarithm, the cheapest first, with the cheapest and the quietest of all.
 * `whole`: each is settled by costs and noise of the whole.
 */
export function sweep(choices: Choices, prices = 20, whole?: Whole): Assignment[] {
  const slopes = choices.flatMap((options) => options.flatMap((a) => options.flatMap((b) => (b.cost > a.cost && a.noise > b.noise ? [(a.noise - b.noise) / (b.cost - a.cost)] : []))))
  const [low, high] = slopes.length === 0 ? [1, 1] : [Math.min(...slopes) / 2, Math.max(...slopes) * 2]
  const lambdas = [Infinity, ...Array.from({ length: prices }, (_, index) => high * (low / high) ** (index / Math.max(1, prices - 1))), 0]
  const made = new Map<string, Assignment>()
  for (const lambda of lambdas) {
    const alone = lambda === Infinity ? cheapest(choices) : atPrice(choices, lambda)
    const taken = whole && lambda !== Infinity ? settled(choices, alone, lambda, whole) : alone
    made.set(taken.join(), taken)
  }
  const paid = whole ? whole.cost : (taken: Assignment): number => costOf(choices, taken)
  return [...made.values()].toSorted((a, b) => paid(a) - paid(b))
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

/** What units that are noisy together add to each other, measured at one assignment. */
export interface Together {
  readonly at: Assignment
  /** By unit: noise of the whole less noise of all but it. */
  readonly added: readonly number[]
}

/**
 * Noise of an assignment. Errors of several units add up alone where they are independent; where they are not, every unit shares with the
 * others in proportion to their amplitudes, by as much as was measured at the assignment of most similar noise: total = Σ (alone + added) / 2
 * there, which is exact for noise that is a quadratic form of the errors.
 */
export function predictNoise(choices: Choices, taken: Assignment, known: readonly Together[]): number {
  const alone = noiseOf(choices, taken)
  const apart = ({ at }: Together): number => Math.abs(Math.log(Math.max(alone, Number.MIN_VALUE) / Math.max(noiseOf(choices, at), Number.MIN_VALUE)))
  const [together] = known.toSorted((a, b) => apart(a) - apart(b))
  if (!together) return alone
  const { amplitudes, shared, all } = amplitudesAt(choices, together)
  const now = taken.map((place, unit) => scaleOf(choices[unit]!, place, together.at[unit]!))
  const sum = now.reduce((total, scale, unit) => total + scale * amplitudes[unit]!, 0)
  const found = alone + now.reduce((total, scale, unit) => {
    const others = all - amplitudes[unit]!
    return total + (others > 0 ? (shared[unit]! * scale * (sum - scale * amplitudes[unit]!)) / others : 0)
  }, 0)
  // Errors that all add up, and the largest less all others: nothing lies beyond.
  const each = taken.map((place, unit) => Math.sqrt(choices[unit]![place]!.noise))
  const most = each.reduce((total, one) => total + one, 0)
  return Math.min(most ** 2, Math.max(Math.max(0, 2 * Math.max(0, ...each) - most) ** 2, found))
}

/** Choices whose noises add up to the prediction at the noisiest of the assignments that were measured. */
export function withShares(choices: Choices, known: readonly Together[]): Choices {
  const [together] = known.toSorted((a, b) => noiseOf(choices, b.at) - noiseOf(choices, a.at))
  if (!together) return choices
  const { shared } = amplitudesAt(choices, together)
  return choices.map((options, unit) => options.map((option, place) => ({ ...option, noise: Math.max(0, option.noise + shared[unit]! * scaleOf(options, place, together.at[unit]!)) })))
}

function amplitudesAt(choices: Choices, { at, added }: Together): { readonly amplitudes: readonly number[]; readonly shared: readonly number[]; readonly all: number } {
  const noises = at.map((place, unit) => choices[unit]![place]!.noise)
  const amplitudes = noises.map(Math.sqrt)
  return { amplitudes, shared: noises.map((noise, unit) => (noise > 0 ? (added[unit]! - noise) / 2 : 0)), all: amplitudes.reduce((sum, one) => sum + one, 0) }
}

const scaleOf = (options: readonly PrecisionOption[], place: number, at: number): number => (options[at]!.noise > 0 ? Math.sqrt(options[place]!.noise / options[at]!.noise) : 0)

/** Cost and noise of whole assignments, where they are more than sums over units: neighbours of one precision need no conversion. */
export interface Whole {
  cost(taken: Assignment): number
  noise(taken: Assignment): number
}

const PASSES = 2

/** Changes units one by one while noise + λ · cost of the whole falls. */
export function settled(choices: Choices, start: Assignment, lambda: number, whole: Whole): Assignment {
  const worth = (taken: Assignment): number => whole.noise(taken) + lambda * whole.cost(taken)
  let best = start
  let value = worth(best)
  for (let pass = 0; pass < PASSES; pass++) {
    const before = value
    for (const [unit, options] of choices.entries()) {
      for (const place of options.keys()) {
        const tried = best.with(unit, place)
        const now = place === best[unit] ? value : worth(tried)
        if (now < value * (1 - 1e-12)) [best, value] = [tried, now]
      }
    }
    if (value === before) break
  }
  return best
}

/** Spends what is left of a budget: again and again the upgrade that takes away most noise for its cost and fits (ALGORITHMS 8.3, step 3). */
export function spent(choices: Choices, start: Assignment, most: number, whole: Whole): Assignment {
  let best = start
  for (;;) {
    const [noise, cost] = [whole.noise(best), whole.cost(best)]
    const upgrades = choices.flatMap((options, unit) => options.flatMap((_, place) => {
      if (place === best[unit]) return []
      const taken = best.with(unit, place)
      const gain = noise - whole.noise(taken)
      return gain > noise * 1e-9 ? [{ taken, gain, costs: whole.cost(taken) }] : []
    })).filter(({ costs }) => costs <= most)
    const worth = ({ gain, costs }: { gain: number; costs: number }): number => gain / Math.max(costs - cost, Number.MIN_VALUE)
    const [first] = upgrades.toSorted((a, b) => worth(b) - worth(a) || b.gain - a.gain)
    if (!first) return best
    best = first.taken
  }
}

/** The least noise within a budget on the cost of the whole; null where nothing that was found keeps it. */
export function wholeWithin(choices: Choices, most: number, whole: Whole): Assignment | null {
  const none = choices.map(() => 0)
  // Costs of single changes against all in the first option, whose own is known.
  const base = whole.cost(none) - costOf(choices, none)
  for (let room = most - base, tries = 0; tries < 8; tries++) {
    const taken = withinBudget(choices, room)
    if (taken === null) break
    const over = whole.cost(taken) - most
    if (over <= 1e-9 * Math.abs(most)) return spent(choices, taken, most * (1 + 1e-9), whole)
    room -= over
  }
  const cheap = settled(choices, cheapest(choices), 1e9, whole)
  return whole.cost(cheap) <= most * (1 + 1e-9) ? spent(choices, cheap, most * (1 + 1e-9), whole) : null
}

/** Which points no other beats in both: less cost and no more loss, or less loss and no more cost. Equal points: the first stays. */
export function frontOf(points: readonly { readonly cost: number; readonly loss: number }[]): boolean[] {
  return points.map((point, index) => points.every((other, at) => {
    const asGood = other.cost <= point.cost && other.loss <= point.loss
    const better = other.cost < point.cost || other.loss < point.loss
    return !(asGood && (better || at < index))
  }))
}
