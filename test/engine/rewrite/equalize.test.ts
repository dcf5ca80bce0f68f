import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import { loadWorkpiece } from '../../../main/engine/jobs/workpiece.ts'
import { float32 } from '../../../main/onnx/tensor.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { applyRewrites, proveStep } from '../../../main/rewrite/apply.ts'
import { equalize } from '../../../main/rewrite/equalize.ts'
import { floats, graph, node } from '../../fixtures/build-model.ts'
import { contextOf, proveRewrite, withShapes } from '../../fixtures/prove-rewrite.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

const SIZE = [1, 1, 4, 4]
const all = contextOf({ accept: 'all' })
const weights = (of: Graph, conv: string): number[] => [...float32(of.initializers.get(of.nodes.find(({ name }) => name === conv)!.inputs[1]!)!)]
const biases = (of: Graph, conv: string): number[] => [...float32(of.initializers.get(of.nodes.find(({ name }) => name === conv)!.inputs[2]!)!)]

/** x → first (rows 8 and 2) → relu → second (columns 2 and 8) → y */
const pair = (between = 'Relu') => withShapes(graph({
  inputs: { x: SIZE }, outputs: { y: null },
  nodes: [node('Conv', ['x', 'w1', 'b1'], ['a'], {}, 'first'), node(between, ['a'], ['r'], {}, 'between'), node('Conv', ['r', 'w2'], ['y'], {}, 'second')],
  initializers: { w1: floats([2, 1, 1, 1], [8, -2]), b1: floats([2], [4, 1]), w2: floats([1, 2, 1, 1], [2, 8]) },
}))

