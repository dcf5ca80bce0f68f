import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeModel } from '../../main/onnx/write-model.ts'
import { graph, model, node, noise } from '../fixtures/build-model.ts'
import { caffemodel } from '../fixtures/caffe-files.ts'
import { PROJECT, scalewright } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { safetensors, torchZip } from '../fixtures/torch-file.ts'
import { goTo, openBrowser, openWorkbench, violations } from './browser.ts'
import { serveWorkbench, type ServedWorkbench } from './served.ts'

if (!existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/renderer is missing: run `npm run build` before the tests of the window')

const folder = temporaryFolder()
const workspace = join(folder, 'space')
let browser: Browser
let served: ServedWorkbench

beforeAll(async () => {
  ;[browser, served] = await Promise.all([openBrowser(), serveWorkbench(workspace)])
})
afterAll(async () => {
  await browser?.close()
  await served?.close()
})

/** Two blocks of four nodes around a skip, named as PyTorch names them. */
const NET = model({
  inputs: { image: ['N', 3, 'H', 'W'] },
  outputs: { y: null },
  nodes: [
    node('Conv', ['image', 'w0'], ['h'], { pads: [1, 1, 1, 1] }, '/head/Conv'),
    ...[0, 1].flatMap((block) => {
      const [from, at] = [block === 0 ? 'h' : 'o0', `/body/body.${block}`]
      return [
        node('Conv', [from, 'w'], [`a${block}`], { pads: [1, 1, 1, 1] }, `${at}/conv/Conv`), node('Relu', [`a${block}`], [`b${block}`], {}, `${at}/act/Relu`),
        node('Conv', [`b${block}`, 'w'], [`c${block}`], { pads: [1, 1, 1, 1] }, `${at}/conv2/Conv`), node('Add', [`c${block}`, from], [`o${block}`], {}, `${at}/Add`),
      ]
    }),
    node('Conv', ['o1', 'w3.weight'], ['y'], { pads: [1, 1, 1, 1] }, '/tail/Conv'),
  ],
  initializers: { w0: noise([8, 3, 3, 3]), w: noise([8, 8, 3, 3], 2), 'w3.weight': noise([3, 8, 3, 3], 3) },
})

const graphOf = (page: Page) => page.getByRole('region', { name: 'Graph of the model' })
const boxes = (page: Page) => page.locator('.box')
/** A box by what stands in it. */
const box = (page: Page, text: string) => boxes(page).filter({ hasText: text })

test('a model is uploaded, looked at, walked through, and becomes the project', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await goTo(page, '/model')
  await page.getByRole('heading', { name: 'Drop an .onnx file here' }).waitFor()
  expect(await violations(page)).toEqual([])
  await page.locator('input[type=file]').setInputFiles([{ name: 'net.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from(NET) }])

  // The card.
  const side = page.getByRole('complementary', { name: 'Details' })
  await side.getByRole('heading', { name: 'net', exact: true }).waitFor()
  await expect.poll(() => side.getByText('N×3×H×W NCHW').count()).toBe(1)
  await side.getByText('10 operators').waitFor()
  await side.getByText('Expected of samples').waitFor()

  // The graph: ends, nodes, shapes beside the edges.
  await expect.poll(() => boxes(page).count()).toBeGreaterThan(4)
  await box(page, '/head/Conv'.slice(1)).first().waitFor()
  await expect.poll(() => page.locator('.wire-label').allTextContents()).toContain('N×8×?×?')

  // A node: by a click, and on along the edges by keys.
  await box(page, 'head/Conv').click()
  await side.getByText('node 1 of 10').waitFor()
  await expect.poll(() => page.url()).toContain('at=n')
  await page.getByRole('group', { name: /^Graph; arrows walk/ }).press('ArrowDown')
  await side.getByText('node 2 of 10').waitFor()
  await side.getByText('8×8×3×3', { exact: false }).first().waitFor()
  await side.getByRole('button', { name: 'Relu' }).click()
  await side.getByText('node 3 of 10').waitFor()

  // Groups close and open.
  await page.getByRole('button', { name: 'By name' }).click()
  const body = page.getByRole('button', { name: 'Open body', exact: true })
  await body.waitFor()
  await body.click()
  await page.getByRole('button', { name: 'Open body.0' }).waitFor()
  await expect.poll(() => box(page, 'body.1').locator('.box-alike').textContent()).toBe('≡2')

  // Finding opens what is closed around a hit.
  await page.keyboard.press('Control+f')
  await page.getByRole('searchbox', { name: 'Find nodes' }).fill('relu')
  await page.keyboard.press('Enter')
  await side.getByText('node 3 of 10').waitFor()
  await page.keyboard.press('F3')
  await side.getByText('node 7 of 10').waitFor()
  await graphOf(page).getByText('2 / 2').waitFor()
  await expect.poll(() => box(page, 'act/Relu').count()).toBeGreaterThan(0)
  const address = page.url()

  // The same as a table.
  await page.getByRole('button', { name: 'List' }).click()
  const list = page.getByRole('grid', { name: 'Nodes in order' })
  await expect.poll(() => list.getByRole('row').count()).toBe(3)
  await page.getByRole('searchbox', { name: 'Find nodes' }).fill('')
  await expect.poll(() => list.getByRole('row').count()).toBe(11)
  await list.getByRole('row', { name: /tail\/Conv/ }).click()
  await side.getByText('node 10 of 10').waitFor()
  expect(await violations(page)).toEqual([])

  // An address holds all of it.
  await page.goto(address)
  await page.reload()
  await side.getByText('node 7 of 10').waitFor()
  await expect.poll(() => page.locator('.box[data-selected]').count()).toBe(1)
  expect(await violations(page)).toEqual([])

  await page.getByRole('button', { name: 'Use this model' }).click()
  await page.waitForURL(/#\/samples/)
  await goTo(page, '/model')
  await page.getByRole('link', { name: 'Next: samples' }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

test('weights beside the model are found; what cannot be used says why, and the window goes on', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url, { theme: 'light' })
  await goTo(page, '/model')
  const file = page.locator('input[type=file]')
  const upload = (name: string, bytes: Uint8Array) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) })
  await file.setInputFiles([upload('notes.txt', new Uint8Array(3))])
  const fault = page.getByRole('alert')
  await fault.getByText('none of these files is an .onnx model').waitFor()
  await fault.getByRole('button', { name: 'Close' }).click()

  await file.setInputFiles([upload('cut.onnx', NET.subarray(0, 700))])
  await fault.getByText(/the file ends too early/).waitFor()
  await expect.poll(async () => (await fault.allTextContents()).join()).toContain('cut.onnx')
  await fault.getByRole('button', { name: 'Another model…' }).click()
  await file.setInputFiles([upload('custom.onnx', model({ inputs: { x: [1] }, outputs: { y: [1] }, nodes: [node('my.ops:Twist', ['x'], ['y'], {}, 'the_twist')], domains: { 'my.ops': 1 } }))])
  await fault.getByText(/the_twist/).waitFor()
  await fault.getByRole('button', { name: 'Another model…' }).click()
  await page.getByRole('textbox', { name: 'Or a path' }).fill('/etc/passwd')
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await fault.getByText('input.outside-roots').waitFor()

  // Nine megabytes of weights in a second file, in several pieces.
  await fault.getByRole('button', { name: 'Another model…' }).click()
  const made = join(folder, 'made')
  await writeModel(join(made, 'large.onnx'), graph({ inputs: { x: [1, 1500] }, outputs: { y: [1, 1500] }, nodes: [node('MatMul', ['x', 'w'], ['y'])], initializers: { w: noise([1500, 1500]) } }), { externalThreshold: 1 })
  await file.setInputFiles((await readdir(made)).map((name) => join(made, name)))
  const side = page.getByRole('complementary', { name: 'Details' })
  await side.getByText('9.0 MB').waitFor()
  await side.getByText(/large-[0-9a-f]+\.data/).waitFor()

  await page.getByRole('button', { name: 'Another model…' }).click()
  await page.getByRole('button', { name: 'Open the bundled model' }).click()
  await side.getByRole('heading', { name: 'sample_x2' }).waitFor()
  await expect.poll(() => boxes(page).count()).toBeGreaterThan(3)
  expect((await readdir(join(workspace, 'uploads'))).filter((name) => name.startsWith('.'))).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

test('in Chinese, from left to right, with the errors of a run on it and a picture of it', async () => {
  const { code } = await scalewright(['run', 'resources/sample/recipe.yaml', '--set', 'samples.calibration.count=4', '--set', 'samples.evaluation.count=1', '--set', 'compare.latency=false', '--workspace', workspace, '--quiet'])
  expect(code).toBe(0)
  const { page, complaints } = await openWorkbench(browser, served.url, { language: 'zh', width: 1920, height: 1080 })
  await goTo(page, '/model?m=bundled&dir=right')
  const side = page.getByRole('complementary', { name: '详情' })
  await side.getByText('是同一个模型').waitFor()
  await side.getByRole('link', { name: '打开该运行' }).waitFor()
  const runs = page.getByRole('combobox', { name: '某次运行的误差' })
  await runs.selectOption({ index: 1 })
  await expect.poll(() => page.locator('.box-mark').count()).toBeGreaterThan(2)
  expect((await page.locator('.box-mark').allTextContents()).every((text) => /^[✓!▼] (?:[\d.]+ dB|=)$/.test(text))).toBe(true)
  await page.getByRole('combobox', { name: '着色内容' }).selectOption('bits')
  await expect.poll(() => page.locator('.box-mark').allTextContents()).toContain(' 8 bit')
  await box(page, 'head.relu').click()
  await side.getByRole('link', { name: '在逐层页面中查看' }).first().waitFor()
  expect(await violations(page)).toEqual([])

  await page.getByRole('button', { name: '更多' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: '保存为 SVG' }).click()])
  expect(download.suggestedFilename()).toBe('sample_x2.svg')
  const svg = await readFile(await download.path(), 'utf8')
  expect(svg).toContain('8 bit')
  await page.getByRole('button', { name: '更多' }).click()
  const [png] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: '保存为 PNG' }).click()])
  expect((await readFile(await png.path())).subarray(1, 4).toString()).toBe('PNG')
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

