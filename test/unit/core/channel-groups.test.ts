import { expect, it } from 'vitest'
import { channelGroups, groupedScales } from '../../../main/core/channel-groups.ts'
import { quantizeWeight } from '../../../main/quantize/weights.ts'
import { quantizeOptions } from '../../../main/quantize/options.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'

/** Σ n_g · R_g² of a grouping. */
const cost = (ranges: readonly number[], groups: readonly number[]): number => {
  const members = Map.groupBy(ranges.map((range, channel) => ({ range, group: groups[channel]! })), ({ group }) => group)
  return [...members.values()].reduce((sum, list) => sum + list.length * Math.max(...list.map(({ range }) => range)) ** 2, 0)
}

/** Every way of cutting the sorted channels into `count` stretches. */
function* cuttings(length: number, count: number, from = 1): Generator<number[]> {
  if (count === 1) yield []
  else for (let cut = from; cut < length; cut++) for (const rest of cuttings(length, count - 1, cut + 1)) yield [cut, ...rest]
}

it('puts channels of like magnitude together', () => {
  // One group costs 6 · 100; two (10, 9 | 1 …) 2 · 100 + 4 · 1.21; a third saves less than a tenth of that: 204.84 → 185.
  expect(channelGroups([1, 10, 0.9, 9, 1.1, 1], 4)).toEqual([1, 0, 1, 0, 1, 1])
})

it('finds the cheapest cuts, as trying all of them does', () => {
  const ranges = [8, 1, 4, 2.1, 0.4, 6, 2, 1.9]
  const sorted = ranges.toSorted((a, b) => b - a)
  for (const most of [2, 3, 4]) {
    const groups = channelGroups(ranges, most)
    const used = new Set(groups).size
    const all = [...cuttings(sorted.length, used)].map((cuts) => cost(sorted, sorted.map((_, at) => cuts.filter((cut) => cut <= at).length)))
    expect(cost(ranges, groups)).toBeCloseTo(Math.min(...all), 10)
  }
  expect(new Set(channelGroups(ranges, 4)).size).toBeGreaterThan(2)
})

it('makes no group that saves less than a tenth, and leaves equal channels together', () => {
  expect(channelGroups([1, 1, 1, 1], 4)).toEqual([0, 0, 0, 0])
  expect(channelGroups([1, 0.97, 0.96, 0.95], 4)).toEqual([0, 0, 0, 0])
  expect(channelGroups([3], 4)).toEqual([0])
})

it('writes the scale of a group for each of its channels', () => {
  expect(groupedScales([1, 10, 0.9, 9], 2)).toEqual({ scale: [1, 10, 1, 10], groups: 2 })
  const row = quantizeWeight(floats([4, 1, 1, 1], [127, -12.7, 120, 12]), { tensor: 'w', node: 'n', grid: { type: 'int8', symmetric: true }, axis: 0, groups: 4 }).row
  expect(row).toMatchObject({ granularity: 'channel', axis: 0, reason: '4 channels share 2 scales, by magnitude' })
  expect(row.scale).toEqual([1, Math.fround(0.1), 1, Math.fround(0.1)])
})

it('is what quantize.weights.granularity and single layers ask for', () => {
  const model = graph({
    inputs: { x: [1, 1, 4, 4] }, outputs: { y: null },
    nodes: [node('Conv', ['x', 'w1'], ['a'], {}, 'first'), node('Relu', ['a'], ['r'], {}, 'relu'), node('Conv', ['r', 'w2'], ['y'], {}, 'second')],
    initializers: { w1: noise([4, 1, 1, 1]), w2: noise([2, 4, 1, 1]) },
  })
  const weightsOf = (wishes: Parameters<typeof quantizeOptions>[0]) => planQuantization(model, quantizeOptions(wishes)).weights.map(({ axis, groups }) => [axis, groups])
  expect(weightsOf({})).toEqual([[0, undefined], [0, undefined]])
  expect(weightsOf({ weights: { granularity: 'group', groups: 3 } })).toEqual([[0, 3], [0, 3]])
  expect(weightsOf({ layers: { 'op:Conv': { granularity: 'group' }, second: { granularity: 'tensor' } } })).toEqual([[0, 4], [null, undefined]])
  // What comes out behind the Relu is the layer's too.
  expect(weightsOf({ layers: { r: { granularity: 'tensor' } } })).toEqual([[null, undefined], [0, undefined]])
  expect(planQuantization(model, quantizeOptions({ layers: { first: { rounding: 'nearest' } } })).weights.map(({ rounding }) => rounding)).toEqual(['nearest', undefined])
})
