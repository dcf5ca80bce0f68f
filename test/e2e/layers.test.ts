import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../../main/store/open-store.ts'
import { PROJECT, scalewright } from '../fixtures/command.ts'
import { sampleEnvironment, sampleRun } from '../fixtures/sample-run.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const MANY = 5000
const workspace = join(temporaryFolder(), 'space')
let browser: Browser
let served: ServedWorkbench
let run: string
let many: string

beforeAll(async () => {
  const { code, stderr } = await scalewright(['demo', '--workspace', workspace, '--quiet'])
  if (code !== 0) throw new Error(`the demo ended with ${code}: ${stderr}`)
  const store = openStore(workspace)
  run = store.listRuns()[0]!.run
  const started = store.beginRun({ verb: 'run', environment: sampleEnvironment })
  store.finishRun(sampleRun(started, MANY))
  many = started.run
  store.close()
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

async function openLayers(place: string, look: Parameters<typeof openWorkbench>[2] = {}): Promise<Awaited<ReturnType<typeof openWorkbench>>> {
  const opened = await openWorkbench(browser, served.url, look)
  await opened.page.getByRole('main').waitFor()
  await goTo(opened.page, place)
  return opened
}

const tableOf = (page: Page): Locator => page.getByRole('grid', { name: 'Layers', exact: true })
const upper = (page: Page): Locator => page.getByRole('slider', { name: 'Upper threshold' })
const threshold = (page: Page): Locator => page.getByRole('textbox', { name: 'High, exact value' })
const figure = async (page: Page, name: string): Promise<string> => (await page.locator('.readout > div', { has: page.locator('dt', { hasText: name }) }).locator('.readout-value').textContent()) ?? ''
const valueOf = async (page: Page): Promise<number> => Number(await threshold(page).inputValue())
const parameter = (page: Page, name: string): string | null => new URLSearchParams(page.url().split('?')[1] ?? '').get(name)

test('the table sorts by several columns, filters, copies, and says in the address what it shows', async () => {
  const { page, complaints } = await openLayers(`/run/${run}/layers`)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const table = tableOf(page)
  await upper(page).waitFor()
  await expect.poll(() => table.getByRole('row').count()).toBe(12)
  // The worst tensor is looked at where the address names none.
  expect(await table.locator('[aria-current="true"]').textContent()).toContain('▾')

  await table.getByRole('button', { name: 'Method', exact: true }).click()
  await table.getByRole('button', { name: 'SQNR dB' }).click({ modifiers: ['Shift'] })
  await expect.poll(() => parameter(page, 'sort')).toBe('method,-sqnr')
  const filter = page.getByRole('searchbox', { name: 'Filter' })
  await filter.fill('sqnr<36 op:Conv method:auto')
  await page.getByText(/^\d of 11$/).waitFor()
  const names = await table.locator('.table-row [data-frozen]').allTextContents()
  expect(names.length).toBeGreaterThan(1)
  expect(names.every((name) => name.endsWith('.relu'))).toBe(true)
  await filter.fill('speed:9')
  await page.getByText('not a field: speed:9').waitFor()
  await filter.fill('name:body*')
  await expect.poll(() => table.getByRole('row').count()).toBe(5)

  await table.getByText('body1.relu').click()
  await expect.poll(() => parameter(page, 'tensor')).toBe('body1.relu')
  await page.getByRole('heading', { name: 'body1.relu' }).waitFor()
  await table.press('ArrowUp')
  await expect.poll(() => parameter(page, 'tensor')).not.toBe('body1.relu')
  const walked = parameter(page, 'tensor')!
  await table.press('Control+c')
  await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(walked)
  for (let step = 0; step < 4; step++) await table.press('ArrowRight')
  await table.press('Control+c')
  await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toMatch(/^(auto|max)$/)

  await page.getByRole('button', { name: 'Columns', exact: true }).click()
  await page.getByRole('menuitemcheckbox', { name: 'MSE' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Cosine' }).click()
  await page.keyboard.press('Escape')
  await expect.poll(() => parameter(page, 'columns')).toBe('tensor,op,type,method,lo,hi,clip,sqnr,mse,share')
  await page.getByRole('button', { name: 'Copy', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Table as TSV' }).click()
  await page.getByText('Copied: Table as TSV').waitFor()
  const lines = (await page.evaluate<string>('navigator.clipboard.readText()')).split('\n').map((line) => line.split('\t'))
  expect(lines).toHaveLength(5)
  expect(lines[0]).toEqual(['Tensor', 'Op', 'Type', 'Method', 'Low', 'High', 'Clip %', 'SQNR dB', 'MSE', 'Share'])
  expect(lines.slice(1).map(([name]) => name)).toContain('body1.relu')
  expect(Number(lines[1]![7])).toBeGreaterThan(20)

  await page.getByRole('button', { name: 'Saved views' }).click()
  await page.getByRole('textbox', { name: 'Name of this view' }).fill('bodies')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await filter.fill('')
  await page.reload()
  await upper(page).waitFor()
  await page.getByRole('button', { name: 'Saved views' }).click()
  await page.getByRole('menuitem', { name: 'bodies', exact: true }).click()
  await expect.poll(() => filter.inputValue()).toBe('name:body*')
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

test('a threshold is moved by keys and by hand, its figures follow, and every edit can be taken back', async () => {
  const { page, complaints } = await openLayers(`/run/${run}/layers?tensor=body3.relu`)
  await upper(page).waitFor()
  await expect.poll(() => figure(page, 'Predicted SQNR')).toMatch(/\d\ddB|\d+\.\d\ddB/)
  const [start, predicted] = [await valueOf(page), await figure(page, 'Predicted SQNR')]
  await page.getByText('Drag a threshold or take a method').waitFor()

  await upper(page).focus()
  await page.keyboard.press('ArrowLeft')
  await expect.poll(() => valueOf(page)).toBeCloseTo(start * 0.99, 1)
  await page.keyboard.press('Shift+ArrowLeft')
  await expect.poll(() => valueOf(page)).toBeLessThan(start * 0.9)
  await expect.poll(() => figure(page, 'Predicted SQNR')).not.toContain(predicted)
  await page.getByText(`was ${start}`).waitFor()
  await tableOf(page).getByRole('row', { name: /body3\.relu\s*manual/ }).waitFor()
  await page.getByText(/^Only 5 tensors below change; about [\d.]+ s$/).waitFor()

  const box = (await upper(page).boundingBox())!
  const keyed = await valueOf(page)
  await page.mouse.move(box.x + 12, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x - 60, box.y + box.height / 2, { steps: 6 })
  await expect.poll(() => valueOf(page)).toBeLessThan(keyed * 0.9)
  await page.mouse.up()
  const dragged = await valueOf(page)
  await expect.poll(() => figure(page, 'Clipped %')).not.toBe('0.000')

  await page.keyboard.press('Control+z')
  await expect.poll(() => valueOf(page)).toBe(keyed)
  await page.keyboard.press('Control+Shift+z')
  await expect.poll(() => valueOf(page)).toBe(dragged)
  await page.reload()
  await upper(page).waitFor()
  await expect.poll(() => valueOf(page)).toBe(dragged)

  const chart = page.getByRole('img', { name: /^Histogram of body3\.relu/ })
  await chart.hover({ position: { x: 200, y: 80 } })
  await page.mouse.wheel(0, -400)
  await expect.poll(() => parameter(page, 'zoom')).toMatch(/^[\d.]+\.\.[\d.]+$/)
  const zoomed = parameter(page, 'zoom')!
  const place = (await chart.boundingBox())!
  await page.mouse.move(place.x + 150, place.y + 40)
  await page.mouse.down()
  await page.mouse.move(place.x + 220, place.y + 40, { steps: 4 })
  await page.mouse.up()
  await expect.poll(() => parameter(page, 'zoom')).not.toBe(zoomed)
  await chart.dblclick({ position: { x: 150, y: 40 } })
  await expect.poll(() => parameter(page, 'zoom')).toBeNull()

  await threshold(page).fill('250')
  await threshold(page).press('Enter')
  await expect.poll(() => figure(page, 'Step')).toBe((250 / 255).toPrecision(4))
  await upper(page).focus()
  await page.keyboard.press('2')
  await expect.poll(() => page.getByRole('button', { name: /^2\s*max/ }).getAttribute('aria-pressed')).toBe('true')
  await page.getByRole('button', { name: '1 change' }).click()
  await page.getByRole('button', { name: 'Take the change of body3.relu away' }).click()
  await page.getByText('Drag a threshold or take a method').waitFor()
  await page.keyboard.press('Control+z')
  await page.getByRole('button', { name: '1 change' }).click()
  await page.getByRole('button', { name: 'Reset all' }).click()
  await page.getByText('Drag a threshold or take a method').waitFor()
  await expect.poll(() => valueOf(page)).toBe(start)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: '1 change' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

test('what does nothing is said and not run', async () => {
  const { page, complaints } = await openLayers(`/run/${run}/layers?tensor=head.relu`)
  await page.getByRole('button', { name: /^1\s*auto/ }).click()
  await page.getByText('These changes leave the model as it is.').waitFor()
  await page.getByText(/^head\.relu keeps the codes it has/).waitFor()
  expect(await page.getByRole('button', { name: 'Apply as new run' }).isDisabled()).toBe(true)
  await goTo(page, `/run/${run}/layers?tensor=sum`)
  await page.getByText(/Shares its scale: a change here also changes output/).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('applied, the changes are a child run that says what became of them; Back leads to the parent', async () => {
  const { page, complaints } = await openLayers(`/run/${run}/layers?tensor=body3.relu`)
  await upper(page).waitFor()
  const project = { recipe: { model: 'x.onnx' }, job: null, ran: { id: run, recipe: { model: 'x.onnx' } } }
  const key = JSON.stringify(`scalewright.project ${workspace}`)
  await page.evaluate(`localStorage.setItem(${key}, ${JSON.stringify(JSON.stringify(project))})`)
  await page.reload()
  await upper(page).waitFor()
  await threshold(page).fill('120')
  await threshold(page).press('Enter')
  await page.getByText(/^Only 5 tensors below change/).waitFor()
  await page.getByRole('button', { name: 'Apply as new run' }).click()
  await page.getByRole('progressbar').waitFor()
  expect(parameter(page, 'job')).not.toBeNull()
  await page.reload()
  await page.waitForURL((url) => /#\/run\/\w+\/layers/.test(url.hash) && !url.hash.includes(run), { timeout: 60_000 })
  await page.getByText('Child run').waitFor()
  await page.getByText(/PSNR-Y drop \d\.\d{3} → \d\.\d{3} dB/).waitFor()
  await page.getByText('1 tensor with other codes').waitFor()
  await tableOf(page).getByRole('columnheader', { name: 'Δ dB' }).waitFor()
  expect(await tableOf(page).getByRole('row', { name: /body3\.relu/ }).textContent()).toMatch(/threshold.*▼/)
  expect(await threshold(page).inputValue()).toBe('120')
  const child = /run\/(\w+)/.exec(page.url())![1]
  const recipe = { model: 'x.onnx', quantize: { layers: { 'body3.relu': { threshold: 120 } } } }
  expect(JSON.parse(await page.evaluate<string>(`localStorage.getItem(${key})`))).toMatchObject({ recipe, ran: { id: child, recipe } })
  await page.getByRole('tab', { name: 'Overview' }).click()
  await page.getByText(/^Taken over from run/).waitFor()
  await page.goBack()
  await page.getByText('Child run').waitFor()
  await page.goBack()
  await expect.poll(() => page.url()).toContain(`/run/${run}/layers`)
  await upper(page).waitFor()
  expect(parameter(page, 'job')).toBeNull()
  await page.goForward()
  await page.getByRole('link', { name: /^Back to the parent/ }).click()
  await expect.poll(() => page.url()).toContain(`/run/${run}/layers`)
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)

test('the same in Chinese: both ends of a range, channels, constants', async () => {
  const { page, complaints } = await openLayers(`/run/${run}/layers?tensor=tail2`, { language: 'zh', theme: 'light' })
  await page.getByRole('slider', { name: '下阈值' }).waitFor()
  await page.getByText('来自已存统计，未运行任何推理').waitFor()
  await page.getByRole('slider', { name: '上阈值' }).focus()
  await page.keyboard.press('s')
  await expect.poll(() => page.getByRole('textbox', { name: '下限，精确值' }).inputValue()).toBe('−128')
  await expect.poll(() => page.getByRole('textbox', { name: '上限，精确值' }).inputValue()).toBe('128')
  await page.getByRole('button', { name: '通道', exact: true }).click()
  await expect.poll(() => parameter(page, 'show')).toBe('channels')
  expect(await violations(page)).toEqual([])
  await page.getByRole('combobox', { name: '种类' }).selectOption('weight')
  await page.getByRole('grid', { name: '逐层误差' }).getByRole('row').nth(1).click()
  await page.getByText('统计记录的是流经模型的数据').waitFor()
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

test(`a run of ${MANY} tensors without statistics is a table all the same, and only rows in sight are drawn`, async () => {
  const { page } = await openLayers(`/run/${many}/layers`)
  const table = tableOf(page)
  await table.getByText('r0', { exact: true }).waitFor()
  expect(await table.getAttribute('aria-rowcount')).toBe(String(MANY + 1))
  expect(await table.getByRole('row').count()).toBeLessThan(80)
  await page.getByRole('alert').getByText('input.no-statistics', { exact: false }).first().waitFor()
  await table.press('End')
  await table.getByText(`r${MANY - 1}`, { exact: true }).waitFor()
  await page.getByRole('searchbox', { name: 'Filter' }).fill('name:r499*')
  await page.getByText(`11 of ${MANY}`).waitFor()
  await page.context().close()
})
