import { describe, expect, test } from 'vitest'
import { FIRST_LOOK, gainAfter, lookOf, lookParameters, MOST_REGIONS, withRegion, type Look } from '../../../renderer/features/compare/look.ts'
import { dividerAfter, middleIn, regionBetween, spotAfter } from '../../../renderer/features/compare/moves.ts'
import { operatorRows } from '../../../renderer/features/compare/operator-rows.ts'
import { dividerAt, paneAt, panesOf } from '../../../renderer/features/compare/panes.ts'
import { codesOf, levelsAt, shownDifference } from '../../../renderer/features/compare/probe.ts'
import { profileOf } from '../../../renderer/features/compare/profile.ts'
import { fourOf, sidesOf, standIn, type Faces } from '../../../renderer/features/compare/sides.ts'
import { differenceBins, isClasses, rowsBy, shownPlaces } from '../../../renderer/features/compare/vectors.ts'
import { middleOf, moved, nextScale, pixelAt, scaledTo, scaleWithin, viewAt } from '../../../renderer/ui/view.ts'

const face = { width: 20, height: 10, channels: 1 as const, data: Float32Array.from({ length: 200 }, (_, at) => at) }
const FACES: Faces = { float: face, simulated: face, reference: face, bicubic: face }

describe('the look', () => {
  test('stands in the address, only where it is not as at first, and comes back as it was', () => {
    expect(lookParameters(FIRST_LOOK, new URLSearchParams('view=x')).toString()).toBe('view=x')
    const look: Look = {
      sample: 3, with: '01ABC', a: 'simulated', b: 'other-fused', c: 'reference', d: 'bicubic', mode: 'difference', lying: true, x: 0.25, mix: 0.75, zoom: 8, cx: 120.5, cy: 88,
      kind: 'signed', channel: 'y', gain: 64, map: 'cividis', over: 2, stops: -1.5, offset: 16, marks: true, grid: false, regions: [{ x: 1, y: 2, width: 3, height: 4 }, { x: 10, y: 20, width: 64, height: 64 }],
    }
    const address = lookParameters(look, new URLSearchParams())
    expect(address.toString()).toContain('mode=difference')
    expect(lookOf(address)).toEqual(look)
    expect(lookParameters({ ...look, sample: null, regions: [] }, address).has('r')).toBe(false)
  })

  test('that is not understood is as at first', () => {
    const wrong = 'sample=-1&a=none&mode=fly&x=7&zoom=0&cx=NaN&gain=3&over=x&ev=99&r=1,2,0,4;a;5,6,7,8&grid=2&error=odd'
    expect(lookOf(new URLSearchParams(wrong))).toEqual({ ...FIRST_LOOK, regions: [{ x: 5, y: 6, width: 7, height: 8 }], grid: false })
    expect(lookOf(new URLSearchParams({ r: Array.from({ length: 40 }, () => '1,1,9,9').join(';') })).regions).toHaveLength(MOST_REGIONS)
  })

  test('regions are kept once, the oldest going first', () => {
    const region = (x: number) => ({ x, y: 0, width: 2, height: 2 })
    expect(withRegion([region(1)], region(1))).toHaveLength(1)
    const many = Array.from({ length: MOST_REGIONS }, (_, x) => region(x))
    expect(withRegion(many, region(99)).map(({ x }) => x)).toEqual([...many.slice(1).map(({ x }) => x), 99])
    expect([gainAfter(16, 1), gainAfter(256, 1), gainAfter(1, -1)]).toEqual([32, 256, 1])
  })
})

