import { describe, expect, it } from 'vitest'
import type { CodeType } from '../../../main/core/grid.ts'
import type { ScaleRow, ScaleTable } from '../../../main/core/scale-table.ts'
import { decodeModel, graphOf } from '../../../main/onnx/decode.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph, Node, Tensor } from '../../../main/onnx/graph.ts'
import { float32, integers } from '../../../main/onnx/tensor.ts'
import { quantizeOptions, type QuantizeWishes } from '../../../main/quantize/options.ts'
import { opsetFor } from '../../../main/quantize/qdq.ts'
import { quantize, type Quantized } from '../../../main/quantize/quantize.ts'
import { readQdq } from '../../../main/quantize/read-qdq.ts'
import { profileNodes } from '../../../main/runtime/profile.ts'
import { openSession, type SessionMode } from '../../../main/runtime/session.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'

type Feeds = Readonly<Record<string, Tensor>>

/** Exact products where the fused result is judged: what saturates on some CPUs is a test of the runtime room. */
async function run(model: Graph, feeds: Feeds, mode: SessionMode, exactProducts = mode === 'fused'): Promise<Record<string, Float32Array>> {
  const session = await openSession(encodeModel(model), { mode, threads: 1, exactProducts })
  try {
    const results = await session.run(feeds)
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, float32(value).slice()]))
  } finally {
    await session.close()
  }
}

const extremes = (values: Float32Array) => ({ lo: Math.min(0, ...values), hi: Math.max(0, ...values) })

/** Quantizes with the extremes of one run as thresholds. */
async function quantized(model: Graph, feeds: Feeds, wishes: QuantizeWishes = {}): Promise<Quantized> {
  const inner = model.nodes.flatMap(({ outputs }) => outputs).map((name) => ({ name, type: 'float32' as const, dims: null }))
  const seen = { ...(await run({ ...model, outputs: inner }, feeds, 'float')), ...Object.fromEntries(Object.entries(feeds).map(([name, fed]) => [name, float32(fed)])) }
  return quantize(model, quantizeOptions(wishes), (tensor) => {
    const values = seen[tensor]
    return values && { ...extremes(values), method: 'max', why: 'observed' }
  })
}

const rms = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length)
const differences = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, index) => value - b[index]!)
const rowOf = (table: ScaleTable, tensor: string): ScaleRow => table.find((row) => row.tensor === tensor)!
const meanSquare = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0) / values.length

interface Layer {
  readonly nodes: readonly Node[]
  readonly input: Tensor
  readonly weight: Tensor
  readonly bias?: Tensor
  /** Products that are summed for one output. */
  readonly products: number
}

const conv = (attributes = {}, weight = noise([8, 4, 3, 3], 2, 0.5)): Layer =>
  ({ nodes: [node('Conv', ['x', 'w', 'b'], ['y'], attributes, 'layer')], input: noise([1, 4, 12, 12], 3), weight, bias: noise([8], 4), products: weight.dims[1]! * 9 })

/** Every kernel of 2×2 with stride 2 covers its own outputs. */
const transposed = (group: number, outputs: number): Layer =>
  ({ nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { strides: [2, 2], kernel_shape: [2, 2], group }, 'layer')], input: noise([1, 8, 9, 9], 3), weight: noise([8, outputs / group, 2, 2], 2), products: 8 / group })

const gemm = (transB: 0 | 1): Layer =>
  ({ nodes: [node('Gemm', ['x', 'w', 'b'], ['y'], { transB }, 'layer')], input: noise([20, 64], 3), weight: noise(transB ? [24, 64] : [64, 24], 2), bias: noise([24], 4), products: 64 })

const matMul: Layer = { nodes: [node('MatMul', ['x', 'w'], ['y'], {}, 'layer')], input: noise([1, 20, 64], 3), weight: noise([64, 24], 2), products: 64 }

const modelOf = (layer: Layer, types: readonly CodeType[]): Graph =>
  graph({
    inputs: { x: layer.input.dims }, outputs: { y: null }, nodes: layer.nodes, opset: opsetFor(types),
    initializers: { w: layer.weight, ...(layer.bias ? { b: layer.bias } : {}) },
  })

/**
 * By hand: a value in steps of s is off by s/√12 in the mean square. One output is K products, each off by dx·w and x·dw, plus
 * the rounding of the bias and of the output itself.
 */
