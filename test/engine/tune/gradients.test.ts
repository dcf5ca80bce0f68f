import { describe, expect, it } from 'vitest'
import type { Graph, Node, Tensor } from '../../../main/onnx/graph.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { float32, tensor } from '../../../main/onnx/tensor.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { trainingGraph } from '../../../main/tune/finetune/network.ts'
import { floats, graph, longs, node, noise, type ModelSpec } from '../../fixtures/build-model.ts'

type Feeds = Readonly<Record<string, Tensor>>

/** Multiples of 0.02 that keep away from 0: off the kinks of Relu, Clip and the like, where a difference quotient means nothing. */
const apart = (dims: readonly number[], seed: number): Tensor => {
  const values = noise(dims, seed)
  return tensor('float32', dims, float32(values).map((value) => Math.round(value * 50) / 50 + (value < 0 ? -0.1 : 0.1)))
}

async function run(bytes: Uint8Array, feeds: Feeds): Promise<Record<string, Float32Array>> {
  const session = await openSession(bytes, { mode: 'simulated', threads: 1 })
  try {
    return Object.fromEntries(Object.entries(await session.run(feeds)).map(([name, values]) => [name, float32(values).slice()]))
  } finally {
    await session.close()
  }
}

const moved = (values: Tensor, along: Float32Array, by: number): Tensor => tensor('float32', values.dims, float32(values).map((value, at) => value + by * along[at]!))

/** Half the width of the difference quotient. */
const STEP = 2e-3

/**
 * Along three random directions an input, the slope that the graph gives next to the central difference of the loss. Outputs are
 * float32 with 6e-8 of rounding a value, and the quotient divides by 4e-3: 1e-4 of the slope and less for these sizes.
 */
async function compareSlopes(model: Graph, trained: Readonly<Record<string, Tensor>>, others: Feeds = {}): Promise<{ input: string; slope: number; quotient: number }[]> {
  const feeds = { ...others, ...trained }
  const plain = encodeModel(model)
  const output = model.outputs[0]!.name
  const start = (await run(plain, feeds))[output]!
  const { targets, gradients, bytes, losses } = await trainingGraph(model, new Map([[output, 0.5]]), new Set(Object.keys(trained)))
  const dims = (await shapeOf(plain, feeds, output))
  const target = noise(dims, 77)
  const results = await run(bytes, { ...feeds, [targets.get(output)!]: target })
  const lossOf = (values: Float32Array) => values.reduce((sum, value, at) => sum + 0.5 * (value - float32(target)[at]!) ** 2, 0)
  expect(results[losses[0]!]![0]).toBeCloseTo(lossOf(start), 3)
  const compared = []
  for (const [index, [input, values]] of Object.entries(trained).entries()) {
    for (const seed of [1, 2, 3]) {
      const along = float32(noise(values.dims, 100 * index + seed))
      const ends = await Promise.all([STEP, -STEP].map(async (by) => lossOf((await run(plain, { ...feeds, [input]: moved(values, along, by) }))[output]!)))
      compared.push({ input, slope: results[gradients.get(input)!]!.reduce((sum, value, at) => sum + value * along[at]!, 0), quotient: (ends[0]! - ends[1]!) / (2 * STEP) })
    }
  }
  return compared
}

async function shapeOf(bytes: Uint8Array, feeds: Feeds, output: string): Promise<readonly number[]> {
  const session = await openSession(bytes, { mode: 'simulated', threads: 1 })
  try {
    return (await session.run(feeds))[output]!.dims
  } finally {
    await session.close()
  }
}

const X = [1, 4, 6, 5] as const

interface Case {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly trained: Readonly<Record<string, Tensor>>
  readonly initializers?: ModelSpec['initializers']
}

const one = (op: string, attributes: Parameters<typeof node>[3] = {}, extra: Partial<Case> & { readonly inputs?: readonly string[] } = {}): Case =>
  ({ name: `${op} ${JSON.stringify(attributes)}`, trained: { x: apart(X, 3) }, ...extra, nodes: extra.nodes ?? [node(op, extra.inputs ?? ['x'], ['y'], attributes)] })

const layer = (op: string, weight: readonly number[], bias: number, attributes: Parameters<typeof node>[3] = {}): Case =>
  one(op, attributes, { inputs: ['x', 'w', 'b'], trained: { x: noise(X, 3), w: noise(weight, 4), b: noise([bias], 5) } })

