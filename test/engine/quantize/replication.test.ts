import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { quantizeOptions } from '../../../main/quantize/options.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { quantizePlanned } from '../../../main/quantize/quantize.ts'
import { isReplication } from '../../../main/quantize/replication.ts'
import { resizeToConv } from '../../../main/rewrite/resize-to-conv.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { floats, graph, node } from '../../fixtures/build-model.ts'
import { contextOf } from '../../fixtures/prove-rewrite.ts'

/** A nearest enlargement of one row of 256 levels, written as a convolution. */
async function enlarged(form: string): Promise<Graph> {
  const given = graph({
    inputs: { x: [1, 1, 1, 256] }, outputs: { y: [1, 1, 3, 768] },
    nodes: [node('Resize', ['x', '', 'scales'], ['y'], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, 'enlarge')],
    initializers: { scales: floats([4], [1, 1, 3, 3]) },
  })
  return (await resizeToConv.apply(given, resizeToConv.find(given, contextOf({ form })).found[0]!, contextOf({ form }))).graph
}

describe('a convolution that only replicates', () => {
  it.each(['conv1x1', 'conv3x3', 'grouped', 'convtranspose'])('gives every code back as it was: %s', async (form) => {
    // A scale that no power of two divides, and a zero point off the middle.
    const [lo, hi] = [-37.3, 181.9]
    const rewritten = await enlarged(form)
    expect(rewritten.nodes.filter((each) => isReplication(rewritten, each))).toHaveLength(1)
    const options = quantizeOptions({ fold: 'off' })
    const plan = planQuantization(rewritten, options)
    expect(new Set(plan.tensors.map(({ group }) => group)).size).toBe(1)
    const { graph: quantized, table } = quantizePlanned(rewritten, plan, options, () => ({ lo, hi, method: 'max', why: '' }))
    const row = table.find(({ tensor: name }) => name === 'x')!
    const codes = Array.from({ length: 256 }, (_, code) => Math.fround((code - row.zeroPoint[0]!) * row.scale[0]!))
    for (const mode of ['simulated', 'fused'] as const) {
      // u8×s8 products of a single tap cannot saturate: both sessions have to be exact.
      const session = await openSession(encodeModel(quantized), { mode, threads: 1 })
      const { y } = await session.run({ x: tensor('float32', [1, 1, 1, 256], Float32Array.from(codes)) })
      await session.close()
      expect([...(y!.data as Float32Array)].every((value, index) => value === codes[Math.floor((index % 768) / 3)]), mode).toBe(true)
    }
  })

  it('is not one that weighs, adds, or may read the padding', () => {
    const conv = (weights: readonly number[], attributes = {}, bias = false) => {
      const given = graph({
        inputs: { x: [1, 2, 4, 4] }, outputs: { y: null }, nodes: [node('Conv', bias ? ['x', 'w', 'b'] : ['x', 'w'], ['y'], attributes)],
        initializers: { w: floats([1, 2, 1, weights.length / 2], weights), b: floats([1], [0.5]) },
      })
      return isReplication(given, given.nodes[0]!)
    }
    expect([conv([1, 0]), conv([0, 1]), conv([0.5, 0]), conv([1, 1]), conv([0, 0]), conv([1, 0], {}, true)]).toEqual([true, true, false, false, false, false])
    expect([conv([0, 1, 0, 0, 0, 0], { pads: [0, 1, 0, 1] }), conv([1, 0, 0, 0, 0, 0], { pads: [0, 1, 0, 1] })]).toEqual([true, false])
  })
})
