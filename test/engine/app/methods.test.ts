import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App, MethodRow, MethodsResult, Recommendation } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { methodRow, recommend } from '../../../main/app/recommend.ts'
import { sha256 } from '../../../main/core/hash.ts'
import type { Run } from '../../../main/core/run.ts'
import { quietTask, type Progress } from '../../../main/core/task.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const folder = temporaryFolder()
const apps: App[] = []
afterAll(() => Promise.all(apps.map((app) => app.close())))

async function open(name: string): Promise<App> {
  const app = await openApp({ workspace: join(folder, name), cwd: folder })
  apps.push(app)
  return app
}

const methodSet = (method: string): string => `quantize.activations.method=${method}`
const artifact = (run: Run, role: string) => run.artifacts!.find((one) => one.role === role)!

describe('several methods from one pass', () => {
  const METHODS = ['max', 'percentile', 'mse']
  const seen: Progress[] = []
  const rows: MethodRow[] = []
  const told: Recommendation[] = []
  const out = join(folder, 'out', 'best.onnx')
  let app: App
  let single: App
  let result: MethodsResult
  beforeAll(async () => {
    ;[app, single] = [await open('methods'), await open('single')]
    const task = { ...quietTask, report: (progress: Progress) => seen.push(progress), compared: (row: MethodRow) => rows.push(row), recommended: (one: Recommendation) => told.push(one) }
    result = await app.methods({ recipe: await smallRecipe('compare.latency=true', 'compare.operators=true'), methods: [...METHODS, 'max'], out }, task)
  })

  it('give a recorded run each, in the order asked and once where a name is given twice', async () => {
    expect(result.runs.map((run) => [run.verb, run.status, methodRow(run).method])).toEqual(METHODS.map((method) => ['run', 'done', method]))
    for (const run of result.runs) expect(await app.runs.show(run.run)).toMatchObject({ run: run.run, status: 'done', recipe: run.recipe, scales: run.scales, quality: run.quality })
    expect(new Set(result.runs.map((run) => JSON.stringify(run.scales))).size).toBe(3)
  })

  it('look at the samples once', () => {
    expect(result.runs[0]!.calibration!.statisticsFrom).toBeUndefined()
    expect(result.runs.slice(1).map((run) => run.calibration)).toEqual([1, 2].map(() => expect.objectContaining({ seconds: 0, statisticsFrom: result.runs[0]!.run }) as unknown))
    expect(new Set(result.runs.map((run) => artifact(run, 'statistics').sha256)).size).toBe(1)
    expect(seen.filter(({ stage, done }) => stage === 'observe' && done === 0)).toHaveLength(1)
    expect(seen.filter(({ stage, done }) => stage === 'prepare' && done === 0)).toHaveLength(1)
    expect(new Set(seen.filter(({ stage }) => stage === 'quantize' || stage === 'compare').map(({ part }) => part))).toEqual(new Set(METHODS))
  })

  it.each(METHODS)('of them %s is to the byte what a single run of its recipe gives', async (method) => {
    const alone = await single.run({ recipe: await smallRecipe(methodSet(method)) }, quietTask)
    const run = result.runs.find((one) => methodRow(one).method === method)!
    for (const role of ['quantized-model', 'statistics']) expect(artifact(run, role).sha256, role).toBe(artifact(alone, role).sha256)
    expect(run.scales).toEqual(alone.scales)
    expect(run.quality).toEqual(alone.quality)
    expect(run.layers).toEqual(alone.layers)
    expect(run.gates).toEqual(alone.gates)
    expect(sha256(await readFile(artifact(run, 'quantized-model').path))).toBe(artifact(alone, 'quantized-model').sha256)
  })

  it('tell each method as it is measured, and at the end what is recommended', async () => {
    expect(rows.map(({ method, run }) => [method, run])).toEqual(result.rows.map(({ method, run }) => [method, run]))
    expect(rows).toEqual(result.rows)
    expect(told).toEqual([result.recommendation])
    expect(recommend(await Promise.all(result.runs.map(({ run }) => app.runs.show(run))))).toEqual(result.recommendation)
    expect(sha256(await readFile(out))).toBe(artifact(result.runs.find(({ run }) => run === result.recommendation.run)!, 'quantized-model').sha256)
  })

  it('measure times with the recommended one alone, and the others say so', () => {
    for (const run of result.runs) {
      const isChosen = run.run === result.recommendation.run
      expect([run.latency !== undefined, run.operators !== undefined]).toEqual([isChosen, isChosen])
      expect(run.notes!.some((note) => note.startsWith('Latency and operator times were not measured'))).toBe(!isChosen)
    }
  })

  it('find the statistics of an earlier run, and measure times with each where a gate bounds them', async () => {
    const again = await app.methods({ recipe: await smallRecipe('compare.latency=true', 'gates.latency_ratio=100'), methods: ['max', 'kl'], parent: result.runs[1]!.run }, quietTask)
    expect(again.runs.map((run) => [run.parent, run.calibration!.statisticsFrom])).toEqual([1, 2].map(() => [result.runs[1]!.run, result.runs[0]!.run]))
    for (const run of again.runs) expect(run.gates!.find(({ rule }) => rule.startsWith('latency_ratio'))).toMatchObject({ passed: true })
  })
})

describe('a job of several methods that does not reach its end', () => {
  it('keeps what was measured and ends the rest as cancelled', async () => {
    const app = await open('stopped')
    const stop = new AbortController()
    const begun: string[] = []
    const task = { signal: stop.signal, report: ({ stage, part }: Progress) => { if (stage === 'compare' && part === 'mse') stop.abort() }, begun: (run: string) => begun.push(run) }
    await expect(app.methods({ recipe: await smallRecipe('compare.latency=true', 'gates={psnr_y_drop_db: 1}'), methods: ['max', 'mse', 'kl'] }, task)).rejects.toThrow()
    const runs = await Promise.all(begun.map((run) => app.runs.show(run)))
    expect(runs.map(({ status }) => status)).toEqual(['done', 'cancelled'])
    expect(runs[0]!.notes!.at(-1)).toMatch(/the job ended before the recommended method was known/)
    expect(runs[0]!.gates).toMatchObject([{ passed: true }])
  })

  it('is refused before anything is recorded where a method is not known, there is none, or the model has nowhere to go', async () => {
    const app = await open('refused')
    const recipe = await smallRecipe()
    expect(await faultOf(() => app.methods({ recipe, methods: ['max', 'mzx'] }, quietTask))).toMatchObject({ code: 'recipe.unknown-method', next: expect.stringContaining('max') as string })
    expect((await faultOf(() => app.methods({ recipe, methods: [] }, quietTask))).code).toBe('input.bad-option')
    expect((await faultOf(() => app.methods({ recipe, methods: ['max'], out: folder }, quietTask))).code).toBe('input.out-is-folder')
    expect(await app.runs.list({})).toEqual([])
    expect(existsSync(join(folder, 'refused', 'scalewright.db'))).toBe(true)
  })
})
