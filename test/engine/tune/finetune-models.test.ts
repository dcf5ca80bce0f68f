import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import { finetuneJob } from '../../../main/engine/jobs/finetune.ts'
import { observeJob } from '../../../main/engine/jobs/observe.ts'
import { recipeFromText } from '../../../main/recipe/read-recipe.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

warnWithoutSharedData('fine-tuning of a detector with a tail of Softmax and of one with boxes decoded in the graph')

/** Detectors whose gradients go through MaxPool, AveragePool, Gather, Slice, Exp, Softmax, Concat and Resize. */
const MODELS = [
  ['FastestDet', 'color: bgr, range: [0, 1], resize: { mode: stretch, size: [352, 352] }'],
  ['ultraface_slim_320', 'mean: [127, 127, 127], scale: [0.0078125, 0.0078125, 0.0078125], resize: { mode: stretch, size: [240, 320] }'],
] as const

describe.skipIf(!hasSharedData)('fine-tuning of nets that are no super-resolution', () => {
  it.each(MODELS)('passes %s whole', async (model, preprocess) => {
    const folder = temporaryFolder()
    const recipe = recipeFromText(`
model: models/${model}.onnx
samples: { calibration: { path: images/coco48/images, count: 2, preprocess: { ${preprocess} } } }
quantize: { finetune: { steps: 2, batch: 1, every: 2, holdBack: 0.5, rate: 1.0e-5 } }
`, sharedData)
    const statistics = join(folder, 'seen.bin')
    await observeJob({ recipe, threads: 2, statistics }, quietTask)
    const [out, curve] = [join(folder, 'tuned.npz'), join(folder, 'losses.csv')]
    const { before, after, history, parameters } = await finetuneJob({ recipe, threads: 2, statistics, out, curve }, quietTask)
    expect(parameters).toBeGreaterThan(100_000)
    // Both steps train on the same picture: behind the first one its loss is smaller, so the gradient of the whole net points uphill.
    expect(history.map(({ step }) => step)).toEqual([0, 1, 2])
    expect(history[2]!.train).toBeLessThan(history[1]!.train!)
    expect(after).toBeLessThanOrEqual(before)
  }, 120_000)
})
