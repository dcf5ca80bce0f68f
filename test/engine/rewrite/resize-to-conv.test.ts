import { describe, expect, it } from 'vitest'
import type { Graph } from '../../../main/onnx/graph.ts'
import { resizeToConv } from '../../../main/rewrite/resize-to-conv.ts'
import { floats, graph, longs, node, noise } from '../../fixtures/build-model.ts'
import { contextOf, proveRewrite, withShapes } from '../../fixtures/prove-rewrite.ts'

interface Case {
  readonly factors?: readonly [number, number]
  readonly size?: readonly [number, number]
  readonly attributes?: Readonly<Record<string, string | number>>
  readonly activation?: string
}

/** A Conv, a Resize behind it, and a Conv that reads the enlarged picture. */
const resized = async ({ factors: [sy, sx] = [2, 2], size, attributes = {}, activation }: Case = {}): Promise<Graph> => withShapes(graph({
  inputs: { x: ['N', 3, ...(size ?? ['H', 'W'])] }, outputs: { y: ['N', 2, 'V', 'U'] },
  nodes: [
    node('Conv', ['x', 'w', 'b'], ['features'], { pads: [1, 1, 1, 1] }, 'before'),
    ...(activation ? [node(activation, ['features'], ['active'])] : []),
    node('Resize', [activation ? 'active' : 'features', '', 'scales'], ['large'], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor', ...attributes }, 'enlarge'),
    node('Conv', ['large', 'v'], ['y'], { pads: [1, 1, 1, 1] }, 'after'),
  ],
  initializers: { w: noise([5, 3, 3, 3], 1, 0.3), b: noise([5], 2), v: noise([2, 5, 3, 3], 3, 0.2), scales: floats([4], [1, 1, sy, sx]) },
}))

const ops = (after: Graph): string => after.nodes.map(({ op }) => op).join(' ')

describe('resize-to-conv', () => {
  it.each([
    ['conv1x1', 2, 'Conv Conv DepthToSpace Conv'], ['conv1x1', 3, 'Conv Conv DepthToSpace Conv'], ['conv3x3', 2, 'Conv Conv DepthToSpace Conv'], ['grouped', 3, 'Conv Conv DepthToSpace Conv'],
    ['convtranspose', 2, 'Conv ConvTranspose Conv'], ['cascade', 4, 'Conv Conv DepthToSpace Conv DepthToSpace Conv'], ['cascade', 8, 'Conv Conv DepthToSpace Conv DepthToSpace Conv DepthToSpace Conv'],
    ['cascade', 6, 'Conv Conv DepthToSpace Conv DepthToSpace Conv'], ['conv1x1', 8, 'Conv Conv DepthToSpace Conv'],
  ])('writes nearest as %s ×%i, bit for bit, borders and odd sizes included', async (form, factor, expected) => {
    const { proof, after, found } = await proveRewrite(resizeToConv, await resized({ factors: [factor, factor] }), contextOf({ form }))
    expect(ops(after.graph)).toBe(expected)
    expect(proof).toMatchObject({ verdict: 'exact', maxAbs: 0, edgeMaxAbs: 0, worst: null })
    expect(proof.inputs).toBe(13)
    expect(found[0]!.cost.channelPeak).toBe(form === 'convtranspose' ? 5 : form === 'cascade' ? 5 * (factor === 6 ? 9 : 4) : 5 * factor * factor)
    expect(after.graph.nodes.find(({ op }) => op === 'DepthToSpace' || op === 'ConvTranspose')).toBeDefined()
  })

  it('replicates the rows of the Conv before it', async () => {
    const { proof, after } = await proveRewrite(resizeToConv, await resized({ factors: [3, 3] }), contextOf({ form: 'fused' }))
    expect(ops(after.graph)).toBe('Conv DepthToSpace Conv')
    expect(proof.verdict).not.toBe('broken')
    expect(proof.relative).toBeLessThan(1e-6)
  })

  it('takes different factors, by hand where the size is known', async () => {
    for (const [form, size] of [['convtranspose', undefined], ['conv1x1', [6, 5]], ['conv3x3', [4, 7]], ['fused', [6, 5]]] as const) {
      const { proof } = await proveRewrite(resizeToConv, await resized({ factors: [2, 3], ...(size ? { size } : {}) }), contextOf({ form }))
      expect(proof.verdict, form).toBe(form === 'fused' ? proof.verdict : 'exact')
      expect(proof.relative, form).toBeLessThan(1e-6)
    }
  })

  it('takes one large factor as a cascade unless it is told otherwise, and a prime one at once', async () => {
    expect(resizeToConv.find(await resized({ factors: [4, 4] }), contextOf()).found[0]!.what).toContain('cascade')
    expect(resizeToConv.find(await resized({ factors: [7, 7] }), contextOf()).found[0]!.what).toContain('1×1 Conv')
  })

  it.each(['half_pixel', 'pytorch_half_pixel', 'asymmetric'])('writes linear with %s for factors 2 to 5', async (coordinates) => {
    for (const factor of [2, 3, 4, 5]) {
      const { proof } = await proveRewrite(resizeToConv, await resized({ factors: [factor, factor], attributes: { mode: 'linear', coordinate_transformation_mode: coordinates } }), contextOf())
      // ONNX Runtime interpolates rows, then columns; one kernel rounds otherwise.
      expect(proof.verdict, `×${factor}`).toBe('within tolerance')
      expect(proof.edgeMaxAbs).toBeLessThan(1e-5)
    }
  })

  it('decides by every index where the size is known', async () => {
    const shaped = (size?: readonly [number, number]) => resized({ ...(size ? { size } : {}), attributes: { coordinate_transformation_mode: 'align_corners', nearest_mode: 'round_prefer_floor' } })
    expect((await proveRewrite(resizeToConv, await shaped([8, 9]), contextOf())).proof.verdict).toBe('exact')
    expect(resizeToConv.find(await shaped(), contextOf()).refused[0]!.why).toContain('for some sizes')
  })

  it.each<[string, Case, Readonly<Record<string, unknown>>, RegExp]>([
    ['cubic', { attributes: { mode: 'cubic' } }, {}, /cubic interpolation/],
    ['align_corners, linear', { attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' } }, {}, /every position differently/],
    ['asymmetric with round_prefer_floor ×3', { factors: [3, 3], attributes: { nearest_mode: 'round_prefer_floor' } }, {}, /other pixels/],
    ['half_pixel with floor', { attributes: { coordinate_transformation_mode: 'half_pixel' } }, {}, /other pixels/],
    ['a factor that is not whole', { factors: [1.5, 1.5] }, {}, /not whole/],
    ['a factor of 9', { factors: [9, 9] }, {}, /from 2 to 8/],
    ['different factors in a cascade', { factors: [2, 4] }, { form: 'cascade' }, /equal factors/],
    ['different factors of an open size', { factors: [2, 4] }, { form: 'conv1x1' }, /only form convtranspose/],
    ['fused behind an activation', { activation: 'Relu' }, { form: 'fused' }, /Conv right before it/],
  ])('refuses %s with the reason', async (_name, given, options, why) => {
    const { found, refused } = resizeToConv.find(await resized(given), contextOf(options))
    expect(found).toEqual([])
    expect(refused).toEqual([{ rewrite: 'resize-to-conv', node: 'enlarge', why: expect.stringMatching(why) }])
  })

  it('refuses to fuse where the output of the Conv is needed or spoken of, and where factors come at run time', async () => {
    const base = await resized()
    const second = { ...base, nodes: [...base.nodes, node('Relu', ['features'], ['z'])], outputs: [...base.outputs, { name: 'z', type: 'float32' as const, dims: null }] }
    expect(resizeToConv.find(second, contextOf({ form: 'fused' })).refused[0]!.why).toContain('needed elsewhere')
    expect(resizeToConv.find(base, contextOf({ form: 'fused' }, ['features'])).refused[0]!.why).toContain('speaks of features')
    const atRun = { ...base, inputs: [...base.inputs, { name: 'scales', type: 'float32' as const, dims: [4] }], initializers: new Map([...base.initializers].filter(([name]) => name !== 'scales')) }
    expect(resizeToConv.find(atRun, contextOf()).refused[0]!.why).toContain('at run time')
    expect(() => resizeToConv.find(base, contextOf({ form: 'magic' }))).toThrow(expect.objectContaining({ code: 'recipe.wrong-value' }))
  })

  it('reads sizes and axes as it does scales', async () => {
    const sized = await withShapes(graph({
      inputs: { x: [1, 3, 6, 5] }, outputs: { y: [1, 3, 12, 10] }, opset: 18, initializers: { sizes: longs([12, 10]) },
      nodes: [node('Resize', ['x', '', '', 'sizes'], ['y'], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor', axes: [2, 3] }, 'enlarge')],
    }))
    expect((await proveRewrite(resizeToConv, sized, contextOf())).proof.verdict).toBe('exact')
  })
})
