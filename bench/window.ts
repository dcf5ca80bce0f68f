import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { goTo, openBrowser } from '../test/e2e/browser.ts'
import { serveWorkbench, type ServedWorkbench } from '../test/e2e/served.ts'
import { PROJECT } from '../test/fixtures/command.ts'
import { say, type Figure } from './figure.ts'
import { filterTimes, framesOfScroll, framesWhile, longTasks, openRecording, quantile } from './window/page.ts'
import { LAYERS, NODES, RUNS, windowSubjects, type WindowSubjects } from './window/subjects.ts'

const LONG_TASK_MS = 100
const HD = { width: 1920, height: 1080 } as const

/** What the window costs a person, measured in Chromium on the built program: clicks, seconds, frames, tasks that block. Needs `npm run build`. */
export async function benchWindow(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'scalewright-bench-window-'))
  const browser = await openBrowser()
  try {
    say(`window: load of this machine ${loadavg()[0]!.toFixed(1)}`)
    const first = await newcomer(browser, folder)
    say('window: making a 4K picture, a long history, large models')
    const subjects = await windowSubjects(folder)
    const served = await serveWorkbench(subjects.workspace)
    try {
      const found = [...first]
      for (const [name, measure] of Object.entries(MEASURES)) {
        say(`window: ${name}`)
        found.push(...await measure({ browser, served, subjects }))
      }
      return [...found, figure('machine', 'load average, one minute', loadavg()[0]!, '')]
    } finally {
      await served.close()
    }
  } finally {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Measured {
  readonly browser: Browser
  readonly served: ServedWorkbench
  readonly subjects: WindowSubjects
}

const MEASURES: Readonly<Record<string, (on: Measured) => Promise<Figure[]>>> = {
  'nothing at all': idle, 'slider on 4K': slider, 'layer table': layerTable, 'threshold': threshold, 'history': history, 'graph': graph, 'large model': largeModel,
  'long tasks on every route': blocked, 'cancelling': cancelling,
}

const figure = (subject: string, name: string, value: number, unit: string, goal?: number): Figure => ({ section: 'window', subject, name, value, unit, ...(goal === undefined ? {} : { goal }) })
const frameFigures = (subject: string, frames: readonly number[], goals: { readonly median?: number; readonly p95: number }): Figure[] => [
  figure(subject, 'median frame', quantile(frames, 0.5), 'ms', goals.median),
  figure(subject, 'p95 frame', quantile(frames, 0.95), 'ms', goals.p95),
]
/** 55 frames a second and more. */
const SMOOTH = { median: 18.2, p95: 25 } as const

/** From an empty workspace to the first comparison, as somebody would who reads nothing. */
async function newcomer(browser: Browser, folder: string): Promise<Figure[]> {
  const began = performance.now()
  const served = await serveWorkbench(join(folder, 'new'))
  try {
    const servedMs = performance.now() - began
    const page = await openRecording(browser, served.url)
    const start = page.getByRole('button', { name: 'Run the bundled project' })
    await start.waitFor()
    const homeMs = await page.evaluate<number>('performance.now()')
    const sizes = await firstScreen(page)
    let clicks = 0
    const click = async (act: () => Promise<void>): Promise<void> => { clicks += 1; await act() }
    await click(() => start.click())
    await page.waitForURL(/#\/run\//, { timeout: 120_000 })
    await click(() => page.getByRole('tab', { name: 'Compare', exact: true }).click())
    await page.locator('.stage canvas[data-state=painted]').waitFor({ timeout: 60_000 })
    const seconds = (await page.evaluate<number>('performance.now()')) / 1000
    await page.context().close()
    return [
      figure('newcomer', 'clicks to the first comparison', clicks, '', 4), figure('newcomer', 'time to the first comparison', seconds, 's', 60),
      figure('start', 'from the command to an interactive page', (servedMs + homeMs) / 1000, 's', 2), figure('start', 'home, from address to interactive', homeMs / 1000, 's'),
      ...sizes,
    ]
  } finally {
    await served.close()
  }
}

const isFont = (name: string): boolean => name.endsWith('.woff2')

/** Compressed sizes of code and style: what the first screen fetched, and all there is. Fonts are compressed already and counted by themselves. */
async function firstScreen(page: Page): Promise<Figure[]> {
  const names = await page.evaluate<readonly string[]>(`performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)`)
  const built = join(PROJECT, 'out/renderer')
  const files = (await readdir(built, { recursive: true })).filter((name) => /\.\w+$/.test(name))
  const sizes = new Map(await Promise.all(files.map(async (name) => {
    const bytes = await readFile(join(built, name))
    return [name.replaceAll('\\', '/'), isFont(name) ? bytes.length : gzipSync(bytes, { level: 9 }).length] as const
  })))
  const kB = (pick: (name: string) => boolean): number => [...sizes].filter(([name]) => pick(name)).reduce((sum, [, bytes]) => sum + bytes, 0) / 1000
  const isFetched = (name: string): boolean => name === 'index.html' || names.includes(`/${name}`)
  return [
    figure('size', 'first screen, gzip', kB((name) => isFetched(name) && !isFont(name)), 'kB', 700), figure('size', 'fonts of the first screen', kB((name) => isFetched(name) && isFont(name)), 'kB'),
    figure('size', 'every screen, gzip', kB((name) => !isFont(name)), 'kB'),
  ]
}

/** What this machine gives a page that does nothing. */
async function idle({ browser, served }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url, HD)
  const frames = await framesWhile(page, () => page.waitForTimeout(2000))
  await page.context().close()
  return [figure('idle page', 'p95 frame', quantile(frames, 0.95), 'ms')]
}

async function slider({ browser, served, subjects }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url, HD)
  await goTo(page, `/run/${subjects.large}/compare?sample=0`)
  await page.locator('.stage canvas[data-state=painted]').waitFor({ timeout: 120_000 })
  const found: Figure[] = []
  const shareOf = async (there: Page): Promise<number> => Number(await there.getByRole('slider').getAttribute('aria-valuenow')) / 100
  let share = await shareOf(page)
  for (const [zoom, key] of [['fitted', 'f'], ['1:1', '1']] as const) {
    await page.keyboard.press(key)
    await page.waitForTimeout(800)
    const box = (await page.locator('.stage').boundingBox())!
    const frames = await framesWhile(page, async () => {
      const y = box.y + box.height / 2
      await page.mouse.move(box.x + box.width * share, y)
      await page.mouse.down()
      for (const to of [0.1, 0.9, 0.2, 0.8]) await page.mouse.move(box.x + box.width * to, y, { steps: 60 })
      await page.mouse.up()
    })
    share = await shareOf(page)
    if (Math.abs(share - 0.8) > 0.03) throw new Error(`the line stands at ${share} after it was drawn to 0.8`)
    found.push(...frameFigures(`slider on 3840×2160, ${zoom}`, frames, SMOOTH))
  }
  await page.context().close()
  return found
}

