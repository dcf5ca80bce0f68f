import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { transposed } from '../../main/export/compare-dump.ts'
import type { Tensor } from '../../main/onnx/graph.ts'
import { float32, tensor } from '../../main/onnx/tensor.ts'
import { decodeNpz, encodeNpz } from '../../main/samples/npz.ts'
import { PROJECT, scalewright } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const workspace = join(temporaryFolder(), 'space')
let browser: Browser
let served: ServedWorkbench

beforeAll(async () => {
  const { code, stderr } = await scalewright(['demo', '--workspace', workspace, '--quiet'])
  if (code !== 0) throw new Error(`the demo ended with ${code}: ${stderr}`)
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const SOON = { timeout: 30_000 }
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
const treeOf = (page: Page) => page.getByRole('grid', { name: 'Files of the bundle', exact: true })
const fileIn = (page: Page, name: string) => treeOf(page).getByRole('row').filter({ has: page.getByText(name, { exact: true }) })

async function openExport(look: Parameters<typeof openWorkbench>[2] = {}): Promise<Awaited<ReturnType<typeof openWorkbench>>> {
  const opened = await openWorkbench(browser, served.url, look)
  await opened.page.locator('.rail').waitFor()
  return opened
}

test('a run becomes a verified bundle for horizon-j6, and dumps of the board are told apart', async () => {
  const { page, complaints } = await openExport()
  const wrong: string[] = []
  const look = async (place: string): Promise<void> => { wrong.push(...(await violations(page)).map((line) => `${place} ${line}`)) }
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])

  // The newest run and the board of its recipe, which stands first; every board says how ready it is, in words too.
  await page.keyboard.press('g')
  await page.keyboard.press('e')
  const boards = page.getByRole('radiogroup', { name: 'Boards' })
  await boards.getByRole('radio').first().waitFor()
  expect([await boards.getByRole('radio').first().getAttribute('value'), await boards.getByRole('radio', { name: 'ort-cpu' }).isChecked()]).toEqual(['ort-cpu', true])
  await boards.locator('.board-card', { hasText: 'tensorrt' }).getByText('✕ 1 error').waitFor()
  await boards.getByRole('radio', { name: 'horizon-j6' }).check()
  await page.getByRole('button', { name: 'Export for horizon-j6', exact: true }).waitFor()
  await region(page, 'Readiness for horizon-j6').getByText(/^\d+ checks in order$/).waitFor()

  // The files as they would be written, and what is in them.
  await fileIn(page, 'config/').waitFor()
  await region(page, 'What is in it').getByText('11 of 11 names matched').waitFor()
  await region(page, 'What is in it').getByText('first export of this model for the board').waitFor()
  await fileIn(page, 'sample_x2.yaml').click()
  await region(page, 'config/sample_x2.yaml').getByText('march: nash-e').waitFor()
  await page.getByRole('button', { name: 'Commands', exact: true }).click()
  await page.getByRole('button', { name: 'Copy the commands' }).click()
  await expect.poll(() => page.evaluate<string>('navigator.clipboard.readText()')).toMatch(/^hb_compile /m)
  await page.getByRole('button', { name: 'Report', exact: true }).click()
  await page.getByRole('heading', { name: 'Report: sample_x2 → Horizon Journey 6' }).waitFor()
  // Its drawings: the worst layers, and what both models make of the golden pictures.
  await expect.poll(() => page.locator('.report-histograms svg').count()).toBe(6)
  await page.getByRole('region', { name: 'checkerboard' }).getByRole('img', { name: /^difference ×\d+$/ }).waitFor(SOON)
  await look('report')
  await page.getByRole('group', { name: 'Language of the report' }).getByRole('button', { name: '中文' }).click()
  await page.getByRole('heading', { name: '报告: sample_x2 → Horizon Journey 6' }).waitFor()
  await page.getByRole('group', { name: 'Language of the report' }).getByRole('button', { name: 'EN' }).click()

  // Nothing is written where something else stands, or outside of what the door may write.
  const place = region(page, 'Destination').first()
  const path = page.getByRole('textbox', { name: 'Path', exact: true })
  const zip = await path.inputValue()
  await path.fill('/etc/bundle.zip')
  await page.locator('.export-place .fault').getByText('input.outside-roots').waitFor()
  expect(await page.getByRole('button', { name: 'Export for horizon-j6', exact: true }).isDisabled()).toBe(true)
  await path.fill(zip)
  await page.getByRole('group', { name: 'Kind' }).getByRole('button', { name: 'Folder' }).click()
  const folder = await path.inputValue()
  expect(folder).toBe(zip.replace(/\.zip$/, ''))
  await place.getByText('nothing stands there yet').waitFor()

  // Written, then verified by itself; all is found again after a reload.
  await page.getByRole('button', { name: 'Export for horizon-j6', exact: true }).click()
  await page.locator('.export-written').getByText('✓ verified').waitFor(SOON)
  await page.locator('.export-written').getByText('6 of 6 golden outputs came out again').waitFor()
  expect(existsSync(join(folder, 'MANIFEST.json'))).toBe(true)
  const html = readFileSync(join(folder, 'report/report.html'), 'utf8')
  expect([html.match(/<svg class="hist"/g)?.length, html.match(/<img /g)?.length]).toEqual([6, 3 * 3 + 1])
  await look('written')
  await page.reload()
  await page.locator('.export-written').getByText('✓ verified').waitFor(SOON)
  await place.getByText('replaces the bundle that stands there').waitFor()
  await fileIn(page, 'README.md').getByText('= same').waitFor()

  // Of what would be another, the lines that changed.
  await goTo(page, '/export?board=horizon-j6&file=report/report.md&lang=zh')
  await page.getByRole('group', { name: 'How the file is shown' }).getByRole('button', { name: 'Changes' }).click()
  const changes = region(page, 'Changes of report/report.md')
  await changes.getByText(/^− # Report: /).waitFor()
  await changes.getByText(/^\+ # 报告: /).waitFor()
  await look('changes')

  // What a board gave, in NHWC: named so; put right, everything is in order.
  const right: Readonly<Record<string, Tensor>> = Object.fromEntries(decodeNpz(readFileSync(join(folder, 'golden/sim_out_000.npz')), 'golden'))
  const { output } = right
  const dumpOf = (value: Tensor, name = 'dump.npz') => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(encodeNpz({ output: value })) })
  const nhwc = [0, 2, 3, 1] as const
  await page.getByRole('link', { name: 'Look at it, or compare a dump' }).click()
  await page.getByText('Every file is as the manifest says.').waitFor()
  expect(await region(page, 'Bundle').getByRole('button', { name: /^sample_x2 horizon-j6/ }).getAttribute('aria-pressed')).toBe('true')
  await page.locator('input[type=file][accept=".npz"]').setInputFiles(dumpOf(tensor('float32', nhwc.map((axis) => output!.dims![axis]!), transposed(float32(output!), output!.dims as number[], nhwc))))
  await page.getByRole('button', { name: 'Verify and compare the dump' }).click()
  await region(page, 'What it looks like').getByText(/output: NHWC was written where NCHW is expected/).waitFor(SOON)
  await page.getByText('✕ Not in order').waitFor()
  await page.getByRole('grid', { name: 'Layers, board against simulation' }).getByRole('row').filter({ hasText: 'output' }).waitFor()
  await look('dump')
  await page.locator('input[type=file][accept=".npz"]').setInputFiles(dumpOf(output!, 'right.npz'))
  await page.getByText('right.npz').waitFor()
  await page.getByRole('button', { name: 'Verify and compare the dump' }).click()
  await page.getByText('✓ In order').waitFor(SOON)
  await region(page, 'Worse than the last dump').getByText('Nothing lost more than 1 dB since the last dump.').waitFor()

  // One byte less than whole is seen, and where.
  writeFileSync(join(folder, 'names.csv'), readFileSync(join(folder, 'names.csv'), 'utf8').replace('yes', 'yas'))
  await page.getByRole('button', { name: 'Without a dump' }).click()
  await page.getByRole('button', { name: 'Verify', exact: true }).first().click()
  await region(page, 'Files').getByText('✕ changed').waitFor(SOON)
  await region(page, 'Files').getByText('names.csv').first().waitFor()
  expect(wrong).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 150_000)

test('a board that the run is not ready for is refused, until a person forces it', async () => {
  const { page, complaints } = await openExport({ theme: 'light' })
  await goTo(page, '/export?board=tensorrt')
  const checks = region(page, 'Readiness for tensorrt')
  await checks.getByText(/have unsigned codes or a zero point that is not 0/).waitFor(SOON)
  await checks.getByText('Fix', { exact: true }).first().waitFor()
  await checks.getByRole('link', { name: 'Go to: Calibrate' }).first().waitFor()
  // What a line of the recipe mends is set here, once the run is the project's, and taken back.
  await checks.getByRole('button', { name: 'Work on from here' }).click()
  await checks.getByRole('button', { name: 'Set these 3 lines' }).click()
  await checks.getByText('quantize.activations.symmetric=true is in the recipe').waitFor()
  await checks.getByRole('link', { name: 'Run the recipe again' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await checks.getByRole('button', { name: 'Set these 3 lines' }).waitFor()
  await checks.getByRole('button', { name: 'Set board=tensorrt' }).waitFor()
  const start = page.getByRole('button', { name: /^Export for tensorrt/ })
  expect(await start.isDisabled()).toBe(true)
  await page.getByRole('checkbox', { name: 'Export although 1 check failed' }).check()
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Export for tensorrt by force' }).click()
  const written = page.locator('.export-written')
  await written.getByText('! exported by force').waitFor(SOON)
  await written.getByText('✓ verified').waitFor(SOON)
  const loading = page.waitForEvent('download')
  await written.getByRole('link', { name: 'Download the zip' }).click()
  expect((await loading).suggestedFilename()).toMatch(/^sample_x2-auto-[0-9a-z]{6}-tensorrt\.zip$/)
  // A tick is for one board, and for one visit.
  await page.getByRole('radio', { name: 'horizon-x5' }).check()
  await page.getByRole('radio', { name: 'tensorrt' }).check()
  await page.reload()
  await page.getByRole('checkbox', { name: 'Export although 1 check failed' }).waitFor()
  expect(await page.getByRole('checkbox', { name: 'Export although 1 check failed' }).isChecked()).toBe(false)
  expect(complaints).toEqual([])
  await page.context().close()
}, 90_000)

test('names of the importer’s own file are taken, dropped or chosen, and what it lacks is told', async () => {
  const { page, complaints } = await openExport({ theme: 'light' })
  await goTo(page, '/export?board=horizon-j6')
  await region(page, 'Readiness for horizon-j6').waitFor(SOON)
  expect(await region(page, 'Names of the importer').count()).toBe(0)
  await page.getByRole('radio', { name: 'sophon-bm1684x' }).check()
  await region(page, 'Names of the importer').waitFor(SOON)
  const give = (name: string, text: string) => page.locator('input[type=file][accept=".mlir"]').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
  await give('net.mlir', '%1 = "top.Input"(%arg0) : () -> () loc("input")\n')
  await region(page, 'Readiness for sophon-bm1684x').getByText('The .mlir has no operator for 10 ranges (1/11 rows matched).').waitFor(SOON)
  await region(page, 'Names of the importer').getByText('net.mlir').waitFor()
  expect(await page.getByRole('button', { name: /^Export for sophon-bm1684x/ }).isDisabled()).toBe(true)
  expect(await violations(page)).toEqual([])
  await give('other.mlir', 'module {}\n')
  await page.getByText('This file names no operator').first().waitFor(SOON)
  await page.getByRole('button', { name: 'Without it' }).click()
  await region(page, 'What is in it').getByText('11 of 11 names matched').waitFor(SOON)
  expect(await page.getByRole('button', { name: /^Export for sophon-bm1684x/ }).isDisabled()).toBe(false)
  expect(complaints.filter((line) => !/vendor-names|status of 4/.test(line))).toEqual([])
  await page.context().close()
}, 60_000)

test('in Chinese', async () => {
  const { page, complaints } = await openExport({ language: 'zh' })
  await goTo(page, '/export?board=tensorrt')
  await region(page, 'tensorrt 的就绪检查').getByText('办法', { exact: true }).first().waitFor(SOON)
  await page.getByRole('grid', { name: '交付包的文件' }).waitFor()
  expect(await violations(page)).toEqual([])
  await goTo(page, '/export?view=verify')
  await page.getByRole('heading', { name: '尚未校验' }).waitFor()
  expect(await violations(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)
