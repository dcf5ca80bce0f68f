import { describe, expect, it } from 'vitest'
import { diffRuns } from '../../main/store/diff-runs.ts'
import type { Run } from '../../main/core/run.ts'
import { layerError, sampleEnvironment, sampleRun, scaleRow } from '../fixtures/sample-run.ts'

const a = sampleRun({ run: '01A', parent: null, verb: 'run', status: 'done', created: '2026-01-01T00:00:00.000Z', seconds: 1, environment: sampleEnvironment }, 3)

describe('diff', () => {
  it('of equal runs is empty, unless all is asked for', () => {
    const b: Run = { ...a, run: '01B', created: '2026-01-02T00:00:00.000Z', seconds: 9 }
    expect(diffRuns(a, b)).toEqual({ a: '01A', b: '01B', facts: [], recipe: [], metrics: [], scales: [], layers: [], findings: [] })
    const all = diffRuns(a, b, { all: true })
    expect(all.scales).toHaveLength(3)
    expect(all.layers).toHaveLength(3)
    expect(all.metrics.length).toBeGreaterThan(0)
  })

  it('shows scales tensor by tensor with their change', () => {
    const b: Run = { ...a, run: '01B', scales: [scaleRow('r0'), scaleRow('r1', { scale: [0.2], hi: 51, method: 'mse' }), scaleRow('new')] }
    expect(diffRuns(a, b).scales).toMatchObject([
      { tensor: 'r1', fields: ['scale', 'hi', 'method'], scaleChange: expect.closeTo(1, 12), loDelta: 0, hiDelta: 25.5 },
      { tensor: 'r2', a: scaleRow('r2'), b: null, scaleChange: null },
      { tensor: 'new', a: null, b: scaleRow('new') },
    ])
  })

  it('takes the channel that changed most', () => {
    const channels = (scale: number[]) => ({ ...a, scales: [scaleRow('w', { kind: 'weight', granularity: 'channel', axis: 0, scale })] })
    expect(diffRuns(channels([1, 2, 4]), channels([1.1, 1, 4])).scales[0]!.scaleChange).toBe(-0.5)
    expect(diffRuns(channels([1, 2, 4]), channels([1])).scales[0]!.scaleChange).toBeNull()
  })

  it('shows layers, recipe keys and facts that differ', () => {
    const b: Run = {
      ...a,
      run: '01B',
      layers: [layerError('r0', { sqnrDb: 42.1 }), layerError('r1'), layerError('r2')],
      recipe: { model: 'net.onnx', quantize: { activations: { bits: 16, method: 'mse' } }, gates: { psnr_y_drop_db: 0.1 } },
      environment: { ...sampleEnvironment, threads: 1 },
    }
    const diff = diffRuns(a, b)
    expect(diff.layers).toMatchObject([{ tensor: 'r0', sqnrDelta: expect.closeTo(2, 9), cosineDelta: 0 }])
    expect(diff.recipe).toEqual([
      { key: 'quantize.activations.bits', a: 8, b: 16 },
      { key: 'gates.psnr_y_drop_db', a: undefined, b: 0.1 },
    ])
    expect(diff.facts).toEqual([{ key: 'environment.threads', a: 2, b: 1 }])
  })

  it('never compares numbers of different protocols', () => {
    const b: Run = { ...a, run: '01B', quality: { ...a.quality!, protocol: 'psnr-y/shave4/studio', others: a.quality!.others } }
    const { metrics } = diffRuns(a, b)
    expect(metrics.length).toBeGreaterThan(0)
    expect(metrics.every((metric) => metric.delta === null)).toBe(true)
  })

  it('gives the difference of numbers of one protocol', () => {
    const b: Run = { ...a, run: '01B', quality: { ...a.quality!, simulated: 33.5 } }
    expect(diffRuns(a, b).metrics).toEqual([{ protocol: 'psnr-y/shave3/studio', version: 'simulated', sample: '', a: 33.25, b: 33.5, delta: 0.25 }])
  })
})
