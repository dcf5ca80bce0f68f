import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { costOf, frontOf, noiseOf, predictNoise, sweep, wholeWithin, withinBudget, withShares, type Assignment, type Choices, type Whole } from '../../../main/tune/precision.ts'

const NAMES = ['int8', 'int8w/int16a', 'float'] as const

/** 8 layers with 3 options each, costlier ones mostly quieter. */
function layers(seed: number): Choices {
  const random = seededRandom(seed)
  return Array.from({ length: 8 }, () => {
    const [cost, noise] = [1 + Math.floor(random() * 9), 1 + random() * 9]
    return NAMES.map((precision, place) => ({ precision, cost: cost * (1 + place), noise: place === 0 ? noise : noise * random() ** (2 * place) }))
  })
}

/** Every one of the 3^8 assignments. */
const all = (choices: Choices): number[][] => choices.reduce<number[][]>((made, options) => made.flatMap((taken) => options.map((_, place) => [...taken, place])), [[]])

describe('mixed precision', () => {
  it.each([1, 2, 3, 4, 5])('takes the least noise within a budget, as trying all of them does (seed %i)', (seed) => {
    const choices = layers(seed)
    const every = all(choices)
    const [low, high] = [Math.min(...every.map((taken) => costOf(choices, taken))), Math.max(...every.map((taken) => costOf(choices, taken)))]
    for (const share of [0, 0.2, 0.5, 0.8, 1]) {
      const budget = Math.round(low + share * (high - low))
      const best = Math.min(...every.filter((taken) => costOf(choices, taken) <= budget).map((taken) => noiseOf(choices, taken)))
      // Costs are whole numbers, so steps of one lose nothing to rounding.
      const taken = withinBudget(choices, budget, Math.max(1, budget - low))!
      expect(costOf(choices, taken)).toBeLessThanOrEqual(budget)
      expect(noiseOf(choices, taken)).toBeCloseTo(best, 12)
    }
  })

  it('keeps the budget with coarse steps, and says where nothing fits', () => {
    const choices = layers(9)
    const cheapest = costOf(choices, choices.map(() => 0))
    expect(withinBudget(choices, cheapest - 1)).toBeNull()
    for (let budget = cheapest; budget < cheapest + 60; budget += 7) expect(costOf(choices, withinBudget(choices, budget, 10)!)).toBeLessThanOrEqual(budget)
  })

  it.each([1, 2, 3])('by prices finds only assignments that no other beats in both (seed %i)', (seed) => {
    const choices = layers(seed)
    const every = all(choices).map((taken) => ({ cost: costOf(choices, taken), loss: noiseOf(choices, taken) }))
    const plans = sweep(choices, 40)
    expect(plans.length).toBeGreaterThan(5)
    for (const plan of plans) {
      const [cost, loss] = [costOf(choices, plan), noiseOf(choices, plan)]
      expect(every.filter((other) => other.cost <= cost && other.loss < loss - 1e-12)).toEqual([])
    }
    expect(noiseOf(choices, plans.at(-1)!)).toBeCloseTo(Math.min(...every.map(({ loss }) => loss)), 12)
    expect(costOf(choices, plans[0]!)).toBe(Math.min(...every.map(({ cost }) => cost)))
  })

  it('a front holds what nothing beats, equal points once', () => {
    expect(frontOf([{ cost: 1, loss: 5 }, { cost: 2, loss: 5 }, { cost: 2, loss: 3 }, { cost: 2, loss: 3 }, { cost: 3, loss: 4 }, { cost: 4, loss: 1 }])).toEqual([true, false, true, false, false, true])
  })

  /** Units beside each other in another precision pay 2 for the border; the ends count as int8. */
  const withBorders = (choices: Choices): Whole => ({
    noise: (taken) => noiseOf(choices, taken),
    cost: (taken) => costOf(choices, taken) + [0, ...taken].reduce((sum, place, at) => sum + (place === ([...taken, 0][at] ?? 0) ? 0 : 2), 0),
  })

  it.each([1, 2, 3, 4, 5, 6])('within a budget on the whole keeps it and is near the best of all, where neighbours of one precision save conversions (seed %i)', (seed) => {
    const choices = layers(seed).slice(0, 6)
    const whole = withBorders(choices)
    const singles = choices.map((options, unit) => options.map((option, place) => ({ ...option, cost: whole.cost(choices.map((_, at) => (at === unit ? place : 0))) - whole.cost(choices.map(() => 0)) })))
    const every = all(choices).map((taken) => ({ taken, cost: whole.cost(taken), noise: whole.noise(taken) }))
    const [low, high] = [Math.min(...every.map(({ cost }) => cost)), Math.max(...every.map(({ cost }) => cost))]
    for (const share of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
      const most = low + share * (high - low)
      const taken = wholeWithin(singles, most, whole)!
      expect(whole.cost(taken)).toBeLessThanOrEqual(most * (1 + 1e-9))
      // Borders make the problem hard; what is found stays within half of the noise that the best plan takes away beyond it.
      const best = Math.min(...every.filter(({ cost }) => cost <= most).map(({ noise }) => noise))
      const most8 = whole.noise(choices.map(() => 0))
      expect(most8 - whole.noise(taken)).toBeGreaterThanOrEqual(0.5 * (most8 - best))
    }
    expect(wholeWithin(singles, low - 0.5, whole)).toBeNull()
  })
})

describe('noise of units that are not independent', () => {
  const choices: Choices = [4, 9, 1].map((noise) => [{ precision: 'int8', cost: 1, noise }, { precision: 'int16', cost: 2, noise: noise / 16 }, { precision: 'float', cost: 4, noise: 0 }])
  const amplitudes = (taken: Assignment): number[] => taken.map((place, unit) => Math.sqrt(choices[unit]![place]!.noise))

  it.each([['all errors alike', 1], ['errors that cancel in part', -0.1], ['independent errors', 0]])('%s: every plan is predicted from what units add to each other at one', (_, correlation) => {
    // Σ a² + correlation · Σ a b over pairs: what errors of that correlation come to.
    const truth = (taken: Assignment): number => {
      const each = amplitudes(taken)
      return each.reduce((sum, a, i) => sum + each.reduce((inner, b, j) => inner + (i === j ? a * b : correlation * a * b), 0), 0)
    }
    const at = [0, 0, 0]
    const together = { at, added: at.map((_place, unit) => truth(at) - truth(at.with(unit, 2))) }
    for (const taken of all(choices)) expect(predictNoise(choices, taken, [together])).toBeCloseTo(truth(taken), 9)
    expect(noiseOf(withShares(choices, [together]), at)).toBeCloseTo(truth(at), 9)
    if (correlation === 0) for (const taken of all(choices)) expect(predictNoise(choices, taken, [])).toBe(noiseOf(choices, taken))
  })
})
