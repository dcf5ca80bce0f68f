import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { costOf, frontOf, noiseOf, sweep, withinBudget, type Choices } from '../../../main/tune/precision.ts'

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
})