test('a thousand nodes are laid out beside the window, drawn where they are seen, and the layout can be stopped', async () => {
  const nodes = Array.from({ length: 1000 }, (_, index) => node(index % 3 === 2 ? 'Add' : 'Relu', index % 3 === 2 ? [`t${index - 1}`, `t${index - 2}`] : [index === 0 ? 'x' : `t${index - 1}`], [`t${index}`], {}, `n${index}`))
  await mkdir(join(workspace, 'models'), { recursive: true })
  const path = join(workspace, 'models', 'long.onnx')
  await writeFile(path, model({ inputs: { x: [1, 8] }, outputs: { t999: [1, 8] }, nodes }))
  const { page, complaints } = await openWorkbench(browser, served.url)
  await goTo(page, `/model?m=${encodeURIComponent(`path:${path}`)}&group=none`)
  const busy = graphOf(page).getByText('Laying out 1,002 boxes…')
  await busy.waitFor()
  await busy.waitFor({ state: 'detached', timeout: 30_000 })
  await boxes(page).first().waitFor()
  const drawn = await boxes(page).count()
  expect(drawn).toBeGreaterThan(2)
  expect(drawn).toBeLessThan(60)
  await page.getByRole('searchbox', { name: 'Find nodes' }).fill('n998')
  await page.keyboard.press('Enter')
  await box(page, 'n998').waitFor()
  expect(await boxes(page).count()).toBeLessThan(60)
  await page.getByRole('button', { name: 'Draw from left to right' }).click()
  await graphOf(page).getByRole('button', { name: 'Cancel' }).click()
  await graphOf(page).getByText(/Laying out/).waitFor({ state: 'detached' })
  await box(page, 'n998').waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

const handed = (name: string, bytes: Uint8Array | string) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) })

