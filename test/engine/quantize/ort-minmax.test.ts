import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { observe } from '../../../main/calibrate/observe.ts'
import { watchedTensors } from '../../../main/calibrate/watch.ts'
import { measureQuality } from '../../../main/compare/quality.ts'
import type { Quality } from '../../../main/core/run.ts'
import type { ScaleRow } from '../../../main/core/scale-table.ts'
import { quietTask } from '../../../main/core/task.ts'
import { quantizeFrom } from '../../../main/engine/jobs/quantize.ts'
import { loadRewritten } from '../../../main/engine/jobs/rewritten.ts'
import { openPart } from '../../../main/engine/jobs/workpiece.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { integers } from '../../../main/onnx/tensor.ts'
import { recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

warnWithoutSharedData("abpn_x3 against ONNX Runtime's own MinMax quantizer")

interface Golden {
  readonly psnr_y: { readonly float: number; readonly simulated: number }
  readonly node_counts: Readonly<Record<string, number>>
  readonly activations: Readonly<Record<string, { readonly scale: number; readonly zero_point: number }>>
  readonly weights: Readonly<Record<string, { readonly dtype: string; readonly scale: readonly number[]; readonly code_sum: number; readonly shape: readonly number[] }>>
}

/** As the golden file was made: extremes of the same pictures, nothing known beforehand. */
const SETTINGS = [
  'calibration.valuesPerTensor=all', 'samples.calibration.include=*_LR.png',
  'quantize.activations.method=max', 'quantize.activations.type=uint8', 'quantize.activations.symmetric=false',
  'quantize.weights.type=int8', 'quantize.weights.granularity=channel', 'quantize.tail=off', 'quantize.input=observed',
]

describe.skipIf(!hasSharedData)("abpn_x3 as ONNX Runtime's MinMax quantizer makes it, on whole Set5", () => {
  let golden: Golden
  let rows: ReadonlyMap<string, ScaleRow>
  let graph: Graph
  let quality: Quality
  let pictures = 0

  beforeAll(async () => {
    golden = JSON.parse(await readFile(join(sharedData, 'golden/ort_minmax_abpn_x3.json'), 'utf8')) as Golden
    const recipe = recipeFromOptions(join(sharedData, 'models/abpn_x3.onnx'), { samples: join(sharedData, 'images/Set5/image_SRF_3'), set: SETTINGS })
    const piece = await loadRewritten(recipe)
    const calibration = (await openPart(piece, recipe, 'calibration', quietTask))!
    pictures = calibration.samples.count
    const { statistics } = await observe(piece.graph, calibration.samples, { tensors: watchedTensors(piece.graph), valuesPerTensor: null, threads: 2 }, quietTask)
    const { quantized } = quantizeFrom(piece, recipe, statistics, 'test')
    graph = quantized.graph
    rows = new Map(quantized.table.map((row) => [row.tensor, row]))
    const evaluation = (await openPart(piece, recipe, 'evaluation', quietTask))!
    const models = { float: piece.graphBytes, quantized: encodeModel(graph) }
    const report = await measureQuality(models, evaluation.samples, { protocols: ['psnr-y/shave3/studio'], expectation: evaluation.expectation, threads: 2 }, quietTask)
    quality = report.quality
  })

  // Another version of the runtime adds up its convolutions in another order; that moves an extreme by less than 1e-6 of itself.
  const SAME = 1e-6
  const expectScales = (found: readonly number[], wanted: readonly number[], what: string) => {
    expect(found.length, what).toBe(wanted.length)
    wanted.forEach((scale, channel) => expect(Math.abs(found[channel]! / scale - 1), `${what}, channel ${channel}`).toBeLessThan(SAME))
  }

  it('gives every activation the same scale and zero point', () => {
    expect(Object.keys(golden.activations).length).toBe(10)
    for (const [tensor, wanted] of Object.entries(golden.activations)) {
      const row = rows.get(tensor)
      expect(row, tensor).toMatchObject({ kind: 'activation', type: 'uint8', zeroPoint: [wanted.zero_point] })
      expectScales(row!.scale, [wanted.scale], tensor)
    }
  })

  it('gives every weight the same scales and the same codes', () => {
    for (const [tensor, wanted] of Object.entries(golden.weights).filter(([, { dtype }]) => dtype === 'int8')) {
      expectScales(rows.get(tensor)!.scale, wanted.scale, tensor)
      const codes = graph.initializers.get(`${tensor}_quantized`)!
      expect(codes.dims, tensor).toEqual(wanted.shape)
      // Weights do not depend on a run: nothing may differ.
      expect(integers(codes).reduce((sum, code) => sum + code, 0), tensor).toBe(wanted.code_sum)
    }
  })

  it('gives every bias the product of the scales, and the same codes', () => {
    const biases = Object.entries(golden.weights).filter(([, { dtype }]) => dtype === 'int32')
    expect(biases.length).toBe(7)
    for (const [tensor, wanted] of biases) {
      expectScales(rows.get(tensor)!.scale, wanted.scale, tensor)
      const codes = integers(graph.initializers.get(`${tensor}_quantized`)!)
      // Codes are divided by a scale that may differ by 1e-6: a code of 20000 moves by 0.02 and may round to its neighbour.
      const may = codes.reduce((sum, code) => sum + (Math.abs(code) * SAME > 1e-3 ? 1 : 0), 0)
      expect(Math.abs(codes.reduce((sum, code) => sum + code, 0) - wanted.code_sum), tensor).toBeLessThanOrEqual(may)
    }
  })

  it('keeps the operators as they are', () => {
    expect(pictures).toBe(5)
    const counts = Object.fromEntries([...Map.groupBy(graph.nodes, ({ op }) => op)].map(([op, nodes]) => [op, nodes.length]))
    expect(counts).toMatchObject({ Conv: golden.node_counts.Conv, Concat: 1, Add: 1, DepthToSpace: 1, Clip: 1 })
  })

  it('has the same quality in simulation', () => {
    // 0.005 dB: single codes at a tie move by the order of summation; the whole loss is ten times that.
    expect(Math.abs(quality.float! - golden.psnr_y.float)).toBeLessThan(0.001)
    expect(Math.abs(quality.simulated! - golden.psnr_y.simulated)).toBeLessThan(0.005)
  })
})
