import { describe, expect, it } from 'vitest'
import { quietTask, type Progress, type Task } from '../../../main/core/task.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph, Node, Tensor } from '../../../main/onnx/graph.ts'
import { float32, integers } from '../../../main/onnx/tensor.ts'
import { quantizeOptions, type QuantizeWishes } from '../../../main/quantize/options.ts'
import { quantize, type Quantized } from '../../../main/quantize/quantize.ts'
import { columnsAt, positionCount } from '../../../main/quantize/refine/columns.ts'
import { isMatrix, matrixLayers, toRows, type MatrixLayer } from '../../../main/quantize/refine/layer.ts'
import type { Bench } from '../../../main/quantize/refine/bench.ts'
import { splitOf } from '../../../main/quantize/refine/held-out.ts'
import { openFront } from '../../../main/quantize/refine/front.ts'
import { inBatches } from '../../../main/quantize/refine/learn.ts'
import { findWeights, weightWork } from '../../../main/quantize/refine/refine-weights.ts'
import { normMeans } from '../../../main/quantize/refine/norm-means.ts'
import { correctAnalytically, correctEmpirically } from '../../../main/quantize/refine/refine-bias.ts'
import { refine, type Refined } from '../../../main/quantize/refine/refine.ts'
import { openSession } from '../../../main/runtime/session.ts'
import type { SampleSet } from '../../../main/samples/sample.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'
import { tensorSamples } from '../../fixtures/tensor-samples.ts'
import { statisticsOfValues } from '../../fixtures/value-statistics.ts'

const SIDE = 8
const PIXELS = SIDE * SIDE

/** Pictures of whole levels 0..255, channel by channel. */
function pictures(count: number, channels: (random: () => number) => readonly (() => number)[]): SampleSet {
  return tensorSamples(Object.fromEntries(Array.from({ length: count }, (_, index) => {
    const sources = channels(seededRandom(index + 1))
    return [`p${index}`, { x: floats([1, sources.length, SIDE, SIDE], sources.flatMap((source) => Array.from({ length: PIXELS }, source))) }]
  })))
}

const levels = (random: () => number) => () => Math.floor(random() * 256)
const thresholds = (hi: number) => (tensor: string) => ({ lo: tensor === 'x' ? 0 : -hi, hi: tensor === 'x' ? 255 : hi, method: 'max', why: 'known' })

async function refined(model: Graph, samples: SampleSet | undefined, wishes: QuantizeWishes, task: Task = quietTask, channels = 3): Promise<Refined & { start: Quantized }> {
  // The output leaves as it was summed up: nothing but the weights is rounded.
  const options = quantizeOptions({ output: 'accumulator', ...wishes })
  const start = quantize(model, options, thresholds(1000))
  const seen = new Float32Array(channels * PIXELS).fill(100)
  const one = statisticsOfValues({ x: seen })
  const statistics = { ...one, tensors: new Map([['x', { ...one.tensors.get('x')!, channels, channelSum: Array.from({ length: channels }, () => BigInt(100 * PIXELS) << 149n) }]]) }
  return { ...(await refine({ graph: model, coded: model, quantized: start, options, statistics, samples, threads: 1, seed: 0 }, task)), start }
}

const codesOf = ({ quantized }: { quantized: Quantized }, tensor: string) => integers(quantized.constants.get(tensor)!.codes)
const rowOf = ({ quantized }: { quantized: Quantized }, tensor: string) => quantized.table.find((row) => row.tensor === tensor)!

