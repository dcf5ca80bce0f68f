import { expect, test } from 'vitest'
import { measureLatency } from '../../../main/compare/latency.ts'
import { macsOfSample, parameterCount } from '../../../main/compare/macs.ts'
import { operatorTimes } from '../../../main/compare/operators.ts'
import { quietTask } from '../../../main/core/task.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { floats, graph, longs, node, noise } from '../../fixtures/build-model.ts'
import { floatConv, quantizedConv } from './tiny-models.ts'

const codes = { scale: Math.fround(12 / 255), zeroPoint: 128 }
const models = { float: encodeModel(floatConv()), quantized: encodeModel(quantizedConv(codes, codes)) }
const feeds = { x: noise([1, 3, 12, 12]) }

test('latency: both versions run equally often, within the limits', async () => {
  const seen: number[] = []
  const task = { ...quietTask, report: ({ done }: { done: number }) => void seen.push(done) }
  const latency = await measureLatency(models, feeds, { threads: 1, budgetMs: 5 }, task)
  expect(latency.protocol).toBe('turns/warmup3/threads1/1x3x12x12')
  expect(latency.floatMs.runs).toBe(latency.fusedMs.runs)
  expect(latency.floatMs.runs).toBeGreaterThanOrEqual(10)
  expect(latency.floatMs.runs).toBeLessThanOrEqual(200)
  expect(seen).toHaveLength(latency.floatMs.runs)
  for (const { median, min, spread } of [latency.floatMs, latency.fusedMs]) {
    expect(min).toBeGreaterThan(0)
    expect(median).toBeGreaterThanOrEqual(min)
    expect(spread).toBeGreaterThanOrEqual(0)
  }
  expect(latency.ratio).toBe(latency.fusedMs.median / latency.floatMs.median)
})

test('operators: graph nodes of both versions, the costliest first', async () => {
  const times = await operatorTimes(models, feeds, { threads: 1, runs: 2 }, quietTask)
  const float = times.filter(({ version }) => version === 'float')
  const fused = times.filter(({ version }) => version === 'fused')
  expect([...float, ...fused]).toEqual(times)
  expect(float.map(({ node: name }) => name)).toContain('conv')
  expect(fused.length).toBeGreaterThan(0)
  for (const part of [float, fused]) expect(part.map(({ us }) => us)).toEqual(part.map(({ us }) => us).toSorted((a, b) => b - a))
})

test('multiply-accumulates by hand: Conv, grouped Conv, ConvTranspose, MatMul, Gemm', async () => {
  const made = graph({
    inputs: { x: [1, 4, 'h', 'w'] },
    outputs: { z: null },
    nodes: [
      node('Conv', ['x', 'w1'], ['a'], { pads: [1, 1, 1, 1], strides: [2, 2] }),
      node('Conv', ['a', 'w2'], ['b'], { group: 8 }),
      node('ConvTranspose', ['b', 'w3'], ['c'], { strides: [2, 2] }),
      node('Relu', ['c'], ['d']),
      node('Reshape', ['d', 'shape'], ['e']),
      node('MatMul', ['e', 'w4'], ['f']),
      node('Gemm', ['f', 'w5'], ['z'], { transB: 1 }),
    ],
    initializers: {
      w1: noise([8, 4, 3, 3]), w2: noise([8, 1, 1, 1]), w3: noise([8, 2, 2, 2]), shape: longs([1, -1]), w4: noise([128, 10]), w5: noise([5, 10]),
    },
  })
  // 8×8 in: a and b are 4×4 of 8 channels, c is 8×8 of 2 (128 values).
  expect(await macsOfSample(made, { x: [1, 4, 8, 8] })).toBe(8 * 16 * 36 + 8 * 16 + 8 * 16 * 8 + 128 * 10 + 10 * 5)
})

test('parameters: weights count, scales, bounds of a Clip and sizes of a Resize do not', () => {
  const clipped = graph({
    inputs: { x: [1, 3, 8, 8] },
    outputs: { y: null },
    nodes: [
      node('Conv', ['x', 'w', 'b'], ['a'], { pads: [1, 1, 1, 1] }),
      node('Clip', ['a', 'low', 'high'], ['c']),
      node('Resize', ['c', '', 'scales'], ['y'], { mode: 'nearest' }),
    ],
    initializers: { w: noise([3, 3, 3, 3]), b: noise([3]), low: floats([], [0]), high: floats([], [1]), scales: floats([4], [1, 1, 2, 2]) },
  })
  expect(parameterCount(clipped)).toBe(84)
  expect(parameterCount(floatConv())).toBe(108)
  expect(parameterCount(quantizedConv(codes, codes))).toBe(108)
})
