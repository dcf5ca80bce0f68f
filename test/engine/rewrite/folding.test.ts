import { create } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { GraphProtoSchema, NodeProtoSchema, ValueInfoProtoSchema } from '../../../main/onnx/onnx_pb.ts'
import { float32, float32Scalar } from '../../../main/onnx/tensor.ts'
import { foldArithmetic } from '../../../main/rewrite/fold-arithmetic.ts'
import { foldBatchnorm } from '../../../main/rewrite/fold-batchnorm.ts'
import { foldConstants } from '../../../main/rewrite/fold-constants.ts'
import { hoistShift } from '../../../main/rewrite/hoist-shift.ts'
import { opset } from '../../../main/rewrite/opset.ts'
import { padIntoConv } from '../../../main/rewrite/pad-into-conv.ts'
import { removeIdentity } from '../../../main/rewrite/remove-identity.ts'
import type { RewriteContext } from '../../../main/rewrite/rewrite.ts'
import { splitConcatAdd } from '../../../main/rewrite/split-concat-add.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { floats, graph, longs, node, noise, type ModelSpec } from '../../fixtures/build-model.ts'
import { contextOf, proveRewrite, withShapes } from '../../fixtures/prove-rewrite.ts'

const SIZE = [1, 4, 6, 4] as const

/** Conv → BatchNormalization → Mul → Conv of a picture as wide as it has channels. */
const chain = (extra: Partial<ModelSpec> = {}): Promise<Graph> => withShapes(graph({
  inputs: { x: SIZE }, outputs: { y: null },
  nodes: [
    node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }, 'conv'), node('BatchNormalization', ['c', 'gamma', 'beta', 'mean', 'variance'], ['n'], {}, 'norm'),
    node('Mul', ['n', 'factor'], ['m'], {}, 'mul'), node('Conv', ['m', 'v'], ['y'], { pads: [1, 1, 1, 1] }, 'last'),
  ],
  initializers: {
    w: noise([4, 4, 3, 3], 1, 0.3), v: noise([2, 4, 3, 3], 2, 0.3), factor: floats([4, 1, 1], [1, 2, 0.5, -1]), gamma: floats([4], [1, 2, -1, 0.5]), beta: noise([4], 3), mean: noise([4], 4),
    variance: floats([4], [1, 2, 0.5, 1]),
  },
  ...extra,
}))

const constants = async (): Promise<Record<string, ReturnType<typeof noise>>> => Object.fromEntries((await chain()).initializers)

