import { describe, expect, it } from 'vitest'
import { audit } from '../../../main/audit/audit.ts'
import { asQdq } from '../../../main/audit/as-qdq.ts'
import { withoutCodes } from '../../../main/audit/without-codes.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { floats, graph, longs, node, noise } from '../../fixtures/build-model.ts'
import { board, codedConv, pair, ruled, rules, type CodedParts } from '../../fixtures/coded-model.ts'

const tails = (quantized: Graph, profile = board()) => rules(audit({ graph: withoutCodes(asQdq(quantized).graph), quantized }, profile)).filter((rule) => rule.startsWith('T'))
const behind = (op: string, attributes: Parameters<typeof node>[3] = {}, dims = [1, 2, 8, 8]) => (coded: boolean): Graph => codedConv({
  outputDims: dims,
  tail: (parts, result) => {
    parts.nodes.push(node(op, [result], [coded ? 't' : 'y'], attributes, 'last'))
    if (coded) pair(parts, 't', { scale: 0.02, zeroPoint: 128 }, 'y')
  },
})
const transposed = behind('Transpose', { perm: [0, 2, 3, 1] }, [1, 8, 8, 2])

describe('T01, a mover before the dequantize', () => {
  it('is named with the step that the accumulator is rounded to', () => {
    const quantized = transposed(true)
    const [found] = ruled(audit({ graph: withoutCodes(quantized), quantized }, board()), 'T01')
    expect(found).toMatchObject({ severity: 'warning', node: 'last', tensor: 'y', what: 'Transpose last stands between Conv conv and the dequantize of y' })
    expect(found!.why).toContain('rounded to uint8, a step of 0.02')
    expect(found!.fix).toContain('the board gives NHWC by itself')
  })

  it('is nothing behind the dequantize, for a Conv alone, and for an Identity', () => {
    expect(tails(transposed(false))).toEqual([])
    expect(tails(codedConv())).toEqual([])
    expect(tails(behind('Identity')(true))).toEqual([])
  })

  it('is a note without a board, and nothing for a board that rounds every output', () => {
    const quantized = transposed(true)
    expect(audit({ graph: withoutCodes(quantized), quantized }, null)).toMatchObject([{ rule: 'SW-T01', severity: 'note' }])
    expect(tails(quantized, board({ output: { ...board().output, highPrecision: { is: false, source: 'doc' } } }))).toEqual([])
  })

  it('is found where the mover works on codes, as Q → Transpose → DQ', () => {
    const parts: CodedParts = { nodes: [], initializers: {} }
    const made = codedConv()
    const nodes = made.nodes.flatMap((each) => (each.op === 'DequantizeLinear' && each.outputs[0] === 'y'
      ? [node('Transpose', ['c_q'], ['t_q'], { perm: [0, 2, 3, 1] }, 'turn'), { ...each, inputs: ['t_q', ...each.inputs.slice(1)] }]
      : [each]))
    expect(tails({ ...made, nodes: [...parts.nodes, ...nodes] })).toEqual(['T01'])
  })
})

describe('T02, what cannot stand there', () => {
  it('is an activation, a sum of two, and a second reader', () => {
    expect(tails(behind('Sigmoid')(true))).toEqual(['T02'])
    expect(tails(behind('Sigmoid')(false))).toEqual([])
    const sum = codedConv({ tail: (parts, result) => {
      parts.nodes.push(node('Add', [result, result.replace('c_dq', 'x_dq2')], ['t'], {}, 'sum'))
      pair(parts, 't', { scale: 0.02, zeroPoint: 128 }, 'y')
    } })
    const withImage = { ...sum, nodes: sum.nodes.map((each) => (each.name === 'sum' ? { ...each, inputs: ['c_dq', 'x_dq'] } : each)) }
    expect(tails(withImage)).toEqual(['T02'])
    const twice = (coded: boolean): Graph => codedConv({ tail: (parts, result) => {
      parts.nodes.push(node('Identity', [result], ['y'], {}, 'copy'), node('Relu', [result], ['other'], {}, 'reader'))
      if (coded) pair(parts, 'other', { scale: 0.02 })
    } })
    const says = (quantized: Graph) => ruled(audit({ graph: withoutCodes(quantized), quantized }, board()), 'T02')
    expect(says(twice(true))).toMatchObject([{ node: 'conv', what: 'the result of Conv conv is also read by reader' }])
    expect(says(twice(false))).toEqual([])
  })
})

describe('T03, the layout of a picture', () => {
  const picture = graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 16, 16] }, initializers: { w: noise([3, 3, 2, 2]) },
    nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { kernel_shape: [2, 2], strides: [2, 2] }, 'up')],
  })
  const expectation = expectationOf(picture)
  const profile = board({ output: { ...board().output, computing: ['ConvTranspose'] } })

  it('is noted where the tools turn it back, and warned of where another one is asked for', () => {
    expect(ruled(audit({ graph: picture, expectation }, profile), 'T03')).toMatchObject([{ severity: 'note', what: 'Test board writes NHWC, the model says NCHW' }])
    expect(ruled(audit({ graph: picture, expectation, layout: 'nhwc' }, profile), 'T03')).toMatchObject([{ severity: 'warning', what: 'NHWC is asked for and NCHW is given' }])
    const same = { ...profile, output: { ...profile.output, layout: { is: 'same', source: 'doc' } as const } }
    expect(ruled(audit({ graph: picture, expectation, layout: 'nchw' }, same), 'T03')).toEqual([])
  })
})

it('T02 names the rewrite that takes a mean shift away', () => {
  const shifted = graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 16, 16] }, values: { c: [1, 12, 8, 8], d: [1, 3, 16, 16] },
    initializers: { w: noise([12, 3, 1, 1]), b: floats([12], Array.from({ length: 12 }, () => 0)), m: floats([1, 3, 1, 1], [100, 110, 120]), shape: longs([1]) },
    nodes: [node('Conv', ['x', 'w', 'b'], ['c'], {}, 'conv'), node('DepthToSpace', ['c'], ['d'], { blocksize: 2 }, 'shuffle'), node('Add', ['d', 'm'], ['y'], {}, 'mean')],
  })
  const found = audit({ graph: shifted, expectation: expectationOf(shifted) }, board())
  expect(ruled(found, 'T02')).toMatchObject([{ node: 'mean', fix: expect.stringContaining('Rewrite `hoist-mean`') }])
  expect(ruled(found, 'T01')).toMatchObject([{ node: 'shuffle' }])
  expect(ruled(found, 'P03')).toMatchObject([{ node: 'mean' }])
})
