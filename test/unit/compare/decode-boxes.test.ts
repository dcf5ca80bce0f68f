import { describe, expect, test } from 'vitest'
import { decodeBoxes, type Output } from '../../../main/compare/detection/decode.ts'
import { priorBoxes } from '../../../main/compare/detection/priors.ts'
import type { BoxesDecode, GridDecode, SsdDecode } from '../../../main/core/score.ts'

const outputs = (all: Record<string, Output>) => new Map(Object.entries(all))
const GRID: GridDecode = { kind: 'grid', order: 'object-box-class', xy: 'tanh', wh: 'sigmoid', logits: false, powers: [0.6, 0.4] }
const BOXES: BoxesDecode = { kind: 'boxes', format: 'xyxy', unit: 'pixels', objectness: false, logits: false, background: null }
const rounded = (values: readonly object[]) => values.map((each) => Object.fromEntries(Object.entries(each).map(([key, value]) => [key, Math.round((value as number) * 1e6) / 1e6])))

describe('a grid', () => {
  // Two classes, one row of two cells; only the second holds something.
  const channels = [[0, 0.8], [0, 0.5], [0, -0.25], [0, 0], [0, 1], [0, 0.3], [0, 0.9]]
  const map: Output = { dims: [1, 7, 1, 2], data: channels.flat() }

  test('FastestDet: offsets from the corner, sizes of the whole', () => {
    const { detections, classes } = decodeBoxes(GRID, outputs({ map }), [100, 200], 0.1)
    expect(classes).toBe(2)
    const [cx, cy] = [((Math.tanh(0.5) + 1) / 2) * 200, Math.tanh(-0.25) * 100]
    const [width, height] = [0.5 * 200, (1 / (1 + Math.exp(-1))) * 100]
    expect(rounded(detections)).toEqual(rounded([{ x1: cx - width / 2, y1: cy - height / 2, x2: cx + width / 2, y2: cy + height / 2, label: 1, score: 0.8 ** 0.6 * 0.9 ** 0.4 }]))
  })

  test('logits, another order, sizes in cells', () => {
    const settings: GridDecode = { ...GRID, order: 'box-object-class', xy: 'none', wh: 'exp', logits: true, powers: [1, 1] }
    const cell: Output = { dims: [1, 6, 1, 1], data: [0.5, 0.5, 0, Math.log(0.5), 2, 1] }
    const { detections: [one] } = decodeBoxes(settings, outputs({ cell }), [100, 200], 0)
    expect(one).toMatchObject({ x1: 0, x2: 200, y1: 25, y2: 75, label: 0 })
    expect(one!.score).toBeCloseTo((1 / (1 + Math.exp(-2))) * (1 / (1 + Math.exp(-1))), 12)
  })

  test('another shape is refused with what is wanted', () => {
    expect(() => decodeBoxes({ ...GRID, outputs: ['map'] }, outputs({ map: { dims: [1, 10], data: [] } }), [8, 8], 0)).toThrow(expect.objectContaining({ code: 'recipe.metric', where: 'output map' }))
    expect(() => decodeBoxes({ ...GRID, outputs: ['mop'] }, outputs({ map }), [8, 8], 0)).toThrow(expect.objectContaining({ code: 'recipe.metric', next: 'Did you mean map?' }))
    expect(() => decodeBoxes(GRID, outputs({ map, two: map }), [8, 8], 0)).toThrow(/2 outputs could be/)
  })
})

describe('boxes as they are', () => {
  test('rows with scores behind, upright or lying, ties to the lower class', () => {
    const data = [10, 20, 4, 6, 0.2, 0.7, 30, 40, 8, 8, 0.5, 0.5, 1, 1, 1, 1, 0.01, 0.02]
    const upright = decodeBoxes({ ...BOXES, format: 'cxcywh', transposed: false }, outputs({ out: { dims: [1, 3, 6], data } }), [64, 64], 0.1)
    // Where nothing is said there must be more boxes than values of a box.
    const many = Array.from({ length: 7 }, (_, row) => (row < 3 ? data.slice(row * 6, row * 6 + 6) : [0, 0, 0, 0, 0, 0]))
    const lying = decodeBoxes({ ...BOXES, format: 'cxcywh' }, outputs({ out: { dims: [1, 6, 7], data: Array.from({ length: 42 }, (_, at) => many[at % 7]![Math.floor(at / 7)]!) } }), [64, 64], 0.1)
    const expected = [{ x1: 8, y1: 17, x2: 12, y2: 23, label: 1, score: 0.7 }, { x1: 26, y1: 36, x2: 34, y2: 44, label: 0, score: 0.5 }]
    expect(lying.detections).toEqual(expected)
    expect(lying.classes).toBe(2)
    expect(upright.detections).toEqual(expected)
    expect(() => decodeBoxes(BOXES, outputs({ out: { dims: [1, 3, 6], data } }), [64, 64], 0)).toThrow(/rows of 3 values hold a box and no class/)
  })

  test('objectness times class; shares of the input; corner and size', () => {
    const { detections } = decodeBoxes({ ...BOXES, format: 'xywh', unit: 'share', objectness: true }, outputs({ out: { dims: [1, 8, 6], data: [0.25, 0.5, 0.5, 0.25, 0.5, 0.8, ...Array.from({ length: 42 }, () => 0)] } }), [100, 200], 0.1)
    expect(detections).toEqual([{ x1: 50, y1: 50, x2: 150, y2: 75, label: 0, score: 0.4 }])
  })

  test('scores apart, the background left out; classes as numbers', () => {
    const boxes: Output = { dims: [1, 2, 4], data: [0, 0, 8, 8, 1, 1, 9, 9] }
    const apart = decodeBoxes({ ...BOXES, boxes: 'boxes', scores: 'scores', background: 0 }, outputs({ boxes, scores: { dims: [1, 2, 3], data: [0.9, 0.1, 0, 0.2, 0.3, 0.5] } }), [16, 16], 0.1)
    expect(apart).toEqual({ classes: 2, detections: [{ x1: 0, y1: 0, x2: 8, y2: 8, label: 0, score: 0.1 }, { x1: 1, y1: 1, x2: 9, y2: 9, label: 1, score: 0.5 }] })
    const named = decodeBoxes({ ...BOXES, boxes: 'boxes', scores: 'scores', classes: 'classes', background: 0 }, outputs({ boxes, scores: { dims: [1, 2], data: [0.9, 0.8] }, classes: { dims: [1, 2], data: [3, 0] } }), [16, 16], 0.1)
    expect(named.detections).toMatchObject([{ label: 2, score: 0.9 }])
    expect(() => decodeBoxes({ ...BOXES, boxes: 'boxes', scores: 'scores' }, outputs({ boxes, scores: { dims: [1, 3], data: [1, 1, 1] } }), [16, 16], 0)).toThrow(/scores of 2 boxes are wanted/)
  })
})