describe('columns of a layer', () => {
  const layers: Record<string, { nodes: Node; input: Tensor; weight: Tensor }> = {
    'Conv with pads': { nodes: node('Conv', ['x', 'w'], ['y'], { pads: [1, 0, 2, 1] }), input: noise([2, 3, 7, 6], 1), weight: noise([4, 3, 3, 3], 2) },
    'Conv with strides and dilations': { nodes: node('Conv', ['x', 'w'], ['y'], { strides: [2, 1], dilations: [1, 2], pads: [1, 2, 1, 2] }), input: noise([1, 2, 9, 8], 1), weight: noise([3, 2, 3, 3], 2) },
    'grouped Conv': { nodes: node('Conv', ['x', 'w'], ['y'], { group: 2 }), input: noise([1, 4, 6, 6], 1), weight: noise([6, 2, 3, 3], 2) },
    'depthwise Conv': { nodes: node('Conv', ['x', 'w'], ['y'], { group: 4, pads: [1, 1, 1, 1] }), input: noise([1, 4, 6, 6], 1), weight: noise([4, 1, 3, 3], 2) },
    'Conv that pads by itself': { nodes: node('Conv', ['x', 'w'], ['y'], { auto_pad: 'SAME_UPPER', strides: [2, 2] }), input: noise([1, 2, 7, 8], 1), weight: noise([3, 2, 4, 4], 2) },
    'Conv of a signal': { nodes: node('Conv', ['x', 'w'], ['y'], { pads: [2, 0], strides: [2] }), input: noise([2, 3, 11], 1), weight: noise([4, 3, 3], 2) },
    Gemm: { nodes: node('Gemm', ['x', 'w'], ['y'], { transB: 1 }), input: noise([5, 6], 1), weight: noise([4, 6], 2) },
    'Gemm of a weight stored by inputs': { nodes: node('Gemm', ['x', 'w'], ['y']), input: noise([5, 6], 1), weight: noise([6, 4], 2) },
    MatMul: { nodes: node('MatMul', ['x', 'w'], ['y']), input: noise([2, 5, 6], 1), weight: noise([6, 4], 2) },
  }

  it.each(Object.entries(layers))('times its rows are what ONNX Runtime computes: %s', async (_name, { nodes, input, weight }) => {
    const model = graph({ inputs: { x: input.dims }, outputs: { y: null }, nodes: [nodes], initializers: { w: weight } })
    const start = quantize(model, quantizeOptions(), () => ({ lo: -9, hi: 9, method: 'max', why: 'known' }))
    const [layer] = matrixLayers(model, start.plan)
    expect(isMatrix(layer!)).toBe(true)
    const { groups, rows, products } = layer as MatrixLayer
    const count = positionCount(layer as MatrixLayer, input.dims)
    const columns = columnsAt(layer as MatrixLayer, input, Array.from({ length: count }, (_, index) => index))
    const weights = toRows(layer as MatrixLayer, float32(weight))
    const session = await openSession(encodeModel(model), { mode: 'float', threads: 1 })
    const real = (await session.run({ x: input }))['y']!
    await session.close()
    const isConv = nodes.op === 'Conv'
    const inPicture = isConv ? count / input.dims[0]! : count
    for (let row = 0; row < groups * rows; row++) {
      for (let position = 0; position < count; position++) {
        const from = (Math.floor(row / rows) * count + position) * products
        let made = 0
        for (let k = 0; k < products; k++) made += weights[row * products + k]! * columns[from + k]!
        const at = isConv ? (Math.floor(position / inPicture) * groups * rows + row) * inPicture + (position % inPicture) : position * rows + row
        // Sums of at most 36 products below 1 in float32.
        expect(float32(real)[at]!).toBeCloseTo(made, 4)
      }
    }
  })
})

