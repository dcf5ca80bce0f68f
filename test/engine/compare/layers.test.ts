import { describe, expect, test } from 'vitest'
import { measureLayers } from '../../../main/compare/layers.ts'
import type { LayerOptions } from '../../../main/compare/layers.ts'
import { roundHalfEven } from '../../../main/core/round.ts'
import { quietTask } from '../../../main/core/task.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { floatConv, noiseSamples, quantizedConv, row } from './tiny-models.ts'

const X = { scale: Math.fround(2 / 255), zeroPoint: 128 }
// Too narrow on purpose: y reaches beyond ±3.2, so some values clip.
const Y = { scale: Math.fround(6.4 / 255), zeroPoint: 128 }
const ROWS = [
  row('x', { scale: [X.scale], zeroPoint: [X.zeroPoint] }),
  row('w', { kind: 'weight', type: 'int8' }),
  row('y', { scale: [Y.scale], zeroPoint: [Y.zeroPoint] }),
]
const samples = noiseSamples(3)
const options: LayerOptions = {
  mode: 'both', maxSamples: 10, threads: 1, dequantizedNames: new Map([['x', 'x_dequantized'], ['y', 'y']]),
}
const measure = (changes: Partial<LayerOptions> = {}) => measureLayers(floatConv(), quantizedConv(X, Y), ROWS, samples, { ...options, ...changes }, quietTask)

/** y of every sample, float and quantized, by running both models apart. */
async function outputsByHand(): Promise<{ float: number[]; quantized: number[] }> {
  const all = { float: [] as number[], quantized: [] as number[] }
  for (const [graph, values, mode] of [[floatConv(), all.float, 'float'], [quantizedConv(X, Y), all.quantized, 'simulated']] as const) {
    const session = await openSession(encodeModel(graph), { mode, threads: 1 })
    for (let index = 0; index < samples.count; index++) {
      const { feeds } = await samples.load(index)
      values.push(...((await session.run(feeds)).y!.data as Float32Array))
    }
    await session.close()
  }
  return all
}

const errorsOf = (r: readonly number[], q: readonly number[]) => {
  const noise = r.reduce((sum, value, i) => sum + (q[i]! - value) ** 2, 0)
  const signal = r.reduce((sum, value) => sum + value * value, 0)
  const product = r.reduce((sum, value, i) => sum + value * q[i]!, 0)
  return {
    sqnrDb: 10 * Math.log10(signal / noise),
    cosine: product / Math.sqrt(signal * q.reduce((sum, value) => sum + value * value, 0)),
    mse: noise / r.length,
    maxAbs: Math.max(...r.map((value, i) => Math.abs(q[i]! - value))),
  }
}

describe('layer errors', () => {
  test('one row a quantized activation and mode, in the order of the scale table, with the node that makes it', async () => {
    const found = await measure()
    expect(found.map(({ tensor, mode, node, op }) => [tensor, mode, node, op])).toEqual([
      ['x', 'accumulated', '', ''],
      ['x', 'alone', '', ''],
      ['y', 'accumulated', 'conv', 'Conv'],
      ['y', 'alone', 'conv', 'Conv'],
    ])
  })

  test('accumulated is the quantized graph against the float graph, over all samples together', async () => {
    const { float, quantized } = await outputsByHand()
    const expected = errorsOf(float, quantized)
    const y = (await measure({ mode: 'accumulated' })).find(({ tensor }) => tensor === 'y')!
    // The same float32 values summed in float64 in another order.
    for (const key of ['sqnrDb', 'cosine', 'mse', 'maxAbs'] as const) expect(y[key]).toBeCloseTo(expected[key], 10)
  })

  test("alone is the float tensor through its own codes, clipped values counted", async () => {
    const { float } = await outputsByHand()
    const code = (value: number) => roundHalfEven(Math.fround(value / Y.scale)) + Y.zeroPoint
    const held = float.map((value) => Math.fround((Math.max(0, Math.min(255, code(value))) - Y.zeroPoint) * Y.scale))
    const expected = errorsOf(float, held)
    const y = (await measure({ mode: 'alone' })).find(({ tensor }) => tensor === 'y')!
    for (const key of ['sqnrDb', 'cosine', 'mse', 'maxAbs'] as const) expect(y[key]).toBeCloseTo(expected[key], 10)
    const clipped = float.filter((value) => code(value) < 0 || code(value) > 255).length
    expect(clipped).toBeGreaterThan(0)
    expect(y.clippedPercent).toBeCloseTo((100 * clipped) / float.length, 10)
  })

  test('an input is quantized alone in both modes', async () => {
    const [accumulated, alone] = await measure()
    expect({ ...accumulated, mode: 'alone' }).toEqual(alone)
  })

  test('a small memory budget takes more passes and gives the same numbers', async () => {
    expect(await measure({ memoryBytes: 1 })).toEqual(await measure())
  })

  test('only the first samples when asked, and progress ends at its total', async () => {
    const seen: number[][] = []
    const task = { ...quietTask, report: ({ done, total }: { done: number; total: number }) => void seen.push([done, total]) }
    await measureLayers(floatConv(), quantizedConv(X, Y), ROWS, samples, { ...options, maxSamples: 2, memoryBytes: 1 }, task)
    expect(seen).toEqual([[1, 4], [2, 4], [3, 4], [4, 4]])
  })

  test('NaN in the float model is named with tensor and sample', async () => {
    const broken = floatConv(new Float32Array(4 * 27).fill(Number.NaN))
    await expect(measureLayers(broken, quantizedConv(X, Y), ROWS, samples, options, quietTask)).rejects.toMatchObject({
      code: 'model.not-finite', where: 'tensor y, sample s0',
    })
  })

  test('a cancelled task ends between samples', async () => {
    const stop = new AbortController()
    const task = { signal: stop.signal, report: () => stop.abort() }
    await expect(measureLayers(floatConv(), quantizedConv(X, Y), ROWS, samples, options, task)).rejects.toMatchObject({ name: 'AbortError' })
  })
})
