import { describe, expect, it } from 'vitest'
import { magnitudeOf, SIGN } from '../../../main/calibrate/codes.ts'
import { exactSum, numberOfUnits } from '../../../main/calibrate/exact-sum.ts'
import { observe, type ObserveOptions, observedModelSha256 } from '../../../main/calibrate/observe.ts'
import { encodeStatistics, mergeStatistics } from '../../../main/calibrate/statistics-file.ts'
import type { TensorStatistics } from '../../../main/calibrate/statistics.ts'
import { watchedTensors } from '../../../main/calibrate/watch.ts'
import { Fault } from '../../../main/core/fault.ts'
import { quietTask } from '../../../main/core/task.ts'
import type { Graph, Tensor } from '../../../main/onnx/graph.ts'
import { float32 } from '../../../main/onnx/tensor.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'
import { tensorSamples } from '../../fixtures/tensor-samples.ts'

const net = (opset = 17): Graph =>
  graph({
    opset,
    inputs: { x: ['N', 3, 'H', 'W'] }, outputs: { y: ['N', 4, 'H', 'W'] },
    nodes: [node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }), node('Relu', ['c'], ['r']), node('Conv', ['r', 'v'], ['y'])],
    initializers: { w: noise([8, 3, 3, 3], 1, 0.3), v: noise([4, 8, 1, 1], 2, 0.5) },
  })

const picture = (seed: number, height = 12, width = 10): Record<string, Tensor> => ({ x: noise([1, 3, height, width], seed) })
const some = (...seeds: number[]) => Object.fromEntries(seeds.map((seed) => [`p${seed}`, picture(seed, 8 + (seed % 5), 10)]))

const pass = (model: Graph, feeds: Record<string, Record<string, Tensor>>, options: Partial<ObserveOptions> = {}) =>
  observe(model, tensorSamples(feeds), { tensors: watchedTensors(model), valuesPerTensor: null, threads: 1, ...options }, quietTask)

const valuesOf = (tensor: TensorStatistics) =>
  tensor.folds.flatMap(({ codes, counts }) => [...codes].flatMap((code, bin) => Array.from({ length: counts[bin]! }, () => (code & SIGN ? -1 : 1) * magnitudeOf(code))))

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(() => undefined, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Fault)
  return error as Fault
}

