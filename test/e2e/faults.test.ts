import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApp } from '../../main/app/app.ts'
import { bundledSample } from '../../main/app/demo.ts'
import type { Run } from '../../main/core/run.ts'
import { quietTask } from '../../main/core/task.ts'
import { writeModel } from '../../main/onnx/write-model.ts'
import { openStore } from '../../main/store/open-store.ts'
import { en } from '../../renderer/texts/en.ts'
import { zh } from '../../renderer/texts/zh.ts'
import { floats, graph, model, node, noise } from '../fixtures/build-model.ts'
import { PROJECT } from '../fixtures/command.ts'
import { canListChildren, enginePids } from '../fixtures/engine-pids.ts'
import { openPage, type PageBrowser } from '../fixtures/page-browser.ts'
import { sampleEnvironment, sampleRun } from '../fixtures/sample-run.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'
import { wordsOf } from './words.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const folder = temporaryFolder()
const workspace = join(folder, 'space')
const made = join(workspace, 'made')
const sample = bundledSample()
let browser: Browser
let served: ServedWorkbench
/** Another window on the same server, for what a person would need many clicks for. */
let other: PageBrowser
/** A whole run, two whose statistics are cut and lost, one that keeps none, one whose process went away. */
let whole: Run
let cut: Run
let gone: Run
let bare: string
let orphan: string

const NET = model({ inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 4, 8, 8] }, nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] })], initializers: { w: noise([4, 3, 3, 3]) } })

const picture = (width: number, height: number, path: string) =>
  sharp({ create: { width, height, channels: 3, noise: { type: 'gaussian', mean: 120, sigma: 30 }, background: 'red' } }).png().toFile(path)

async function makeFiles(): Promise<void> {
  const folders = ['empty', 'broken', 'lonely', 'misfit'].map((name) => join(made, name))
  await Promise.all(folders.map((path) => mkdir(path, { recursive: true })))
  const nan = floats([4, 3, 3, 3], Array.from({ length: 108 }, (_, index) => (index === 50 ? Number.NaN : 0.1)))
  const odd = (op: string, domains: Readonly<Record<string, number>> = {}) => model({ inputs: { x: [1] }, outputs: { y: [1] }, nodes: [node(op, ['x'], ['y'], {}, 'the_twist')], domains })
  await Promise.all([
    writeFile(join(made, 'empty.onnx'), ''), writeFile(join(made, 'cut.onnx'), NET.subarray(0, 300)), writeFile(join(made, 'text.onnx'), 'This is a letter, and no network at all.\n'),
    writeFile(join(made, 'unknown.onnx'), odd('Twist')), writeFile(join(made, 'foreign.onnx'), odd('my.ops:Twist', { 'my.ops': 1 })),
    writeFile(join(made, 'nan.onnx'), model({ inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 4, 8, 8] }, nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] })], initializers: { w: nan } })),
    writeFile(join(folder, 'outside.onnx'), NET), writeFile(join(made, 'history.swhistory'), 'not a history'),
    writeFile(join(made, 'broken/a.png'), 'not a picture'), picture(32, 32, join(made, 'lonely/a.png')),
    picture(32, 32, join(made, 'misfit/a_LR.png')), picture(70, 64, join(made, 'misfit/a_HR.png')),
  ])
  const apart = join(made, 'apart')
  await writeModel(join(apart, 'apart.onnx'), graph({ inputs: { x: [1, 300] }, outputs: { y: [1, 300] }, nodes: [node('MatMul', ['x', 'w'], ['y'])], initializers: { w: noise([300, 300]) } }), { externalThreshold: 1 })
  for (const name of await readdir(apart)) if (!name.endsWith('.onnx')) await rm(join(apart, name))
}

