import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Run } from '../../main/core/run.ts'
import { openStore, type Store } from '../../main/store/open-store.ts'
import { PROJECT } from '../fixtures/command.ts'
import { layerError, sampleEnvironment, sampleRun, scaleRow } from '../fixtures/sample-run.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations, type Look } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

/** So many that their lines come by pages. */
const MANY = 320
const folder = temporaryFolder()
const workspace = join(folder, 'space')
let browser: Browser
let served: ServedWorkbench
/** The runs of abpn, the oldest first: each is a change of the one before. */
const family: string[] = []

const METHODS = ['max', 'kl', 'mse', 'percentile']

function recordRun(store: Store, name: string, index: number, parent: string | null): string {
  const method = METHODS[index % METHODS.length]!
  const lost = 0.02 + 0.04 * (index % METHODS.length)
  const start = store.beginRun({ verb: 'run', environment: sampleEnvironment, parent })
  const sample = sampleRun(start, 3)
  const run: Run = {
    ...sample,
    recipe: { model: `${name}.onnx`, board: 'ort-cpu', quantize: { activations: { bits: 8, method } }, gates: { psnr_y_drop_db: 0.1 } },
    model: { path: `models/${name}.onnx`, sha256: (name === 'abpn' ? 'ab' : 'ed').repeat(32), bytes: 1000, parameters: 200, macsPerSample: 0 },
    quality: { ...sample.quality!, perSample: [], simulated: 33.5 - lost },
    scales: ['r0', 'r1', 'r2'].map((tensor) => scaleRow(tensor, { method, scale: [0.1 * (1 + index)] })),
    layers: ['r0', 'r1', 'r2'].map((tensor, place) => layerError(tensor, { sqnrDb: 30 + place + index })),
    gates: [{ rule: 'psnr_y_drop_db <= 0.1', measured: lost, passed: lost <= 0.1 }],
  }
  store.finishRun(run)
  return run.run
}

beforeAll(async () => {
  const store = openStore(workspace)
  for (let index = 0; index < MANY; index++) recordRun(store, 'edsr', index % 3, null)
  for (let index = 0; index < METHODS.length; index++) family.push(recordRun(store, 'abpn', index, family.at(-1) ?? null))
  store.close()
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
})
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const short = (run: string | undefined): string => run!.slice(-6).toLowerCase()

async function openHistory(look: Look = {}, place = '/history') {
  const opened = await openWorkbench(browser, served.url, look)
  await opened.page.locator('.rail').waitFor()
  await goTo(opened.page, place)
  return opened
}

const table = (page: Page) => page.getByRole('grid', { name: 'Runs', exact: true })
const line = (page: Page, run: string | undefined) => table(page).getByRole('row').filter({ hasText: short(run) })
const filterBy = (page: Page, text: string) => page.getByRole('searchbox', { name: 'Filter' }).fill(text)
const ofCount = (page: Page, text: string) => page.getByText(text, { exact: true }).waitFor()

test('the list comes by pages, is sorted and filtered by the store, and stands in the address', async () => {
  const { page, complaints } = await openHistory()
  await ofCount(page, `${MANY + METHODS.length} runs`)
  await expect.poll(() => table(page).getAttribute('aria-rowcount')).toBe(String(MANY + METHODS.length + 1))
  await expect.poll(() => table(page).getByRole('row').nth(1).textContent()).toContain(short(family[3]))
  expect(await table(page).getByRole('row').count()).toBeLessThan(60)

  await table(page).focus()
  await page.keyboard.press('End')
  await page.locator(`[aria-rowindex="${MANY + METHODS.length + 1}"]`).getByText('edsr').waitFor()

  await page.getByRole('button', { name: 'Drop' }).click()
  await page.waitForURL(/sort=-drop/)
  await expect.poll(() => table(page).getByRole('row').nth(1).textContent()).toMatch(/percentile.*0\.140/)

  await filterBy(page, 'model:abpn drop<=0.07')
  await ofCount(page, '2 runs')
  await page.waitForURL(/q=model%3Aabpn/)
  expect(await table(page).getByRole('row').nth(1).textContent()).toContain(short(family[1]))
  await filterBy(page, 'speed:high worst<three')
  await page.getByText('not a field: speed:high worst<three').waitFor()
  await filterBy(page, 'method:octav')
  await page.getByText('No run fits the filter.').waitFor()
  await page.waitForURL(/q=method%3Aoctav/)
  await page.reload()
  await expect.poll(() => page.getByRole('searchbox', { name: 'Filter' }).inputValue()).toBe('method:octav')
  expect(complaints).toEqual([])
  await page.context().close()
})