async function layerTable({ browser, served, subjects }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url, HD)
  await goTo(page, `/run/${subjects.many}/layers`)
  await page.getByRole('grid', { name: 'Layers', exact: true }).getByText('r0', { exact: true }).waitFor()
  const name = `layer table, ${LAYERS} rows`
  const frames = await framesOfScroll(page, 'Layers', 90, 240)
  const times = await filterTimes(page, 'Layers', ['name:r4*', 'name:r49*', 'name:r499*', 'sqnr<50', 'op:Conv name:r1*', 'cos>0.9 name:r12*', 'op:Conv', 'name:r3*', 'clip<1', 'name:r22*', 'sqnr>10', 'name:*7', 'sqnr>20', 'name:*77', 'mse>0', 'name:r5*', 'op:Conv', 'name:r8*', 'sqnr>1', 'name:r9*'])
  await page.context().close()
  return [...frameFigures(`${name}, scrolled`, frames, SMOOTH), figure(name, 'p95 of a filter, key to rows', quantile(times, 0.95), 'ms', 50)]
}

async function threshold({ browser, served, subjects }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url, HD)
  await goTo(page, `/run/${subjects.run}/layers?tensor=body3.relu`)
  const handle = page.getByRole('slider', { name: 'Upper threshold' })
  await handle.waitFor()
  await page.waitForTimeout(800)
  const box = (await handle.boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const frames = await framesWhile(page, async () => {
    await page.mouse.move(x, y)
    await page.mouse.down()
    for (const by of [-200, -20, -240, -60]) await page.mouse.move(x + by, y, { steps: 50 })
    await page.mouse.up()
  })
  await page.waitForTimeout(500)
  await handle.focus()
  const answers: number[] = []
  for (let count = 0; count < 20; count++) {
    answers.push(await page.evaluate(`(async () => {
      const read = () => document.querySelector('.readout').textContent
      const [before, began] = [read(), performance.now()]
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true, cancelable: true }))
      while (read() === before && performance.now() - began < 3000) await untilFrame_()
      return performance.now() - began
    })()`))
    await page.waitForTimeout(80)
  }
  await page.context().close()
  return [...frameFigures('threshold dragged', frames, SMOOTH), figure('threshold', 'p95 from a key to its figures', quantile(answers, 0.95), 'ms', 50)]
}

async function history({ browser, served }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url, HD)
  const name = `history, ${RUNS} rows`
  const openMs = await page.evaluate<number>(`(async () => {
    const began = performance.now()
    location.hash = '#/history'
    while (document.querySelector('[role=grid][aria-label=Runs] [aria-rowindex="2"] .mono') === null) await untilFrame_()
    return performance.now() - began
  })()`)
  await page.waitForTimeout(500)
  const frames = await framesOfScroll(page, 'Runs', 90, 240)
  const times = await filterTimes(page, 'Runs', ['model:net-1', 'model:net-11', 'drop<0.2', 'net-12', 'drop<0.1', 'model:net-2', 'worst<50', 'model:net-3', 'method:mse', 'drop<0.05', 'net-4', 'drop<0.3', 'net-5', 'status:done', 'net-6', 'psnr>33.2', 'net-7', 'verb:run', 'net-8', 'psnr>33.4'])
  await page.context().close()
  return [figure(name, 'opened', openMs, 'ms', 300), ...frameFigures(`${name}, scrolled`, frames, SMOOTH), figure(name, 'p95 of a filter, key to rows', quantile(times, 0.95), 'ms', 50)]
}

