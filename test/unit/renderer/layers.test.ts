import { describe, expect, it } from 'vitest'
import type { PlannedTensor } from '../../../preload/contract/index.ts'
import { chartChange, keyInAddress, nameInAddress, readAddress } from '../../../renderer/features/layers/address.ts'
import { keyedEnd, pixelValues, snapped, ticks, tidy, toPixel, toValue, valueAt, withEnd, zoomed } from '../../../renderer/features/layers/axis.ts'
import { changeOf, draftsOf, edited, NO_EDITS, redone, undone, withDraft, withoutDrafts } from '../../../renderer/features/layers/draft.ts'
import { logFrom } from '../../../renderer/features/layers/draft-store.ts'
import { readLayerFilter } from '../../../renderer/features/layers/filter.ts'
import { joinedRows, withDrafts, worstOf } from '../../../renderer/features/layers/rows.ts'
import { endsOf, groupedMethods, rangeOf, type Method } from '../../../renderer/features/layers/shown-range.ts'
import { viewsFrom } from '../../../renderer/features/layers/views.ts'
import { filterWords, textTest } from '../../../renderer/ui/filter-words.ts'
import { layerError, scaleRow } from '../../fixtures/sample-run.ts'

const planned = (tensor: string, changes: Partial<PlannedTensor> = {}): PlannedTensor => ({
  tensor, node: `${tensor}.relu`, layer: tensor, ops: ['Conv', 'Relu'], group: tensor, seenAs: tensor, fixed: null, grid: { type: 'uint8', symmetric: false, reduced: false }, weights: 'int8', float: null, ...changes,
})

const PLAN = [planned('a'), planned('b', { group: 'a', seenAs: 'a', ops: ['MaxPool'] }), planned('c', { grid: null, float: 'Erf is not computed on codes', ops: ['Erf'] }), planned('d')]
const RUN = {
  scales: [scaleRow('a'), scaleRow('b'), scaleRow('d', { method: 'mse', lo: -1, hi: 2 }), scaleRow('w', { kind: 'weight', type: 'int8', scale: [0.1, 0.2] })],
  layers: [
    layerError('a', { sqnrDb: 40 }), layerError('b', { sqnrDb: 120 }), layerError('d', { sqnrDb: 30, clippedPercent: 0.5, op: 'Conv' }),
    layerError('a', { mode: 'alone', sqnrDb: 50 }), layerError('d', { mode: 'alone', sqnrDb: 45 }),
  ],
}
const rows = joinedRows({ run: RUN, plan: PLAN, mode: 'accumulated', parent: { layers: [layerError('d', { sqnrDb: 28.5 })] } })
const row = (tensor: string) => rows.find((each) => each.tensor === tensor)!

describe('words of a filter', () => {
  it('are plain, or a field with a comparison and a value', () => {
    expect(filterWords('sqnr<40 op:Conv "two words" name:"a b" clip>=0.1% x')).toMatchObject([
      { field: 'sqnr', sense: '<', number: 40 }, { field: 'op', sense: ':', value: 'Conv', number: null }, { field: '', value: 'two words' },
      { field: 'name', sense: ':', value: 'a b' }, { field: 'clip', sense: '>=', number: 0.1 }, { field: '', value: 'x' },
    ])
    expect(filterWords('mse>1e-4 delta<−0.5 sqnr<40dB').map(({ number }) => number)).toEqual([1e-4, -0.5, 40])
    expect(filterWords('/head/conv')).toMatchObject([{ field: '', value: '/head/conv' }])
    expect([textTest('relu')('Head.Relu'), textTest('head*')('head.relu'), textTest('head*')('my.head'), textTest('a+*')('a+b')]).toEqual([true, true, false, true])
  })
})

