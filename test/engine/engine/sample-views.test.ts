import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pathsBelow } from '../../../main/app/allowed-paths.ts'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { sampleViews } from '../../../main/app/sample-views.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { encodeNpz } from '../../../main/samples/npz.ts'
import { FILE_MARKS, SAMPLES_LOOK, type FileMark, type SamplesLook, type SamplesPart } from '../../../preload/contract/index.ts'
import { model, node, noise } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const root = temporaryFolder()
const outside = temporaryFolder()
const at = (...parts: string[]) => join(root, ...parts)
let app: App
let calls: ReturnType<typeof sampleViews>

/** A picture of smooth noise: no two seeds look alike. */
async function picture(path: string, width: number, height: number, seed: number, change: (image: Sharp) => Sharp = (image) => image): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const random = seededRandom(seed)
  const few = Uint8Array.from({ length: 6 * 6 * 3 }, () => Math.floor(random() * 256))
  const whole = await sharp(few, { raw: { width: 6, height: 6, channels: 3 } }).resize(width, height, { fit: 'fill' }).raw().toBuffer()
  await change(sharp(whole, { raw: { width, height, channels: 3 } })).toFile(path)
}

const fixed = at('fixed.onnx')
const free = at('free.onnx')
const grown = at('grown.onnx')
const conv = (input: (number | string)[], output: (number | string)[], nodes = [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] })], channels = 3) =>
  model({ inputs: { x: input }, outputs: { y: output }, nodes, initializers: { w: noise([channels, 3, 3, 3]) } })

beforeAll(async () => {
  await writeFile(fixed, conv([1, 3, 16, 16], [1, 3, 16, 16]))
  await writeFile(free, conv([1, 3, 'h', 'w'], [1, 3, 'h', 'w']))
  await writeFile(grown, conv([1, 3, 'h', 'w'], [1, 3, 'h2', 'w2'], [node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }), node('DepthToSpace', ['c'], ['y'], { blocksize: 2 })], 12))
  await Promise.all([
    picture(at('calib', 'a.png'), 40, 24, 1),
    picture(at('calib', 'b.jpg'), 24, 40, 2, (image) => image.jpeg().withMetadata({ orientation: 6 })),
    picture(at('calib', 'c.png'), 30, 30, 3, (image) => image.ensureAlpha(0.5).png()),
    picture(at('calib', 'd.png'), 30, 30, 4, (image) => image.toColourspace('rgb16').png()),
    picture(at('calib', 'e.png'), 12, 30, 5),
    picture(at('calib', 'f.png'), 30, 30, 6, (image) => image.toColourspace('b-w').png()),
    ...[1, 2, 3].map((k) => picture(at('pairs', `p${k}_LR.png`), 20, 20, 10 + k)),
    ...[1, 2, 4].map((k) => picture(at('pairs', `p${k}_HR.png`), k === 2 ? 50 : 40, 40, 20 + k)),
    ...[1, 9].map((k) => picture(at('high', `p${k}.png`), 40, 40, 30 + k)),
    // The same pixels as a calibration picture under another name and format; one that only looks the same; one of its own.
    picture(at('judge', 'same.webp'), 40, 24, 1, (image) => image.webp({ lossless: true })),
    picture(at('judge', 'alike.png'), 60, 60, 3, (image) => image.linear(0.97, 3).png()),
    picture(at('judge', 'own.png'), 40, 40, 99),
    picture(at('even', 'a.png'), 40, 40, 50),
    picture(join(outside, 'secret.png'), 20, 20, 9),
  ])
  await writeFile(at('calib', 'g.png'), 'not a picture')
  for (const [name, level] of [['black', 0], ['white', 255]] as const) {
    await sharp(new Uint8Array(20 * 20 * 3).fill(level), { raw: { width: 20, height: 20, channels: 3 } }).png().toFile(at('even', `${name}.png`))
  }
  await picture(at('even', 'z-again.png'), 40, 40, 50)
  await writeFile(at('list.txt'), `calib/a.png\n${join(outside, 'secret.png')}\n`)
  await writeFile(at('arrays.npz'), encodeNpz({ x: tensor('float32', [3, 3, 16, 16], Float32Array.from({ length: 3 * 768 }, (_, i) => i / 1000)) }))
  app = await openApp({ workspace: at('space'), cwd: root, threads: 1 })
  calls = sampleViews(app, { folder: root, guard: pathsBelow([root]) })
})
afterAll(() => app.close())

