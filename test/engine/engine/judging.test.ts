import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { measureQuality } from '../../../main/compare/quality.ts'
import type { Quality } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import { measuresFor } from '../../../main/engine/jobs/judging.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { recipeFromText } from '../../../main/recipe/read-recipe.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { openSamples } from '../../../main/samples/open-samples.ts'
import { floats, graph, node } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

/** y: mean colour times a gain, a class each. map: one object in the middle, half as large as the picture, as sure as the picture is red. */
const twoHeads = (gain: readonly number[], sizeLogit: number) => graph({
  inputs: { x: [1, 3, 4, 4] }, outputs: { y: [1, 3, 1, 1], map: [1, 6, 1, 1] },
  nodes: [node('GlobalAveragePool', ['x'], ['mean']), node('Mul', ['mean', 'gain'], ['y']), node('Conv', ['mean', 'w', 'b'], ['map'])],
  initializers: {
    gain: floats([1, 3, 1, 1], gain), w: floats([6, 3, 1, 1], [1, ...Array.from({ length: 17 }, () => 0)]), b: floats([6], [0, Math.atanh(0.5), Math.atanh(0.5), sizeLogit, sizeLogit, 1]),
  },
})
const float = encodeModel(twoHeads([1, 1, 1], 0))
/** Takes the apple for grass and draws its box far too small. */
const worse = encodeModel(twoHeads([0.2, 1, 1], -2))

const folder = temporaryFolder()
const COLORS = { apple: { r: 255, g: 120, b: 0 }, grass: { r: 0, g: 255, b: 0 }, sky: { r: 10, g: 0, b: 255 } }

beforeAll(async () => {
  for (const [name, background] of Object.entries(COLORS)) {
    await mkdir(join(folder, 'pictures', name), { recursive: true })
    await sharp({ create: { width: 16, height: 8, channels: 3, background } }).png().toFile(join(folder, 'pictures', name, `${name}.png`))
  }
})

async function judge(evaluation: string, quantized = worse): Promise<Quality | undefined> {
  const preprocess = 'preprocess: { color: rgb, range: [0, 1], resize: { mode: stretch, size: [4, 4], kernel: opencv-linear } }'
  const { samples: { evaluation: part } } = recipeFromText(`model: m.onnx\nsamples: { evaluation: { path: pictures, ${preprocess}, ${evaluation} } }`, folder)
  const expectation = expectationOf(twoHeads([1, 1, 1], 0))
  const samples = await openSamples({ ...part!, role: 'evaluation' }, expectation, quietTask)
  const measures = await measuresFor({ evaluation: part, expectation, samples, first: await samples.load(0) })
  return measures.length === 0 ? undefined : (await measureQuality({ float, quantized }, samples, { measures, protocols: [], expectation, threads: 1 }, quietTask)).quality
}

async function write(name: string, text: string): Promise<string> {
  await mkdir(dirname(join(folder, name)), { recursive: true })
  await writeFile(join(folder, name), text)
  return name
}

/** Ids change with the content of labels, which the unit tests look at. */
const named = (id: string) => id.replaceAll(/@[0-9a-f]{8}/g, '@')
const refused = (where: string, what: RegExp) => ({ code: 'samples.labels', where: join(folder, where), what: expect.stringMatching(what), next: expect.stringMatching(/\w/) })
/** Values come through float32 kernels. */
const near = (value: number) => expect.closeTo(value, 4)

