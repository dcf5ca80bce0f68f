import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const workspace = join(temporaryFolder(), 'space')
const TROUBLED = join(PROJECT, 'resources/sample/models/troubled_x2.onnx')
let browser: Browser
let served: ServedWorkbench

beforeAll(async () => {
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
})
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

/** Looking at a model and proving take what the machine has left. */
const SOON = { timeout: 30_000 }

const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
const tick = (page: Page, name: string) => page.getByRole('checkbox', { name, exact: true })
const box = (page: Page, change: string, text: string) => page.locator(`.diff-box[data-change=${change}]`).filter({ hasText: text })
const views = (page: Page) => page.evaluate<readonly string[]>(`[...document.querySelectorAll('.react-flow__viewport')].map((each) => each.style.transform)`)

/** The window signs in before it has places. */
async function openRewrite(page: Page): Promise<void> {
  await page.getByRole('navigation').first().waitFor()
  await goTo(page, '/rewrite')
}

/** Goes through the changes until a box is in sight. */
async function seek(page: Page, change: string, text: string): Promise<void> {
  await expect.poll(async () => {
    if (await box(page, change, text).count() > 0) return true
    await page.keyboard.press(']')
    return false
  }, { ...SOON, interval: 200 }).toBe(true)
}

test('a troubled model: rewrites are found, looked at, proved, kept, and taken into the project', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  const wrong: string[] = []
  const look = async (place: string): Promise<void> => { wrong.push(...(await violations(page)).map((line) => `${place} ${line}`)) }

  // Without a model there is a way to one.
  await openRewrite(page)
  await page.getByRole('heading', { name: 'No model to rewrite yet' }).waitFor()
  await look('empty')
  await page.getByRole('link', { name: 'Choose a model' }).click()
  await page.locator('input[type=file]').setInputFiles([{ name: 'troubled_x2.onnx', mimeType: 'application/octet-stream', buffer: await readFile(TROUBLED) }])
  await page.getByRole('button', { name: 'Use this model' }).click()
  await page.getByRole('navigation', { name: 'Steps of the project' }).getByRole('link', { name: /^Rewrite/ }).click()

  // What is found; those of auto are ticked, the repair stands apart and is not.
  const found = region(page, 'Rewrites')
  await found.getByText('5 found').waitFor()
  for (const name of ['fold-batchnorm', 'fold-affine', 'hoist-mean', 'resize-to-conv']) expect(await tick(page, `Rewrite with ${name}`).isChecked(), name).toBe(true)
  const repair = region(page, 'Repairs: they change the function')
  expect(await repair.getByRole('checkbox', { name: 'Repair with insert-clip', exact: true }).isChecked()).toBe(false)
  await repair.getByText('changes what the model computes').waitFor()
  await found.getByText('1 place looks alike and is refused').first().click()
  await found.getByText('padding trap', { exact: false }).first().waitFor()
  await page.getByRole('navigation', { name: 'Steps of the project' }).getByRole('link', { name: /^Rewrite.*5 found/ }).waitFor()

  // Before and after: removed, added, changed, and the rest as it was.
  await region(page, 'Before').getByText('26').waitFor()
  await region(page, 'After').getByText('24').waitFor()
  await box(page, 'removed', 'sub_mean').waitFor()
  await box(page, 'added', 'input_with_plane').waitFor()
  await region(page, 'What changes').getByText('7 changes').waitFor()
  await look('graph')

  // One view for both panes.
  const before = await views(page)
  await page.locator('.diff-flow').first().hover()
  await page.mouse.wheel(0, 240)
  await expect.poll(async () => (await views(page))[0], SOON).not.toBe(before[0])
  await expect.poll(async () => new Set(await views(page)).size, SOON).toBe(1)

  // From change to change; the address holds it.
  await page.keyboard.press(']')
  await region(page, 'What changes').getByText('change 1 of 7').waitFor()
  await page.getByRole('list', { name: 'This change' }).getByText('sub_mean', { exact: true }).waitFor()
  await page.keyboard.press('[')
  await region(page, 'What changes').getByText('change 7 of 7').waitFor()
  await expect.poll(() => page.url()).toContain('change=7')
  await seek(page, 'removed', 'upsample')

  // The same as a list, and as text to take along.
  await page.getByRole('button', { name: 'List', exact: true }).click()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Copy as diff' }).click()
  await expect.poll(() => page.evaluate<string>('navigator.clipboard.readText()')).toMatch(/^--- before\n\+\+\+ after\n@@ [^]*^-Sub sub_mean/m)
  const list = page.getByRole('table', { name: 'Nodes before and after' })
  await list.getByRole('row').filter({ hasText: 'Resize upsample' }).waitFor()
  expect(await list.locator('tr[data-change=removed]').filter({ hasText: 'BatchNormalization' }).count()).toBe(6)
  await look('list')

  // A place less, an option: the plan is in the address, the preview follows.
  await found.getByText('6 places', { exact: false }).click()
  await tick(page, 'fold-batchnorm at block0.a.norm').uncheck()
  await expect.poll(() => list.locator('tr[data-change=removed]').filter({ hasText: 'BatchNormalization' }).count(), SOON).toBe(5)
  await page.getByRole('combobox', { name: 'form of resize-to-conv' }).selectOption('convtranspose')
  await list.getByText('ConvTranspose', { exact: false }).first().waitFor()
  await page.reload()
  await list.getByText('ConvTranspose', { exact: false }).first().waitFor()
  expect(await tick(page, 'Rewrite with fold-batchnorm').evaluate((each) => (each as unknown as { indeterminate: boolean }).indeterminate)).toBe(true)
  await tick(page, 'Rewrite with fold-batchnorm').click()
  await expect.poll(() => tick(page, 'Rewrite with fold-batchnorm').isChecked(), SOON).toBe(true)
  await page.getByRole('combobox', { name: 'form of resize-to-conv' }).selectOption('null')
  // One place has a setting of its own; recipe and command say so.
  await found.getByText('6 places', { exact: false }).click()
  await page.getByRole('combobox', { name: 'leftovers of fold-batchnorm at block0.a.norm' }).selectOption('keep')
  await region(page, 'Plan').getByText('As a recipe and a command').click()
  await page.getByLabel('Lines of the recipe').getByText('fold-batchnorm: { places: { "block0.a.norm": { leftovers: keep } } }').waitFor(SOON)
  await page.getByLabel('Command', { exact: true }).getByText('--set').waitFor()
  await page.getByRole('combobox', { name: 'leftovers of fold-batchnorm at block0.a.norm' }).selectOption('')
  await page.getByLabel('Lines of the recipe').getByText('rewrite: auto').waitFor(SOON)
  await expect.poll(() => list.locator('tr[data-change=removed]').filter({ hasText: 'BatchNormalization' }).count(), SOON).toBe(6)

  // Proved and kept; it is known again after a reload.
  const proofs = region(page, 'Proof')
  await proofs.getByText('Not proved yet: nothing is changed until it is.').waitFor()
  await page.getByRole('button', { name: 'Prove and keep 4 rewrites' }).click()
  const verdict = (name: string) => proofs.getByRole('article', { name, exact: true }).locator('.proof-verdict')
  await expect.poll(() => verdict('resize-to-conv').textContent(), SOON).toContain('exact')
  expect(await verdict('fold-batchnorm').textContent()).toContain('within tolerance')
  await page.reload()
  await expect.poll(() => verdict('hoist-mean').textContent(), SOON).toContain('within tolerance')
  await page.getByRole('link', { name: 'Plan', exact: true }).waitFor()
  const folded = proofs.getByRole('article', { name: 'fold-batchnorm', exact: true })
  for (const name of ['max |Δ|', 'of the largest value', 'ULP', 'at the edges', 'inside']) await folded.getByText(name, { exact: true }).first().waitFor()
  await folded.getByText(/^Worst:/).waitFor()
  await folded.getByText(/^Inputs tried/).click()
  await folded.getByRole('table', { name: 'Inputs tried' }).getByRole('row').filter({ hasText: 'noise 1' }).waitFor()
  await folded.getByText(/^By output/).click()
  await folded.getByRole('table', { name: 'By output' }).getByRole('row').filter({ hasText: 'output' }).first().waitFor()
  await look('proved')

  // Proved again: a run of its own, from the same plan.
  const link = proofs.getByRole('link', { name: /^run / })
  const first = await link.getAttribute('href')
  await page.getByRole('button', { name: 'Prove again' }).click()
  await expect.poll(() => link.getAttribute('href'), SOON).not.toBe(first)
  await expect.poll(() => verdict('resize-to-conv').textContent(), SOON).toContain('exact')

  // Into the project, back by undo, and in again: the review of the calibration shows it.
  await page.getByRole('button', { name: 'Use in the project' }).click()
  await region(page, 'Plan').getByText('✓ used by the project').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await region(page, 'Plan').getByText('not used by the project').waitFor()
  await page.getByRole('button', { name: 'Use in the project' }).click()
  await page.getByRole('link', { name: 'Next: calibrate with it' }).click()
  await page.getByLabel('Recipe', { exact: true }).getByText('rewrite: auto').waitFor()

  expect(wrong).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 150_000)

