import { existsSync } from 'node:fs'
import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApp } from '../../main/app/app.ts'
import { bundledSample } from '../../main/app/demo.ts'
import { parseProtocol, pictureQuality, type PictureProtocol } from '../../main/compare/protocol.ts'
import type { Run } from '../../main/core/run.ts'
import { quietTask } from '../../main/core/task.ts'
import { cropPicture, readPicture } from '../../main/samples/picture.ts'
import type { Picture } from '../../main/samples/sample.ts'
import type { SamplePictures } from '../../main/engine/jobs/pictures.ts'
import type { Recipe } from '../../main/recipe/recipe.ts'
import { colorsOf } from '../../renderer/features/compare/color-maps.ts'
import { differenceAt } from '../../renderer/features/compare/difference.ts'
import { shownLevel } from '../../renderer/features/compare/levels.ts'
import { PROJECT } from '../fixtures/command.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { classifierRecipe } from '../fixtures/tiny-classifier.ts'
import { goTo, openBrowser, openWorkbench, violations, type Look } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const folder = temporaryFolder()
const workspace = join(folder, 'space')
let browser: Browser
let served: ServedWorkbench
/** Two runs of the same model and samples, one whose samples go away, one of a classifier, one without a model. */
let run: Run
let coarse: Run
let moved: Run
let classes: Run
let bare: Run
const raw: SamplePictures[] = []

