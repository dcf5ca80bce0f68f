import { describe, expect, it } from 'vitest'
import { audit, type AuditInput } from '../../../main/audit/audit.ts'
import { asQdq } from '../../../main/audit/as-qdq.ts'
import { withoutCodes } from '../../../main/audit/without-codes.ts'
import { statisticsOf } from '../../../main/calibrate/statistics-of.ts'
import type { Finding } from '../../../main/core/run.ts'
import { attributesOf } from '../../../main/onnx/attribute.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { float32Scalar, tensorOfNumbers } from '../../../main/onnx/tensor.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { graph, node } from '../../fixtures/build-model.ts'
import { codedConv, pair, ruled, rules } from '../../fixtures/coded-model.ts'
import { layerError, scaleRow } from '../../fixtures/sample-run.ts'
import { statisticsOfValues } from '../../fixtures/value-statistics.ts'

const look = (quantized: Graph, more: Partial<AuditInput> = {}): Finding[] => audit({ graph: withoutCodes(asQdq(quantized).graph), quantized, ...more }, null)
const scaleRules = (findings: readonly Finding[]): string[] => rules(findings).filter((rule) => rule.startsWith('S'))
const ramp = (from: number, to: number): Float32Array => Float32Array.from({ length: 1001 }, (_, index) => from + ((to - from) * index) / 1000)

it('says nothing of a model that is right', () => {
  expect(scaleRules(look(codedConv()))).toEqual([])
})

describe('S01, a scale of exactly 1', () => {
  it('is not calibrated where the weights and the input cannot reach a hundredth of the codes', () => {
    const [found] = ruled(look(codedConv({ output: { scale: 1, zeroPoint: 128 } })), 'S01')
    expect(found).toMatchObject({ severity: 'error', tensor: 'c', what: 'the scale of c is exactly 1: not calibrated' })
    expect(found!.why).toMatch(/cannot leave ±1\.\d+, while these codes reach ±128/)
  })

  it('is not calibrated behind a mover whose source has another scale', () => {
    const quantized = codedConv({ tail: (parts, result) => {
      parts.nodes.push(node('Transpose', [result], ['t'], { perm: [0, 2, 3, 1] }))
      pair(parts, 't', { scale: 1, zeroPoint: 128 }, 'y')
    }, outputDims: [1, 8, 8, 2] })
    const [found] = ruled(look(quantized), 'S01')
    expect(found).toMatchObject({ tensor: 't', what: expect.stringContaining('not calibrated') })
    expect(found!.why).toContain('before it their scale is 0.02')
    expect(ruled(look(quantized), 'S03')).toHaveLength(1)
  })

  it('tells unreachable, degenerate, coincidence and unknown by the statistics', () => {
    const quantized = codedConv({ input: { scale: 1 }, output: { scale: 1, zeroPoint: 128 } })
    const causes = (values: Float32Array | null): (string | undefined)[] => {
      const statistics = statisticsOfValues({ x: ramp(0, 255), ...(values ? { c: values } : {}) })
      const unseen = { ...statisticsOf('c', ramp(0, 1)), count: 0 }
      const tensors = values === null ? new Map([...statistics.tensors, ['c', unseen]]) : statistics.tensors
      return ruled(look(quantized, { statistics: { ...statistics, tensors } }), 'S01').map(({ what }) => what.split(': ')[1])
    }
    expect(causes(null)).toEqual(['unreachable'])
    expect(causes(new Float32Array(100))).toEqual(['degenerate zero'])
    expect(causes(ramp(-127, 127))).toEqual([])
    expect(causes(ramp(-3, 3))).toEqual(['unknown'])
  })

  it('is right for a picture of 256 levels, by its own range or the table that made it', () => {
    const quantized = codedConv({ input: { scale: 1 }, output: { scale: 1.5 } })
    expect(ruled(look(quantized), 'S01')).toMatchObject([{ tensor: 'x', what: expect.stringContaining('unknown') }])
    const expectation = expectationOf(withoutCodes(quantized))
    const bytes = { ...expectation, input: { ...expectation.input!, range: { value: [0, 255] as const, how: 'test' } } }
    expect(ruled(look(quantized, { expectation: bytes }), 'S01')).toEqual([])
    expect(ruled(look(quantized, { scales: [scaleRow('x', { scale: [1], method: 'image-grid' })] }), 'S01')).toEqual([])
  })
})