describe('classes', () => {
  const TOP = 'metric: { kind: topx_accuracy_for_classify, k: [1, 2], output: y }'

  test('a CSV by path, name or stem: every version, and the agreement a sample each', async () => {
    const quality = (await judge(`labels: ${await write('a.csv', 'file,class,name\napple/apple.png,0,x\ngrass.png,1,y\nsky,2,z\n')}, ${TOP}`))!
    expect(named(quality.protocol)).toBe('top1/labels@/y')
    expect(quality).toMatchObject({ unit: '%', float: 100, simulated: near(200 / 3), fused: near(200 / 3) })
    expect(quality.perSample.map(({ sample, float: own, simulated }) => [sample, own, simulated])).toEqual([['apple', 100, 0], ['grass', 100, 100], ['sky', 100, 100]])
    expect(Object.keys(quality.others).map(named)).toEqual(['top2/labels@/y', 'agreement/top1/y', 'agreement/top2/y', 'sqnr/output', 'cosine/output'])
    expect(quality.others['agreement/top1/y']).toEqual({ float: null, simulated: near(200 / 3), fused: near(200 / 3) })
    expect(quality.besides).toEqual({ 'agreement/top1/y': [['apple', 0], ['grass', 100], ['sky', 100]].map(([sample, value]) => ({ sample, float: null, simulated: value, fused: value })) })
  })

  test('without labels the agreement is the number', async () => {
    expect(await judge(TOP)).toMatchObject({ protocol: 'agreement/top1/y', float: null, simulated: near(200 / 3), others: { 'agreement/top2/y': { simulated: 100 } } })
  })

  test('folders in name order, names from a file, other columns', async () => {
    const top = async (labels: string) => (await judge(`labels: ${labels}, ${TOP}`))!
    expect(await top('{ format: folders }')).toMatchObject({ float: 100 })
    const classes = await write('names.txt', 'apple\ngrass\nsky\n')
    const named = await top(`{ path: ${await write('b.csv', 'what,picture\nsky,sky.png\ngrass,grass.png\napple,apple.png\n')}, file: picture, label: what, classes: ${classes} }`)
    expect(named).toMatchObject({ float: 100 })
    // The same labels, however they are written, make the same protocol.
    expect(named.protocol).toBe((await top('{ format: folders }')).protocol)
    expect(named.protocol).not.toBe((await top(`{ format: folders, classes: ${await write('turned.txt', 'grass\napple\nsky\n')} }`)).protocol)
  })

  test.each([
    ['file,class\napple.png,0\ngrass.png\n', 'c.csv:3', /1 cell/], ['file,class\napple.png,0\ngrass.png,green\n', 'c.csv:3', /«green» is not a class/],
    ['apple.png,0\n./apple.png,1\n', 'c.csv:2', /labelled on line 1 already/], ['apple.png,0\ngrass.png,1\n', 'c.csv', /no label for «sky.png»/],
    ['apple.png,0\ngrass.png,1\nsky.png,3\n', 'c.csv:3', /class 3 is none of the 3/],
  ])('%j is refused with its line', async (text, where, what) => {
    await expect(judge(`labels: ${await write('c.csv', text)}, ${TOP}`)).rejects.toMatchObject(refused(where, what))
  })

  test('what is no label file is refused', async () => {
    await expect(judge(`labels: none.csv, ${TOP}`)).rejects.toMatchObject(refused('none.csv', /no such file/))
    await expect(judge(`labels: { path: ${await write('d.csv', 'file,class\n')}, label: klass }, ${TOP}`)).rejects.toMatchObject(refused('d.csv:1', /no column «klass»/))
    await expect(judge(`labels: ${await write('boxes.json', '{}')}, ${TOP}`)).rejects.toMatchObject(refused('boxes.json', /do not say the class/))
    await expect(judge(`labels: ${await write('e.csv', 'a,0\n')}, metric: sqnr`)).rejects.toMatchObject({ code: 'recipe.metric', what: 'labels are given, and the metric looks at none' })
  })
})