beforeAll(async () => {
  await cp(join(bundledSample(), 'evaluation'), join(folder, 'here'), { recursive: true })
  const app = await openApp({ workspace, cwd: folder, threads: 1 })
  run = await app.run({ recipe: await smallRecipe('samples.evaluation.count=3', 'compare.operators=true', 'compare.layers=accumulated') }, quietTask)
  coarse = await app.run({ recipe: await smallRecipe('samples.evaluation.count=3', 'quantize.activations.method=percentile') }, quietTask)
  moved = await app.run({ recipe: await smallRecipe(`samples.evaluation.path=${join(folder, 'here')}`) }, quietTask)
  classes = await app.run({ recipe: await classifierRecipe(folder, 4) }, quietTask)
  bare = await app.calibrate({ recipe: await smallRecipe() }, quietTask)
  const quantized = run.artifacts!.find(({ role }) => role === 'quantized-model')!.path
  for (let sample = 0; sample < 3; sample++) raw.push(await app.view('pictures', { recipe: run.recipe as Recipe, threads: 1, quantized, sample }))
  await app.close()
  await rename(join(folder, 'here'), join(folder, 'elsewhere'))
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

const painted = (page: Page) => page.locator('.stage canvas[data-state=painted]').waitFor()

async function openCompare(place: string, look: Look = {}) {
  const opened = await openWorkbench(browser, served.url, look)
  await opened.page.locator('.rail').waitFor()
  await goTo(opened.page, place)
  return opened
}
const at = (query: string, id = run.run): string => `/run/${id}/compare?${query}`

/** What the canvas holds at a place of the stage (CSS pixels; one screen pixel each). */
const colorAt = (page: Page, x: number, y: number): Promise<readonly number[]> =>
  page.evaluate(`Array.from(document.querySelector('.stage canvas').getContext('2d').getImageData(${x}, ${y}, 1, 1).data.subarray(0, 3))`)
const stageSize = (page: Page): Promise<{ readonly width: number; readonly height: number }> =>
  page.evaluate(`(({ width, height }) => ({ width, height }))(document.querySelector('.stage canvas'))`)
/** The middle of a picture's pixel on a stage whose middle shows (cx, cy). */
const spotOf = (size: { width: number; height: number }, scale: number, cx: number, cy: number, x: number, y: number): readonly [number, number] =>
  [Math.round(size.width / 2 - cx * scale) + x * scale + (scale >> 1), Math.round(size.height / 2 - cy * scale) + y * scale + (scale >> 1)]

const levels = (version: 'float' | 'simulated' | 'reference', sample: number, x: number, y: number): readonly number[] => {
  const { width, height, data } = raw[sample]!.pictures[version]!
  return [0, 1, 2].map((channel) => data[channel * width * height + y * width + x]!)
}

test('a run leads to its pictures; samples stand worst first, and keys go through them', async () => {
  const { page, complaints } = await openCompare(`/run/${run.run}`)
  await page.getByRole('tab', { name: 'Compare', exact: true }).click()
  await painted(page)
  const lossOf = ({ float, simulated }: { float: number | null; simulated: number | null }): number => float! - simulated!
  const order = run.quality!.perSample.toSorted((a, b) => lossOf(b) - lossOf(a)).map(({ sample }) => sample)
  const options = page.getByRole('listbox', { name: 'Samples' }).getByRole('option')
  await expect.poll(() => options.evaluateAll((all) => all.map((one) => (one as { title?: string }).title))).toEqual(order)
  expect(await options.first().getAttribute('aria-selected')).toBe('true')
  await page.locator('.thumbnail:not([data-empty])').nth(2).waitFor()
  await page.keyboard.press('n')
  await expect.poll(() => options.nth(1).getAttribute('aria-selected')).toBe('true')
  await page.keyboard.press('p')
  await page.keyboard.press('p')
  await expect.poll(() => options.nth(2).getAttribute('aria-selected')).toBe('true')
  await page.keyboard.press('w')
  await expect.poll(() => options.first().getAttribute('aria-selected')).toBe('true')
  const own = run.quality!.perSample.find(({ sample }) => sample === order[0])!
  await expect.poll(() => page.getByRole('region', { name: 'PSNR-Y, dB' }).getByRole('row', { name: /simulated/ }).textContent()).toContain(own.simulated!.toFixed(3))
  await page.getByRole('region', { name: 'Operators, size' }).getByRole('row', { name: /QLinearConv/ }).waitFor()
  await page.getByRole('img', { name: /SQNR of \d+ tensors/ }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('modes and sides by keys; held keys show the reference and the other side', async () => {
  const { page, complaints } = await openCompare(at('sample=0'))
  await painted(page)
  const mode = (): Promise<string | null> => page.getByRole('group', { name: 'Mode' }).locator('[aria-pressed=true]').textContent()
  for (const name of ['2-up', '4-up', 'Onion', 'Blink', 'Split']) {
    await page.keyboard.press('x')
    await expect.poll(mode).toBe(name)
    if (name !== 'Blink') continue
    for (const side of ['simulated', 'float']) {
      await page.keyboard.press(' ')
      await page.locator('.pane-label', { hasText: side }).waitFor()
    }
  }
  await page.keyboard.press('d')
  await expect.poll(mode).toBe('Difference')
  await page.getByRole('img', { name: 'Colours from 0 to 3.98 LSB' }).waitFor()
  await page.keyboard.press('.')
  await page.getByRole('img', { name: 'Colours from 0 to 1.99 LSB' }).waitFor()
  await page.keyboard.press('m')
  await expect.poll(() => page.getByRole('combobox', { name: 'Difference' }).inputValue()).toBe('squared')
  await page.keyboard.press('d')
  await expect.poll(mode).toBe('Split')

  await page.keyboard.press(' ')
  await page.getByRole('button', { name: 'A: simulated' }).waitFor()
  await page.keyboard.down('Shift')
  await page.locator('.pane-held', { hasText: 'reference' }).waitFor()
  await page.keyboard.up('Shift')
  await page.keyboard.down('Control')
  await page.locator('.pane-held', { hasText: 'float' }).waitFor()
  await page.keyboard.up('Control')
  await page.locator('.pane-held').waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'B: float' }).click()
  await page.getByRole('menuitem', { name: 'bicubic' }).click()
  await page.getByRole('button', { name: 'B: bicubic' }).waitFor()
  await expect.poll(() => page.url()).toContain('b=bicubic')
  expect(complaints).toEqual([])
  await page.context().close()
})

test('the dividing line moves by pointer and by keys, and the address follows', async () => {
  const { page } = await openCompare(at('sample=0&zoom=8&cx=60&cy=60'))
  await painted(page)
  const line = page.getByRole('slider', { name: 'Line between float and simulated' })
  await line.focus()
  for (const key of ['ArrowRight', 'ArrowRight', 'Shift+ArrowLeft', 'PageDown', 'ArrowRight']) await page.keyboard.press(key)
  await expect.poll(() => line.getAttribute('aria-valuenow')).toBe('53')
  await page.keyboard.press('End')
  await expect.poll(() => line.getAttribute('aria-valuenow')).toBe('100')
  const box = (await page.locator('.stage').boundingBox())!
  await page.mouse.move(box.x + box.width - 1, box.y + 50)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2, box.y + 80)
  await page.mouse.move(box.x + box.width / 4, box.y + 80)
  await page.mouse.up()
  await expect.poll(() => line.getAttribute('aria-valuenow')).toBe('25')
  await expect.poll(() => Number(new URLSearchParams(page.url().split('?')[1]).get('x'))).toBeCloseTo(0.25, 2)
  await painted(page)
  const size = await stageSize(page)
  const [x, y] = spotOf(size, 8, 60, 60, 45, 60)
  // What stood left of the line, on the float side, is on the simulated side now.
  await expect.poll(() => colorAt(page, x, y)).toEqual(levels(x < size.width / 4 ? 'float' : 'simulated', 0, 45, 60).map(shownLevel))
  await page.keyboard.press('l')
  await expect.poll(() => page.getByRole('slider').getAttribute('aria-orientation')).toBe('vertical')
  await page.context().close()
})

test('enlarged, every pixel holds the level that the model gave, rounded and clipped', async () => {
  const [scale, cx, cy] = [12, 70, 64]
  const { page, complaints } = await openCompare(at(`sample=1&zoom=${scale}&cx=${cx}&cy=${cy}`))
  await painted(page)
  const size = await stageSize(page)
  let apart = 0
  for (let row = -16; row < 16; row += 4) {
    for (let column = -24; column < 24; column += 3) {
      const [px, py] = [cx + column, cy + row]
      const [x, y] = spotOf(size, scale, cx, cy, px, py)
      const side = x < size.width / 2 ? 'float' : 'simulated'
      // The line itself, and the labels, which are no part of the canvas.
      if (Math.abs(x - size.width / 2) < 4) continue
      expect(await colorAt(page, x, y), `${side} ${px} ${py}`).toEqual(levels(side, 1, px, py).map(shownLevel))
      if (levels('float', 1, px, py).map(shownLevel).join() !== levels('simulated', 1, px, py).map(shownLevel).join()) apart += 1
    }
  }
  expect(apart).toBeGreaterThan(5)

  await goTo(page, at(`sample=1&zoom=${scale}&cx=${cx}&cy=${cy}&mode=difference&gain=64`))
  await painted(page)
  const [a, b] = [raw[1]!.pictures.float!, raw[1]!.pictures.simulated!]
  const colors = colorsOf('viridis')
  for (const [px, py] of [[60, 60], [70, 64], [75, 70], [66, 58]] as const) {
    const { value } = differenceAt(a, b, { kind: 'absolute', channel: 'max' }, px, py)
    const color = Math.round(255 * Math.min(1, value / (255 / 64))) * 3
    const [x, y] = spotOf(await stageSize(page), scale, cx, cy, px, py)
    await expect.poll(() => colorAt(page, x, y)).toEqual([...colors.subarray(color, color + 3)])
  }
  expect(complaints).toEqual([])
  await page.context().close()
})

test('wheel and keys zoom about a point in whole steps; below 1:1 the picture says that it is scaled down', async () => {
  const { page } = await openCompare(at('sample=0'), { width: 1280, height: 720 })
  await painted(page)
  const zoom = page.locator('.compare-zoom')
  await page.keyboard.press('1')
  await expect.poll(() => zoom.textContent()).toBe('100 %')
  await page.locator('.stage').hover({ position: { x: 350, y: 220 } })
  const under = (): Promise<string | null> => page.locator('.probe-place').textContent()
  const before = await under()
  expect(before).toMatch(/^x \d+ y \d+$/)
  for (const percent of ['200 %', '300 %', '400 %', '600 %', '800 %']) {
    await page.mouse.wheel(0, -120)
    await expect.poll(() => zoom.textContent()).toBe(percent)
  }
  await page.mouse.move(0, 0)
  await page.locator('.stage').hover({ position: { x: 350, y: 220 } })
  await expect.poll(under).toBe(before)
  await page.keyboard.press('f')
  await page.keyboard.press('1')
  await page.keyboard.press('-')
  await expect.poll(() => zoom.textContent()).toBe('50 %')
  await page.getByText('scaled down to 50 %').waitFor()
  await painted(page)
  const size = await stageSize(page)
  const { width, height } = raw[0]!.pictures.float!
  const mean = [0, 1, 2].map((channel) => [0, 1, width, width + 1].reduce((sum, offset) => sum + shownLevel(raw[0]!.pictures.float!.data[channel * width * height + 20 * width + 20 + offset]!), 0) / 4)
  const corner = [Math.round(size.width / 2 - width / 4), Math.round(size.height / 2 - height / 4)] as const
  const color = await colorAt(page, corner[0] + 10, corner[1] + 10)
  for (const [channel, value] of mean.entries()) expect(Math.abs(color[channel]! - value)).toBeLessThanOrEqual(0.5)
  await page.context().close()
})

test('the probe: cursor by keys, raw levels of both sides, copied as text', async () => {
  const { page } = await openCompare(at('sample=2&zoom=16&cx=50.5&cy=40.5'))
  await painted(page)
  await page.keyboard.press('c')
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'Shift+ArrowLeft']) await page.keyboard.press(key)
  const place = page.locator('.probe-place')
  await expect.poll(() => place.textContent()).toBe('x 41 y 42')
  const [a, b] = [levels('float', 2, 41, 42), levels('simulated', 2, 41, 42)]
  const line = page.locator('.probe')
  expect(await line.textContent()).toContain(a.map((level) => level.toFixed(2)).join(' ').replaceAll('-', '−'))
  expect(await line.textContent()).toContain(b.map((level) => level.toFixed(2)).join(' ').replaceAll('-', '−'))
  const spoken = page.locator('.probe').getByRole('status')
  await expect.poll(() => spoken.textContent()).toContain('x 41 y 42')
  const copied = await page.evaluate<string>(`(() => {
    const event = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), bubbles: true, cancelable: true })
    document.dispatchEvent(event)
    return event.clipboardData.getData('text/plain')
  })()`)
  expect(copied.split('\t')).toEqual([
    `${raw[2]!.sample} x 41 y 42`, `float ${a.map((level) => level.toFixed(3)).join(' ')}`, expect.stringMatching(/^simulated [\d.]+ /), expect.stringMatching(/^Δ .* LSB$/),
  ])
  await page.context().close()
})

