import { describe, expect, it } from 'vitest'
import { Fault } from '../../../main/core/fault.ts'
import type { Node } from '../../../main/onnx/graph.ts'
import { float32Scalar } from '../../../main/onnx/tensor.ts'
import { quantizeOptions, type QuantizeWishes } from '../../../main/quantize/options.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'

const conv = (input: string, output: string, weight: string, bias?: string): Node =>
  node('Conv', bias ? [input, weight, bias] : [input, weight], [output], { pads: [1, 1, 1, 1] }, output)

/** x → conv a → relu ra → conv b ┐
 *    └──── concat of copies ─────┴ add sum → depth to space → clip → y */
function superResolution() {
  return graph({
    inputs: { x: [1, 1, 'h', 'w'] },
    outputs: { y: [1, 1, 'h2', 'w2'] },
    nodes: [
      conv('x', 'a', 'wa', 'ba'), node('Relu', ['a'], ['ra'], {}, 'ra'), conv('ra', 'b', 'wb', 'bb'),
      node('Concat', ['x', 'x', 'x', 'x'], ['anchor'], { axis: 1 }, 'anchor'), node('Add', ['b', 'anchor'], ['sum'], {}, 'sum'),
      node('DepthToSpace', ['sum'], ['shuf'], { blocksize: 2 }, 'shuf'), node('Clip', ['shuf', 'lo', 'hi'], ['y'], {}, 'clip'),
    ],
    initializers: { wa: noise([3, 1, 3, 3]), ba: noise([3]), wb: noise([4, 3, 3, 3]), bb: noise([4]), lo: float32Scalar(0), hi: float32Scalar(255) },
  })
}

const planOf = (wishes: QuantizeWishes = {}, model = superResolution()) => {
  const pictures = { inputs: new Map([['x', { lo: 0, hi: 255 }]]), outputs: new Map([['y', { lo: 0, hi: 255 }]]) }
  const plan = planQuantization(model, quantizeOptions(wishes), pictures)
  return { ...plan, of: (tensor: string) => plan.tensors.find((one) => one.tensor === tensor) }
}

