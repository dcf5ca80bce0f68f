import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { roundHalfEven } from '../../../main/core/round.ts'
import type { Artifact, Run } from '../../../main/core/run.ts'
import { quietTask, type Progress } from '../../../main/core/task.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { float32 } from '../../../main/onnx/tensor.ts'
import { decodeTuned } from '../../../main/tune/finetune/tuned-file.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const artifact = (run: Run, role: string): Artifact => run.artifacts!.find((one) => one.role === role)!

describe('quantize.finetune in a recipe', () => {
  const folder = temporaryFolder()
  let app: App
  beforeAll(async () => {
    app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder })
  })
  afterAll(() => app.close())

  // 4-bit weights leave so much to gain that six steps show.
  const SHORT = ['quantize.weights.bits=4', 'samples.calibration.count=3', 'quantize.finetune.steps=6', 'quantize.finetune.every=2', 'quantize.finetune.rate=1e-3', 'quantize.finetune.crop=32', 'quantize.finetune.batch=1']

  it('tunes between observing and quantizing, and records values, losses and what happened', async () => {
    const progress: Progress[] = []
    const run = await app.run({ recipe: await smallRecipe(...SHORT) }, { ...quietTask, report: (one) => progress.push(one) })
    const stages = [...new Set(progress.map(({ stage }) => stage))]
    expect(stages.filter((stage) => stage === 'observe' || stage === 'finetune' || stage === 'quantize')).toEqual(['observe', 'finetune', 'quantize'])
    expect(progress.filter(({ stage, total }) => stage === 'finetune' && total > 0).at(-1)).toMatchObject({ done: 6, total: 6, unit: 'steps' })
    const note = run.notes!.find((one) => one.startsWith('Fine-tun'))
    expect(note).toMatch(/^Fine-tuned \(weights, biases and scales are other ones now\): \d+ values on 2 samples, without labels; step \d of 6 was best on 1 held-back samples?, where the squared error against the float model changed by -\d+\.\d\d dB\.$/)
    const lines = (await readFile(artifact(run, 'tuning-losses').path, 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(8)
    expect(lines[0]).toBe('step,train,held_back')
    expect(lines[1]).toMatch(/^0,,\d/)
    const tuned = decodeTuned(await readFile(artifact(run, 'tuned-values').path), 'tuned.npz')
    const rows = run.scales!.filter(({ method }) => method === 'finetune')
    expect(rows.map(({ tensor }) => tensor).toSorted()).toEqual(expect.arrayContaining([...tuned.weightScales.keys()]) as string[])
    expect(rows.find(({ kind }) => kind === 'activation')?.reason).toContain('held-back samples')
    expect(run.stageSeconds!['finetune']).toBeGreaterThan(0)

    const again = await app.quantize({ recipe: await smallRecipe(...SHORT) }, quietTask)
    expect(artifact(again, 'quantized-model').sha256).toBe(artifact(run, 'quantized-model').sha256)
    expect(artifact(again, 'tuned-values').sha256).toBe(artifact(run, 'tuned-values').sha256)
  }, 60_000)

  it('goes into a bundle: the float model holds the weights that the scales were tuned with, and their codes are those of the quantized one', async () => {
    const { run: id } = (await app.runs.list({ verb: 'run', status: 'done' }))[0]!
    const run = await app.runs.show(id)
    const out = join(folder, 'bundle')
    const { bundle } = await app.exportBundle({ run: id, board: 'ort-cpu', out, force: true }, quietTask)
    expect(bundle.coverage.matched).toBe(bundle.coverage.rows)
    const [float, quantized] = await Promise.all(['model/model.onnx', 'model/model.qdq.onnx'].map(async (path) => (await readModel(join(out, path))).graph)) as [Graph, Graph]
    const tuned = decodeTuned(await readFile(artifact(run, 'tuned-values').path), 'tuned.npz')
    expect(tuned.weightScales.size).toBeGreaterThan(2)
    for (const [name, value] of tuned.constants) expect(float.initializers.get(name)?.data, name).toEqual(value.data)
    for (const row of run.scales!.filter(({ kind }) => kind === 'weight')) {
      const [values, coded] = [float.initializers.get(row.tensor)!, quantized.nodes.find(({ op, outputs }) => op === 'DequantizeLinear' && outputs[0]!.startsWith(row.tensor))!]
      const codes = quantized.initializers.get(coded.inputs[0]!)!
      const inner = (values.data.length as number) / row.scale.length
      expect(Array.from(codes.data as ArrayLike<number>), row.tensor).toEqual(Array.from(float32(values), (value, index) => Math.max(-8, Math.min(7, roundHalfEven(value / row.scale[row.axis === 0 ? Math.floor(index / inner) : 0]!)))))
    }
    expect((await app.verifyBundle({ bundle: out }, quietTask)).passed).toBe(true)
    await rm(artifact(run, 'tuned-values').path)
    await expect(app.exportBundle({ run: id, board: 'ort-cpu', out, force: true }, quietTask)).rejects.toMatchObject({ code: 'input.no-artifact', where: artifact(run, 'tuned-values').path })
  }, 60_000)

  it('needs samples, not only statistics', async () => {
    const { statistics } = await app.calibrate({ recipe: await smallRecipe('samples.calibration.count=3'), out: join(folder, 'seen.statistics') }, quietTask)
    const recipe = await smallRecipe(...SHORT)
    const { calibration: _calibration, ...samples } = recipe.samples
    await expect(app.quantize({ recipe: { ...recipe, samples }, statistics }, quietTask)).rejects.toMatchObject({ code: 'recipe.no-samples', what: expect.stringContaining('fine-tuning') as string })
  }, 60_000)
})
