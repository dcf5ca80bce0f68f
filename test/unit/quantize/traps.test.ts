import { describe, expect, it } from 'vitest'
import type { Threshold } from '../../../main/core/grid.ts'
import { watchedTensors } from '../../../main/calibrate/watch.ts'
import type { Graph, Node } from '../../../main/onnx/graph.ts'
import { float32Scalar } from '../../../main/onnx/tensor.ts'
import { quantizeOptions, type QuantizeWishes } from '../../../main/quantize/options.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { quantize } from '../../../main/quantize/quantize.ts'
import type { PictureRanges } from '../../../main/quantize/fixed-ranges.ts'
import { floats, graph, longs, node, noise, type ModelSpec } from '../../fixtures/build-model.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const conv = (input: string, output: string, weight = 'w'): Node => node('Conv', [input, weight], [output], { pads: [1, 1, 1, 1] }, output)
const W = { w: noise([4, 4, 3, 3], 1, 0.3) }
const small = (nodes: readonly Node[], extra: Partial<ModelSpec> = {}): Graph =>
  graph({ inputs: { x: [1, 4, 8, 8] }, outputs: { y: null }, nodes, ...extra, initializers: { ...W, ...extra.initializers } })

/** Thresholds of -2..3 for whatever calibration looks at, and of nothing else. */
function observed(model: Graph): (tensor: string, method: string) => Threshold | undefined {
  const watched = new Set(watchedTensors(model))
  return (tensor, method) => (watched.has(tensor) ? { lo: -2, hi: 3, method, why: 'seen' } : undefined)
}

const tableOf = (model: Graph, wishes: QuantizeWishes = {}, pictures?: PictureRanges) => {
  const { table, ...rest } = quantize(model, quantizeOptions(wishes), observed(model), pictures)
  return { ...rest, table, row: (tensor: string) => table.find((one) => one.tensor === tensor) }
}

const codedOf = (model: Graph, wishes: QuantizeWishes = {}) => planQuantization(model, quantizeOptions(wishes)).tensors.map(({ tensor }) => tensor)

describe('every range that is needed was calibrated', () => {
  const activation = small([conv('x', 'a'), node('Relu', ['a'], ['r'], {}, 'r'), conv('r', 'y')])
  const normalized = small([conv('x', 'a'), node('BatchNormalization', ['a', 'g', 'b', 'm', 'v'], ['n'], {}, 'n'), node('Relu', ['n'], ['r'], {}, 'r'), conv('r', 'y')], {
    initializers: { g: noise([4]), b: noise([4]), m: noise([4]), v: floats([4], [1, 1, 1, 1]) },
  })
  const moved = small([conv('x', 'a'), node('DepthToSpace', ['a'], ['d'], { blocksize: 2 }, 'd'), node('Conv', ['d', 'v'], ['y'], {}, 'y')], { initializers: { v: noise([2, 1, 1, 1]) } })
  const other = small([conv('x', 'a'), node('Exp', ['a'], ['e'], {}, 'e'), node('Transpose', ['e'], ['t'], { perm: [0, 1, 3, 2] }, 't'), conv('t', 'y')])

  it.each([
    ['a convolution in float before its Relu', activation, { float: { names: ['a'] } }, ['r', 'y']],
    ['a convolution in float before BatchNormalization and Relu', normalized, { float: { names: ['a'] } }, ['r', 'y']],
    ['a BatchNormalization in float', normalized, { float: { names: ['n'] } }, ['x', 'r', 'y']],
    ['a convolution in float before a mover', moved, { float: { names: ['a'] } }, ['d', 'y']],
    ['a mover behind an operator without codes', other, {}, ['x', 't', 'y']],
  ] as const)('%s', (_, model, wishes, coded) => {
    expect(tableOf(model, wishes as unknown as QuantizeWishes).table.filter((row) => row.kind === 'activation').map(({ tensor }) => tensor)).toEqual(coded)
  })

  it('what constants alone make stays in float, as constants do', () => {
    const model = small([node('Exp', ['c'], ['e'], {}, 'e'), conv('x', 'a'), node('Add', ['a', 'e'], ['y'], {}, 'y')], { initializers: { c: noise([1, 4, 1, 1]) } })
    expect(tableOf(model).row('e')).toBeUndefined()
  })
})

