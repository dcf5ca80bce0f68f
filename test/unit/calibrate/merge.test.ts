import { describe, expect, it } from 'vitest'
import { countFloats } from '../../../main/calibrate/bin-counter.ts'
import { checkStatistics } from '../../../main/calibrate/check-statistics.ts'
import { exactSum } from '../../../main/calibrate/exact-sum.ts'
import { samplesSha256Of, sortSamples } from '../../../main/calibrate/observed-samples.ts'
import { decodeStatistics, encodeStatistics, mergeStatistics } from '../../../main/calibrate/statistics-file.ts'
import type { Statistics } from '../../../main/calibrate/statistics.ts'
import { addChannels, foldOf, statisticsOfTally, tensorTally } from '../../../main/calibrate/tensor-tally.ts'
import { sha256 } from '../../../main/core/hash.ts'
import { seededRandom } from '../../../main/core/random.ts'

interface Part {
  readonly id: string
  /** Values of one channel each. */
  readonly channels: readonly Float32Array[]
}

const part = (index: number, channels = 3): Part => {
  const random = seededRandom(index)
  // Magnitudes from 1e-6 to 1e6 between parts: growth of the range must not show.
  const scale = 10 ** (random() * 12 - 6)
  return { id: `picture ${index}`, channels: Array.from({ length: channels }, () => Float32Array.from({ length: 50 }, () => (random() < 0.2 ? 0 : (random() - 0.4) * scale))) }
}

function observedInOnePass(parts: readonly Part[]): Statistics {
  const tally = tensorTally('features/0: a b')
  for (const { id, channels } of parts) {
    addChannels(tally, { min: channels.map((values) => Math.min(...values)), max: channels.map((values) => Math.max(...values)), sum: channels.map(exactSum) })
    for (const values of channels) countFloats(tally.folds[foldOf(id)], values)
    tally.count += channels.length * 50
    tally.sampled += channels.length * 50
  }
  const observed = sortSamples(parts.map(({ id }) => ({ id, sha256: sha256(id) })))
  return {
    format: 1, modelSha256: sha256('model'), samplesSha256: samplesSha256Of(observed), samples: parts.length, observed, valuesPerTensor: null, protocol: 'rgb 0..255',
    tensors: new Map([[tally.tensor, statisticsOfTally(tally)]]),
  }
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed)
  return items.map((item) => ({ item, key: random() })).toSorted((a, b) => a.key - b.key).map(({ item }) => item)
}

const parts = Array.from({ length: 12 }, (_, index) => part(index))
const whole = encodeStatistics(observedInOnePass(parts))

describe('statistics', () => {
  it('have the same bytes for 20 orders of the pictures', () => {
    for (let seed = 0; seed < 20; seed++) expect(encodeStatistics(observedInOnePass(shuffled(parts, seed)))).toEqual(whole)
  })

  it('have the same bytes for 20 random splits, merged in random order', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = seededRandom(seed, 7)
      const groups = Map.groupBy(parts, () => Math.floor(random() * 4))
      const pieces = shuffled([...groups.values()], seed).map(observedInOnePass)
      expect(encodeStatistics(mergeStatistics(pieces))).toEqual(whole)
    }
  })

  it('are one channel when pictures differ on axis 1, whatever the order', () => {
    const mixed = [part(1, 3), part(2, 4), part(3, 3), part(4, 4)]
    const expected = encodeStatistics(observedInOnePass(mixed))
    expect(decodeStatistics(expected).tensors.get('features/0: a b')).toMatchObject({ channels: 1, count: 700 })
    for (let seed = 0; seed < 10; seed++) {
      const order = shuffled(mixed, seed)
      expect(encodeStatistics(observedInOnePass(order))).toEqual(expected)
      expect(encodeStatistics(mergeStatistics([observedInOnePass(order.slice(0, 2)), observedInOnePass(order.slice(2))]))).toEqual(expected)
    }
  })

  it('count every value once, zeros too', () => {
    const tensor = observedInOnePass(parts).tensors.get('features/0: a b')!
    const total = tensor.folds.flatMap((fold) => [...fold.counts]).reduce((a, b) => a + b, 0)
    expect(total).toBe(12 * 150)
    expect(tensor.count).toBe(total)
    expect(tensor.folds.every((fold) => fold.counts.length > 0)).toBe(true)
  })
})

describe('merging', () => {
  const [a, b] = [observedInOnePass(parts.slice(0, 6)), observedInOnePass(parts.slice(6))]

  it.each([
    ['another model', { ...b, modelSha256: sha256('other') }, /differ in the model/],
    ['another protocol', { ...b, protocol: 'bgr' }, /protocol: 'rgb 0..255' and 'bgr'/],
    ['another sampling', { ...b, valuesPerTensor: 100 }, /values per tensor: null and 100/],
    ['other tensors', { ...b, tensors: new Map() }, /for one 'features\/0: a b'/],
    ['a shared picture', observedInOnePass(parts.slice(5)), /hold this sample/],
  ])('refuses %s', (_, other, message) => {
    expect(() => mergeStatistics([a, other])).toThrow(message)
  })

  it('refuses nothing to merge', () => {
    expect(() => mergeStatistics([])).toThrow(/no statistics/)
  })
})

describe('checkStatistics', () => {
  const statistics = observedInOnePass(parts)

  it('takes what fits', () => {
    expect(() => checkStatistics(statistics, sha256('model'), ['features/0: a b'])).not.toThrow()
  })

  it('names the tensors that are missing and those not known', () => {
    expect(() => checkStatistics(statistics, sha256('model'), ['x', 'y'], { where: 'a.stat' })).toThrow(/a\.stat: tensors missing: x, y; not known here: features\/0: a b/)
    expect(() => checkStatistics(statistics, sha256('model'), [], { allowUnexpected: true })).not.toThrow()
  })

  it('refuses another model', () => {
    expect(() => checkStatistics(statistics, sha256('other'), ['features/0: a b'])).toThrow(/of another model/)
  })
})