function expectedRms(layer: Layer, table: ScaleTable): number {
  const noiseOf = (tensor: string) => meanSquare(rowOf(table, tensor).scale) / 12
  const products = layer.products * (noiseOf('x') * rms(float32(layer.weight)) ** 2 + noiseOf('w') * rms(float32(layer.input)) ** 2 + noiseOf('x') * noiseOf('w'))
  return Math.sqrt(products + noiseOf('y') + (layer.bias ? noiseOf('b') : 0))
}

/** Thousands of outputs share a few hundred weights, so the mean square itself scatters: a quarter either way. */
const SCATTER = 0.25

const LAYERS: Readonly<Record<string, Layer>> = {
  'Conv': conv(), 'Conv in 2 groups': conv({ group: 2 }, noise([8, 2, 3, 3], 2, 0.5)), 'depthwise Conv': { ...conv({ group: 4 }, noise([8, 1, 3, 3], 2, 0.5)) },
  'ConvTranspose': transposed(1, 6), 'depthwise ConvTranspose': transposed(8, 8), 'ConvTranspose in 2 groups': transposed(2, 6),
  'Gemm': gemm(0), 'Gemm, transB': gemm(1), 'MatMul': matMul,
}

/** float32 sums in another order: a few parts in a million of the output. */
const floatNoise = (values: Float32Array) => 3e-6 * Math.max(...values.map(Math.abs))

async function expectToRun(layer: Layer, wishes: QuantizeWishes, widest?: CodeType): Promise<Quantized> {
  const options = quantizeOptions(wishes)
  const model = modelOf(layer, [options.activations.type, options.weights.type, ...(widest ? [widest] : [])])
  const feeds = { x: layer.input }
  const result = await quantized(model, feeds, wishes)
  const [float, simulated, fused] = await Promise.all([run(model, feeds, 'float'), run(result.graph, feeds, 'simulated'), run(result.graph, feeds, 'fused')])
  const expected = expectedRms(layer, result.table)
  const found = rms(differences(simulated.y!, float.y!))
  expect(found, `rms ${found}, expected ${expected}`).toBeGreaterThan((1 - SCATTER) * expected)
  expect(found, `rms ${found}, expected ${expected}`).toBeLessThan((1 + SCATTER) * expected + floatNoise(float.y!))
  // Integer kernels round once more when they requantize: a value near a tie becomes the neighbouring code.
  const apart = Math.max(...differences(fused.y!, simulated.y!).map(Math.abs))
  expect(apart / rowOf(result.table, 'y').scale[0]!).toBeLessThan(1.01)
  return result
}

describe('a quantized layer in ONNX Runtime is as far from float as its steps say', () => {
  const activations = ['uint8', 'int8', 'uint16', 'int16'] as const
  const weights = ['int8', 'uint8', 'int16', 'int4'] as const
  const combinations = activations.flatMap((type) => weights.flatMap((weight) => (['channel', 'tensor'] as const).map((granularity) => [type, weight, granularity] as const)))

  it.each(combinations)('Conv, activations %s, weights %s a %s', async (type, weight, granularity) => {
    const { table } = await expectToRun(conv(), { activations: { type }, weights: { type: weight, granularity } })
    expect(rowOf(table, 'w')).toMatchObject({ type: weight, granularity })
    expect(rowOf(table, 'w').scale.length).toBe(granularity === 'channel' ? 8 : 1)
    expect(rowOf(table, 'y').type).toBe(type)
  })

  it.each([['int8', 'uint8', {}], ['int16', 'uint8', { weight_bits: 16 }], ['int4', 'uint8', { weight_bits: 4 }], ['int8', 'uint16', { bits: 16 }], ['int16', 'uint16', { bits: 16, weight_bits: 16 }]] as const)('Conv with %s weights and a result in %s by its own line', async (weight, type, line) => {
    const { table } = await expectToRun(conv(), { layers: { layer: line } }, 'int16')
    expect([rowOf(table, 'w').type, rowOf(table, 'y').type, rowOf(table, 'x').type]).toEqual([weight, type, 'uint8'])
  })

  it.each(Object.keys(LAYERS))('%s', async (name) => {
    for (const granularity of ['channel', 'tensor'] as const) await expectToRun(LAYERS[name]!, { weights: { granularity } })
  })

  it.each([['ConvTranspose', 1, 6], ['depthwise ConvTranspose', 0, 8], ['Gemm', 1, 24], ['Gemm, transB', 0, 24], ['MatMul', 1, 24]] as const)('%s: channels on axis %i', async (name, axis, channels) => {
    const { table } = await expectToRun(LAYERS[name]!, {})
    expect(rowOf(table, 'w')).toMatchObject({ axis, granularity: 'channel' })
    expect(rowOf(table, 'w').scale.length).toBe(channels)
  })

  it('a ConvTranspose in groups has no single axis of output channels: one scale for all', async () => {
    expect(rowOf((await expectToRun(LAYERS['ConvTranspose in 2 groups']!, {})).table, 'w')).toMatchObject({ axis: null, granularity: 'tensor' })
  })

  it('symmetric activations put the zero point in the middle', async () => {
    expect(rowOf((await expectToRun(conv(), { activations: { type: 'int8', symmetric: true } })).table, 'y').zeroPoint).toEqual([0])
  })
})