describe('overrides', () => {
  const model = small([conv('x', 'a'), node('Relu', ['a'], ['r'], {}, 'relu'), node('Transpose', ['r'], ['t'], { perm: [0, 1, 3, 2] }, 't'), conv('t', 'y')])

  it('of a convolution hold behind its Relu', () => {
    expect(tableOf(model, { layers: { a: { threshold: 1.5 } } }).row('r')).toMatchObject({ method: 'threshold', hi: 1.5 })
    expect(tableOf(model, { layers: { a: { bits: 16 } } }).row('r')).toMatchObject({ type: 'uint16' })
  })

  it('by exact name of the convolution win over a pattern that also matches the Relu', () => {
    expect(tableOf(model, { layers: { a: { th_scale: 0.5 }, '*': { th_scale: 0.25 } } }).row('r')!.hi).toBe(1.5)
  })

  it('of several tensors of one scale are put together', () => {
    expect(tableOf(model, { layers: { r: { bits: 16 }, t: { threshold: 1.25 } } }).row('r')).toMatchObject({ type: 'uint16', method: 'threshold', hi: 1.25 })
  })

  it('that a known range leaves without effect say so', () => {
    const sigmoid = small([conv('x', 'a'), node('Sigmoid', ['a'], ['y'], {}, 's')])
    expect(tableOf(sigmoid, { layers: { s: { th_scale: 0.5 } } }).row('y')!.reason).toContain('th_scale of the recipe not used')
  })

  it('cannot put a model input in float', async () => {
    expect(await faultOf(() => tableOf(model, { layers: { x: { forward_with_float: true } } }))).toMatchObject({ code: 'recipe.input-in-float', next: expect.stringContaining('layers that read it') })
  })
})

describe('operators that are no arithmetic on codes', () => {
  it('an activation is not divided by codes, which may be 0', () => {
    const model = small([conv('x', 'a'), conv('x', 'b'), node('Div', ['a', 'b'], ['q'], {}, 'q'), conv('q', 'y')])
    expect(codedOf(model)).toEqual(['x', 'q', 'y'])
  })

  it('a constant over an activation is no scale layer', () => {
    const model = small([conv('x', 'a'), node('Add', ['a', 'one'], ['p'], {}, 'p'), node('Div', ['one', 'p'], ['y'], {}, 'q')], { initializers: { one: float32Scalar(1) } })
    expect(planQuantization(model, quantizeOptions({})).tensors.find(({ tensor }) => tensor === 'y')?.linear).toBeUndefined()
  })

  it.each(['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear', 'QLinearConv', 'ConvInteger', 'com.microsoft:QLinearAdd', 'com.microsoft:MatMulIntegerToFloat'])('a model with %s is refused', async (op) => {
    const fault = await faultOf(() => codedOf(small([node(op, ['x', 's'], ['y'], {}, 'there')], { initializers: { s: float32Scalar(1) } })))
    expect(fault).toMatchObject({ code: 'model.already-quantized', where: 'there', next: expect.stringContaining('float model') })
  })
})

describe('graph outputs', () => {
  it('that a float node makes stay in float, though a quantized node reads them too', () => {
    const model = small([node('Exp', ['x'], ['e'], {}, 'e'), conv('e', 'y')], { outputs: { e: null, y: null } })
    const { graph: qdq } = tableOf(model)
    expect(qdq.nodes.find(({ outputs }) => outputs.includes('e'))!.op).toBe('Exp')
    expect(qdq.nodes.find(({ name }) => name === 'y')!.inputs[0]).toBe('e_dequantized')
  })
})

