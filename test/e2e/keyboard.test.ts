import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundledSample } from '../../main/app/demo.ts'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { openBrowser, openWorkbench } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const sample = bundledSample()
const workspace = join(temporaryFolder(), 'space')
let browser: Browser
let served: ServedWorkbench

beforeAll(async () => {
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
})
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const hasFocus = (target: Locator): Promise<boolean> => target.evaluate((element) => element === (globalThis as unknown as { document: { activeElement: unknown } }).document.activeElement)

/** Walks with Tab until something has the focus, as a person does who has no pointer. */
async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.waitFor()
  for (let steps = 0; steps < 90; steps++) {
    if (await hasFocus(target)) return
    await page.keyboard.press(key)
  }
  throw new Error(`Tab does not lead to ${String(target)}`)
}

async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press(key)
}

async function type(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press('Control+a')
  await page.keyboard.type(text)
}

/** G, then the letter of a place. */
async function go(page: Page, letter: string): Promise<void> {
  await page.keyboard.press('g')
  await page.keyboard.press(letter)
}

const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) })

/** A model of one's own, uploaded; samples by their paths. Ends at the samples. */
async function chooseModelAndSamples(page: Page): Promise<void> {
  await go(page, 'm')
  const chooser = page.waitForEvent('filechooser')
  await press(page, button(page, 'Choose a file…'))
  await (await chooser).setFiles(join(sample, 'models/sample_x2.onnx'))
  await page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name: 'sample_x2' }).waitFor()
  await press(page, button(page, 'Use this model'))
  await page.waitForURL(/#\/samples/)
  const path = page.getByRole('textbox', { name: 'Folder, list, picture or .npz' })
  await type(page, path, join(sample, 'calibration'))
  await page.keyboard.press('Enter')
  await page.getByText('24 samples of 24 files').waitFor()
  const calibration = page.getByRole('tab', { name: /^Calibration/ })
  await tabTo(page, calibration)
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => page.getByRole('tab', { name: /^Evaluation/ }).getAttribute('aria-selected')).toBe('true')
  await type(page, path, join(sample, 'evaluation'))
  await page.keyboard.press('Enter')
  await page.getByText(/8 samples of \d+ files/).waitFor()
}

/** Ends at the layers of the run. */
async function calibrate(page: Page): Promise<void> {
  await expect.poll(() => button(page, /^Calibrate/).isEnabled()).toBe(true)
  await press(page, button(page, /^Calibrate/))
  await press(page, page.getByRole('link', { name: 'Methods →' }))
  await press(page, page.getByRole('checkbox', { name: 'max', exact: true }), 'Space')
  await press(page, page.getByRole('link', { name: 'Samples →' }))
  await type(page, page.getByRole('textbox', { name: 'Count' }).first(), '4')
  await press(page, page.getByRole('link', { name: 'Review →' }))
  await press(page, button(page, /^Calibrate with 2 methods/))
  await page.waitForURL(/step=result/, { timeout: 90_000 })
  const chosen = page.getByRole('radio', { checked: true })
  await tabTo(page, chosen)
  await page.keyboard.press('ArrowDown')
  await press(page, button(page, /^Accept /))
  await press(page, page.getByRole('link', { name: 'On to its layers' }))
  await page.waitForURL(/#\/run\/\w+\/layers/)
}

test('one’s own model goes from the file to two runs compared without a pointer', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await button(page, 'Run the bundled project').waitFor()
  // The first stop of Tab leads past the places to the content.
  await page.keyboard.press('Tab')
  expect(await hasFocus(page.getByRole('link', { name: 'Skip to the content' }))).toBe(true)
  await page.keyboard.press('Enter')
  expect(await hasFocus(page.getByRole('main'))).toBe(true)
  await chooseModelAndSamples(page)
  await calibrate(page)

  // Layers: a row by arrows, its threshold by keys, applied.
  const parent = /run\/(\w+)/.exec(page.url())![1]!
  const table = page.getByRole('grid', { name: 'Layers', exact: true })
  await tabTo(page, table)
  for (const key of ['Home', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key)
  await expect.poll(() => page.url()).toContain('tensor=')
  const upper = page.getByRole('slider', { name: 'Upper threshold' })
  await tabTo(page, upper)
  for (let step = 0; step < 3; step++) await page.keyboard.press('Shift+ArrowLeft')
  await button(page, '1 change').waitFor()
  await press(page, button(page, 'Apply as new run'))
  await page.waitForURL((url) => /#\/run\/\w+\/layers/.test(url.hash) && !url.hash.includes(parent), { timeout: 90_000 })
  const child = /run\/(\w+)/.exec(page.url())![1]!

  // Its pictures.
  await tabTo(page, page.getByRole('tab', { name: 'Layers' }))
  for (let step = 0; step < 8 && !page.url().includes('/compare'); step++) await page.keyboard.press('ArrowRight')
  await page.waitForURL(new RegExp(`#/run/${child}/compare`))
  await page.locator('.stage canvas[data-state=painted]').waitFor()
  for (const key of ['x', '1', 'c', 'ArrowRight']) await page.keyboard.press(key)
  await expect.poll(() => page.locator('.probe-place').textContent()).toMatch(/^x \d+ y \d+$/)

  // The history: both runs picked and compared, the second one found again by the palette.
  await go(page, 'r')
  const runs = page.getByRole('grid', { name: 'Runs', exact: true })
  await page.getByText('3 runs', { exact: true }).waitFor()
  await tabTo(page, runs)
  for (const key of ['Home', 'Space', 'ArrowDown', 'Space']) await page.keyboard.press(key)
  await page.getByText('2 picked', { exact: true }).waitFor()
  await press(page, button(page, 'Compare 2 runs'))
  await page.waitForURL(/#\/diff\//)
  await page.getByRole('table').first().waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type(child.slice(-6))
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(new RegExp(`#/run/${child}`))
  expect(complaints).toEqual([])
  await page.context().close()
}, 180_000)