const recipe = (path: string, more: object = {}, file = fixed, part: SamplesPart = 'calibration') => ({ model: file, samples: { [part]: { path, ...more } } })
const look = async (path: string, more: object = {}, file = fixed, part: SamplesPart = 'calibration'): Promise<SamplesLook> =>
  SAMPLES_LOOK.parse(await calls['samples.look']({ recipe: recipe(path, more, file, part), part }))
const preview = (path: string, file: number, more: object = {}, as: 'model' | 'stretched' = 'model', onnx = fixed) =>
  calls['samples.preview']({ recipe: recipe(path, more, onnx), part: 'calibration', file, crop: 0, as })
const CROP = { crop: { mode: 'center', size: [16, 16] } }
const marks = (bits: number): FileMark[] => FILE_MARKS.filter((_, bit) => (bits & (1 << bit)) !== 0)

describe('what a folder holds', () => {
  it('tells of every file what it is and why it cannot be used', async () => {
    const found = await look('calib', { preprocess: CROP })
    expect(found.names).toEqual(['a.png', 'b.jpg', 'c.png', 'd.png', 'e.png', 'f.png', 'g.png'])
    expect(found.seen).toEqual({ done: 7, total: 7 })
    expect([...found.marks].map(marks)).toEqual([[], ['turned'], ['alpha'], ['deep'], ['out', 'small'], ['out', 'grey'], ['out', 'broken']].map((list) => FILE_MARKS.filter((mark) => list.includes(mark))))
    expect([found.width[1], found.height[1], found.channels[2], found.bits[3]]).toEqual([40, 24, 4, 16])
    expect(found.fault).toMatchObject({ what: expect.stringContaining('3 of 7 pictures cannot be used') })
    expect(found.reasons.find(({ file }) => file === 5)?.why).toContain('grey')
  })

  it('draws by count and seed, and several crops of each where there are fewer', async () => {
    const some = await look('calib', { count: 2, seed: 3, skipLimit: 3 })
    expect(some.count).toBe(2)
    expect([...some.drawn].filter((times) => times > 0)).toEqual([1, 1])
    const other = await look('calib', { count: 2, seed: 4, skipLimit: 3 })
    expect([...other.drawn]).not.toEqual([...some.drawn])
    const crops = await look('calib', { count: 8, skipLimit: 3, include: ['[abcd].*'], preprocess: { crop: { mode: 'random', size: [16, 16] } } })
    expect([crops.count, [...crops.drawn]]).toEqual([8, [2, 2, 2, 2]])
    expect((await look('calib', { count: 9, include: ['[abcd].*'], preprocess: { crop: { mode: 'center', size: [16, 16] } } })).fault).toMatchObject({ code: 'samples.count' })
  })

  it('explains each value of the preprocessing: given, or guessed and how', async () => {
    const guessed = (await look('calib', { include: ['[abcd].*'] })).preprocess!
    expect(guessed.crop).toMatchObject({ value: { mode: 'random', size: [16, 16] }, given: false, how: expect.stringContaining('16×16') })
    expect(guessed.layout).toMatchObject({ value: 'nchw', given: false, how: expect.stringContaining('axis 1') })
    const given = (await look('calib', { include: ['[abcd].*'], preprocess: { mean: [10, 20, 30], resize: { mode: 'stretch', size: [16, 16] } } })).preprocess!
    expect(given.mean).toMatchObject({ value: [10, 20, 30], given: true, guess: [0, 0, 0] })
    expect([given.resize.given, given.crop.value]).toEqual([true, null])
    expect(given.crop.guess).toEqual({ mode: 'random', size: [16, 16] })
    const wrong = await look('calib', { include: ['[abcd].*'], preprocess: { mean: [1, 2] } })
    expect([wrong.fault?.where, wrong.count]).toEqual(['preprocess.mean', 0])
  })

  it('pairs samples with references and tells which are left alone, on both sides', async () => {
    const found = await look('pairs', {}, grown, 'evaluation')
    expect(found.names).toEqual(['p1_LR.png', 'p2_LR.png', 'p3_LR.png'])
    expect(found.references).toEqual(['p1_HR.png', 'p2_HR.png', ''])
    expect([...found.marks].map(marks)).toEqual([[], ['out', 'misfit'], ['out', 'alone']])
    expect(found.spare).toEqual({ count: 1, names: ['p4_HR.png'] })
    expect(found.output).toMatchObject({ kind: 'picture', factor: 2, shave: 2 })
    const folder = await look('pairs', { reference: at('high'), include: ['*_LR.png'] }, grown, 'evaluation')
    expect([folder.references, folder.spare]).toEqual([['p1.png', '', ''], { count: 1, names: ['p9.png'] }])
  })

  it('sees at once that a file changed', async () => {
    await picture(at('change', 'a.png'), 20, 20, 1)
    expect((await look('change', {}, free)).width[0]).toBe(20)
    await picture(at('change', 'a.png'), 22, 20, 1)
    await utimes(at('change', 'a.png'), 1, 1)
    await expect.poll(async () => (await look('change', {}, free)).width[0], { timeout: 10_000, interval: 300 }).toBe(22)
  })

  it('takes arrays as they are', async () => {
    const found = await look('arrays.npz')
    expect([found.kind, found.count, found.names, found.preprocess]).toEqual(['arrays', 3, ['sample_0', 'sample_1', 'sample_2'], null])
    const shown = await preview('arrays.npz', 2)
    expect(shown.channels.map(({ min }) => Math.round(min * 1000))).toEqual([1536, 1792, 2048])
    expect([shown.before, shown.after?.width]).toEqual([null, 16])
  })
})

