import { describe, expect, it } from 'vitest'
import type { OperatorTable } from '../../../main/compare/operator-table.ts'
import { macsByNode } from '../../../main/compare/macs.ts'
import { seededRandom } from '../../../main/core/random.ts'
import type { PrecisionName } from '../../../main/core/tune.ts'
import { quantizeOptions, type LayerOverride } from '../../../main/quantize/options.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { costModel, layouter, layoutOf } from '../../../main/tune/costs.ts'
import { boardTiming, measuredTiming } from '../../../main/tune/timing.ts'
import { unitsOf } from '../../../main/tune/units.ts'
import { graph, node, noise } from '../../fixtures/build-model.ts'

/**
 * x [1, 2, 4, 4] → a (2→4, 1×1, bias) → Relu r → b (4→4) → Add s (b + r) → c (4→1) → y. Products: a 128, b 256, c 64; values of weights and
 * biases: a 8 + 4, b 16, c 4.
 */
const NET = graph({
  inputs: { x: [1, 2, 4, 4] }, outputs: { y: [1, 1, 4, 4] },
  nodes: [
    node('Conv', ['x', 'wa', 'ba'], ['a'], {}, 'conv_a'), node('Relu', ['a'], ['r'], {}, 'relu'), node('Conv', ['r', 'wb'], ['b'], {}, 'conv_b'),
    node('Add', ['b', 'r'], ['s'], {}, 'add'), node('Conv', ['s', 'wc'], ['y'], {}, 'conv_c'),
  ],
  initializers: { wa: noise([4, 2, 1, 1], 1), ba: noise([4], 2), wb: noise([4, 4, 1, 1], 3), wc: noise([1, 4, 1, 1], 4) },
  values: { a: [1, 4, 4, 4], r: [1, 4, 4, 4], b: [1, 4, 4, 4], s: [1, 4, 4, 4] },
})
const macs = macsByNode(NET, NET.values)
const planOf = (layers: Readonly<Record<string, LayerOverride>> = {}) => planQuantization(NET, quantizeOptions({ layers }))
const plan = planOf()
const units = unitsOf(NET, plan)
const LINES: Readonly<Record<PrecisionName, (unit: { name: string; nodes: readonly string[]; tensors: readonly string[] }) => Record<string, LayerOverride>>> = {
  'int8': () => ({}), 'int8w/int16a': ({ tensors }) => Object.fromEntries(tensors.map((name) => [name, { bits: 16 }])),
  'int16': ({ tensors, nodes }) => Object.fromEntries(tensors.map((name) => [name, { bits: 16 as const, ...(nodes.length > 0 ? { weight_bits: 16 as const } : {}) }])),
  'float': ({ nodes }) => Object.fromEntries(nodes.map((name) => [name, { forward_with_float: true }])),
}
const floatOf = units.map((unit) => new Set(planOf(LINES.float(unit)).floatNodes.keys()))
const layout = layouter(NET, plan, units, floatOf)
const model = costModel(NET, macs, null)
/** By name of the unit; all else int8. */
const taking = (wanted: Readonly<Record<string, PrecisionName>>): PrecisionName[] => units.map(({ name }) => wanted[name] ?? 'int8')

describe('costs of a plan', () => {
  it('are counted by hand', () => {
    expect(units.map(({ name }) => name)).toEqual(['x', 'conv_a', 'conv_b', 's', 'conv_c'])
    // All int8: 32 values of weights, 4 biases of 32 bits; in float 32 values of 32 bits.
    expect(model.floatBytes).toBe(4 * (8 + 4 + 16 + 4))
    expect(model.of(layout(taking({})))).toEqual({ bitMacs: 1, bytes: 28 + 16, macsInt16: 0, macsFloat: 0, latency: null })
    // What a makes has 16 bits: b reads it (8 by 16), the Add too, which multiplies nothing.
    expect(model.of(layout(taking({ conv_a: 'int8w/int16a' })))).toMatchObject({ bitMacs: (128 + 2 * 256 + 64) / 448, bytes: 44, macsInt16: 256 / 448 })
    // Its own weights too: 16 by 8 for a itself, 8 by 16 for b.
    expect(model.of(layout(taking({ conv_a: 'int16' })))).toMatchObject({ bitMacs: (2 * 128 + 2 * 256 + 64) / 448, bytes: 44 + 8, macsInt16: 384 / 448 })
    // 16 by 16 where both are.
    expect(model.of(layout(taking({ conv_a: 'int16', conv_b: 'int16' })))).toMatchObject({ bitMacs: (2 * 128 + 4 * 256 + 64) / 448, bytes: 44 + 8 + 16 })
    expect(model.of(layout(taking({ conv_b: 'float' })))).toMatchObject({ bitMacs: (128 + 16 * 256 + 64) / 448, bytes: 44 + 3 * 16, macsFloat: 256 / 448, macsInt16: 0 })
  })

  it.each([1, 2, 3, 4, 5, 6])('are those of what the quantizer makes of the same choices (seed %i)', (seed) => {
    const random = seededRandom(seed)
    const taken = units.map(({ nodes }) => (nodes.length === 0 ? (['int8', 'int8w/int16a'] as const) : (['int8', 'int8w/int16a', 'int16', 'float'] as const)).at(Math.floor(random() * 4) % (nodes.length === 0 ? 2 : 4))!)
    const lines: Record<string, LayerOverride> = {}
    for (const [index, unit] of units.entries()) for (const [name, line] of Object.entries(LINES[taken[index]!](unit))) lines[name] = { ...lines[name], ...line }
    expect(layout(taken)).toEqual(layoutOf(planOf(lines)))
  })
})