describe('rounding by output error', () => {
  /** Channels 1 and 2 are always equal, and both their weights are 0.4 of a step: nearest loses 0.8 of one, together they need lose 0.2. */
  const twins = graph({ inputs: { x: [1, 3, SIDE, SIDE] }, outputs: { y: [1, 1, SIDE, SIDE] }, nodes: [node('Conv', ['x', 'w'], ['y'], {}, 'layer')], initializers: { w: floats([1, 3, 1, 1], [1.27, 0.004, 0.004]) } })
  const samples = pictures(8, (random) => {
    const last: number[] = []
    const fresh = levels(random)
    let at = 0
    return [fresh, () => { const level = fresh(); last.push(level); return level }, () => last[at++]!]
  })

  it('shares an error among correlated inputs, and says what was won', async () => {
    const result = await refined(twins, samples, { weights: { rounding: 'adaround' } })
    expect(integers(result.start.constants.get('w')!.codes)).toEqual([127, 0, 0])
    const codes = codesOf(result, 'w')
    expect([codes[0], codes[1]! + codes[2]!]).toEqual([127, 1])
    const [step] = result.steps
    expect(step).toMatchObject({ step: 'rounding', accepted: true, heldOut: 2 })
    // 0.008 x becomes 0.002 x, and its square a sixteenth.
    expect(step!.layers[0]!.after! / step!.layers[0]!.before!).toBeCloseTo(1 / 16, 3)
    expect(step!.after! / step!.before!).toBeCloseTo(1 / 16, 2)
    expect(rowOf(result, 'w').reason).toMatch(/rounded by the error of the layer's outputs, 94 % less noise/)
  })

  it('reaches the model: the graph holds the codes of the table', async () => {
    const { quantized } = await refined(twins, samples, { weights: { rounding: 'adaround' } })
    expect(integers(quantized.graph.initializers.get('w_quantized')!)).toEqual(integers(quantized.constants.get('w')!.codes))
  })

  it('leaves a layer that its own line takes out, and every layer where nothing is asked for', async () => {
    const out = await refined(twins, samples, { weights: { rounding: 'adaround' }, layers: { layer: { rounding: 'nearest' } } })
    expect([out.steps, codesOf(out, 'w')]).toEqual([[], [127, 0, 0]])
    expect((await refined(twins, samples, {})).steps).toEqual([])
    expect(codesOf(await refined(twins, samples, { layers: { layer: { rounding: 'adaround' } } }), 'w')).not.toEqual([127, 0, 0])
  })

  it('gives the same bytes for the same recipe', async () => {
    const once = async () => encodeModel((await refined(twins, samples, { weights: { rounding: 'adaround', scale: 'search' } })).quantized.graph)
    expect(Buffer.compare(await once(), await once())).toBe(0)
  })

  it('names a layer that it cannot look at', async () => {
    const model = graph({ inputs: { x: [1, 3, SIDE, SIDE] }, outputs: { y: null }, nodes: [node('ConvTranspose', ['x', 'w'], ['y'], {}, 'up')], initializers: { w: noise([3, 2, 2, 2], 1) } })
    const { steps } = await refined(model, samples, { weights: { rounding: 'adaround' } })
    expect(steps[0]!.layers).toEqual([expect.objectContaining({ node: 'up', changed: 0, kept: 'a ConvTranspose has no columns' })])
  })

  it('says how far it is, and stops when told to', async () => {
    const said: Progress[] = []
    await refined(twins, samples, { weights: { rounding: 'adaround' } }, { signal: new AbortController().signal, report: (progress) => said.push(progress) })
    expect(said.at(-1)).toMatchObject({ stage: 'refine', unit: 'pictures' })
    expect(said.at(-1)!.done).toBe(said.at(-1)!.total)
    const stop = new AbortController()
    await expect(refined(twins, samples, { weights: { rounding: 'adaround' } }, { signal: stop.signal, report: ({ done }) => { if (done === 3) stop.abort(new Error('enough')) } })).rejects.toThrow('enough')
  })
})

describe('rounding towards the asymmetric target', () => {
  /** Both inputs are equal; `head` loses the second, 0.31 % of what it makes. The second tap of `tail` lies 0.4 of a step above its code, and 0.72 above where it makes up for that. */
  const chain = graph({
    inputs: { x: [1, 2, SIDE, SIDE] }, outputs: { y: null }, opset: 21, nodes: [node('Conv', ['x', 'w1'], ['a'], {}, 'head'), node('Conv', ['a', 'w2'], ['y'], {}, 'tail')],
    initializers: { w1: floats([1, 2, 1, 1], [1.27, 0.004]), w2: floats([1, 1, 1, 2], [1.27, 1.004]) },
  })
  const samples = pictures(8, (random) => {
    const last: number[] = []
    const fresh = levels(random)
    let at = 0
    return [() => { const level = fresh(); last.push(level); return level }, () => last[at++]!]
  })
  const wide = { activations: { bits: 16 }, layers: { head: { rounding: 'nearest' } } } as const

  it('makes up for what was lost before a layer', async () => {
    const own = await refined(chain, samples, { ...wide, weights: { rounding: 'adaround' } }, quietTask, 2)
    expect([codesOf(own, 'w1'), codesOf(own, 'w2')]).toEqual([[127, 0], [127, 100]])
    const result = await refined(chain, samples, { ...wide, weights: { rounding: 'adaround-asymmetric' } }, quietTask, 2)
    expect([codesOf(result, 'w1'), codesOf(result, 'w2')]).toEqual([[127, 0], [127, 101]])
    const [step] = result.steps
    expect(step).toMatchObject({ step: 'rounding', how: 'adaround-asymmetric', accepted: true, layers: [{ node: 'tail', changed: 1, kept: '' }] })
    expect(step!.after!).toBeLessThan(step!.before!)
    expect(rowOf(result, 'w2').reason).toMatch(/rounded towards the outputs of the float network, \d+ % less noise/)
  })

  it('goes layer by layer on what those before it have become, and says how far it is', async () => {
    const said: Progress[] = []
    const result = await refined(chain, samples, { activations: { bits: 16 }, weights: { rounding: 'adaround-asymmetric' } }, { signal: new AbortController().signal, report: (progress) => said.push(progress) }, 2)
    // Equal inputs share what nearest loses; behind that little is left to make up for.
    expect(codesOf(result, 'w1').reduce((sum, code) => sum + code)).toBe(127)
    expect(said.at(-1)!.done).toBe(said.at(-1)!.total)
  })

  it('names the layers that it cannot look at', async () => {
    const model = graph({ inputs: { x: [1, 3, SIDE, SIDE] }, outputs: { y: null }, nodes: [node('ConvTranspose', ['x', 'w'], ['y'], {}, 'up')], initializers: { w: noise([3, 2, 2, 2], 1) } })
    const said: Progress[] = []
    const { steps } = await refined(model, pictures(4, (random) => [levels(random), levels(random), levels(random)]), { weights: { rounding: 'adaround-asymmetric' } }, { ...quietTask, report: (progress) => said.push(progress) })
    expect(said.at(-1)!.done).toBe(said.at(-1)!.total)
    expect(steps[0]!.layers).toEqual([expect.objectContaining({ node: 'up', kept: 'a ConvTranspose has no columns' })])
  })
})

describe('passes over the samples', () => {
  it('take as many layers as memory has room for, and find the same', async () => {
    const model = graph({
      inputs: { x: [1, 3, SIDE, SIDE] }, outputs: { y: null }, nodes: [node('Conv', ['x', 'w'], ['m'], {}, 'first'), node('Conv', ['m', 'v'], ['y'], {}, 'second')],
      initializers: { w: noise([4, 3, 1, 1], 1), v: noise([2, 4, 3, 3], 2) },
    })
    const samples = pictures(4, (random) => [levels(random), levels(random), levels(random)])
    const quantized = quantize(model, quantizeOptions(), thresholds(1000))
    const bench: Bench = { graph: model, coded: model, samples, split: splitOf(samples, ''), threads: 1, seed: 0, counter: { step: () => Promise.resolve() } }
    const { batches } = await weightWork(bench, quantized, () => ({ search: true, round: true }))
    const narrow = await inBatches(bench, batches.flat(), 1)
    expect([batches.length, narrow.length]).toEqual([1, 2])
    expect(await findWeights(bench, quantized, narrow)).toEqual(await findWeights(bench, quantized, batches))
  })
})

describe('searched weight scales', () => {
  it('take a finer step where the largest weight hardly matters, a channel by its own', async () => {
    // Input 0 is always 0 on these pictures; 0.0244 is 2.44 full steps of channel 0, and 100 full steps of channel 1.
    const model = graph({ inputs: { x: [1, 2, SIDE, SIDE] }, outputs: { y: null }, nodes: [node('Conv', ['x', 'w'], ['y'], {}, 'layer')], initializers: { w: floats([2, 2, 1, 1], [1.27, 0.0244, 1.27, 1]) } })
    const result = await refined(model, pictures(8, (random) => [() => 0, levels(random)]), { weights: { scale: 'search' } }, quietTask, 2)
    const row = rowOf(result, 'w')
    expect(row.method).toBe('search')
    expect(row.scale[0]).toBeLessThan(0.01)
    expect(row.scale[1]).toBe(Math.fround(0.01))
    expect(Math.abs(0.0244 - row.scale[0]! * codesOf(result, 'w')[1]!)).toBeLessThan(0.0002)
    expect(row.reason).toMatch(/1 of 2 steps found by the error/)
  })
})

describe('bias correction', () => {
  /** Channel 1 is always 100 and its weight, 0.4 of a step, is lost: 0.4 is missing everywhere in output 0, nothing in output 1. */
  const shifted = (nodes: readonly Node[] = [node('Conv', ['x', 'w', 'b'], ['y'], {}, 'layer')]) =>
    graph({ inputs: { x: [1, 2, SIDE, SIDE] }, outputs: { y: null }, nodes, initializers: { w: floats([2, 2, 1, 1], [1.27, 0.004, 1.27, 0.01]), b: floats([2], [5, -3]) } })
  const samples = pictures(8, (random) => [levels(random), () => 100])
  const biasOf = (result: Refined) => codesOf(result, 'b').map((code, channel) => code * rowOf(result, 'b').scale[channel]!)

  it.each(['empirical', 'analytic'] as const)('finds a constant shift back: %s', async (correction) => {
    const result = await refined(shifted(), samples, { bias: { correction } }, quietTask, 2)
    // A bias has steps of 0.01.
    expect(biasOf(result)[0]).toBeCloseTo(5.4, 5)
    expect(biasOf(result)[1]).toBeCloseTo(-3, 5)
    expect(rowOf(result, 'b').reason).toMatch(/^1 of 2 channels shifted by/)
    expect(result.steps[0]).toMatchObject({ step: 'bias', how: correction, accepted: true })
    expect(result.steps[0]!.after!).toBeLessThan(1e-6 * result.steps[0]!.before!)
  })

  it.each(['empirical', 'analytic'] as const)('knows what a Gemm makes of products and bias: %s', async (correction) => {
    const model = graph({
      inputs: { x: [16, 2] }, outputs: { y: null }, nodes: [node('Gemm', ['x', 'w', 'b'], ['y'], { alpha: 2, beta: 0.5 }, 'layer')],
      initializers: { w: floats([2, 2], [1.27, 1.27, 0.004, 0.01]), b: floats([2], [5, -3]) },
    })
    const rows = tensorSamples(Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`p${index}`, { x: floats([16, 2], Array.from({ length: 32 }, (_, at) => (at % 2 === 1 ? 100 : (at * 7 + index * 31) % 256))) }])))
    const result = await refined(model, rows, { bias: { correction } }, quietTask, 2)
    // 2 · 0.4 is missing, and half of the bias is added: 1.6 in steps of 0.04.
    expect(biasOf(result)[0]).toBeCloseTo(6.6, 4)
    expect(biasOf(result)[1]).toBeCloseTo(-3, 2)
  })

  it('looks only at what a Relu lets through', async () => {
    // Output 0 is 1.27 x - 1.27 · 128 + 0.4 · (x > 127): the shift counts where x is above 128, and is the same there.
    const model = shifted([node('Conv', ['x', 'w', 'b'], ['c'], {}, 'layer'), node('Relu', ['c'], ['y'], {}, 'act')])
    const below = { ...model, initializers: new Map([...model.initializers, ['b', floats([2], [-160, -160])]]) }
    const result = await refined(below, samples, { bias: { correction: 'empirical' }, output: 'accumulator-clip' }, quietTask, 2)
    expect(biasOf(result)[0]).toBeCloseTo(-159.6, 2)
  })

  it('without samples only the analytic one is possible, and it says that nothing was measured', async () => {
    const result = await refined(shifted(), undefined, { bias: { correction: 'analytic' } }, quietTask, 2)
    expect(biasOf(result)[0]).toBeCloseTo(5.4, 5)
    expect(result.steps[0]).toMatchObject({ accepted: true, before: null, after: null })
  })

  it('without means of the input it takes what a BatchNormalization tells', () => {
    const model = graph({
      inputs: { x: [1, 2, SIDE, SIDE] }, outputs: { y: null },
      nodes: [node('BatchNormalization', ['x', 'gamma', 'beta', 'zero', 'one'], ['n'], {}, 'norm'), node('Relu', ['n'], ['r'], {}, 'relu'), node('Conv', ['r', 'w', 'b'], ['y'], {}, 'layer')],
      initializers: {
        // Channel 1 is 100 on average; how widely it spreads does not matter so far above 0.
        gamma: floats([2], [0, 3]), beta: floats([2], [-7, 100]), zero: floats([2], [0, 0]), one: floats([2], [1, 1]), w: floats([2, 2, 1, 1], [1.27, 0.004, 1.27, 0.01]), b: floats([2], [5, -3]),
      },
    })
    const start = quantize(model, quantizeOptions({ output: 'accumulator' }), thresholds(1000))
    const nothing = statisticsOfValues({})
    const { quantized, layers } = correctAnalytically(model, start, nothing, normMeans(model))
    const row = quantized.table.find(({ tensor }) => tensor === 'b')!
    // A step of the bias is 0.01 · 1000 / 255, of the correction half of one.
    expect(integers(quantized.constants.get('b')!.codes)[0]! * row.scale[0]!).toBeCloseTo(5.4, 1)
    expect(row.reason).toMatch(/1 of 2 channels shifted by rounded weights on the means of BatchNormalization/)
    expect(layers).toEqual([expect.objectContaining({ node: 'layer', changed: 1, kept: '' })])
    expect(correctAnalytically(model, start, nothing).layers[0]!.kept).toBe('neither Statistics nor a BatchNormalization tell the mean of each channel of its input')
  })

  it('changes nothing where the shift of these pictures is not that of those held out', async () => {
    const turned = tensorSamples(Object.fromEntries(Array.from({ length: 4 }, (_, index) =>
      [`p${index}`, { x: floats([1, 2, SIDE, SIDE], [...Array.from({ length: PIXELS }, (_, at) => at), ...Array.from({ length: PIXELS }, () => (index === 3 ? 0 : 200))]) }])))
    const result = await refined(shifted(), turned, { bias: { correction: 'empirical' } }, quietTask, 2)
    expect(biasOf(result)).toEqual(biasOf({ ...result, quantized: result.start }))
    expect(result.steps[0]!.layers[0]!.kept).toBe('no shift of a channel is confirmed by held-out samples')
  })
})

