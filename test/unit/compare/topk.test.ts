import { describe, expect, test } from 'vitest'
import { argmax, isAmongLargest, topkMeasures } from '../../../main/compare/topk.ts'
import type { Measure } from '../../../main/compare/measure.ts'
import type { VersionOutput } from '../../../main/compare/scores.ts'
import type { TopkSettings } from '../../../main/core/score.ts'
import { floats } from '../../fixtures/build-model.ts'

const output = (values: readonly number[]): VersionOutput => ({ results: { y: floats([1, values.length], values) }, values: new Map([['y', Float32Array.from(values)]]), picture: null })
const sample = (id: string) => ({ id, feeds: {} })
const TOP: TopkSettings = { kind: 'topk', k: [1, 2], offset: 0 }
const label = (value: number) => ({ label: value, where: `labels.csv:${value}` })

test('ties go to the lower index', () => {
  expect(argmax([1, 3, 3, 2])).toBe(1)
  expect([0, 1, 2, 3].map((index) => isAmongLargest([3, 3, 3, 1], index, 2))).toEqual([true, true, false, false])
  // As a stable sort, largest first, has it.
  const values = [0.2, 0.5, 0.2, 0.5, 0.1, 0.2]
  const order = values.map((_, index) => index).toSorted((a, b) => values[b]! - values[a]!)
  for (let k = 1; k <= 6; k++) expect(values.map((_, index) => isAmongLargest(values, index, k))).toEqual(values.map((_, index) => order.indexOf(index) < k))
})

describe('measures', () => {
  const labels = new Map([['a', label(0)], ['b', label(2)], ['c', label(1)]])
  const float = [[5, 1, 0], [0, 2, 1], [1, 1, 0]].map(output)
  const quantized = [[5, 6, 0], [0, 1, 2], [1, 1, 0]].map(output)
  const ids = ['a', 'b', 'c']

  test('labels first, then agreement with float, in percent; a single sample is 0 or 100', async () => {
    const measures = topkMeasures(TOP, { output: 'y', labels })
    expect(measures.map(({ id, unit, isRelative, keepsSamples }) => [id.replace(/@\w{8}/, '@'), unit, isRelative, keepsSamples])).toEqual([
      ['top1/labels@', '%', false, false], ['top2/labels@', '%', false, false], ['agreement/top1', '%', true, true], ['agreement/top2', '%', true, false],
    ])
    const seenBy = async (measure: Measure<boolean>, outputs: readonly VersionOutput[]): Promise<boolean[]> => {
      const seen: boolean[] = []
      for (const [at, id] of ids.entries()) seen.push(await measure.evidence(outputs[at]!, float[at]!, sample(id)))
      return seen
    }
    const totals = await Promise.all(measures.map(async (measure) => measure.total(await seenBy(measure, quantized))))
    // b is right now, a is among two, c is the second of two that are equal.
    expect(totals.map(({ mean }) => mean)).toEqual([100 / 3, 100, 100 / 3, 100])
    const top1 = measures[0]!
    expect(top1.total([await top1.evidence(quantized[1]!, float[1]!, sample('b'))])).toEqual({ mean: 100, infinite: 0 })
    expect(top1.total(await seenBy(top1, float)).mean).toBe(100 / 3)
  })

  test('without labels only the agreement; other labels, another id', () => {
    expect(topkMeasures(TOP, { output: 'y' }).map(({ id }) => id)).toEqual(['agreement/top1', 'agreement/top2'])
    const idOf = (all: typeof labels) => topkMeasures(TOP, { output: 'y', labels: all })[0]!.id
    expect(idOf(new Map([...labels, ['c', label(2)]]))).not.toBe(idOf(labels))
    expect(idOf(new Map([...labels, ['c', { label: 1, where: 'elsewhere.csv:9' }]]))).toBe(idOf(labels))
    expect(topkMeasures({ ...TOP, output: 'a/b' }, { output: 'y' })[0]!.id).toBe('agreement/top1/a%2Fb')
  })

  test('what does not fit is refused where it stands', () => {
    const [top1] = topkMeasures(TOP, { output: 'y', labels: new Map([['a', { label: 3, where: 'labels.csv:2' }]]) })
    expect(() => top1!.evidence(float[0]!, float[0]!, sample('a'))).toThrow(expect.objectContaining({ code: 'samples.labels', where: 'labels.csv:2', what: 'class 3 is none of the 3 that the model tells apart' }))
    expect(() => topkMeasures({ ...TOP, k: [4] }, { output: 'y' })[0]!.evidence(float[0]!, float[0]!, sample('a'))).toThrow(/the largest 4 are asked for/)
    expect(() => topkMeasures({ ...TOP, output: 'z' }, { output: 'y' })[0]!.evidence(float[0]!, float[0]!, sample('a'))).toThrow(expect.objectContaining({ code: 'recipe.metric', next: 'Did you mean y?' }))
  })
})