describe('boxes', () => {
  const metric = (more = '') => `metric: { kind: detect_accuracy, decode: { kind: grid, outputs: map }, score: 0.1 ${more} }`
  const APPLE = '0 0.5 0.5 0.5 0.5\n'

  test('YOLO files, one missing: a picture without objects; the box lies in pixels of the file', async () => {
    const labels = dirname(await write('yolo/apple.txt', APPLE))
    const quality = (await judge(`labels: ${labels}, ${metric()}`))!
    expect(named(quality.protocol)).toBe('ap/coco/grid@/score0.1/nms0.45/most100/labels@')
    expect(quality).toMatchObject({ unit: '%', float: near(100), simulated: 0, fused: 0 })
    expect(quality.perSample.map(({ sample, float: own }) => [sample, own])).toEqual([['apple', near(100)], ['grass', null], ['sky', null]])
    expect(Object.keys(quality.others).map((id) => id.split('/').slice(0, 2).join(' '))).toEqual(['ap50 coco', 'ap75 coco', 'agreement ap', 'agreement ap50', 'agreement ap75', 'sqnr output', 'cosine output'])
  })

  test('VOC and COCO say the same as YOLO, up to their pixels', async () => {
    const classes = await write('one.txt', 'apple\n')
    // Pixels of VOC count from 1 and the last belongs to the box: 4 to 11 across, 2 to 5 down.
    const annotation = (box: string) => `<annotation>${box}</annotation>`
    await write('voc/apple.xml', annotation('<object><name>apple</name><bndbox><xmin>5</xmin><ymin>3</ymin><xmax>12</xmax><ymax>6</ymax></bndbox></object>'))
    await write('voc/grass.xml', annotation(''))
    await expect(judge(`labels: { path: voc, classes: ${classes} }, ${metric(', ap: voc-area')}`)).rejects.toMatchObject(refused('voc/sky/sky.xml', /no such file/))
    await write('voc/sky.xml', annotation(''))
    expect(await judge(`labels: { path: voc, classes: ${classes} }, ${metric(', ap: voc-area')}`)).toMatchObject({ float: near(100), simulated: 0 })
    await expect(judge(`labels: voc, ${metric()}`)).rejects.toMatchObject(refused('voc', /name classes/))
    const coco = { images: ['apple/apple.png', 'grass.png', 'sky.png'].map((file_name, id) => ({ id, file_name })), categories: [{ id: 1, name: 'apple' }], annotations: [{ image_id: 0, category_id: 1, bbox: [4, 2, 8, 4] }] }
    const byCoco = (await judge(`labels: ${await write('i.json', JSON.stringify(coco))}, ${metric()}`))!
    const byYolo = (await judge(`labels: ${dirname(await write('yolo/apple.txt', APPLE))}, ${metric()}`))!
    expect(byCoco).toEqual(byYolo)
  })

  test('without labels: agreement with the boxes of float', async () => {
    const same = (await judge(metric(), float))!
    expect(named(same.protocol)).toBe('agreement/ap/coco/grid@/score0.1/nms0.45/most100/float0.3')
    expect(same).toMatchObject({ float: null, simulated: near(100) })
    expect(await judge(metric())).toMatchObject({ simulated: 0 })
  })

  test('wrong labels are refused with their line; labels that fit no class too', async () => {
    await write('bad/apple.txt', `${APPLE}0 0.5 0.5 2 0.5\n`)
    await expect(judge(`labels: bad, ${metric()}`)).rejects.toMatchObject(refused('bad/apple.txt:2', /«2» is not a share/))
    await write('bad/apple.txt', '4 0.5 0.5 0.5 0.5\n')
    await expect(judge(`labels: bad, ${metric()}`)).rejects.toMatchObject(refused('bad/apple.txt', /class 4 is none of the 1/))
    await write('others/pear.txt', APPLE)
    await expect(judge(`labels: others, ${metric()}`)).rejects.toMatchObject(refused('others', /none of the 3 pictures/))
  })
})