test('filters and columns are kept', async () => {
  const { page, complaints } = await openHistory()
  await filterBy(page, 'model:abpn')
  await page.getByRole('button', { name: 'Save filter' }).click()
  await page.getByLabel('name of the filter').fill('Small one')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('checkbox', { name: 'Board' }).check()
  await page.keyboard.press('Escape')
  await table(page).getByText('ort-cpu').first().waitFor()
  await goTo(page, '/history')
  await page.reload()
  await table(page).getByText('ort-cpu').first().waitFor()
  await page.getByRole('button', { name: 'Small one', exact: true }).click()
  await ofCount(page, '4 runs')
  await page.getByRole('button', { name: 'Forget the filter Small one' }).click()
  await page.getByText('The filter Small one is gone').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Small one', exact: true }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('three runs are compared: only differences, another baseline, turned, scales and layers', async () => {
  const { page, complaints } = await openHistory({}, '/history?q=model%3Aabpn')
  await ofCount(page, '4 runs')
  expect(await page.getByRole('button', { name: 'Compare runs' }).isDisabled()).toBe(true)
  for (const run of family.slice(0, 3)) await line(page, run).locator('.table-pick').click()
  await page.getByRole('heading', { name: 'What sets them apart' }).waitFor()
  await page.getByRole('button', { name: 'Compare 3 runs' }).click()
  await page.waitForURL(new RegExp(`#/diff/${family.slice(0, 3).join(',')}`))

  const metric = page.getByRole('row', { name: /^PSNR-Y simulated/ })
  expect(await metric.textContent()).toMatch(/33\.480.*33\.440▼ −0\.040.*33\.400▼ −0\.080/)
  expect(await page.getByRole('row', { name: /quantize\.activations\.method/ }).textContent()).toMatch(/max.*kl.*mse/)
  expect(await page.getByRole('row', { name: /float/ }).count()).toBe(0)
  await page.getByRole('button', { name: `Changes count from ${short(family[2])}` }).click()
  await expect.poll(() => metric.textContent()).toMatch(/33\.480▲ \+0\.080.*33\.440▲ \+0\.040.*33\.400$/)
  await page.getByRole('button', { name: 'Transpose' }).click()
  await expect.poll(() => page.getByRole('row', { name: new RegExp(short(family[0])) }).textContent()).toMatch(/33\.480▲ \+0\.080/)

  await page.getByRole('button', { name: /^Scales 3/ }).click()
  await expect.poll(() => page.getByRole('grid', { name: 'Scales' }).getByRole('row', { name: /r1/ }).textContent()).toMatch(/0\.1000−66\.67.*0\.2000−33\.33.*0\.3000$/)
  await page.getByRole('button', { name: /^Layers 3/ }).click()
  await expect.poll(() => page.getByRole('grid', { name: 'Layers' }).getByRole('row', { name: /r1/ }).textContent()).toMatch(/31\.00▼ −2\.00.*32\.00▼ −1\.00.*33\.00$/)
  await goTo(page, `/diff/${family[0]}/${family[1]}`)
  await expect.poll(() => metric.textContent()).toMatch(/33\.480.*33\.440▼ −0\.040$/)
  expect(complaints).toEqual([])
  await page.context().close()
})

