import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyPath, pathsBelow, type PathGuard } from '../../main/app/allowed-paths.ts'
import { answer } from '../../main/app/answer.ts'
import type { App } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import { bundledSample } from '../../main/app/demo.ts'
import { handlersOf } from '../../main/app/handlers.ts'
import { openJobs } from '../../main/app/jobs.ts'
import { quietTask } from '../../main/core/task.ts'
import type { Recipe } from '../../main/recipe/recipe.ts'
import { writeRecipe } from '../../main/recipe/write-recipe.ts'
import { openStore } from '../../main/store/open-store.ts'
import { clientOf, type Call } from '../../preload/contract/index.ts'
import { sampleEnvironment, sampleRun } from '../fixtures/sample-run.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

describe('a list of samples inside the folders of a page that names a picture outside', () => {
  const folder = temporaryFolder()
  const inside = join(folder, 'inside')
  const outside = join(folder, 'private.png')
  const refused = { fault: { code: 'input.outside-roots', where: outside } }
  const jobs = openJobs()
  let app: App
  let recipe: Recipe
  const windowWith = (guard: PathGuard): Call => {
    const handlers = handlersOf(app, jobs, { door: 'page', writable: true, folder: inside, guard })
    return clientOf(async (name, request) => (await answer(handlers, name, JSON.parse(JSON.stringify(request)), { writable: true })).bytes)
  }
  const pageCall = () => windowWith(pathsBelow([inside, bundledSample()]))

  beforeAll(async () => {
    mkdirSync(inside)
    writeFileSync(outside, 'private')
    writeFileSync(join(inside, 'list.txt'), '../private.png\n')
    recipe = await smallRecipe(`samples.evaluation.path=${join(inside, 'list.txt')}`, 'samples.evaluation.reference=null')
    app = await openApp({ workspace: join(inside, 'workspace'), cwd: inside, threads: 1 })
  })
  afterAll(async () => {
    await jobs.close()
    await app.close()
  })

  it('is no way out: no job is queued for it', async () => {
    const call = pageCall()
    for (const kind of ['run', 'calibrate', 'quantize'] as const) await expect(call('jobs.start', { kind, recipe: writeRecipe(recipe) }), kind).rejects.toMatchObject(refused)
    await expect(call('jobs.start', { kind: 'methods', methods: ['max', 'mse'], recipe: writeRecipe(recipe) })).rejects.toMatchObject(refused)
    const held = await smallRecipe(`tune.samples.path=${join(inside, 'list.txt')}`)
    await expect(call('jobs.start', { kind: 'tune', mode: 'search', recipe: writeRecipe(held) })).rejects.toMatchObject(refused)
    expect((await call('jobs.list', {})).jobs).toEqual([])
  })

  it('a score of one\'s own is a program: the window starts none that was not run here', async () => {
    const score = join(inside, 'score.mjs')
    writeFileSync(score, 'export const score = () => 1\n')
    const scored = await smallRecipe(`samples.evaluation.metric={ kind: module, score: ${score} }`)
    await expect(pageCall()('jobs.start', { kind: 'run', recipe: writeRecipe(scored) })).rejects.toMatchObject({ fault: { code: 'input.score-module', where: score } })
    await expect(windowWith(anyPath)('jobs.start', { kind: 'run', recipe: writeRecipe(scored) })).rejects.toMatchObject({ fault: { code: 'input.score-module' } })
  })

  it('is none either where a run of a history file brings it along', async () => {
    const elsewhere = openStore(join(folder, 'elsewhere'))
    const quantized = await elsewhere.putArtifact(new Uint8Array(10), { role: 'quantized-model', name: 'q.onnx' })
    const recorded = sampleRun(elsewhere.beginRun({ verb: 'run', environment: sampleEnvironment }))
    elsewhere.finishRun({ ...recorded, recipe, model: { ...recorded.model!, path: recipe.model }, artifacts: [quantized] })
    await elsewhere.exportHistory({ artifacts: true, out: join(folder, 'history.zip') })
    elsewhere.close()
    await app.runs.importFrom(join(folder, 'history.zip'), quietTask)
    const { run } = recorded
    const call = pageCall()
    for (const ask of [() => call('pictures.list', { run }), () => call('pictures.thumbnail', { run, sample: 0 }), () => call('layers.plan', { run }), () => call('jobs.start', { kind: 'compare', run })]) await expect(ask()).rejects.toMatchObject(refused)
  })

  it('is taken where any folder may be read', async () => {
    const call = windowWith(anyPath)
    const job = await call('jobs.start', { kind: 'run', recipe: writeRecipe(recipe) })
    expect((await call('jobs.cancel', { id: job.id })).id).toBe(job.id)
  })
})
