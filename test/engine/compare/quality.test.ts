import { describe, expect, test } from 'vitest'
import { freeEachTensor } from '../../../main/compare/free-each.ts'
import { measureQuality } from '../../../main/compare/quality.ts'
import { protocolsFor } from '../../../main/compare/protocol.ts'
import { quietTask } from '../../../main/core/task.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Tensor } from '../../../main/onnx/graph.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { expectationFrom, expectationOf } from '../../../main/samples/expectation.ts'
import type { Picture, Sample } from '../../../main/samples/sample.ts'
import { floats, graph, model, node } from '../../fixtures/build-model.ts'
import { floatConv, noiseSamples, quantizedConv, quantizePair, sampleSet } from './tiny-models.ts'

const X = { scale: Math.fround(2 / 255), zeroPoint: 128 }
const Y = { scale: Math.fround(12 / 255), zeroPoint: 128 }

describe('a model without reference pictures', () => {
  const models = { float: encodeModel(floatConv()), quantized: encodeModel(quantizedConv(X, Y)) }
  const expectation = expectationOf(floatConv())
  const samples = noiseSamples(3)
  const options = { protocols: ['sqnr/output', 'cosine/output'], expectation, threads: 1 }

  test('it is a vector, judged by SQNR and cosine', () => {
    expect(expectation.output.kind.value).toBe('vector')
    expect(protocolsFor(expectation, false, {})).toEqual(['sqnr/output', 'cosine/output'])
    expect(protocolsFor(expectation, false, { metric: 'cosine' })).toEqual(['cosine/output', 'sqnr/output'])
    expect(() => protocolsFor(expectation, false, { metric: 'psnr-y', shave: 2 })).toThrow(expect.objectContaining({ code: 'recipe.metric-needs-picture' }))
  })

  test('noise ratios against the float model are averaged over samples, then dB; float itself has no number', async () => {
    const run = async (bytes: Uint8Array, mode: 'float' | 'simulated') => {
      const session = await openSession(bytes, { mode, threads: 1 })
      const outputs: Float32Array[] = []
      for (let index = 0; index < samples.count; index++) outputs.push((await session.run((await samples.load(index)).feeds)).y!.data as Float32Array)
      await session.close()
      return outputs
    }
    const [float, simulated] = [await run(models.float, 'float'), await run(models.quantized, 'simulated')]
    const ratios = float.map((values, index) => {
      const noise = values.reduce((sum, value, i) => sum + (simulated[index]![i]! - value) ** 2, 0)
      return noise / (values.reduce((sum, value) => sum + value * value, 0) + 1e-7)
    })
    const { quality, pictures } = await measureQuality(models, samples, { ...options, keepPictures: 2 }, quietTask)
    expect(quality).toMatchObject({ protocol: 'sqnr/output', unit: 'dB', float: null })
    expect(quality.simulated).toBeCloseTo(-10 * Math.log10(ratios.reduce((sum, ratio) => sum + ratio, 0) / 3), 10)
    expect(quality.perSample.map(({ sample }) => sample)).toEqual(['s0', 's1', 's2'])
    for (const [index, { float: own, simulated: db }] of quality.perSample.entries()) {
      expect(own).toBeNull()
      expect(db).toBeCloseTo(-10 * Math.log10(ratios[index]!), 10)
    }
    expect(quality.others['cosine/output']).toMatchObject({ float: null })
    expect(quality.others['cosine/output']!.simulated).toBeGreaterThan(0.999)
    expect(quality.infinite).toBeUndefined()
    expect(pictures).toEqual([])
  })

  test('fused stays within rounding of simulated for weights that cannot saturate', async () => {
    // 27 taps of small values: u8×s8 pair sums stay inside int16 on any CPU, so only near-ties may differ by a code.
    const { fusedDifference, findings, quality } = await measureQuality(models, samples, { ...options, outputSteps: new Map([['y', Y.scale]]) }, quietTask)
    expect(fusedDifference.output).toBe('y')
    expect(fusedDifference.values).toBe(4 * 9 * (8 + 9 + 10))
    expect(fusedDifference.verdict).not.toBe('suspect')
    expect(findings.filter(({ severity }) => severity === 'warning')).toEqual([])
    expect(Math.abs(quality.fused! - quality.simulated!)).toBeLessThan(1)
  })

  test('fused kernels that lose values are a finding; what exact products do not heal is not called saturation', async () => {
    const wrong = encodeModel(quantizedConv(X, Y, 25))
    const { fusedDifference, findings } = await measureQuality({ ...models, fused: wrong }, samples, { ...options, outputSteps: new Map([['y', Y.scale]]) }, quietTask)
    expect(fusedDifference.verdict).toBe('suspect')
    expect(fusedDifference.maxCodes).toBeGreaterThan(2)
    expect(findings).toMatchObject([{ rule: 'SW-C01', severity: 'warning', tensor: 'y', why: expect.stringMatching(/not saturation/) }])
  })

  test('NaN in an output names version, output and sample', async () => {
    const broken = encodeModel(floatConv(new Float32Array(4 * 27).fill(Number.NaN)))
    await expect(measureQuality({ ...models, float: broken }, samples, options, quietTask)).rejects.toMatchObject({
      code: 'model.not-finite', where: 'output y, sample s0', what: 'the float model gives NaN at index 0',
    })
  })

  test('a quantized file of another model is refused, output named', async () => {
    const renamed = model({ inputs: { x: [1, 3, 'h', 'w'] }, outputs: { z: null }, nodes: [node('Relu', ['x'], ['z'])] })
    await expect(measureQuality({ ...models, quantized: renamed }, samples, options, quietTask)).rejects.toMatchObject({ code: 'model.other-outputs', where: 'output y, sample s0' })
    const smaller = model({ inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: null }, nodes: [node('Relu', ['x'], ['y'])] })
    await expect(measureQuality({ ...models, quantized: smaller }, samples, options, quietTask)).rejects.toMatchObject({ code: 'model.other-outputs', what: expect.stringContaining('288 values') })
  })

  test('no samples and unknown protocols are refused', async () => {
    await expect(measureQuality(models, sampleSet([]), options, quietTask)).rejects.toMatchObject({ code: 'samples.none' })
    await expect(measureQuality(models, samples, { ...options, protocols: ['psnr'] }, quietTask)).rejects.toMatchObject({ code: 'recipe.unknown-protocol' })
  })

  test('a cancelled task ends between samples', async () => {
    const stop = new AbortController()
    const task = { signal: stop.signal, report: () => stop.abort() }
    await expect(measureQuality(models, samples, options, task)).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('a model that makes pictures', () => {
  /** Gives its RGB input back: a 1×1 Conv with the unit matrix. */
  const unit = tensor('float32', [3, 3, 1, 1], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1))
  const float = graph({ inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: [1, 3, 'h', 'w'] }, nodes: [node('Conv', ['x', 'w'], ['y'])], initializers: { w: unit } })
  const pair = quantizePair('x', 'x_dequantized', { scale: 2, zeroPoint: 0 })
  /** The same with an input that only holds even levels: every odd one becomes the even one half a step away. */
  const quantized = graph({
    inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: [1, 3, 'h', 'w'] },
    nodes: [...pair.nodes, node('Conv', ['x_dequantized', 'w'], ['y'])], initializers: { ...pair.initializers, w: unit },
  })
  const expectation = expectationFrom(expectationOf(float), { preprocess: { range: [0, 255] }, output: { kind: 'picture', range: [0, 255], factor: 1 } })
  const flat = (level: number): Picture => ({ width: 16, height: 12, color: 'rgb', data: new Float32Array(3 * 16 * 12).fill(level) })
  const feeds = (picture: Picture): Record<string, Tensor> => ({ x: tensor('float32', [1, 3, picture.height, picture.width], picture.data) })
  const sample = (id: string, level: number, reference: number): Sample => ({ id, feeds: feeds(flat(level)), picture: flat(level), reference: flat(reference) })
  const models = { float: encodeModel(float), quantized: encodeModel(quantized) }
  const options = { protocols: ['psnr-rgb/shave0', 'ssim-rgb/shave0'], expectation, threads: 1 }
  const ONE_LEVEL = 20 * Math.log10(255)

  test('identical pictures are null, left out of the mean and counted', async () => {
    // even: all versions exact. odd: float exact, quantized one level off (9 → 8).
    const samples = sampleSet([sample('even', 10, 10), sample('odd', 9, 9), sample('off', 20, 21)])
    const { quality } = await measureQuality(models, samples, options, quietTask)
    expect(quality.perSample[0]).toEqual({ sample: 'even', float: null, simulated: null, fused: null })
    expect(quality.perSample[1]!.float).toBeNull()
    expect(quality.perSample[1]!.simulated).toBeCloseTo(ONE_LEVEL, 6)
    expect(quality.float).toBeCloseTo(ONE_LEVEL, 6)
    expect(quality.simulated).toBeCloseTo(ONE_LEVEL, 6)
    expect(quality.infinite).toEqual({ 'psnr-rgb/shave0': { float: 2, simulated: 1, fused: 1 } })
    expect(quality.others['ssim-rgb/shave0']!.float).toBeGreaterThan(0.99)
  })

  test('the pictures kept are those whose worst tile changed most', async () => {
    const samples = sampleSet([sample('even', 10, 10), sample('odd', 9, 9)])
    const { pictures } = await measureQuality(models, samples, { ...options, keepPictures: 1 }, quietTask)
    expect(pictures).toMatchObject([{ sample: 'odd', tile: { x: 0, y: 0, width: 16, height: 12, error: 1 } }])
    expect([pictures[0]!.float.data[0], pictures[0]!.simulated.data[0]]).toEqual([9, 8])
  })

  test('a sample without reference is named, with the metric that needs none', async () => {
    const bare = sampleSet([{ id: 'lonely', feeds: feeds(flat(3)) }])
    await expect(measureQuality(models, bare, options, quietTask)).rejects.toMatchObject({ code: 'samples.no-reference', where: 'sample lonely', next: expect.stringContaining('sqnr') })
  })

  test('default protocols: PSNR-Y first with references, SQNR without', () => {
    expect(protocolsFor(expectation, true, {})).toEqual(['psnr-y/shave1/studio', 'psnr-rgb/shave1', 'ssim-y/shave1/studio'])
    expect(protocolsFor(expectation, true, { metric: 'ssim-y', shave: 3 })).toEqual(['ssim-y/shave3/studio', 'psnr-y/shave3/studio', 'psnr-rgb/shave3'])
    expect(protocolsFor(expectation, false, {})).toEqual(['sqnr/output', 'cosine/output'])
  })
})

