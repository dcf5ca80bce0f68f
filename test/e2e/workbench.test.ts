import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT, scalewright } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

// One workspace for the whole file: empty at first, then a run from each language and one from the terminal.
const workspace = join(temporaryFolder(), 'space')
let browser: Browser
let served: ServedWorkbench
const runs: string[] = []

beforeAll(async () => {
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
})
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const idIn = (page: Page): string => /#\/run\/(\w+)/.exec(page.url())?.[1] ?? ''
const untilRun = (page: Page) => page.waitForURL(/#\/run\//, { timeout: 80_000 })

test('an empty workspace leads to the bundled project, and one click to its run', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await page.getByRole('heading', { name: 'Nothing has been run in this workspace yet' }).waitFor()
  expect(page.url()).not.toContain('#t=')
  await page.getByRole('button', { name: 'Run the bundled project' }).click()
  await page.getByRole('progressbar').waitFor()
  await untilRun(page)
  runs.push(idIn(page))
  await page.getByRole('heading', { name: 'Quality' }).waitFor()
  const float = page.getByRole('row', { name: /^float 3\d\.\d{3} 3\d\.\d{3} 0\.\d{5}/ })
  await expect.poll(() => float.count()).toBe(1)
  await page.getByRole('img', { name: /Side by side/ }).waitFor()
  await expect.poll(() => page.getByRole('row', { name: /psnr_y_drop_db .* ✓ passed/ }).count()).toBe(1)
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)

test('the same in Chinese, with a reload in the middle of the job', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url, { language: 'zh', theme: 'light' })
  await page.getByRole('button', { name: '运行自带项目' }).click()
  await page.getByRole('progressbar').waitFor()
  await expect.poll(() => page.url()).toContain('job=')
  await page.reload()
  await page.getByRole('progressbar').waitFor()
  await expect.poll(() => page.getByRole('button', { name: '取消' }).count()).toBe(1)
  await untilRun(page)
  runs.push(idIn(page))
  await page.getByRole('heading', { name: '质量' }).waitFor()
  await page.getByRole('tab', { name: '逐层' }).click()
  await page.getByRole('grid', { name: '逐层误差' }).getByText('body3.relu').waitFor()
  expect(await page.evaluate('document.documentElement.lang')).toBe('zh')
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)

test('two runs of the history are compared row by row', async () => {
  const { code } = await scalewright(['run', 'resources/sample/recipe.yaml', '--method', 'max', '--workspace', workspace, '--quiet'])
  expect(code).toBe(0)
  const { page, complaints } = await openWorkbench(browser, served.url)
  await page.getByRole('heading', { name: 'Recent runs' }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  const table = page.getByRole('grid', { name: 'Runs', exact: true })
  await page.getByText('3 runs', { exact: true }).waitFor()
  await expect.poll(() => table.getByRole('row').count()).toBe(4)

  await page.getByRole('searchbox', { name: 'Filter' }).fill('verb:demo status:done')
  await page.getByText('2 runs', { exact: true }).waitFor()
  await page.getByRole('searchbox', { name: 'Filter' }).fill('speed:high')
  await page.getByText('not a field: speed:high').waitFor()
  await page.getByRole('searchbox', { name: 'Filter' }).fill('')

  await expect.poll(() => table.getByRole('row').count()).toBe(4)
  await table.getByRole('row').nth(1).locator('.table-pick').click()
  await table.getByRole('row').nth(2).locator('.table-pick').click()
  await page.getByText('2 picked').waitFor()
  await page.getByRole('button', { name: 'Compare 2 runs' }).click()
  expect(await page.getByRole('row', { name: /quantize\.activations\.method/ }).textContent()).toMatch(/automax$/)
  await page.getByRole('button', { name: /^Scales \d+/ }).click()
  await page.getByRole('button', { name: 'Method', exact: true }).first().click()
  await page.getByRole('grid', { name: 'Scales' }).getByRole('row', { name: /head\.relu.*auto.*max/ }).waitFor()
  await page.goBack()
  await page.getByText('2 picked').waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('palette, keyboard map and job drawer open by keys', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await page.getByRole('heading', { name: 'Recent runs' }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill(runs[0]!.slice(-6))
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(new RegExp(`#/run/${runs[0]}`))
  await page.keyboard.press('Control+j')
  const drawer = page.getByRole('dialog', { name: 'Jobs' })
  await expect.poll(() => drawer.getByRole('heading', { name: 'demo' }).count()).toBe(2)
  await drawer.getByRole('button', { name: 'Log' }).first().click()
  await drawer.getByText('npx scalewright demo').first().waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('the language changes at once and is remembered', async () => {
  const { page } = await openWorkbench(browser, served.url)
  await page.getByRole('button', { name: '中文' }).click()
  await page.getByRole('heading', { name: '最近的运行' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: '最近的运行' }).waitFor()
  await page.context().close()
})

test('an unknown run is a fault that says what to do, and an unknown address leads home', async () => {
  const { page } = await openWorkbench(browser, served.url)
  await goTo(page, '/run/none')
  const fault = page.getByRole('alert')
  await fault.getByText('There is no such run').waitFor()
  expect(await fault.textContent()).toContain('input.unknown-run')
  await goTo(page, '/nowhere')
  await page.getByRole('link', { name: 'Home' }).last().click()
  await page.getByRole('heading', { name: 'Recent runs' }).waitFor()
  await page.context().close()
})

test('a window without the key is told where to find one', async () => {
  const { page } = await openWorkbench(browser, new URL('/', served.url).href)
  await page.getByRole('heading', { name: 'This window is not signed in' }).waitFor()
  expect(await violations(page)).toEqual([])
  await page.context().close()
})

const PLACES = (): readonly (readonly [place: string, sign: string])[] => [
  ['/', '.bundled'],
  ['/history?chart=1', '.chart-canvas'],
  [`/run/${runs[0]}`, '.picture-probe'],
  [`/run/${runs[0]}/layers`, '.threshold'],
  [`/run/${runs[0]}?view=scales`, '.table-row'],
  [`/run/${runs[0]}?view=record`, '.recipe'],
  [`/diff/${runs[0]}/${runs[1]}?all=1`, '.compared'],
  [`/diff/${runs[0]}/${runs[1]}?all=1&part=layers`, '.table-row'],
  ['/export', '.board-card'],
  ['/jobs', '.job'],
]

test('high contrast and the dialogs: axe finds nothing serious', async () => {
  const { page } = await openWorkbench(browser, served.url, { theme: 'contrast' })
  await page.locator('.bundled').waitFor()
  expect(await violations(page)).toEqual([])
  for (const [keys, name] of [['?', 'Keyboard shortcuts'], ['Control+k', 'Command palette'], ['Control+j', 'Jobs']] as const) {
    await page.keyboard.press(keys)
    await page.getByRole('dialog', { name }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  }
  await page.context().close()
})

test.each([['dark', 'en'], ['light', 'zh']] as const)('axe finds nothing serious: %s, %s', async (theme, language) => {
  const { page, complaints } = await openWorkbench(browser, served.url, { theme, language })
  await page.locator('.bundled').waitFor()
  const found: string[] = []
  for (const [place, sign] of PLACES()) {
    await goTo(page, place)
    await page.locator(sign).first().waitFor()
    found.push(...(await violations(page)).map((line) => `${place} ${line}`))
  }
  expect(found).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
})