test('tags, note, baseline and waiver are written on a run and stay', async () => {
  const { page, complaints } = await openHistory({}, '/history?q=model%3Aabpn')
  await line(page, family[3]).getByText('abpn').click()
  const side = page.getByRole('region', { name: /^Run / })
  await side.getByRole('button', { name: 'Pin as baseline' }).click()
  await line(page, family[3]).getByRole('img', { name: 'Baseline of its model' }).waitFor()
  await side.getByLabel('add a tag').fill('to ship')
  await page.keyboard.press('Enter')
  await line(page, family[3]).getByText('to ship').waitFor()
  await side.getByRole('button', { name: 'Write a note' }).click()
  await side.getByLabel('Note').fill('**Clips** at <b>r2</b>')
  await page.reload()
  await side.getByLabel('Note').press('Control+Enter')
  await side.locator('strong', { hasText: 'Clips' }).waitFor()
  await side.getByText('at <b>r2</b>').waitFor()
  await side.getByRole('button', { name: 'Waive…' }).click()
  expect(await side.getByRole('button', { name: 'Waive', exact: true }).isDisabled()).toBe(true)
  await side.getByLabel('Why it is acceptable').fill('demo board only')
  await side.getByRole('button', { name: 'Waive', exact: true }).click()
  await side.getByText('demo board only').waitFor()
  await line(page, family[3]).getByText('waived').waitFor()

  await line(page, family[2]).getByText('abpn').click()
  await side.getByRole('heading', { name: `Against the baseline ${short(family[3])}` }).waitFor()
  await filterBy(page, 'baseline:yes')
  await ofCount(page, '1 run')
  await filterBy(page, 'tag:"to ship"')
  await ofCount(page, '1 run')
  await line(page, family[3]).getByText('abpn').click()
  await side.getByRole('button', { name: 'Remove the tag to ship' }).click()
  await page.getByText('No run fits the filter.').waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('picked runs are tagged and archived at once, and each can be undone', async () => {
  const { page, complaints } = await openHistory({}, '/history?q=model%3Aabpn')
  await ofCount(page, '4 runs')
  await line(page, family[0]).locator('.table-pick').click()
  await line(page, family[2]).locator('.table-pick').click({ modifiers: ['Shift'] })
  await ofCount(page, '3 picked')
  await page.getByRole('button', { name: 'Tag…' }).click()
  await page.getByRole('textbox', { name: 'Tag…' }).fill('night')
  await page.getByRole('button', { name: 'Tag 3 runs' }).click()
  await expect.poll(() => table(page).getByText('night', { exact: true }).count()).toBe(3)
  const acts = page.getByRole('group', { name: 'Picked runs' })
  await acts.getByRole('button', { name: 'Archive' }).click()
  await ofCount(page, '1 run')
  await page.getByText('Archived 3 runs').waitFor()
  await page.locator('.toast', { hasText: 'Archived' }).getByRole('button', { name: 'Undo' }).click()
  await ofCount(page, '4 runs')
  await table(page).focus()
  await page.keyboard.press('Control+z')
  await expect.poll(() => table(page).getByText('night', { exact: true }).count()).toBe(0)
  expect(complaints).toEqual([])
  await page.context().close()
})

test('lineage tells what each run changed, and leads to the others', async () => {
  const { page, complaints } = await openHistory({}, `/run/${family[1]}?view=lineage`)
  const tree = page.getByRole('region', { name: 'Lineage' }).getByRole('listitem')
  await expect.poll(() => tree.count()).toBe(4)
  expect(await tree.nth(1).textContent()).toMatch(/quantize\.activations\.method max → kl/)
  expect(await tree.nth(1).getAttribute('aria-current')).toBe('true')
  await tree.nth(3).getByRole('link', { name: short(family[3]) }).click()
  await page.waitForURL(new RegExp(`#/run/${family[3]}`))
  await expect.poll(() => tree.nth(3).getAttribute('aria-current')).toBe('true')
  expect(complaints).toEqual([])
  await page.context().close()
})

test('history goes to another workspace as a file', async () => {
  const { page, complaints } = await openHistory({}, '/history?q=model%3Aabpn')
  await ofCount(page, '4 runs')
  await page.getByRole('button', { name: 'Export 4', exact: true }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Numbers only' }).click()])
  const file = join(folder, download.suggestedFilename())
  await download.saveAs(file)
  await page.context().close()
  const other = await serveWorkbench(join(folder, 'other'))
  try {
    const { page: there } = await openWorkbench(browser, other.url)
    await there.locator('.rail').waitFor()
    await goTo(there, '/history')
    await there.getByText('No run is recorded in this workspace yet.').waitFor()
    await there.locator('input[type=file]').setInputFiles(file)
    await there.getByText('Added 4 runs; 0 were here already').waitFor()
    await ofCount(there, '4 runs')
    await there.context().close()
  } finally {
    await other.close()
  }
  expect(complaints).toEqual([])
})

test('a door that only shows says so, and offers nothing that writes', async () => {
  const shown = await serveWorkbench(workspace, { writable: false })
  try {
    const { page } = await openWorkbench(browser, shown.url)
    await page.locator('.rail').waitFor()
    await goTo(page, `/history?q=model%3Aabpn&run=${family[0]}&pick=${family[0]}`)
    const side = page.getByRole('region', { name: /^Run / })
    await side.getByRole('note').getByText('This door only shows').waitFor()
    for (const name of ['Pin as baseline', 'Archive', 'Write a note']) expect(await side.getByRole('button', { name }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Tag…' }).getAttribute('title')).toContain('--allow-write')
    await page.context().close()
  } finally {
    await shown.close()
  }
})

const places = (): readonly (readonly [place: string, sign: string])[] => [
  [`/history?q=model%3Aabpn&run=${family[3]}&pick=${family.slice(0, 3).join('%2C')}`, '.gate-waiver'],
  [`/diff/${family.join(',')}?all=1`, '.compared'],
  [`/diff/${family.join(',')}?all=1&turn=1`, '.compared[data-transposed]'],
  [`/diff/${family.join(',')}?part=scales`, '.table-row'],
  [`/diff/${family.join(',')}?part=layers`, '.table-row'],
  [`/run/${family[1]}?view=lineage`, '.lineage-row'],
]

test.each([['dark', 'en'], ['light', 'zh']] as const)('axe finds nothing serious: %s, %s', async (theme, language) => {
  const { page, complaints } = await openHistory({ theme, language })
  const found: string[] = []
  for (const [place, sign] of places()) {
    await goTo(page, place)
    await page.locator(sign).first().waitFor()
    found.push(...(await violations(page)).map((violation) => `${place} ${violation}`))
  }
  await page.getByRole('heading', { name: language === 'zh' ? '谱系' : 'Lineage' }).waitFor()
  expect(found).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
})
