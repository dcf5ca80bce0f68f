import { expect, it } from 'vitest'
import { audit, type AuditInput } from '../../../main/audit/audit.ts'
import type { Finding } from '../../../main/core/run.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'
import { board, ruled } from '../../fixtures/coded-model.ts'

const look = (made: Graph, more: Partial<AuditInput> = {}): Finding[] => audit({ graph: made, expectation: expectationOf(made), shapes: { values: made.values, at: 'an input of 8×8' }, ...more }, board())

const chain = (op: string, dims: readonly (number | string)[] = [1, 3, 8, 8]): Graph => graph({ inputs: { x: dims }, outputs: { y: dims }, nodes: [node(op, ['x'], ['y'], {}, 'only')] })

it('D01: what the board does not take, computes elsewhere, or nobody says; native is silent', () => {
  expect(ruled(look(chain('Sin')), 'D01')).toMatchObject([{ severity: 'error', node: 'only', what: expect.stringContaining('does not take Sin in int8: 1 × (only)'), why: expect.stringContaining('(Manual)') }])
  expect(ruled(look(chain('Softmax')), 'D01')).toMatchObject([{ severity: 'warning' }])
  expect(ruled(look(chain('Relu')), 'D01')).toEqual([])
  const silent = board({ operators: [{ ops: ['Conv'], states: { int8: 'native' }, source: 'doc' }] })
  const made = chain('Relu')
  expect(ruled(audit({ graph: made }, silent), 'D01')).toMatchObject([{ severity: 'note', what: 'no document says what Test board does with Relu' }])
})

it('D01: what the run computes in float is no concern of it where the board has it in float', () => {
  const made = graph({ inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 8, 8] }, nodes: [node('Softmax', ['x'], ['h'], {}, 'first'), node('Softmax', ['h'], ['y'], {}, 'second')] })
  const row = { tensor: 'h', kind: 'activation', type: 'int8', granularity: 'tensor', axis: null, scale: [0.5], zeroPoint: [0], lo: 0, hi: 1, method: 'max', float: false, reason: '' } as const
  const profile = (float32: 'native' | 'missing') => board({ operators: [{ ops: ['Softmax'], states: { int8: 'missing', float32 }, source: 'doc' }] })
  const found = (float32: 'native' | 'missing', scales?: AuditInput['scales']) => ruled(audit({ graph: made, expectation: expectationOf(made), ...(scales ? { scales } : {}) }, profile(float32)), 'D01')
  expect(found('native', [row, { ...row, tensor: 'x' }])).toMatchObject([{ severity: 'error', node: 'first', what: expect.stringContaining('1 × (first)') as string, fix: expect.stringContaining('quantize.float.ops') as string }])
  expect(found('native', [{ ...row, tensor: 'x' }])).toEqual([])
  expect(found('native')).toMatchObject([{ what: expect.stringContaining('2 × (first, second)') as string }])
  expect(found('missing', [{ ...row, tensor: 'x' }])).toMatchObject([{ node: 'first', what: expect.stringContaining('2 × (first, second)') as string }])
})

it('D01: an operator that takes a fifth of the measured time and computes no products', () => {
  const operators = [{ node: 'c', op: 'Conv', version: 'float' as const, us: 60 }, { node: 'r', op: 'Resize', version: 'float' as const, us: 40 }]
  expect(ruled(look(chain('Relu'), { operators }), 'D01')).toMatchObject([{ node: 'r', what: 'Resize takes 40.0 % of the time and computes no products' }])
  expect(ruled(look(chain('Relu'), { operators: [operators[0]!, { ...operators[1]!, us: 5 }] }), 'D01')).toEqual([])
})

it('D02: channels that are no multiple of the lots', () => {
  const conv = (channels: number): Graph => graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, channels, 8, 8] }, initializers: { w: noise([channels, 3, 1, 1]) }, nodes: [node('Conv', ['x', 'w'], ['y'], {}, 'conv')],
  })
  expect(ruled(look(conv(12)), 'D02')).toMatchObject([{ node: 'conv', what: '1 of 1 convolutions have channels that are no multiple of 8: 3, 12 (conv)', why: expect.stringContaining('71.9 % of their products') }])
  expect(ruled(look(conv(16)), 'D02')).toEqual([])
})

it('D03: a BatchNormalization that is not folded, one that stands alone, and a map that is large', () => {
  const normed = (first: string): Graph => graph({
    inputs: { x: [1, 4, 8, 8] }, outputs: { y: [1, 4, 8, 8] }, values: { c: [1, 4, 8, 8] },
    initializers: { w: noise([4, 4, 1, 1]), g: floats([4], [1, 1, 1, 1]), v: floats([4], [1, 1, 1, 1]), b: floats([4], [0, 0, 0, 0]) },
    nodes: [node(first, first === 'Conv' ? ['x', 'w'] : ['x'], ['c'], {}, 'first'), node('BatchNormalization', ['c', 'g', 'b', 'b', 'v'], ['y'], {}, 'norm')],
  })
  expect(ruled(look(normed('Conv')), 'D03')).toMatchObject([{ severity: 'warning', node: 'norm', why: expect.stringContaining('512 B at 8 bits'), fix: expect.stringContaining('Rewrite `fold-batchnorm`') }])
  expect(ruled(look(normed('Relu')), 'D03')).toEqual([])
  const enlarged = graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 16, 16] }, values: { c: [1, 12, 8, 8], d: [1, 3, 16, 16] }, initializers: { w: noise([12, 3, 1, 1]) },
    nodes: [node('Conv', ['x', 'w'], ['c'], {}, 'conv'), node('DepthToSpace', ['c'], ['d'], { blocksize: 2 }, 'shuffle'), node('Sigmoid', ['d'], ['y'], {}, 'squash')],
  })
  expect(ruled(look(enlarged), 'D03')).toMatchObject([{ node: 'squash', what: 'Sigmoid squash works on a map of 1×3×16×16' }])
})

it('D03: a map that is kept through the network, not one of a short block', () => {
  const skip = (depth: number): Graph => graph({
    inputs: { x: [1, 4, 8, 8] }, outputs: { y: [1, 4, 8, 8] }, initializers: { w: noise([4, 4, 1, 1]) },
    values: Object.fromEntries(['head', ...Array.from({ length: depth }, (_, index) => `c${index}`)].map((name) => [name, [1, 4, 8, 8]])),
    nodes: [
      node('Conv', ['x', 'w'], ['head'], {}, 'head'),
      ...Array.from({ length: depth }, (_, index) => node('Conv', [index === 0 ? 'head' : `c${index - 1}`, 'w'], [`c${index}`], {}, `conv${index}`)),
      node('Add', [`c${depth - 1}`, 'head'], ['y'], {}, 'sum'),
    ],
  })
  expect(ruled(look(skip(5)), 'D03')).toMatchObject([{ node: 'sum', tensor: 'head', what: 'head is kept in memory through 5 computing nodes, up to Add sum', why: expect.stringContaining('256 B') }])
  expect(ruled(look(skip(2)), 'D03')).toEqual([])
})

it('D04: open sizes on a board of fixed ones', () => {
  expect(ruled(look(chain('Relu', ['n', 3, 'h', 'w'])), 'D04')).toMatchObject([{ severity: 'error', what: 'sizes are open: x [n, 3, h, w]' }])
  expect(ruled(look(chain('Relu')), 'D04')).toEqual([])
})
