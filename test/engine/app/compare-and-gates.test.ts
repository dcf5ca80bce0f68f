import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import type { Run } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const folder = temporaryFolder()
const out = join(folder, 'quantized.onnx')
let app: App
let base: Run
beforeAll(async () => {
  app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder })
  base = await app.run({ recipe: await smallRecipe(), out }, quietTask)
})
afterAll(() => app.close())

/** Float minus simulated, dB: what the gate of the drop measures. */
const drop = (run: Run): number => run.quality!.float! - run.quality!.simulated!

describe('compare', () => {
  it('of two files measures what the run that made them measured', async () => {
    const recipe = await smallRecipe('gates={psnr_y_drop_db: 5}')
    const run = await app.compare({ a: recipe.model, b: out, recipe }, quietTask)
    expect(run).toMatchObject({ verb: 'compare', status: 'done', parent: null, size: base.size, gates: [{ rule: 'psnr_y_drop_db <= 5', passed: true }] })
    expect(run.quality).toEqual(base.quality)
    expect(run.artifacts!.find(({ role }) => role === 'quantized-model')).toMatchObject({ path: out, sha256: base.artifacts![0]!.sha256 })
  })

  it('of a run takes its recipe with the changes, and is its child', async () => {
    const run = await app.compare({ run: base.run, changes: { set: ['samples.evaluation.count=2', 'compare.layers=accumulated'] }, cwd: folder }, quietTask)
    expect(run).toMatchObject({ verb: 'compare', parent: base.run, samples: { evaluation: { count: 2 } } })
    expect(run.quality!.perSample).toHaveLength(2)
    expect(run.layers!.length).toBeGreaterThan(5)
    expect(await app.runs.list({ parent: base.run })).toMatchObject([{ run: run.run }])
  })

  it('of a run that made no model, or that is not there, is refused', async () => {
    const seen = await app.calibrate({ recipe: await smallRecipe() }, quietTask)
    expect(await faultOf(() => app.compare({ run: seen.run, changes: {}, cwd: folder }, quietTask))).toMatchObject({ code: 'input.nothing-to-compare', where: seen.run })
    expect(await faultOf(() => app.compare({ run: '01NOTTHERE', changes: {}, cwd: folder }, quietTask))).toMatchObject({ code: 'input.unknown-run' })
  })

  it('of a file that is missing fails, and the run says so', async () => {
    const recipe = await smallRecipe()
    const missing = join(folder, 'missing.onnx')
    expect((await faultOf(() => app.compare({ a: recipe.model, b: missing, recipe }, quietTask))).toJSON()).toMatchObject({ code: expect.stringMatching(/^input\./), where: missing })
    expect((await app.runs.list({ limit: 1 }))[0]).toMatchObject({ status: 'failed', fault: { where: missing } })
  })
})

describe('a gate of the recipe', () => {
  it('passes, fails, and fails where nothing was measured; the run is done all the same', async () => {
    const run = await app.run({ recipe: await smallRecipe('gates={psnr_y_drop_db: 5, psnr_y_db: 200, latency_ratio: 10, size_ratio: 0.9}') }, quietTask)
    expect(run.status).toBe('done')
    expect(run.gates).toEqual([
      { rule: 'psnr_y_drop_db <= 5', measured: expect.closeTo(drop(run), 9), passed: true },
      { rule: 'psnr_y_db >= 200', measured: run.quality!.simulated, passed: false },
      { rule: 'latency_ratio <= 10', measured: null, passed: false },
      { rule: 'size_ratio <= 0.9', measured: run.size!.ratio, passed: true },
    ])
    expect((await app.runs.show(run.run)).gates).toEqual(run.gates)
  })

  it('that does not exist is refused with the nearest name, before anything is computed or recorded', async () => {
    const before = (await app.runs.list({})).length
    const recipe = { ...(await smallRecipe()), gates: { psnr_y_drop: 0.1 } }
    expect(await faultOf(() => app.run({ recipe }, quietTask))).toMatchObject({ code: 'recipe.unknown-gate', what: expect.stringContaining('psnr_y_drop'), next: expect.stringContaining('psnr_y_drop_db') })
    expect(await app.runs.list({})).toHaveLength(before)
  })
})

describe('a gate against a baseline', () => {
  it('counts the drop from the simulated numbers of the baseline', async () => {
    const run = await app.run({ recipe: await smallRecipe('quantize.activations={method: percentile, percentile: 0.99}', 'gates={psnr_y_drop_db: 50}') }, quietTask)
    const measured = base.quality!.simulated! - run.quality!.simulated!
    expect(measured).toBeGreaterThan(0)
    expect(await app.runs.gate(run.run, base.run)).toEqual({
      run: run.run, baseline: base.run, passed: true, accepted: true, gates: [{ waived: null, rule: 'psnr_y_drop_db <= 50', measured: expect.closeTo(measured, 9), passed: true }],
    })
    const strict = await app.runs.gate(run.run, base.run, { psnr_y_drop_db: measured - 0.001 })
    expect(strict).toMatchObject({ passed: false, gates: [{ passed: false }] })
  })

  it('is refused for numbers of another protocol, of other samples, and without a rule', async () => {
    const gates = { psnr_y_drop_db: 1 }
    const shaved = await app.run({ recipe: await smallRecipe('samples.evaluation.shave=4') }, quietTask)
    expect(await faultOf(() => app.runs.gate(shaved.run, base.run, gates))).toMatchObject({ code: 'input.protocols-differ', what: expect.stringMatching(/shave4.*shave2/) })
    const others = await app.run({ recipe: await smallRecipe('samples.evaluation.count=2') }, quietTask)
    expect(await faultOf(() => app.runs.gate(others.run, base.run, gates))).toMatchObject({ code: 'input.protocols-differ', what: expect.stringContaining('other samples') })
    expect(await faultOf(() => app.runs.gate(base.run, base.run))).toMatchObject({ code: 'recipe.no-gates' })
  })
})
