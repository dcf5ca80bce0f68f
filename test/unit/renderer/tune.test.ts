import { describe, expect, it } from 'vitest'
import type { BoardReport, ParetoPoint, PlannedTensor, Trial } from '../../../preload/contract/index.ts'
import { cropOf, heldAsCalibration, heldAsEvaluation, withCrop, withFolder } from '../../../renderer/features/tune/held.ts'
import { isRefused, layersOf, limitsOf, means, PRECISIONS, precisionOf, withPrecision, type Precision } from '../../../renderer/features/tune/lines.ts'
import { kneeOf, unbeaten } from '../../../renderer/features/tune/pareto.ts'
import { gainOf } from '../../../renderer/features/tune/trials.ts'

const planned = (layer: string, ...ops: string[]): PlannedTensor => ({
  tensor: `${layer}.out`, node: layer, layer, ops, group: `${layer}.out`, seenAs: `${layer}.out`, fixed: null, grid: { type: 'uint8', symmetric: false, reduced: false }, weights: 'int8', float: null,
})

describe('lines of the recipe', () => {
  const conv = { name: 'conv_1', tensor: 'conv_1.out', ops: ['Conv', 'Relu'] }

  it('mean layers by name, tensor, glob and operator', () => {
    expect(['conv_1', 'conv_1.out', 'conv_*', 'conv_?', 'conv_[12]', '{conv_1,head}', 'op:Conv', 'op:Relu'].every((line) => means(line, conv))).toBe(true)
    expect(['conv', 'conv_1?', 'conv.1', 'op:Con', 'op:conv', 'conv_[', 'conv_(1)', '*.in'].some((line) => means(line, conv))).toBe(false)
  })

  it('are put together: op before glob before exact name, key by key', () => {
    const lines = { 'conv_1': { bits: 16 }, 'conv_*': { method: 'kl', bits: 8 }, 'op:Conv': { method: 'max', rounding: 'nearest' } }
    const [layer, other] = layersOf({ plan: [planned('conv_1', 'Conv', 'Relu'), planned('pool', 'MaxPool')], scales: [], units: [], lines, floatOps: ['MaxPool'] })
    expect([layer!.wish, layer!.by, precisionOf(layer!.wish)]).toEqual([{ method: 'kl', rounding: 'nearest', bits: 16 }, 'conv_1', 'int8w/int16a'])
    expect([other!.wish, other!.by, other!.now]).toEqual([{ forward_with_float: true }, 'float.ops: MaxPool', 'int8'])
  })

  it('change their precision and keep everything else', () => {
    expect(withPrecision({ bits: 16, method: 'kl' }, 'float')).toEqual({ method: 'kl', forward_with_float: true })
    expect(withPrecision({ forward_with_float: true }, 'int8w/int16a')).toEqual({ bits: 16 })
    expect(withPrecision({ bits: 8 }, 'int16')).toEqual({ bits: 16, weight_bits: 16 })
    expect(withPrecision({ bits: 16, weight_bits: 16 }, 'int8')).toEqual({ bits: 8 })
    // What another line widens has to be taken back too.
    expect(withPrecision({}, 'int8w/int16a', { isWide: true })).toEqual({ bits: 16, weight_bits: 8 })
    expect(PRECISIONS.map((precision) => precisionOf(withPrecision({}, precision)))).toEqual(PRECISIONS)
    expect(withPrecision({ bits: 8 }, null)).toEqual({})
    // What a pattern puts into float has to be taken back to carry codes.
    expect(withPrecision({ method: 'kl' }, 'int8', { isFloat: true })).toEqual({ method: 'kl', bits: 8, forward_with_float: false })
    expect(withPrecision({ bits: 8, forward_with_float: false }, null)).toEqual({})
  })

  it('are bounded by the board: the worst of all layers meant', () => {
    const verdict = (precision: Precision, state: 'missing' | 'native' | 'unknown') => ({ precision, state, why: `${precision} ${state}` })
    const report = { operators: [
      { op: 'Conv', count: 1, nodes: ['conv_1'], verdicts: [], mixed: [verdict('int8', 'native'), verdict('int8w/int16a', 'native'), verdict('int16', 'missing'), verdict('float', 'native')] },
      { op: 'Softmax', count: 1, nodes: ['soft'], verdicts: [], mixed: [verdict('int8', 'missing'), verdict('int8w/int16a', 'unknown')] },
    ] } as unknown as BoardReport
    const soft = { name: 'soft', tensor: 'soft.out', ops: ['Softmax'] }
    expect(limitsOf(report, [conv]).map(({ precision, state }) => `${precision} ${state}`)).toEqual(['int8 native', 'int8w/int16a native', 'int16 missing', 'float native'])
    const both = limitsOf(report, [conv, soft])
    expect([isRefused(both, 'int8')?.why, isRefused(both, 'int8w/int16a'), both[1]!.state, isRefused(both, 'int16')?.why]).toEqual(['int8 missing', undefined, 'unknown', 'int16 missing'])
    // A layer that a rewrite renamed counts by its operator.
    expect(isRefused(limitsOf(report, [{ name: 'soft/2', tensor: 't', ops: ['Softmax'] }]), 'int8')?.state).toBe('missing')
    expect(limitsOf(undefined, [conv])).toEqual([])
  })

  it('say what they are now by result and weights', () => {
    const now = (type: 'uint8' | 'uint16', weights: 'int8' | 'int16' | null, float: string | null = null) => layersOf({ plan: [{ ...planned('a', 'Conv'), grid: { type, symmetric: false, reduced: false }, weights, float }], scales: [], units: [], lines: {}, floatOps: [] })[0]!.now
    expect([now('uint8', 'int8'), now('uint16', 'int8'), now('uint16', 'int16'), now('uint16', null), now('uint8', null, 'asked for')]).toEqual(['int8', 'int8w/int16a', 'int16', 'int8w/int16a', 'float'])
  })
})

