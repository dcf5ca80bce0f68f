import { describe, expect, it } from 'vitest'
import { methodRow, recommend } from '../../../main/app/recommend.ts'
import type { Run } from '../../../main/core/run.ts'
import { layerError, sampleEnvironment } from '../../fixtures/sample-run.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

interface Asked {
  /** Simulated score a sample; null: infinite. */
  readonly scores: readonly (number | null)[]
  readonly worst?: number
  readonly protocol?: string
  readonly samples?: string
}

/** A run of a method as far as a recommendation looks at it. */
function runOf(method: string, { scores, worst = 30, protocol = 'psnr-y/shave2/studio', samples = 'ab' }: Asked): Run {
  const finite = scores.filter((score) => score !== null)
  const simulated = finite.length === 0 ? null : finite.reduce((sum, score) => sum + score, 0) / finite.length
  return {
    run: `run-${method}`, parent: null, verb: 'run', status: 'done', created: '', seconds: 5, environment: sampleEnvironment,
    recipe: { quantize: { activations: { method } } },
    samples: { evaluation: { count: scores.length, sha256: samples, skipped: 0 } },
    calibration: { seconds: 2, inferenceSeconds: 1, bareInferenceSeconds: null, peakRssBytes: 1 },
    quality: { protocol, unit: 'dB', float: 36, simulated, fused: simulated, others: {}, perSample: scores.map((score, index) => ({ sample: `s${index}`, float: 36, simulated: score, fused: score })) },
    layers: [
      layerError('a', { sqnrDb: worst, clippedPercent: 1 }), layerError('b', { sqnrDb: 50, clippedPercent: 3 }), layerError('c', { sqnrDb: 120, mse: 0, clippedPercent: 2 }),
      layerError('a', { mode: 'alone', sqnrDb: 1 }),
    ],
  }
}

describe('a row of the table over methods', () => {
  it('tells drop, worst and mean layer of the accumulated errors, and the time without the pass', () => {
    expect(methodRow(runOf('mse', { scores: [35, 35.5], worst: 20 }))).toEqual({
      method: 'mse', run: 'run-mse', protocol: 'psnr-y/shave2/studio', unit: 'dB', float: 36, simulated: 35.25, drop: 0.75, agreement: null, worstDb: 20, worstTensor: 'a', meanDb: 35, clippedPercent: 2, seconds: 3,
    })
  })

  it('tells the agreement beside a score, not beside itself', () => {
    const run = runOf('max', { scores: [1] })
    const withOthers = (protocol: string): Run => ({ ...run, quality: { ...run.quality!, protocol, others: { 'agreement/top1': { float: null, simulated: 98, fused: 97 }, 'agreement/top5': { float: null, simulated: 100, fused: 100 } } } })
    expect([methodRow(withOthers('top1/labels@0')).agreement, methodRow(withOthers('agreement/top3')).agreement]).toEqual([98, null])
  })

  it('has null for what was not measured', () => {
    const { layers: _layers, quality: _quality, ...bare } = runOf('max', { scores: [1] })
    expect(methodRow(bare)).toMatchObject({ protocol: null, float: null, drop: null, worstDb: null, worstTensor: null, meanDb: null, clippedPercent: null })
  })
})

