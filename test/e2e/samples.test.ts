import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

// Pictures below the workspace may be read by the page.
const workspace = join(temporaryFolder(), 'space')
const odd = join(workspace, 'odd')
let browser: Browser
let served: ServedWorkbench

beforeAll(async () => {
  await mkdir(odd, { recursive: true })
  const noise = (sigma: number) => sharp({ create: { width: 40, height: 30, channels: 3, noise: { type: 'gaussian', mean: 120, sigma }, background: 'red' } })
  await Promise.all([
    noise(30).png().toFile(join(odd, 'a.png')),
    noise(30).jpeg().withMetadata({ orientation: 6 }).toFile(join(odd, 'b.jpg')),
    noise(30).ensureAlpha(0.5).png().toFile(join(odd, 'c.png')),
    sharp(new Uint8Array(30 * 30 * 3), { raw: { width: 30, height: 30, channels: 3 } }).png().toFile(join(odd, 'd-black.png')),
    writeFile(join(odd, 'e-broken.png'), 'not a picture'),
  ])
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
})
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const cell = (page: Page, name: string | RegExp) => page.getByRole('gridcell', { name })
const value = (page: Page, channel: string, column: number) => page.getByRole('row', { name: new RegExp(`^${channel} `) }).getByRole('cell').nth(column).textContent()
const bytesOf = (page: Page, label: string | RegExp) =>
  page.getByRole('img', { name: label }).evaluate((canvas) => [...(canvas as unknown as { getContext(kind: '2d'): { getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray } } }).getContext('2d').getImageData(0, 0, 16, 16).data].join())

/** A window that works on the bundled project, at its samples. */
async function openSamples(look: Parameters<typeof openWorkbench>[2] = {}) {
  const opened = await openWorkbench(browser, served.url, look)
  await opened.page.locator('.bundled').waitFor()
  await goTo(opened.page, '/samples')
  await opened.page.locator('.samples-empty').waitFor()
  return opened
}

test('without a model the way leads to one; the bundled project brings its samples along', async () => {
  const { page, complaints } = await openSamples()
  expect(await page.getByRole('link', { name: 'Choose a model' }).getAttribute('href')).toBe('#/model?choose=1')
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Take the bundled project' }).click()
  await page.getByText('24 samples of 24 files').waitFor()
  await expect.poll(() => page.locator('.samples-cell canvas').count()).toBe(24)
  await page.getByText('No picture is in both parts.').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Calibrate' }).isEnabled()).toBe(true)

  const grid = page.getByRole('grid', { name: 'Pictures' })
  await grid.focus()
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => cell(page, /^cal_02\.png/).getAttribute('aria-selected')).toBe('true')
  await expect.poll(() => page.url()).toContain('file=cal_02.png')
  await page.keyboard.press('End')
  await expect.poll(() => cell(page, /^cal_24\.png/).getAttribute('aria-selected')).toBe('true')
  await page.getByRole('searchbox', { name: 'Filter by name' }).fill('_1')
  await expect.poll(() => page.getByRole('gridcell').count()).toBe(10)
  await page.getByRole('button', { name: 'Calibrate' }).click()
  await page.waitForURL(/#\/calibrate/)
  expect(complaints).toEqual([])
  await page.context().close()
})

