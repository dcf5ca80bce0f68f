import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { aciqAlphas } from '../../../main/calibrate/methods/aciq.ts'
import { solveThreshold } from '../../../main/calibrate/methods/index.ts'
import { magnitudeQuantile } from '../../../main/calibrate/methods/percentile.ts'
import { viewOf } from '../../../main/calibrate/methods/view.ts'
import { observe } from '../../../main/calibrate/observe.ts'
import { statisticsOf } from '../../../main/calibrate/statistics-of.ts'
import type { Statistics } from '../../../main/calibrate/statistics.ts'
import { meanOf } from '../../../main/calibrate/exact-sum.ts'
import type { Grid } from '../../../main/core/grid.ts'
import { roundHalfEven } from '../../../main/core/round.ts'
import { quietTask } from '../../../main/core/task.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { openSamples } from '../../../main/samples/open-samples.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

const shared = (path: string): string => join(sharedData, path)
const json = async (path: string) => JSON.parse(await readFile(shared(path), 'utf8'))

warnWithoutSharedData('statistics and thresholds against golden values')

interface GoldenTensor {
  count: number
  zeros: number
  min: number
  max: number
  mean: number
  abs_quantile: Record<string, number>
  channel_min: number[]
  channel_max: number[]
}

describe.skipIf(!hasSharedData)('statistics of abpn_x3 on whole Set5', () => {
  let golden: Record<string, GoldenTensor>
  let statistics: Statistics

  beforeAll(async () => {
    golden = (await json('golden/statistics_abpn_x3.json')).tensors
    const { graph } = await readModel(shared('models/abpn_x3.onnx'))
    const samples = await openSamples({ path: shared('images/Set5/image_SRF_3'), include: '*_LR.png' }, expectationOf(graph), quietTask)
    statistics = (await observe(graph, samples, { tensors: Object.keys(golden), valuesPerTensor: null, threads: 2 }, quietTask)).statistics
  })

  it('counts and extremes, of all and a channel', () => {
    expect(statistics.samples).toBe(5)
    expect(statistics.tensors.size).toBe(Object.keys(golden).length)
    for (const tensor of statistics.tensors.values()) {
      const wanted = golden[tensor.tensor]!
      expect(tensor.count, tensor.tensor).toBe(wanted.count)
      expect(tensor.sampled, tensor.tensor).toBe(wanted.count)
      // The convolutions add up in another order and the file has 9 digits: 2e-6 of the largest value.
      const near = (a: number, b: number) => expect(Math.abs(a - b), tensor.tensor).toBeLessThanOrEqual(2e-6 * Math.max(-wanted.min, wanted.max))
      near(tensor.min, wanted.min)
      near(tensor.max, wanted.max)
      expect(tensor.channels).toBe(wanted.channel_min.length)
      wanted.channel_min.forEach((value, channel) => near(tensor.channelMin[channel]!, value))
      wanted.channel_max.forEach((value, channel) => near(tensor.channelMax[channel]!, value))
      // Sums of one picture's channel are float32.
      expect(Math.abs(meanOf(tensor.channelSum, tensor.count) - wanted.mean), tensor.tensor).toBeLessThan(1e-5 * Math.max(Math.abs(wanted.mean), 1))
    }
  })

  it('quantiles of |x| to one bin', () => {
    for (const tensor of statistics.tensors.values()) {
      const view = viewOf(tensor)
      for (const [p, wanted] of Object.entries(golden[tensor.tensor]!.abs_quantile)) {
        const found = magnitudeQuantile(view, Number(p))
        // A bin is 2^-11 to 2^-10 of its value wide.
        expect(Math.abs(found / wanted - 1), `${tensor.tensor} ${p}`).toBeLessThan(2 ** -10)
      }
    }
  })

  it('zeros', () => {
    // A convolution's sums can land on one side of 0 or the other: the images and their copies are exact, the rest to 1e-5.
    for (const tensor of statistics.tensors.values()) {
      const wanted = golden[tensor.tensor]!.zeros
      expect(Math.abs(viewOf(tensor).zeros - wanted), tensor.tensor).toBeLessThanOrEqual(['input', 'anchor'].includes(tensor.tensor) ? 0 : 1e-5 * tensor.count)
    }
  })
})

interface GoldenThreshold {
  one_sided: boolean
  levels: number
  mse: { error: number }
  octav: { threshold: number }
  max_error: number
  aciq: Record<string, number>
}

const NAMES = ['laplace', 'gauss', 'half_normal_relu', 'outliers', 'uniform', 'abpn_feature']

describe.skipIf(!hasSharedData)('thresholds of', () => {
  async function read(name: string): Promise<{ values: Float32Array; golden: GoldenThreshold; grid: Grid }> {
    const bytes = await readFile(shared(`golden/sample_${name}.f32`))
    const golden: GoldenThreshold = (await json('golden/thresholds.json')).samples[name]
    const grid: Grid = golden.one_sided ? { type: 'uint8', symmetric: false } : { type: 'int8', symmetric: true }
    return { values: new Float32Array(new Uint8Array(bytes).buffer), golden, grid }
  }

  function errorAt(values: Float32Array, threshold: number, { levels, one_sided: oneSided }: GoldenThreshold): number {
    const step = threshold / levels
    let sum = 0
    for (const value of values) sum += (value - step * Math.max(oneSided ? 0 : -levels, Math.min(levels, roundHalfEven(value / step)))) ** 2
    return sum / values.length
  }

  it.each(NAMES)('%s: max gives its error, mse and admm come within 2 percent of the least', async (name) => {
    const { values, golden, grid } = await read(name)
    const tensor = statisticsOf(name, values)
    const error = (method: string) => {
      const { lo, hi } = solveThreshold(method, tensor, grid)
      return errorAt(values, Math.max(-lo, hi), golden)
    }
    expect(error('max') / golden.max_error).toBeCloseTo(1, 4)
    for (const method of ['mse', 'admm']) expect(error(method) / golden.mse.error, method).toBeLessThan(1.02)
  })

  it.each(NAMES)('%s: octav finds its root to 1 percent, aciq its alphas to 0.1 percent', async (name) => {
    const { values, golden, grid } = await read(name)
    const tensor = statisticsOf(name, values)
    const { lo, hi } = solveThreshold('octav', tensor, grid)
    expect(Math.abs(Math.max(-lo, hi) / golden.octav.threshold - 1)).toBeLessThan(0.01)
    const alphas = aciqAlphas(tensor, grid)
    const prefix = golden.one_sided ? 'rectified_' : ''
    expect(Math.abs(alphas.laplace / golden.aciq[`${prefix}laplace_alpha`]! - 1)).toBeLessThan(1e-3)
    expect(Math.abs(alphas.gauss / golden.aciq[`${prefix}gauss_alpha`]! - 1)).toBeLessThan(1e-3)
  })
})
