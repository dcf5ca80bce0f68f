import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

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

/** The project as this window keeps it. */
const projectIn = (page: Page) => page.evaluate<{ recipe: Record<string, unknown>; ran: { id: string } | null; job: unknown }>(
  `JSON.parse(localStorage.getItem(${JSON.stringify(`scalewright.project ${workspace}`)}) ?? '{}')`,
)
const stepLink = (page: Page, name: string) => page.getByRole('navigation', { name: 'Steps of the calibration' }).getByRole('link', { name: new RegExp(`^${name}`) })

/** The wizard with the bundled recipe, made small enough for a test. */
async function openWizard(page: Page): Promise<void> {
  await page.getByRole('navigation').first().waitFor()
  await goTo(page, '/calibrate')
  await page.getByRole('button', { name: 'Take the bundled project' }).click()
  await page.getByRole('heading', { name: 'Board and precision' }).waitFor()
}

test('a recipe goes its whole way: methods chosen, reviewed, run with a reload in the middle, compared, accepted', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  const wrong: string[] = []
  const look = async (place: string): Promise<void> => { wrong.push(...(await violations(page)).map((line) => `${place} ${line}`)) }
  await openWizard(page)

  // Target: what differs from the default is marked and can be taken back; what is wrong is said where it stands and in the path.
  const activations = page.getByRole('combobox', { name: 'Activations' })
  await activations.selectOption('int8')
  await page.getByRole('button', { name: 'Set Activations back to the default' }).click()
  await expect.poll(() => activations.inputValue()).toBe('bits:8')
  await page.getByRole('textbox', { name: 'Layer, glob or operator' }).fill('op:Conv')
  await page.getByRole('button', { name: 'Add layer' }).click()
  await page.getByRole('textbox', { name: 'Threshold of op:Conv' }).fill('wide')
  await page.getByRole('alert').filter({ hasText: 'op:Conv' }).waitFor()
  await stepLink(page, 'Target.*The recipe is not right yet').waitFor()
  await look('target with a fault')
  await page.getByRole('button', { name: 'Remove op:Conv' }).click()
  await stepLink(page, 'Target').waitFor()
  await page.getByRole('textbox', { name: 'Bound of psnr_y_drop_db' }).fill('0.2')
  await look('target')

  // Methods: several from one pass. Back keeps what was chosen.
  await page.getByRole('link', { name: 'Methods →' }).click()
  await page.getByRole('checkbox', { name: 'max', exact: true }).check()
  await page.getByText('2 methods from one pass over the samples, a run each').waitFor()
  await look('methods')
  await page.goBack()
  await expect.poll(() => page.getByRole('textbox', { name: 'Bound of psnr_y_drop_db' }).inputValue()).toBe('0.2')
  await page.goForward()
  await expect.poll(() => page.getByRole('checkbox', { name: 'max', exact: true }).isChecked()).toBe(true)

  await page.getByRole('link', { name: 'Samples →' }).click()
  await page.getByText(/how long it takes is not known/).waitFor()
  await page.getByRole('textbox', { name: 'Count' }).fill('8')
  await expect.poll(() => stepLink(page, 'Samples').textContent()).toContain('8 samples')
  await look('samples')

  await page.getByRole('link', { name: 'Review →' }).click()
  await page.getByText('npx scalewright run recipe.yaml --methods auto,max').first().waitFor()
  await page.getByRole('row', { name: /gates\.psnr_y_drop_db 0\.2/ }).waitFor()
  await expect.poll(() => page.getByLabel('Recipe', { exact: true }).last().textContent()).toContain('count: 8')
  await look('review')

  // Run: found again after a reload in the middle, by its id in the address.
  await page.getByRole('button', { name: 'Calibrate with 2 methods' }).click()
  await page.getByRole('progressbar').waitFor()
  await expect.poll(() => page.url()).toMatch(/step=run&job=\w+/)
  await page.getByRole('heading', { name: 'Stages' }).waitFor()
  await page.getByText('quantize auto').first().waitFor()
  await page.reload()
  await page.getByRole('progressbar').waitFor()
  await page.getByRole('img', { name: /^Histogram of .* values from/ }).waitFor()
  await page.getByRole('combobox', { name: 'Tensor' }).selectOption('output')
  await page.getByRole('img', { name: /^Histogram of output: / }).waitFor()
  await expect.poll(() => page.url()).toContain('tensor=output')
  await page.getByText('As a table').click()
  await expect.poll(() => page.getByRole('region', { name: 'As a table' }).getByRole('row').count()).toBe(65)
  await look('run')
  await page.waitForURL(/step=result/, { timeout: 60_000 })

  // Result: a row a method, one of them recommended with the numbers; accepting it makes its run that of the project.
  await page.getByText(/8 samples cannot tell|It has the best score/).waitFor()
  const rows = page.getByRole('row').filter({ has: page.getByRole('radio') })
  await expect.poll(() => rows.count()).toBe(2)
  await expect.poll(() => rows.filter({ hasText: '★ recommended' }).count()).toBe(1)
  await look('result')
  await page.getByRole('radio', { name: 'max' }).click()
  await page.getByRole('button', { name: 'Accept max' }).click()
  await page.getByText('max is the run of this project').waitFor()
  const project = await projectIn(page)
  expect(project).toMatchObject({ job: null, recipe: { quantize: { activations: { method: 'max' } } } })
  await page.getByRole('navigation', { name: 'Steps of the project' }).getByRole('link', { name: /^Calibrate.*done/ }).waitFor()
  await page.getByRole('link', { name: 'On to its layers' }).click()
  await page.waitForURL(new RegExp(`#/run/${project.ran!.id}/layers`))

  // What ran is known the next time: the review says what it will take.
  await goTo(page, '/calibrate?step=samples')
  await page.getByText(/8 samples, about \d+ s/).waitFor()
  expect(wrong).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 150_000)

