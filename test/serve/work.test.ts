import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import { serve, type Served } from '../../main/serve.ts'
import { writeRecipe } from '../../main/recipe/write-recipe.ts'
import { artifactPath, eventsPath, exportPath, type AppEvent, type Job } from '../../preload/contract/index.ts'
import { PROJECT } from '../fixtures/command.ts'
import { listen, openPage, type PageBrowser } from '../fixtures/page-browser.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const jobIs = (id: string, state: Job['state']) => (event: AppEvent): boolean => event.type === 'job' && event.job.id === id && event.job.state === state
const isProgress = (id: string) => (event: AppEvent): boolean => event.type === 'job' && event.job.id === id && event.job.progress !== null

/** Calibration that takes far longer than any test waits: thousands of crops. */
const LARGE = ['samples.calibration.count=4000', 'samples.calibration.preprocess.crop={mode: random, size: [64, 64]}', 'calibration.valuesPerTensor=all']

describe('work through the served page', () => {
  const folder = temporaryFolder()
  let app: App
  let page: Served
  let browser: PageBrowser
  let small: string
  let large: string
  beforeAll(async () => {
    app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder, threads: 1 })
    page = await serve(app, { port: 0, allowWrite: true, folder })
    browser = await openPage(page.url)
    small = writeRecipe(await smallRecipe())
    large = writeRecipe(await smallRecipe(...LARGE))
  })
  afterAll(async () => {
    await page.close()
    await app.close()
  })

  it('runs a job, shows its progress, and gives run, picture and thresholds', async () => {
    const events = await listen(browser)
    const job = await browser.call('jobs.start', { kind: 'run', recipe: small })
    expect(['queued', 'running']).toContain(job.state)
    const seen = await events.until(jobIs(job.id, 'done'))
    events.drop()
    const stages = new Set(events.seen.flatMap((event) => (event.type === 'job' && event.job.progress ? [event.job.progress.stage] : [])))
    for (const stage of ['prepare', 'observe', 'quantize', 'compare']) expect([...stages]).toContain(stage)
    const ids = events.seen.slice(1).map((event) => event.id)
    expect(ids).toEqual(ids.map((_, index) => ids[0]! + index))
    const detail = await browser.call('jobs.get', { id: job.id })
    expect(detail).toMatchObject({ state: 'done', command: `npx scalewright run recipe.yaml --workspace ${app.workspace}`, recipe: expect.stringContaining('sample_x2.onnx') })
    expect(detail.log.some((line) => line.level === 'note')).toBe(true)
    const run = seen.type === 'job' ? seen.job.run! : ''
    const picture = await browser.request(artifactPath(run, 'picture'))
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(Buffer.from(await picture.arrayBuffer()).subarray(1, 4).toString()).toBe('PNG')
    const model = await browser.request(artifactPath(run, 'quantized-model'))
    expect(model.headers.get('content-disposition')).toBe('attachment; filename="quantized-model.onnx"')
    expect((await model.arrayBuffer()).byteLength).toBe((await browser.call('runs.show', { run })).run.size!.quantizedBytes)
    expect((await browser.call('statistics.histogram', { run, tensor: 'input', bins: 16 })).counts).toBeInstanceOf(Float64Array)
  })

  it('keeps what is written on a run, tells who looks on, and hands out history as a file', async () => {
    const [run] = (await browser.call('runs.page', { filter: { verb: 'run', status: 'done' }, limit: 1 })).runs
    const id = run!.run
    const events = await listen(browser)
    await browser.call('runs.note', { run: id, text: '# Kept\n\nfor later' })
    await events.until((event) => event.type === 'runs' && event.run === id)
    events.drop()
    expect(await browser.call('runs.pin', { run: id, pinned: true })).toEqual({ baseline: id })
    expect(await browser.call('runs.marks', { run: id })).toMatchObject({ note: '# Kept\n\nfor later', baseline: id, waivers: [], archived: false })
    expect((await browser.call('runs.page', { filter: { baseline: true, text: 'kept' } }))).toMatchObject({ total: 1, runs: [{ run: id, note: '# Kept', baseline: true }] })
    expect((await browser.call('runs.lineage', { run: id })).nodes).toMatchObject([{ depth: 0, run: { run: id } }])
    expect((await browser.call('runs.compare', { runs: [id, id] })).scales).toEqual([])
    await expect(browser.call('runs.waive', { run: id, rule: 'none', reason: 'because' })).rejects.toMatchObject({ fault: { code: 'input.no-gate' } })
    const exported = await browser.call('jobs.start', { kind: 'runs-export', runs: [id] })
    await expect.poll(async () => (await browser.call('jobs.get', { id: exported.id })).state).toBe('done')
    const made = (await browser.call('jobs.get', { id: exported.id })).transfer!
    expect(made).toMatchObject({ kind: 'exported', runs: 1, leftOut: 0 })
    if (made.kind !== 'exported') return
    const file = await browser.request(exportPath(made.name))
    expect([file.status, file.headers.get('content-type'), file.headers.get('content-disposition')]).toEqual([200, 'application/zip', `attachment; filename="${made.name}"`])
    const bytes = Buffer.from(await file.arrayBuffer())
    expect([bytes.byteLength, bytes.subarray(0, 2).toString()]).toEqual([made.bytes, 'PK'])
    const stranger = await fetch(new URL(exportPath(made.name), browser.origin))
    expect(stranger.status).toBe(401)
  })

  it('gives a child run that only changes a threshold: nothing is calibrated again', async () => {
    const [parent] = (await browser.call('runs.list', { verb: 'run', status: 'done' })).runs
    const checked = await browser.call('recipe.check', { text: small, set: ['quantize.layers."body1.relu".threshold=200'] })
    expect(checked).toMatchObject({ ok: true })
    const events = await listen(browser)
    const job = await browser.call('jobs.start', { kind: 'run', recipe: checked.ok ? checked.text : '', parent: parent!.run })
    const ended = await events.until(jobIs(job.id, 'done'))
    events.drop()
    const { run } = await browser.call('runs.show', { run: ended.type === 'job' ? ended.job.run! : '' })
    expect(run).toMatchObject({ parent: parent!.run, calibration: { statisticsFrom: parent!.run } })
    expect(run.scales!.find((row) => row.tensor === 'body1.relu')!.hi).toBeCloseTo(200, 3)
  })

  it('cancels the running job and one that waits, and goes on with the next', async () => {
    const events = await listen(browser)
    const [long, waiting, next] = [
      await browser.call('jobs.start', { kind: 'run', recipe: large }), await browser.call('jobs.start', { kind: 'run', recipe: large }), await browser.call('jobs.start', { kind: 'quantize', recipe: small }),
    ]
    expect([waiting.state, waiting.position, next.position]).toEqual(['queued', 1, 2])
    await events.until((event) => isProgress(long.id)(event) && event.type === 'job' && event.job.progress!.stage === 'observe')
    expect(await browser.call('jobs.cancel', { id: waiting.id })).toMatchObject({ state: 'cancelled', run: null })
    const asked = performance.now()
    await browser.call('jobs.cancel', { id: long.id })
    const cancelled = await events.until(jobIs(long.id, 'cancelled'))
    expect(performance.now() - asked).toBeLessThan(3000)
    expect((await browser.call('runs.show', { run: cancelled.type === 'job' ? cancelled.job.run! : '' })).run.status).toBe('cancelled')
    await events.until(jobIs(next.id, 'done'))
    events.drop()
    expect((await browser.call('jobs.list', {})).jobs.slice(0, 3).map((job) => job.state)).toEqual(['done', 'cancelled', 'cancelled'])
  })

  it('goes on telling where a dropped connection ended, without a gap or a repetition', async () => {
    const first = await listen(browser)
    const all = await listen(browser)
    const job = await browser.call('jobs.start', { kind: 'quantize', recipe: small })
    await first.until(isProgress(job.id))
    first.drop()
    const place = first.lastId()
    await all.until(jobIs(job.id, 'done'))
    const again = await listen(browser, place)
    await again.until(jobIs(job.id, 'done'))
    const hello = again.seen[0]!
    expect(hello).toMatchObject({ type: 'hello', resumed: true })
    const together = [...first.seen.slice(1), ...again.seen.slice(1)].map((event) => event.id)
    expect(together).toEqual(all.seen.slice(1).map((event) => event.id).slice(0, together.length))
    const [epoch, id] = place.split('-')
    const byAddress = await listen(browser, undefined, eventsPath({ epoch: epoch!, id: Number(id) }))
    await byAddress.until(jobIs(job.id, 'done'))
    expect(byAddress.seen.slice(1).map((event) => event.id)).toEqual(again.seen.slice(1, byAddress.seen.length).map((event) => event.id))
    for (const stranger of [`${'0'.repeat(16)}-3`, `${epoch}-99999999`, 'nonsense']) {
      const lost = await listen(browser, stranger)
      await lost.until((event) => event.type === 'reset')
      expect(lost.seen[0]).toMatchObject({ type: 'hello', resumed: false })
      lost.drop()
    }
    for (const stream of [all, again, byAddress]) stream.drop()
  })

  it('shows everything and writes nothing where it only shows', async () => {
    const showing = await serve(app, { port: 0, allowWrite: false, folder })
    const visitor = await openPage(showing.url)
    expect((await visitor.call('app.info', {})).writable).toBe(false)
    const { runs } = await visitor.call('runs.list', {})
    expect(runs.length).toBeGreaterThan(0)
    const id = runs[0]!.run
    for (const write of [
      visitor.call('jobs.start', { kind: 'demo' }), visitor.call('jobs.cancel', { id: 'x' }), visitor.call('runs.tag', { run: id, add: ['t'] }), visitor.call('runs.archive', { run: id, archived: true }),
      visitor.call('runs.note', { run: id, text: 't' }), visitor.call('runs.pin', { run: id, pinned: true }), visitor.call('runs.waive', { run: id, rule: 'r', reason: 'because' }), visitor.call('jobs.start', { kind: 'runs-export' }),
    ]) await expect(write).rejects.toMatchObject({ fault: { code: 'workspace.read-only-door', next: expect.stringContaining('--allow-write') } })
    expect((await visitor.call('runs.list', {})).runs).toEqual(runs)
    await showing.close()
  })

  it('ends with a running job by cancelling it, and records that', async () => {
    const short = await serve(app, { port: 0, allowWrite: true, folder })
    const visitor = await openPage(short.url)
    const events = await listen(visitor)
    const job = await visitor.call('jobs.start', { kind: 'run', recipe: large })
    await events.until((event) => event.type === 'job' && event.job.id === job.id && event.job.run !== null)
    await short.close()
    const [newest] = await app.runs.list({ limit: 1 })
    expect(newest).toMatchObject({ status: 'cancelled', verb: 'run' })
    await expect(visitor.call('app.info', {})).rejects.toMatchObject({ fault: { code: 'engine.unreachable' } })
  })
})

