import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApp } from '../../main/app/app.ts'
import { quietTask } from '../../main/core/task.ts'
import { PROJECT } from '../fixtures/command.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const workspace = join(temporaryFolder(), 'space')
let browser: Browser
let served: ServedWorkbench
let run: string

beforeAll(async () => {
  const app = await openApp({ workspace, cwd: workspace, threads: 1 })
  run = (await app.run({ recipe: await smallRecipe('samples.evaluation.count=2') }, quietTask)).run
  await app.close()
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const painted = (page: Page) => page.locator('.stage canvas[data-state=painted]').waitFor()
const at = (query: string): string => `/run/${run}/compare?${query}`

test('a change made just before one leaves is there when one comes back', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await page.locator('.rail').waitFor()
  await goTo(page, at('sample=1&mode=two&zoom=6'))
  await painted(page)
  await page.evaluate(`document.dispatchEvent(new KeyboardEvent('keydown', { key: 'v', bubbles: true, cancelable: true })); setTimeout(() => { location.hash = '#/history' }, 20)`)
  await page.getByRole('grid').first().waitFor()
  await page.goBack()
  await painted(page)
  expect(await page.getByRole('button', { name: 'Mark clipped pixels' }).getAttribute('aria-pressed')).toBe('true')
  await expect.poll(() => page.url()).toContain('clips=1')
  expect(complaints).toEqual([])
  await page.context().close()
})

test('keys that are pressed while the picture is waited for are done once it is there', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await page.locator('.rail').waitFor()
  let go = (): void => undefined
  const held = new Promise<void>((resolve) => { go = resolve })
  await page.route('**/call/pictures.*', async (route) => {
    await held
    await route.continue()
  })
  await goTo(page, at('sample=0'))
  await page.getByRole('tab', { name: 'Compare', exact: true }).waitFor()
  for (const key of ['x', '1', 'c', 'ArrowRight']) await page.keyboard.press(key)
  go()
  await painted(page)
  await expect.poll(() => page.locator('.probe-place').textContent()).toMatch(/^x \d+ y \d+$/)
  await expect.poll(() => page.locator('.compare-zoom').textContent()).toBe('100 %')
  await expect.poll(() => new URLSearchParams(page.url().split('?')[1]).get('mode')).toBe('two')
  expect(complaints).toEqual([])
  await page.context().close()
})