/** No two values nearer than 0.02: the largest of a window stays the largest. */
const distinct = tensor('float32', X, Float32Array.from({ length: 120 }, (_, at) => ((at * 37) % 120) / 50 - 1.2))

const POOLS = [
  { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, { kernel_shape: [2, 3], strides: [3, 2] }, { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 },
  { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }, { kernel_shape: [2, 2], strides: [1, 2], auto_pad: 'SAME_LOWER' },
]

const CASES: readonly Case[] = [
  layer('Conv', [6, 4, 3, 3], 6, { pads: [1, 1, 1, 1] }),
  layer('Conv', [6, 4, 1, 1], 6),
  layer('Conv', [6, 4, 3, 2], 6, { pads: [0, 1, 2, 0], strides: [2, 3] }),
  layer('Conv', [6, 4, 2, 2], 6, { dilations: [2, 3], pads: [1, 1, 0, 2] }),
  layer('Conv', [6, 2, 3, 3], 6, { group: 2, pads: [1, 1, 1, 1], strides: [2, 2] }),
  layer('Conv', [8, 1, 3, 3], 8, { group: 4, auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  layer('ConvTranspose', [4, 6, 3, 3], 6, { pads: [1, 1, 1, 1] }),
  layer('ConvTranspose', [4, 3, 4, 4], 6, { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 0], group: 2 }),
  one('Gemm', { alpha: 0.5, beta: 2 }, { inputs: ['x', 'w', 'b'], trained: { x: noise([3, 4], 3), w: noise([4, 5], 4), b: noise([5], 5) } }),
  one('Gemm', { transA: 1, transB: 1 }, { inputs: ['x', 'w', 'b'], trained: { x: noise([4, 3], 3), w: noise([5, 4], 4), b: noise([3, 1], 5) } }),
  one('MatMul', {}, { inputs: ['x', 'w'], trained: { x: noise([2, 3, 4], 3), w: noise([4, 5], 4) } }),
  one('Relu'),
  one('LeakyRelu', { alpha: 0.2 }),
  one('PRelu', {}, { inputs: ['x', 'slope'], initializers: { slope: noise([4, 1, 1], 6) } }),
  one('Clip', {}, { inputs: ['x', 'lo', 'hi'], initializers: { lo: floats([], [-0.05]), hi: floats([], [0.55]) } }),
  one('Sigmoid'), one('Tanh'), one('Neg'), one('Identity'), one('GlobalAveragePool'),
  ...['Add', 'Sub', 'Mul', 'Div'].flatMap((op) => [
    one(op, {}, { inputs: ['x', 'w'], trained: { x: noise(X, 3), w: tensor('float32', [4, 1, 5], float32(noise([4, 1, 5], 4)).map((value) => value + 3)) } }),
    one(op, {}, { inputs: ['x', 'x'], name: `${op} of itself` }),
  ]),
  one('Sum', {}, { inputs: ['x', 'w', 'x'], trained: { x: noise(X, 3), w: noise([5], 4) } }),
  one('Concat', { axis: -3 }, { inputs: ['x', 'w', 'x'], trained: { x: noise(X, 3), w: noise([1, 2, 6, 5], 4) } }),
  one('Transpose', { perm: [0, 3, 1, 2] }),
  one('DepthToSpace', { blocksize: 2, mode: 'DCR' }), one('DepthToSpace', { blocksize: 2, mode: 'CRD' }),
  one('SpaceToDepth', { blocksize: 2 }, { trained: { x: noise([1, 3, 4, 6], 3) } }),
  one('Resize', { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, { inputs: ['x', '', 'scales'], initializers: { scales: floats([4], [1, 1, 2, 3]) } }),
  one('Pad', {}, { inputs: ['x', 'pads'], initializers: { pads: longs([0, 0, 1, 2, 0, 1, 0, 3]) } }),
  one('Exp'), one('Softmax', { axis: 1 }), one('Softmax'),
  ...[{ starts: [1, -4], ends: [3, 99], axes: [1, -1], steps: [1, 1] }, { starts: [1, 0], ends: [6, 5], axes: [2, 3], steps: [2, 3] }].map(({ starts, ends, axes, steps }) =>
    one('Slice', {}, { name: `Slice ${starts.join()} ${steps.join()}`, inputs: ['x', 'starts', 'ends', 'axes', 'steps'], initializers: { starts: longs(starts), ends: longs(ends), axes: longs(axes), steps: longs(steps) } })),
  one('Gather', { axis: 1 }, { name: 'Gather of one', inputs: ['x', 'index'], initializers: { index: tensor('int64', [], BigInt64Array.of(2n)) } }),
  one('Gather', { axis: -1 }, { name: 'Gather of several', inputs: ['x', 'index'], initializers: { index: tensor('int64', [2, 2], BigInt64Array.of(3n, 0n, -1n, 2n)) } }),
  ...POOLS.flatMap((attributes) => ['MaxPool', 'AveragePool'].map((op) => one(op, { ...attributes, ...(op === 'AveragePool' ? { count_include_pad: 0 } : {}) }, { trained: { x: distinct } }))),
  one('AveragePool', { kernel_shape: [3, 2], pads: [1, 1, 1, 0], strides: [2, 1], count_include_pad: 1 }),
  one('MaxPool', { kernel_shape: [2, 2], dilations: [2, 3] }, { trained: { x: distinct } }),
  one('Reshape', {}, { inputs: ['x', 'shape'], initializers: { shape: longs([1, 2, -1]) } }),
]

describe('gradients against difference quotients', () => {
  it.each(CASES)('$name', async ({ nodes, trained, initializers }) => {
    const inputs = Object.fromEntries(Object.entries(trained).map(([name, { dims }]) => [name, dims]))
    const model = graph({ inputs, outputs: { y: null }, nodes, ...(initializers ? { initializers } : {}) })
    for (const { input, slope, quotient } of await compareSlopes(model, trained)) {
      expect(Math.abs(slope - quotient), `${input}: ${slope} and ${quotient}`).toBeLessThan(2e-3 * (1 + Math.abs(quotient)))
    }
  })

  it('a small super-resolution net: anchor, residual, tail', async () => {
    const model = graph({
      inputs: { x: [1, 3, 6, 6], w1: [8, 3, 3, 3], b1: [8], w2: [12, 8, 3, 3], b2: [12] }, outputs: { y: null }, initializers: { lo: floats([], [-50]), hi: floats([], [50]) },
      nodes: [
        node('Conv', ['x', 'w1', 'b1'], ['c1'], { pads: [1, 1, 1, 1] }), node('Tanh', ['c1'], ['t1']), node('Add', ['t1', 'c1'], ['sum']),
        node('Conv', ['sum', 'w2', 'b2'], ['c2'], { pads: [1, 1, 1, 1] }), node('Concat', ['x', 'x', 'x', 'x'], ['anchor'], { axis: 1 }),
        node('Add', ['anchor', 'c2'], ['both']), node('DepthToSpace', ['both'], ['large'], { blocksize: 2 }), node('Clip', ['large', 'lo', 'hi'], ['y']),
      ],
    })
    const trained = { w1: noise([8, 3, 3, 3], 2, 0.3), b1: noise([8], 3), w2: noise([12, 8, 3, 3], 4, 0.3), b2: noise([12], 5) }
    for (const { input, slope, quotient } of await compareSlopes(model, trained, { x: noise([1, 3, 6, 6], 1) })) {
      expect(Math.abs(slope - quotient), `${input}: ${slope} and ${quotient}`).toBeLessThan(2e-3 * (1 + Math.abs(quotient)))
    }
  })
})

it('equal values of a window share its gradient', async () => {
  const model = graph({ inputs: { x: [1, 1, 2, 4] }, outputs: { y: null }, nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [2, 2], strides: [2, 2] })] })
  const { bytes, gradients, targets } = await trainingGraph(model, new Map([['y', 0.5]]), new Set(['x']))
  // y = [3, 0]; y - target = [2, 8].
  const results = await run(bytes, { x: floats([1, 1, 2, 4], [3, 1, 0, 0, 3, 2, 0, 0]), [targets.get('y')!]: floats([1, 1, 1, 2], [1, -8]) })
  expect([...results[gradients.get('x')!]!]).toEqual([1, 0, 2, 2, 1, 0, 2, 2])
})