const asPicture = (version: 'float' | 'simulated' | 'reference', sample: number): Picture => ({ ...raw[sample]!.pictures[version]!, color: 'rgb' })
const partQuality = (version: 'float' | 'simulated', sample: number, x: number, y: number, width: number, height: number): string =>
  pictureQuality(parseProtocol('psnr-y/shave0/studio') as PictureProtocol, cropPicture(asPicture(version, sample), y, x, height, width), cropPicture(asPicture('reference', sample), y, x, height, width)).toFixed(2)

test('a region is drawn, measured, kept in the address, and deleted; the worst tile is found', async () => {
  const { page, complaints } = await openCompare(at('sample=0&zoom=4&cx=80&cy=64'))
  await painted(page)
  const size = await stageSize(page)
  const box = (await page.locator('.stage').boundingBox())!
  const [x1, y1] = spotOf(size, 4, 80, 64, 30, 40)
  const [x2, y2] = spotOf(size, 4, 80, 64, 69, 69)
  await page.keyboard.press('r')
  await page.mouse.move(box.x + x1, box.y + y1)
  await page.mouse.down()
  await page.mouse.move(box.x + x1 + 30, box.y + y1 + 30)
  await page.mouse.move(box.x + x2, box.y + y2)
  await page.mouse.up()
  const regions = page.getByRole('region', { name: 'Regions' })
  const row = regions.getByRole('row', { name: /1: 40 × 30/ })
  await expect.poll(async () => (await row.textContent())).toContain(partQuality('float', 0, 30, 40, 40, 30))
  expect(await row.textContent()).toContain(partQuality('simulated', 0, 30, 40, 40, 30))
  await expect.poll(() => new URLSearchParams(page.url().split('?')[1]).get('r')).toBe('30,40,40,30')
  await page.keyboard.press('Shift+w')
  await regions.getByRole('row', { name: /2: 64 × 64/ }).waitFor()
  await expect.poll(() => new URLSearchParams(page.url().split('?')[1]).get('r')).toMatch(/^30,40,40,30;\d+,\d+,64,64$/)
  await regions.getByRole('button', { name: 'Delete region 1' }).click()
  await regions.getByRole('row', { name: /1: 64 × 64/ }).waitFor()
  await regions.getByText('Line along the diagonal of region 1').click()
  await regions.getByRole('img', { name: /Luma along the diagonal/ }).waitFor()
  // Regions belong to their sample.
  await page.keyboard.press('n')
  await regions.waitFor({ state: 'detached' })
  await page.keyboard.press('p')
  await regions.getByRole('row', { name: /1: 64 × 64/ }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

test('an address restores the view, and the way back leads through it', async () => {
  const { page } = await openCompare(at('sample=1&a=reference&b=fused&mode=two&zoom=6&cx=40&cy=50&gain=32&clips=1&r=10,12,20,22'))
  await painted(page)
  const check = async (): Promise<void> => {
    await page.getByRole('button', { name: 'A: reference' }).waitFor()
    await page.getByRole('button', { name: 'B: fused' }).waitFor()
    await expect.poll(() => page.locator('.compare-zoom').textContent()).toBe('600 %')
    await expect.poll(() => page.getByRole('button', { name: 'Mark clipped pixels' }).getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('region', { name: 'Regions' }).getByRole('row', { name: /1: 20 × 22/ }).waitFor()
  }
  await check()
  await page.reload()
  await painted(page)
  await check()
  await goTo(page, '/history')
  await page.getByRole('grid').first().waitFor()
  await page.goBack()
  await painted(page)
  await check()
  await page.context().close()
})

test('two runs stand beside each other, sample by sample', async () => {
  const { page, complaints } = await openCompare(at('sample=0'))
  await painted(page)
  await page.getByRole('button', { name: 'Beside another run' }).click()
  await page.getByRole('menuitem', { name: new RegExp(coarse.run.slice(-6).toLowerCase()) }).click()
  const name = `simulated · ${coarse.run.slice(-6).toLowerCase()}`
  await page.getByRole('button', { name: `B: ${name}` }).waitFor()
  await painted(page)
  const score = coarse.quality!.perSample.find(({ sample }) => sample === raw[0]!.sample)!.simulated!.toFixed(3)
  await expect.poll(() => page.getByRole('region', { name: 'PSNR-Y, dB' }).getByRole('row', { name: new RegExp(name) }).textContent()).toContain(score)
  await expect.poll(() => page.url()).toContain(`with=${coarse.run}`)
  expect(complaints).toEqual([])
  await page.context().close()
})

test('the view is kept as a PNG with a line that says what it is', async () => {
  const { page, complaints } = await openCompare(at('sample=0&zoom=4&cx=60&cy=60'))
  await painted(page)
  const size = await stageSize(page)
  await page.getByRole('button', { name: 'Keep this view' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Save as PNG' }).click()])
  expect(download.suggestedFilename()).toBe(`scalewright_${run.run.slice(-6).toLowerCase()}_${raw[0]!.sample}_split.png`)
  const path = join(folder, 'view.png')
  await download.saveAs(path)
  const picture = await readPicture(path)
  expect([picture.width, picture.height]).toEqual([size.width, size.height + 26])
  expect(complaints).toEqual([])
  await page.context().close()
})

describe('where there are no pictures', () => {
  test('outputs are numbers: values, first classes, agreement over the samples', async () => {
    const { page, complaints } = await openCompare(at('sample=1', classes.run))
    await page.getByRole('img', { name: '12 values of scores; the tables below hold numbers' }).waitFor()
    await expect.poll(() => page.getByRole('region', { name: 'First classes' }).getByRole('row').count()).toBe(11)
    const agreement = page.getByRole('region', { name: 'Agreement' })
    await expect.poll(() => agreement.getByRole('row').count()).toBe(5)
    await expect.poll(() => agreement.textContent()).toMatch(/[0-4] \/ 4 samples have the same first class/)
    const [worst] = classes.quality!.perSample.toSorted((a, b) => a.simulated! - b.simulated!)
    expect(await agreement.getByRole('row').nth(1).textContent()).toContain(worst!.simulated!.toFixed(2))
    await page.getByRole('group', { name: 'Against float' }).getByRole('button', { name: 'fused' }).click()
    await expect.poll(() => page.url()).toContain('b=fused')
    await page.getByRole('img', { name: /How often the output differs/ }).waitFor()
    expect(await violations(page)).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  })

  test('a run without a quantized model says what to do', async () => {
    const { page } = await openCompare(at('', bare.run))
    await page.getByRole('heading', { name: 'This run holds no quantized model' }).waitFor()
    await page.getByRole('link', { name: 'Calibrate', exact: true }).last().waitFor()
    await page.context().close()
  })

  test('samples that were moved away are a fault that names them', async () => {
    const { page } = await openCompare(at('', moved.run))
    const fault = page.getByRole('alert')
    await fault.getByText('Next:').waitFor()
    expect(await fault.textContent()).toContain('here')
    await page.context().close()
  })
})

test.each([['dark', 'en', 'split'], ['light', 'zh', 'difference'], ['contrast', 'en', 'four']] as const)('axe finds nothing serious: %s, %s, %s', async (theme, language, mode) => {
  const { page, complaints } = await openCompare(at(`sample=0&mode=${mode}&r=10,12,20,22&clips=1`), { theme, language })
  await painted(page)
  await page.locator('.error-map canvas').waitFor()
  expect(await violations(page)).toEqual([])
  if (language === 'zh') await page.getByRole('heading', { name: '误差图' }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})
