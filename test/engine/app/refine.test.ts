import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import type { Artifact, Run } from '../../../main/core/run.ts'
import { quietTask, type Progress } from '../../../main/core/task.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const model = (run: Run): Artifact => run.artifacts!.find(({ role }) => role === 'quantized-model')!

describe('what looks at samples again, in a recipe', () => {
  const folder = temporaryFolder()
  let app: App
  beforeAll(async () => {
    app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder })
  })
  afterAll(() => app.close())

  // 4-bit weights leave so much to gain that four pictures show it.
  const FOUR = ['quantize.weights.bits=4', 'samples.calibration.count=4', 'samples.calibration.preprocess.crop.mode=center', 'samples.calibration.preprocess.crop.size=[32, 32]']
  const ALL = [...FOUR, 'quantize.weights.scale=search', 'quantize.weights.rounding=adaround', 'quantize.bias.correction=empirical']

  it('changes codes, says layer by layer what was gained, and gives the same bytes again', async () => {
    const progress: Progress[] = []
    const plain = await app.quantize({ recipe: await smallRecipe(...FOUR) }, quietTask)
    const run = await app.quantize({ recipe: await smallRecipe(...ALL) }, { ...quietTask, report: (one) => progress.push(one) })
    const steps = progress.filter(({ stage }) => stage === 'refine')
    expect(steps.at(-1)).toMatchObject({ done: steps.at(-1)!.total, unit: 'pictures' })
    expect(model(run).sha256).not.toBe(model(plain).sha256)
    expect(run.notes).toContainEqual(expect.stringMatching(/^Weight scales by search: [\d.]+ % less noise at the outputs on held-out samples \(1\)\.$/))
    expect(run.notes).toContainEqual(expect.stringMatching(/^Weights rounded by output error: [\d.]+ % less noise at the outputs/))
    expect(run.notes!.filter((note) => note.startsWith('Bias correction (empirical)')).length).toBeGreaterThan(0)
    expect(run.scales!.filter(({ kind, reason }) => kind === 'weight' && reason.includes('rounded by the error')).length).toBeGreaterThan(0)
    const again = await app.quantize({ recipe: await smallRecipe(...ALL) }, quietTask)
    expect(model(again).sha256).toBe(model(run).sha256)
  }, 120_000)

  it('needs samples, not only statistics, and names the key that does', async () => {
    const { statistics } = await app.calibrate({ recipe: await smallRecipe('samples.calibration.count=3'), out: join(folder, 'seen.statistics') }, quietTask)
    const without = async (...set: string[]) => {
      const recipe = await smallRecipe(...set)
      const { calibration: _calibration, ...samples } = recipe.samples
      return app.quantize({ recipe: { ...recipe, samples }, statistics }, quietTask)
    }
    await expect(without('quantize.weights.rounding=adaround')).rejects.toMatchObject({ code: 'recipe.no-samples', what: expect.stringContaining('quantize.weights.rounding=adaround') as string })
    const analytic = await without('quantize.bias.correction=analytic')
    expect(analytic.notes).toContainEqual('Bias correction (analytic): not measured, because the recipe names no calibration samples.')
  }, 120_000)
})
