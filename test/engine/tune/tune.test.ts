import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import type { Run } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import type { Trial } from '../../../main/core/tune.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'
import { upscalerRecipe } from '../../fixtures/tiny-upscaler.ts'
import { tuneRecipe } from '../../fixtures/tune-recipe.ts'

const folder = temporaryFolder()
const apps: App[] = []
afterAll(() => Promise.all(apps.map((app) => app.close())))

async function open(name: string): Promise<App> {
  const app = await openApp({ workspace: join(folder, name), cwd: folder })
  apps.push(app)
  return app
}

const modelOf = (run: Run): string | undefined => run.artifacts?.find(({ role }) => role === 'quantized-model')?.sha256
const AXES = ['tune.axes=[method, granularity]', 'tune.trials=5']
/** What of a trial must come out again; seconds do not. */
const essence = ({ seconds: _s, inferenceSeconds: _i, inferences: _n, savedInferences: _k, ...rest }: Trial): object => rest

describe('statistics that are loaded', () => {
  it('give to the byte the model of a run that looked at the samples itself, and the run says that nothing was inferred', async () => {
    const [one, other] = [await open('one'), await open('other')]
    const statistics = join(folder, 'seen.bin')
    const recipe = await tuneRecipe()
    await one.calibrate({ recipe, out: statistics }, quietTask)
    const [loaded, computed] = [await other.quantize({ recipe, statistics }, quietTask), await (await open('third')).quantize({ recipe }, quietTask)]
    expect(modelOf(loaded)).toBe(modelOf(computed))
    expect(modelOf(loaded)).toMatch(/^[0-9a-f]{64}$/)
    expect(loaded.calibration).toBeUndefined()
  }, 300_000)
})

describe('a setting that is tried', () => {
  it('is a child of the run that the recipe comes to, which is made once, with its own model', async () => {
    const app = await open('try')
    const recipe = await tuneRecipe()
    const first = await app.tune({ mode: 'try', recipe, settings: ['layers.head.method=max', 'weights.granularity=tensor'] }, quietTask)
    const second = await app.tune({ mode: 'try', recipe, settings: ['quantize.layers.head.th_scale=0.5'] }, quietTask)
    const start = await app.runs.show(first.parent!)
    expect(start).toMatchObject({ verb: 'run', status: 'done' })
    expect(second.parent).toBe(start.run)
    expect(first).toMatchObject({ verb: 'tune', status: 'done', tune: { mode: 'try', start: start.run, winner: ['quantize.layers.head.method=max', 'quantize.weights.granularity=tensor'] } })
    expect(new Set([start, first, second].map(modelOf)).size).toBe(3)
    expect(second.quality!.simulated).not.toBe(start.quality!.simulated)
    expect((await app.runs.list({ verb: 'run' })).length).toBe(1)
  }, 300_000)

  it('that no layer has is refused before anything is measured', async () => {
    const app = await open('try-wrong')
    const fault = await faultOf(async () => app.tune({ mode: 'try', recipe: await tuneRecipe(), settings: ['layers.head.th_skale=1'] }, quietTask))
    expect(fault).toMatchObject({ code: 'recipe.unknown-key', where: '--try layers.head.th_skale=1' })
    expect(await app.runs.list({})).toEqual([])
  })
})

describe('sensitivity', () => {
  it('is stored with its run: every unit once, by rank, alone and with others, and advice rests on it', async () => {
    const app = await open('sensitivity')
    const run = await app.runs.show((await app.tune({ mode: 'sensitivity', recipe: await tuneRecipe('quantize.finetune={steps: 400}'), samples: 2, full: true }, quietTask)).run)
    const units = run.sensitivity!
    expect(run.notes).toContainEqual(expect.stringContaining('quantize.finetune was left out'))
    expect(units.map(({ rank }) => rank)).toEqual(units.map((_, index) => index + 1))
    expect(units.map(({ alone }) => alone)).toEqual(units.map(({ alone }) => alone).toSorted((a, b) => b - a))
    expect(units.at(-1)!.cumulativeShare).toBeCloseTo(1, 12)
    expect(units.reduce((sum, { macsShare }) => sum + macsShare!, 0)).toBeCloseTo(1, 12)
    const { sensitivity: facts } = run.tune!
    // With all units before it and itself quantized, the last in the graph is the whole model.
    expect(Math.max(...units.map(({ accumulated }) => accumulated!))).toBeGreaterThanOrEqual(facts!.quantizedNsr * (1 - 1e-6))
    expect(units.some(({ accumulated }) => Math.abs(accumulated! / facts!.quantizedNsr - 1) < 1e-6)).toBe(true)
    expect(facts!.reusedShare).toBeGreaterThan(0.3)
    // Every model on both samples, and float, simulated and fused on both for what one evaluation takes.
    expect(run.tune!.inferences).toBe(2 * facts!.models + 2 * 3)
    const convolution = units.find(({ nodes }) => nodes.includes('body1'))!
    expect([convolution.weightNsr, convolution.inputNsr, convolution.outputNsr].every((nsr) => nsr! > 0)).toBe(true)
    const advice = await app.advise(run.run)
    expect(advice.length).toBeGreaterThan(1)
    expect(advice.filter(({ gain }) => gain !== null).map(({ gain }) => gain)).toEqual(advice.flatMap(({ gain }) => gain ?? []).toSorted((a, b) => b - a))
    expect(advice.flatMap(({ settings }) => settings).length).toBeGreaterThan(0)
    expect(advice.filter(({ act, settings }) => (act === 'set') !== settings.length > 0)).toEqual([])
    // A run of the same recipe that knows nothing of the measurement is advised by it all the same.
    const other = await app.run({ recipe: await tuneRecipe() }, quietTask)
    expect((await app.advise(other.run)).filter(({ gain }) => gain !== null)).toEqual(advice.filter(({ gain }) => gain !== null))
  }, 300_000)
})