describe('fold-batchnorm and fold-affine', () => {
  it('fold a whole chain once, say what it saves, and keep the name behind it', async () => {
    const { proof, after, found } = await proveRewrite(foldBatchnorm, await chain(), contextOf())
    expect(proof.verdict).toBe('within tolerance')
    expect(proof.relative).toBeLessThan(1e-6)
    expect(after.graph.nodes.map(({ outputs }) => outputs[0])).toEqual(['m', 'y'])
    expect(found[0]).toMatchObject({ nodes: ['norm', 'mul', 'conv'], what: 'BatchNormalization → Mul of 4 channels goes into the weights of conv before it' })
    // Two maps of 4 × 6 × 4 float32 less, each written and read.
    expect(found[0]!.cost).toEqual({ macs: 0, bytesMoved: -2 * 2 * 4 * 96, channelPeak: 4 })
    expect(foldArithmetic.find(await chain(), contextOf())).toEqual({ found: [], refused: [] })
  })

  it('leave the weights alone that another Conv shares', async () => {
    const base = await chain()
    const shared = await chain({ nodes: [...base.nodes, node('Conv', ['x', 'w'], ['z'], { pads: [1, 1, 1, 1] }, 'other')], outputs: { y: null, z: null } })
    const { proof, after } = await proveRewrite(foldBatchnorm, shared, contextOf())
    expect(proof.verdict).not.toBe('broken')
    expect(after.graph.nodes.find(({ name }) => name === 'other')!.inputs).toEqual(['x', 'w'])
  })

  it('refuse a constant along the width although there are as many channels', async () => {
    const wide = await chain({ initializers: { ...(await constants()), factor: floats([4], [1, 2, 0.5, -1]) } })
    expect(foldArithmetic.find(wide, contextOf()).refused).toEqual([{ rewrite: 'fold-affine', node: 'mul', why: 'its constant [4] runs along the width, although there are as many channels (4)' }])
    expect(foldBatchnorm.find(wide, contextOf()).found[0]!.nodes).toEqual(['norm', 'conv'])
  })

  it('refuse what is in training form or only known at run time', async () => {
    const base = await chain()
    const { gamma: _, ...rest } = await constants()
    const late = await chain({ inputs: { x: SIZE, gamma: [4] }, initializers: rest })
    expect(foldBatchnorm.find(late, contextOf()).refused[0]!.why).toBe('gamma is computed at run time')
    const training = { ...base, nodes: base.nodes.map((each) => (each.name === 'norm' ? node('BatchNormalization', each.inputs, ['n', 'm1', 'v1'], { training_mode: 1 }, 'norm') : each)) }
    expect(foldBatchnorm.find(training, contextOf()).refused[0]!.why).toBe('it is in training form')
  })

  it('refuse a tensor that a graph inside a node uses', async () => {
    const base = await chain()
    const branch = (source: string) => create(GraphProtoSchema, {
      name: source, node: [create(NodeProtoSchema, { opType: 'Neg', input: [source], output: [`${source}_inner`] })], output: [create(ValueInfoProtoSchema, { name: `${source}_inner` })],
    })
    const inside = await chain({
      inputs: { x: SIZE, flag: { type: 'bool', dims: [] } }, outputs: { y: null, z: null },
      nodes: [...base.nodes, node('If', ['flag'], ['z'], { then_branch: { kind: 'graph', value: branch('c') }, else_branch: { kind: 'graph', value: branch('x') } }, 'choose')],
    })
    const { found, refused } = foldBatchnorm.find(inside, contextOf({ leftovers: 'keep' }))
    expect(found).toEqual([])
    expect(refused[0]!.why).toContain('c is read by norm and choose')
    expect(() => foldBatchnorm.find(base, contextOf({ leftovers: 'magic' }))).toThrow(expect.objectContaining({ code: 'recipe.wrong-value' }))
  })

  it('fold into the Conv behind where nothing is padded, and call the padding trap by name where something is', async () => {
    const between = async (pads: readonly number[]) => withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null }, initializers: { shift: floats([4, 1, 1], [1, 2, 3, 4]), v: noise([2, 4, 3, 3]) },
      nodes: [node('Sigmoid', ['x'], ['s'], {}, 's'), node('Add', ['s', 'shift'], ['a'], {}, 'add'), node('Conv', ['a', 'v'], ['y'], { pads }, 'last')],
    }))
    expect((await proveRewrite(foldArithmetic, await between([0, 0, 0, 0]), contextOf())).after.graph.nodes.map(({ op }) => op)).toEqual(['Sigmoid', 'Conv'])
    expect(foldArithmetic.find(await between([1, 1, 1, 1]), contextOf({ leftovers: 'keep' })).refused[0]!.why).toContain('the padding trap')
    const { after, found } = await proveRewrite(foldArithmetic, await between([1, 1, 1, 1]), contextOf())
    expect(after.graph.nodes[1]).toMatchObject({ op: 'Conv', outputs: ['a'] })
    expect(found[0]!.what).toBe('Add of 4 channels becomes one depthwise 1×1 Conv')
  })

  it('scale through activations by positive factors only, and name the scaled tensors anew', async () => {
    const behind = (factor: number) => withShapes(graph({
      inputs: { x: ['N', 4, 'H', 'W'] }, outputs: { y: null }, initializers: { w: noise([4, 4, 3, 3], 1, 0.3), factor: float32Scalar(factor), scales: floats([4], [1, 1, 2, 2]) },
      nodes: [
        node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }, 'conv'), node('Relu', ['c'], ['r'], {}, 'relu'),
        node('Resize', ['r', '', 'scales'], ['u'], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, 'up'), node('Mul', ['u', 'factor'], ['y'], {}, 'mul'),
      ],
    }))
    const { after, found } = await proveRewrite(foldArithmetic, await behind(0.25), contextOf())
    expect(after.graph.nodes.map(({ outputs }) => outputs[0])).toEqual(['c_scaled', 'r_scaled', 'y'])
    expect(found[0]!.what).toContain('through Relu and Resize')
    expect(foldArithmetic.find(await behind(-0.25), contextOf({ leftovers: 'keep' })).refused[0]!.why).toContain('only positive factors')
  })
})

