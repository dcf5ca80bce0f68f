import { describe, expect, it } from 'vitest'
import { Fault } from '../../../main/core/fault.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { applyGeometry, geometryOf, padded, sizeAfter } from '../../../main/samples/geometry.ts'
import type { Geometry } from '../../../main/samples/geometry.ts'
import { completePreprocess, toTensor } from '../../../main/samples/preprocess.ts'
import type { Picture, Preprocess } from '../../../main/samples/sample.ts'
import { graph, node } from '../../fixtures/build-model.ts'

const plain: Preprocess = { color: 'rgb', range: [0, 255], mean: [0, 0, 0], scale: [1, 1, 1], layout: 'nchw' }

/** Two pixels: (10, 20, 30) and (40, 50, 60). */
const two: Picture = { width: 2, height: 1, color: 'rgb', data: Float32Array.of(10, 40, 20, 50, 30, 60) }

/** Every pixel tells where it is: 100 * row + column. */
const map = (height: number, width: number): Picture => ({ width, height, color: 'y', data: Float32Array.from({ length: width * height }, (_, i) => 100 * Math.floor(i / width) + (i % width)) })

const steps = (size: readonly [number, number], preprocess: Partial<Preprocess>, fixed = false, seed = 0, index = 0): Geometry => {
  const geometry = geometryOf(size, { ...plain, ...preprocess }, fixed, seed, index)
  if ('refused' in geometry) throw new Error(geometry.refused)
  return geometry
}

describe('toTensor', () => {
  it('orders colours and axes', () => {
    expect(toTensor(two, plain, 'float32')).toEqual({ type: 'float32', dims: [1, 3, 1, 2], data: Float32Array.of(10, 40, 20, 50, 30, 60) })
    expect(toTensor(two, { ...plain, layout: 'nhwc' }, 'float32')).toEqual({ type: 'float32', dims: [1, 1, 2, 3], data: Float32Array.of(10, 20, 30, 40, 50, 60) })
    expect([...(toTensor(two, { ...plain, color: 'bgr' }, 'float32').data as Float32Array)]).toEqual([30, 60, 20, 50, 10, 40])
  })

  it('maps the range first, then takes mean and scale, in the order of the colours', () => {
    const preprocess: Preprocess = { ...plain, color: 'bgr', range: [0, 1], mean: [0.406, 0.456, 0.485], scale: [1 / 0.225, 1 / 0.224, 1 / 0.229] }
    const { data } = toTensor(two, preprocess, 'float32')
    const expected = [[30, 60, 0.406, 0.225], [20, 50, 0.456, 0.224], [10, 40, 0.485, 0.229]].flatMap(([a, b, mean, deviation]) => [a, b].map((level) => (level! / 255 - mean!) / deviation!))
    // Values near 2 in float32: 1e-6 is four units in the last place.
    for (const [i, value] of expected.entries()) expect(Math.abs(Number(data[i]) - value)).toBeLessThan(1e-6)
  })

  it('maps onto ranges that do not begin at 0', () => {
    const { data } = toTensor({ width: 3, height: 1, color: 'y', data: Float32Array.of(0, 127.5, 255) }, { ...plain, color: 'y', range: [-1, 1], mean: [0], scale: [1] }, 'float32')
    expect([...(data as Float32Array)]).toEqual([-1, 0, 1])
  })

  it('rounds for an input of bytes', () => {
    expect(toTensor({ width: 3, height: 1, color: 'y', data: Float32Array.of(0.5, 1.5, 254.7) }, { ...plain, color: 'y', mean: [0], scale: [1] }, 'uint8').data).toEqual(Uint8Array.of(0, 2, 255))
  })
})

describe('geometryOf', () => {
  const resize = (mode: 'fit' | 'fill' | 'stretch') => ({ resize: { mode, size: [40, 40] as const, kernel: 'bilinear' as const } })

  it('stretches, fills and fits', () => {
    expect(steps([20, 60], resize('stretch'))).toEqual({ resize: [40, 40] })
    expect(steps([20, 60], resize('fill'))).toEqual({ resize: [40, 120], window: { top: 0, left: 40, size: [40, 40] } })
    expect(steps([20, 60], resize('fit'))).toEqual({ resize: [13, 40] })
    expect(steps([20, 60], resize('fit'), true)).toEqual({ resize: [13, 40], frame: { size: [40, 40], top: 13, left: 0 } })
    expect(sizeAfter([20, 60], steps([20, 60], resize('fit'), true))).toEqual([40, 40])
  })

  it('fills without leaving a pixel open, whatever the rounding', () => {
    for (let side = 1; side < 200; side++) {
      const { resize: [height, width] = [0, 0], window } = steps([side, 97], { resize: { mode: 'fill', size: [31, 17], kernel: 'area' } })
      expect(height >= 31 && width >= 17 && window!.top + 31 <= height && window!.left + 17 <= width).toBe(true)
    }
  })

  it('takes the middle, or a random part that depends on seed and sample alone', () => {
    const crop = (mode: 'center' | 'random') => ({ crop: { mode, size: [4, 6] as const } })
    expect(steps([9, 20], crop('center')).window).toEqual({ top: 2, left: 7, size: [4, 6] })
    expect(steps([9, 20], crop('random'), false, 3, 5)).toEqual(steps([9, 20], crop('random'), false, 3, 5))
    const places = Array.from({ length: 300 }, (_, index) => steps([9, 20], crop('random'), false, 3, index).window!)
    expect(new Set(places.map(({ top }) => top))).toEqual(new Set([0, 1, 2, 3, 4, 5]))
    expect(new Set(places.map(({ left }) => left)).size).toBe(15)
    expect(Array.from({ length: 300 }, (_, index) => steps([9, 20], crop('random'), false, 4, index).window!)).not.toEqual(places)
  })

  it('crops inside what a fill left', () => {
    const { window } = steps([20, 60], { ...resize('fill'), crop: { mode: 'center', size: [10, 10] } })
    expect(window).toEqual({ top: 15, left: 55, size: [10, 10] })
  })

  it('refuses a crop larger than the picture', () => {
    expect(geometryOf([9, 20], { ...plain, crop: { mode: 'center', size: [10, 5] } }, false, 0, 0)).toEqual({ refused: 'it has 20×9 pixels, less than the crop of 5×10' })
  })

  it('pads to a multiple, and not when it is one', () => {
    const geometry = steps([5, 8], { pad: { multiple: 4 } })
    expect(geometry).toEqual({ pad: [8, 8] })
    const result = padded(map(5, 8), geometry)
    expect([result.height, result.width]).toEqual([8, 8])
    expect([...result.data.subarray(7 * 8, 8 * 8)]).toEqual([400, 401, 402, 403, 404, 405, 406, 407])
    expect(steps([8, 8], { pad: { multiple: 4 } })).toEqual({})
  })
})

