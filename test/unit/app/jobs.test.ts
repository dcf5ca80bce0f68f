import { describe, expect, it } from 'vitest'
import { openJobs, type Jobs, type Order } from '../../../main/app/jobs.ts'
import { shownJob, skipTime, takeProgress, type JobRecord } from '../../../main/app/job-record.ts'
import type { MethodsTask, RunTask } from '../../../main/app/api.ts'
import { Fault } from '../../../main/core/fault.ts'
import type { Run } from '../../../main/core/run.ts'
import { pauseSwitch } from '../../../main/core/task.ts'
import type { AppEvent } from '../../../preload/contract/events.ts'

/** Work that ends when it is told to, or when it is stopped. */
function handWork(run: string) {
  let end: (how: 'done' | Error) => void = () => undefined
  let task: RunTask | undefined
  const order: Order = {
    kind: 'run', command: `run ${run}`, recipe: `model: ${run}`,
    work: (given) =>
      new Promise((resolve, reject) => {
        task = given
        given.signal.addEventListener('abort', () => reject(given.signal.reason as Error), { once: true })
        end = (how) => (how === 'done' ? resolve({ run } as Run) : reject(how))
      }),
  }
  return { order, end: (how: 'done' | Error = 'done') => end(how), task: () => task! }
}

const settled = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
const states = (jobs: Jobs): string[] => jobs.list().map((job) => job.state).toReversed()

