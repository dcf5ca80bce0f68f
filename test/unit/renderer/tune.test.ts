import { describe, expect, it } from 'vitest'
import type { BoardReport, ParetoPoint, PlannedTensor, Trial } from '../../../preload/contract/index.ts'
import { isRefused, layersOf, limitsOf, means, precisionOf, withPrecision } from '../../../renderer/features/tune/lines.ts'
import { kneeOf } from '../../../renderer/features/tune/pareto.ts'
import { bestOf, gainOf } from '../../../renderer/features/tune/trials.ts'
import { modeOf } from '../../../renderer/features/tune/use-tune-job.ts'

const planned = (layer: string, ...ops: string[]): PlannedTensor => ({
  tensor: `${layer}.out`, node: layer, layer, ops, group: `${layer}.out`, seenAs: `${layer}.out`, fixed: null, grid: { type: 'uint8', symmetric: false, reduced: false }, float: null,
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
    expect([layer!.wish, layer!.by, precisionOf(layer!.wish)]).toEqual([{ method: 'kl', rounding: 'nearest', bits: 16 }, 'conv_1', 'int16'])
    expect([other!.wish, other!.by, other!.now]).toEqual([{ forward_with_float: true }, 'float.ops: MaxPool', 'int8'])
  })

  it('change their precision and keep everything else', () => {
    expect(withPrecision({ bits: 16, method: 'kl' }, 'float')).toEqual({ method: 'kl', forward_with_float: true })
    expect(withPrecision({ forward_with_float: true }, 'int16')).toEqual({ bits: 16 })
    expect(withPrecision({ bits: 8 }, null)).toEqual({})
    // What a pattern puts into float has to be taken back to carry codes.
    expect(withPrecision({ method: 'kl' }, 'int8', true)).toEqual({ method: 'kl', bits: 8, forward_with_float: false })
    expect(withPrecision({ bits: 8, forward_with_float: false }, null)).toEqual({})
  })

  it('are bounded by the board: the worst of all layers meant, of float the better type', () => {
    const verdict = (precision: 'int8' | 'int16' | 'float16' | 'float32', state: 'missing' | 'native' | 'unknown') => ({ precision, state, why: `${precision} ${state}`, source: null })
    const report = { operators: [
      { op: 'Conv', count: 1, nodes: ['conv_1'], verdicts: [verdict('int8', 'native'), verdict('int16', 'native'), verdict('float16', 'missing'), verdict('float32', 'native')] },
      { op: 'Softmax', count: 1, nodes: ['soft'], verdicts: [verdict('int8', 'missing'), verdict('int16', 'unknown')] },
    ] } as unknown as BoardReport
    const soft = { name: 'soft', tensor: 'soft.out', ops: ['Softmax'] }
    expect(limitsOf(report, [conv]).map(({ precision, state }) => `${precision} ${state}`)).toEqual(['int8 native', 'int16 native', 'float native'])
    const both = limitsOf(report, [conv, soft])
    expect([isRefused(both, 'int8')?.why, isRefused(both, 'int16'), both[1]!.state]).toEqual(['int8 missing', undefined, 'unknown'])
    // A layer that a rewrite renamed counts by its operator.
    expect(isRefused(limitsOf(report, [{ name: 'soft/2', tensor: 't', ops: ['Softmax'] }]), 'int8')?.state).toBe('missing')
    expect(limitsOf(undefined, [conv])).toEqual([])
  })
})

const trial = (settings: readonly string[], samples: number, score: number | null, nsr: number | null, scoreError: number | null = 0): Trial => ({
  stage: 'grid', settings, samples, key: '', protocol: 'psnr-y', score, floatScore: 40, scoreError, nsr, scales: '', model: '', seconds: 1, inferenceSeconds: 1, inferences: 1, savedInferences: 0, fault: null,
})

describe('trials', () => {
  it('are best by score, by noise where the score differs by chance alone, on the most samples', () => {
    const trials = [trial([], 8, 30, 0.1), trial(['a=1'], 8, 39, 0.01), trial([], 32, 30, 0.1), trial(['b=1'], 32, 31, 0.09, 0.5), trial(['c=1'], 32, 30.8, 0.05, 0.5), trial(['d=1'], 32, null, null)]
    expect(bestOf(trials)?.settings).toEqual(['c=1'])
    expect(bestOf(trials.slice(0, 3))?.settings).toEqual(['a=1'])
    expect(bestOf([])).toBeUndefined()
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

it('a job of tuning is known by its command', () => {
  const words = ['--sensitivity --full', '--search', "--budget 'latency<=0.6x'", '--pareto', '--try layers.x.bits=16']
  expect(words.map((options) => modeOf(`npx scalewright tune recipe.yaml ${options} --workspace /w`))).toEqual(['sensitivity', 'search', 'pareto', 'pareto', 'try'])
  expect(modeOf('npx scalewright tune --resume 01ABC --workspace /w')).toBe('search')
})
