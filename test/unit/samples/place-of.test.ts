import { expect, test } from 'vitest'
import { geometryOf, placeOf, type Geometry } from '../../../main/samples/geometry.ts'
import { resample } from '../../../main/samples/resample.ts'
import type { Preprocess } from '../../../main/samples/sample.ts'

const BASE: Preprocess = { color: 'rgb', range: [0, 1], mean: [0], scale: [1], layout: 'nchw' }

test('pixels of the input lie on the file where they came from', () => {
  const onFile = (size: readonly [number, number], preprocess: Partial<Preprocess>, at: readonly [number, number], fixed = true) => {
    const { scale, shift } = placeOf(size, geometryOf(size, { ...BASE, ...preprocess }, fixed, 0, 0) as Geometry)
    return [(at[0] + shift[0]) * scale[0], (at[1] + shift[1]) * scale[1]]
  }
  const resize = (mode: 'stretch' | 'fill' | 'fit') => ({ resize: { mode, size: [100, 100] as const, kernel: 'bilinear' as const } })
  expect(onFile([200, 400], resize('stretch'), [50, 50])).toEqual([100, 200])
  // 100×200 pixels are kept, the middle of them is taken: 50 columns are cut on the left.
  expect(onFile([200, 400], resize('fill'), [50, 0])).toEqual([100, 100])
  // 50×100 pixels in a frame of 25 rows above.
  expect(onFile([200, 400], resize('fit'), [25, 100])).toEqual([0, 400])
  expect(onFile([200, 400], { crop: { mode: 'center', size: [100, 100] } }, [0, 0])).toEqual([50, 150])
  expect(onFile([90, 90], { pad: { multiple: 64 } }, [90, 90])).toEqual([90, 90])
})

test('opencv-linear looks at two neighbours however much it shrinks; bilinear filters', () => {
  const row = { width: 8, height: 1, color: 'y' as const, data: Float32Array.of(0, 10, 20, 200, 40, 50, 60, 70) }
  // Centres at 1.5 and 5.5.
  expect([...resample(row, 1, 2, 'opencv-linear').data]).toEqual([15, 55])
  expect(resample(row, 1, 2, 'bilinear').data[0]).toBeGreaterThan(40)
  // Enlarging they are the same.
  expect(resample(row, 2, 16, 'opencv-linear')).toEqual(resample(row, 2, 16, 'bilinear'))
})