describe('rounding', () => {
  const pair = [node('QuantizeLinear', ['x', 's', 'z'], ['q']), node('DequantizeLinear', ['q', 's', 'z'], ['y'])]
  const model = graph({ inputs: { x: [1, 5], s: [] }, outputs: { y: null }, nodes: pair, initializers: { z: tensor('uint8', [], Uint8Array.of(3)) } })
  // Codes 0..255 around 3 hold -0.75..63 at s = 0.25: the first and the last value lie outside.
  const x = floats([1, 5], [-2, -0.3, 0.1, 10.2, 70])
  const s = floats([], [0.25])

  it('is passed straight through inside the codes and nowhere else; to the scale goes what rounding moved', async () => {
    const { bytes, gradients, targets } = await trainingGraph(model, new Map([['y', 0.5]]), new Set(['x', 's']))
    // The gradient of 0.5 · (y - target)² is y - target: with y = [-0.75, -0.25, 0, 10.25, 63] that is 1, 2, 3, 4, 5.
    const results = await run(bytes, { x, s, [targets.get('y')!]: floats([1, 5], [-1.75, -2.25, -3, 6.25, 58]) })
    expect([...results[gradients.get('x')!]!]).toEqual([0, 2, 3, 4, 0])
    // y - x inside, y outside.
    expect(results[gradients.get('s')!]![0]).toBeCloseTo(1 * -0.75 + 2 * 0.05 + 3 * -0.1 + 4 * 0.05 + 5 * 63, 4)
  })

  it('has the slope of a scale that a quotient shows where every value is outside the codes', async () => {
    const outside = floats([1, 5], [-2, -9, 80, 100, 70])
    const target = floats([1, 5], [0, 1, 60, 50, 70])
    const { bytes, gradients, targets } = await trainingGraph(model, new Map([['y', 0.5]]), new Set(['s']))
    const results = await run(bytes, { x: outside, s, [targets.get('y')!]: target })
    const lossAt = async (scale: number) => (await run(encodeModel(model), { x: outside, s: floats([], [scale]) }))['y']!.reduce((sum, value, at) => sum + 0.5 * (value - float32(target)[at]!) ** 2, 0)
    const quotient = ((await lossAt(0.25 * Math.exp(1e-3))) - (await lossAt(0.25 * Math.exp(-1e-3)))) / 2e-3
    expect(results[gradients.get('s')!]![0]! / quotient).toBeCloseTo(1, 3)
  })
})

