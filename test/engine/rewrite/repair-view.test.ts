import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bundledSample } from '../../../main/app/demo.ts'
import { quietTask } from '../../../main/core/task.ts'
import { measuredRepairs } from '../../../main/engine/jobs/measured-repairs.ts'
import { repairViewJob, type RepairView } from '../../../main/engine/jobs/repair-view.ts'
import { rewriteWith } from '../../../main/engine/jobs/rewrite.ts'
import { openPart } from '../../../main/engine/jobs/workpiece.ts'
import { recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const troubled = join(bundledSample(), 'models/troubled_x2.onnx')
const clip = [{ rewrite: 'hoist-mean', options: { to: 'preprocess' } }, { rewrite: 'insert-clip', options: {} }]

const bytesThatDiffer = ({ pictures: { before, after } }: RepairView): number => before.rgb.filter((level, at) => level !== after.rgb[at]).length

describe('the clip that the troubled sample lacks', () => {
  it('changes values beyond black and white alone: no byte that a screen shows, and no score', async () => {
    const recipe = { ...(await smallRecipe()), model: troubled }
    const view = await repairViewJob({ recipe, wishes: clip, threads: 1, step: 1, sample: 0 })
    expect(view).toMatchObject({ rewrite: 'insert-clip', samples: 1, part: 'evaluation', protocol: 'psnr-y/shave2/studio' })
    expect(view.changedPercent).toBeGreaterThan(0)
    expect(view.largest).toBeGreaterThan(1)
    expect(view.scores.after).toBe(view.scores.before)
    expect(bytesThatDiffer(view)).toBe(0)
    expect(view.pictures.difference.rgb.some((level) => level > 100)).toBe(true)
    expect(view.pictures.reference).toMatchObject({ width: 256, height: 256 })
    expect(view.tile.width).toBe(48)

    // The same numbers as what a run measures of one sample.
    const { piece, result } = await rewriteWith({ recipe, wishes: clip }, quietTask)
    const { repairs: [measure] } = await measuredRepairs(result.steps, await openPart(piece, recipe, 'evaluation', quietTask), recipe, 1, quietTask)
    expect(measure!.perSample).toEqual([{ sample: view.sample, ...view.scores }])
    expect(measure!.changedPercent).toBe(view.changedPercent)
  })

  it('is refused for a step that is none, a sample that is not there, and without samples', async () => {
    const recipe = { ...(await smallRecipe()), model: troubled }
    const ask = (change: object) => faultOf(() => repairViewJob({ recipe, wishes: clip, threads: 1, step: 1, sample: 0, ...change }))
    expect(await ask({ step: 0 })).toMatchObject({ code: 'input.no-repair' })
    expect(await ask({ step: 9 })).toMatchObject({ code: 'input.no-repair' })
    expect(await ask({ sample: 1 })).toMatchObject({ code: 'input.unknown-sample' })
    expect(await ask({ recipe: recipeFromOptions(troubled, {}, bundledSample()) })).toMatchObject({ code: 'recipe.no-samples' })
  })

  it('is shown without scores on calibration samples, which have no references', async () => {
    const { evaluation: _none, ...samples } = (await smallRecipe()).samples
    const view = await repairViewJob({ recipe: { ...(await smallRecipe()), model: troubled, samples }, wishes: clip, threads: 1, step: 1, sample: 0 })
    expect(view).toMatchObject({ part: 'calibration', protocol: null, scores: { before: null, after: null } })
    expect(view.pictures.reference).toBeUndefined()
  })
})

warnWithoutSharedData('the repair of mixed anchor colours on Set5')

describe.skipIf(!hasSharedData)('mixed anchor colours (P04)', () => {
  it('put right cost this network seven decibels: the measurement says to leave it', async () => {
    const set5 = join(sharedData, 'images/Set5/image_SRF_4')
    const recipe = recipeFromOptions(join(sharedData, 'models/abpn_retrain_x4_120x160.onnx'), { evaluation: set5 }, sharedData)
    const view = await repairViewJob({ recipe, wishes: [{ rewrite: 'unmix-anchor', options: {} }], threads: 2, step: 0, sample: 0 })
    expect(view.samples).toBe(5)
    expect(bytesThatDiffer(view)).toBeGreaterThan(1000)
    expect(view.scores.before!).toBeGreaterThan(25)
    expect(view.scores.after! - view.scores.before!).toBeLessThan(-1)
  }, 60_000)
})
