import { existsSync } from 'node:fs'
import { mkdtemp, readdir } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../main/store/database.ts'
import { storeOn } from '../../main/store/open-store.ts'
import { PROJECT, scalewright } from '../fixtures/command.ts'
import { canListChildren, enginePids } from '../fixtures/engine-pids.ts'
import { sampleEnvironment, sampleRun } from '../fixtures/sample-run.ts'
import { isAlive } from '../fixtures/is-alive.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const folder = temporaryFolder()
let browser: Browser

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
})

/** A server on a workspace of its own, for as long as `work` lasts. */
/** `at`: a name for a new workspace (a second try begins in an empty one too), or the path of one that is there. */
async function withServer(at: string, work: (served: ServedWorkbench, workspace: string) => Promise<void>, options: Parameters<typeof serveWorkbench>[1] = {}): Promise<void> {
  const workspace = isAbsolute(at) ? at : await mkdtemp(join(folder, `${at}-`))
  const served = await serveWorkbench(workspace, options)
  try {
    await work(served, workspace)
  } finally {
    await served.close()
  }
}

/** Ends a process that may have ended by itself. */
function kill(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}

const startBundled = (page: Page) => page.getByRole('button', { name: 'Run the bundled project' }).click()
const untilStage = (page: Page, stage: RegExp) => page.locator('.foot-job', { hasText: stage }).waitFor({ timeout: 40_000 })
const table = (page: Page) => page.getByRole('grid', { name: 'Runs', exact: true })
/** What the page asked for in vain while nobody answered, while it was not signed in, or with its old key when another tab had just brought the new one (403). */
const ofALostLine = (complaint: string): boolean => /Failed to load resource: (net::ERR_|the server responded with a status of 40[13])/.test(complaint)
const withoutLostLine = (complaints: readonly string[]): readonly string[] => complaints.filter((complaint) => !ofALostLine(complaint))

describe('two tabs on one server', () => {
  test('a job, a project and the archive of one are seen in the other', () => withServer('tabs', async (served) => {
    const { page: one, complaints } = await openWorkbench(browser, served.url)
    const two = await one.context().newPage()
    const secondComplaints: string[] = []
    two.on('pageerror', (error) => secondComplaints.push(error.message))
    two.on('console', (message) => { if (message.type() === 'error') secondComplaints.push(message.text()) })
    // The second tab comes in by the cookie of the first.
    await two.goto(new URL('/', served.url).href)
    await two.getByRole('heading', { name: 'Nothing has been run in this workspace yet' }).waitFor()

    await goTo(one, '/calibrate')
    await one.getByRole('button', { name: 'Take the bundled project' }).click()
    await two.getByRole('region', { name: 'Project' }).getByText('sample_x2').waitFor()
    await goTo(two, '/calibrate?step=samples')
    await two.getByRole('textbox', { name: 'Count' }).fill('4')
    await goTo(one, '/calibrate?step=samples')
    await expect.poll(() => one.getByRole('textbox', { name: 'Count' }).inputValue()).toBe('4')

    await goTo(one, '/calibrate?step=review')
    await goTo(two, '/history')
    await one.getByRole('button', { name: /^Calibrate with auto/ }).click()
    await two.getByRole('button', { name: /^◐ run/ }).click()
    await two.getByRole('dialog', { name: 'Jobs' }).getByRole('progressbar').waitFor()
    await two.keyboard.press('Escape')
    await one.waitForURL(/step=result/, { timeout: 60_000 })
    await two.getByText('1 run', { exact: true }).waitFor()
    await two.getByRole('navigation', { name: 'Steps of the project' }).getByRole('link', { name: /^Calibrate.*done/ }).waitFor()

    await goTo(one, '/history')
    await table(one).getByRole('row').nth(1).locator('.table-pick').click()
    await one.getByRole('group', { name: 'Picked runs' }).getByRole('button', { name: 'Archive' }).click()
    await expect.poll(() => table(one).getByRole('row', { name: /sample_x2/ }).count()).toBe(0)
    await expect.poll(() => table(two).getByRole('row', { name: /sample_x2/ }).count()).toBe(0)
    await one.locator('.toast', { hasText: 'Archived' }).getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => table(two).getByRole('row', { name: /sample_x2/ }).count()).toBe(1)
    expect([...complaints, ...secondComplaints]).toEqual([])
    await one.context().close()
  }), 120_000)
})

