import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { prepareGraph } from '../../../main/onnx/prepare.ts'
import { anchor } from '../../../main/rewrite/anchor.ts'
import { anchorsOf } from '../../../main/rewrite/anchor-facts.ts'
import { applyRewrites, proveStep } from '../../../main/rewrite/apply.ts'
import { floats, graph, longs, node, noise } from '../../fixtures/build-model.ts'
import { contextOf, proveRewrite, withShapes } from '../../fixtures/prove-rewrite.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

warnWithoutSharedData('anchors of real models')

const S = 2
const C = 3

type Branch = 'concat' | 'conv' | 'gather' | 'tile' | 'image-skip'

/** conv(x) + copies of x → DepthToSpace → Clip, the copies made in one of five ways. */
const network = async (branch: Branch, order: 'DCR' | 'CRD' = 'DCR', change: (nodes: readonly Graph['nodes'][number][]) => readonly Graph['nodes'][number][] = (nodes) => nodes): Promise<Graph> => {
  const colors = Array.from({ length: C * S * S }, (_, channel) => (order === 'DCR' ? channel % C : Math.floor(channel / (S * S))))
  const select = floats([C * S * S, C, 1, 1], colors.flatMap((color) => [0, 1, 2].map((at) => (at === color ? 1 : 0))))
  const copies = {
    concat: [node('Concat', ['x', 'x', 'x', 'x'], ['copies'], { axis: 1 })],
    conv: [node('Conv', ['x', 'select'], ['copies'])],
    gather: [node('Gather', ['x', 'colors'], ['copies'], { axis: 1 })],
    tile: [node('Tile', ['x', 'repeats'], ['copies'])],
    'image-skip': [node('Resize', ['x', '', 'scales'], ['copies'], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' })],
  }[branch]
  const tail = branch === 'image-skip'
    ? [node('DepthToSpace', ['features'], ['shuffled'], { blocksize: S, mode: order }), node('Add', ['shuffled', 'copies'], ['sum'], {}, 'sum'), node('Clip', ['sum', 'lo', 'hi'], ['y'])]
    : [node('Add', ['copies', 'features'], ['sum'], {}, 'sum'), node('DepthToSpace', ['sum'], ['shuffled'], { blocksize: S, mode: order }), node('Clip', ['shuffled', 'lo', 'hi'], ['y'])]
  return withShapes(graph({
    inputs: { x: ['N', C, 'H', 'W'] }, outputs: { y: ['N', C, 'V', 'U'] },
    nodes: change([
      node('Conv', ['x', 'w0'], ['hidden'], { pads: [1, 1, 1, 1] }), node('Relu', ['hidden'], ['active']),
      node('Conv', ['active', 'w1', 'b1'], ['features'], { pads: [1, 1, 1, 1] }, 'last'), ...copies, ...tail,
    ]),
    initializers: {
      w0: noise([8, C, 3, 3], 1, 0.2), w1: noise([C * S * S, 8, 3, 3], 2, 0.1), b1: noise([C * S * S], 3), lo: floats([], [0]), hi: floats([], [255]),
      ...(branch === 'conv' ? { select } : {}), ...(branch === 'gather' ? { colors: longs(colors) } : {}), ...(branch === 'tile' ? { repeats: longs([1, S * S, 1, 1]) } : {}),
      ...(branch === 'image-skip' ? { scales: floats([4], [1, 1, S, S]) } : {}),
    },
  }))
}

const ops = (after: Graph): string => after.nodes.map(({ op }) => op).toSorted().join(' ')

describe('anchor', () => {
  it.each<[Branch, 'DCR' | 'CRD']>([['concat', 'DCR'], ['tile', 'DCR'], ['conv', 'DCR'], ['conv', 'CRD'], ['gather', 'DCR'], ['gather', 'CRD'], ['image-skip', 'DCR'], ['image-skip', 'CRD']])(
    'recognises copies by %s before DepthToSpace %s and moves them to every form', async (branch, order) => {
      const given = await network(branch, order)
      expect(anchorsOf(given)).toMatchObject([{ form: branch, order, factor: S, channels: C, image: 'x', features: 'features', isPure: true }])
      for (const to of ['image-skip', 'conv', 'concat'] as const) {
        if (to === branch || (to === 'concat' && order === 'CRD')) continue
        const { proof, after } = await proveRewrite(anchor, given, contextOf({ to }))
        expect(proof.verdict, to).toBe('exact')
        expect(anchorsOf(await withShapes(after.graph))[0], to).toMatchObject({ form: to, isPure: true })
      }
      const { proof, after } = await proveRewrite(anchor, given, contextOf({ to: 'merged' }))
      expect(proof.verdict).not.toBe('broken')
      expect(proof.relative).toBeLessThan(1e-6)
      expect(ops(after.graph)).toBe('Clip Concat Conv Conv DepthToSpace Relu')
    },
  )

  it('gives the merged Conv the name of the sum, so that what is said of the sum still holds', async () => {
    const { after } = await proveRewrite(anchor, await network('concat'), contextOf())
    expect(after.graph.nodes.find(({ name }) => name === 'last')!.outputs).toEqual(['sum'])
  })

  it('refuses copies that land on other colours, and names the repair', async () => {
    const mixed = await network('concat', 'CRD')
    expect(anchorsOf(mixed)).toMatchObject([{ isPure: false }])
    expect(anchor.find(mixed, contextOf({ to: 'image-skip' })).refused[0]!.why).toContain('unmix-anchor')
    // As they are, they can still go into the last Conv.
    expect((await proveRewrite(anchor, mixed, contextOf())).proof.relative).toBeLessThan(1e-6)
  })

  it('refuses near-misses with the reason', async () => {
    const why = async (given: Graph, options = {}, keep: string[] = []): Promise<string> => {
      const { found, refused } = anchor.find(given, contextOf(options, keep))
      expect(found).toEqual([])
      return refused[0]?.why ?? ''
    }
    const base = await network('concat')
    expect(await why(base, {}, ['sum'])).toContain('speaks of sum')
    const second = { ...base, nodes: [...base.nodes, node('Relu', ['features'], ['z'])], outputs: [...base.outputs, { name: 'z', type: 'float32' as const, dims: null }] }
    expect(await why(second)).toContain('needed elsewhere')
    const strided = await network('concat', 'DCR', (nodes) => nodes.map((each) => (each.name === 'last' ? node('Conv', ['active', 'w1', 'b1'], ['features'], { pads: [2, 2, 0, 0] }, 'last') : each)))
    expect(await why(strided)).toContain('no tap right at each pixel')
    expect(await why(await network('conv', 'CRD'), { to: 'concat' })).toContain('depth-to-space-mode')
    const activated = await network('concat', 'DCR', (nodes) => nodes.flatMap((each) => (each.name === 'last' ? [node('Conv', ['active', 'w1', 'b1'], ['raw'], { pads: [1, 1, 1, 1] }, 'last'), node('Relu', ['raw'], ['features'])] : [each])))
    expect(await why(activated)).toContain('does not come from a Conv')
    expect(() => anchor.find(base, contextOf({ to: 'elsewhere' }))).toThrow(expect.objectContaining({ code: 'recipe.wrong-value' }))
  })

  it.skipIf(!hasSharedData)('is recognised in ABPN and in models like it, and proved equal', async () => {
    const load = async (name: string): Promise<Graph> => withShapes(prepareGraph((await readModel(join(sharedData, 'models', name))).graph, { opset: 13 }).graph)
    const rewritten = async (given: Graph, to: string) => {
      const { steps } = await applyRewrites(given, [{ rewrite: 'anchor', options: { to } }], { context: contextOf(), where: 'model' }, quietTask)
      return proveStep(steps[0]!, { threads: 1, samples: [], where: 'model' }, quietTask)
    }
    const abpn = await load('abpn_x3.onnx')
    expect(await rewritten(abpn, 'image-skip')).toMatchObject({ verdict: 'exact', maxAbs: 0 })
    // A PyTorch port: its Concat stands before a CRD shuffle, so that colours are mixed.
    const port = await load('srmobile_x2.onnx')
    expect(anchorsOf(abpn)).toMatchObject([{ form: 'concat', order: 'DCR', isPure: true }])
    expect(anchorsOf(port)).toMatchObject([{ form: 'concat', order: 'CRD', isPure: false }])
    for (const given of [abpn, port]) expect((await rewritten(given, 'merged')).relative).toBeLessThan(1e-6)
    expect(anchorsOf(await load('abpn_retrain_x4_120x160.onnx'))).toMatchObject([{ form: 'concat', order: 'CRD', isPure: false }])
    expect(anchorsOf(await load('edsr8_x2.onnx'))).toEqual([])
  })
})