describe('the tail rule', () => {
  const picture: PictureRanges = { inputs: new Map(), outputs: new Map([['y', { lo: 0, hi: 255 }]]) }
  const clipped = (lo: number, hi: number, extra: Partial<ModelSpec> = {}) =>
    small([conv('x', 'a'), node('DepthToSpace', ['a'], ['d'], { blocksize: 2 }, 'd'), node('Clip', ['d', 'lo', 'hi'], ['y'], {}, 'clip')], { ...extra, initializers: { lo: float32Scalar(lo), hi: float32Scalar(hi), ...extra.initializers } })

  it('takes a clip to levels, and that of a picture', () => {
    expect(tableOf(clipped(0, 1)).row('y')).toMatchObject({ method: 'clip-grid', lo: 0, hi: 1 })
    expect(tableOf(clipped(0, 200), {}, picture).row('y')).toMatchObject({ method: 'clip-grid', lo: 0, hi: 200 })
  })

  it('does not take a clip that only guards against accidents', () => {
    for (const [lo, hi] of [[0, 3.4028234663852886e38], [-1000, 1000]] as const) {
      expect(tableOf(clipped(lo, hi)).row('y')).toMatchObject({ method: 'auto', hi: 3 })
      expect(tableOf(clipped(lo, hi), {}, picture).row('y')).toMatchObject({ method: 'image-grid', hi: 255 })
    }
  })

  it('looks through a rounding behind the clip', () => {
    const base = clipped(0, 255)
    const rounded = { ...base, nodes: [...base.nodes.slice(0, 2), node('Clip', ['d', 'lo', 'hi'], ['c'], {}, 'clip'), node('Round', ['c'], ['y'], {}, 'round')] }
    expect(tableOf(rounded, {}, picture).row('a')).toMatchObject({ method: 'clip-grid', hi: 255 })
  })

  it('leaves a picture without a clip alone where a node reads on', () => {
    const model = small([conv('x', 'y'), conv('y', 'z')], { outputs: { y: null, z: null } })
    expect(tableOf(model, {}, picture).row('y')).toMatchObject({ lo: -2, hi: 3 })
  })
})

describe('a picture input', () => {
  const rowFor = (lo: number, hi: number) => tableOf(small([conv('x', 'y')]), {}, { inputs: new Map([['x', { lo, hi }]]), outputs: new Map() }).row('x')!

  it('has a code for each level where 0 is one', () => {
    expect(rowFor(0, 255)).toMatchObject({ scale: [1], zeroPoint: [0] })
  })

  it('has no two levels on one code where 0 is none', () => {
    const { scale: [scale], zeroPoint: [zero] } = rowFor(-1, 1)
    const codes = Array.from({ length: 256 }, (_, level) => Math.fround(Math.fround(-1 + (2 * level) / 255) / scale!) + zero!)
    // A tie, at .5, is where float32 noise decides and ties-to-even lets two levels meet.
    const ties = codes.filter((code) => Math.abs(Math.abs(code - Math.round(code)) - 0.5) < 1e-3)
    expect(ties.length).toBeLessThanOrEqual(1)
  })
})

describe('a sum on a fixed step', () => {
  const pictures: PictureRanges = { inputs: new Map([['x', { lo: 0, hi: 255 }]]), outputs: new Map([['y', { lo: 0, hi: 255 }]]) }
  const planned = (model: Graph, wishes: QuantizeWishes = {}) => planQuantization(model, quantizeOptions(wishes), pictures).tensors.find(({ tensor }) => tensor === 'a')!.alignTo
  const sum = [conv('x', 'a'), node('Add', ['a', 'x'], ['y'], {}, 'sum')]

  it('takes the other operand along', () => {
    expect(planned(small(sum))).toMatchObject({ scale: 1 })
  })

  it('leaves an operand its own step where another node or the outside reads it', () => {
    expect(planned(small([...sum, conv('a', 'z')], { outputs: { y: null, z: null } }))).toBeUndefined()
    expect(planned(small(sum, { outputs: { y: null, a: null } }))).toBeUndefined()
  })

  it('is not fixed where the recipe gives a threshold to one of those that share it', () => {
    const moved = small([conv('x', 'a'), node('Add', ['a', 'x'], ['s'], {}, 'sum'), node('Transpose', ['s'], ['y'], { perm: [0, 1, 3, 2] }, 'turn')])
    expect(planned(moved)).toMatchObject({ scale: 1 })
    expect(planned(moved, { layers: { turn: { threshold: 100 } } })).toBeUndefined()
  })

  it('takes an operand that is always 0', () => {
    const model = small(sum)
    const zero = (tensor: string): Threshold => (tensor === 'a' ? { lo: 0, hi: 0, method: 'max', why: 'constantZero' } : { lo: 0, hi: 255, method: 'max', why: 'seen' })
    const { table } = quantize(model, quantizeOptions({}), zero, pictures)
    expect(table.find(({ tensor }) => tensor === 'a')).toMatchObject({ lo: 0, hi: 0, scale: [1] })
  })
})

