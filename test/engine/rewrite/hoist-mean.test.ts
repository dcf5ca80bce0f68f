import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { float32, float32Scalar, tensor } from '../../../main/onnx/tensor.ts'
import { hoistMean } from '../../../main/rewrite/hoist-mean.ts'
import { proveEqual } from '../../../main/rewrite/prove.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { floats, graph, node, noise, type ModelSpec } from '../../fixtures/build-model.ts'

/** (x - mean) · 2 → Conv, as the head of EDSR does it. */
const head = (pads: number[], extra: Partial<ModelSpec> = {}): Graph =>
  graph({
    inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: [1, 5, 'h2', 'w2'] },
    nodes: [node('Add', ['x', 'mean'], ['m0'], {}, 'm0'), node('Mul', ['m0', 'two'], ['m1'], {}, 'm1'), node('Conv', ['m1', 'w', 'b'], ['y'], { pads, kernel_shape: [3, 3] }, 'conv')],
    initializers: { mean: floats([1, 3, 1, 1], [-0.4488, -0.4371, -0.404]), two: float32Scalar(2), w: noise([5, 3, 3, 3], 2, 0.3), b: noise([5], 3) },
    ...extra,
  })

const pictures = (sizes: readonly (readonly [number, number])[]) =>
  sizes.map(([height, width], seed) => ({ x: tensor('float32', [1, 3, height, width], float32(noise([1, 3, height, width], seed + 1)).map((value) => (value + 1) / 2)) }))

async function prove(before: Graph, after: Graph) {
  const sessions = await Promise.all([before, after].map((one) => openSession(encodeModel(one), { mode: 'reference', threads: 1 })))
  // Weights are rounded to float32 once more and the constant part is summed in another order: some 1e-7 of 36 products.
  const proof = await proveEqual(sessions[0]!, sessions[1]!, pictures([[7, 9], [1, 1], [3, 2]]), { rewrite: 'hoist-mean', nodes: [], relativeTolerance: 2e-6 })
  await Promise.all(sessions.map((session) => session.close()))
  return proof
}

describe('hoistMean', () => {
  it('moves the shift into the weights of a plane where the convolution pads, borders included', async () => {
    const before = head([1, 1, 1, 1])
    const { graph: after, folded, planes, centre } = hoistMean(before, 'x', 1)
    expect(folded.map((one) => one.node)).toEqual(['m0', 'm1'])
    expect(planes).toEqual(['x_centred', 'x_plane', 'x_with_plane'])
    // The level nearest to the mean of the means, on the grid of the picture.
    expect(centre * 255).toBeCloseTo(110, 9)
    expect((await prove(before, after)).verdict).toBe('within tolerance')
  })

  it.each([
    ['a bright mean', [-0.9, -0.8, -0.95], 2],
    ['a negative, 1 - x', [-1, -1, -1], -1],
    ['a mean below black', [0.5, 0.4, 0.3], 1],
  ])('finds a plane that weighs something with %s', async (_, shift, factor) => {
    const before = head([1, 1, 1, 1], { initializers: { ...Object.fromEntries(head([1, 1, 1, 1]).initializers), mean: floats([1, 3, 1, 1], shift), two: float32Scalar(factor) } })
    const { graph: after, centre } = hoistMean(before, 'x', 1)
    expect(after.nodes.map((one) => one.op)).toContain('Concat')
    // The plane is the end of the range -centre..1 - centre that is farther from 0.
    expect(float32(after.initializers.get('x_level')!)[0]!).toBeCloseTo(centre > 0.5 ? -centre : 1 - centre, 6)
    expect((await prove(before, after)).verdict).not.toBe('broken')
  })

  it('leaves a channel that is multiplied by 0 alone', () => {
    const before = head([1, 1, 1, 1], { initializers: { ...Object.fromEntries(head([1, 1, 1, 1]).initializers), two: floats([1, 3, 1, 1], [2, 0, 2]) } })
    expect(hoistMean(before, 'x', 1).graph).toBe(before)
  })

  it('needs no plane where the convolution does not pad', async () => {
    const before = head([0, 0, 0, 0])
    const { graph: after, planes } = hoistMean(before, 'x', 1)
    expect(planes).toEqual([])
    expect(after.nodes.map((one) => one.op)).toEqual(['Conv'])
    const sessions = await Promise.all([before, after].map((one) => openSession(encodeModel(one), { mode: 'reference', threads: 1 })))
    const proof = await proveEqual(sessions[0]!, sessions[1]!, pictures([[7, 9], [3, 3]]), { rewrite: 'hoist-mean', nodes: [], relativeTolerance: 2e-6 })
    await Promise.all(sessions.map((session) => session.close()))
    expect(proof.verdict).toBe('within tolerance')
  })

  it.each([
    ['another reader of the picture', { nodes: [...head([1, 1, 1, 1]).nodes, node('Relu', ['x'], ['z'], {}, 'z')], outputs: { y: [1, 5, 'h', 'w'], z: [1, 3, 'h', 'w'] } }],
    ['another reader of the shifted picture', { nodes: [...head([1, 1, 1, 1]).nodes, node('Relu', ['m1'], ['z'], {}, 'z')], outputs: { y: [1, 5, 'h', 'w'], z: [1, 3, 'h', 'w'] } }],
    ['a shift along the width', { initializers: { ...Object.fromEntries(head([1, 1, 1, 1]).initializers), mean: noise([3], 1) } }],
  ])('leaves the graph alone with %s', (_, extra) => {
    const before = head([1, 1, 1, 1], extra as Partial<ModelSpec>)
    expect(hoistMean(before, 'x', 1).graph).toBe(before)
  })

  it('keeps a tensor that the recipe names', () => {
    const before = head([1, 1, 1, 1])
    expect(hoistMean(before, 'x', 1, new Set(['m1'])).graph).toBe(before)
  })
})