const trial = (settings: readonly string[], samples: number, score: number | null, nsr: number | null, scoreError: number | null = 0): Trial => ({
  stage: 'grid', settings, samples, key: '', protocol: 'psnr-y', score, floatScore: 40, scoreError, nsr, scales: '', model: '', seconds: 1, inferenceSeconds: 1, inferences: 1, savedInferences: 0, fault: null,
})

describe('trials', () => {
  it('gain against the start on as many samples', () => {
    const trials = [trial([], 8, 30, 0.1), trial(['a=1'], 8, 39, 0.01), trial([], 32, 30, 0.1), trial(['b=1'], 32, 31, 0.09, 0.5), trial(['c=1'], 32, 30.8, 0.05, 0.5), trial(['d=1'], 32, null, null)]
    expect([gainOf(trials, trials[1]!), gainOf(trials, trials[3]!), gainOf(trials, trials[5]!)]).toEqual([9, 1, null])
  })
})

describe('plans', () => {
  const point = (bitMacs: number, lost: number, front = true): ParetoPoint => ({ settings: [], plan: [], protocol: '', score: 0, lost, nsr: lost, predictedNsr: lost, bitMacs, bytes: 1, macsInt16: 0, macsFloat: 0, latency: null, front, chosen: false })

  it('have their knee where the front bends most', () => {
    const points = [point(1, 1), point(1.1, 0.2), point(2, 0), point(1.05, 0.9), point(1.05, 0.1, false)]
    expect(kneeOf(points, 'bitMacs')).toBe(points[1])
    expect([kneeOf(points.slice(0, 2), 'bitMacs'), kneeOf(points, 'latency'), kneeOf([point(1, 1), point(1.5, 0.5), point(2, 0)], 'bitMacs')]).toEqual([undefined, undefined, undefined])
  })
})

it('what is joined in a plot is beaten by no other point there', () => {
  const points = [{ x: 2, y: 1 }, { x: 1, y: 3 }, { x: 3, y: 2 }, { x: 1, y: 4 }, { x: 2, y: 1 }, { x: 4, y: 0 }]
  expect(unbeaten(points)).toEqual([{ x: 1, y: 3 }, { x: 2, y: 1 }, { x: 4, y: 0 }])
})

describe('held-back samples', () => {
  const evaluation = { path: 'set5', reference: { pattern: '*_HR' }, metric: 'psnr-y', shave: 2, preprocess: { color: 'rgb', crop: { mode: 'center', size: [64, 64] } } }
  const recipe = { model: 'm.onnx', seed: 3, samples: { calibration: { path: 'cal' }, evaluation } }

  it('begin with how the evaluation finds its references by name, and keep what they say when the folder changes', () => {
    expect(withFolder(recipe, 'held')).toEqual({ path: 'held', reference: { pattern: '*_HR' } })
    expect(withFolder({ samples: { evaluation: { reference: 'hr/' } } }, 'held')).toEqual({ path: 'held' })
    expect(withFolder({ ...recipe, tune: { samples: { path: 'old', count: 4 } } }, 'held')).toEqual({ path: 'held', count: 4 })
    expect(withFolder(recipe, '')).toBeUndefined()
  })

  it('are looked at as trials take them: what they leave open is that of the evaluation, its place and references are not', () => {
    const held = { ...recipe, tune: { samples: { path: 'held', labels: 'truth' } } }
    expect(heldAsEvaluation(held)).toEqual({ model: 'm.onnx', seed: 3, samples: { evaluation: { path: 'held', labels: 'truth', metric: 'psnr-y', shave: 2, preprocess: evaluation.preprocess } } })
    expect(heldAsEvaluation({ ...held, tune: { ...held.tune, score: 'ssim' } })).toMatchObject({ samples: { evaluation: { metric: 'ssim' } } })
    expect(heldAsCalibration(held)).toEqual({ model: 'm.onnx', seed: 3, samples: { calibration: { path: 'held' }, evaluation } })
  })

  it('are cut by a crop of their own, with the rest of the evaluation’s preprocessing', () => {
    const cut = withCrop(recipe, 32)
    expect(cut).toEqual({ color: 'rgb', crop: { mode: 'center', size: [32, 32] } })
    const held = { ...recipe, tune: { samples: { path: 'held', preprocess: cut } } }
    expect([cropOf(held), cropOf(recipe), cropOf(recipe, ['samples', 'evaluation'])]).toEqual([32, undefined, 64])
    expect(withCrop(held, undefined)).toBeUndefined()
    expect(withCrop({ ...recipe, tune: { samples: { preprocess: { color: 'bgr' } } } }, undefined)).toEqual({ color: 'bgr' })
  })
})