describe('default boxes and offsets', () => {
  test('priors in the order of PriorBox: square, square between, ratios', () => {
    const priors = priorBoxes({ layers: [{ step: 8, min: [4], max: [9], ratios: [2], flip: true }], cells: 'step', offset: 0.5, clip: 'none' }, [8, 16])
    expect(rounded(priors.slice(0, 4))).toEqual(rounded([
      { cx: 0.25, cy: 0.5, width: 4 / 16, height: 4 / 8 }, { cx: 0.25, cy: 0.5, width: 6 / 16, height: 6 / 8 },
      { cx: 0.25, cy: 0.5, width: (4 * Math.SQRT2) / 16, height: 4 / Math.SQRT2 / 8 }, { cx: 0.25, cy: 0.5, width: 4 / Math.SQRT2 / 16, height: (4 * Math.SQRT2) / 8 },
    ]))
    expect(priors).toHaveLength(8)
    expect(priors[4]).toMatchObject({ cx: 0.75, cy: 0.5 })
  })

  test('what is cut: corners move the centre, center and size do not', () => {
    const layers = [{ step: 8, min: [16], max: [], ratios: [], flip: false }]
    expect(priorBoxes({ layers, cells: 'step', offset: 0.5, clip: 'corners' }, [8, 16])[0]).toEqual({ cx: 0.375, cy: 0.5, width: 0.75, height: 1 })
    expect(priorBoxes({ layers, cells: 'step', offset: 0.5, clip: 'center' }, [8, 16])[0]).toEqual({ cx: 0.25, cy: 0.5, width: 1, height: 1 })
  })

  test('the map is given or the size over the step, rounded up', () => {
    const count = (map?: readonly [number, number]) => priorBoxes({ layers: [{ step: 64, min: [1], max: [], ratios: [], flip: false, ...(map ? { map } : {}) }], cells: 'step', offset: 0.5, clip: 'none' }, [240, 320]).length
    expect([count(), count([3, 5])]).toEqual([20, 15])
    const last = (cells: 'step' | 'map', step?: number) => priorBoxes({ layers: [{ map: [4, 5], min: [1], max: [], ratios: [], flip: false, ...(step ? { step } : {}) }], cells, offset: 0.5, clip: 'none' }, [240, 320]).at(-1)!.cy
    expect([last('step', 64), last('map', 64), last('step')]).toEqual([(3.5 * 64) / 240, 3.5 / 4, 3.5 / 4])
  })

  test('offsets by variances, softmax, the background', () => {
    const settings: SsdDecode = { kind: 'ssd', boxes: 'b', scores: 's', priors: { layers: [{ step: 10, min: [10], max: [], ratios: [], flip: false }], cells: 'step', offset: 0.5, clip: 'none' }, variances: [0.1, 0.2], softmax: true, background: 0 }
    const { detections, classes } = decodeBoxes(settings, outputs({ b: { dims: [1, 2, 4], data: [1, 0, Math.log(2) / 0.2, 0, 0, 0, 0, 0] }, s: { dims: [1, 2, 3], data: [0, 1, 2, 5, 0, 0] } }), [10, 20], 0.1)
    const score = Math.exp(2) / (1 + Math.exp(1) + Math.exp(2))
    expect(classes).toBe(2)
    expect(rounded(detections)).toEqual(rounded([{ x1: 5 + 1 - 10, y1: 0, x2: 5 + 1 + 10, y2: 10, label: 1, score }]))
    expect(() => decodeBoxes(settings, outputs({ b: { dims: [1, 1, 4], data: [0, 0, 0, 0] }, s: { dims: [1, 1, 2], data: [0, 0] } }), [10, 20], 0)).toThrow(/the settings make 2 default boxes/)
  })
})