test('a Caffe net comes in as a pair; half of one, and what cannot be read, say so in a line', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url)
  await goTo(page, '/model?choose=1')
  const file = page.locator('.choose input[type=file]')
  const prototxt = 'name: "tiny"\ninput: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: 8\ninput_dim: 8\nlayer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }\nlayer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }\n'
  const values = (count: number): Float32Array => Float32Array.from({ length: count }, (_, index) => ((index * 7) % 11) / 11 - 0.5)
  const weights = caffemodel(new Map([['conv', [{ dims: [4, 3, 3, 3], data: values(108) }, { dims: [4], data: values(4) }]]]))
  const fault = page.getByRole('alert')
  await file.setInputFiles([handed('tiny.prototxt', prototxt)])
  await fault.getByText('the .caffemodel of this net is missing').waitFor()
  await fault.getByRole('button', { name: 'Close' }).click()

  await file.setInputFiles([handed('tiny.prototxt', prototxt.replace('"ReLU"', '"Fancy"')), handed('tiny.caffemodel', weights)])
  await fault.getByText(/tiny\.prototxt:8/).waitFor()
  await page.getByRole('region', { name: 'Caffe net' }).getByRole('button', { name: 'Import again' }).waitFor()
  expect(await violations(page)).toEqual([])
  await file.setInputFiles([handed('tiny.prototxt', prototxt), handed('tiny.caffemodel', weights)])
  const side = page.getByRole('complementary', { name: 'Details' })
  await side.getByText('N×3×8×8 NCHW').waitFor()
  await side.getByText('2 operators').waitFor()
  await side.getByRole('heading', { name: 'tiny', exact: true }).waitFor()
  expect(page.url()).toMatch(/m=float(?:%3A|:)/)
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)

