import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApp } from '../../main/app/app.ts'
import { quietTask } from '../../main/core/task.ts'
import type { Recipe } from '../../main/recipe/recipe.ts'
import { PROJECT } from '../fixtures/command.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const workspace = join(temporaryFolder(), 'space')
const SOON = { timeout: 30_000 }
let browser: Browser
let served: ServedWorkbench
let recipe: Recipe
let run: string

/** The troubled sample with ranges that cut 3 % of the values: its audit proposes rewrites, a repair and lines of the recipe. */
beforeAll(async () => {
  const whole = await smallRecipe('board=horizon-j6', 'quantize.activations.method=percentile', 'quantize.activations.percentile=0.97')
  recipe = { ...whole, model: join(PROJECT, 'resources/sample/models/troubled_x2.onnx') }
  const app = await openApp({ workspace, cwd: PROJECT, threads: 1 })
  run = (await app.run({ recipe }, quietTask)).run
  await app.close()
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
})
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
const finding = (page: Page, rule: string, text: string) => page.locator('.findings li').filter({ hasText: rule }).filter({ hasText: text }).first()

/** The project is the recipe of the run; as if it was prepared in this window. */
async function openProject(page: Page): Promise<void> {
  await page.getByRole('navigation').first().waitFor()
  await page.evaluate(`localStorage.setItem(${JSON.stringify(`scalewright.project ${workspace}`)}, ${JSON.stringify(JSON.stringify({ recipe, job: null, ran: null }))})`)
  await page.reload()
  await page.getByRole('navigation').first().waitFor()
}

const recipeNow = (page: Page) => page.evaluate<{ rewrite?: unknown; quantize: { layers?: Record<string, unknown> } }>(`JSON.parse(localStorage.getItem(${JSON.stringify(`scalewright.project ${workspace}`)})).recipe`)

test('findings of the model lead to the rewrite, the repair and the graph', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await openProject(page)
  await goTo(page, '/model')
  const found = region(page, 'Findings')
  await finding(page, 'SW-R01', 'upsample').waitFor(SOON)
  await found.getByText(/\d+ warnings, \d+ notes/).waitFor()
  expect(await finding(page, 'SW-R01', 'upsample').locator('.finding-word').textContent()).toBe('warning')
  await finding(page, 'SW-R01', 'upsample').getByRole('button', { name: 'upsample' }).click()
  await expect.poll(() => page.url()).toContain('at=n%3Aupsample')
  await region(page, 'On horizon-j6').getByText('Conv tail').waitFor()
  expect(await violations(page)).toEqual([])

  // A repair is another word and another shape, and is ticked alone where the project has no plan.
  const repair = finding(page, 'SW-P01', 'insert-clip').getByRole('link', { name: 'Repair: insert-clip' })
  expect(await repair.getAttribute('data-kind')).toBe('repair')
  await repair.click()
  await page.getByRole('checkbox', { name: 'Repair with insert-clip', exact: true }).waitFor(SOON)
  await expect.poll(() => page.getByRole('checkbox', { name: 'Repair with insert-clip', exact: true }).isChecked(), SOON).toBe(true)
  await page.goBack()
  await finding(page, 'SW-R01', 'upsample').getByRole('link', { name: 'Rewrite: resize-to-conv' }).click()
  await expect.poll(() => page.getByRole('checkbox', { name: 'Rewrite with resize-to-conv', exact: true }).isChecked(), SOON).toBe(true)
  expect(await page.getByRole('checkbox', { name: 'Rewrite with hoist-mean', exact: true }).isChecked()).toBe(false)
  expect(complaints).toEqual([])
  await page.context().close()
}, 120_000)

test('a line of the recipe is set from the run and from its layer, with the way back', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url, { theme: 'light' })
  await openProject(page)
  await goTo(page, `/run/${run}`)
  const own = finding(page, 'SW-S05', 'quantize.layers."head".method=max')
  await own.getByRole('button', { name: 'Set quantize.layers."head".method=max' }).click()
  await own.getByText('quantize.layers."head".method=max is in the recipe').waitFor()
  await page.getByText('The recipe says quantize.layers."head".method=max now (before: –).').waitFor()
  expect((await recipeNow(page)).quantize.layers).toEqual({ head: { method: 'max' } })
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(async () => (await recipeNow(page)).quantize.layers ?? {}).toEqual({})

  // The same on the layer: only what is said of it.
  await goTo(page, `/run/${run}/layers?tensor=mid`)
  const layer = page.locator('.tensor-findings')
  await layer.getByText('1 warning').click(SOON)
  expect(await layer.locator('li').count()).toBe(1)
  await layer.getByRole('button', { name: 'Set quantize.layers."mid".method=max' }).click()
  await expect.poll(async () => (await recipeNow(page)).quantize.layers).toEqual({ mid: { method: 'max' } })
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 120_000)

test('in Chinese, and only the project’s own model is changed', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url, { language: 'zh' })
  await openProject(page)
  await goTo(page, '/model')
  await finding(page, 'SW-P01', 'insert-clip').getByRole('link', { name: '修复：insert-clip' }).waitFor(SOON)
  expect(await finding(page, 'SW-R01', 'upsample').locator('.finding-word').textContent()).toBe('警告')
  expect(await violations(page)).toEqual([])
  await goTo(page, `/run/${run}`)
  await finding(page, 'SW-S05', 'head').getByRole('button', { name: '设置 quantize.layers."head".method=max' }).waitFor()
  await page.evaluate(`localStorage.removeItem(${JSON.stringify(`scalewright.project ${workspace}`)})`)
  await page.reload()
  await finding(page, 'SW-S05', 'head').waitFor(SOON)
  expect(await page.locator('.finding-fix').count()).toBe(0)
  expect(complaints).toEqual([])
  await page.context().close()
}, 120_000)