describe('a bias of another shape or weight', () => {
  it.each([['[1, N]', [1, 24], {}], ['[1]', [1], {}], ['[M, N]', [20, 24], {}], ['alpha and beta', [24], { alpha: 0.5, beta: 2 }]] as const)('Gemm, %s', async (_, dims, attributes) => {
    const layer = gemm(0)
    const model = graph({
      inputs: { x: layer.input.dims }, outputs: { y: null }, nodes: [node('Gemm', ['x', 'w', 'b'], ['y'], attributes, 'layer')],
      initializers: { w: layer.weight, b: noise(dims, 4) },
    })
    const { graph: qdq } = await quantized(model, { x: layer.input })
    const [float, simulated, fused] = await Promise.all([run(model, { x: layer.input }, 'float'), run(qdq, { x: layer.input }, 'simulated'), run(qdq, { x: layer.input }, 'fused')])
    // One layer of 8 bits on noise: 35 dB is 1.8 % of the output.
    for (const output of [simulated, fused]) expect(rms(differences(output.y!, float.y!)) / rms(float.y!)).toBeLessThan(0.018)
  })

  it('ConvTranspose in groups of one output channel', async () => {
    const layer: Layer = { nodes: [node('ConvTranspose', ['x', 'w', 'b'], ['y'], { strides: [2, 2], kernel_shape: [2, 2], group: 2 }, 'layer')], input: noise([1, 8, 9, 9], 3), weight: noise([8, 1, 2, 2], 2), bias: noise([2], 5), products: 4 }
    expect(rowOf((await expectToRun(layer, {})).table, 'w')).toMatchObject({ axis: null })
  })
})

describe('presets', () => {
  it('x86 uses 7 bits of an activation', async () => {
    const { table } = await expectToRun(conv(), { preset: 'x86' })
    const { scale, zeroPoint, lo, hi } = rowOf(table, 'y')
    expect(scale[0]! * 127).toBeCloseTo(hi - lo, 5)
    expect(zeroPoint[0]!).toBeLessThanOrEqual(127)
  })

  it('arm has one scale a weight', async () => {
    expect(rowOf((await expectToRun(conv(), { preset: 'arm' })).table, 'w').granularity).toBe('tensor')
  })
})

describe('a Conv with its Relu', () => {
  const model = graph({
    inputs: { x: [1, 4, 12, 12] }, outputs: { y: null },
    nodes: [node('Conv', ['x', 'w'], ['a'], {}, 'first'), node('Relu', ['a'], ['r'], {}, 'relu'), node('Conv', ['r', 'v'], ['y'], {}, 'second')],
    initializers: { w: noise([8, 4, 3, 3], 2), v: noise([4, 8, 1, 1], 5) },
  })
  const feeds = { x: noise([1, 4, 12, 12], 3) }

  it('has one range behind the Relu and becomes one integer kernel', async () => {
    const { graph: qdq, table } = await quantized(model, feeds)
    const { r } = await run({ ...model, outputs: [{ name: 'r', type: 'float32', dims: null }] }, feeds, 'float')
    expect(table.some((row) => row.tensor === 'a')).toBe(false)
    expect(rowOf(table, 'r')).toMatchObject({ lo: 0, hi: Math.max(...r!), zeroPoint: [0] })
    const executed = (await profileNodes(encodeModel(qdq), feeds, { mode: 'fused', threads: 1, runs: 1 })).map(({ op }) => op)
    expect(executed.filter((op) => op === 'QLinearConv').length).toBe(2)
    expect(executed).not.toContain('Relu')
    expect(executed).not.toContain('Conv')
  })
})