describe('each tensor freed in turn', () => {
  /** x → ×1 → a → ×1 → b → ×1 → y with a on a coarse grid and b on a fine one, unless freed. */
  const STEPS = { a: 0.25, b: 0.01 }
  const chain = (freed: readonly string[]): Uint8Array => {
    const pairs = (['a', 'b'] as const).flatMap((name) => (freed.includes(name) ? [] : [{ name, ...quantizePair(name, `${name}_held`, { scale: STEPS[name], zeroPoint: 128 }) }]))
    const held = (name: string) => (pairs.some((pair) => pair.name === name) ? `${name}_held` : name)
    const [first, second] = ['a', 'b'].map((name) => pairs.find((pair) => pair.name === name)?.nodes ?? [])
    return model({
      inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: [1, 3, 'h', 'w'] },
      nodes: [node('Mul', ['x', 'one'], ['a']), ...first!, node('Mul', [held('a'), 'one'], ['b']), ...second!, node('Mul', [held('b'), 'one'], ['y'])],
      initializers: Object.assign({ one: floats([1], [1]) }, ...pairs.map((pair) => pair.initializers)) as Record<string, Tensor>,
    })
  }

  test('the tensor that holds the loss comes first, and all of it is won when the rest is exact', async () => {
    const asked: string[][] = []
    const make = (freed: readonly string[]) => {
      asked.push([...freed])
      return chain(freed)
    }
    const options = { protocol: 'sqnr/output', expectation: expectationOf(floatConv()), threads: 1 }
    const report = await freeEachTensor(make, ['b', 'a'], chain(['a', 'b']), noiseSamples(2), options, quietTask)
    expect(asked).toEqual([[], ['b'], ['a']])
    expect(report).toMatchObject({ protocol: 'sqnr/output', unit: 'dB', float: null })
    expect(report.rows.map(({ tensor: name }) => name)).toEqual(['a', 'b'])
    // Uniform noise of ±1 on a grid of 0.01: signal 1/3 over step²/12 is 46 dB; a's 0.25 holds it at 18 dB.
    expect(report.rows[0]!.quality).toBeGreaterThan(44)
    expect(report.quantized).toBeLessThan(20)
    expect(report.rows[0]!.gain).toBeCloseTo(report.rows[0]!.quality - report.quantized, 12)
    expect(report.rows[1]!.gain).toBeLessThan(1)
  })
})