test('weights of a checkpoint are matched by name, listed where they do not fit, and taken in', async () => {
  const { page, complaints } = await openWorkbench(browser, served.url, { theme: 'light' })
  await goTo(page, '/model?choose=1')
  await page.locator('.choose input[type=file]').setInputFiles([handed('graph.onnx', NET)])
  await page.getByRole('tab', { name: 'Weights' }).click()
  const part = page.locator('.weights')
  const tensorOf = (dims: readonly number[], level: number) => ({ dims, values: new Float32Array(dims.reduce((product, dim) => product * dim, 1)).fill(level) })
  const state = { 'module.w0': tensorOf([8, 3, 3, 3], 0.25), 'module.w': tensorOf([8, 8, 3, 3], 0.5), 'module.w_3.weight': tensorOf([3, 8, 3, 3], 0.75) }

  // Nothing goes in that does not fit whole, unless a person says so.
  const take = part.getByRole('button', { name: 'Take the weights in' })
  await part.locator('input[type=file]').setInputFiles([handed('net.safetensors', safetensors({ ...state, 'module.w': tensorOf([8, 8, 5, 5], 1) }))])
  await part.getByText('w [8, 8, 3, 3] ↔ module.w [8, 8, 5, 5]').waitFor()
  expect(await take.isDisabled()).toBe(true)
  await part.locator('input[type=file]').setInputFiles([handed('net.pth', torchZip(state))])
  await part.getByText('Matched: 2 of 3 weights').waitFor()
  await part.getByText('w3.weight ↔ module.w_3.weight').waitFor()
  expect(await take.isDisabled()).toBe(true)
  await part.getByRole('checkbox', { name: /^Take what fits/ }).check()
  expect(await take.isDisabled()).toBe(false)
  expect(await violations(page)).toEqual([])

  // Rules of names: a wrong one says where, the right one makes all of it fit.
  await part.getByLabel('Names in the file').selectOption('own')
  const rules = part.getByRole('textbox', { name: 'Rules of names, YAML' })
  await rules.fill('strip: [module.]\nrenam: []\n')
  await part.getByText(/no key «renam»/).waitFor()
  await rules.fill("strip: [module.]\nrename:\n  - { from: '^w_3', to: w3 }\n")
  await part.getByText('Matched: 3 of 3 weights').waitFor()
  await take.click()
  await page.waitForURL(/m=float(?:%3A|:)/)
  await page.getByRole('complementary', { name: 'Details' }).getByText('10 operators').waitFor()
  await goTo(page, `${decodeURIComponent(page.url().split('#')[1]!)}&at=n:/tail/Conv`)
  await page.getByRole('complementary', { name: 'Details' }).getByText(/0\.75/).first().waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
}, 60_000)
