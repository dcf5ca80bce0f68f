import { describe, expect, it } from 'vitest'
import type { Graph } from '../../../main/onnx/graph.ts'
import { float32 } from '../../../main/onnx/tensor.ts'
import { absorbBias, absorbHighBias } from '../../../main/rewrite/absorb-bias.ts'
import { floats, graph, node } from '../../fixtures/build-model.ts'
import { contextOf, proveRewrite, withShapes } from '../../fixtures/prove-rewrite.ts'

const SIZE = [1, 1, 4, 4]
const constants = (of: Graph, name: string, input: number): number[] => [...float32(of.initializers.get(of.nodes.find((each) => each.name === name)!.inputs[input]!)!)]

/** x → first → [norm] → [relu] → second → y; second sums both channels, the second one three times. */
const chain = (parts: { readonly norm?: boolean; readonly relu?: boolean; readonly pads?: readonly number[]; readonly kernel?: number } = {}) => {
  const { norm = false, relu = false, pads = [0, 0, 0, 0], kernel = 1 } = parts
  const behind = norm ? 'n' : 'a'
  return withShapes(graph({
    inputs: { x: SIZE }, outputs: { y: null },
    nodes: [
      node('Conv', ['x', 'w1', 'b1'], ['a'], {}, 'first'), ...(norm ? [node('BatchNormalization', ['a', 'gamma', 'beta', 'zero', 'one'], ['n'], { epsilon: 0 }, 'norm')] : []),
      ...(relu ? [node('Relu', [behind], ['r'], {}, 'relu')] : []), node('Conv', [relu ? 'r' : behind, 'w2', 'b2'], ['y'], { pads: [...pads] }, 'second'),
    ],
    initializers: {
      w1: floats([2, 1, 1, 1], [0.01, 0.02]), b1: floats([2], [0, 0]), w2: floats([1, 2, kernel, kernel], [...Array.from({ length: kernel ** 2 }, () => 1), ...Array.from({ length: kernel ** 2 }, () => 3)]), b2: floats([1], [0.5]),
      gamma: floats([2], [1, -2]), beta: floats([2], [10, 5]), zero: floats([2], [0, 0]), one: floats([2], [1, 1]),
    },
  }))
}

describe('absorb-bias', () => {
  it('moves a beta into the next convolution where nothing stands between', async () => {
    const { proof, after, found } = await proveRewrite(absorbBias, await chain({ norm: true }), contextOf())
    expect(constants(after.graph, 'norm', 2)).toEqual([0, 0])
    // 0.5 + 1 · 10 + 3 · 5.
    expect(constants(after.graph, 'second', 2)).toEqual([25.5])
    expect(found[0]!.what).toBe('the bias of 2 of 2 channels of n goes into second, by norm')
    expect(proof.verdict).not.toBe('broken')
    expect(absorbBias.find(await withShapes(after.graph), contextOf()).refused[0]!.why).toBe('no channel of norm has a beta')
  })

  it('centres what Statistics saw, and only where the shared range shrinks', async () => {
    const seen = new Map([['a', { min: [6, -1], max: [8, 1] }]])
    const { proof, after } = await proveRewrite(absorbBias, await chain(), { ...contextOf(), seen })
    // Midpoints 7 and 0: -1..8 becomes -1..1.
    expect(constants(after.graph, 'first', 2)).toEqual([-7, 0])
    expect(constants(after.graph, 'second', 2)).toEqual([7.5])
    expect(proof.verdict).not.toBe('broken')
    const close = new Map([['a', { min: [-4, -5], max: [6, 5] }]])
    expect(absorbBias.find(await chain(), { ...contextOf(), seen: close }).refused[0]!.why).toBe('the range of a would stay 0.91 of what it is, and a change is worth it below 0.8')
  })

  it('refuses the padding trap, and what nothing tells', async () => {
    expect(absorbBias.find(await chain({ norm: true, kernel: 3, pads: [1, 1, 1, 1] }), contextOf()).refused[0]!.why).toMatch(/^second pads with zeros/)
    expect(absorbBias.find(await chain(), contextOf()).refused[0]!.why).toMatch(/^where the values of a lie is told neither/)
    expect(absorbBias.find(await chain({ norm: true, relu: true }), contextOf())).toMatchObject({ found: [], refused: [] })
  })
})

describe('absorb-high-bias', () => {
  it('takes what stays above three deviations through a Relu', async () => {
    const { after, proof } = await proveRewrite(absorbHighBias, await chain({ norm: true, relu: true }), contextOf())
    // 10 - 3 · 1 = 7; 5 - 3 · 2 < 0.
    expect(constants(after.graph, 'norm', 2)).toEqual([3, 5])
    expect(constants(after.graph, 'second', 2)).toEqual([7.5])
    // Weights are so small that the Relu never cuts: the same values, to rounding.
    expect(proof.relative).toBeLessThan(1e-5)
    expect(absorbHighBias.kind).toBe('repair')
  })

  it('takes the least that Statistics saw', async () => {
    const seen = new Map([['r', { min: [4, 0], max: [6, 1] }]])
    const { after } = await proveRewrite(absorbHighBias, await chain({ relu: true }), { ...contextOf(), seen })
    expect(constants(after.graph, 'first', 2)).toEqual([-4, 0])
    expect(constants(after.graph, 'second', 2)).toEqual([4.5])
    const low = new Map([['r', { min: [0, 0], max: [6, 1] }]])
    expect(absorbHighBias.find(await chain({ relu: true }), { ...contextOf(), seen: low }).refused[0]!.why).toBe('every channel of r was seen at 0: nothing is above it all the time')
  })

  it('refuses betas that are not high', async () => {
    const flat = await chain({ norm: true, relu: true })
    const graphOf = { ...flat, initializers: new Map([...flat.initializers, ['beta', floats([2], [2, 5])]]) }
    expect(absorbHighBias.find(graphOf, contextOf()).refused[0]!.why).toBe('no channel of norm has a beta above 3 gamma')
  })
})