describe('a weight that several nodes read', () => {
  const shared = (second: Node, extra: Record<string, Tensor> = {}) =>
    graph({ inputs: { x: [1, 4, 9, 9] }, outputs: { y: null }, nodes: [node('Conv', ['x', 'w'], ['a'], { pads: [1, 1, 1, 1] }, 'one'), second], initializers: { w: noise([4, 4, 3, 3], 2, 0.4), ...extra } })
  const feeds = { x: noise([1, 4, 9, 9], 3) }

  it('is stored once and runs', async () => {
    const model = shared(node('Conv', ['a', 'w'], ['y'], { pads: [1, 1, 1, 1] }, 'two'))
    const { graph: qdq } = await quantized(model, feeds)
    expect(qdq.nodes.filter(({ inputs }) => inputs[0] === 'w_quantized').length).toBe(1)
    expect(qdq.initializers.has('w')).toBe(false)
    // ONNX Runtime's exact products cannot be had for a shared weight: it makes two tensors of one name.
    const [float, simulated, fused] = await Promise.all([run(model, feeds, 'float'), run(qdq, feeds, 'simulated'), run(qdq, feeds, 'fused', false)])
    // Two layers of 8 bits on noise: 35 dB is 1.8 % of the output.
    for (const output of [simulated, fused]) expect(rms(differences(output.y!, float.y!)) / rms(float.y!)).toBeLessThan(0.018)
  })

  it('stays as it is for the one that is in float', async () => {
    const model = shared(node('Conv', ['a', 'w'], ['y'], { pads: [1, 1, 1, 1] }, 'two'))
    const { graph: qdq } = await quantized(model, feeds, { float: { names: ['two'] } })
    expect(qdq.initializers.has('w')).toBe(true)
    const simulated = await run({ ...qdq, outputs: [...qdq.outputs, { name: 'a', type: 'float32', dims: null }] }, feeds, 'simulated')
    const alone = graph({ inputs: { a: [1, 4, 9, 9] }, outputs: { y: null }, nodes: [model.nodes[1]!], initializers: { w: model.initializers.get('w')! } })
    const expected = await run(alone, { a: { ...feeds.x, data: simulated.a! } }, 'float')
    // The same float Conv on the same values, perhaps by another kernel.
    expect(Math.max(...differences(simulated.y!, expected.y!).map(Math.abs))).toBeLessThan(floatNoise(expected.y!))
    const apart = differences((await run(qdq, feeds, 'fused')).y!, simulated.y!)
    expect(Math.max(...apart.map(Math.abs))).toBeLessThan(floatNoise(expected.y!))
  })
})

describe('float regions', () => {
  const layer = (input: string, output: string, weight: string) => node('Conv', [input, weight], [output], { pads: [1, 1, 1, 1] }, output)
  const model = graph({
    inputs: { x: [1, 4, 9, 9] }, outputs: { y: null }, nodes: [layer('x', 'a', 'wa'), layer('a', 'b', 'wb'), layer('b', 'c', 'wc'), layer('c', 'y', 'wy')],
    initializers: Object.fromEntries(['wa', 'wb', 'wc', 'wy'].map((name, index) => [name, noise([4, 4, 3, 3], 10 + index, 0.4)])),
  })
  const feeds = { x: noise([1, 4, 9, 9], 3) }

  // No pair on what only float nodes read.
  it.each([
    ['inputs: b', { inputs: ['b'] }, ['b', 'c', 'y']],
    ['outputs: c', { outputs: ['c'] }, ['x', 'a']],
    ['blocks: b:c', { blocks: ['b:c'] }, ['x', 'c', 'y']],
    ['everything', { ops: ['Conv'] }, []],
  ])('%s', async (_, float, coded) => {
    const result = await quantized(model, feeds, { float })
    expect(result.table.filter(({ kind }) => kind === 'activation').map(({ tensor }) => tensor)).toEqual(coded)
    const [plain, simulated, fused] = await Promise.all([run(model, feeds, 'float'), run(result.graph, feeds, 'simulated'), run(result.graph, feeds, 'fused')])
    const lost = (output: Float32Array) => rms(differences(output, plain.y!)) / rms(plain.y!)
    // Up to four layers of 8 bits on noise: 32 dB is 2.5 % of the output; nothing quantized, nothing lost.
    for (const output of [simulated, fused]) expect(lost(output.y!)).toBeLessThan(coded.length > 0 ? 0.025 : 1e-6)
    if (coded.length > 0) expect(lost(simulated.y!)).toBeGreaterThan(1e-3)
  })
})

