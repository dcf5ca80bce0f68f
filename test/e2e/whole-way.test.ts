import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench } from './served.ts'
import { wordsOf, type Words } from './words.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const folder = temporaryFolder()
let browser: Browser

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
})

interface Walk {
  readonly page: Page
  readonly say: Words
  /** Looks at a station with axe. */
  look(station: string): Promise<void>
}

const place = (page: Page, say: Words, name: string) => page.getByRole('navigation', { name: say('nav.places') }).getByRole('link', { name, exact: true })
const runIn = (page: Page): string => /#\/run\/(\w+)/.exec(page.url())?.[1] ?? ''

/** The bundled project, two methods, a reload in the middle; one of them accepted. Ends at its layers. */
async function calibrate({ page, say, look }: Walk): Promise<string> {
  await page.getByRole('heading', { name: say('home.empty') }).waitFor()
  await look('home')
  await place(page, say, say('place.calibrate')).click()
  await page.getByRole('button', { name: say('calibrate.no-model.bundled') }).click()
  await page.getByRole('heading', { name: say('calibrate.target') }).waitFor()
  await look('target')
  await page.getByRole('link', { name: `${say('calibrate.step.methods')} →` }).click()
  await page.getByRole('checkbox', { name: 'percentile', exact: true }).check()
  await page.getByText(say('calibrate.methods.several', { count: 2 })).waitFor()
  await page.getByRole('link', { name: `${say('calibrate.step.samples')} →` }).click()
  await page.getByRole('textbox', { name: say('calibrate.count') }).first().fill('8')
  await page.getByRole('link', { name: `${say('calibrate.step.review')} →` }).click()
  await page.getByText('npx scalewright run recipe.yaml --methods auto,percentile').first().waitFor()
  await look('review')
  await page.getByRole('button', { name: say('calibrate.start.several', { count: 2 }) }).click()
  await page.getByRole('progressbar').waitFor()
  await page.reload()
  await page.getByRole('progressbar').waitFor()
  await page.waitForURL(/step=result/, { timeout: 90_000 })
  await page.getByText(`★ ${say('calibrate.recommended.tag')}`).waitFor()
  await look('result')
  await page.getByRole('radio', { name: 'percentile' }).click()
  await page.getByRole('button', { name: say('calibrate.accept', { method: 'percentile' }) }).click()
  await page.getByText(say('calibrate.accepted', { method: 'percentile' })).waitFor()
  await page.getByRole('link', { name: say('calibrate.to-layers') }).click()
  await page.waitForURL(/#\/run\/\w+\/layers/)
  return runIn(page)
}

const predicted = async (page: Page, say: Words): Promise<string> =>
  (await page.locator('.readout > div', { has: page.locator('dt', { hasText: say('layers.predicted') }) }).locator('.readout-value').textContent()) ?? ''

/** A threshold moved by keys: figures change before anything runs; applied, the run says what became of it. Ends at the child run's layers. */
async function changeThreshold({ page, say, look }: Walk, parent: string): Promise<string> {
  await page.getByRole('grid', { name: say('layers'), exact: true }).getByText('body3.relu').click()
  const handle = page.getByRole('slider', { name: say('layers.high-end') })
  await handle.waitFor()
  await expect.poll(() => predicted(page, say)).toMatch(/\d\s*dB/)
  const before = await predicted(page, say)
  await handle.focus()
  for (let step = 0; step < 4; step++) await page.keyboard.press('Shift+ArrowLeft')
  await expect.poll(() => predicted(page, say)).not.toBe(before)
  await page.getByRole('button', { name: say('layers.changes_one', { count: 1 }) }).waitFor()
  // Nothing has run: the line at the foot still tells of the calibration, and what the change reaches is only foreseen.
  await page.getByText(say('layers.reach_other', { count: 5 })).waitFor()
  await look('what-if')
  await page.getByRole('button', { name: say('layers.apply') }).click()
  await page.getByRole('progressbar').waitFor()
  await page.reload()
  await page.waitForURL((url) => /#\/run\/\w+\/layers/.test(url.hash) && !url.hash.includes(parent), { timeout: 90_000 })
  await page.getByText(say('layers.child'), { exact: true }).waitFor()
  await page.getByRole('grid', { name: say('layers'), exact: true }).getByRole('columnheader', { name: 'Δ dB' }).waitFor()
  await expect.poll(() => page.getByRole('grid', { name: say('layers'), exact: true }).getByRole('row', { name: /body3\.relu/ }).textContent()).toMatch(/threshold.*[▲▼]/)
  await look('child')
  return runIn(page)
}

/** Its pictures: what stands under the cursor, and a region with its own quality. */
async function comparePictures({ page, say, look }: Walk, child: string): Promise<void> {
  await page.getByRole('tab', { name: say('run.compare'), exact: true }).click()
  await page.waitForURL(new RegExp(`#/run/${child}/compare`))
  await page.locator('.stage canvas[data-state=painted]').waitFor()
  await page.keyboard.press('1')
  await page.keyboard.press('c')
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => page.locator('.probe-place').textContent()).toMatch(/^x \d+ y \d+$/)
  await expect.poll(() => page.locator('.probe').textContent()).toMatch(/float|浮点/)
  await page.keyboard.press('c')
  await page.keyboard.press('Shift+w')
  await page.getByRole('region', { name: say('compare.regions') }).getByRole('row', { name: /1: 64 × 64/ }).waitFor()
  await expect.poll(() => new URLSearchParams(page.url().split('?')[1]).get('r')).toMatch(/^\d+,\d+,64,64$/)
  await look('compare')
}

/** Parent and child picked in the history and set beside each other. */
async function compareRuns({ page, say, look }: Walk, parent: string, child: string): Promise<void> {
  await place(page, say, say('place.history')).click()
  const table = page.getByRole('grid', { name: say('history.runs'), exact: true })
  await page.getByText(say('history.count_other', { shown: 3 }), { exact: true }).waitFor()
  for (const run of [parent, child]) await table.getByRole('row').filter({ hasText: run.slice(-6).toLowerCase() }).locator('.table-pick').click()
  await page.getByText(say('history.picked_other', { count: 2 }), { exact: true }).waitFor()
  await look('history')
  await page.getByRole('button', { name: say('history.compare', { count: 2 }) }).click()
  await page.waitForURL(/#\/diff\//)
  await page.getByRole('row', { name: /quantize\.layers\.body3\.relu/ }).waitFor()
  await look('diff')
  await page.getByRole('button', { name: new RegExp(`^${say('scales')} [1-9]`) }).click()
  await page.getByRole('grid', { name: say('scales') }).getByRole('row', { name: /body3\.relu/ }).waitFor()
}

test.each([['en', 'dark'], ['zh', 'light']] as const)('the bundled project from an empty workspace to two runs beside each other: %s, %s', async (language, theme) => {
  const served = await serveWorkbench(join(folder, language))
  try {
    const { page, complaints } = await openWorkbench(browser, served.url, { language, theme })
    const wrong: string[] = []
    const walk: Walk = { page, say: wordsOf(language), look: async (station) => void wrong.push(...(await violations(page)).map((line) => `${station}: ${line}`)) }
    const parent = await calibrate(walk)
    const child = await changeThreshold(walk, parent)
    await comparePictures(walk, child)
    await compareRuns(walk, parent, child)
    expect(wrong).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  } finally {
    await served.close()
  }
}, 180_000)
