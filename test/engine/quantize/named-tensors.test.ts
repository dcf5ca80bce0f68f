import { describe, expect, it } from 'vitest'
import { namedTensors } from '../../../main/quantize/named-tensors.ts'
import { quantizeOptions, type QuantizeWishes } from '../../../main/quantize/options.ts'
import { foldAffine } from '../../../main/rewrite/fold-affine.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'

const model = graph({
  inputs: { x: [1, 2, 5, 6] }, outputs: { y: null }, initializers: { w: noise([4, 2, 3, 3]), s: floats([4, 1, 1], [1, 2, 3, 4]) },
  nodes: [node('Conv', ['x', 'w'], ['made'], {}, 'conv'), node('Mul', ['made', 's'], ['y'], {}, 'scale')],
})
const foldedOf = (layers: QuantizeWishes['layers']) => foldAffine(model, namedTensors(model, quantizeOptions({ layers }))).folded.map((one) => one.node)

describe('what the recipe names and what is folded', () => {
  it('a convolution, its operator or a pattern for it folds like any other', () => {
    for (const line of ['conv', 'op:Conv', 'con*']) expect(foldedOf({ [line]: { bits: 16 } }), line).toEqual(['scale'])
  })

  it('the tensor in between stays where it is named itself, and so does a node that would vanish', () => {
    expect(foldedOf({ made: { bits: 16 } })).toEqual([])
    expect(namedTensors(model, quantizeOptions({ layers: { scale: { bits: 16 } } }))).toContain('y')
  })
})