describe('rows of a run', () => {
  it('join scales, errors and plan in the order of the model, constants behind', () => {
    expect(rows.map(({ key }) => key)).toEqual(['activation a', 'activation b', 'activation c', 'activation d', 'weight w'])
    expect(row('d')).toMatchObject({ place: 4, op: 'Conv+Relu', bits: 8, method: 'mse', lo: -1, hi: 2, sqnrDb: 30, clippedPercent: 0.5, delta: 1.5 })
    expect(row('c')).toMatchObject({ float: true, method: 'float', lo: null, sqnrDb: null, reason: 'Erf is not computed on codes' })
    expect(row('w')).toMatchObject({ kind: 'weight', scale: [0.1, 0.2], sqnrDb: null, plan: undefined })
    expect(worstOf(rows)?.tensor).toBe('d')
    expect(joinedRows({ run: RUN, plan: PLAN, mode: 'alone', parent: undefined }).map(({ sqnrDb }) => sqnrDb)).toEqual([50, null, null, 45, null])
  })

  it('share the loss by noise over signal', () => {
    expect(row('d').share! / row('a').share!).toBeCloseTo(10)
    expect(rows.reduce((sum, { share }) => sum + (share ?? 0), 0)).toBeCloseTo(1)
  })

  it('know who shares their scale, and a draft of one is a draft of all', () => {
    expect([row('a').ties, row('b').ties, row('d').ties]).toEqual([['b'], ['a'], []])
    const drafted = withDrafts(rows, { b: { method: 'kl' } })
    expect(drafted.filter(({ draft }) => draft !== undefined).map(({ tensor }) => tensor)).toEqual(['a', 'b'])
    expect(withDrafts(rows, {})).toBe(rows)
  })

  it('stand without a plan too', () => {
    expect(joinedRows({ run: RUN, plan: [], mode: 'accumulated', parent: undefined }).map(({ tensor }) => tensor)).toEqual(['a', 'b', 'd', 'w'])
  })
})

describe('the filter of layers', () => {
  const fitting = (line: string, drafts = {}): string => withDrafts(rows, drafts).filter(readLayerFilter(line).fits).map(({ tensor }) => tensor).join('')
  it.each([
    ['sqnr<40', 'd'], ['sqnr<=40', 'ad'], ['op:conv', 'ad'], ['op:relu tensor:d', 'd'], ['bits:8', 'abdw'], ['bits>8', 'c'], ['method:mse', 'd'], ['clip>0.1', 'd'], ['float:yes', 'c'], ['float:no kind:weight', 'w'],
    ['tied:yes', 'ab'], ['exact:yes', 'b'], ['share>50', 'd'], ['delta>1', 'd'], ['channels:2', 'w'], ['erf', 'c'], ['reason:codes', 'c'], ['', 'abcdw'],
  ])('%s', (line, expected) => expect(fitting(line)).toBe(expected))
  it('knows what was changed', () => expect([fitting('changed:yes', { d: { lo: 0, hi: 1 } }), fitting('changed:yes'), fitting('method:kl', { d: { method: 'kl' } })]).toEqual(['d', '', 'd']))
  it('tells words that are no condition', () => expect(readLayerFilter('sqnr<x speed:9 op> float:maybe conv toString:1').unknown).toEqual(['sqnr<x', 'speed:9', 'op>', 'float:maybe', 'toString:1']))
})

