import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench } from './served.ts'
import { wordsOf } from './words.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const folder = temporaryFolder()
let browser: Browser

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
})

/** What lasts as long as the machine takes. */
const LONG = { timeout: 90_000 }

test.each([['en', 'dark'], ['zh', 'light']] as const)('calibrate, compare, rewrite, export: from an empty workspace to a verified bundle: %s, %s', async (language, theme) => {
  const served = await serveWorkbench(join(folder, language))
  try {
    const { page, complaints } = await openWorkbench(browser, served.url, { language, theme })
    const say = wordsOf(language)
    const wrong: string[] = []
    const look = async (station: string): Promise<void> => void wrong.push(...(await violations(page)).map((line) => `${station}: ${line}`))
    const place = (name: string) => page.getByRole('navigation', { name: say('nav.places') }).getByRole('link', { name, exact: true })
    const step = (name: string) => page.getByRole('navigation', { name: say('steps') }).getByRole('link', { name: new RegExp(`^${name}`) })

    // Nothing to export yet: the way there begins with calibrating.
    await place(say('place.export')).click()
    await page.getByRole('heading', { name: say('export.none') }).waitFor()
    await look('nothing')
    await page.getByRole('link', { name: say('pick-run.calibrate') }).click()

    // 1. Calibrate.
    await page.getByRole('button', { name: say('calibrate.no-model.bundled') }).click()
    await page.getByRole('link', { name: `${say('calibrate.step.methods')} →` }).click()
    await page.getByRole('link', { name: `${say('calibrate.step.samples')} →` }).click()
    await page.getByRole('textbox', { name: say('calibrate.count') }).first().fill('8')
    await page.getByRole('link', { name: `${say('calibrate.step.review')} →` }).click()
    await page.getByRole('button', { name: say('calibrate.start.one', { method: 'auto' }) }).click()
    await page.waitForURL(/step=result/, LONG)
    await page.getByRole('link', { name: say('calibrate.to-layers') }).waitFor()

    // 2. Compare.
    await step(say('place.compare')).click()
    await page.locator('.stage canvas[data-state=painted]').waitFor(LONG)

    // 3. Rewrite: one is found, looked at and proved.
    await step(say('place.rewrite')).click()
    const anchor = page.getByRole('checkbox', { name: say('rewrite.tick', { name: 'anchor' }), exact: true })
    await anchor.waitFor(LONG)
    await anchor.check()
    await page.getByRole('button', { name: say('rewrite.prove_one', { count: 1 }) }).click()
    await page.getByRole('article', { name: 'anchor', exact: true }).locator('.proof-verdict').waitFor(LONG)
    await page.getByRole('button', { name: say('rewrite.use'), exact: true }).waitFor()

    // 4. Export, for another board than that of the recipe; the bundle verifies itself.
    await step(say('place.export')).click()
    await page.getByRole('radio', { name: 'horizon-j6' }).check()
    await page.getByRole('grid', { name: say('export.tree'), exact: true }).waitFor(LONG)
    await page.getByRole('button', { name: say('export.start', { board: 'horizon-j6' }), exact: true }).click()
    await page.locator('.export-written').getByText(`✓ ${say('export.verified')}`).waitFor(LONG)
    const bundle = (await page.locator('.export-written .export-out').textContent()) ?? ''
    expect(existsSync(bundle), bundle).toBe(true)
    await expect.poll(() => step(say('place.export')).getAttribute('data-state')).toBe('done')
    await look('exported')
    expect(wrong).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  } finally {
    await served.close()
  }
}, 180_000)