describe('S02, names', () => {
  it('names what statistics lack and hold too much, with the nearest pairs', () => {
    const found = ruled(look(codedConv(), { statistics: statisticsOfValues({ x: ramp(0, 1), body_conv1: ramp(0, 1) }), expected: ['x', 'body_conv_1'] }), 'S02')
    expect(found).toMatchObject([{ severity: 'error', what: '1 name is missing in the statistics, 1 is unexpected there' }])
    expect(found[0]!.why).toBe('missing: body_conv_1; not known here: body_conv1; may mean the same: body_conv_1 ↔ body_conv1')
    expect(ruled(look(codedConv(), { statistics: statisticsOfValues({ x: ramp(0, 1) }), expected: ['x'] }), 'S02')).toEqual([])
  })

  it('compares a scale table with the model, and finds an input without a scale', () => {
    const rows = ['x', 'w', 'b', 'c'].map((name) => scaleRow(name))
    const output = [...rows.slice(0, 3), scaleRow('c')]
    expect(ruled(look(codedConv(), { scales: output }), 'S02')).toEqual([])
    expect(ruled(look(codedConv(), { scales: rows.slice(1) }), 'S02')[0]!.why).toContain('missing: x')
    const quantized = codedConv()
    const half = { ...quantized, nodes: quantized.nodes.map((each) => (each.name === 'conv' ? { ...each, inputs: ['x', ...each.inputs.slice(1)] } : each)) }
    expect(ruled(look(half), 'S02')).toMatchObject([{ node: 'conv', severity: 'warning' }])
  })
})

it('S03: a mover between two grids; the same grid is right', () => {
  const moved = (scale: number): Graph => codedConv({ tail: (parts, result) => {
    parts.nodes.push(node('Transpose', [result], ['t'], { perm: [0, 2, 3, 1] }))
    pair(parts, 't', { scale, zeroPoint: 128 }, 'y')
  }, outputDims: [1, 8, 8, 2] })
  expect(ruled(look(moved(0.03)), 'S03')).toMatchObject([{ severity: 'error', node: 'node_t', why: expect.stringContaining('scale 0.02, zero point 128 before it, uint8, scale 0.03') }])
  expect(ruled(look(moved(0.02)), 'S03')).toEqual([])
})

it('S04: a bias on another scale than its accumulator, and one that is full', () => {
  const [found] = ruled(look(codedConv({ bias: { scale: [0.01 / 255, 0.004 / 255] } })), 'S04')
  expect(found).toMatchObject({ severity: 'error', node: 'conv', why: expect.stringContaining('in channel 1; 1 of 2 scales are wrong') })
  expect(ruled(look(codedConv({ bias: { codes: [2 ** 31 - 1, 0] } })), 'S04')).toMatchObject([{ what: 'the bias of conv overflows int32' }])
  expect(ruled(look(codedConv({ bias: { codes: [2 ** 30, 0] } })), 'S04')).toEqual([])
})

it('S05: ranges of which little is used and ranges that clip, each with its share', () => {
  const seen = (to: number) => look(codedConv({ output: { scale: 0.02, zeroPoint: 0 } }), { statistics: statisticsOfValues({ x: ramp(0, 1), c: ramp(0, to) }) })
  expect(ruled(seen(1), 'S05')).toMatchObject([{ tensor: 'c', what: 'the range of c is too wide', why: expect.stringContaining('use 19.6 % of the codes') }])
  expect(ruled(seen(10), 'S05')).toMatchObject([{ what: 'the range of c is too narrow', why: expect.stringMatching(/^4[89]\.\d % of the values seen lie outside/) }])
  expect(ruled(seen(5.1), 'S05')).toEqual([])
  expect(ruled(seen(1.3), 'S05')).toEqual([])
  expect(ruled(look(codedConv(), { layers: [layerError('c', { clippedPercent: 3 })] }), 'S05')).toMatchObject([{ what: 'the range of c is too narrow' }])
  const ruledRange = scaleRow('c', { method: 'sum-grid' })
  expect(ruled(look(codedConv({ output: { scale: 0.02 } }), { scales: [scaleRow('x'), scaleRow('w'), scaleRow('b'), ruledRange], statistics: statisticsOfValues({ c: ramp(0, 1) }) }), 'S05')).toEqual([])
})