describe('a server that is killed in the middle of a job', () => {
  test('the page says so, is told how to go on, and goes on where it stood; the run is marked and nothing is half-written', async () => {
    // A second try begins in an empty workspace too.
    const workspace = await mkdtemp(join(folder, 'killed-'))
    const served = await serveWorkbench(workspace)
    const { page, complaints } = await openWorkbench(browser, served.url)
    const other = await page.context().newPage()
    await startBundled(page)
    await untilStage(page, /observe|quantize|compare/)
    const engines = canListChildren ? enginePids(served.pid) : []
    await served.kill()
    await expect.poll(() => engines.filter(isAlive), { timeout: 15_000 }).toEqual([])
    const banner = page.locator('.banner')
    await banner.getByText('The connection is lost.', { exact: false }).waitFor()
    const again = await serveWorkbench(workspace, { port: Number(new URL(served.url).port) })
    try {
      // Another key: the page cannot come back by itself and says what to do.
      await banner.getByText('Scalewright was started anew', { exact: false }).waitFor()
      expect(await violations(page)).toEqual([])
      await goTo(page, '/history')
      await page.getByText('This window is no longer signed in').first().waitFor()
      // The printed address in another tab of the same browser is enough for both.
      await other.goto(again.url)
      await banner.waitFor({ state: 'detached' })
      const row = table(page).getByRole('row').filter({ hasText: '✕ failed' })
      await row.waitFor()
      expect(await table(page).getByRole('row').count()).toBe(2)
      await row.dblclick()
      await page.getByText('engine.orphaned').first().waitFor()
      await page.getByText('The program ended in the middle of the run').first().waitFor()

      await goTo(page, '/')
      await page.getByRole('button', { name: 'Check now' }).click()
      await page.getByText(/✓ ok/).first().waitFor()
      await expect.poll(() => page.locator('.facts').getByText(/✕ failed/).count()).toBe(0)
      expect((await readdir(workspace, { recursive: true })).filter((name) => /partial|incoming\W|\.tmp/.test(name))).toEqual([])
      await startBundled(page)
      await page.waitForURL(/#\/run\//, { timeout: 60_000 })
      await page.getByRole('heading', { name: 'Quality' }).waitFor()
      expect(withoutLostLine(complaints)).toEqual([])
      await page.context().close()
    } finally {
      await again.close()
    }
  }, 150_000)

  test('the address typed into a window that stands without a key signs it in, at the place where it stood', () => withServer('typed', async (served) => {
    const { page } = await openWorkbench(browser, `${new URL('/', served.url).href}#/history?q=model%3Asample`)
    await page.getByRole('heading', { name: 'This window is not signed in' }).waitFor()
    // Only what stands behind # differs: the browser loads nothing by itself.
    await page.evaluate(`location.href = ${JSON.stringify(served.url)}`)
    await page.getByText('No run fits the filter.').waitFor()
    await expect.poll(() => page.url()).toContain('#/history?q=model%3Asample')
    expect(page.url()).not.toContain('#t=')
    await page.goBack()
    expect(page.url()).not.toContain('#t=')
    await page.context().close()
  }))
})

describe.skipIf(!canListChildren)('an engine that is killed', () => {
  test('its job fails with what happened; the server lives on and the next job runs', () => withServer('engine', async (served) => {
    const { page, complaints } = await openWorkbench(browser, served.url)
    await startBundled(page)
    await untilStage(page, /observe|quantize|compare/)
    const fault = page.getByRole('region', { name: 'The bundled project' }).getByRole('alert')
    // An engine that has just told its outcome does not mind: the next one does.
    await expect.poll(async () => {
      enginePids(served.pid).forEach(kill)
      return fault.getByText('The engine was ended from outside').count()
    }, { timeout: 20_000 }).toBe(1)
    await fault.getByText('engine.killed').waitFor()
    await fault.getByText('the engine process was killed (SIGKILL)').waitFor()
    expect(await fault.textContent()).not.toMatch(/\bat .*\.[jt]s:\d+/)
    expect(await violations(page)).toEqual([])
    await fault.getByRole('button', { name: 'Run it again' }).click()
    await page.waitForURL(/#\/run\//, { timeout: 60_000 })
    await page.getByRole('heading', { name: 'Quality' }).waitFor()
    await goTo(page, '/history')
    await page.getByText('2 runs', { exact: true }).waitFor()
    await table(page).getByRole('row').filter({ hasText: '✕ failed' }).waitFor()
    expect(complaints).toEqual([])
    await page.context().close()
  }), 120_000)
})

test('a job is paused and goes on from the drawer', () => withServer('pause', async (served) => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await startBundled(page)
  await untilStage(page, /observe|quantize|compare/)
  await page.keyboard.press('Control+j')
  const drawer = page.getByRole('dialog', { name: 'Jobs' })
  await drawer.getByRole('button', { name: 'Pause' }).click()
  await drawer.getByText('‖ paused').waitFor()
  const shown = drawer.locator('.progress-line .number').first()
  // What was already under way still comes; then nothing moves.
  await page.waitForTimeout(800)
  const rested = await shown.textContent()
  await page.waitForTimeout(800)
  expect(await shown.textContent()).toBe(rested)
  await page.locator('.foot-job', { hasText: '‖ demo · paused' }).waitFor()
  await page.reload()
  await page.locator('.foot-job', { hasText: '‖ demo · paused' }).waitFor()
  await page.keyboard.press('Control+j')
  await drawer.getByText('‖ paused').waitFor()
  await drawer.getByRole('button', { name: 'Go on' }).click()
  await drawer.getByText('✓ done').waitFor({ timeout: 60_000 })
  await drawer.getByRole('link', { name: 'Show the run' }).click()
  await page.getByRole('heading', { name: 'Quality' }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
}), 90_000)

test('a door that only shows: every act that writes rests, and says why', async () => {
  const workspace = join(folder, 'shown')
  const { code } = await scalewright(['demo', '--workspace', workspace, '--quiet'])
  expect(code).toBe(0)
  await withServer(workspace, async (served) => {
    const { page, complaints } = await openWorkbench(browser, served.url)
    const why = /--allow-write/
    const rests = async (name: string | RegExp): Promise<void> => {
      const button = page.getByRole('button', { name }).first()
      await button.waitFor()
      expect(await button.isDisabled(), String(name)).toBe(true)
      const said = `${await button.getAttribute('title')} ${await page.getByRole('main').textContent()}`
      expect(said, String(name)).toMatch(why)
    }
    await page.getByText('read-only').first().waitFor()
    await rests('Run the bundled project')
    await goTo(page, '/model')
    await rests('Choose a file…')
    await page.getByRole('button', { name: 'Open the bundled model' }).click()
    await page.getByRole('button', { name: 'Use this model' }).click()
    await page.waitForURL(/#\/samples/)
    await rests('Choose pictures')
    await rests('Choose a folder')
    await page.getByRole('button', { name: 'Bundled pictures' }).click()
    await goTo(page, '/calibrate?step=review')
    await rests(/^Calibrate with/)
    await goTo(page, '/history')
    await table(page).getByRole('row').nth(1).getByText('sample_x2').click()
    await table(page).getByRole('row').nth(1).locator('.table-pick').click()
    for (const name of ['Pin as baseline', 'Write a note', 'Archive', 'Tag…', 'Import'] as const) await rests(name)
    await table(page).getByRole('row').nth(1).dblclick()
    await page.waitForURL(/#\/run\//)
    await page.getByRole('tab', { name: 'Layers' }).click()
    const threshold = page.getByRole('textbox', { name: 'High, exact value' })
    await threshold.fill('100')
    await threshold.press('Enter')
    await page.getByRole('button', { name: '1 change' }).waitFor()
    await rests('Apply as new run')
    expect(await violations(page)).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  }, { writable: false })
}, 120_000)

describe('a history of 10,000 runs', () => {
  const MANY = 10_000
  const workspace = join(folder, 'many')

  beforeAll(() => {
    const db = openDatabase(workspace)
    db.pragma('synchronous = OFF')
    const store = storeOn(db, workspace)
    db.transaction(() => {
      for (let index = 0; index < MANY; index++) {
        const started = store.beginRun({ verb: 'run', environment: sampleEnvironment })
        const run = sampleRun(started, 1)
        const model = index % 100 === 7 ? 'rare' : `net${index % 10}`
        store.finishRun({ ...run, quality: { ...run.quality!, perSample: [], simulated: 33 + (index % 500) / 1000 }, model: { ...run.model!, path: `models/${model}.onnx` } })
      }
    })()
    store.close()
  }, 120_000)

  test('opens, is walked to its end, sorted and filtered', () => withServer(workspace, async (served) => {
    const { page, complaints } = await openWorkbench(browser, served.url)
    await page.locator('.rail').waitFor()
    await goTo(page, '/history')
    await page.getByText('10,000 runs', { exact: true }).waitFor()
    await expect.poll(() => table(page).getAttribute('aria-rowcount')).toBe(String(MANY + 1))
    expect(await table(page).getByRole('row').count()).toBeLessThan(60)
    await table(page).focus()
    await page.keyboard.press('End')
    await page.locator(`[aria-rowindex="${MANY + 1}"]`).getByText('net0').waitFor()
    await page.getByRole('button', { name: 'Drop' }).click()
    await page.waitForURL(/sort=-drop/)
    await expect.poll(() => table(page).getByRole('row').nth(1).textContent()).toContain('0.500')
    await page.getByRole('searchbox', { name: 'Filter' }).fill('model:rare')
    await page.getByText('100 runs', { exact: true }).waitFor()
    await page.getByRole('searchbox', { name: 'Filter' }).fill('model:rare drop<0.2')
    await page.getByText(/^\d\d runs$/).waitFor()
    expect(await violations(page)).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  }), 60_000)
})