test('a repair is measured and shown before and after, never proved, and kept by a word of its own', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url, { theme: 'light' })
  await openRewrite(page)
  await page.getByRole('button', { name: 'Take the troubled sample' }).click()
  await tick(page, 'Repair with insert-clip').check()
  const effect = region(page, 'Repairs, measured')
  const card = effect.getByRole('article', { name: 'insert-clip', exact: true })
  await card.getByRole('img', { name: 'After the repair: where pic_01_LR changes most' }).waitFor(SOON)
  await card.getByText(/34\.726 → 34\.726 dB/).waitFor()
  await card.getByText('Measured on one of 8 samples; keeping it measures all.').waitFor()
  expect(await effect.textContent()).not.toMatch(/proof|proved/i)
  expect(await region(page, 'Proof').getByRole('article', { name: 'insert-clip' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Prove 4 rewrites, keep 1 repair' }).waitFor()

  // The pictures, in the middle: another sample, and only where it changes most; the address holds the sample.
  await card.getByRole('button', { name: 'Look at the pictures' }).click()
  for (const name of ['before the repair', 'after the repair', 'reference']) await page.getByRole('img', { name, exact: true }).waitFor()
  await page.getByRole('img', { name: /^difference ×\d+$/ }).waitFor()
  await page.getByRole('button', { name: 'The next sample' }).click()
  await page.getByText('pic_02_LR (2 of 8)').waitFor(SOON)
  await expect.poll(() => page.url()).toContain('sample=1')
  await page.getByRole('button', { name: 'Where it changes most' }).click()
  await expect.poll(() => page.getByRole('img', { name: 'after the repair', exact: true }).getAttribute('width')).toBe('48')
  await expect.poll(() => violations(page), SOON).toEqual([])

  // A repair alone: measured on every sample when it is kept, then used by a button that says so.
  await goTo(page, '/rewrite?only=insert-clip')
  await expect.poll(() => tick(page, 'Rewrite with fold-batchnorm').isChecked(), SOON).toBe(false)
  await page.getByRole('button', { name: 'Measure and keep 1 repair', exact: true }).click()
  const use = page.getByRole('banner').or(page.locator('header')).getByRole('button', { name: 'Use, with 1 repair' }).first()
  await use.waitFor(SOON)
  await card.getByText('mean of 8 samples').waitFor()
  await card.getByText(/35\.812 → 35\.812 dB/).waitFor()
  await use.click()
  await region(page, 'Plan').getByText('✓ used by the project').waitFor()
  await goTo(page, '/rewrite?plan=%7B%7D')
  await region(page, 'Proof').getByText('Nothing is ticked, or nothing ticked fits.').waitFor()
  expect(await page.getByRole('button', { name: 'Prove and keep 0 rewrites' }).isDisabled()).toBe(true)
  expect(complaints).toEqual([])
  await page.context().close()
}, 120_000)

test('in Chinese', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url, { language: 'zh' })
  await openRewrite(page)
  await page.getByRole('button', { name: '使用问题样例' }).click()
  await region(page, '修复：会改变函数').waitFor()
  await page.locator('.diff-box').first().waitFor()
  await region(page, '改动').getByText('7 处改动').waitFor()
  await tick(page, '用 insert-clip 修复').check()
  const card = region(page, '修复（实测）').getByRole('article', { name: 'insert-clip', exact: true })
  await card.getByText('会改变模型的计算结果').waitFor(SOON)
  await card.getByRole('button', { name: '查看图片' }).click()
  await page.getByRole('img', { name: '修复后', exact: true }).waitFor(SOON)
  expect(await region(page, '修复（实测）').textContent()).not.toContain('证明')
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)