describe('drafts', () => {
  const first = edited(NO_EDITS, { a: { hi: 3, lo: 0 } })
  it('are undone and made again without end, and a new edit forgets what was undone', () => {
    const log = edited(edited(first, { b: { method: 'mse' } }), { a: null })
    expect([draftsOf(log), draftsOf(undone(log)), draftsOf(undone(undone(log))), draftsOf(undone(undone(undone(undone(log)))))]).toEqual([{ b: { method: 'mse' } }, { a: { hi: 3, lo: 0 }, b: { method: 'mse' } }, { a: { hi: 3, lo: 0 } }, {}])
    expect(draftsOf(redone(undone(log)))).toEqual(draftsOf(log))
    expect(redone(edited(undone(log), { c: { bits: 16 } })).edits).toHaveLength(3)
    expect(edited(log, { b: { method: 'mse' } })).toBe(log)
  })
  it('of one gesture are one step', () => {
    const keyed = edited(edited(first, { a: { hi: 4, lo: 0 } }, 'key hi 1'), { a: { hi: 5, lo: 0 } }, 'key hi 1')
    expect(keyed.edits).toHaveLength(2)
    expect(draftsOf(undone(keyed))).toEqual({ a: { hi: 3, lo: 0 } })
    expect(edited(keyed, { a: { hi: 6, lo: 0 } }, 'key hi 2').edits).toHaveLength(3)
  })
  it('are taken away all at once, and come back so', () => {
    const none = withoutDrafts(edited(first, { b: { float: true } }))
    expect(draftsOf(none)).toEqual({})
    expect(Object.keys(draftsOf(undone(none)))).toEqual(['a', 'b'])
  })
  it('hold a range or a method, and nothing where nothing is left', () => {
    expect(withDraft({ method: 'mse', bits: 16 }, { lo: -1, hi: 2 })).toEqual({ bits: 16, lo: -1, hi: 2 })
    expect(withDraft({ lo: -1, hi: 2 }, { method: 'kl' })).toEqual({ method: 'kl' })
    expect(withDraft({ bits: 16 }, { bits: undefined })).toBeNull()
  })
  it('become lines of the recipe', () => {
    const own = { lo: 0, hi: 5, method: 'auto' }
    expect(changeOf({ lo: 0, hi: 3 }, own)).toEqual({ threshold: 3, range: null, method: null, th_scale: null })
    expect(changeOf({ lo: -1, hi: 3 }, own)).toEqual({ threshold: null, range: [-1, 3], method: null, th_scale: null })
    expect(changeOf({ lo: 0, hi: 3 }, { ...own, method: 'threshold' })).toMatchObject({ range: [0, 3] })
    expect(changeOf({ method: 'kl', bits: 16 }, own)).toEqual({ method: 'kl', threshold: null, range: null, bits: 16 })
    expect(changeOf({ scale: 1.2 }, own)).toEqual({ th_scale: 1.2, threshold: null, range: null })
    expect([changeOf({ float: true }, own), changeOf({ float: false }, own)]).toEqual([{ forward_with_float: true }, { forward_with_float: null }])
  })
  it('are read back as they were kept, and not at all where something else stands there', () => {
    expect(logFrom(JSON.stringify(first))).toEqual(first)
    for (const text of [null, '', '{', '[]', '{"edits":[{"changes":[{"tensor":1}]}],"done":1}']) expect(logFrom(text)).toEqual(NO_EDITS)
    expect(logFrom(JSON.stringify({ ...first, done: 9 })).done).toBe(1)
    expect(viewsFrom('[{"name":"x","q":"","sort":"","columns":"","mode":""}]')).toHaveLength(1)
    expect([viewsFrom(null), viewsFrom('{'), viewsFrom('[1]')]).toEqual([[], [], []])
  })
})

describe('the axis', () => {
  const window = { from: -10, to: 30 }
  it('turns values into pixels and back', () => {
    expect(toPixel(window, 400, 0)).toBe(100)
    expect(toValue(window, 400, 100)).toBe(0)
    expect(tidy(1.23456, 0.01)).toBe(1.23)
    expect(tidy(12_345, 30)).toBe(12_350)
    const values = pixelValues({ from: 0, to: 7.3 }, 421)
    expect(values).toHaveLength(422)
    expect(new Set(values).size).toBe(422)
    expect(values[200]).toBe(valueAt({ from: 0, to: 7.3 }, 421, 200))
  })
  it('snaps to what is near, the nearest first', () => {
    expect([snapped(10.2, [9, 10, 11], 0.1), snapped(10.6, [9, 10], 0.1), snapped(10.4, [10, 10.5], 0.1)]).toEqual([10, 10.6, 10.5])
  })
  it('zooms around a value and never leaves the whole', () => {
    const near = zoomed(window, 0.5, 20, window)
    expect(near).toEqual({ from: 5, to: 25 })
    expect(zoomed(near, 100, 20, window)).toEqual(window)
    expect(zoomed(near, 1.5, 6, window).from).toBeGreaterThanOrEqual(-10)
  })
  it('has round ticks', () => {
    expect(ticks(window, 4)).toEqual([-10, 0, 10, 20, 30])
    expect(ticks({ from: 0, to: 0.0031 }, 4)).toEqual([0, 0.001, 0.002, 0.003])
  })
  it('keeps 0 in the range, and both ends alike where they are locked', () => {
    const limits = { least: -8, most: 16 }
    expect(withEnd({ lo: -4, hi: 4 }, 'hi', 99, limits, false)).toEqual({ lo: -4, hi: 16 })
    expect(withEnd({ lo: -4, hi: 4 }, 'hi', -3, limits, false)).toEqual({ lo: -4, hi: 0 })
    expect(withEnd({ lo: 0, hi: 4 }, 'hi', -3, limits, false).hi).toBeGreaterThan(0)
    expect(withEnd({ lo: -4, hi: 4 }, 'lo', 3, limits, false)).toEqual({ lo: 0, hi: 4 })
    expect(withEnd({ lo: -4, hi: 5 }, 'lo', -7, limits, true)).toEqual({ lo: -7, hi: 7 })
  })
  it('moves an end by keys: a hundredth, a tenth, to the least and to the most', () => {
    const [range, limits] = [{ lo: -4, hi: 10 }, { least: -8, most: 16 }]
    const key = (name: string, shift = false, end: 'lo' | 'hi' = 'hi') => keyedEnd(name, shift, range, end, limits)
    expect([key('ArrowRight'), key('ArrowLeft', true), key('PageUp'), key('Home'), key('End'), key('Home', false, 'lo'), key('ArrowDown', false, 'lo'), key('x')]).toEqual([10.1, 9, 11, 0, 16, -8, -4.04, null])
  })
})