describe('held-back samples', () => {
  it('that are pictures of the evaluation are refused by name before anything is measured', async () => {
    const app = await open('leak')
    const fault = await faultOf(async () => app.tune({ mode: 'search', recipe: await tuneRecipe('tune.samples.include=["pic_01_*"]') }, quietTask))
    expect(fault).toMatchObject({ code: 'recipe.tune-leak', where: 'tune.samples' })
    expect(fault.what).toContain('pic_01')
    expect(await app.runs.list({})).toEqual([])
  }, 300_000)
})

describe('a search', () => {
  it('that is killed goes on from its recorded trials: none is lost, none done twice, and the winner is that of an uninterrupted one', async () => {
    const whole = await (await open('whole')).tune({ mode: 'search', recipe: await tuneRecipe(...AXES) }, quietTask)
    expect(whole).toMatchObject({ verb: 'tune', status: 'done', tune: { mode: 'search', stopped: false, samples: { count: 2, from: 'tune.samples' } } })
    expect(whole.trials!.length).toBe(5)
    expect(whole.trials![0]).toMatchObject({ stage: 'start', settings: [], samples: 2, fault: null })

    const workspace = join(folder, 'killed')
    const child = spawn(process.execPath, [fileURLToPath(new URL('../../fixtures/search-process.ts', import.meta.url)), workspace, ...AXES], { stdio: ['ignore', 'pipe', 'inherit'] })
    let told = ''
    child.stdout.setEncoding('utf8')
    for await (const text of child.stdout) if ((told += text as string).split('\n').length > 2) break
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')

    const app = await open('killed')
    const [broken] = await app.runs.list({ verb: 'tune' })
    const before = await app.runs.show(broken!.run)
    expect(before).toMatchObject({ status: 'failed', fault: { code: 'engine.orphaned' } })
    expect(before.trials!.length).toBeGreaterThanOrEqual(2)
    const made: Trial[] = []
    const resumed = await app.tune({ mode: 'search', recipe: before.recipe as never, resume: before.run }, { ...quietTask, tried: (trial) => made.push(trial) })
    expect(resumed.trials!.slice(0, before.trials!.length)).toEqual(before.trials)
    expect(made).toEqual(resumed.trials!.slice(before.trials!.length))
    expect(resumed.trials!.map(essence)).toEqual(whole.trials!.map(essence))
    expect(resumed.tune).toMatchObject({ winner: whole.tune!.winner, resumedFrom: before.run })
    expect(modelOf(resumed)).toBe(modelOf(whole))
    expect(resumed.quality).toEqual(whole.quality)
    expect((await app.runs.show(resumed.run)).trials).toEqual(resumed.trials)
  }, 300_000)

  it('that is stopped ends as done with the best so far', async () => {
    const app = await open('stopped')
    const controller = new AbortController()
    const trials: Trial[] = []
    const run = await app.tune({ mode: 'search', recipe: await tuneRecipe(...AXES) }, {
      ...quietTask, signal: controller.signal,
      tried(trial) {
        trials.push(trial)
        if (trials.length === 2) controller.abort()
      },
    })
    expect(run).toMatchObject({ status: 'done', tune: { stopped: true } })
    expect(run.trials).toEqual(trials)
    expect(modelOf(run)).toBe(run.trials!.find(({ settings }) => JSON.stringify(settings) === JSON.stringify(run.tune!.winner))!.model)
    expect(await app.runs.show(run.run)).toMatchObject({ status: 'done', trials: run.trials, tune: run.tune })
  }, 300_000)
})

