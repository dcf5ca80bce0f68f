import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { bundledSample } from '../../../main/app/demo.ts'
import { parseProtocol, pictureQuality, type PictureProtocol } from '../../../main/compare/protocol.ts'
import type { Run } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import { pictureListJob, picturesJob, thumbnailJob, thumbnailOf, vectorsJob, type RawPicture, type ViewedRun } from '../../../main/engine/jobs/pictures.ts'
import type { Recipe } from '../../../main/recipe/recipe.ts'
import type { Picture } from '../../../main/samples/sample.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { classifierRecipe } from '../../fixtures/tiny-classifier.ts'

const asPicture = ({ width, height, channels, data }: RawPicture): Picture => ({ width, height, color: channels === 3 ? 'rgb' : 'y', data })
const VERSIONS = ['float', 'simulated', 'fused'] as const

describe('what a screen looks at', () => {
  const folder = temporaryFolder()
  let app: App
  const viewed = (run: Run): ViewedRun => ({ recipe: run.recipe as Recipe, threads: 1, quantized: run.artifacts!.find(({ role }) => role === 'quantized-model')!.path })
  let run: Run
  let coarse: Run
  let classes: Run
  beforeAll(async () => {
    await cp(join(bundledSample(), 'evaluation'), join(folder, 'evaluation'), { recursive: true })
    app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder, threads: 1 })
    const evaluation = [`samples.evaluation.path=${join(folder, 'evaluation')}`, 'samples.evaluation.count=2']
    run = await app.run({ recipe: await smallRecipe(...evaluation) }, quietTask)
    coarse = await app.run({ recipe: await smallRecipe(...evaluation, 'quantize.activations.method=percentile') }, quietTask)
    classes = await app.run({ recipe: await classifierRecipe(folder, 3) }, quietTask)
  })
  afterAll(() => app.close())

  it('are the samples that the run was compared on', async () => {
    const { quality } = run
    expect(await pictureListJob(viewed(run))).toEqual({ kind: 'picture', part: 'evaluation', samples: quality!.perSample.map(({ sample }) => sample) })
    expect(await pictureListJob(viewed(classes))).toMatchObject({ kind: 'vector', part: 'evaluation', samples: classes.quality!.perSample.map(({ sample }) => sample) })
  })

  it('are pictures whose quality is what the run recorded', async () => {
    const protocol = parseProtocol(run.quality!.protocol) as PictureProtocol
    for (const [sample, scores] of run.quality!.perSample.entries()) {
      const { pictures, sample: name } = await picturesJob({ ...viewed(run), sample })
      expect(name).toBe(scores.sample)
      for (const version of VERSIONS) {
        const measured = pictureQuality(protocol, asPicture(pictures[version]!), asPicture(pictures.reference!))
        expect(Math.abs(measured - scores[version]!), `${name} ${version}`).toBeLessThan(1e-9)
      }
      const bicubic = pictureQuality(protocol, asPicture(pictures.bicubic!), asPicture(pictures.reference!))
      expect(bicubic).toBeGreaterThan(15)
      expect(bicubic).toBeLessThan(scores.float!)
    }
  })

  it('are raw levels whose codes are whole numbers', async () => {
    const { pictures, codes } = await picturesJob({ ...viewed(run), sample: 0 })
    expect(codes).not.toBeNull()
    const { data } = pictures.simulated!
    let between = 0
    for (const level of data) {
      const code = level / codes!.step + codes!.zeroPoint
      if (Math.abs(code - Math.round(code)) > 1e-3 || Math.round(code) < 0 || Math.round(code) > 255) between += 1
    }
    expect(between).toBe(0)
    expect(pictures.float!.data.some((level) => !Number.isInteger(level))).toBe(true)
  })

  it('of two runs in turn are those of each', async () => {
    const first = await picturesJob({ ...viewed(run), sample: 1 })
    const other = await picturesJob({ ...viewed(coarse), sample: 1 })
    const again = await picturesJob({ ...viewed(run), sample: 1 })
    await pictureListJob(viewed(classes))
    const reopened = await picturesJob({ ...viewed(coarse), sample: 1 })
    expect(again.pictures.simulated!.data).toEqual(first.pictures.simulated!.data)
    expect(reopened.pictures.simulated!.data).toEqual(other.pictures.simulated!.data)
    expect(other.pictures.float!.data).toEqual(first.pictures.float!.data)
    expect(other.pictures.simulated!.data).not.toEqual(first.pictures.simulated!.data)
  })

  it('are vectors, with how far each version is from float', async () => {
    const { outputs, sample } = await vectorsJob({ ...viewed(classes), sample: 2 })
    expect(outputs).toHaveLength(1)
    const [{ name, dims, float, simulated, cosine, sqnrDb, sameTop }] = outputs as [(typeof outputs)[number]]
    expect([name, dims, float.length]).toEqual(['scores', [1, 12], 12])
    const sum = (value: (index: number) => number): number => Array.from(float, (_, index) => value(index)).reduce((a, b) => a + b, 0)
    const power = sum((i) => float[i]! ** 2)
    expect(cosine.simulated).toBeCloseTo(sum((i) => float[i]! * simulated[i]!) / Math.sqrt(power * sum((i) => simulated[i]! ** 2)), 12)
    expect(sqnrDb.simulated).toBeCloseTo(10 * Math.log10(power / sum((i) => (simulated[i]! - float[i]!) ** 2)), 10)
    expect(sqnrDb.simulated).toBeCloseTo(classes.quality!.perSample.find((each) => each.sample === sample)!.simulated!, 6)
    const top = (values: Float32Array): number => values.indexOf(Math.max(...values))
    expect(sameTop.simulated).toBe(top(float) === top(simulated))
    await expect(picturesJob({ ...viewed(classes), sample: 0 })).rejects.toMatchObject({ code: 'model.no-picture', where: 'scores' })
  })

  it('are small pictures of the input', async () => {
    const { width, height, rgb } = await thumbnailJob({ ...viewed(run), sample: 0, side: 48 })
    expect(Math.max(width, height)).toBe(48)
    expect(rgb).toHaveLength(width * height * 3)
    expect(new Set(rgb).size).toBeGreaterThan(20)
    const data = Float32Array.from({ length: 8 }, (_, index) => (index < 4 ? -20 : 300))
    expect(thumbnailOf({ width: 4, height: 2, color: 'y', data }, 16)).toEqual({ width: 4, height: 2, rgb: Uint8Array.from({ length: 24 }, (_, index) => (index < 12 ? 0 : 255)) })
    expect(thumbnailOf({ width: 4, height: 2, color: 'y', data: Float32Array.from([0, 0, 100, 100, 0, 0, 200, 200]) }, 2)).toEqual({ width: 2, height: 1, rgb: Uint8Array.of(0, 0, 0, 150, 150, 150) })
  })

  it('that a run does not have are refused with the numbers that it has', async () => {
    await expect(picturesJob({ ...viewed(run), sample: 2 })).rejects.toMatchObject({ code: 'input.unknown-sample', next: 'Give a number from 0 to 1.' })
  })

  it('are none where a model is not the one that the run was made with', async () => {
    const quantized = run.artifacts!.find(({ role }) => role === 'quantized-model')!.sha256
    const known = { model: run.model!.sha256, quantized }
    expect((await picturesJob({ ...viewed(run), known, sample: 0 })).sample).toBe(run.quality!.perSample[0]!.sample)
    await expect(picturesJob({ ...viewed(run), known: { ...known, model: '0'.repeat(64) }, sample: 0 })).rejects.toMatchObject({ code: 'model.changed', where: run.model!.path })
    await expect(pictureListJob({ ...viewed(run), known: { ...known, quantized: '0'.repeat(64) } })).rejects.toMatchObject({ code: 'model.changed' })
  })

  it('that were moved away are a fault that says which', async () => {
    // A copy of the recipe that nobody has opened yet: sessions of one that was stay as they are.
    const moved = { ...viewed(run), threads: 2 }
    await rename(join(folder, 'evaluation'), join(folder, 'elsewhere'))
    await expect(pictureListJob(moved)).rejects.toMatchObject({ code: expect.stringMatching(/^(samples|input)\./), next: expect.any(String) })
    await rm(join(folder, 'elsewhere'), { recursive: true })
    await expect(picturesJob({ ...viewed(run), sample: 0 })).rejects.toMatchObject({ code: expect.stringMatching(/^(samples|input)\./) })
  })
})