describe('observe', () => {
  it.each([13, 17, 18, 21])('counts every value of the input at opset %i, extremes exact, bins to 11 bits', async (opset) => {
    const feeds = some(1, 2, 3)
    const { statistics, facts } = await pass(net(opset), feeds)
    const seen = statistics.tensors.get('x')!
    const values = Float32Array.from(Object.values(feeds).flatMap(({ x }) => [...float32(x!)]))
    expect(seen).toMatchObject({ channels: 3, count: values.length, sampled: values.length, min: Math.min(...values), max: Math.max(...values) })
    const [counted, given] = [Float64Array.from(valuesOf(seen)).toSorted(), values.toSorted()]
    // Half a bin: 2^-11 of the value; below 2^-14 binary16 has steps of 2^-24.
    for (let index = 0; index < given.length; index++) expect(Math.abs(counted[index]! - given[index]!)).toBeLessThanOrEqual(Math.abs(given[index]!) * 2 ** -11 + 2 ** -25)
    // The runtime sums a channel of a picture in float32: some 1e-7 of the sum of |x|.
    const sum = numberOfUnits(seen.channelSum.reduce((a, b) => a + b, 0n))
    expect(Math.abs(sum - numberOfUnits(exactSum(values)))).toBeLessThan(1e-6 * values.reduce((a, b) => a + Math.abs(b), 0))
    expect([...statistics.tensors.keys()]).toEqual(['x', 'r', 'y'])
    expect(facts.seconds).toBeGreaterThan(facts.inferenceSeconds)
    expect(facts.peakRssBytes).toBeGreaterThan(2e7)
  })

  it('gives the same bytes for any order and any split', async () => {
    const model = net()
    const whole = encodeStatistics((await pass(model, some(1, 2, 3, 4, 5, 6), { valuesPerTensor: 20 })).statistics)
    expect(encodeStatistics((await pass(model, some(5, 2, 6, 1, 4, 3), { valuesPerTensor: 20 })).statistics)).toEqual(whole)
    const parts = [await pass(model, some(4, 1), { valuesPerTensor: 20 }), await pass(model, some(6), { valuesPerTensor: 20 }), await pass(model, some(3, 5, 2), { valuesPerTensor: 20 })]
    expect(encodeStatistics(mergeStatistics(parts.map(({ statistics }) => statistics)))).toEqual(whole)
  })

  it('takes every step-th value of a large tensor, extremes and sums from all', async () => {
    const x = noise([1, 3, 40, 40], 9)
    const { statistics } = await pass(net(), { a: { x } }, { valuesPerTensor: 100 })
    const seen = statistics.tensors.get('x')!
    const step = 6 * Math.floor(4800 / 600) + 1
    expect(seen).toMatchObject({ count: 4800, sampled: Math.ceil(4800 / step), max: Math.max(...float32(x)) })
    expect(valuesOf(seen).toSorted((a, b) => a - b)[0]).toBeCloseTo(Math.min(...float32(x).filter((_, index) => index % step === 0)), 3)
  })

  it('tells channels apart, and counts one where axis 1 is no channel axis', async () => {
    const x = floats([1, 3, 1, 2], [1, 2, -3, 4, 0, -0])
    const seen = (await pass(net(), { a: { x } })).statistics.tensors.get('x')!
    expect([[...seen.channelMin], [...seen.channelMax], seen.channelSum.map(numberOfUnits)]).toEqual([[1, -3, 0], [2, 4, 0], [3, 1, 0]])
    const flat = graph({ inputs: { v: ['n'] }, outputs: { y: null }, nodes: [node('ReduceMean', ['v'], ['m'], { keepdims: 0 }), node('Add', ['v', 'm'], ['y'])] })
    const { statistics } = await pass(flat, { a: { v: floats([4], [1, 2, 3, 6]) } })
    expect([...statistics.tensors.values()].map(({ tensor, channels, min, max }) => [tensor, channels, min, max])).toEqual([['v', 1, 1, 6], ['m', 1, 3, 3], ['y', 1, 4, 9]])
    const heights = graph({ inputs: { x: [1, 'H', 'W', 3] }, outputs: { y: null }, nodes: [node('Sigmoid', ['x'], ['y'])] })
    const nhwc = await pass(heights, { a: { x: noise([1, 4, 5, 3]) }, b: { x: noise([1, 6, 5, 3], 2) } })
    expect(nhwc.statistics.tensors.get('x')).toMatchObject({ channels: 1, count: 150 })
  })

  it.each([1e-12, 1e-3, 1, 1e6, 1e30])('holds values around %d with the same relative bins', async (scale) => {
    const x = noise([1, 3, 10, 10], 4, scale)
    const model = graph({ inputs: { x: [1, 3, 10, 10] }, outputs: { y: null }, nodes: [node('Neg', ['x'], ['y'])] })
    const { statistics } = await pass(model, { a: { x } })
    const given = float32(x).toSorted()
    const counted = Float64Array.from(valuesOf(statistics.tensors.get('x')!)).toSorted()
    for (let index = 0; index < given.length; index++) expect(Math.abs(counted[index]! - given[index]!)).toBeLessThanOrEqual(Math.abs(given[index]!) * 2 ** -11 + 2 ** -25 * Math.min(scale, 1))
  })

  it('decides on wide values picture by picture, so order cannot matter', async () => {
    const model = graph({ inputs: { x: [1, 3, 10, 10] }, outputs: { y: null }, nodes: [node('Neg', ['x'], ['y'])] })
    const feeds = { a: { x: noise([1, 3, 10, 10], 1, 1e6) }, b: { x: noise([1, 3, 10, 10], 2, 1e-6) }, c: { x: noise([1, 3, 10, 10], 3) }, d: { x: floats([1, 3, 10, 10], Array.from({ length: 300 }, () => 0)) } }
    const bytes = encodeStatistics((await pass(model, feeds)).statistics)
    expect(encodeStatistics((await pass(model, Object.fromEntries(Object.entries(feeds).toReversed()))).statistics)).toEqual(bytes)
  })

  it('counts zeros of either sign as one', async () => {
    const model = graph({ inputs: { x: [1, 1, 1, 4] }, outputs: { y: null }, nodes: [node('Neg', ['x'], ['y'])] })
    const { statistics } = await pass(model, { a: { x: floats([1, 1, 1, 4], [0, -0, 0, -0]) } })
    const { min, max, folds } = statistics.tensors.get('y')!
    expect([Object.is(min, 0), Object.is(max, 0)]).toEqual([true, true])
    expect(folds.flatMap(({ codes, counts }) => [...codes, ...counts])).toEqual([0, 4])
  })

  it('keeps exact sums where the float32 sum overflows', async () => {
    const model = graph({ inputs: { x: [1, 2, 1, 2] }, outputs: { y: null }, nodes: [node('Neg', ['x'], ['y'])] })
    const seen = (await pass(model, { a: { x: floats([1, 2, 1, 2], [3e38, 3e38, 1, -3e38]) } })).statistics.tensors.get('y')!
    expect(seen.channelSum).toEqual([-exactSum(Float32Array.of(3e38, 3e38)), exactSum(Float32Array.of(-1, 3e38))])
  })

  it('knows its model and samples by hash', async () => {
    const { statistics } = await pass(net(), some(1, 2), { protocol: 'rgb 0..1' })
    expect(statistics).toMatchObject({ modelSha256: observedModelSha256(net()), samples: 2, protocol: 'rgb 0..1' })
    expect((await pass(net(), some(1, 3))).statistics.samplesSha256).not.toBe(statistics.samplesSha256)
  })

  it('says how far it is and stops when asked', async () => {
    const stop = new AbortController()
    const done: number[] = []
    const task = { signal: stop.signal, report: ({ done: count }: { done: number }) => void (done.push(count), count === 2 && stop.abort()) }
    await expect(observe(net(), tensorSamples(some(1, 2, 3, 4, 5)), { tensors: ['y'], valuesPerTensor: null, threads: 1 }, task)).rejects.toThrow(/abort/i)
    expect(done).toEqual([0, 1, 2])
  })
})

