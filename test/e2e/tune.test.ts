import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT, scalewright } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const workspace = join(temporaryFolder(), 'space')
const SAMPLE = join(PROJECT, 'resources/sample')
const CROP = 'preprocess={crop: {mode: center, size: [32, 32]}}'
/** Two pictures are held back, two are judged on; small ones, so that a trial takes a moment. */
const SETTINGS = [
  `samples.calibration.${CROP}`, 'samples.calibration.count=4', `samples.evaluation.${CROP}`, 'samples.evaluation.include=["pic_0[12]_*"]', 'compare.latency=false', 'compare.operators=false',
  `tune.samples=${JSON.stringify({ path: join(SAMPLE, 'evaluation'), include: ['pic_0[56]_*'], reference: { pattern: '*_HR' }, preprocess: { crop: { mode: 'center', size: [32, 32] } } })}`,
]
let browser: Browser
let served: ServedWorkbench
let run: string

beforeAll(async () => {
  const { code, stderr, stdout } = await scalewright(['run', join(SAMPLE, 'recipe.yaml'), ...SETTINGS.flatMap((setting) => ['--set', setting]), '--workspace', workspace, '--quiet', '--json'])
  if (code !== 0 && code !== 1) throw new Error(`the run ended with ${code}: ${stderr}`)
  run = (JSON.parse(stdout) as { run: string }).run
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const parameter = (page: Page, name: string): string | null => new URLSearchParams(page.url().split('?')[1] ?? '').get(name)
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true }).click()

/** A window whose project is the run. */
async function openTune(look: Parameters<typeof openWorkbench>[2] = {}) {
  const opened = await openWorkbench(browser, served.url, look)
  await opened.page.locator('.bundled').waitFor()
  await goTo(opened.page, `/run/${run}`)
  await opened.page.getByRole('button', { name: look.language === 'zh' ? '从这里继续' : 'Work on from here' }).click()
  await opened.page.keyboard.press('g')
  await opened.page.keyboard.press('t')
  await opened.page.getByRole('tablist', { name: look.language === 'zh' ? '调优的各部分' : 'Parts of tuning' }).waitFor()
  return opened
}