const row = (op: string, precision: 'float32' | 'int8' | 'int16', medianMs: number, more: object = {}) => ({ op, precision, medianMs, height: 4, width: 4, inputChannels: 4, outputChannels: 4, ...more })
const conv = { kernel: 1, group: 'none' as const }
/** A 1×1 convolution of 4 to 4 channels takes 10 in float, 2 in int8, 4 in int16; an Add 1, 0.5, 0.5; a conversion of 4 channels 0.25 (to) and 0.125 (from). */
const TABLE: OperatorTable = { head: {}, entries: [
  row('Conv', 'float32', 10, conv), row('Conv', 'int8', 2, conv), row('Conv', 'int16', 4, conv), row('Add', 'float32', 1), row('Add', 'int8', 0.5), row('Add', 'int16', 0.5),
  ...(['int8', 'int16'] as const).flatMap((precision) => [row('QuantizeLinear', precision, 0.25), row('DequantizeLinear', precision, 0.125)]),
] }
const dims = (tensor: string): readonly number[] | null => (NET.values.get(tensor)?.dims as readonly number[] | null | undefined) ?? null

describe('latency by the table of a board', () => {
  const timing = boardTiming(TABLE, NET, dims)
  const latency = (wanted: Readonly<Record<string, PrecisionName>>): number => costModel(NET, macs, timing).of(layout(taking(wanted))).latency!
  // Products of a, b, c: 8, 16, 4 a pixel: 5 + 10 + 2.5 in float, and the Add.
  const FLOAT = 18.5
  // The picture (2 channels) is rounded to codes at the input, y (1 channel) comes back from them.
  const ENDS = 0.125 + 0.03125

  it('adds up nodes and the conversions at the ends', () => {
    expect(latency({})).toBeCloseTo((1 + 2 + 0.5 + 0.5 + ENDS) / FLOAT, 12)
  })

  it('counts conversions where precisions meet, and none between neighbours of one', () => {
    // b in float: its input comes from codes (4 channels), its result goes to codes.
    const b = 1 + 10 + 0.5 + 0.5 + ENDS + 0.125 + 0.25
    expect(latency({ conv_b: 'float' })).toBeCloseTo(b / FLOAT, 12)
    // a and b: the picture is not rounded; what a makes is, for the Add; what b makes is.
    expect(latency({ conv_a: 'float', conv_b: 'float' })).toBeCloseTo((5 + 10 + 0.5 + 0.5 + 0.03125 + 0.25 + 0.25) / FLOAT, 12)
    // 16 bits behind a: b and the Add compute in int16, and the Add's other operand is widened.
    expect(latency({ conv_a: 'int8w/int16a' })).toBeCloseTo((1 + 4 + 0.5 + 0.5 + ENDS + 0.125 + 0.25) / FLOAT, 12)
  })

  it('names what the table has no row for', () => {
    const partial = boardTiming({ head: {}, entries: TABLE.entries.filter(({ op, precision }) => op !== 'Add' && precision !== 'int16') }, NET, dims)
    expect(partial.node(NET.nodes.find(({ name }) => name === 'conv_b')!, 'int16')).toBeNull()
    costModel(NET, macs, partial).of(layout(taking({ conv_a: 'int8w/int16a' })))
    expect([...partial.missing]).toEqual(expect.arrayContaining(['Conv int16', 'Add int16', 'QuantizeLinear int16']))
  })
})

it('latency of this machine: all in int8 is what was measured; 16 bits are computed in float between conversions by their values', () => {
  const fused = [
    { node: 'x_QuantizeLinear', op: 'QuantizeLinear', us: 2 }, { node: 'y_DequantizeLinear', op: 'DequantizeLinear', us: 1 }, { node: 'conv_a', op: 'QLinearConv', us: 10 }, { node: 'conv_b', op: 'QLinearConv', us: 20 },
    { node: 'add', op: 'QLinearAdd', us: 2 }, { node: 'conv_c', op: 'QLinearConv', us: 5 },
  ]
  const timing = measuredTiming({ floatUs: { conv_a: 20, conv_b: 50, add: 5, conv_c: 5 }, fused, ratio: 0.25 }, dims)
  const { of } = costModel(NET, macs, timing)
  expect(of(layout(taking({}))).latency).toBeCloseTo(0.25, 12)
  // Profiled 40, measured 0.25 · 80 = 20: each time counts half. To codes 2 / 32 values, from codes 1 / 16 values, halved.
  const [to, from] = [1 / 32, 0.5 / 16]
  // b's result (64 values) in 16 bits: b has no kernel and reads r (64) from codes; the Add has none either, it reads b's and r; s goes to codes.
  expect(of(layout(taking({ conv_b: 'int8w/int16a' }))).latency).toBeCloseTo((5 + 50 + 5 + 2.5 + 32 * to + 16 * from + 64 * to + 64 * from + 64 * from + 64 * to) / 80, 12)
})