describe('hoist-mean', () => {
  const picture = (options: Readonly<Record<string, unknown>> = {}): RewriteContext => ({ ...contextOf(options), picture: { input: 'x', range: [0, 255] } })
  const head = () => withShapes(graph({
    inputs: { x: ['N', 3, 'H', 'W'] }, outputs: { y: null }, initializers: { mean: floats([1, 3, 1, 1], [114, 111, 103]), half: float32Scalar(0.5), w: noise([4, 3, 3, 3]) },
    nodes: [node('Sub', ['x', 'mean'], ['s'], {}, 'sub'), node('Mul', ['s', 'half'], ['m'], {}, 'mul'), node('Conv', ['m', 'w'], ['y'], { pads: [1, 1, 1, 1] }, 'conv')],
  }))

  it('takes the shift out of the graph and says what preprocessing must do', async () => {
    const { proof, after, found } = await proveRewrite(hoistShift, await head(), picture({ to: 'preprocess' }))
    expect(proof.verdict).not.toBe('broken')
    expect(after.graph.nodes.map(({ op, inputs }) => [op, inputs[0]])).toEqual([['Conv', 'x']])
    expect(after.preprocess).toEqual({ input: 'x', mean: [114, 111, 103], scale: [0.5, 0.5, 0.5] })
    expect([...after.renamed]).toEqual([['m', 'x']])
    expect(found[0]!.what).toBe('Sub → Mul at the picture x leaves the graph; preprocessing does it')
  })

  it('keeps the borders right with a plane, and finds nothing more afterwards', async () => {
    const { proof, after } = await proveRewrite(hoistShift, await head(), picture())
    expect(proof.verdict).toBe('within tolerance')
    expect(proof.edgeMaxAbs).toBeLessThan(1e-3)
    expect(hoistShift.find(await withShapes(after.graph), picture())).toEqual({ found: [], refused: [] })
  })

  it.each(['DCR', 'CRD'])('moves the mean through DepthToSpace %s into the bias, in front of a Clip', async (mode) => {
    const tail = await withShapes(graph({
      inputs: { x: ['N', 3, 'H', 'W'] }, outputs: { y: null }, initializers: { mean: floats([3, 1, 1], [1, 10, 100]), w: noise([12, 3, 1, 1]), low: float32Scalar(0), high: float32Scalar(50) },
      nodes: [
        node('Conv', ['x', 'w'], ['c'], {}, 'conv'), node('DepthToSpace', ['c'], ['d'], { blocksize: 2, mode }, 'shuffle'), node('Add', ['d', 'mean'], ['a'], {}, 'add'),
        node('Clip', ['a', 'low', 'high'], ['y'], {}, 'clip'),
      ],
    }))
    const { proof, after } = await proveRewrite(hoistShift, tail, contextOf())
    expect(proof.verdict).not.toBe('broken')
    expect(after.graph.nodes.map(({ op, outputs }) => `${op} ${outputs[0]}`)).toEqual(['Conv c_shifted', 'DepthToSpace a', 'Clip y'])
    const bias = [...float32(after.graph.initializers.get(after.graph.nodes[0]!.inputs[2]!)!)]
    expect(bias).toEqual(mode === 'DCR' ? [1, 10, 100, 1, 10, 100, 1, 10, 100, 1, 10, 100] : [1, 1, 1, 1, 10, 10, 10, 10, 100, 100, 100, 100])
  })
})

describe('remove-identity', () => {
  it('keeps the names of outputs, and says how the others are called now', async () => {
    const copies = await withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null }, initializers: { w: noise([2, 4, 1, 1]) },
      nodes: [node('Identity', ['x'], ['i'], {}, 'first'), node('Conv', ['i', 'w'], ['c'], {}, 'conv'), node('Dropout', ['c'], ['y'], {}, 'last')],
    }))
    const [first, last] = removeIdentity.find(copies, contextOf()).found
    expect([...(await removeIdentity.apply(copies, first!, contextOf())).renamed]).toEqual([['i', 'x']])
    const after = await removeIdentity.apply(copies, last!, contextOf())
    expect([...after.renamed]).toEqual([['c', 'y']])
    expect(after.graph.outputs.map(({ name }) => name)).toEqual(['y'])
    await expect(async () => removeIdentity.apply(after.graph, last!, contextOf())).rejects.toMatchObject({ code: 'bug.rewrite' })
  })
})

