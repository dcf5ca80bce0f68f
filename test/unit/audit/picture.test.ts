import { describe, expect, it } from 'vitest'
import { audit, type AuditInput } from '../../../main/audit/audit.ts'
import type { Finding } from '../../../main/core/run.ts'
import type { Graph, Node } from '../../../main/onnx/graph.ts'
import { expectationFrom, expectationOf } from '../../../main/samples/expectation.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'
import { board, codedConv, ruled } from '../../fixtures/coded-model.ts'
import { withoutCodes } from '../../../main/audit/without-codes.ts'
import { statisticsOfValues } from '../../fixtures/value-statistics.ts'

const scales = (factor: number) => floats([4], [1, 1, factor, factor])
const look = (made: Graph, more: Partial<AuditInput> = {}): Finding[] =>
  audit({ graph: made, expectation: expectationFrom(expectationOf(made), { output: { kind: 'picture', range: [0, 255] }, preprocess: { range: [0, 255] } }), shapes: { values: made.values, at: 'an input of 8×8' }, ...more }, board())

/** x → Conv → feature map → `nodes` → y [1,3,16,16]. */
const enlarger = (nodes: readonly Node[], initializers: Parameters<typeof graph>[0]['initializers'] = {}, values: Parameters<typeof graph>[0]['values'] = {}): Graph => graph({
  inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 16, 16] }, values: { f: [1, 3, 8, 8], ...values },
  initializers: { w0: noise([3, 3, 1, 1], 1), w1: noise([3, 3, 1, 1], 2), ...initializers }, nodes: [node('Conv', ['x', 'w0'], ['f'], {}, 'first'), ...nodes],
})
const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
const resize = (input: string, output: string, attributes: Parameters<typeof node>[3] = nearest, factor = 's2') => node('Resize', [input, '', factor], [output], attributes, `resize_${output}`)

describe('P01, no clip at the tail', () => {
  const open = enlarger([resize('f', 'u'), node('Conv', ['u', 'w1'], ['y'], {}, 'last')], { s2: scales(2) }, { u: [1, 3, 16, 16] })
  const clipped = enlarger([resize('f', 'u'), node('Conv', ['u', 'w1'], ['z'], {}, 'last'), node('Clip', ['z', 'lo', 'hi'], ['y'], {}, 'clip')],
    { s2: scales(2), lo: floats([], [0]), hi: floats([], [255]) }, { u: [1, 3, 16, 16], z: [1, 3, 16, 16] })

  it('says how far beyond the samples went', () => {
    const [found] = ruled(look(open, { statistics: statisticsOfValues({ y: Float32Array.of(-25.5, 255) }) }), 'P01')
    expect(found).toMatchObject({ node: 'last', tensor: 'y', fix: expect.stringContaining('Repair `insert-clip`') })
    expect(found!.why).toContain('the range is 10.0 % wider')
    expect(ruled(look(clipped), 'P01')).toEqual([])
  })
})

describe('P02, the picture kept for the sum', () => {
  const skip = (image: string) => enlarger([
    resize('x', 'big'), node('Conv', ['f', 'w1'], ['g'], {}, 'second'), resize('g', 'h'), node('Add', ['h', image], ['y'], {}, 'sum'),
  ], { s2: scales(2), k: floats([1, 3, 1, 1], [1, 2, 3]) }, { big: [1, 3, 16, 16], g: [1, 3, 8, 8], h: [1, 3, 16, 16] })

  it('names its bytes, enlarged and not; a sum with a constant is none', () => {
    expect(ruled(look(skip('big')), 'P02')).toMatchObject([{ severity: 'warning', node: 'sum', tensor: 'big', why: expect.stringContaining('192 B at 8 bits (an input of 8×8), enlarged 768 B at the sum') }])
    expect(ruled(look(skip('k')), 'P02')).toEqual([])
  })
})