describe('applyGeometry', () => {
  it('cuts the reference at the same place, factor times as large', () => {
    const geometry = steps([9, 20], { crop: { mode: 'random', size: [4, 6] } }, false, 1, 2)
    const { top, left } = geometry.window!
    const low = applyGeometry(map(9, 20), geometry, 'bicubic', 1)
    const high = applyGeometry(map(27, 60), geometry, 'bicubic', 3)
    expect([low.height, low.width, low.data[0]]).toEqual([4, 6, 100 * top + left])
    expect([high.height, high.width, high.data[0]]).toEqual([12, 18, 300 * top + 3 * left])
  })

  it('clips what a kernel overshoots', () => {
    const step: Picture = { width: 8, height: 1, color: 'y', data: Float32Array.from({ length: 8 }, (_, i) => (i < 4 ? 0 : 255)) }
    const { data } = applyGeometry(step, { resize: [1, 24] }, 'bicubic', 1)
    expect([Math.min(...data), Math.max(...data)]).toEqual([0, 255])
  })
})

describe('completePreprocess', () => {
  const of = (dims: (number | string)[], output: (number | string)[]) => expectationOf(graph({ inputs: { x: dims }, outputs: { y: output }, nodes: [node('my.domain:Net', ['x'], ['y'])] }))
  const open = of([1, 3, 'h', 'w'], [1, 3, 'h', 'w'])
  const wide = of([1, 3, 'h', 64], [1, 3, 'h', 64])
  const fixed = of([1, 3, 32, 48], [1, 3, 64, 96])
  const classifier = of([1, 3, 32, 32], [1, 10])

  it('takes the recipe before the guess', () => {
    const { preprocess } = completePreprocess(open, { color: 'bgr', range: [0, 255], mean: [7] }, 'evaluation', [[5, 5]])
    expect(preprocess).toEqual({ color: 'bgr', range: [0, 255], mean: [7, 7, 7], scale: [1, 1, 1], layout: 'nchw' })
  })

  it('resizes nothing for an open size', () => {
    expect(completePreprocess(open, {}, 'calibration', [[5, 5], [900, 1200]])).toEqual({ preprocess: { ...plain, range: [0, 1] }, notes: [] })
  })

  it('proposes a crop for a fixed size, random to calibrate and central to evaluate, where all pictures are large enough', () => {
    const sizes = [[32, 48], [100, 90]] as const
    expect(completePreprocess(fixed, {}, 'calibration', sizes).preprocess.crop).toEqual({ mode: 'random', size: [32, 48] })
    const { preprocess, notes } = completePreprocess(fixed, {}, 'evaluation', sizes)
    expect(preprocess.crop).toEqual({ mode: 'center', size: [32, 48] })
    expect(notes[0]).toMatch(/48×32 pixels only.*center part/)
  })

  it('proposes to fill where a picture is smaller, and says what that costs', () => {
    const { preprocess, notes } = completePreprocess(fixed, {}, 'calibration', [[31, 48], [100, 90]])
    expect(preprocess.resize).toEqual({ mode: 'fill', size: [32, 48], kernel: 'bicubic' })
    expect(notes[0]).toMatch(/not those of the unscaled pictures/)
  })

  it('proposes nothing where all pictures fit or the recipe says how', () => {
    expect(completePreprocess(fixed, {}, 'calibration', [[32, 48]]).notes).toEqual([])
    expect(completePreprocess(fixed, { resize: { mode: 'stretch', size: [32, 48], kernel: 'area' } }, 'calibration', [[9, 9]]).notes).toEqual([])
  })

  it('fills for a classifier', () => {
    expect(completePreprocess(classifier, {}, 'evaluation', [[90, 60]]).preprocess.resize).toEqual({ mode: 'fill', size: [32, 32], kernel: 'bilinear' })
  })

  it.each([
    ['a colour of one channel for three', { color: 'y' as const }, /color y does not make the 3 channels/],
    ['a layout that the shape rules out', { layout: 'nhwc' as const }, /axis 3/],
    ['two means', { mean: [1, 2] }, /2 values are given, the model has 3 channels/],
    ['an empty range', { range: [3, 3] as const }, /the same value/],
    ['half a pixel', { crop: { mode: 'center' as const, size: [4.5, 4] as const } }, /4\.5 is not a number of pixels/],
    ['a multiple of 0', { pad: { multiple: 0 } }, /0 is not a number of pixels/],
  ])('refuses %s', (_, given, reason) => {
    const complete = () => completePreprocess('layout' in given ? wide : open, given, 'evaluation', [[9, 9]])
    expect(complete).toThrow(Fault)
    expect(complete).toThrow(reason)
  })
})
