import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { bundledSample } from '../../../main/app/demo.ts'
import { sha256 } from '../../../main/core/hash.ts'
import type { Artifact, Run } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import { recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { floats, model, node, noise } from '../../fixtures/build-model.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const sample = bundledSample()
const apps: App[] = []
afterAll(() => Promise.all(apps.map((app) => app.close())))

async function open(name: string): Promise<App> {
  const app = await openApp({ workspace: join(folder, name), cwd: folder })
  apps.push(app)
  return app
}

const artifact = (run: Run, role: string): Artifact => run.artifacts!.find((one) => one.role === role)!
const artifactBytes = (run: Run, role: string) => readFile(artifact(run, role).path)

describe('the same recipe again', () => {
  let app: App
  let first: Run
  beforeAll(async () => {
    app = await open('again')
    first = await app.run({ recipe: await smallRecipe() }, quietTask)
  })

  it('takes the Statistics of the first run and gives the same scale table and the same bytes', async () => {
    const second = await app.run({ recipe: await smallRecipe() }, quietTask)
    expect([first.status, second.status]).toEqual(['done', 'done'])
    expect(first.calibration!.statisticsFrom).toBeUndefined()
    expect(second.calibration!.statisticsFrom).toBe(first.run)
    expect(first.scales!.length).toBeGreaterThan(10)
    expect(second.scales).toEqual(first.scales)
    expect(artifact(second, 'quantized-model').sha256).toBe(artifact(first, 'quantized-model').sha256)
    expect(sha256(await artifactBytes(second, 'quantized-model'))).toBe(artifact(first, 'quantized-model').sha256)
    expect(second.quality).toEqual(first.quality)
  })

  it('gives the same bytes in another workspace, where nothing is known yet', async () => {
    const other = await (await open('elsewhere')).run({ recipe: await smallRecipe() }, quietTask)
    expect(other.calibration!.statisticsFrom).toBeUndefined()
    expect(other.scales).toEqual(first.scales)
    for (const role of ['quantized-model', 'statistics']) expect(artifact(other, role).sha256, role).toBe(artifact(first, role).sha256)
  })

  it('is recorded as it was run: what was guessed is part of it, and the recorded recipe gives the same bytes', async () => {
    const recorded = await app.runs.show(first.run)
    expect(recorded).toMatchObject({ status: 'done', verb: 'run', recipe: first.recipe, scales: first.scales, quality: first.quality })
    const again = await app.run({ recipe: recorded.recipe as Awaited<ReturnType<typeof smallRecipe>> }, quietTask)
    expect(again.calibration!.statisticsFrom).toBe(first.run)
    expect(artifact(again, 'quantized-model').sha256).toBe(artifact(first, 'quantized-model').sha256)
  })

  it.each([
    ['preprocessing', ['samples.calibration.preprocess.crop={mode: center, size: [64, 64]}']],
    ['seed', ['samples.calibration.seed=5']],
    ['number of values', ['calibration.valuesPerTensor=5000']],
    ['model', [`model=${join(sample, 'models/residual_image_x2.onnx')}`]],
  ])('with another %s does not take Statistics that were made for something else', async (_what, set) => {
    const changed = await app.calibrate({ recipe: await smallRecipe(...set) }, quietTask)
    expect(changed.status).toBe('done')
    expect(changed.calibration!.statisticsFrom).toBeUndefined()
    const known = await app.calibrate({ recipe: await smallRecipe(...set) }, quietTask)
    expect(known.calibration!.statisticsFrom).toBe(changed.run)
  })

  it('with another method or threads takes them: neither changes what was seen', async () => {
    const run = await app.quantize({ recipe: await smallRecipe('quantize.activations.method=max', 'threads=2') }, quietTask)
    expect(run.calibration!.statisticsFrom).toBe(first.run)
    expect(run.scales).not.toEqual(first.scales)
  })

  it('computes Statistics again when their file was damaged', async () => {
    const own = await open('damaged')
    const recipe = await smallRecipe()
    const whole = await own.calibrate({ recipe }, quietTask)
    await writeFile(artifact(whole, 'statistics').path, 'not what it was')
    const again = await own.calibrate({ recipe }, quietTask)
    expect(again.calibration!.statisticsFrom).toBeUndefined()
    expect(artifact(again, 'statistics').sha256).toBe(artifact(whole, 'statistics').sha256)
    expect(sha256(await artifactBytes(again, 'statistics'))).toBe(artifact(whole, 'statistics').sha256)
  })

  it('quantized from a Statistics file equals the quantization that looked at the samples itself', async () => {
    const own = await open('from-file')
    const recipe = await smallRecipe()
    const [statistics, out] = [join(folder, 'seen.statistics'), join(folder, 'from-file.onnx')]
    const seen = await own.calibrate({ recipe, out: statistics }, quietTask)
    expect(seen.statistics).toBe(statistics)
    expect((await readFile(statistics)).equals(await artifactBytes(first, 'statistics'))).toBe(true)
    const run = await own.quantize({ recipe, statistics, out }, quietTask)
    expect(run.calibration).toBeUndefined()
    expect(run.scales).toEqual(first.scales)
    expect((await readFile(out)).equals(await artifactBytes(first, 'quantized-model'))).toBe(true)
  })
})

describe('a rewrite on the way', () => {
  it('is proved and recorded: BatchNormalization behind a convolution', async () => {
    const path = join(folder, 'batch-norm.onnx')
    await writeFile(path, model({
      inputs: { input: ['n', 3, 'height', 'width'] },
      outputs: { output: ['n', 3, 'height', 'width'] },
      nodes: [
        node('Conv', ['input', 'w0'], ['c0'], { pads: [1, 1, 1, 1] }, 'head'),
        node('BatchNormalization', ['c0', 'scale', 'shift', 'mean', 'variance'], ['b0'], {}, 'norm'),
        node('Relu', ['b0'], ['r0'], {}, 'relu'),
        node('Conv', ['r0', 'w1'], ['output'], { pads: [1, 1, 1, 1] }, 'tail'),
      ],
      initializers: {
        w0: noise([4, 3, 3, 3], 1, 0.3), w1: noise([3, 4, 3, 3], 2, 0.3),
        scale: floats([4], [0.5, 1, 1.5, 2]), shift: floats([4], [1, -1, 0.5, 0]), mean: floats([4], [10, -3, 0, 4]), variance: floats([4], [4, 1, 2, 9]),
      },
    }))
    const options = { samples: join(sample, 'calibration'), threads: 1, set: ['samples.calibration.count=2', 'samples.evaluation.count=1', 'compare.layers=none', 'compare.latency=false', 'compare.operators=false'] }
    const run = await (await open('folded')).run({ recipe: recipeFromOptions(path, options) }, quietTask)
    expect(run.proofs).toEqual([{
      rewrite: 'fold-affine', nodes: ['norm'], verdict: expect.stringMatching(/^(exact|within tolerance)$/), maxAbs: expect.any(Number), inputs: 2, borders: true,
      relative: expect.any(Number), ulp: expect.any(Number), edgeMaxAbs: expect.any(Number), worst: expect.objectContaining({ output: 'output', what: '' }),
      tried: expect.any(Array), outputs: [expect.objectContaining({ output: 'output' })],
    }])
    expect(run.notes).toContainEqual('Folded into convolutions: norm into head.')
    const off = await (await open('not-folded')).run({ recipe: recipeFromOptions(path, { ...options, set: [...options.set, 'quantize.fold=off'] }) }, quietTask)
    expect(off.proofs ?? []).toEqual([])
  })

  warnWithoutSharedData('an fp16 model on the whole way')
  it.skipIf(!hasSharedData)('is proved and recorded: an fp16 model taken in as float32', async () => {
    const recipe = recipeFromOptions(join(sharedData, 'models/squeezenet_fp16.onnx'), {
      samples: join(sharedData, 'images/imagenet50'), threads: 2,
      set: ['samples.calibration.count=4', 'samples.evaluation.count=4', 'compare.layers=none', 'compare.latency=false', 'compare.operators=false'],
    })
    const run = await (await open('half')).run({ recipe }, quietTask)
    expect(run.proofs).toContainEqual(expect.objectContaining({ rewrite: 'fp16-to-float', verdict: expect.stringMatching(/^(exact|within tolerance)$/), inputs: 1 }))
    expect(run.notes!.join('\n')).toMatch(/float16|fp16/i)
    expect(run.samples).toMatchObject({ calibration: { count: 4 }, evaluation: { count: 4 } })
    // Measured 24.0 dB over 1000 class scores, 22.6 the worst picture; half of that in dB would mean a wrong copy, not rounding.
    expect(run.quality!.simulated).toBeGreaterThan(12)
  })
})
