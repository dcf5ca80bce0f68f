import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../main/core/random.ts'
import { openStore } from '../../main/store/open-store.ts'
import { isGone, processMark } from '../../main/store/process-mark.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const writer = fileURLToPath(new URL('../fixtures/store-writer.ts', import.meta.url))

/** A process that records runs, and the ids that it said were recorded. */
function write(own: string, ...options: string[]): { child: ChildProcess; recorded: string[] } {
  const child = spawn(process.execPath, [writer, own, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const recorded: string[] = []
  let rest = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    recorded.push(...lines)
  })
  return { child, recorded }
}

describe('a writer that is killed', () => {
  it('20 times at random moments loses nothing it has recorded, and leaves no half run', async () => {
    const own = join(folder, 'killed')
    const random = seededRandom(7)
    const acknowledged: string[] = []
    for (let kill = 0; kill < 20; kill++) {
      const { child, recorded } = write(own)
      const closed = once(child, 'close')
      if (kill % 4 !== 0) await Promise.race([once(child.stdout!, 'data'), closed]) // Every fourth is hit while it opens.
      await sleep(random() * 120)
      child.kill('SIGKILL')
      await closed
      acknowledged.push(...recorded)
      const store = openStore(own)
      expect((await store.check()).problems).toEqual([])
      expect(store.listRuns({ status: 'running', limit: 1e6 })).toEqual([])
      for (const run of store.listRuns({ status: 'failed', limit: 1e6 })) {
        expect(run.fault).toMatchObject({ code: 'engine.orphaned' })
        expect(store.getRun(run.run).layers).toBeUndefined()
      }
      store.close()
    }
    const store = openStore(own)
    const done = store.listRuns({ status: 'done', limit: 1e6 })
    expect(acknowledged.length).toBeGreaterThan(20)
    expect(acknowledged.filter((id) => !done.some((run) => run.run === id))).toEqual([])
    expect(done.length - acknowledged.length).toBeLessThanOrEqual(20) // At most one a kill was recorded but not yet said.
    for (const { run } of done) expect(store.getRun(run).layers).toHaveLength(20)
    store.close()
  }, 60_000)
})

describe('several writers', () => {
  it('open a new workspace at the same moment and all get their runs in', async () => {
    const own = join(folder, 'together')
    const writers = Array.from({ length: 4 }, () => write(own, '25', '5'))
    const codes = await Promise.all(writers.map(async ({ child }) => (await once(child, 'close'))[0] as number))
    expect(codes).toEqual([0, 0, 0, 0])
    const store = openStore(own)
    const recorded = writers.flatMap((each) => each.recorded)
    expect(recorded).toHaveLength(100)
    expect(new Set(store.listRuns({ status: 'done', limit: 1000 }).map((run) => run.run))).toEqual(new Set(recorded))
    store.close()
  })
})

describe('a run', () => {
  it('of a living process is left alone by others', () => {
    const own = join(folder, 'living')
    const store = openStore(own)
    const run = store.beginRun({ verb: 'run', environment: { scalewright: '', onnxruntime: '', node: '', cpu: '', threads: 1 } })
    const other = openStore(own)
    expect(other.orphans).toEqual([])
    expect(other.getRun(run.run).status).toBe('running')
    other.close()
    store.close()
  })

  it('of a process number that was given away again counts as gone', async () => {
    expect(isGone(process.pid, processMark(process.pid))).toBe(false)
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'close')
    expect(isGone(child.pid!, null)).toBe(true)
    const mark = processMark(process.pid)
    if (mark === null) return console.warn('SKIPPED: this system does not tell when a process started')
    expect(isGone(process.pid, mark.replace(/\d+$/, '1'))).toBe(true)
    expect(isGone(process.pid, mark.replace(/^[^/]+/, 'another-boot'))).toBe(true)
    expect(isGone(child.pid!, mark.replace(/\[\d+\]/, '[1]'))).toBe(false)
  })
})