describe('equalize', () => {
  it('gives both sides of a pair equal ranges and moves the bias along', async () => {
    const { proof, after, found } = await proveRewrite(equalize, await pair(), all)
    // S = √(8/2) = 2 and √(2/8) = 0.5.
    expect(weights(after.graph, 'first')).toEqual([4, -4])
    expect(biases(after.graph, 'first')).toEqual([2, 2])
    expect(weights(after.graph, 'second')).toEqual([4, 4])
    expect(found[0]).toMatchObject({ nodes: ['first', 'second'] })
    expect(proof.verdict).not.toBe('broken')
    // Values between are others, so they are called otherwise.
    expect(after.graph.nodes.map(({ outputs }) => outputs[0])).toEqual(['a_equalized', 'r_equalized', 'y'])
    expect(equalize.find(await withShapes(after.graph), all).refused.map(({ why }) => why)).toContain('its channels were equalized already')
  })

  it('ends a depthwise triple with three equal ranges, the cube root of their product', async () => {
    const triple = await withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null },
      nodes: [
        node('Conv', ['x', 'w1'], ['a'], {}, 'first'), node('Relu', ['a'], ['r'], {}, 'r1'), node('Conv', ['r', 'wd', 'bd'], ['d'], { group: 2 }, 'depthwise'),
        node('Relu', ['d'], ['s'], {}, 'r2'), node('Conv', ['s', 'w3'], ['y'], {}, 'third'),
      ],
      initializers: { w1: floats([2, 1, 1, 1], [8, 1]), wd: floats([2, 1, 1, 1], [1, 2]), bd: floats([2], [3, 3]), w3: floats([1, 2, 1, 1], [1, 32]) },
    }))
    const { proof, after } = await proveRewrite(equalize, triple, all)
    // ∛(8·1·1) = 2 and ∛(1·2·32) = 4; sweeps end within a thousandth.
    for (const conv of ['first', 'depthwise', 'third']) {
      expect(weights(after.graph, conv)[0]! / 2).toBeCloseTo(1, 2)
      expect(weights(after.graph, conv)[1]! / 4).toBeCloseTo(1, 2)
    }
    // bdw / S23 with S23 = p / r3 = 2 and 1/8.
    expect(biases(after.graph, 'depthwise')[0]).toBeCloseTo(1.5, 2)
    expect(biases(after.graph, 'depthwise')[1]).toBeCloseTo(24, 1)
    expect(proof.verdict).not.toBe('broken')
  })

  it('scales everything on a residual trunk by the same factors', async () => {
    const trunk = await withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null },
      nodes: [
        node('Conv', ['x', 'w1'], ['h'], {}, 'head'), node('Conv', ['h', 'w2'], ['a'], {}, 'inner'), node('Relu', ['a'], ['r'], {}, 'relu'), node('Conv', ['r', 'w3'], ['b'], {}, 'outer'),
        node('Add', ['h', 'b'], ['sum'], {}, 'sum'), node('Conv', ['sum', 'w4'], ['y'], {}, 'tail'),
      ],
      initializers: { w1: floats([2, 1, 1, 1], [16, 1]), w2: floats([1, 2, 1, 1], [1, 1]), w3: floats([2, 1, 1, 1], [1, 4]), w4: floats([1, 2, 1, 1], [1, 0.25]) },
    }))
    const { proof, after, found } = await proveRewrite(equalize, trunk, all)
    // Trunk: r1 = max(16, 1) and max(1, 4), r2 = max(1, 1) and max(1, 0.25): S = 4 and 2.
    expect(found[0]!.nodes).toEqual(['head', 'inner', 'outer', 'tail'])
    expect(weights(after.graph, 'head')).toEqual([4, 0.5])
    expect(weights(after.graph, 'outer')).toEqual([0.25, 2])
    expect(weights(after.graph, 'inner')).toEqual([4, 2])
    expect(weights(after.graph, 'tail')).toEqual([4, 0.5])
    expect(proof.verdict).not.toBe('broken')
  })

  it('keeps a place only where its expected noise falls below 0.8, and says how much it would be', async () => {
    // One scale a tensor: 8 beside 0.02 leaves the small row three codes; afterwards both have 127.
    const uneven = await withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null },
      nodes: [node('Conv', ['x', 'w1'], ['a'], {}, 'first'), node('Relu', ['a'], ['r'], {}, 'relu'), node('Conv', ['r', 'w2'], ['y'], {}, 'second')],
      initializers: { w1: floats([2, 1, 1, 1], [8, 0.029]), w2: floats([1, 2, 1, 1], [0.02, 8]) },
    }))
    const codes = { granularity: 'tensor', weightBits: 8, activationBits: 8 } as const
    const seen = (first: number, second: number) => new Map([['r', { min: [0, 0], max: [first, second] }]])
    expect(equalize.find(uneven, { ...contextOf(), codes, seen: seen(24, 0.087) }).found[0]!.what).toMatch(/expected noise 0\.0\d\d of what it was$/)
    // Weights of one value a row lose nothing by channel, and 64/127 of the largest is a code. What is left is the activation's rounding: 0.9 of what it was.
    const close = { ...uneven, initializers: new Map([...uneven.initializers, ['w1', floats([2, 1, 1, 1], [4, 1])], ['w2', floats([1, 2, 1, 1], [2, 128 / 127])]]) }
    const { found, refused } = equalize.find(close, { ...contextOf(), codes: { ...codes, granularity: 'channel' }, seen: seen(12, 3) })
    expect([found.length, refused[0]!.why]).toEqual([0, expect.stringMatching(/^the expected noise would be \d\.\d{3} of what it is, and a change is worth it below 0\.8 \(accept: all takes it\)$/)])
  })

  it('judges nothing without Statistics', async () => {
    expect(equalize.find(await pair(), contextOf()).refused[0]!.why).toBe('whether it helps is told by Statistics of r (option statistics: FILE); accept: all does without')
    expect(equalize.find(await pair(), all).found[0]!.what).toMatch(/; nothing tells whether it helps$/)
  })

  it('equalizes what Statistics saw of the activations, where they are asked for', async () => {
    const seen = new Map([['r', { min: [0, 0], max: [32, 2] }]])
    const { proof, after } = await proveRewrite(equalize, await pair(), { ...contextOf({ by: 'activations', accept: 'all' }), seen })
    // S = √(32/2) = 4 and √(2/8) = 0.5: channels reach 8 and 4, as their weights do.
    expect(weights(after.graph, 'second')).toEqual([8, 4])
    expect(weights(after.graph, 'first')).toEqual([2, -4])
    expect(proof.verdict).not.toBe('broken')
    expect(equalize.find(await pair(), contextOf({ by: 'activations' })).refused[0]!.why).toContain('needs Statistics of r')
  })

  it.each([['Sigmoid', 'between (Sigmoid) lets no factors through'], ['HardSwish', 'between (HardSwish) lets no factors through']])('refuses %s between', async (op, why) => {
    expect(equalize.find(await pair(op), all)).toMatchObject({ found: [], refused: [{ node: 'first', why }, { node: 'second' }] })
  })

  it('finds nothing in channels that are even already', async () => {
    const plain = await pair()
    const even = { ...plain, initializers: new Map([...plain.initializers, ['w1', floats([2, 1, 1, 1], [8, 8])], ['w2', floats([1, 2, 1, 1], [2, 2])]]) }
    expect(equalize.find(even, all).refused[0]!.why).toBe('the ranges of its channels are even already')
  })

  it('leaves a dead channel alone', async () => {
    const plain = await pair()
    const dead = { ...plain, initializers: new Map([...plain.initializers, ['w1', floats([2, 1, 1, 1], [8, 0])]]) }
    const { after } = await proveRewrite(equalize, dead, all)
    expect([weights(after.graph, 'first'), weights(after.graph, 'second')]).toEqual([[4, 0], [4, 8]])
  })

  it('leaves what the recipe speaks of', async () => {
    expect(equalize.find(await pair(), contextOf({ accept: 'all' }, ['r'])).refused[0]!.why).toBe('the recipe speaks of r')
  })
})

warnWithoutSharedData('equalization of real networks')
describe.skipIf(!hasSharedData)('equalize on real networks', () => {
  it.each([['abpn_x3', 6], ['edsr8_x2', 9]])('keeps what %s computes, wherever it fits', async (name, places) => {
    const { graph: network } = await loadWorkpiece(join(sharedData, `models/${name}.onnx`))
    const wish = { rewrite: 'equalize', options: { accept: 'all' } }
    const { steps } = await applyRewrites(network, [wish], { where: name, context: contextOf() }, quietTask)
    // Each convolution behind another; the trunk of a residual network is one place.
    expect(new Set(steps[0]!.matches.map(({ nodes }) => nodes[0])).size).toBe(places)
    expect((await proveStep(steps[0]!, { threads: 1, samples: [], where: name }, quietTask)).verdict).toBe('within tolerance')
  }, 60_000)
})