describe('one file before and after', () => {
  it('gives the values as fed: moving the mean moves every channel by it, and the picture with it', async () => {
    const plain = await preview('calib', 0, { include: ['[abcd].*'], preprocess: { range: [0, 1] } })
    expect(plain.tensor).toEqual({ input: 'x', type: 'float32', dims: [1, 3, 16, 16], layout: 'nchw', color: 'rgb' })
    const moved = await preview('calib', 0, { include: ['[abcd].*'], preprocess: { range: [0, 1], mean: [0.5, 0.25, 0] } })
    for (const [channel, by] of [0.5, 0.25, 0].entries()) expect(moved.channels[channel]!.mean).toBeCloseTo(plain.channels[channel]!.mean - by, 5)
    expect(Buffer.from(moved.after!.rgb).equals(Buffer.from(plain.after!.rgb))).toBe(false)
    expect(moved.levels!.outside).toBeGreaterThan(plain.levels!.outside)
    const stretched = await preview('calib', 0, { include: ['[abcd].*'], preprocess: { range: [0, 1], mean: [0.5] } }, 'stretched')
    expect(stretched.levels!.outside).toBe(0)
  })

  it('turns by EXIF, names the window, and leaves alpha out', async () => {
    const turned = await preview('calib', 1, { include: ['[abcd].*'], preprocess: { crop: { mode: 'center', size: [16, 16] } } })
    expect(turned.before).toMatchObject({ width: 40, height: 24, full: [24, 40] })
    expect(turned.region).toEqual({ left: 12 / 40, top: 4 / 24, width: 16 / 40, height: 16 / 24 })
    const alpha = await preview('calib', 2, { include: ['[abcd].*'] })
    expect([alpha.id, alpha.before!.rgb.length]).toEqual(['c', 30 * 30 * 3])
  })

  it('says of a file that makes no sample why, and shows one that the draw left out', async () => {
    const small = await preview('calib', 4, { skipLimit: 9, preprocess: CROP })
    expect([small.id, small.after, small.why]).toEqual([null, null, expect.stringContaining('12×30')])
    expect(await preview('calib', 6, { skipLimit: 9 })).toMatchObject({ before: null, why: expect.stringContaining('not a picture') })
    const { drawn } = await look('calib', { count: 1, include: ['[abcd].*'] })
    const left = [...drawn].indexOf(0)
    expect(await preview('calib', left, { count: 1, include: ['[abcd].*'] })).toMatchObject({ isDrawn: false, after: { width: 16 } })
    expect((await faultOf(() => preview('calib', 400))).code).toBe('input.unknown-sample')
  })

  it('spells one preprocessing in four ways', async () => {
    const { spellings } = await preview('calib', 0, { include: ['[abcd].*'], preprocess: { range: [0, 1], mean: [0.5], scale: [2], color: 'bgr' } })
    const text = Object.fromEntries(spellings.map((each) => [each.speller, each.text]))
    expect(text['horizon']).toContain('mean_value: 127.5 127.5 127.5\nscale_value: 0.007843137255 0.007843137255 0.007843137255')
    expect(text['rknn']).toBe('rknn.config(mean_values=[[127.5, 127.5, 127.5]], std_values=[[127.5, 127.5, 127.5]], quant_img_RGB2BGR=True)')
    expect(text['sophon']).toBe('--mean 127.5,127.5,127.5 --scale 0.007843137255,0.007843137255,0.007843137255 --pixel_format bgr')
  })

  it('makes thumbnails, and tells which files cannot be read', async () => {
    const { thumbnails } = await calls['samples.thumbnails']({ recipe: recipe('calib'), part: 'calibration', files: [0, 1, 3, 6, 99], side: 20 })
    expect(thumbnails.map(({ picture }) => picture && [picture.width, picture.height, picture.rgb.length])).toEqual([[20, 12, 720], [20, 12, 720], [20, 20, 1200], null, null])
    expect(thumbnails[3]!.why).toContain('not a picture')
    const arrays = await calls['samples.thumbnails']({ recipe: recipe('arrays.npz'), part: 'calibration', files: [1], side: 16 })
    expect(arrays.thumbnails[0]!.picture).toMatchObject({ width: 16, height: 16 })
  })
})