test('in Chinese and with keys alone: one method is an ordinary run, and its result the project’s', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url, { language: 'zh', theme: 'light' })
  await page.getByRole('navigation').first().waitFor()
  await goTo(page, '/calibrate')
  await page.getByRole('button', { name: '使用自带项目' }).press('Enter')
  await page.getByRole('heading', { name: '板卡与精度' }).waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('link', { name: '方法 →' }).press('Enter')
  await page.getByRole('checkbox', { name: 'mse', exact: true }).press('Space')
  await page.getByText('一次遍历样本得到 2 种方法，各记录一次运行').waitFor()
  await page.getByRole('checkbox', { name: 'auto', exact: true }).press('Space')
  await expect.poll(() => page.getByRole('checkbox', { name: 'mse', exact: true }).isDisabled()).toBe(true)
  await page.getByRole('link', { name: '样本 →' }).press('Enter')
  await page.getByRole('textbox', { name: '数量' }).fill('4')
  await page.getByRole('link', { name: '检查 →' }).press('Enter')
  await page.getByRole('button', { name: '用 mse 校准' }).press('Enter')
  await page.getByRole('progressbar').waitFor()
  await page.waitForURL(/step=result/, { timeout: 60_000 })
  await page.getByText('只运行了这一种方法。').waitFor()
  await page.getByText('mse 已是本项目的运行').waitFor()
  expect((await projectIn(page)).ran).not.toBeNull()
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)

test('a job that was cancelled says what is kept and how to go on; an unknown one is a fault that leads back', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await openWizard(page)
  await goTo(page, '/calibrate?step=methods')
  await page.getByRole('checkbox', { name: 'mse', exact: true }).check()
  await goTo(page, '/calibrate?step=review')
  await page.getByRole('button', { name: 'Calibrate with 2 methods' }).click()
  await page.getByText('compare auto').first().waitFor()
  await page.getByRole('searchbox', { name: 'Filter the log' }).fill('prepare')
  await page.getByRole('list', { name: 'Log' }).getByText('prepare').first().waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('Stopped.').waitFor()
  await page.getByRole('button', { name: 'Start again' }).waitFor()
  await page.getByRole('link', { name: 'Back to the review' }).click()
  await page.getByRole('button', { name: 'Calibrate with 2 methods' }).waitFor()
  expect(complaints).toEqual([])
  // A program before this one took the job of the project with it.
  await page.evaluate(() => {
    const key = Object.keys(localStorage).find((each) => each.startsWith('scalewright.project '))!
    localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)!), job: { id: 'NOSUCHJOB', recipe: {} } }))
  })
  await page.reload()
  await expect.poll(async () => (await projectIn(page)).job).toBeNull()
  await goTo(page, '/calibrate?step=run&job=NOSUCHJOB')
  await page.getByText('input.unknown-job').waitFor()
  await page.getByRole('link', { name: 'Back to the review' }).waitFor()
  await page.context().close()
}, 60_000)