describe('what is not finite', () => {
  it('in a sample: named with input, index and counts', async () => {
    const values = Array.from({ length: 360 }, (_, index) => (index === 130 ? Number.NaN : index > 357 ? Infinity : 0.5))
    const fault = await faultOf(pass(net(), { fine: picture(1), broken: { x: floats([1, 3, 12, 10], values) } }))
    expect(fault).toMatchObject({ code: 'samples.not-finite', where: "sample 'broken', input 'x'", what: '1 NaN and 2 infinite of 360 values; the first at index 130 ([0, 1, 1, 0])' })
  })

  it('made by the model: named with tensor, sample and first index', async () => {
    const model = graph({
      inputs: { x: [1, 1, 2, 2] }, outputs: { y: null },
      nodes: [node('Sqrt', ['x'], ['root']), node('Relu', ['root'], ['clean']), node('Add', ['clean', 'clean'], ['y'])],
    })
    const fault = await faultOf(pass(model, { bright: { x: floats([1, 1, 2, 2], [1, 2, 3, 4]) }, dark: { x: floats([1, 1, 2, 2], [1, 2, -3, 4]) } }))
    expect(fault).toMatchObject({ code: 'model.not-finite', where: "sample 'dark', tensor 'root'", what: '1 NaN and 0 infinite of 4 values; the first at index 2 ([0, 0, 1, 0])' })
  })

  it('overflowing to infinity', async () => {
    const model = graph({ inputs: { x: [1, 1, 1, 2] }, outputs: { y: null }, nodes: [node('Mul', ['x', 'x'], ['y'])] })
    expect(await faultOf(pass(model, { a: { x: floats([1, 1, 1, 2], [1, 1e30]) } }))).toMatchObject({ where: "sample 'a', tensor 'y'", what: expect.stringContaining('1 infinite of 2') })
  })

  it('in a weight: named, though a Relu behind it would hide it', async () => {
    const model = net()
    const w = noise([8, 3, 3, 3])
    float32(w)[5] = Number.NaN
    const fault = await faultOf(pass({ ...model, initializers: new Map([...model.initializers, ['w', w]]) }, some(1)))
    expect(fault).toMatchObject({ code: 'model.not-finite', where: "weight 'w'", what: expect.stringContaining('the first at index 5 ([0, 0, 1, 2])') })
  })

  it('infinite weights that are meant are let through', async () => {
    const model = graph({ inputs: { x: [1, 1, 1, 2] }, outputs: { y: null }, nodes: [node('Clip', ['x', '', 'top'], ['y'])], initializers: { top: floats([], [Infinity]) } })
    expect((await pass(model, { a: { x: floats([1, 1, 1, 2], [1, 2]) } })).statistics.tensors.get('y')!.max).toBe(2)
  })
})

describe('refuses', () => {
  it('no samples, no tensors, unknown tensors', async () => {
    expect(await faultOf(pass(net(), {}))).toMatchObject({ code: 'samples.none' })
    expect(await faultOf(pass(net(), some(1), { tensors: [] }))).toMatchObject({ code: 'model.nothing-to-observe' })
    expect(await faultOf(pass(net(), some(1), { tensors: ['yy'] }))).toMatchObject({ code: 'input.unknown-tensor', next: expect.stringContaining('y') })
  })
})