describe('zoom and pan', () => {
  test('scales are whole multiples, or whole parts', () => {
    const scales: number[] = [0.2963]
    while (scales.at(-1)! < 96) scales.push(nextScale(scales.at(-1)!, 1))
    expect(scales.slice(1)).toEqual([1 / 3, 1 / 2, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96])
    expect([nextScale(96, 1), nextScale(2, -1), nextScale(0.4, -1), nextScale(0.001, -1)]).toEqual([96, 1, 1 / 3, 1 / 32])
    expect([scaleWithin(5.9), scaleWithin(6), scaleWithin(0.9), scaleWithin(0)]).toEqual([4, 6, 0.5, 1 / 32])
  })

  test('the pixel below the pointer stays there, in every pane', () => {
    const [frame, picture] = [{ width: 640, height: 480 }, { width: 256, height: 200 }]
    const view = viewAt({ scale: 2, cx: 100, cy: 80 }, frame)
    const at = { x: 411, y: 97 }
    const before = pixelAt(view, picture, at)
    for (const scale of [3, 8, 64]) {
      const middle = middleOf(scaledTo(view, scale, at), frame, picture)
      expect(pixelAt(viewAt(middle, frame), picture, at)).toEqual(before)
    }
    expect(middleOf(moved(view, 1e6, -1e6), frame, picture)).toEqual({ scale: 2, cx: 0, cy: 200 })
    expect(Number.isInteger(viewAt({ scale: 3, cx: 10.37, cy: 5.21 }, { width: 101, height: 77 }).x)).toBe(true)
  })

  test('without a zoom the picture fits', () => {
    expect(middleIn({ zoom: null, cx: 5, cy: 5 }, { width: 256, height: 256 }, { width: 900, height: 600 })).toEqual({ scale: 2, cx: 128, cy: 128 })
    expect(middleIn({ zoom: 8, cx: 5, cy: 6 }, { width: 256, height: 256 }, { width: 900, height: 600 })).toEqual({ scale: 8, cx: 5, cy: 6 })
  })

  test('cursor, regions and the dividing line stay inside', () => {
    expect(spotAfter({ x: 0, y: 5 }, -10, 10, { width: 20, height: 10 })).toEqual({ x: 0, y: 9 })
    expect(regionBetween({ x: 9, y: 2 }, { x: 4, y: 2 })).toEqual({ x: 4, y: 2, width: 6, height: 1 })
    expect([dividerAfter('ArrowRight', false, 0.5, false), dividerAfter('ArrowLeft', true, 0.05, false), dividerAfter('ArrowLeft', false, 0.5, true), dividerAfter('ArrowDown', false, 0.995, true), dividerAfter('End', false, 0, false)])
      .toEqual([0.51, 0, null, 1, 1])
  })
})

describe('panes', () => {
  const frame = { width: 402, height: 300 }
  const faces = (mode: Look['mode'], hold: 'reference' | 'other' | null = null, flipped = false) =>
    panesOf({ ...FIRST_LOOK, mode, x: 0.25 }, FACES, frame, hold, flipped).map(({ parts }) => parts.map(({ face }) => face).join('|'))

  test('of each mode, and what held keys put into all of them', () => {
    expect([faces('split'), faces('two'), faces('four'), faces('onion'), faces('blink'), faces('blink', null, true), faces('difference')]).toEqual([
      ['float|simulated'], ['float', 'simulated'], ['float', 'simulated', 'reference', 'bicubic'], ['float|simulated'], ['float'], ['simulated'], ['difference'],
    ])
    expect([faces('split', 'reference'), faces('two', 'other'), faces('difference', 'reference')]).toEqual([['reference'], ['simulated', 'simulated'], ['reference']])
    expect(panesOf({ ...FIRST_LOOK, mode: 'split' }, { float: face, simulated: face }, frame, 'reference', false)[0]!.parts).toHaveLength(2)
  })

  test('fill the frame and leave a line between', () => {
    const panes = panesOf({ ...FIRST_LOOK, mode: 'two' }, FACES, frame, null, false)
    expect(panes.map(({ box }) => box)).toEqual([{ x: 0, y: 0, width: 200, height: 300 }, { x: 202, y: 0, width: 200, height: 300 }])
    expect([paneAt(panes, 100, 10), paneAt(panes, 201, 10), paneAt(panes, 202, 299)]).toEqual([panes[0], undefined, panes[1]])
    const split = panesOf({ ...FIRST_LOOK, x: 0.25 }, FACES, frame, null, false)[0]!.parts.map(({ box }) => [box.x, box.width])
    expect(split).toEqual([[0, 101], [101, 301]])
    expect(dividerAt({ x: 0.5, lying: true }, frame)).toBe(150)
  })

  test('sides that are not there give way', () => {
    expect(sidesOf(FACES)).toEqual(['float', 'simulated', 'reference', 'bicubic'])
    expect([standIn(FACES, 'fused', 'simulated'), standIn(FACES, 'bicubic', 'float'), standIn({}, 'float')]).toEqual(['simulated', 'bicubic', null])
    expect(fourOf({ float: face, simulated: face }, { a: 'float', b: 'simulated', c: null, d: null })).toEqual(['float', 'simulated', 'float', 'simulated'])
  })
})