describe('the serve command', () => {
  const folder = temporaryFolder()
  const children: ChildProcess[] = []
  afterAll(() => children.forEach((child) => child.kill('SIGKILL')))

  /** Starts it from the sources and gives what its first line says. */
  async function start(...words: string[]): Promise<{ child: ChildProcess; url: string; ended: Promise<number | null> }> {
    const child = spawn(process.execPath, [join(PROJECT, 'main/cli.ts'), 'serve', '--json', '--workspace', join(folder, 'workspace'), ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    children.push(child)
    const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
    const line = await new Promise<string>((resolve, reject) => {
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
      })
      child.on('close', (code) => reject(new Error(`serve ended with ${code} before it said its address`)))
    })
    return { child, url: (JSON.parse(line) as { url: string }).url, ended }
  }

  it('is killed with a job running: the next start marks the run failed, and the page is told to ask again', async () => {
    const first = await start('--allow-write', '--root', PROJECT)
    const browser = await openPage(first.url)
    const events = await listen(browser)
    const large = writeRecipe(await smallRecipe(...LARGE))
    const job = await browser.call('jobs.start', { kind: 'run', recipe: large })
    const begun = await events.until((event) => event.type === 'job' && event.job.id === job.id && event.job.run !== null)
    const run = begun.type === 'job' ? begun.job.run! : ''
    first.child.kill('SIGKILL')
    await first.ended
    const second = await start()
    const again = await openPage(second.url)
    expect((await again.call('runs.show', { run })).run).toMatchObject({ status: 'failed', fault: { code: 'engine.orphaned' } })
    expect((await again.call('jobs.list', {})).jobs).toEqual([])
    const after = await listen(again, events.lastId())
    await after.until((event) => event.type === 'reset')
    expect((await again.call('app.info', {})).writable).toBe(false)
    const asked = performance.now()
    second.child.kill('SIGINT')
    expect(await second.ended).toBe(0)
    expect(performance.now() - asked).toBeLessThan(3000)
  })
})
