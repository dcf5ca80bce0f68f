import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { float32Scalar } from '../../../main/onnx/tensor.ts'
import { foldAffine } from '../../../main/rewrite/fold-affine.ts'
import { proveEqual } from '../../../main/rewrite/prove.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { floats, graph, node, noise, type ModelSpec } from '../../fixtures/build-model.ts'

const SHAPE = [1, 2, 5, 6] as const
const BN = { scale: floats([4], [1.5, -0.5, 2, 0.1]), shift: noise([4], 3), mean: noise([4], 4), variance: floats([4], [0.5, 2, 1, 3]) }

async function prove(before: Graph, after: Graph) {
  const sessions = await Promise.all([before, after].map((one) => openSession(encodeModel(one), { mode: 'reference', threads: 1 })))
  const inputs = [1, 2].map((seed) => ({ x: noise(SHAPE, seed, 3) }))
  // One float32 rounding a weight: 2^-24 relative, over at most 18 products.
  const proof = await proveEqual(sessions[0]!, sessions[1]!, inputs, { rewrite: 'fold-affine', nodes: [], relativeTolerance: 2e-6 })
  await Promise.all(sessions.map((session) => session.close()))
  return proof
}

const conv = (extra: Partial<ModelSpec> = {}, op = 'Conv', weight = noise([4, 2, 3, 3])): Graph =>
  graph({
    inputs: { x: SHAPE }, outputs: { y: [1, 4, 'h', 'w'] },
    nodes: [
      node(op, ['x', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1] }, 'conv'), node('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'variance'], ['n'], { epsilon: 1e-3 }, 'norm'),
      node('Mul', ['n', 'half'], ['m'], {}, 'mul'), node('Sub', ['offset', 'm'], ['y'], {}, 'sub'),
    ],
    initializers: { w: weight, b: noise([4], 7), ...BN, half: float32Scalar(0.5), offset: noise([1, 4, 1, 1], 9) },
    ...extra,
  })

describe('foldAffine', () => {
  it('folds a whole chain behind a convolution, and both give the same', async () => {
    const before = conv()
    const { graph: after, folded } = foldAffine(before)
    expect(after.nodes.map((one) => one.op)).toEqual(['Conv'])
    expect(after.nodes[0]!.outputs).toEqual(['y'])
    expect(folded.map((one) => one.node)).toEqual(['norm', 'mul', 'sub'])
    expect((await prove(before, after)).verdict).toBe('within tolerance')
  })

  it('finds the output channels of a transposed convolution, grouped or not', async () => {
    for (const [weight, group] of [[noise([2, 4, 3, 3]), 1], [noise([2, 2, 3, 3]), 2]] as const) {
      const spec = conv({}, 'ConvTranspose', weight)
      const before = graph({
        inputs: { x: SHAPE }, outputs: { y: [1, 4, 'h', 'w'] }, initializers: Object.fromEntries(spec.initializers),
        nodes: [node('ConvTranspose', ['x', 'w', 'b'], ['c'], { group }, 'conv'), ...spec.nodes.slice(1)],
      })
      const { graph: after } = foldAffine(before)
      expect(after.nodes).toHaveLength(1)
      expect((await prove(before, after)).verdict).toBe('within tolerance')
    }
  })

  it('makes a bias where there was none', async () => {
    const before = graph({
      inputs: { x: SHAPE }, outputs: { y: [1, 4, 'h', 'w'] }, initializers: { w: noise([4, 2, 3, 3]), one: floats([4, 1, 1], [1, 2, 3, 4]) },
      nodes: [node('Conv', ['x', 'w'], ['c'], {}, 'conv'), node('Add', ['c', 'one'], ['y'], {}, 'add')],
    })
    expect((await prove(before, foldAffine(before).graph)).verdict).not.toBe('broken')
  })

  it.each([
    ['a second reader', { nodes: [...conv().nodes, node('Relu', ['n'], ['z'], {}, 'z')], outputs: { y: [1, 4, 'h', 'w'], z: [1, 4, 'h', 'w'] } }, ['norm']],
    ['a graph output in between', { outputs: { y: [1, 4, 'h', 'w'], c: [1, 4, 'h', 'w'] } }, []],
    ['a constant along the width', { initializers: { ...Object.fromEntries(conv().initializers), offset: noise([6], 2) } }, ['norm', 'mul']],
  ] as const)('stops at %s', (_, extra, expected) => {
    expect(foldAffine(conv(extra as Partial<ModelSpec>)).folded.map((one) => one.node)).toEqual(expected)
  })

  it('leaves a 1-D convolution alone, where [C, 1, 1] runs along the batch', () => {
    const before = graph({
      inputs: { x: [1, 2, 9] }, outputs: { y: null }, initializers: { w: noise([4, 2, 3]), one: floats([4, 1, 1], [1, 2, 3, 4]) },
      nodes: [node('Conv', ['x', 'w'], ['c'], {}, 'conv'), node('Add', ['c', 'one'], ['y'], {}, 'add')],
    })
    expect(foldAffine(before).folded).toEqual([])
  })

  it('keeps the weight that another convolution shares, and both give the same', async () => {
    const before = graph({
      inputs: { x: SHAPE }, outputs: { y: null, z: null }, initializers: { w: noise([4, 2, 3, 3]), one: floats([4, 1, 1], [1, 2, 3, 4]) },
      nodes: [node('Conv', ['x', 'w'], ['c'], {}, 'conv'), node('Mul', ['c', 'one'], ['y'], {}, 'mul'), node('Conv', ['x', 'w'], ['z'], {}, 'other')],
    })
    const { graph: after, folded } = foldAffine(before)
    expect(folded.map((one) => one.node)).toEqual(['mul'])
    expect((await prove(before, after)).verdict).not.toBe('broken')
  })

  it('keeps a tensor that is named', () => {
    expect(foldAffine(conv(), new Set(['c'])).folded).toEqual([])
  })
})

describe('proveEqual', () => {
  it('calls the same graph exact and another function broken', async () => {
    const one = conv()
    expect((await prove(one, one)).verdict).toBe('exact')
    expect((await prove(one, conv({ initializers: { ...Object.fromEntries(one.initializers), half: float32Scalar(0.6) } }))).verdict).toBe('broken')
  })
})
