import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import type { Run } from '../../../main/core/run.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { quietTask } from '../../../main/core/task.ts'
import { openStore } from '../../../main/store/open-store.ts'
import { canListChildren, enginePids } from '../../fixtures/engine-pids.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const KILLS = 20

if (!canListChildren) console.warn('SKIPPED: kill -9 of the engine in a recorded run: this system does not list the children of a process')

describe.skipIf(!canListChildren)('the engine of a recorded run', () => {
  const folder = temporaryFolder()
  const workspace = join(folder, 'workspace')
  const temporary = join(folder, 'tmp')
  const usual = process.env.TMPDIR
  let app: App
  let runs = 0
  beforeAll(async () => {
    await mkdir(temporary)
    process.env.TMPDIR = temporary
    app = await openApp({ workspace, cwd: folder })
  })
  afterAll(async () => {
    await app.close()
    if (usual === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = usual
  })

  /** A run that finds no Statistics of an earlier one, so that each goes through every stage. */
  const start = async (by = app): Promise<Run> => by.run({ recipe: await smallRecipe(`calibration.valuesPerTensor=${1000 + runs++}`) }, quietTask)

  /** The id of the run that has begun since. */
  async function begun(): Promise<string> {
    for (;;) {
      const [running] = await app.runs.list({ status: 'running' })
      if (running) return running.run
      await sleep(2)
    }
  }

  /** Kills engines until one had not yet told its outcome; a job that had is done, and its run goes on with the next. */
  async function killUntil(settled: () => boolean): Promise<void> {
    for (; !settled(); await sleep(1)) for (const pid of enginePids()) kill(pid)
  }

  function kill(pid: number): void {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  async function expectNothingHalfWritten(): Promise<void> {
    const store = openStore(workspace)
    expect(store.orphans).toEqual([])
    expect((await store.check()).problems).toEqual([])
    store.close()
    const incoming = join(workspace, 'artifacts', '.incoming')
    expect(existsSync(incoming) ? readdirSync(incoming) : []).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
    expect(enginePids()).toEqual([])
  }

  it(`is killed at ${KILLS} random moments: the run is marked, the store stays clean and the next run is fine`, async () => {
    const before = performance.now()
    const whole = start()
    const first = await begun()
    const begins = performance.now() - before
    expect((await whole).run).toBe(first)
    const lasts = performance.now() - before - begins
    const random = seededRandom(11)
    const hit = new Map<string, number>()
    let [killed, missed] = [0, 0]
    while (killed < KILLS) {
      let settled = false
      const outcome = start().then((run) => run as unknown, (error: unknown) => error).finally(() => (settled = true))
      const id = await begun()
      await sleep(random() * lasts)
      await killUntil(() => settled)
      const run = await app.runs.show(id)
      if (run.status === 'done') {
        // The moment came when every engine had told its outcome and only writing was left.
        missed += 1
        expect(missed).toBeLessThan(KILLS / 2)
        continue
      }
      killed += 1
      expect(await outcome).toMatchObject({ code: 'engine.killed', what: expect.stringContaining('SIGKILL') })
      expect(run.status).toBe('failed')
      expect(run.fault).toMatchObject({ code: 'engine.killed', what: expect.stringContaining('SIGKILL'), next: expect.stringMatching(/run the command again/i) })
      expect([run.quality, run.scales, run.artifacts ?? []]).toEqual([undefined, undefined, []])
      const { where = '' } = run.fault!
      hit.set(where, (hit.get(where) ?? 0) + 1)
      await expectNothingHalfWritten()
      if (killed % 5 === 0) expect((await start()).status).toBe('done')
    }
    await expectNothingHalfWritten()
    expect(await app.runs.list({ status: 'running' })).toEqual([])
    expect(await app.runs.list({ status: 'failed' })).toHaveLength(KILLS)
    expect(await app.runs.list({ status: 'done' })).toHaveLength(1 + KILLS / 5 + missed)
    // Moments all over the run, not one stage again and again.
    // The audit at the end is short: it may be missed.
    expect([...hit.keys()]).toEqual(expect.arrayContaining(["job 'prepare'", "job 'observe'", "job 'quantize'", "job 'compare'"]))
  }, 180_000)

  it('is killed before anything is recorded: the command fails and leaves no run', async () => {
    // What the environment is is asked once: by an app that has run nothing yet.
    const fresh = await openApp({ workspace, cwd: folder })
    const before = (await app.runs.list({})).length
    let settled = false
    const outcome = start(fresh).then((run) => run as unknown, (error: unknown) => error).finally(() => (settled = true))
    await killUntil(() => settled)
    expect(await outcome).toMatchObject({ code: 'engine.killed', where: "job 'environment'" })
    expect(await app.runs.list({})).toHaveLength(before)
    await expectNothingHalfWritten()
    await fresh.close()
  })
})