describe('fold-constants', () => {
  it('computes the shape of a reshape away, with everything that only it needed', async () => {
    const shaped = await withShapes(graph({
      inputs: { x: [1, 4, 6, 'W'] }, outputs: { y: null }, initializers: { one: longs([1]), two: longs([2]), end: longs([-1]) },
      nodes: [
        node('Sigmoid', ['x'], ['s'], {}, 's'), node('Shape', ['s'], ['shape'], {}, 'shape'), node('Gather', ['shape', 'one'], ['channels'], {}, 'channels'),
        node('Mul', ['channels', 'two'], ['twice'], {}, 'twice'), node('Concat', ['twice', 'end'], ['wish'], { axis: 0 }, 'wish'), node('Reshape', ['s', 'wish'], ['y'], {}, 'reshape'),
      ],
    }))
    const { proof, after, found } = await proveRewrite(foldConstants, shaped, contextOf())
    expect(proof.verdict).toBe('exact')
    expect(after.graph.nodes.map(({ op }) => op)).toEqual(['Sigmoid', 'Reshape'])
    expect([...after.graph.initializers.get('wish')!.data as BigInt64Array]).toEqual([8n, -1n])
    expect(found[0]!.what).toBe('Gather → Mul → Concat always gives the same and becomes a constant of 16 bytes')
  })
})

describe('split-concat-add', () => {
  it('names figures: a sum of two moves two more maps and spares the joined one', async () => {
    const joined = await withShapes(graph({
      inputs: { x: [1, 4, 6, 5], z: [1, 2, 6, 5] }, outputs: { y: null }, initializers: { w: noise([3, 6, 3, 3]), b: noise([3]) },
      nodes: [node('Concat', ['x', 'z'], ['j'], { axis: 1 }, 'join'), node('Conv', ['j', 'w', 'b'], ['y'], { pads: [1, 1, 1, 1] }, 'conv')],
    }))
    const { proof, after, found } = await proveRewrite(splitConcatAdd, joined, contextOf())
    expect(proof.verdict).not.toBe('broken')
    expect(after.graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'Conv', 'Add'])
    expect(found[0]!.cost).toEqual({ macs: 0, bytesMoved: 8 * 30 * (2 * 3 - 6), channelPeak: 4 })
  })
})

describe('opset and pad-into-conv', () => {
  it('refuse an opset that is not known, and raise with the copies named', async () => {
    const early = await withShapes(graph({
      opset: 9, inputs: { x: SIZE }, outputs: { y: null }, initializers: { w: noise([2, 4, 1, 1]) }, nodes: [node('Dropout', ['x'], ['d'], { ratio: 0.5 }, 'drop'), node('Conv', ['d', 'w'], ['y'], {}, 'conv')],
    }))
    const { proof, after } = await proveRewrite(opset, early, contextOf({ to: 17 }))
    expect(proof.verdict).toBe('exact')
    expect([...after.renamed]).toEqual([['d', 'x']])
    expect(() => opset.find(early, contextOf({ to: 99 }))).toThrow(expect.objectContaining({ code: 'recipe.wrong-value' }))
  })

  it('add the padding up', async () => {
    const padded = await withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null }, initializers: { w: noise([2, 4, 3, 3]), pads: longs([0, 0, 1, 2, 0, 0, 3, 4]) },
      nodes: [node('Pad', ['x', 'pads'], ['p'], {}, 'pad'), node('Conv', ['p', 'w'], ['y'], { pads: [1, 0, 1, 0] }, 'conv')],
    }))
    const { after, found } = await proveRewrite(padIntoConv, padded, contextOf())
    expect(after.graph.nodes[0]!.attributes.get('pads')).toEqual({ kind: 'ints', value: [2n, 2n, 4n, 4n] })
    expect(found[0]!.nodes).toEqual(['pad', 'conv'])
    const session = await openSession(encodeModel(after.graph), { mode: 'reference', threads: 1 })
    expect((await session.run({ x: noise(SIZE) }))['y']!.dims).toEqual([1, 2, 10, 8])
    await session.close()
  })
})