describe('planQuantization', () => {
  it('gives a Conv and its Relu one range, behind the Relu', () => {
    const plan = planOf()
    expect(plan.of('a')).toBeUndefined()
    expect(plan.of('ra')).toMatchObject({ bound: { lo: 0 } })
  })

  it('puts the tail on the grid of its Clip and the input on the grid of the picture', () => {
    const plan = planOf()
    for (const tensor of ['sum', 'y']) expect(plan.of(tensor)).toMatchObject({ group: 'sum', fixed: { lo: 0, hi: 255, method: 'clip-grid' } })
    expect(plan.of('shuf')).toBeUndefined()
    expect(plan.of('x')!.fixed).toMatchObject({ method: 'image-grid' })
  })

  it('lets movers and a Concat of copies share the scale of what they move', () => {
    expect(planOf().of('anchor')!.group).toBe('x')
  })

  it('rounds no operand of a sum that its own convolution computes, where the sum is made on the accumulator', () => {
    expect(planOf().of('b')).toBeDefined()
    const plan = planOf({ sums: 'accumulator' })
    expect(plan.of('b')).toBeUndefined()
    expect(['anchor', 'sum'].map((tensor) => plan.of(tensor)?.tensor)).toEqual(['anchor', 'sum'])
    expect(plan.weights.map(({ tensor }) => tensor)).toContain('wb')
    // Who names the convolution means what comes out behind the sum.
    expect(planOf({ sums: 'accumulator', tail: 'off', layers: { b: { bits: 16 } } }).of('sum')!.grid.type).toBe('uint16')
  })

  it('opens one operand of a sum of two convolutions, the later, and none that somebody else reads', () => {
    const model = (tail: Node) => graph({
      inputs: { x: [1, 1, 'h', 'w'] }, outputs: { y: null },
      nodes: [conv('x', 'p', 'w1'), conv('x', 'q', 'w2'), node('Add', ['q', 'p'], ['s'], {}, 'add'), tail],
      initializers: { w1: noise([2, 1, 3, 3]), w2: noise([2, 1, 3, 3]), w3: noise([1, 2, 3, 3]), w4: noise([1, 4, 3, 3]) },
    })
    const codes = (tail: Node) => planOf({ sums: 'accumulator' }, model(tail)).tensors.map(({ tensor }) => tensor)
    expect(codes(conv('s', 'y', 'w3'))).toEqual(['x', 'p', 's', 'y'])
    expect(codes(node('Concat', ['s', 'q'], ['y'], { axis: 1 }, 'both'))).toEqual(['x', 'q', 's', 'y'])
  })

  it('leaves the tail to its statistics when the rule is switched off', () => {
    const plan = planOf({ tail: 'off', input: 'observed' })
    expect(plan.of('sum')!.fixed).toBeUndefined()
    expect(plan.of('sum')!.group).not.toBe(plan.of('y')!.group)
    expect(plan.of('x')!.fixed).toBeUndefined()
  })

  it('plans weights along their output channels and biases with the scales that they depend on', () => {
    const plan = planOf()
    expect(plan.weights).toContainEqual(expect.objectContaining({ tensor: 'wb', axis: 0, grid: { type: 'int8', symmetric: true } }))
    expect(plan.biases).toContainEqual({ tensor: 'bb', node: 'b', input: 'ra', weight: 'wb' })
    expect(planOf({ weights: { granularity: 'tensor' } }).weights[0]!.axis).toBeNull()
  })

  it('uses the types of the preset and of the bits asked for', () => {
    expect(planOf({ preset: 'x86' }).of('ra')!.grid).toEqual({ type: 'uint8', symmetric: false, reduced: true })
    expect(planOf({ activations: { bits: 16 }, weights: { bits: 16 } }).of('ra')!.grid.type).toBe('uint16')
    expect(planOf({ layers: { ra: { bits: 16 } } }).of('ra')!.grid.type).toBe('uint16')
  })

  it('gives the weights of a layer the width of its own line, an exact name before a glob before an operator, and the rest what all have', () => {
    const typesOf = (wishes: QuantizeWishes) => planOf(wishes).weights.map(({ grid }) => grid)
    const [eight, sixteen] = [{ type: 'int8', symmetric: true }, { type: 'int16', symmetric: true }]
    expect(typesOf({ layers: { a: { weight_bits: 16 } } })).toEqual([sixteen, eight])
    expect(typesOf({ layers: { 'op:Conv': { weight_bits: 16 }, '[ab]': { weight_bits: 4 }, b: { weight_bits: 8 } } })).toEqual([{ type: 'int4', symmetric: true }, eight])
    expect(typesOf({ weights: { bits: 16 }, layers: { b: { weight_bits: 8 } } })).toEqual([sixteen, eight])
    // Named by what comes out behind the Relu; codes of half the range are for 8 bits.
    expect(typesOf({ weights: { reduced: true }, layers: { ra: { weight_bits: 16 } } })).toEqual([sixteen, { ...eight, reduced: true }])
    expect(planOf({ layers: { a: { weight_bits: 16 } } }).of('ra')!.grid.type).toBe('uint8')
  })

  it('refuses two widths for one weight by the names of both layers', () => {
    const model = graph({
      inputs: { x: [1, 1, 4, 4] }, outputs: { z: null }, nodes: [conv('x', 'y', 'w'), conv('y', 'z', 'w')], initializers: { w: noise([1, 1, 3, 3]) },
    })
    expect(planQuantization(model, quantizeOptions({ layers: { 'op:Conv': { weight_bits: 16 } } })).weights).toHaveLength(1)
    expect(() => planQuantization(model, quantizeOptions({ layers: { z: { weight_bits: 16 } } }))).toThrow(expect.objectContaining({ code: 'model.shared-weight', where: 'z', what: expect.stringContaining('read by y and z') as string }) as Fault)
  })

  it('gives tensors that share a scale the bits asked for any of them', () => {
    const plan = planOf({ layers: { anchor: { bits: 16 } } })
    for (const tensor of ['x', 'anchor']) expect(plan.of(tensor)).toMatchObject({ group: 'x', grid: { type: 'uint16' } })
    expect(plan.of('ra')!.grid.type).toBe('uint8')
  })

  it('keeps constant arithmetic in one scale layer with the convolution before it', () => {
    const model = graph({
      inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 8, 8] },
      nodes: [
        node('Sub', ['x', 'mean'], ['m0'], {}, 'm0'), node('Mul', ['m0', 'two'], ['m1'], {}, 'm1'), conv('m1', 'c', 'w'),
        node('Mul', ['c', 'two'], ['t'], {}, 't'), node('Add', ['t', 'mean'], ['y'], {}, 'out'),
      ],
      initializers: { mean: floats([1, 3, 1, 1], [0.4, 0.5, 0.6]), two: float32Scalar(2), w: noise([3, 3, 3, 3]) },
    })
    const plan = planQuantization(model, quantizeOptions({}))
    expect(plan.tensors.map((one) => one.tensor)).toEqual(['x', 'm1', 'y'])
  })
})

describe('float regions', () => {
  const floatNames = (float: QuantizeWishes['float']) => [...planOf({ float }).floatNodes.keys()]

  it('takes ancestors, descendants, closures up to the next computing node, and start:end', () => {
    expect(floatNames({ inputs: ['ra'] })).toEqual(['ra', 'a'])
    expect(floatNames({ outputs: ['sum'] })).toEqual(['sum', 'shuf', 'clip'])
    expect(floatNames({ blocks: ['a'] })).toEqual(['a', 'ra'])
    expect(floatNames({ blocks: ['a:b'] }).toSorted()).toEqual(['a', 'b', 'ra'])
    expect(floatNames({ ops: ['Add'] })).toEqual(['sum', 'shuf', 'clip'])
  })

  it('puts a pair only where a quantized node reads', () => {
    const plan = planOf({ float: { names: ['b'] } })
    expect(plan.of('ra')).toBeUndefined()
    expect(plan.of('b')).toBeDefined()
    expect(plan.weights.map((weight) => weight.tensor)).toEqual(['wa'])
  })

  it('refuses an unknown name with the nearest ones', () => {
    expect(() => planOf({ float: { names: ['sun'] } })).toThrow(Fault)
    try {
      planOf({ float: { names: ['sun'] } })
    } catch (thrown) {
      expect((thrown as Fault).next).toContain('sum')
    }
    expect(() => planOf({ layers: { 'conv_*': { bits: 16 } } })).toThrow(/no layer or tensor matches/)
  })
})
