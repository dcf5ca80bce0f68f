import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../main/core/fault.ts'
import { seededRandom } from '../../../main/core/random.ts'
import type { Progress } from '../../../main/core/task.ts'
import { runJob } from '../../../main/engine/supervisor.ts'
import type { JobOptions } from '../../../main/engine/supervisor.ts'
import { isAlive } from '../../fixtures/is-alive.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const entry = fileURLToPath(new URL('../../fixtures/engine-child.ts', import.meta.url))
const run = (kind: string, input: unknown = null, options: Partial<JobOptions> = {}) =>
  runJob({ kind, input }, { signal: new AbortController().signal, report: () => undefined, entry, ...options })

describe('a job', () => {
  it('gets plain data in and gives plain data out, in an empty folder of its own that is gone afterwards', async () => {
    const input = { array: new Float32Array([1, NaN, -0]), big: 2n ** 63n, map: new Map([['a', [1]]]), none: undefined }
    const output = (await run('echo', input)) as { input: typeof input; folder: string; pid: number }
    expect(output.input).toStrictEqual(input)
    expect(output.folder).not.toBe(process.cwd())
    expect(existsSync(output.folder)).toBe(false)
    expect(isAlive(output.pid)).toBe(false)
  })

  it('that ends in a fault ends in the same fault here', async () => {
    const fault = await run('fault').catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(Fault)
    expect((fault as Fault).toJSON()).toEqual({ code: 'samples.none', what: 'no samples', where: 'calib/', next: 'Add some.' })
  })

  it('that ends in an error of ours is a bug, with the place it came from', async () => {
    const fault = (await run('bug').catch((error: unknown) => error)) as Fault
    expect(fault).toMatchObject({ code: 'bug.unexpected', what: 'x is not a function' })
    expect(fault.cause).toContain('engine-child.ts')
    await expect(run('late-bug')).rejects.toMatchObject({ code: 'bug.unexpected', what: 'thrown in a timer' })
  })

  it('whose data cannot be copied is refused', async () => {
    await expect(run('function')).rejects.toMatchObject({ code: 'bug.unexpected', what: expect.stringContaining('could not be cloned') })
    await expect(run('echo', () => 1)).rejects.toMatchObject({ code: 'bug.not-plain-data' })
  })

  it('of an unknown kind is refused, also by the entry that ships', async () => {
    await expect(run('ecko')).rejects.toMatchObject({ code: 'bug.unknown-job', next: expect.stringContaining('echo') })
    await expect(run('no-such-job', null, { entry: undefined })).rejects.toMatchObject({ code: 'bug.unknown-job' })
  })

  it('reports at most ten times a second, never backwards in a stage, and loses no note and no end', async () => {
    const seen: Progress[] = []
    await run('progress', null, { report: (progress) => seen.push(progress) })
    const counts = seen.filter((progress) => progress.stage === 'count').map((progress) => progress.done)
    expect(counts.length).toBeLessThan(20)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(counts).toContain(2000)
    expect(seen.find((progress) => progress.note)).toEqual({ stage: 'count', done: 2000, total: 2000, note: 'a remark' })
    expect(seen.at(-1)).toEqual({ stage: 'sum', done: 0, total: 1 })
  })
})

describe('a job that is stopped', () => {
  /** Stops a job some time after its first report; gives the ms that the stop took. */
  async function stop(kind: string, afterMs: number): Promise<number> {
    const controller = new AbortController()
    const started = Promise.withResolvers<void>()
    let pid = 0
    const job = run(kind, null, { signal: controller.signal, report: () => started.resolve(), started: (id) => (pid = id) })
    const outcome = job.then(() => 'done', (error: unknown) => error)
    await started.promise
    await sleep(afterMs)
    const before = performance.now()
    controller.abort()
    expect(await outcome).toMatchObject({ name: 'AbortError' })
    expect(isAlive(pid)).toBe(false)
    return performance.now() - before
  }

  it('inside a long native run ends in under 3 s while this process keeps answering, and the next job runs', async () => {
    let ticks = 0
    const clock = setInterval(() => ticks++, 10)
    const before = performance.now()
    expect(await stop('run', 400)).toBeLessThan(3000)
    clearInterval(clock)
    // The job blocked its own thread all along; a tenth of the possible ticks would already show that it was not this one.
    expect(ticks).toBeGreaterThan((performance.now() - before) / 10 / 10)
    expect(await run('echo', 1)).toMatchObject({ input: 1 })
  })

  it('between two steps ends by itself, at once', async () => {
    expect(await stop('polite', 20)).toBeLessThan(1400)
  })

  it('but does not obey is killed', async () => {
    expect(await stop('deaf', 20)).toBeLessThan(3000)
  })

  it('before it starts does not start', async () => {
    const signal = AbortSignal.abort()
    let pid = 0
    await expect(run('echo', 1, { signal, started: (id) => (pid = id) })).rejects.toMatchObject({ name: 'AbortError' })
    expect(pid).toBe(0)
  })
})

describe('an engine that dies', () => {
  it.each([
    ['abort', { code: 'engine.crashed', what: expect.stringContaining('SIGABRT') }],
    ['segfault', { code: 'engine.crashed', what: expect.stringContaining('SIGSEGV') }],
    ['exit', { code: 'engine.crashed', what: expect.stringContaining('exit code 7') }],
  ])('by %s says how', async (kind, expected) => {
    await expect(run(kind)).rejects.toMatchObject({ ...expected, where: `job '${kind}'` })
  })

  it('because its heap is full says so', async () => {
    const before = process.env.NODE_OPTIONS
    process.env.NODE_OPTIONS = '--max-old-space-size=40'
    const outcome = run('heap').catch((error: unknown) => error)
    expect(await outcome).toMatchObject({ code: 'engine.crashed', what: expect.stringContaining('out of memory') })
    if (before === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = before
  })

  it('by kill -9 at 20 random moments says so each time, and the next job runs', async () => {
    const random = seededRandom(5)
    for (let kill = 0; kill < 20; kill++) {
      const started = Promise.withResolvers<number>()
      const outcome = run('deaf', null, { started: started.resolve }).catch((error: unknown) => error)
      const pid = await started.promise
      await sleep(random() * 150)
      process.kill(pid, 'SIGKILL')
      expect(await outcome).toMatchObject({ code: 'engine.killed', what: expect.stringContaining('SIGKILL'), next: expect.stringContaining('out of memory') })
    }
    expect(await run('echo', 2)).toMatchObject({ input: 2 })
  })

  it('because its entry is missing says so', async () => {
    await expect(run('echo', 1, { entry: join(entry, '..', 'no-such-file.ts') })).rejects.toMatchObject({ code: 'engine.crashed', cause: expect.stringContaining('no-such-file') })
  })
})

describe('an engine whose parent dies', () => {
  const folder = temporaryFolder()

  it('ends too', async () => {
    const told = join(folder, 'ended')
    const parent = spawn(process.execPath, [fileURLToPath(new URL('../../fixtures/engine-parent.ts', import.meta.url)), entry, told])
    await once(parent, 'close')
    // The file is there a moment before what is written into it.
    await expect.poll(() => (existsSync(told) ? readFileSync(told, 'utf8') : '')).toBe('1')
  })
})