describe('biases', () => {
  const gemm = (bias: readonly number[], attributes = {}) =>
    graph({ inputs: { x: [3, 8] }, outputs: { y: null }, nodes: [node('Gemm', ['x', 'w', 'b'], ['y'], { transB: 1, ...attributes }, 'fc')], initializers: { w: noise([5, 8]), b: noise(bias, 3) } })
  const ofTable = (model: Graph) => tableOf(model).row('b')

  it('of a Gemm may be [1, N]: its channels lie on the last axis', () => {
    expect(ofTable(gemm([1, 5]))).toMatchObject({ axis: 1, granularity: 'channel' })
  })

  it('of another shape than one value a channel stay in float', () => {
    expect(ofTable(gemm([1]))).toBeUndefined()
    expect(ofTable(gemm([3, 5]))).toBeUndefined()
  })

  it('count in steps of alpha / beta of the accumulator', () => {
    const [plain, scaled] = [gemm([5]), gemm([5], { alpha: 0.5, beta: 2 })].map((model) => ofTable(model)!.scale[0]!)
    expect(scaled! / plain!).toBeCloseTo(0.25, 6)
    for (const attributes of [{ beta: 0 }, { alpha: -1 }]) expect(ofTable(gemm([5], attributes))).toBeUndefined()
  })
})

describe('a ConvTranspose in groups', () => {
  const axisOf = (group: number, dims: number[]) => {
    const model = graph({ inputs: { x: [1, dims[0]!, 4, 4] }, outputs: { y: null }, nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { group }, 'up')], initializers: { w: noise(dims) } })
    return planQuantization(model, quantizeOptions({})).weights[0]!.axis
  }

  it('has output channels on axis 0 only where each input channel makes one', () => {
    expect(axisOf(4, [4, 1, 2, 2])).toBe(0)
    expect(axisOf(2, [4, 1, 2, 2])).toBeNull()
  })
})

describe('a large graph', () => {
  it('is gone through a fixed number of times, however many layers the recipe names', () => {
    const length = 400
    const nodes = Array.from({ length }, (_, index) => [conv(index === 0 ? 'x' : `r${index - 1}`, `c${index}`, `w${index}`), node('Relu', [`c${index}`], [`r${index}`], {}, `relu${index}`)]).flat()
    let visits = 0
    const counted = new Proxy(nodes, {
      get(target, key, receiver) {
        if (typeof key === 'string' && /^\d+$/.test(key)) visits++
        return Reflect.get(target, key, receiver)
      },
    })
    const model = graph({
      inputs: { x: [1, 1, 4, 4] }, outputs: { [`r${length - 1}`]: null }, nodes: counted,
      initializers: Object.fromEntries(Array.from({ length }, (_, index) => [`w${index}`, noise([1, 1, 1, 1], index)])),
    })
    const layers = Object.fromEntries(nodes.filter(({ op }) => op === 'Conv').map(({ name }) => [name, { bits: 8 as const }]))
    quantize(model, quantizeOptions({ layers }), (_, method) => ({ lo: -1, hi: 1, method, why: '' }))
    // Some thirty passes; one a layer would be 400.
    expect(visits / nodes.length).toBeLessThan(60)
  })

  it('knows the shape of a Reshape as no activation', () => {
    const model = small([conv('x', 'a'), node('Reshape', ['a', 'shape'], ['y'], {}, 'flat')], { initializers: { shape: longs([1, -1]) } })
    expect(codedOf(model)).toEqual(['x', 'a', 'y'])
  })
})