test('a mean that is typed changes the values and the picture, is marked as given, outlives a reload, and goes back to the guess', async () => {
  const { page, complaints } = await openSamples()
  await page.getByRole('button', { name: 'Take the bundled project' }).click()
  await page.getByRole('button', { name: 'Preprocessing', exact: true }).click()
  await page.getByRole('img', { name: /as the model gets it/ }).waitFor()
  const [before, mean] = [await bytesOf(page, /as the model gets it/), Number(await value(page, 'R', 2))]
  expect(mean).toBeGreaterThan(60)
  await page.getByRole('textbox', { name: 'Mean R' }).fill('50')
  await expect.poll(async () => Number(await value(page, 'R', 2))).toBeCloseTo(mean - 50, 0)
  await expect.poll(() => bytesOf(page, /as the model gets it/)).not.toBe(before)
  await page.getByText('mean_value: 50 0 0').waitFor()
  await page.getByText('Not the same in both parts').waitFor()
  await page.getByRole('textbox', { name: 'Mean G' }).fill('1/')
  expect(await page.getByRole('textbox', { name: 'Mean G' }).getAttribute('aria-invalid')).toBe('true')
  await page.getByRole('textbox', { name: 'Value of level 0', exact: true }).fill('255')
  await page.getByRole('alert').getByText('`samples.calibration.preprocess.range` cannot be').waitFor()
  expect(await page.getByRole('button', { name: 'Calibrate' }).isDisabled()).toBe(true)
  await page.getByRole('textbox', { name: 'Value of level 0', exact: true }).fill('0')
  await page.getByRole('alert').waitFor({ state: 'hidden' })
  await page.reload()
  await page.getByText('mean_value: 50 0 0').waitFor()
  expect(await page.getByRole('textbox', { name: 'Mean R' }).inputValue()).toBe('50')
  await page.getByRole('button', { name: 'Use these in both' }).click()
  await page.getByText('Not the same in both parts').waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Back to the guess: Mean' }).click()
  await expect.poll(async () => Number(await value(page, 'R', 2))).toBeCloseTo(mean, 0)
  await page.getByRole('combobox', { name: 'Crop' }).selectOption('random')
  await page.getByRole('textbox', { name: 'Crop: width' }).fill('64')
  await page.getByText('float32 [1, 3, 128, 64] NCHW RGB').waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('a picture in both parts is told, with its name', async () => {
  const { page, complaints } = await openSamples()
  await page.getByRole('button', { name: 'Take the bundled project' }).click()
  await page.getByText('No picture is in both parts.').waitFor()
  await page.getByRole('tab', { name: /^Evaluation/ }).click()
  const path = page.getByRole('textbox', { name: 'Folder, list, picture or .npz' })
  await expect.poll(() => path.inputValue()).toMatch(/evaluation$/)
  const own = await path.inputValue()
  await page.getByRole('button', { name: 'Pairs' }).click()
  await expect.poll(() => page.getByRole('row', { name: /pic_01_LR\.png pic_01_HR\.png ✓ paired/ }).count()).toBe(1)
  await page.getByRole('button', { name: 'By name' }).click()
  await path.fill(own.replace(/evaluation$/, 'calibration'))
  await path.press('Enter')
  const alert = page.getByRole('alert').filter({ hasText: '24 pictures calibrate and judge.' })
  await alert.waitFor()
  expect(await alert.textContent()).toContain('cal_01.png')
  await alert.getByText('Which pictures').click()
  await expect.poll(() => alert.getByRole('row', { name: /cal_24\.png cal_24\.png equal pixels/ }).count()).toBe(1)
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
})

test('what is wrong with pictures is told where they stand, worst first, and can be left out', async () => {
  const { page, complaints } = await openSamples({ theme: 'light' })
  await page.getByRole('button', { name: 'Take the bundled project' }).click()
  const path = page.getByRole('textbox', { name: 'Folder, list, picture or .npz' })
  await path.fill(odd)
  await path.press('Enter')
  await cell(page, /^e-broken\.png, cannot be used, cannot be read/).waitFor()
  await cell(page, /^b\.jpg, 30×40, turned by EXIF/).waitFor()
  await cell(page, /^c\.png, 40×30, alpha is left out/).waitFor()
  const fault = page.getByRole('alert')
  await fault.getByText('this is not a picture that can be read').waitFor()
  expect(await page.getByRole('button', { name: 'Calibrate' }).isDisabled()).toBe(true)
  await page.getByRole('combobox', { name: 'Order' }).selectOption('worst')
  await expect.poll(() => page.getByRole('gridcell').first().getAttribute('aria-label')).toMatch(/^e-broken/)
  await fault.getByRole('button', { name: 'Leave it out' }).click()
  await page.getByText('4 samples of 5 files').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Calibrate' }).isEnabled()).toBe(true)
  await cell(page, /^d-black\.png, 30×30, almost black/).waitFor()
  await page.getByRole('button', { name: 'Coverage' }).click()
  await page.getByText('1 picture tells a calibration little: d-black.png').waitFor()
  await page.getByText('The same as a table').click()
  await expect.poll(() => page.getByRole('row', { name: /d-black\.png 0\.0 0\.0 0\.00 100\.0 0\.0/ }).count()).toBe(1)
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
})

test('chosen pictures are copied and become the samples', async () => {
  const { page, complaints } = await openSamples()
  await page.getByRole('button', { name: 'Take the bundled project' }).click()
  const path = page.getByRole('textbox', { name: 'Folder, list, picture or .npz' })
  await expect.poll(() => path.inputValue()).not.toBe('')
  await path.fill('')
  await path.press('Enter')
  await page.getByRole('heading', { name: 'Drop pictures to calibrate with' }).waitFor()
  await page.locator('input[type=file]').first().setInputFiles(['cal_03.png', 'cal_04.png'].map((name) => join(PROJECT, 'resources/sample/calibration', name)))
  await page.getByText('2 samples of 2 files').waitFor()
  await cell(page, /^cal_04\.png, 128×128/).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('a file that is dropped beside the place for files is kept from the browser, which would open it instead of the page', async () => {
  const { page, complaints } = await openSamples()
  await page.getByRole('button', { name: 'Take the bundled project' }).click()
  await page.getByText('24 samples of 24 files').waitFor()
  const panel = page.getByRole('region', { name: 'Pictures', exact: true })
  const transfer = await page.evaluateHandle("(() => { const held = new DataTransfer(); held.items.add(new File(['x'], 'x.txt')); return held })()")
  const isKept = async (place: ReturnType<Page['locator']>, name: 'dragover' | 'drop'): Promise<unknown> => {
    await page.evaluate(`addEventListener('${name}', (event) => { globalThis.isKept = event.defaultPrevented }, { once: true })`)
    await place.dispatchEvent(name, { dataTransfer: transfer })
    return page.evaluate('globalThis.isKept')
  }
  expect([await isKept(page.locator('.samples-source'), 'dragover'), await isKept(page.locator('.samples-source'), 'drop')]).toEqual([true, true])
  expect(await panel.getAttribute('data-over')).toBeNull()
  expect(await isKept(panel, 'dragover')).toBe(true)
  await expect.poll(() => panel.getAttribute('data-over')).toBe('true')
  expect(complaints).toEqual([])
  await page.context().close()
})

test('an upload ends with its screen and leaves nothing behind', async () => {
  const { page } = await openSamples()
  await page.getByRole('button', { name: 'Take the bundled project' }).click()
  const path = page.getByRole('textbox', { name: 'Folder, list, picture or .npz' })
  await expect.poll(() => path.inputValue()).not.toBe('')
  const before = await path.inputValue()
  const partial = async () => (await readdir(join(workspace, 'uploads'))).filter((name) => name.startsWith('.partial-'))
  // The line stalls: no piece arrives.
  await page.route('**/upload/**', () => undefined)
  await page.locator('input[type=file]').first().setInputFiles(join(PROJECT, 'resources/sample/calibration/cal_03.png'))
  await page.getByRole('progressbar', { name: 'Copying' }).waitFor()
  await expect.poll(partial).toHaveLength(1)
  await goTo(page, '/model')
  await expect.poll(partial).toEqual([])
  await goTo(page, '/samples')
  await expect.poll(() => path.inputValue()).toBe(before)
  await page.context().close()
})

test('the same in Chinese', async () => {
  const { page, complaints } = await openSamples({ language: 'zh', theme: 'light' })
  await page.getByRole('button', { name: '使用自带项目' }).click()
  await page.getByText('24 个文件，24 个样本').waitFor()
  await page.getByRole('button', { name: '预处理', exact: true }).click()
  await page.getByRole('textbox', { name: '均值 R' }).waitFor()
  for (const view of ['预处理', '覆盖情况', '图片'] as const) {
    await page.getByRole('button', { name: view, exact: true }).click()
    expect(await violations(page), view).toEqual([])
  }
  expect(complaints).toEqual([])
  await page.context().close()
})