async function graph({ browser, served, subjects }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url, HD)
  const began = performance.now()
  await goTo(page, `/model?m=${encodeURIComponent(`path:${subjects.longModel}`)}&group=none`)
  await page.locator('.box').first().waitFor({ timeout: 60_000 })
  const seconds = (performance.now() - began) / 1000
  await page.waitForTimeout(500)
  const box = (await page.getByRole('group', { name: /^Graph; arrows walk/ }).boundingBox())!
  const [x, y] = [box.x + box.width - 60, box.y + box.height / 2]
  const frames = await framesWhile(page, async () => {
    await page.mouse.move(x, y)
    await page.mouse.down()
    for (const by of [-250, 250, -200, 200]) await page.mouse.move(x - 30, y + by, { steps: 50 })
    await page.mouse.up()
  })
  await page.context().close()
  return [figure(`graph of ${NODES} nodes`, 'address to drawn', seconds, 's', 3), ...frameFigures(`graph of ${NODES} nodes, moved`, frames, SMOOTH)]
}

async function largeModel({ browser, served, subjects }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url, HD)
  await goTo(page, '/model')
  await page.getByRole('heading', { name: 'Drop an .onnx file here' }).waitFor()
  const began = performance.now()
  await page.locator('input[type=file]').setInputFiles(subjects.heavyModel)
  await page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name: 'heavy', exact: true }).waitFor({ timeout: 60_000 })
  const seconds = (performance.now() - began) / 1000
  await page.context().close()
  return [figure('model of 100 MB', 'chosen file to its card', seconds, 's', 3)]
}

/** Tasks over 100 ms while each route is opened, in one window that stays. */
async function blocked({ browser, served, subjects: { run, large, many } }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url, HD)
  const routes: readonly (readonly [name: string, place: string, sign: string])[] = [
    ['home', '/', '.bundled'], ['model', '/model?m=bundled', '.box'], ['samples', '/samples', '.samples-empty, .samples-cell'], ['calibrate', '/calibrate', 'main h2'],
    ['run', `/run/${run}`, '.picture-probe'], ['layers', `/run/${run}/layers`, '.threshold'], [`layers, ${LAYERS} rows`, `/run/${many}/layers`, '.table-row'],
    ['compare', `/run/${run}/compare`, '.stage canvas[data-state=painted]'], ['compare, 4K', `/run/${large}/compare`, '.stage canvas[data-state=painted]'],
    ['history', '/history', '.table-row'], ['diff', `/diff/${run}/${large}`, '.compared'], ['jobs', '/jobs', 'main'],
  ]
  await page.locator('.bundled').waitFor()
  const found: Figure[] = []
  for (const [name, place, sign] of routes) {
    if (name !== 'home') await goTo(page, place)
    await page.locator(sign).first().waitFor({ timeout: 60_000 })
    await page.waitForTimeout(700)
    const tasks = (await longTasks(page)).filter((ms) => ms > LONG_TASK_MS)
    if (tasks.length > 0) say(`  ${name}: ${tasks.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`)
    found.push(figure(`route ${name}`, `tasks over ${LONG_TASK_MS} ms`, tasks.length, '', 0))
  }
  await page.context().close()
  return found
}

/** Cancels a job in each stage that it comes to; the time until the window says that it is over. */
async function cancelling({ browser, served }: Measured): Promise<Figure[]> {
  const page = await openRecording(browser, served.url)
  const seen = new Map<string, number>()
  for (let turn = 0; turn < 20; turn++) {
    await page.getByRole('button', { name: /^Run (the bundled project|it again)/ }).click()
    const [stage, ms] = await page.evaluate<readonly [string | null, number]>(`(async () => {
      const done = new Set(${JSON.stringify([...seen.keys()])})
      const foot = document.querySelector('.foot-job')
      for (;;) {
        const stage = /^◐ demo · ([a-z ]+?)(?: \\d|$)/.exec(foot.textContent)?.[1]
        if (/^✓/.test(foot.textContent) && location.hash.startsWith('#/run/')) return [null, 0]
        if (stage !== undefined && !done.has(stage)) {
          const button = [...document.querySelectorAll('.bundled button')].find((each) => each.textContent === 'Cancel')
          if (button !== undefined) {
            const began = performance.now()
            button.click()
            while (!/^– demo/.test(foot.textContent)) await untilFrame_()
            return [stage, performance.now() - began]
          }
        }
        await untilFrame_()
      }
    })()`)
    if (stage === null) break
    seen.set(stage, ms)
    await page.getByRole('button', { name: 'Run it again' }).waitFor()
  }
  await page.context().close()
  return [...seen].map(([stage, ms]) => figure(`cancel in ${stage}`, 'until it is over', ms / 1000, 's', 3))
}
