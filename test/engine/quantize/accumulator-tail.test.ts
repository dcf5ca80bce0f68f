import { describe, expect, it } from 'vitest'
import { accumulatorTails } from '../../../main/onnx/accumulator-tail.ts'
import type { Graph, Node } from '../../../main/onnx/graph.ts'
import { quantizeOptions } from '../../../main/quantize/options.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { floats, graph, longs, node, noise } from '../../fixtures/build-model.ts'

/** Conv → behind → y */
const tailed = (...behind: readonly Node[]): Graph => graph({
  inputs: { x: [1, 3, 8, 8] }, outputs: { y: null },
  nodes: [node('Conv', ['x', 'w'], ['hidden'], { pads: [1, 1, 1, 1] }, 'first'), node('Relu', ['hidden'], ['active']), node('Conv', ['active', 'v'], [behind.length === 0 ? 'y' : 'raw'], {}, 'last'), ...behind],
  initializers: { w: noise([8, 3, 3, 3]), v: noise([12, 8, 1, 1]), shape: longs([1, -1]), lo: floats([], [0]), hi: floats([], [255]), mean: noise([12, 1, 1]) },
})

describe('an output that leaves as an accumulator', () => {
  it('is found behind movers that nobody else reads', () => {
    for (const behind of [[], [node('Transpose', ['raw'], ['y'], { perm: [0, 2, 3, 1] })], [node('DepthToSpace', ['raw'], ['large'], { blocksize: 2 }), node('Reshape', ['large', 'shape'], ['y'])]]) {
      const { tails, refused } = accumulatorTails(tailed(...behind))
      expect(refused).toEqual([])
      expect(tails).toMatchObject([{ output: 'y', node: { name: 'last' }, movers: behind.map(({ name }) => ({ name })) }])
    }
  })

  it.each([
    ['an Add', [node('Add', ['raw', 'mean'], ['y'], {}, 'sum')], 'sum (Add) computes on codes'],
    ['a Clip before a Transpose', [node('Clip', ['raw', 'lo', 'hi'], ['clipped'], {}, 'clip'), node('Transpose', ['clipped'], ['y'])], 'clip (Clip) computes on codes'],
    ['a second reader', [node('Transpose', ['raw'], ['y']), node('Relu', ['raw'], ['z'], {}, 'other')], 'also read by other'],
  ])('is refused for %s', (_name, behind, why) => {
    const { tails, refused } = accumulatorTails(tailed(...behind))
    expect(tails).toEqual([])
    expect(refused[0]!.why).toContain(why)
  })

  it('carries no codes, and what moves it stays in float; nothing changes unless it is asked for', () => {
    const given = tailed(node('DepthToSpace', ['raw'], ['large'], { blocksize: 2 }, 'shuffle'), node('Transpose', ['large'], ['y'], { perm: [0, 2, 3, 1] }, 'turn'))
    const coded = (output: 'codes' | 'accumulator') => planQuantization(given, quantizeOptions({ output })).tensors.map(({ tensor }) => tensor)
    expect(coded('codes')).toEqual(['x', 'active', 'raw', 'large', 'y'])
    expect(coded('accumulator')).toEqual(['x', 'active'])
    const { floatNodes } = planQuantization(given, quantizeOptions({ output: 'accumulator' }))
    expect([...floatNodes.keys()]).toEqual(['shuffle', 'turn'])
    expect(floatNodes.get('turn')).toContain('last')
  })
})
