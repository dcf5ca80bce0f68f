import { writeFileSync } from 'node:fs'
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
import { writeRecipe } from '../../main/recipe/write-recipe.ts'
import { openStore } from '../../main/store/open-store.ts'
import { clientOf, type Call } from '../../preload/contract/index.ts'
import { sampleEnvironment, sampleRun } from '../fixtures/sample-run.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

describe('a run that came in a history file', () => {
  const folder = temporaryFolder()
  const inside = join(folder, 'inside')
  let app: App
  let run: string
  let text: string
  const jobs = openJobs()
  const windowWith = (guard: PathGuard): Call => {
    const handlers = handlersOf(app, jobs, { door: 'page', writable: true, folder: inside, guard })
    return clientOf(async (name, request) => (await answer(handlers, name, JSON.parse(JSON.stringify(request)), { writable: true })).bytes)
  }
  const refused = { fault: { code: 'input.outside-roots' } }

  beforeAll(async () => {
    const recipe = { ...(await smallRecipe()), model: join(folder, 'secret.onnx') }
    text = writeRecipe(recipe)
    writeFileSync(recipe.model, 'secret')
    const elsewhere = openStore(join(folder, 'elsewhere'))
    const quantized = await elsewhere.putArtifact(new Uint8Array(10), { role: 'quantized-model', name: 'q.onnx' })
    const recorded = sampleRun(elsewhere.beginRun({ verb: 'run', environment: sampleEnvironment }))
    elsewhere.finishRun({ ...recorded, recipe, model: { ...recorded.model!, path: recipe.model }, artifacts: [quantized] })
    run = recorded.run
    await elsewhere.exportHistory({ artifacts: true, out: join(folder, 'history.zip') })
    elsewhere.close()
    app = await openApp({ workspace: join(inside, 'workspace'), cwd: inside, threads: 1 })
    await app.runs.importFrom(join(folder, 'history.zip'), quietTask)
  })
  afterAll(async () => {
    await jobs.close()
    await app.close()
  })

  it('is shown like any other, and opens no folder that the page may not read', async () => {
    const call = windowWith(pathsBelow([inside, bundledSample()]))
    expect((await call('runs.show', { run })).run).toMatchObject({ run, model: { path: join(folder, 'secret.onnx') } })
    await expect(call('models.inspect', { model: { kind: 'run', run, version: 'float' } })).rejects.toMatchObject(refused)
    await expect(call('layers.plan', { run })).rejects.toMatchObject(refused)
    await expect(call('pictures.list', { run })).rejects.toMatchObject(refused)
    await expect(call('jobs.start', { kind: 'compare', run })).rejects.toMatchObject(refused)
    await expect(call('jobs.start', { kind: 'run', recipe: text, parent: run })).rejects.toMatchObject(refused)
  })

  it('is worked with as usual where any folder may be read', async () => {
    const call = windowWith(anyPath)
    await expect(call('models.inspect', { model: { kind: 'run', run, version: 'float' } })).rejects.toMatchObject({ fault: { code: expect.stringMatching(/^model\./) as string } })
  })
})