describe('what the pictures are worth', () => {
  /** Asks until all is known. */
  const whole = async <T extends { done: number; total: number }>(ask: () => Promise<T>): Promise<T> => {
    for (let tries = 0; tries < 40; tries++) {
      const answer = await ask()
      if (answer.done === answer.total) return answer
    }
    throw new Error('it never came to an end')
  }

  it('finds equal pixels in both parts whatever the file is, and what looks the same', async () => {
    const both = { model: free, samples: { calibration: { path: 'calib', include: ['[abcd].*'] }, evaluation: { path: 'judge' } } }
    const leak = await whole(async () => calls['samples.leak']({ recipe: both }))
    expect(leak).toMatchObject({ same: 1, alike: 1, total: 7, notCompared: [] })
    expect(leak.pairs).toEqual([
      { calibration: 'a.png', evaluation: 'same.webp', kind: 'same' },
      { calibration: 'c.png', evaluation: 'alike.png', kind: 'alike' },
    ])
    const arrays = await calls['samples.leak']({ recipe: { model: fixed, samples: { calibration: { path: 'arrays.npz' }, evaluation: { path: 'judge' } } } })
    expect(arrays.notCompared).toEqual(['calibration'])
  })

  it('counts references, too', async () => {
    const both = { model: grown, samples: { calibration: { path: 'pairs', include: ['p1_*'] }, evaluation: { path: 'pairs', include: ['p1_*'] } } }
    const leak = await whole(async () => calls['samples.leak']({ recipe: { ...both, samples: { ...both.samples, calibration: { path: 'pairs/p1_HR.png' } } } }))
    expect(leak.pairs).toContainEqual({ calibration: 'p1_HR.png', evaluation: 'p1_HR.png', kind: 'same' })
  })

  it('measures brightness and contrast, and finds a picture that is there twice', async () => {
    const found = await whole(async () => calls['samples.coverage']({ recipe: recipe('even', {}, free), part: 'calibration' }))
    const { names } = await look('even', {}, free)
    const of = (name: string) => [...found.file].indexOf(names.indexOf(name))
    expect([found.brightness[of('black.png')], found.black[of('black.png')], found.entropy[of('black.png')]]).toEqual([0, 1, 0])
    expect([found.brightness[of('white.png')], found.white[of('white.png')]]).toEqual([255, 1])
    expect(found.contrast[of('a.png')]).toBeGreaterThan(20)
    expect([...found.twin].map((twin) => names[twin] ?? null)).toEqual([null, null, null, 'a.png'])
  })
})

describe('what may be read', () => {
  it('refuses paths outside of the folders, and lists that name them', async () => {
    expect((await faultOf(async () => look(outside))).code).toBe('input.outside-roots')
    expect((await faultOf(async () => look('list.txt'))).code).toBe('input.outside-roots')
    expect((await faultOf(async () => preview('list.txt', 1))).code).toBe('input.outside-roots')
  })

  it('says what is missing', async () => {
    expect((await faultOf(async () => look('nowhere'))).code).toBe('samples.missing')
    expect((await faultOf(async () => calls['samples.look']({ recipe: { model: fixed }, part: 'evaluation' }))).code).toBe('recipe.no-samples')
    expect((await faultOf(async () => calls['samples.look']({ recipe: {}, part: 'evaluation' }))).code).toBe('recipe.missing-key')
  })
})