describe('the recommendation', () => {
  it('is the only run where there is one', () => {
    expect(recommend([runOf('kl', { scores: [30] })])).toMatchObject({ method: 'kl', decidedBy: 'alone', lead: null, reason: 'kl is the only method that was run.' })
  })

  it('is the best score where every sample agrees, whatever the layers say', () => {
    const found = recommend([runOf('max', { scores: [35, 34, 33, 36], worst: 40 }), runOf('mse', { scores: [35.1, 34.11, 33.09, 36.1], worst: 20 })])
    expect(found).toMatchObject({ run: 'run-mse', decidedBy: 'score', tied: ['mse'], samples: 4, lead: { method: 'max' } })
    expect(found.lead!.delta).toBeCloseTo(0.1, 3)
    // Differences 0.1 0.11 0.09 0.1: standard error 0.00408, times Student's 3.18 for three degrees of freedom.
    expect(found.lead!.margin).toBeCloseTo(0.01298, 4)
    expect(found.reason).toBe('mse has the best score: psnr-y/shave2/studio 34.600 dB, 0.100 dB (± 0.013 dB) more than max over 4 samples.')
  })

  it('pairs samples: a difference far below the spread of the scores counts when it is everywhere the same', () => {
    const spread = [20, 30, 40, 50, 25, 35]
    expect(recommend([runOf('max', { scores: spread }), runOf('mse', { scores: spread.map((score, index) => score + 0.01 + index * 1e-4) })])).toMatchObject({ method: 'mse', decidedBy: 'score' })
  })

  it('asks the worst layer where the samples disagree', () => {
    const found = recommend([runOf('mse', { scores: [35.2, 33.9, 33.3], worst: 28 }), runOf('kl', { scores: [35, 34, 33], worst: 29.5 })])
    expect(found).toMatchObject({ method: 'kl', decidedBy: 'layers', tied: ['mse', 'kl'], alike: ['kl'] })
    expect(found.reason).toBe('3 samples cannot tell mse, kl apart (psnr-y/shave2/studio 34.133 dB); the worst layer is best with kl (29.50 dB, against mse 28.00 dB).')
  })

  it('takes the simpler method where the worst layers are alike: max, then percentile, then the others', () => {
    const same = { scores: [35, 34, 33], worst: 28 }
    const methods = (...names: string[]) => recommend(names.map((name) => runOf(name, same)))
    expect(methods('mse', 'percentile', 'max')).toMatchObject({ method: 'max', decidedBy: 'simplicity' })
    expect(methods('mse', 'percentile').method).toBe('percentile')
    expect(methods('admm', 'kl').method).toBe('kl')
    expect(methods('mse', 'max').reason).toBe('3 samples cannot tell max, mse apart (psnr-y/shave2/studio 34.000 dB); the worst layer is alike with max, mse (28.00 dB); max is the simplest of them.')
    expect(recommend([runOf('max', { ...same, worst: 27.9 }), runOf('mse', same), runOf('kl', { ...same, worst: 28.004 })])).toMatchObject({ method: 'kl', decidedBy: 'simplicity', alike: ['kl', 'mse'] })
  })

  it('leaves the layers out of it where a worse score is certain: only what is tied with the best counts', () => {
    const found = recommend([
      runOf('max', { scores: [34, 33, 32], worst: 60 }), runOf('mse', { scores: [35.2, 33.9, 33.3], worst: 28 }), runOf('kl', { scores: [35, 34, 33], worst: 29 }),
    ])
    expect(found).toMatchObject({ method: 'kl', tied: ['mse', 'kl'], lead: { method: 'max' } })
  })

  it('cannot tell anything from one sample', () => {
    expect(recommend([runOf('mse', { scores: [40] }), runOf('max', { scores: [10] })])).toMatchObject({ method: 'max', decidedBy: 'simplicity', tied: ['mse', 'max'] })
  })

  it('takes a picture equal to its reference for the best score there is, and pairs only samples with a number', () => {
    expect(recommend([runOf('mse', { scores: [40, 41] }), runOf('max', { scores: [null, null] })])).toMatchObject({ method: 'max', tied: ['max', 'mse'] })
    expect(recommend([runOf('mse', { scores: [40, null, 42, 39] }), runOf('max', { scores: [39, 50, 41.01, 38.01] })])).toMatchObject({ method: 'mse', decidedBy: 'score' })
  })

  it('refuses runs that were not measured alike, and none at all', async () => {
    const one = runOf('max', { scores: [1, 2] })
    for (const other of [runOf('mse', { scores: [1, 2], samples: 'cd' }), runOf('mse', { scores: [1, 2], protocol: 'sqnr/output' }), { ...one, model: { path: '', sha256: 'x', bytes: 1, parameters: 1, macsPerSample: 1 } }]) {
      expect((await faultOf(() => recommend([one, other]))).code).toBe('input.protocols-differ')
    }
    expect((await faultOf(() => recommend([]))).code).toBe('input.nothing-to-compare')
  })
})