describe('a bias that does not fit', () => {
  const model = graph({
    inputs: { x: [1, 2, 5, 5] }, outputs: { y: null }, nodes: [node('Conv', ['x', 'w', 'b'], ['y'], {}, 'layer')],
    // Channel 0: weights of 1e-7 under a bias of 50, which is 3e12 codes of the channel's own scale.
    initializers: { w: floats([2, 2, 1, 1], [1e-7, -1e-7, 0.5, 0.25]), b: floats([2], [50, -1]) },
  })
  const feeds = { x: noise([1, 2, 5, 5], 3) }

  it('raises the weight scale of its channel, says so, and never wraps', async () => {
    const { graph: qdq, table } = await quantized(model, feeds)
    expect(rowOf(table, 'w').reason).toContain('raised so that the bias fits int32')
    const codes = integers(qdq.initializers.get('b_quantized')!)
    expect(codes[0]!).toBeGreaterThan(2 ** 29)
    expect(codes[0]!).toBeLessThan(2 ** 31)
    const step = rowOf(table, 'y').scale[0]!
    const float = await run(model, feeds, 'float')
    for (const mode of ['simulated', 'fused'] as const) {
      const { y } = await run(qdq, feeds, mode)
      // Half a step of the output, and what the second channel's own input and weight steps bring: 2 · 0.5 · (2/255)/2 at most.
      expect(Math.max(...differences(y!, float.y!).map(Math.abs)), mode).toBeLessThan(0.51 * step + 2 * 0.5 * (2 / 255) + (mode === 'fused' ? step : 0))
    }
  })
})

describe('reading a quantized file back', () => {
  const expectSameScales = ({ graph: qdq, table, dequantizedNames }: Quantized) => {
    const read = readQdq(graphOf(decodeModel(encodeModel(qdq), 'test'), 'test'))
    expect(read.dequantizedNames).toEqual(dequantizedNames)
    expect(read.rows.map(({ tensor }) => tensor).toSorted()).toEqual(table.map(({ tensor }) => tensor).toSorted())
    for (const { tensor, kind, type, granularity, axis, scale, zeroPoint } of table) {
      expect(rowOf(read.rows, tensor), tensor).toMatchObject({ kind, type, granularity, axis, scale, zeroPoint })
    }
  }

  it.each([['uint8', 'int8'], ['int8', 'uint8'], ['uint16', 'int16'], ['int16', 'int4']] as const)('gives the same scales, activations %s, weights %s', async (type, weight) => {
    const layer = conv()
    expectSameScales(await quantized(modelOf(layer, [type, weight]), { x: layer.input }, { activations: { type }, weights: { type: weight } }))
  })

  it('gives the same scales where one of several tensors of one scale was asked to have 16 bits', async () => {
    const model = graph({
      inputs: { x: [1, 4, 8, 8] }, outputs: { y: null }, opset: 21,
      nodes: [node('Conv', ['x', 'w'], ['a'], {}, 'one'), node('DepthToSpace', ['a'], ['d'], { blocksize: 2 }, 'shuffle'), node('Conv', ['d', 'v'], ['y'], {}, 'two')],
      initializers: { w: noise([8, 4, 1, 1], 2), v: noise([3, 2, 1, 1], 5) },
    })
    const result = await quantized(model, { x: noise([1, 4, 8, 8], 3) }, { layers: { d: { bits: 16 } } })
    for (const tensor of ['a', 'd']) expect(rowOf(result.table, tensor).type).toBe('uint16')
    expectSameScales(result)
  })
})
