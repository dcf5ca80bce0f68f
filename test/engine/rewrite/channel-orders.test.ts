import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { anchorsOf } from '../../../main/rewrite/anchor-facts.ts'
import { depthToSpaceMode } from '../../../main/rewrite/depth-to-space-mode.ts'
import { insertClip } from '../../../main/rewrite/insert-clip.ts'
import type { RewriteContext } from '../../../main/rewrite/rewrite.ts'
import { unmixAnchor } from '../../../main/rewrite/unmix-anchor.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'
import { contextOf, proveRewrite, withShapes } from '../../fixtures/prove-rewrite.ts'

interface Tail {
  readonly order?: 'DCR' | 'CRD'
  readonly between?: Graph['nodes']
  readonly behind?: Graph['nodes']
}

/** Conv → (between) → DepthToSpace ×3 → (behind) → y */
const shuffled = async ({ order = 'CRD', between = [], behind = [node('Identity', ['shuffled'], ['y'])] }: Tail = {}): Promise<Graph> => withShapes(graph({
  inputs: { x: ['N', 3, 'H', 'W'] }, outputs: { y: null },
  nodes: [
    node('Conv', ['x', 'w', 'b'], ['rows'], { pads: [1, 1, 1, 1] }, 'last'), ...between,
    node('DepthToSpace', [between.at(-1)?.outputs[0] ?? 'rows'], ['shuffled'], { blocksize: 3, mode: order }, 'shuffle'), ...behind,
  ],
  initializers: { w: noise([18, 3, 3, 3], 1), b: noise([18], 2), v: noise([18, 3, 1, 1], 3), lo: floats([], [0]), hi: floats([], [255]), half: floats([], [0.5]), perChannel: noise([18, 1, 1], 4) },
}))

describe('depth-to-space-mode', () => {
  it.each(['DCR', 'CRD'] as const)('permutes the rows of the Conv before it, bit for bit: to %s', async (to) => {
    const { proof, after } = await proveRewrite(depthToSpaceMode, await shuffled({ order: to === 'DCR' ? 'CRD' : 'DCR' }), contextOf({ to }))
    expect(proof.verdict).toBe('exact')
    expect(depthToSpaceMode.find(after.graph, contextOf({ to })).found).toEqual([])
  })

  it('goes through activations and sums of Convs', async () => {
    const between = [node('Relu', ['rows'], ['active']), node('Conv', ['x', 'v'], ['other'], {}, 'skip'), node('Add', ['active', 'other'], ['sum']), node('Mul', ['sum', 'half'], ['halved'])]
    const { proof, found } = await proveRewrite(depthToSpaceMode, await shuffled({ between }), contextOf())
    expect(proof.verdict).toBe('exact')
    expect(found[0]!.nodes).toEqual(['shuffle', 'last', 'skip'])
  })

  it('refuses what has channels of its own, other readers, or is spoken of', async () => {
    const why = async (tail: Tail, keep: string[] = []): Promise<string | undefined> => depthToSpaceMode.find(await shuffled(tail), contextOf({}, keep)).refused[0]?.why
    expect(await why({ between: [node('Mul', ['rows', 'perChannel'], ['scaled'])] })).toContain('perChannel comes from outside')
    expect(await why({ between: [node('MaxPool', ['rows'], ['pooled'], { kernel_shape: [1, 1] }, 'pool')] })).toContain('is no Conv')
    expect(await why({}, ['rows'])).toContain('speaks of rows')
    expect(await why({ between: [node('Relu', ['rows'], ['active']), node('Add', ['rows', 'active'], ['twice'])] })).toContain('needed elsewhere')
    expect(() => depthToSpaceMode.find({ ...graph({ inputs: {}, outputs: {}, nodes: [] }) }, contextOf({ to: 'ABC' }))).toThrow(expect.objectContaining({ code: 'recipe.wrong-value' }))
  })
})

