import { describe, expect, it } from 'vitest'
import { quietTask, type Progress, type Task } from '../../../main/core/task.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Tensor } from '../../../main/onnx/graph.ts'
import { float32, tensor } from '../../../main/onnx/tensor.ts'
import { quantizeOptions, type QuantizeWishes } from '../../../main/quantize/options.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { quantizePlanned } from '../../../main/quantize/quantize.ts'
import type { ThresholdSource } from '../../../main/quantize/scale-table.ts'
import { openSession, type SessionMode } from '../../../main/runtime/session.ts'
import { split, type Feeds } from '../../../main/tune/finetune/crops.ts'
import { finetune, type FinetuneSettings, type FinetuneSubject } from '../../../main/tune/finetune/finetune.ts'
import { decodeTuned, encodeTuned } from '../../../main/tune/finetune/tuned-file.ts'
import { graph, node, noise } from '../../fixtures/build-model.ts'

const SETTINGS: FinetuneSettings = { steps: 60, batch: 2, rate: 3e-3, scaleRate: 1e-2, holdBack: 0.25, every: 10, seed: 1, threads: 1 }

/** Half of the channels are four times smaller. */
const uneven = tensor('float32', [8, 3, 3, 3], float32(noise([8, 3, 3, 3], 2, 0.4)).map((value, at) => (at < 108 ? value : value / 4)))

/** Two layers and a residual; 4-bit weights leave much to gain. */
const small = graph({
  opset: 21,
  inputs: { x: [1, 3, 'H', 'W'] }, outputs: { y: null },
  initializers: { w1: uneven, b1: noise([8], 3, 0.2), w2: noise([3, 8, 3, 3], 4, 0.3), b2: noise([3], 5, 0.2) },
  nodes: [
    node('Conv', ['x', 'w1', 'b1'], ['c1'], { pads: [1, 1, 1, 1] }, 'first'), node('Relu', ['c1'], ['r1']),
    node('Conv', ['r1', 'w2', 'b2'], ['c2'], { pads: [1, 1, 1, 1] }, 'second'), node('Add', ['x', 'c2'], ['y']),
  ],
})

const crops: readonly Feeds[] = Array.from({ length: 12 }, (_, seed) => ({ x: noise([1, 3, 10, 9], 50 + seed) }))

async function outputsOf(bytes: Uint8Array, feeds: readonly Feeds[], mode: SessionMode): Promise<Float32Array[]> {
  const session = await openSession(bytes, { mode, threads: 1 })
  try {
    const results: Float32Array[] = []
    for (const one of feeds) results.push(float32((await session.run(one))['y']!).slice())
    return results
  } finally {
    await session.close()
  }
}

function subjectOf(wishes: QuantizeWishes = { weights: { type: 'int8', bits: 8 }, activations: { bits: 8 } }) {
  const options = quantizeOptions(wishes)
  const plan = planQuantization(small, options)
  const ranges: Record<string, readonly [number, number]> = { x: [-1, 1], r1: [0, 2.2], c2: [-1.5, 1.5], y: [-2.2, 2.2] }
  const thresholds: ThresholdSource = (name) => ({ lo: ranges[name]![0], hi: ranges[name]![1], method: 'max', why: 'given' })
  const quantized = quantizePlanned(small, plan, options, thresholds)
  const subject: FinetuneSubject = { float: encodeModel(small), workGraph: small, quantized, pictures: new Map() }
  return { subject, tunedModel: (tuned: Parameters<typeof quantizePlanned>[4]) => quantizePlanned(small, plan, options, thresholds, tuned) }
}

/** Mean over crops of the squared error over the mean square of the aim, over all of them. */
async function lossOf(model: Uint8Array, which: readonly number[]): Promise<number> {
  const float = await outputsOf(encodeModel(small), crops, 'reference')
  const power = float.reduce((sum, values) => sum + values.reduce((total, value) => total + value ** 2, 0), 0)
  const held = await outputsOf(model, which.map((crop) => crops[crop]!), 'simulated')
  const noisePower = held.reduce((sum, values, at) => sum + values.reduce((total, value, index) => total + (value - float[which[at]!]![index]!) ** 2, 0), 0)
  return (noisePower / which.length) / (power / crops.length)
}

const WIDE: QuantizeWishes = { weights: { bits: 4 }, activations: { bits: 8 } }