describe('what has no gradient', () => {
  it.each([
    ['operator', [node('Conv', ['x', 'w'], ['c']), node('Erf', ['c'], ['y'], {}, 'bend')], 'Erf', {}],
    ['slice', [node('Conv', ['x', 'w'], ['c']), node('Slice', ['c', 'last', 'first', 'axes', 'back'], ['y'], {}, 'bend')], 'Slice', { last: longs([3]), first: longs([0]), axes: longs([2]), back: longs([-1]) }],
    ['gather', [node('Conv', ['x', 'w'], ['c']), node('Gather', ['c', 'twice'], ['y'], { axis: 1 }, 'bend')], 'Gather', { twice: longs([1, 1]) }],
    ['resize', [node('Conv', ['x', 'w'], ['c']), node('Resize', ['c', '', 'scales'], ['y'], { mode: 'linear' }, 'bend')], 'Resize', { scales: floats([4], [1, 1, 2, 2]) }],
  ] as const)('is refused by node and operator: %s', async (_, nodes, op, initializers) => {
    const model = graph({ inputs: { x: [1, 2, 4, 4], w: [3, 2, 1, 1] }, outputs: { y: null }, nodes, initializers })
    const asked = trainingGraph(model, new Map([['y', 1]]), new Set(['w']))
    await expect(asked).rejects.toMatchObject({ code: 'model.no-gradient', where: "node 'bend'", what: expect.stringContaining(op) as string, next: expect.stringContaining('quantize.float.inputs') as string })
  })

  it('is a size that only values tell', async () => {
    const model = graph({
      inputs: { x: [1, 2, 4, 4], shape: { type: 'int64', dims: [2] }, w: [3, 2, 1, 1] }, outputs: { y: null },
      nodes: [node('Conv', ['x', 'w'], ['c']), node('Reshape', ['c', 'shape'], ['r']), node('Relu', ['r'], ['y'])],
    })
    await expect(trainingGraph(model, new Map([['y', 1]]), new Set(['w']))).rejects.toMatchObject({ code: 'model.no-gradient', where: 'y' })
  })

  it('does not matter before the first thing that is tuned, and a weight that moves nothing is left out', async () => {
    const model = graph({ inputs: { x: [1, 2, 4, 4], w: [3, 2, 1, 1], idle: [2] }, outputs: { y: null }, nodes: [node('Erf', ['x'], ['e']), node('Conv', ['e', 'w'], ['y'])] })
    const { gradients } = await trainingGraph(model, new Map([['y', 1]]), new Set(['w', 'idle']))
    expect([...gradients.keys()]).toEqual(['w'])
  })
})