describe('P03, a mean shift inside', () => {
  const shifted = (dims: readonly number[]) => graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 8, 8] }, values: { c: [1, 3, 8, 8] }, initializers: { m: floats(dims, [100, 110, 120]), w: noise([3, 3, 1, 1]) },
    nodes: [node('Sub', ['x', 'm'], ['c'], {}, 'mean'), node('Conv', ['c', 'w'], ['y'], {}, 'conv')],
  })
  it('is found at the head, and not in a model without one', () => {
    expect(ruled(look(shifted([1, 3, 1, 1])), 'P03')).toMatchObject([{ node: 'mean', fix: expect.stringContaining('Rewrite `hoist-mean`') }])
    expect(ruled(look(enlarger([resize('f', 'y')], { s2: scales(2) })), 'P03')).toEqual([])
  })
})

it('P04: copies of the image on other colours; in DepthToSpace order they are right', () => {
  const anchored = (mode: string) => graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 16, 16] }, values: { f: [1, 12, 8, 8], a: [1, 12, 8, 8], s: [1, 12, 8, 8] }, initializers: { w: noise([12, 3, 1, 1]) },
    nodes: [
      node('Conv', ['x', 'w'], ['f'], {}, 'conv'), node('Concat', ['x', 'x', 'x', 'x'], ['a'], { axis: 1 }, 'copies'), node('Add', ['f', 'a'], ['s'], {}, 'sum'),
      node('DepthToSpace', ['s'], ['y'], { blocksize: 2, mode }, 'shuffle'),
    ],
  })
  expect(ruled(look(anchored('CRD')), 'P04')).toMatchObject([{ node: 'sum', why: expect.stringContaining('6 of 12 copies') }])
  expect(ruled(look(anchored('DCR')), 'P04')).toEqual([])
})

describe('P05, black and white', () => {
  const edges = (scale: number, zeroPoint = 0) => {
    const quantized = codedConv({ input: { scale, zeroPoint } })
    const made = withoutCodes(quantized)
    return ruled(audit({ graph: made, quantized, expectation: expectationFrom(expectationOf(made), { preprocess: { range: [0, 255] } }) }, null), 'P05')
  }
  it('must map to themselves', () => {
    expect(edges(1)).toEqual([])
    expect(edges(0.99)).toMatchObject([{ tensor: 'x', what: 'the picture input x cannot hold white (255) becomes 252.5', fix: expect.stringContaining('quantize.layers."x".range=[0, 255]') }])
    expect(edges(1.1, 10)).toEqual([])
    expect(edges(1, 10)).toMatchObject([{ what: expect.stringContaining('white (255) becomes 245') }])
  })
})

describe('R, enlargements', () => {
  const at = (attributes: Parameters<typeof node>[3], factor: number) => graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 8 * factor, 8 * factor] }, initializers: { s: scales(factor) }, nodes: [resize('x', 'y', attributes, 's')],
  })
  it('R01: a Resize that the board runs in int8 only, on the way of the picture; not where it takes 16 bits', () => {
    const made = at(nearest, 2)
    expect(ruled(look(made), 'R01')).toMatchObject([{ node: 'resize_y', severity: 'warning', why: expect.stringContaining('(Manual)'), fix: expect.stringContaining('Rewrite `resize-to-conv`') }])
    const wide = board({ operators: [{ ops: ['*'], states: { int8: 'native', int16: 'native' }, source: 'doc' }] })
    expect(ruled(audit({ graph: made, expectation: expectationOf(made) }, wide), 'R01')).toEqual([])
  })
  it('R02: ×4 in one step, not ×2', () => {
    expect(ruled(look(at(nearest, 4)), 'R02')).toMatchObject([{ why: expect.stringContaining('48 channels at once, in steps of 2 it has 12'), fix: expect.stringContaining('form: cascade') }])
    expect(ruled(look(at(nearest, 2)), 'R02')).toEqual([])
  })
  it('R03: cubic cannot be a convolution, nearest can', () => {
    expect(ruled(look(at({ mode: 'cubic' }, 2)), 'R03')).toMatchObject([{ why: expect.stringContaining('cubic interpolation reaches two pixels beyond its border') }])
    expect(ruled(look(at(nearest, 2)), 'R03')).toEqual([])
  })
})