test('a search is started, paused, found again after a reload, goes on, and its winner is compared', async () => {
  const { page, complaints } = await openTune()
  await page.getByText('Measure which layers take most from the outputs.').waitFor()
  await tab(page, 'Search')
  await page.getByRole('textbox', { name: 'Trials', exact: true }).fill('14')
  await page.getByRole('checkbox', { name: 'single layers' }).uncheck()
  await page.getByRole('button', { name: 'Start the search' }).click()
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByRole('button', { name: 'Go on', exact: true }).waitFor()
  await page.reload()
  const goOn = page.getByRole('button', { name: 'Go on', exact: true })
  await goOn.waitFor()
  expect(await page.getByRole('button', { name: 'Start the search' }).isDisabled()).toBe(true)
  await goOn.click()
  const table = page.getByRole('grid', { name: 'Trials' })
  await page.getByText(/^\d+ trials? so far$/).waitFor()
  const winner = page.getByRole('region', { name: 'Winner' })
  await winner.waitFor({ timeout: 60_000 })
  await page.getByText('14 trials', { exact: true }).waitFor()
  expect(await table.getByText('★').count()).toBe(1)
  await winner.getByText('the start', { exact: true }).waitFor()
  expect(await violations(page)).toEqual([])
  await winner.getByRole('link', { name: 'Compare with the start' }).click()
  await expect.poll(() => page.url()).toContain(`/diff/${run}/`)
  await page.getByText('quantize', { exact: false }).first().waitFor()
  await page.goBack()
  await winner.getByRole('button', { name: 'Take it' }).click()
  await winner.getByText('✓ in the project').waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)

test('sensitivity is measured, drawn and told; a row leads to the knobs of its layer, which write the recipe with undo', async () => {
  const { page, complaints } = await openTune()
  await tab(page, 'Sensitivity')
  await page.getByRole('button', { name: 'Measure sensitivity' }).click()
  await page.getByRole('img', { name: /^Sensitivity of \d+ units/ }).waitFor({ timeout: 60_000 })
  const table = page.getByRole('grid', { name: 'Units by sensitivity' })
  const first = table.getByRole('row').nth(1)
  expect(await first.textContent()).toMatch(/^1/)
  await first.click()
  await expect.poll(() => parameter(page, 'unit')).not.toBeNull()
  expect(await violations(page)).toEqual([])
  await tab(page, 'Next')
  await page.getByRole('button', { name: 'Try it' }).first().click()
  const tried = page.getByRole('region', { name: 'Tried' }).first()
  await tried.getByRole('link', { name: 'Compare with the start' }).waitFor({ timeout: 60_000 })
  await tried.getByText(/^(?:[▲▼] )?[+−-]?0\.\d{4}$/).waitFor()
  await tab(page, 'Sensitivity')
  await page.getByRole('link', { name: 'Knobs', exact: true }).click()
  await expect.poll(() => parameter(page, 'view')).toBe('editor')
  const knobs = page.getByRole('region', { name: 'Knobs', exact: true })
  const lines = page.getByRole('region', { name: 'Lines of the recipe' }).first()
  await knobs.getByRole('button', { name: 'int16', exact: true }).click()
  await lines.getByText('bits: 16').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await lines.getByText('No layer is treated otherwise yet.').waitFor()
  await page.getByRole('button', { name: 'Redo' }).click()
  await lines.getByText('bits: 16').waitFor()
  await lines.getByRole('textbox', { name: 'Name or pattern' }).fill('op:Conv')
  await lines.getByText(/^\d+ layers$/).waitFor()
  await lines.getByRole('button', { name: 'Open its knobs' }).click()
  await knobs.getByRole('combobox', { name: 'method' }).selectOption('max')
  await lines.getByText('method: max').waitFor()
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)

test('a search that is stopped keeps its best, and is continued from its trials', async () => {
  const { page, complaints } = await openTune()
  await tab(page, 'Search')
  await page.getByRole('textbox', { name: 'Trials', exact: true }).fill('60')
  await page.getByRole('checkbox', { name: 'equalize' }).uncheck()
  await page.getByRole('button', { name: 'Start the search' }).click()
  await page.getByText(/^([2-9]|\d\d) trials so far$/).waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Stop, keep the best' }).click()
  const winner = page.getByRole('region', { name: 'Winner' })
  await winner.getByText('The search was stopped').waitFor()
  const kept = Number(/^\d+/.exec((await page.getByText(/^\d+ trials$/).textContent())!)![0])
  expect(kept).toBeGreaterThanOrEqual(2)
  await page.getByRole('textbox', { name: 'Trials', exact: true }).fill(String(kept + 3))
  await page.getByRole('button', { name: 'Continue', exact: true }).click()
  await page.getByText(`${kept + 3} trials`, { exact: true }).waitFor({ timeout: 60_000 })
  await winner.getByText('the start', { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: 'Continue', exact: true }).count()).toBe(0)
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)

test('plans are measured and one becomes the recipe; what the board refuses cannot be chosen; Chinese, light: axe finds nothing serious', async () => {
  const { page, complaints } = await openTune({ theme: 'light', language: 'zh' })
  await page.getByRole('tab', { name: '方案', exact: true }).click()
  await page.getByRole('button', { name: '测量方案' }).click()
  await page.getByRole('img', { name: /个实测方案/ }).waitFor({ timeout: 60_000 })
  const plans = page.getByRole('grid', { name: '实测方案' })
  expect(await plans.getByRole('row').count()).toBeGreaterThan(2)
  await plans.focus()
  await page.keyboard.press('End')
  await page.getByRole('button', { name: '写入配方' }).click()
  await page.getByText('方案已写入配方。').waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('tab', { name: '逐层设置', exact: true }).click()
  await page.getByRole('button', { name: /^移除/ }).first().waitFor()
  expect(await violations(page)).toEqual([])
  await page.evaluate(`(() => { const key = Object.keys(localStorage).find((each) => each.startsWith('scalewright.project ')); const project = JSON.parse(localStorage.getItem(key)); project.recipe.board = 'sophon-bm1684'; localStorage.setItem(key, JSON.stringify(project)) })()`)
  await page.reload()
  await page.getByText('sophon-bm1684 能计算什么').waitFor()
  const refused = page.getByRole('button', { name: 'int16', exact: true })
  await expect.poll(() => refused.isDisabled()).toBe(true)
  expect(await refused.getAttribute('title')).toContain('sophon-bm1684')
  await page.getByRole('tab', { name: '下一步', exact: true }).click()
  await page.locator('.advice li').first().waitFor()
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)