describe('the range that is shown', () => {
  const method = (name: string, lo: number, hi: number, predictedSqnrDb: number): Method => ({ name, decided: name, lo, hi, why: '', clippedPercent: 0, step: 0.1, predictedSqnrDb })
  const methods = [method('max', 0, 10, 30), method('kl', 0, 8, 33), method('mse', 0, 8, 33)]
  it('is that of the draft, of its method, of other bits, else the own', () => {
    const own = { ...row('a'), lo: 0, hi: 9, method: 'max' }
    expect(rangeOf(own, undefined, methods, 1)).toEqual({ lo: 0, hi: 9 })
    expect(rangeOf(own, { lo: 0, hi: 5 }, methods, 1)).toEqual({ lo: 0, hi: 5 })
    expect(rangeOf(own, { method: 'kl', scale: 0.5 }, methods, 1)).toEqual({ lo: 0, hi: 4 })
    expect(rangeOf(own, { scale: 2 }, methods, 1)).toEqual({ lo: 0, hi: 18 })
    expect(rangeOf(own, { bits: 16 }, methods, 1)).toEqual({ lo: 0, hi: 10 })
    expect(rangeOf(own, { float: true }, methods, 1)).toEqual({ lo: 0, hi: 9 })
  })
  it('has no lower end where nothing lies below 0, and methods of one range are one mark', () => {
    expect([endsOf({ min: 0, max: 3 }, { lo: 0, hi: 2 }), endsOf({ min: -1, max: 3 }, { lo: -1, hi: 2 }), endsOf({ min: -3, max: -1 }, { lo: -2, hi: 0 })]).toEqual([['hi'], ['lo', 'hi'], ['lo']])
    expect(groupedMethods(methods)).toEqual([{ name: 'max', range: { lo: 0, hi: 10 }, best: false }, { name: 'kl · mse', range: { lo: 0, hi: 8 }, best: true }])
  })
})

describe('the address', () => {
  it('says all that is looked at, and nothing where it is usual', () => {
    const read = readAddress(new URLSearchParams('q=op:Conv&sort=-sqnr&mode=alone&kind=weight&columns=tensor,sqnr&tensor=a&y=linear&x=magnitude&show=channels&zoom=-1.5..3&job=J'))
    expect(read).toEqual({ q: 'op:Conv', sort: '-sqnr', mode: 'alone', kind: 'weight', columns: ['tensor', 'sqnr'], tensor: 'a', job: 'J', chart: { isLog: false, of: 'magnitude', shows: 'channels', zoom: { from: -1.5, to: 3 } } })
    expect(readAddress(new URLSearchParams())).toMatchObject({ columns: null, kind: 'activation', mode: 'accumulated', job: null, chart: { isLog: true, of: 'signed', shows: 'tensor', zoom: null } })
    expect(readAddress(new URLSearchParams('zoom=3..1&kind=x&x=y')).chart).toMatchObject({ zoom: null, of: 'signed' })
    expect(chartChange({ isLog: true, zoom: null, of: 'magnitude' })).toEqual({ y: '', zoom: '', x: 'magnitude' })
    expect([nameInAddress('activation a'), nameInAddress('weight w'), keyInAddress('a'), keyInAddress('weight w')]).toEqual(['a', 'weight w', 'activation a', 'weight w'])
  })
})