describe('what is settled', () => {
  /** head ─┬─ inner ─ relu ─ outer ─ Add ─ tail, with a Shape that a Reshape behind reads; every layer has a bias. */
  const residual = graph({
    inputs: { x: [1, 3, SIDE, SIDE] }, outputs: { y: null },
    nodes: [
      node('Conv', ['x', 'w1', 'b1'], ['h'], {}, 'head'), node('Shape', ['h'], ['size'], {}, 'shape'), node('Conv', ['h', 'w2', 'b2'], ['a'], { pads: [1, 1, 1, 1] }, 'inner'), node('Relu', ['a'], ['r'], {}, 'relu'),
      node('Conv', ['r', 'w3', 'b3'], ['o'], {}, 'outer'), node('Add', ['h', 'o'], ['sum'], {}, 'sum'), node('Reshape', ['sum', 'size'], ['same'], {}, 'reshape'), node('Conv', ['same', 'w4', 'b4'], ['y'], {}, 'tail'),
    ],
    initializers: {
      w1: noise([4, 3, 1, 1], 1), b1: noise([4], 5, 9), w2: noise([4, 4, 3, 3], 2), b2: noise([4], 6, 9), w3: noise([4, 4, 1, 1], 3), b3: noise([4], 7, 9), w4: noise([2, 4, 1, 1], 4), b4: noise([2], 8, 9),
    },
  })
  const samples = pictures(5, (random) => [levels(random), levels(random), levels(random)])
  const coded = (): Quantized => quantize(residual, quantizeOptions(), thresholds(1000))

  it.each([[0], [600], [2 ** 30]])('is computed once and changes no value, with %i bytes to keep it', async (memoryBytes) => {
    const { graph: model } = coded()
    const loads: number[] = []
    const front = openFront({ threads: 1, memoryBytes, load: (index) => { loads.push(index); return samples.load(index) } })
    const whole = await openSession(encodeModel({ ...model, outputs: ['h', 'a', 'o', 'same', 'y'].map((name) => ({ name, type: 'float32', dims: null })) }), { mode: 'simulated', threads: 1 })
    for (const [tensor, settled] of [['h', 'x'], ['a', 'h_dequantized'], ['o', 'r_dequantized'], ['y', 'y']] as const) {
      const step = await front.open(model, tensor, settled)
      for (const index of [0, 1, 2, 3, 4]) {
        const { [tensor]: wanted } = await whole.run((await samples.load(index)).feeds)
        expect(float32(await step.fetch(index))).toEqual(float32(wanted!))
      }
      await step.close()
    }
    await whole.close()
    // Without room every step begins at the picture; else only where the input itself is read.
    if (memoryBytes === 0) expect(loads).toHaveLength(20)
    if (memoryBytes > 600) expect(loads).toHaveLength(10)
  })

  it('gives the same biases as beginning at the inputs for every layer', async () => {
    const bench: Bench = { graph: residual, coded: residual, samples, split: splitOf(samples, ''), threads: 1, seed: 0, counter: { step: () => Promise.resolve() } }
    const [kept, anew] = [await correctEmpirically(bench, coded()), await correctEmpirically({ ...bench, memoryBytes: 0 }, coded())]
    expect(kept.layers.filter(({ changed }) => changed > 0).length).toBeGreaterThan(1)
    expect(kept.layers).toEqual(anew.layers)
    expect(Buffer.compare(encodeModel(kept.quantized.graph), encodeModel(anew.quantized.graph))).toBe(0)
  })
})