test('the probe: raw levels, codes where they say more, and steps of the screen', () => {
  expect(levelsAt(face, { x: 3, y: 2 })).toEqual([43])
  expect(levelsAt(face, { x: 20, y: 2 })).toBeNull()
  expect(codesOf([0, 1.02, 127.5], { step: 0.5, zeroPoint: -128 })).toEqual([-128, -126, 127])
  expect(codesOf([0, 17, 255], { step: 1, zeroPoint: 0 })).toBeNull()
  expect(shownDifference([0.4, 254, 300], [2.6, 254.4, 255])).toEqual([3, 0, 0])
  expect(shownDifference([1], [1, 2, 3])).toBeNull()
})

test('a line along the diagonal, cut where the picture ends', () => {
  expect(profileOf(face, { x: 2, y: 1, width: 4, height: 4 })).toEqual([22, 43, 64, 85])
  expect(profileOf(face, { x: 18, y: 0, width: 4, height: 1 })).toEqual([18, 19])
})

test('times by operator, both versions in one row', () => {
  const row = (node: string, op: string, version: 'float' | 'fused', us: number) => ({ node, op, version, us })
  expect(operatorRows([row('a', 'Conv', 'float', 10), row('b', 'Conv', 'float', 5), row('a', 'QLinearConv', 'fused', 30), row('c', 'Conv', 'fused', 2)])).toEqual([
    { op: 'QLinearConv', nodes: 1, float: 0, fused: 30 }, { op: 'Conv', nodes: 2, float: 15, fused: 2 },
  ])
})

describe('vectors', () => {
  const output = {
    name: 'y', dims: [1, 6], float: Float32Array.of(1, 5, 2, 0, 3, 4), simulated: Float32Array.of(1, 4, 2, 0.25, 3, 6), fused: new Float32Array(6),
    cosine: { simulated: 1, fused: 1 }, sqnrDb: { simulated: 1, fused: 1 }, sameTop: { simulated: false, fused: false },
  }

  test('one number a class where only one dimension is long', () => {
    expect([[1, 1000], [1, 1000, 1, 1], [1, 85, 22, 22], [1, 1], [], [10]].map((dims) => isClasses({ dims }))).toEqual([true, true, false, false, false, true])
  })

  test('long ones keep the worst place of each stretch', () => {
    expect(shownPlaces(output.float, output.simulated, 6)).toEqual([0, 1, 2, 3, 4, 5])
    expect(shownPlaces(output.float, output.simulated, 3)).toEqual([1, 3, 5])
    expect(rowsBy(output, 2, ({ float }) => float).map(({ place }) => place)).toEqual([1, 5])
    expect(rowsBy(output, 3, (row) => Math.abs(row.simulated - row.float)).map(({ place }) => place)).toEqual([5, 1, 3])
  })

  test('differences by size, zero in the middle', () => {
    const bins = differenceBins(output.float, output.simulated, 5)
    expect(bins.map(({ count }) => count)).toEqual([0, 1, 4, 0, 1])
    expect([bins[0]!.from, bins[2]!.from, bins[4]!.to]).toEqual([-2.5, -0.5, 2.5])
    expect(differenceBins(output.float, output.float, 3).map(({ count }) => count)).toEqual([0, 6, 0])
  })
})