describe('likeness of outputs', () => {
  test('named outputs by weight, each for itself behind', async () => {
    const plain = (await judge('metric: { kind: feature_similarity, measure: sqnr, outputs: [y, map] }'))!
    expect([plain.protocol, ...Object.keys(plain.others)]).toEqual(['sqnr/output(y,map)', 'cosine/output(y,map)', 'sqnr/output(y)', 'sqnr/output(map)', 'sqnr/output', 'cosine/output'])
    // All outputs alike is what naming all of them says.
    expect(plain.simulated).toBeCloseTo(plain.others['sqnr/output']!.simulated!, 10)
    const weighted = (await judge('metric: { kind: feature-similarity, measure: sqnr, outputs: { y: 3, map: 1 } }'))!
    expect(weighted.protocol).toBe('sqnr/output(y*3,map)')
    const noise = (name: string) => 10 ** (-weighted.others[`sqnr/output(${name})`]!.simulated! / 10)
    // Means over samples are of noise ratios, so weighting outputs before or after is the same.
    expect(weighted.simulated).toBeCloseTo(-10 * Math.log10((3 * noise('y') + noise('map')) / 4), 8)
    await expect(judge('metric: { kind: feature-similarity, outputs: [z] }')).rejects.toMatchObject({ code: 'recipe.metric', where: 'output z' })
  })

  test('a word alone compares all outputs; none measures nothing', async () => {
    expect(await judge('metric: feature-similarity')).toMatchObject({ protocol: 'cosine/output', unit: 'ratio' })
    expect(await judge('metric: none')).toBeUndefined()
  })
})

describe("a person's own score", () => {
  const own = async (text: string, more = '') => judge(`metric: { kind: module, score: ${await write('own.mjs', text)} ${more} }`)

  test('a number a sample, its mean; the usual numbers behind', async () => {
    const quality = (await own("export const unit = '%'\nexport const sample = ({ id, file, inputs, outputs, float, settings }) => file.endsWith(id + '.png') && inputs.x.dims[2] === 4 && id !== 'grass' ? settings.times * outputs.y.data[0] / float.y.data[0] : null", ', settings: { times: 10 }'))!
    expect(named(quality.protocol)).toBe('score/own@/%')
    expect(quality).toMatchObject({ unit: '%', float: 10, simulated: near(2), fused: near(2) })
    expect(quality.perSample.map(({ simulated }) => simulated)).toEqual([near(2), null, near(2)])
  })

  test('total makes the number of whatever samples give', async () => {
    const quality = (await own("export const unit = 'ratio'\nexport const sample = ({ outputs }) => ({ red: outputs.y.data[0] })\nexport const total = (values) => Math.max(...values.map(({ red }) => red))"))!
    expect(quality).toMatchObject({ unit: 'ratio', float: near(1), simulated: near(0.2), fused: near(0.2) })
    expect(quality.perSample.map(({ sample, float: red }) => [sample, red])).toEqual([['apple', near(1)], ['grass', near(0)], ['sky', near(10 / 255)]])
    expect(Object.keys(quality.others)).toEqual(['sqnr/output', 'cosine/output'])
  })

  test.each([
    ['export const unit = 3 +', /cannot be loaded: \w+/, ''], ["throw new Error('no')", /cannot be loaded: Error: no/, ''], ['export const sample = () => 1', /exports the unit undefined/, ''],
    ["export const unit = 'dB'", /no function `sample`/, ''], ["export const unit = 'dB', sample = () => 1, total = 3", /`total` is no function/, ''],
    ["export const unit = 'dB', sample = () => { throw new RangeError('far') }", /`sample` failed: RangeError: far/, ', sample apple'], ["export const unit = 'dB', sample = () => NaN", /`sample` gives NaN/, ', sample apple'],
    ["export const unit = 'dB', sample = () => 1, total = () => 'x'", /`total` gives string/, ''],
  ])('%s', async (text, what, where) => {
    await expect(own(text)).rejects.toMatchObject({ code: 'recipe.score-module', what: expect.stringMatching(what), where: `${join(folder, 'own.mjs')}${where}` })
  })

  test('another content or setting, another protocol; other files are refused', async () => {
    const text = "export const unit = 'dB', sample = () => 1"
    const ids = [(await own(text))!, (await own(text, ', settings: { a: 1 }'))!, (await own(`${text} // 2`))!, (await own(text))!].map(({ protocol }) => protocol)
    expect(new Set(ids).size).toBe(3)
    await expect(judge(`metric: { kind: module, score: ${await write('own.txt', text)} }`)).rejects.toMatchObject({ code: 'recipe.score-module', what: 'a score is a file that ends with .mjs or .js' })
    await expect(judge('metric: { kind: module, score: gone.mjs }')).rejects.toMatchObject({ what: expect.stringContaining('ENOENT') })
  })
})
