import { describe, expect, it } from 'vitest'
import type { ScaleRow } from '../../../main/core/scale-table.ts'
import { biasFloors, quantizeBias, quantizeWeight } from '../../../main/quantize/weights.ts'
import { floats, graph } from '../../fixtures/build-model.ts'

const grid = { type: 'int8', symmetric: true } as const
const plan = { tensor: 'w', node: 'conv', grid, axis: 0 }
const input: ScaleRow = {
  tensor: 'x', kind: 'activation', type: 'uint8', granularity: 'tensor', axis: null, scale: [0.02], zeroPoint: [0], lo: 0, hi: 5, method: 'max', float: false, reason: '',
}

describe('quantizeWeight', () => {
  it('gives every channel its own step and rounds ties to even', () => {
    const { row, codes } = quantizeWeight(floats([2, 1, 1, 2], [127, 0.5, -254, 3]), plan)
    expect(row.scale).toEqual([1, 2])
    expect(Array.from(codes.data as Int8Array)).toEqual([127, 0, -127, 2])
  })

  it('gives a dead channel the largest step of the living ones and code 0', () => {
    const { row, codes } = quantizeWeight(floats([2, 1, 1, 1], [0, 12.7]), plan)
    expect(row.scale[0]).toBe(row.scale[1])
    expect((codes.data as Int8Array)[0]).toBe(0)
  })

  it('refuses a weight that is not finite, naming the element', () => {
    expect(() => quantizeWeight(floats([1, 1, 1, 2], [1, Number.NaN]), plan)).toThrow(/element 1/)
  })

  it('packs 4-bit weights into -7..7', () => {
    const { codes, row } = quantizeWeight(floats([1, 1, 1, 3], [7, -7, 3.4]), { ...plan, grid: { type: 'int4', symmetric: true } })
    expect(row.scale).toEqual([1])
    expect(Array.from(codes.data as Int8Array)).toEqual([7, -7, 3])
  })
})

describe('bias', () => {
  const withBias = (weight: number, bias: number) =>
    graph({ inputs: { x: [1, 1, 4, 4] }, outputs: { y: [1, 1, 4, 4] }, nodes: [], initializers: { w: floats([1, 1, 1, 1], [weight]), b: floats([1], [bias]) } })
  const biasPlan = { tensor: 'b', node: 'conv', input: 'x', weight: 'w' }

  it('is stored in steps of input times weight', () => {
    const model = withBias(1.27, 5)
    const weight = quantizeWeight(model.initializers.get('w')!, plan).row
    const { row, codes } = quantizeBias(model, biasPlan, input, weight)
    expect(row.scale[0]).toBeCloseTo(0.02 * 0.01, 9)
    expect((codes.data as Int32Array)[0]).toBe(25000)
  })

  it('raises the weight step of a channel whose bias would not fit beside the worst sum', () => {
    const model = withBias(1e-8, 5)
    const floor = biasFloors(model, biasPlan, plan, input)
    const weight = quantizeWeight(model.initializers.get('w')!, plan, floor)
    const { codes } = quantizeBias(model, biasPlan, input, weight.row)
    const code = (codes.data as Int32Array)[0]!
    expect(code + 255 * 127).toBeLessThanOrEqual(2 ** 31 - 1)
    // The raised step is no larger than it has to be: the bias keeps its value to one step.
    expect(code * 0.02 * weight.row.scale[0]!).toBeCloseTo(5, 6)
    expect(weight.row.reason).toContain('bias fits int32')
  })
})
