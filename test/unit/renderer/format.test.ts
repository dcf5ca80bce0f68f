import { expect, test } from 'vitest'
import { bytes, clock, cosine, drop, duration, fileName, fixed, modelName, moment, protocolName, short, shortRun, signed, significant } from '../../../renderer/ui/format.ts'

test('numbers: digits that are asked for, a real minus, a dash for none', () => {
  expect([fixed(33.4954, 3), fixed(-0.0412, 3), fixed(null, 3), fixed(undefined, 1), fixed(Number.NaN, 1)]).toEqual(['33.495', '−0.041', '–', '–', '–'])
  expect([fixed(Infinity, 1), fixed(-Infinity, 1)]).toEqual(['∞', '−∞'])
  expect(fixed(-0.0001, 3)).toBe('0.000')
})

test('a change has its sign, unless it rounds to nothing', () => {
  expect([signed(0.018, 3), signed(-0.061, 3), signed(0, 3), signed(0.0001, 3), signed(-0.0001, 3), signed(null, 3)]).toEqual(['+0.018', '−0.061', '0.000', '0.000', '0.000', '–'])
})

test('significant digits: whole numbers as they are, small ones with their power', () => {
  expect([significant(255), significant(0), significant(-128), significant(1.38), significant(0.82777), significant(352.0069)]).toEqual(['255', '0', '−128', '1.380', '0.8278', '352.0'])
  expect([significant(-0.000001896), significant(4.44e-8), significant(1.25e9)]).toEqual(['−1.90e−6', '4.44e−8', '1.250e9'])
})

test('a cosine reads 1 only where it is 1', () => {
  expect([cosine(1), cosine(0.99999996), cosine(0.9995), cosine(-0.5)]).toEqual(['1', '0.999999', '0.999500', '−0.500000'])
})

test('sizes, counts and times', () => {
  expect([bytes(0), bytes(999), bytes(44_340), bytes(3_407_544), bytes(25.3e9)]).toEqual(['0 B', '999 B', '44.3 kB', '3.4 MB', '25.3 GB'])
  expect([short(999), short(33_464), short(545_587_200)]).toEqual(['999', '33.5 k', '545.6 M'])
  expect([clock(5), clock(760), clock(3723), clock(-1)]).toEqual(['0:05', '12:40', '1:02:03', '0:00'])
  expect([duration(7.098), duration(59.94), duration(72)]).toEqual(['7.1 s', '59.9 s', '1:12'])
  expect(moment('2026-11-21T06:22:28.095Z', true)).toMatch(/^2026-11-2\d \d\d:\d\d:28$/)
})

test('names', () => {
  expect([modelName('/a/b/sample_x2.onnx'), modelName(String.raw`C:\m\net.ONNX`), modelName(null)]).toEqual(['sample_x2', 'net', '–'])
  expect([fileName('/a/b/'), shortRun('01M7YCAG7YWMPRC4ZB637SMPS8'), protocolName('psnr-y/shave2/studio')]).toEqual(['b', '7smps8', 'PSNR-Y'])
  expect([drop(36.5, 36), drop(null, 36)]).toEqual([0.5, null])
})
