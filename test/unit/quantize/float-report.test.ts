import { describe, expect, it } from 'vitest'
import type { Node } from '../../../main/onnx/graph.ts'
import { macsByNode } from '../../../main/compare/macs.ts'
import { floatNotes, floatReport } from '../../../main/quantize/float-report.ts'
import { quantizeOptions, type QuantizeWishes } from '../../../main/quantize/options.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { blockNotes } from '../../../main/quantize/regions.ts'
import { graph, node, noise } from '../../fixtures/build-model.ts'

const SIZE = [1, 2, 4, 4]
const conv = (input: string, output: string): Node => node('Conv', [input, 'w'], [output], {}, output)

/** x → a → ra → t → b → add(b, x) → c → d → y; every Conv is 2 × 2 channels of 1 × 1: 64 products each. */
const chain = graph({
  inputs: { x: SIZE }, outputs: { y: SIZE },
  nodes: [conv('x', 'a'), node('Relu', ['a'], ['ra'], {}, 'ra'), node('Transpose', ['ra'], ['t'], { perm: [0, 1, 3, 2] }, 't'), conv('t', 'b'), node('LeakyRelu', ['b'], ['l'], {}, 'l'), conv('l', 'c'), conv('c', 'y')],
  initializers: { w: noise([2, 2, 1, 1]) },
  values: { a: SIZE, ra: SIZE, t: SIZE, b: SIZE, l: SIZE, c: SIZE },
})

const reportOf = (wishes: QuantizeWishes) => {
  const plan = planQuantization(chain, quantizeOptions(wishes))
  return floatReport(chain, plan.floatNodes, macsByNode(chain, chain.values))
}

describe('what computes in float', () => {
  it('tells regions with reasons and their share of the products', () => {
    const { regions, borders } = reportOf({ float: { names: ['a'], last: true } })
    expect(regions).toEqual([
      { nodes: ['a', 'ra', 't'], why: ['quantize.float.names: a', 'is one with a, which is in float', 'only moves what ra makes in float'], macsShare: 0.25 },
      { nodes: ['y'], why: ['quantize.float.last'], macsShare: 0.25 },
    ])
    expect(borders).toEqual([])
    expect(floatNotes({ regions, borders })[1]).toBe('In float, 25.0 % of the products: y (quantize.float.last).')
  })

  it('says nothing where nothing is in float', () => {
    expect(reportOf({})).toEqual({ regions: [], borders: [] })
  })

  it('names a chain in float that only moves values between quantized layers', () => {
    const { borders } = reportOf({ float: { names: ['t'] } })
    expect(borders).toEqual([{ kind: 'moves', nodes: ['t'], why: ['quantize.float.names: t'] }])
    expect(floatNotes({ regions: [], borders })[0]).toMatch(/^t in float only moves values/)
  })

  it('names what stays on codes between float layers and computes no products', () => {
    const { borders } = reportOf({ float: { names: ['b', 'c'] } })
    expect(borders).toEqual([{ kind: 'island', nodes: ['l'], why: ['quantize.float.names: b', 'quantize.float.names: c'] }])
    // With the one in between there is one region and no such border.
    expect(reportOf({ float: { names: ['b', 'l', 'c'] } })).toMatchObject({ regions: [{ nodes: ['b', 'l', 'c'], macsShare: 0.5 }], borders: [] })
  })

  it('keeps the first or the last computing layers in float', () => {
    expect(reportOf({ float: { first: true } }).regions[0]!.why[0]).toBe('quantize.float.first')
    expect(reportOf({ float: { first: true } }).regions[0]!.nodes[0]).toBe('a')
    expect(reportOf({ float: { last: true } }).regions.map(({ nodes }) => nodes)).toEqual([['y']])
  })

  it('keeps depthwise convolutions in float with the Relu behind them, and no other with groups', () => {
    const model = graph({
      inputs: { x: [1, 4, 4, 4] }, outputs: { y: null },
      nodes: [node('Conv', ['x', 'wd'], ['d'], { group: 4 }, 'depthwise'), node('Relu', ['d'], ['r'], {}, 'relu'), node('Conv', ['r', 'wg'], ['g'], { group: 2 }, 'grouped'), node('Conv', ['g', 'w'], ['y'], {}, 'dense')],
      initializers: { wd: noise([4, 1, 1, 1]), wg: noise([4, 2, 1, 1]), w: noise([2, 4, 1, 1]) },
    })
    const inFloat = (depthwise: boolean) => [...planQuantization(model, quantizeOptions({ float: { depthwise } })).floatNodes.keys()]
    expect(inFloat(true).toSorted()).toEqual(['depthwise', 'relu'])
    expect(inFloat(false)).toEqual([])
  })

  it('says which of the two meanings of a block was applied', () => {
    expect(blockNotes(chain, { blocks: ['b', 'b:c'] })).toEqual([
      'quantize.float.blocks: b means it and what follows up to the next computing layer: b, l.',
      'quantize.float.blocks: b:c means everything between the two ends: b, l, c.',
    ])
  })
})