describe('the queue', () => {
  it('runs one job at a time, in order', async () => {
    const jobs = openJobs()
    const work = ['a', 'b', 'c'].map(handWork)
    const started = work.map(({ order }) => jobs.start(order))
    expect(started.map((job) => [job.state, job.position])).toEqual([['running', 0], ['queued', 1], ['queued', 2]])
    work[0]!.end()
    await settled()
    expect(states(jobs)).toEqual(['done', 'running', 'queued'])
    work[1]!.end(new Fault({ code: 'model.odd', what: 'it is odd', where: 'node', next: 'do' }))
    await settled()
    expect(jobs.get(started[1]!.id)).toMatchObject({ state: 'failed', fault: { code: 'model.odd', where: 'node' }, recipe: 'model: b', command: 'run b' })
    expect(jobs.get(started[1]!.id).log.at(-1)).toMatchObject({ level: 'error', text: 'node · it is odd · do' })
    work[2]!.end(new Error('a bug'))
    await settled()
    expect(jobs.get(started[2]!.id).fault).toMatchObject({ code: 'bug.unexpected', what: 'a bug' })
    await jobs.close()
  })

  it('takes a waiting job out at once, and asks a running one to stop', async () => {
    const jobs = openJobs()
    const work = ['a', 'b', 'c'].map(handWork)
    const ids = work.map(({ order }) => jobs.start(order).id)
    expect(jobs.cancel(ids[1]!).state).toBe('cancelled')
    expect(jobs.get(ids[2]!).position).toBe(1)
    expect(jobs.cancel(ids[0]!).state).toBe('running')
    await settled()
    expect(states(jobs)).toEqual(['cancelled', 'cancelled', 'running'])
    expect(work[1]!.task()).toBeUndefined()
    work[2]!.end()
    await settled()
    expect(jobs.cancel(ids[2]!).state).toBe('done')
    expect(() => jobs.get('none')).toThrow(expect.objectContaining({ code: 'input.unknown-job' }))
  })

  it('lets a paused job rest and a waiting one be passed', async () => {
    const jobs = openJobs()
    const work = ['a', 'b', 'c'].map(handWork)
    const ids = work.map(({ order }) => jobs.start(order).id)
    expect(jobs.pause(ids[0]!, true)).toMatchObject({ state: 'running', paused: true })
    expect(work[0]!.task().pause!.paused).toBe(true)
    jobs.pause(ids[1]!, true)
    work[0]!.end()
    await settled()
    expect(jobs.list().map(({ state, paused }) => [state, paused]).toReversed()).toEqual([['done', false], ['queued', true], ['running', false]])
    work[2]!.end()
    await settled()
    expect(jobs.get(ids[1]!).state).toBe('queued')
    expect(jobs.pause(ids[1]!, false).state).toBe('running')
    expect(jobs.pause(ids[0]!, true)).toMatchObject({ state: 'done', paused: false })
    await jobs.close()
  })

  it('runs a job aside of the queue at once, and counts it for no place in it', async () => {
    const jobs = openJobs()
    const told: AppEvent[] = []
    jobs.events.subscribe((event) => told.push(event))
    const [first, second] = ['a', 'b'].map(handWork)
    jobs.start(first!.order)
    let end = (): void => undefined
    const transfer = { kind: 'imported', added: 2, known: 1, artifacts: 0 } as const
    const aside = jobs.start({ kind: 'runs-import', command: 'runs import', isAside: true, work: async () => new Promise((resolve) => { end = () => resolve({ transfer, added: 'r9' }) }) })
    expect(aside).toMatchObject({ state: 'running', position: 0, transfer: null })
    expect(jobs.start(second!.order)).toMatchObject({ state: 'queued', position: 1 })
    end()
    await settled()
    expect(jobs.get(aside.id)).toMatchObject({ state: 'done', run: null, transfer })
    expect(states(jobs)).toEqual(['running', 'done', 'queued'])
    expect(told.filter((event) => event.type === 'runs')).toMatchObject([{ run: 'r9' }])
    const stopped = jobs.start({ ...handWork('c').order, isAside: true })
    await jobs.close()
    expect(jobs.get(stopped.id).state).toBe('cancelled')
  })

  it('counts the time of a pause for no stage', () => {
    const job = { progress: null, runs: [], recommendation: null, state: 'running', pause: pauseSwitch() } as unknown as JobRecord
    takeProgress(job, { stage: 'observe', done: 0, total: 10 }, 0)
    skipTime(job, 60_000)
    takeProgress(job, { stage: 'observe', done: 5, total: 10 }, 62_000)
    expect(shownJob(job, 0).progress).toMatchObject({ stageMs: 2000, remainingMs: 2000 })
  })

  it('ends everything when it is closed and takes nothing more', async () => {
    const jobs = openJobs()
    for (const { order } of ['a', 'b', 'c'].map(handWork)) jobs.start(order)
    await jobs.close()
    expect(states(jobs)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(() => jobs.start(handWork('d').order)).toThrow(expect.objectContaining({ code: 'engine.stopped' }))
  })

  it('keeps the last hundred that ended and the last five hundred lines, and lets a hundred wait', async () => {
    const jobs = openJobs()
    for (let n = 0; n < 130; n++) {
      jobs.start({ kind: 'demo', command: 'demo', work: async () => ({ run: `r${n}` }) as Run })
      if (n % 50 === 49) await settled()
    }
    await settled()
    expect(jobs.list()).toHaveLength(100)
    expect(jobs.list()[0]!.run).toBe('r129')
    const talker = handWork('t')
    const { id } = jobs.start(talker.order)
    for (let n = 0; n < 600; n++) talker.task().report({ stage: 's', done: 0, total: 1, note: `note ${n}` })
    const { log } = jobs.get(id)
    expect([log.length, log.at(-1)!.text, log.at(-1)!.n - log[0]!.n]).toEqual([500, 'note 599', 499])
    for (let n = 0; n < 100; n++) jobs.start(handWork('w').order)
    expect(() => jobs.start(handWork('w').order)).toThrow(expect.objectContaining({ code: 'input.queue-full' }))
    await jobs.close()
  })

  it('tells stages, ends and the run at once, and everything between ten times a second', async () => {
    const jobs = openJobs()
    const seen: AppEvent[] = []
    jobs.events.subscribe((event) => seen.push(event))
    const work = handWork('r1')
    jobs.start(work.order)
    work.task().begun!('r1')
    for (let done = 0; done <= 1000; done++) work.task().report({ stage: 'observe', done, total: 1000, unit: 'pictures' })
    work.end()
    await settled()
    const told = seen.flatMap((event) => (event.type === 'job' && event.job.progress ? [event.job.progress.done] : []))
    expect(told.length).toBeLessThan(10)
    expect([told[0], told.at(-1)]).toEqual([0, 1000])
    expect(seen.filter((event) => event.type === 'runs')).toHaveLength(2)
    expect(seen.find((event) => event.type === 'job' && event.job.run === 'r1')).toBeDefined()
  })

  it('tells what is seen of tensors at once, keeps the last of it, and tells each method and the recommendation', async () => {
    const jobs = openJobs()
    const seen: AppEvent[] = []
    jobs.events.subscribe((event) => seen.push(event))
    const work = handWork('r2')
    const { id } = jobs.start({ ...work.order, kind: 'methods' })
    const task = work.task() as MethodsTask
    const live = (done: number) => [{ tensor: 't', lo: 0, hi: 1, counts: [done] }]
    for (const done of [1, 2]) task.report({ stage: 'observe', done, total: 9, unit: 'pictures', live: live(done), memoryBytes: 7 })
    task.report({ stage: 'observe', done: 3, total: 9, unit: 'pictures' })
    expect(seen.flatMap((event) => (event.type === 'live' ? [event.live[0]!.counts[0]] : []))).toEqual([1, 2])
    expect(jobs.get(id)).toMatchObject({ live: live(2), progress: { done: 3, memoryBytes: 7 } })
    task.report({ stage: 'compare', part: 'max', done: 1, total: 2 })
    const row = { method: 'max', run: 'r1', protocol: null, unit: 'dB', float: null, simulated: null, drop: null, agreement: null, worstDb: null, worstTensor: null, meanDb: null, clippedPercent: null, seconds: 1 } as const
    task.compared!(row)
    task.report({ stage: 'compare', part: 'mse', done: 1, total: 2 })
    expect(jobs.get(id)).toMatchObject({ runs: [row], recommendation: null, progress: { part: 'mse' } })
    expect(jobs.get(id).progress!.memoryBytes).toBeUndefined()
    task.recommended!({ run: 'r1', method: 'max', decidedBy: 'alone', tied: ['max'], alike: ['max'], samples: 1, lead: null, reason: 'because' })
    work.end()
    await settled()
    expect(jobs.get(id)).toMatchObject({ state: 'done', recommendation: { method: 'max', reason: 'because' } })
    expect(jobs.get(id).log.map(({ text }) => text)).toEqual(expect.arrayContaining(['observe', 'compare max', 'compare mse', 'because']))
    await jobs.close()
  })

  it('tells the rest of a stage from its rate so far, once that means something', () => {
    const job = { progress: null, runs: [], recommendation: null, state: 'running', pause: pauseSwitch() } as unknown as JobRecord
    const rest = (): number | null => shownJob(job, 0).progress!.remainingMs
    expect(takeProgress(job, { stage: 'observe', done: 0, total: 10 }, 1000)).toBe(true)
    expect(rest()).toBeNull()
    expect(takeProgress(job, { stage: 'observe', done: 4, total: 10 }, 3000)).toBe(false)
    expect([rest(), shownJob(job, 0).progress!.stageMs]).toEqual([3000, 2000])
    takeProgress(job, { stage: 'quality', done: 3, total: 5 }, 3500)
    expect(rest()).toBeNull()
  })
})