it('S06: scales that are no numbers, negative, or absurdly small', () => {
  for (const scale of [NaN, Infinity, 0, -0.1, 1e-12]) expect(ruled(look(codedConv({ output: { scale } })), 'S06'), String(scale)).toMatchObject([{ severity: 'error', tensor: 'c' }])
  expect(ruled(look(codedConv({ output: { scale: 1e-5 } })), 'S06')).toEqual([])
  // A channel that is almost dead has codes of its own; one whose codes all stand at the ends has the wrong scale.
  expect(ruled(look(codedConv({ weight: { scale: [0.01, 1e-12], codes: [127, 0, 0, 127, 3, 5] } })), 'S06')).toEqual([])
  expect(ruled(look(codedConv({ weight: { scale: [0.01, 0.01, 1e-12].slice(1), codes: [127, 0, 0, 127, -128, 127] } })), 'S06')).toMatchObject([{ tensor: 'w' }])
})

it('S07: a bias with a zero point, and zero points that do not fit their scales', () => {
  expect(ruled(look(codedConv({ bias: { zeroPoint: 3 } })), 'S07')).toMatchObject([{ severity: 'error', tensor: 'b', why: '3 instead of 0: accumulators have none' }])
  const quantized = codedConv()
  const odd = { ...quantized, initializers: new Map([...quantized.initializers, ['w_z', tensorOfNumbers('int8', [1], [0])] as const]) }
  expect(ruled(look(odd), 'S07')).toMatchObject([{ tensor: 'w', why: '2 scales, 1 zero points, 2 channels' }])
})

it('S08: sums that 32 bits cannot hold', () => {
  const wide = { scale: 1e-4, type: 'uint16' } as const
  const codes = Array.from({ length: 6 }, () => 32767)
  const found = ruled(look(codedConv({ input: wide, weight: { type: 'int16', codes } })), 'S08')
  expect(found).toMatchObject([{ severity: 'warning', node: 'conv', why: expect.stringContaining('uint16 × int16 can sum up to 6.44e+9') }])
  expect(ruled(look(codedConv({ input: wide })), 'S08')).toEqual([])
})

it('QLinear operators are taken apart and judged alike', () => {
  const byte = (value: number) => tensorOfNumbers('uint8', [], [value])
  const quantized = graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 2, 8, 8] },
    nodes: [
      node('QuantizeLinear', ['x', 'xs', 'xz'], ['xq']),
      node('QLinearConv', ['xq', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz', 'b'], ['c'], {}, 'conv'),
      { ...node('com.microsoft:QLinearAdd', ['c', 'ys', 'yz', 'c', 'ys', 'yz', 'os', 'yz'], ['a'], {}, 'add'), attributes: attributesOf({}) },
      node('DequantizeLinear', ['a', 'os', 'yz'], ['y']),
    ],
    initializers: {
      xs: float32Scalar(1 / 255), xz: byte(0), w: tensorOfNumbers('int8', [2, 3, 1, 1], [127, 1, 2, -127, 3, 4]), ws: float32Scalar(0.01), wz: tensorOfNumbers('int8', [], [0]),
      ys: float32Scalar(1), yz: byte(128), os: float32Scalar(0.04), b: tensorOfNumbers('int32', [2], [5, 6]),
    },
    domains: { 'com.microsoft': 1 },
  })
  const float = withoutCodes(asQdq(quantized).graph)
  expect(float.nodes.map(({ op }) => op)).toEqual(['Conv', 'Add'])
  expect(float.outputs.map(({ name }) => name)).toEqual(['y'])
  expect(float.nodes.at(-1)!.outputs).toEqual(['y'])
  const found = look(quantized)
  expect(ruled(found, 'S01')).toMatchObject([{ tensor: 'c', node: 'conv', what: expect.stringContaining('not calibrated') }])
  expect(ruled(found, 'S04')).toEqual([])
})