describe('fine-tuning', () => {
  it('comes nearer to the float model on samples it never saw, and says what the quantized model then does', async () => {
    const { subject, tunedModel } = subjectOf(WIDE)
    const { tuned, before, after, bestStep, history, crops: counts, parameters } = await finetune(subject, crops, SETTINGS, quietTask)
    const { held } = split(crops.length, SETTINGS.holdBack, SETTINGS.seed)
    expect(counts).toEqual({ train: 9, heldBack: 3 })
    // It falls to two thirds; what only shakes stays at 1.
    expect(after).toBeLessThan(before * 0.8)
    expect(history.find(({ step }) => step === bestStep)?.heldBack).toBe(after)
    expect(history.filter(({ heldBack }) => heldBack !== null).map(({ step }) => step)).toEqual([0, 10, 20, 30, 40, 50, 60])
    expect([...tuned.ranges.keys()].toSorted()).toEqual(['c2', 'r1', 'x', 'y'])
    expect(parameters).toBe(8 * 27 + 8 + 3 * 72 + 3 + tuned.ranges.size)
    // What training computed and what the written model computes are the same arithmetic: only the order of sums may differ.
    const result = tunedModel(tuned)
    expect(await lossOf(encodeModel(subject.quantized.graph), held)).toBeCloseTo(before, 6)
    expect((await lossOf(encodeModel(result.graph), held)) / after).toBeCloseTo(1, 3)
    for (const row of result.table.filter(({ kind }) => kind !== 'bias')) expect(row).toMatchObject({ method: 'finetune', reason: expect.stringContaining(`step ${bestStep} of 60`) as string })
  }, 30_000)

  it('gives the same bytes for the same input, and the file gives back the same values', async () => {
    const settings = { ...SETTINGS, steps: 10, every: 5 }
    const runs = [await finetune(subjectOf(WIDE).subject, crops, settings, quietTask), await finetune(subjectOf(WIDE).subject, crops, settings, quietTask)]
    const [first, second] = runs.map(({ tuned }) => encodeTuned(tuned)) as [Uint8Array, Uint8Array]
    expect(Buffer.compare(first, second)).toBe(0)
    const { subject: _subject, tunedModel } = subjectOf(WIDE)
    expect(Buffer.compare(encodeModel(tunedModel(decodeTuned(first, 'tuned.npz')).graph), encodeModel(tunedModel(runs[0]!.tuned).graph))).toBe(0)
    const other = await finetune(subjectOf(WIDE).subject, crops, { ...settings, seed: 2 }, quietTask)
    expect(Buffer.compare(encodeTuned(other.tuned), first)).not.toBe(0)
  }, 30_000)

  it('keeps the start where no step is better', async () => {
    const { subject, tunedModel } = subjectOf(WIDE)
    const { tuned, bestStep, before, after } = await finetune(subject, crops, { ...SETTINGS, steps: 4, every: 2, rate: 1, scaleRate: 1 }, quietTask)
    expect({ bestStep, same: before === after, ranges: tuned.ranges.size, constants: tuned.constants.size }).toEqual({ bestStep: 0, same: true, ranges: 0, constants: 0 })
    expect(Buffer.compare(encodeModel(tunedModel(decodeTuned(encodeTuned(tuned), 'tuned.npz')).graph), encodeModel(subject.quantized.graph))).toBe(0)
  })

  it('leaves scales alone at a rate of 0', async () => {
    const { subject, tunedModel } = subjectOf(WIDE)
    const { tuned } = await finetune(subject, crops, { ...SETTINGS, steps: 10, scaleRate: 0 }, quietTask)
    const scaleOf = (rows: typeof subject.quantized.table) => rows.filter(({ kind }) => kind !== 'bias').map(({ scale }) => scale)
    expect(scaleOf(tunedModel(tuned).table)).toEqual(scaleOf(subject.quantized.table))
  })

  it('groups of channels keep one scale each', async () => {
    const { subject } = subjectOf({ ...WIDE, weights: { bits: 4, granularity: 'group', groups: 2 } })
    const { tuned } = await finetune(subject, crops, { ...SETTINGS, steps: 10 }, quietTask)
    expect(new Set(tuned.weightScales.get('w1')).size).toBe(2)
    expect(tuned.weightScales.get('w1')).not.toEqual(subject.quantized.table.find((row) => row.tensor === 'w1')!.scale)
  })

  it('tells how far it is, and stops when it is asked to', async () => {
    const stop = new AbortController()
    const seen: Progress[] = []
    const task: Task = { signal: stop.signal, report: (progress) => {
      seen.push(progress)
      if (progress.done === 3) stop.abort()
    } }
    await expect(finetune(subjectOf(WIDE).subject, crops, SETTINGS, task)).rejects.toThrow(/abort/i)
    expect(seen.filter(({ total }) => total > 0).map(({ stage, done, total, unit }) => ({ stage, done, total, unit }))).toEqual([1, 2, 3].map((done) => ({ stage: 'finetune', done, total: 60, unit: 'steps' })))
  })

  it('refuses a file of another graph', () => {
    const { tunedModel } = subjectOf(WIDE)
    const values: Tensor = tensor('float32', [2], Float32Array.of(1, 2))
    expect(() => tunedModel({ constants: new Map([['w1', values]]), weightScales: new Map(), ranges: new Map(), why: '' })).toThrow(expect.objectContaining({ code: 'input.tuned', where: 'w1' }))
  })
})