describe('fine-tuning', () => {
  it('is a stage of a search: with the recipe as it is and the best of those before, each measured, and the winner is what was measured', async () => {
    const app = await open('finetuned')
    const run = await app.tune({ mode: 'search', recipe: await tuneRecipe('tune.axes=[bias]', 'quantize.activations.method=max', 'quantize.finetune={steps: 20, every: 5, batch: 2, crop: 32}') }, quietTask)
    const finetuned = run.trials!.filter(({ stage }) => stage === 'finetune')
    expect(finetuned.length).toBeGreaterThanOrEqual(1)
    for (const { settings, fault } of finetuned) expect({ last: settings.at(-1), fault }).toEqual({ last: expect.stringMatching(/^quantize\.finetune=\{"steps":20/), fault: null })
    // Tuning moved codes: what is scored is another model.
    const bare = run.trials!.find(({ settings, samples }) => settings.length === 0 && samples === finetuned[0]!.samples)!
    expect(finetuned[0]!.model).not.toBe(bare.model)
    expect(run.trials!.filter(({ stage }) => stage !== 'finetune' && stage !== 'final').some(({ settings }) => settings.join().includes('finetune'))).toBe(false)
    const winner = run.trials!.find(({ settings }) => JSON.stringify(settings) === JSON.stringify(run.tune!.winner))!
    expect(modelOf(run)).toBe(winner.model)
  }, 300_000)
})

describe('mixed precision', () => {
  it('gives measured plans, a front that nothing beats, and the plan inside a budget as the model of the run', async () => {
    const app = await open('pareto')
    const recipe = await upscalerRecipe(folder)
    const run = await app.tune({ mode: 'pareto', recipe, samples: 2, budget: 'macs_int16<=0.3x' }, quietTask)
    const points = run.pareto!
    expect(new Set(points.map(({ settings }) => settings.join())).size).toBe(points.length)
    expect(points.find(({ plan }) => plan.length === 0)).toMatchObject({ settings: [], bitMacs: 1, macsInt16: 0, macsFloat: 0 })
    const chosen = points.find((point) => point.chosen)!
    expect(chosen.macsInt16).toBeLessThanOrEqual(0.3 + 1e-9)
    expect(run.tune).toMatchObject({ mode: 'pareto', winner: chosen.settings, budget: 'macs_int16<=0.3x' })
    const front = points.filter((point) => point.front)
    expect(points.length).toBeGreaterThan(3)
    // Each plan on two samples, and each unit in each precision alone before.
    expect(run.tune!.inferences).toBeGreaterThan(2 * points.length + 2 * 3)
    expect(front.length).toBeGreaterThan(0)
    for (const point of front) expect(points.some((other) => other.macsInt16 <= point.macsInt16 && other.nsr < point.nsr)).toBe(false)
    expect(await app.runs.show(run.run)).toMatchObject({ pareto: points })
    // The model of the run is that of the plan: 18, 36 and 72 of 126 products read the picture, r, sum.
    const wide = run.scales!.filter(({ type }) => type.endsWith('16')).map(({ tensor }) => tensor)
    expect((wide.some((name) => ['image', 'w1'].includes(name)) ? 18 : 0) + (wide.some((name) => ['r', 'w2'].includes(name)) ? 36 : 0) + (wide.some((name) => ['sum', 'w3'].includes(name)) ? 72 : 0)).toBeCloseTo(126 * chosen.macsInt16, 9)

    const fault = await faultOf(() => app.tune({ mode: 'pareto', recipe, samples: 2, budget: 'bytes<=0.2x' }, quietTask))
    expect(fault).toMatchObject({ code: 'input.budget-not-met', where: 'bytes<=0.2x', what: expect.stringContaining('the nearest comes to bytes<=0.2841x') as string })
    // What was measured is not lost: the fault names the run that keeps it.
    const [kept] = await app.runs.list({ verb: 'tune', limit: 1 })
    expect(fault.next).toContain(kept!.run)
    const plans = await app.runs.show(kept!.run)
    expect(plans).toMatchObject({ status: 'done', parent: run.parent, tune: { mode: 'pareto', budget: 'bytes<=0.2x', winner: [] } })
    expect(plans.notes).toContainEqual(expect.stringMatching(/^Budget bytes<=0\.2x: none of \d+ measured plans keeps this budget: the nearest comes to bytes<=0\.2841x\.$/))
    expect(plans.pareto!.length).toBeGreaterThan(3)
    expect(plans.pareto!.filter(({ chosen: isTaken }) => isTaken)).toEqual([])
  }, 300_000)

  it.each([
    ['psnr_y_drop_db<0.1', 'input.bad-budget'], ['latency<=0.6', 'input.bad-budget'], ['speed<=0.5x', 'input.bad-budget'], ['psnr_y_drop_db<=2x', 'input.bad-budget'], ['ssim_y_drop<=0.1', 'input.bad-budget'],
    ['latency<=0.6x', 'input.no-times'],
  ])('refuses the budget %s before anything is measured: %s', async (budget, code) => {
    const app = await open('budget')
    expect(await faultOf(async () => app.tune({ mode: 'pareto', recipe: await tuneRecipe('compare.latency=false'), budget }, quietTask))).toMatchObject({ code })
    expect(await app.runs.list({})).toEqual([])
  })
})