describe('unmix-anchor', () => {
  it('puts every copy on its own colour, and nothing else', async () => {
    const mixed = await withShapes(graph({
      inputs: { x: [1, 3, 4, 5] }, outputs: { y: null },
      nodes: [node('Conv', ['x', 'w'], ['features']), node('Concat', ['x', 'x', 'x', 'x'], ['copies'], { axis: 1 }), node('Add', ['features', 'copies'], ['sum'], {}, 'sum'), node('DepthToSpace', ['sum'], ['y'], { blocksize: 2, mode: 'CRD' })],
      initializers: { w: floats([12, 3, 1, 1], Array(36).fill(0)) },
    }))
    const { found } = unmixAnchor.find(mixed, contextOf())
    expect(found).toHaveLength(1)
    const after = await unmixAnchor.apply(mixed, found[0]!, contextOf())
    expect(anchorsOf(await withShapes(after.graph))).toMatchObject([{ isPure: true, form: 'conv' }])
    // Without features the network is a nearest enlargement: each colour stays what it is.
    const session = await openSession(encodeModel(after.graph), { mode: 'reference', threads: 1 })
    const x = noise([1, 3, 4, 5], 7)
    const y = (await session.run({ x }))['y']!.data as Float32Array
    await session.close()
    const at = (channel: number, row: number, column: number): number => (x.data as Float32Array)[(channel * 4 + Math.floor(row / 2)) * 5 + Math.floor(column / 2)]!
    expect([...y]).toEqual([0, 1, 2].flatMap((channel) => Array.from({ length: 80 }, (_, index) => at(channel, Math.floor(index / 10), index % 10))))
    expect(unmixAnchor.find(await withShapes(after.graph), contextOf()).found).toEqual([])
  })
})

describe('insert-clip', () => {
  const context: RewriteContext = { ...contextOf(), output: { name: 'y', range: [0, 255] } }

  it('stands behind the last computing node and changes only what lies beyond black and white', async () => {
    const tail = await shuffled({ behind: [node('Transpose', ['shuffled'], ['y'], { perm: [0, 2, 3, 1] })] })
    const { found } = insertClip.find(tail, context)
    expect(found[0]!.nodes).toEqual(['last'])
    const after = (await insertClip.apply(tail, found[0]!, context)).graph
    expect(after.nodes.map(({ op }) => op)).toEqual(['Conv', 'Clip', 'DepthToSpace', 'Transpose'])
    const [before, now] = await Promise.all([tail, after].map((each) => openSession(encodeModel(each), { mode: 'reference', threads: 1 })))
    const x = noise([1, 3, 6, 5], 7, 300)
    const [a, b] = [(await before!.run({ x }))['y']!.data as Float32Array, (await now!.run({ x }))['y']!.data as Float32Array]
    for (const session of [before!, now!]) await session.close()
    expect([...b]).toEqual([...a].map((value) => Math.min(255, Math.max(0, value))))
    expect(a.some((value) => value < 0) && a.some((value) => value > 255)).toBe(true)
    expect(insertClip.find(after, context)).toMatchObject({ found: [], refused: [{ why: expect.stringContaining('keeps the picture within') }] })
  })

  it.each([
    ['a Clip', [node('Clip', ['shuffled', 'lo', 'hi'], ['y'])]],
    ['a Clip before a Relu and a Transpose', [node('Clip', ['shuffled', 'lo', 'hi'], ['clipped']), node('Relu', ['clipped'], ['positive']), node('Transpose', ['positive'], ['y'], { perm: [0, 2, 3, 1] })]],
    ['a Sigmoid', [node('Sigmoid', ['shuffled'], ['y'])]],
  ])('is not needed behind %s', async (_name, behind) => {
    expect(insertClip.find(await shuffled({ behind }), context).found).toEqual([])
  })

  it('is needed behind a Clip that is open on one side, and does not concern models without a picture', async () => {
    expect(insertClip.find(await shuffled({ behind: [node('Clip', ['shuffled', 'lo'], ['y'])] }), context).found).toHaveLength(1)
    expect(insertClip.find(await shuffled(), contextOf())).toEqual({ found: [], refused: [] })
  })
})