beforeAll(async () => {
  await makeFiles()
  const app = await openApp({ workspace, cwd: folder, threads: 1 })
  whole = await app.run({ recipe: await smallRecipe() }, quietTask)
  cut = await app.run({ recipe: await smallRecipe('samples.calibration.count=3') }, quietTask)
  gone = await app.run({ recipe: await smallRecipe('samples.calibration.count=4') }, quietTask)
  await app.close()
  const statisticsOf = (run: Run): string => run.artifacts!.find(({ role }) => role === 'statistics')!.path
  await Promise.all([truncate(statisticsOf(cut), 1000), rm(statisticsOf(gone))])
  const store = openStore(workspace)
  const started = store.beginRun({ verb: 'run', environment: sampleEnvironment })
  store.finishRun(sampleRun(started))
  bare = started.run
  orphan = store.beginRun({ verb: 'run', environment: sampleEnvironment }).run
  store.failRun(orphan, { code: 'engine.orphaned', what: 'the process that ran it (1) ended without an outcome: it was killed, or the machine stopped', next: 'Run it again; nothing of it was half-written.' })
  store.close()
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
  other = await openPage(served.url)
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

type Show = (page: Page) => Promise<unknown>
const at = (place: () => string): Show => (page) => goTo(page, place())
const modelAt = (path: string): Show => at(() => `/model?m=${encodeURIComponent(`path:${path}`)}`)

const PICTURES = { path: join(sample, 'calibration'), count: 2 }
const RECIPE = { model: join(sample, 'models/sample_x2.onnx'), samples: { calibration: PICTURES, evaluation: { path: join(sample, 'evaluation'), count: 1, reference: { pattern: '*_HR' }, metric: 'psnr-y', shave: 2 } } }

/** A job that fails, shown where its progress stood. */
const jobOf = (recipe: () => object): Show => async (page) => {
  const { id } = await other.call('jobs.start', { kind: 'run', recipe: JSON.stringify(recipe()) })
  await goTo(page, `/calibrate?step=run&job=${id}`)
}

/** The project of this window, looked at where it would be started. */
const reviewOf = (recipe: object): Show => async (page) => {
  await page.evaluate(`localStorage.setItem(${JSON.stringify(`scalewright.project ${workspace}`)}, ${JSON.stringify(JSON.stringify({ recipe, job: null, ran: null }))})`)
  await goTo(page, '/calibrate?step=review')
  await page.reload()
}

const samplesOf = (name: string, change: object = {}) => () => ({ ...RECIPE, samples: { ...RECIPE.samples, ...change, calibration: { path: join(made, name) } } })
const judgedBy = (evaluation: object) => () => ({ ...RECIPE, samples: { ...RECIPE.samples, evaluation: { ...RECIPE.samples.evaluation, ...evaluation } } })

async function chooseFile(page: Page, place: string, name: string): Promise<void> {
  await goTo(page, place)
  await page.locator('input[type=file]').first().setInputFiles(name)
}

/** One job runs and rests, a hundred wait. */
async function fillQueue(): Promise<void> {
  const first = await other.call('jobs.start', { kind: 'demo' })
  await other.call('jobs.pause', { id: first.id, paused: true })
  for (let count = 0; count < 100; count++) await other.call('jobs.start', { kind: 'demo' })
}

async function emptyQueue(): Promise<void> {
  for (const { id, state } of (await other.call('jobs.list', {})).jobs) if (state === 'queued' || state === 'running') await other.call('jobs.cancel', { id })
  await expect.poll(async () => (await other.call('jobs.list', {})).jobs.filter(({ state }) => state === 'running').length, { timeout: 20_000 }).toBe(0)
}

const CATALOGUE: readonly (readonly [code: string, show: Show])[] = [
  ['input.missing-file', modelAt(join(made, 'nowhere.onnx'))],
  ['model.empty-file', modelAt(join(made, 'empty.onnx'))],
  ['model.truncated', modelAt(join(made, 'cut.onnx'))],
  ['model.not-onnx', modelAt(join(made, 'text.onnx'))],
  ['model.unsupported-operator', modelAt(join(made, 'unknown.onnx'))],
  ['model.unknown-domain', modelAt(join(made, 'foreign.onnx'))],
  ['model.external-data', modelAt(join(made, 'apart/apart.onnx'))],
  ['input.outside-roots', modelAt(join(folder, 'outside.onnx'))],
  ['model.already-quantized', jobOf(() => ({ ...RECIPE, model: whole.artifacts!.find(({ role }) => role === 'quantized-model')!.path }))],
  ['model.not-finite', jobOf(() => ({ ...RECIPE, model: join(made, 'nan.onnx') }))],
  ['samples.none', jobOf(samplesOf('empty'))],
  ['samples.missing', jobOf(samplesOf('nowhere'))],
  ['samples.picture', jobOf(samplesOf('broken'))],
  // None is there; one is there and has another size.
  ['samples.reference', jobOf(judgedBy({ path: join(made, 'lonely') }))],
  ['samples.reference', jobOf(judgedBy({ path: join(made, 'misfit') }))],
  ['recipe.unknown-layer', jobOf(() => ({ ...RECIPE, quantize: { layers: { 'body9.relu': { threshold: 5 } } } }))],
  ['recipe.unknown-key', reviewOf({ ...RECIPE, quantise: { activations: { bits: 8 } } })],
  ['recipe.wrong-value', reviewOf({ ...RECIPE, quantize: { activations: { bits: 'many' } } })],
  ['input.unknown-run', at(() => '/run/NOSUCHRUN')],
  ['input.unknown-job', at(() => '/calibrate?step=run&job=NOSUCHJOB')],
  ['input.no-statistics', at(() => `/run/${bare}/layers`)],
  ['input.no-statistics', at(() => `/run/${gone.run}/layers?tensor=body3.relu`)],
  ['input.statistics-file', at(() => `/run/${cut.run}/layers?tensor=body3.relu`)],
  ['engine.orphaned', at(() => `/run/${orphan}`)],
  ['input.not-a-history', (page) => chooseFile(page, '/history', join(made, 'history.swhistory'))],
]

/** What a person sees of a fault: its name, what was found, what to do; no stack of calls. */
async function seen(page: Page, code: string, language: 'en' | 'zh'): Promise<void> {
  const texts = { en, zh }[language] as Readonly<Record<string, string>>
  const notice: Locator = page.locator('.fault', { has: page.locator('code', { hasText: new RegExp(`^${code}$`) }) }).first()
  await notice.waitFor({ timeout: 20_000 })
  const title = (await notice.getByRole('heading').textContent())!.replace('✕', '').trim()
  const next = (await notice.locator('p', { hasText: texts['fault.next']! }).textContent())!.slice(texts['fault.next']!.length).trim()
  const cause = (await notice.locator('p').first().textContent())!
  expect(title).toBe(texts[`fault.${code}`])
  expect(cause.length).toBeGreaterThan(3)
  expect(next.length).toBeGreaterThan(4)
  if (language === 'zh') expect(`${title} ${next}`).toMatch(/\p{Script=Han}.* .*\p{Script=Han}/u)
  expect(await notice.textContent()).not.toMatch(/\bat .*:\d+:\d+|node:internal|\[object /)
}

describe.each(['en', 'zh'] as const)('what goes wrong says what it is, why, and what to do: %s', (language) => {
  test('in every case of the catalogue', async () => {
    const { page, complaints } = await openWorkbench(browser, served.url, { language, theme: language === 'zh' ? 'light' : 'dark' })
    await page.locator('.rail').waitFor()
    const wrong: string[] = []
    for (const [code, show] of CATALOGUE) {
      await show(page)
      await seen(page, code, language).catch((error: unknown) => wrong.push(`${code}: ${String(error).slice(0, 400)}; shown: ${page.url()}`))
    }
    expect(wrong).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  }, 240_000)

  test('a queue that is full', async () => {
    const { page } = await openWorkbench(browser, served.url, { language })
    await page.locator('.bundled').waitFor()
    await fillQueue()
    try {
      await page.getByRole('button', { name: wordsOf(language)('bundled.run') }).click()
      await seen(page, 'input.queue-full', language)
    } finally {
      await emptyQueue()
    }
    await page.context().close()
  }, 60_000)

  test.skipIf(!canListChildren)('an engine that is killed', async () => {
    const { page } = await openWorkbench(browser, served.url, { language })
    await page.locator('.bundled').waitFor()
    await page.getByRole('button', { name: wordsOf(language)('bundled.run') }).click()
    await expect.poll(async () => {
      for (const pid of enginePids(served.pid)) process.kill(pid, 'SIGKILL')
      return page.locator('.fault').count()
    }, { timeout: 30_000 }).toBeGreaterThan(0)
    await seen(page, 'engine.killed', language)
    await page.context().close()
  }, 60_000)

  test('a server that is gone, and one that only shows', async () => {
    const space = join(folder, `gone ${language}`)
    await cp(join(workspace, 'made/lonely'), join(space, 'lonely'), { recursive: true })
    const shown = await serveWorkbench(space, { writable: false })
    const { page } = await openWorkbench(browser, shown.url, { language })
    await page.locator('.bundled').waitFor()
    const reader = await openPage(shown.url)
    await expect(reader.call('jobs.start', { kind: 'demo' })).rejects.toMatchObject({ fault: { code: 'workspace.read-only-door' } })
    await shown.kill()
    await page.locator('.banner').waitFor()
    await goTo(page, '/history')
    await seen(page, 'engine.unreachable', language)
    await page.context().close()
  }, 60_000)
})
