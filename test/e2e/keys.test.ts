import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { openBrowser, openWorkbench } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const folder = temporaryFolder()
let browser: Browser
let served: ServedWorkbench | undefined

beforeAll(async () => {
  browser = await openBrowser()
})
// A second try begins in an empty workspace too.
beforeEach(async () => {
  served = await serveWorkbench(await mkdtemp(join(folder, 'space-')))
})
afterEach(async () => served?.close())
afterAll(async () => browser?.close())

const hasFocus = (target: Locator): Promise<boolean> => target.evaluate((element) => element === (globalThis as unknown as { document: { activeElement: unknown } }).document.activeElement)

/** Walks with Tab until something has the focus, as a person does who has no pointer. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let steps = 0; steps < 90; steps++) {
    if (await hasFocus(target)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${String(target)}`)
}

async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press(key)
}

async function keys(page: Page, ...pressed: readonly string[]): Promise<void> {
  for (const key of pressed) await page.keyboard.press(key)
}

const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) })
const grid = (page: Page, name: string): Locator => page.getByRole('grid', { name, exact: true })
const runIn = (page: Page): string => /#\/run\/(\w+)/.exec(page.url())?.[1] ?? ''
/** What the address says of the look. */
const lookIn = (page: Page, key: string): string | null => new URLSearchParams(page.url().split('?')[1]).get(key)

/** Two methods of the bundled project; the second one is taken. Ends at its layers. */
async function calibrate(page: Page): Promise<string> {
  await keys(page, 'g', 'c')
  await press(page, button(page, 'Take the bundled project'))
  await press(page, page.getByRole('link', { name: 'Methods →' }))
  await press(page, page.getByRole('checkbox', { name: 'max', exact: true }), 'Space')
  await press(page, page.getByRole('link', { name: 'Samples →' }))
  await tabTo(page, page.getByRole('textbox', { name: 'Count' }).first())
  await keys(page, 'Control+a', '4')
  await press(page, page.getByRole('link', { name: 'Review →' }))
  await press(page, button(page, /^Calibrate with 2 methods/))
  await page.waitForURL(/step=result/, { timeout: 90_000 })
  await tabTo(page, page.getByRole('radio', { checked: true }))
  await page.keyboard.press('ArrowDown')
  await press(page, button(page, /^Accept /))
  await press(page, page.getByRole('link', { name: 'On to its layers' }))
  await page.waitForURL(/#\/run\/\w+\/layers/)
  return runIn(page)
}

/** A row by arrows, its threshold by keys, figures before anything runs, and a run of it. */
async function changeThreshold(page: Page, parent: string): Promise<string> {
  await tabTo(page, grid(page, 'Layers'))
  await keys(page, 'Home', 'ArrowDown', 'ArrowDown')
  await expect.poll(() => lookIn(page, 'tensor')).not.toBeNull()
  const readout = (): Promise<string | null> => page.locator('.readout').textContent()
  await expect.poll(readout).toMatch(/\d\s*dB/)
  const before = await readout()
  await tabTo(page, page.getByRole('slider', { name: 'Upper threshold' }))
  await keys(page, 'Shift+ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft')
  await button(page, '1 change').waitFor()
  await expect.poll(readout).not.toBe(before)
  await press(page, button(page, 'Apply as new run'))
  await page.waitForURL((url) => /#\/run\/\w+\/layers/.test(url.hash) && !url.hash.includes(parent), { timeout: 90_000 })
  return runIn(page)
}

/** Its pictures: ways of comparing, the difference, one pixel for one, and the values of a pixel. */
async function comparePictures(page: Page, child: string): Promise<void> {
  await tabTo(page, page.getByRole('tab', { name: 'Layers' }))
  await page.keyboard.press('ArrowRight')
  await page.waitForURL(new RegExp(`#/run/${child}/compare`))
  await page.getByRole('tab', { name: 'Compare', selected: true }).waitFor()
  // The picture may not be there yet: what is pressed meanwhile is done once it is.
  await keys(page, 'x', '1', 'c')
  const probe = page.locator('.probe-place')
  await probe.waitFor()
  expect(await probe.textContent()).toMatch(/^x \d+ y \d+$/)
  await expect.poll(() => lookIn(page, 'mode')).toBe('two')
  await page.getByText('100 %', { exact: true }).first().waitFor()
  // The focus came from the tabs: arrows are the cursor's all the same.
  const [, x, y] = /^x (\d+) y (\d+)$/.exec((await probe.textContent())!)!
  await keys(page, 'ArrowRight', 'Shift+ArrowDown')
  await expect.poll(() => probe.textContent()).toBe(`x ${Number(x) + 1} y ${Number(y) + 10}`)
  expect(runIn(page)).toBe(child)
  await expect.poll(() => page.locator('.probe').textContent()).toMatch(/float/)
  await keys(page, 'd', '.')
  await expect.poll(() => [lookIn(page, 'mode'), lookIn(page, 'gain')]).toEqual(['difference', '128'])
  await keys(page, 'd', 'b')
  await expect.poll(() => lookIn(page, 'mode')).toBe('blink')
  await keys(page, 'Escape', 'Shift+w')
  await expect.poll(() => lookIn(page, 'r')).toMatch(/^\d+,\d+,64,64$/)
}

/** Both runs picked in the history and set beside each other; one of them found again by the palette. */
async function compareRuns(page: Page, child: string): Promise<void> {
  await keys(page, 'g', 'r')
  await page.getByText('3 runs', { exact: true }).waitFor()
  await tabTo(page, grid(page, 'Runs'))
  await keys(page, 'Home', 'Space', 'ArrowDown', 'Space')
  await page.getByText('2 picked', { exact: true }).waitFor()
  await press(page, button(page, 'Compare 2 runs'))
  await page.waitForURL(/#\/diff\//)
  await page.getByRole('row', { name: /quantize\.layers\./ }).first().waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type(child.slice(-6))
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(new RegExp(`#/run/${child}`))
}

test('the bundled project goes from an empty workspace to two runs beside each other without a pointer', async () => {
  const { page, complaints } = await openWorkbench(browser, served!.url)
  await button(page, 'Run the bundled project').waitFor()
  // The first stop of Tab leads past the places to the content.
  await page.keyboard.press('Tab')
  expect(await hasFocus(page.getByRole('link', { name: 'Skip to the content' }))).toBe(true)
  await page.keyboard.press('Enter')
  expect(await hasFocus(page.getByRole('main'))).toBe(true)
  const parent = await calibrate(page)
  const child = await changeThreshold(page, parent)
  await comparePictures(page, child)
  await compareRuns(page, child)
  expect(complaints).toEqual([])
  await page.context().close()
}, 300_000)
