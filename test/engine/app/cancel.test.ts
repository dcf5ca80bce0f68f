import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { openStore } from '../../../main/store/open-store.ts'
import { quietTask } from '../../../main/core/task.ts'
import { canListChildren, enginePids } from '../../fixtures/engine-pids.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

/** From the request to stop to the answer, ms: the promise that is made to whoever presses Ctrl-C. */
const SETTLES_MS = 3000

describe('a run that is stopped', () => {
  const folder = temporaryFolder()
  const workspace = join(folder, 'workspace')
  let app: App
  beforeAll(async () => {
    app = await openApp({ workspace, cwd: folder })
  })
  afterAll(() => app.close())

  it.each(['prepare', 'observe', 'quantize', 'compare'])('in stage %s ends with the reason, is marked, and the next one is fine', async (stage) => {
    // So much work that observe and compare would take far longer than the promise if nobody heard the request.
    const recipe = await smallRecipe(
      `calibration.valuesPerTensor=${1000 + stage.charCodeAt(0)}`, `samples.calibration.count=${stage === 'observe' ? 600 : 4}`,
      'samples.calibration.preprocess.crop={mode: random, size: [96, 96]}', 'samples.evaluation.count=8', 'compare={layers: both, samples: 8, latency: true}',
    )
    const controller = new AbortController()
    const reason = new Error(`enough of ${stage}`)
    let asked = 0
    const seen: string[] = []
    const report = (progress: { readonly stage: string }): void => {
      seen.push(progress.stage)
      if (progress.stage !== stage || asked > 0) return
      asked = performance.now()
      controller.abort(reason)
    }
    const outcome = await app.run({ recipe }, { signal: controller.signal, report }).then((run) => run as unknown, (error: unknown) => error)
    expect(performance.now() - asked).toBeLessThan(SETTLES_MS)
    expect(outcome).toBe(reason)
    expect(seen.at(-1)).toBe(stage)
    const [run] = await app.runs.list({ limit: 1 })
    expect(run).toMatchObject({ status: 'cancelled', fault: null, quality: null })
    expect(await app.runs.list({ status: 'running' })).toEqual([])
    if (canListChildren) expect(enginePids()).toEqual([])
    const store = openStore(workspace)
    expect((await store.check()).problems).toEqual([])
    store.close()
    const incoming = join(workspace, 'artifacts', '.incoming')
    expect(existsSync(incoming) ? readdirSync(incoming) : []).toEqual([])
    expect((await app.run({ recipe: await smallRecipe() }, quietTask)).status).toBe('done')
  })

  it('before it starts records nothing and starts nothing', async () => {
    const before = (await app.runs.list({})).length
    const reason = new Error('never mind')
    const signal = AbortSignal.abort(reason)
    await expect(app.run({ recipe: await smallRecipe() }, { signal, report: () => undefined })).rejects.toBe(reason)
    expect(await app.runs.list({})).toHaveLength(before)
  })
})
