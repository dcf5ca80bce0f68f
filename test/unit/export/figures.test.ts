import { expect, it } from 'vitest'
import { layerHistograms, pictureSheet, worstFirst } from '../../../main/export/figures.ts'
import type { TensorQuant } from '../../../main/export/record.ts'
import { reportHtml } from '../../../main/export/report-html.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import type { Expectation } from '../../../main/samples/expectation.ts'
import { layerError } from '../../fixtures/sample-run.ts'
import { statisticsOfValues } from '../../fixtures/value-statistics.ts'

const record = (name: string, range: readonly [number, number]): TensorQuant =>
  ({ name, role: 'activation', bits: 8, signed: true, symmetric: true, axis: null, scale: [0.5], zeroPoint: [0], observed: null, range, method: 'max', samples: 1, node: name, op: 'Conv' })
const values = Float32Array.from({ length: 1000 }, (_, index) => -2 + index / 100)

it('histograms are of the layers that lost most, hold every value, and say what the range leaves out', () => {
  const layers = [...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, index) => layerError(name, { cosine: 0.9 + index / 100 })), layerError('z', { cosine: 0.1, mode: 'alone' }), layerError('unseen', { cosine: 0.2 })]
  const { tensors } = statisticsOfValues(Object.fromEntries('abcdefg'.split('').map((name) => [name, values])))
  const drawn = layerHistograms(layers, layers.map(({ tensor: name }) => record(name, [-1, 4])), tensors)
  expect(worstFirst(layers)[0]!.tensor).toBe('unseen')
  expect(drawn.map(({ tensor: name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  const [first] = drawn
  expect([first!.from, first!.to, first!.range]).toEqual([-2, Math.fround(7.99), [-1, 4]])
  // Bins are stored to 2^-11 of a value: a bin edge may cut one.
  expect(first!.counts.reduce((sum, count) => sum + count, 0)).toBeCloseTo(1000, 6)
  expect(first!.outsidePercent).toBeCloseTo(50, 0)
})

const guess = <T>(value: T) => ({ value, how: '' })
const expectation = { inputs: [], input: null, notes: [], output: { name: 'y', kind: guess('picture'), layout: guess('nchw'), channels: guess(3), color: guess('rgb'), range: guess([0, 1]), rangeFollowsInput: false, factor: guess(1) } } as unknown as Expectation
const picture = (level: number, spot = level) => ({ y: tensor('float32', [1, 3, 4, 6], new Float32Array(72).fill(level).fill(spot, 0, 1)) })

it('a page holds drawings and the golden pictures with measured figures, the same bytes each time, and nothing from elsewhere', async () => {
  const sheet = await pictureSheet([{ input: 'picture', float: picture(0.5), simulated: picture(0.5, 0.6) }, { input: 'black', float: picture(0), simulated: picture(1e-12) }], expectation)
  expect(sheet.map(({ psnrDb, gain, tile }) => [psnrDb === null, gain, tile])).toEqual([[false, 16, { x: 0, y: 0, width: 6, height: 4 }], [true, 256, { x: 0, y: 0, width: 6, height: 4 }]])
  // One channel of three by a tenth of 255.
  expect(sheet[0]!.maxLevels).toBeCloseTo(8.5, 3)
  const { tensors } = statisticsOfValues({ '<a>': values })
  const histograms = layerHistograms([layerError('<a>')], [record('<a>', [-1, 4])], tensors)
  const page = (): string => reportHtml('t', [], 'zh', { histograms, sheet })
  expect(page()).toBe(page())
  expect(page().match(/<img /g)).toHaveLength(6)
  expect(page()).toContain('&lt;a&gt;')
  expect(page()).not.toMatch(/<a>|(?:src|href)="(?!data:|#)|<script/)
  // Dark is for screens: on paper the light colours hold.
  expect(page()).toContain('@media screen and (prefers-color-scheme:dark)')
})

it('a model that gives no picture has no sheet', async () => {
  expect(await pictureSheet([], { ...expectation, output: { ...expectation.output, kind: { value: 'vector', how: '' } } } as Expectation)).toEqual([])
})
