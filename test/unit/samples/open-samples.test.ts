import { chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { Fault } from '../../../main/core/fault.ts'
import { quietTask } from '../../../main/core/task.ts'
import type { Progress } from '../../../main/core/task.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { openSamples } from '../../../main/samples/open-samples.ts'
import type { SamplesSpec } from '../../../main/samples/open-samples.ts'
import { graph, node } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const root = temporaryFolder()
const at = (...parts: string[]) => join(root, ...parts)

const net = (input: (number | string)[], output: (number | string)[]) => expectationOf(graph({ inputs: { x: input }, outputs: { y: output }, nodes: [node('my.domain:Net', ['x'], ['y'])] }))
const same = net([1, 3, 'h', 'w'], [1, 3, 'h', 'w'])
const double = net([1, 3, 'h', 'w'], [1, 3, '2h', '2w'])
const luma = net([1, 1, 'h', 'w'], [1, 1, '2h', '2w'])
const classifier = net([1, 3, 8, 8], [1, 10])

/** A picture whose pixels tell place and `mark`: R = column, G = row, B = mark. */
async function picture(path: string, width: number, height: number, mark = 0): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => [Math.floor(i / 3) % width, Math.floor(i / 3 / width), mark][i % 3]!)
  await sharp(data, { raw: { width, height, channels: 3 } }).png().toFile(path)
}

const grey = (path: string, width: number, height: number) =>
  sharp(new Uint8Array(width * height).fill(9), { raw: { width, height, channels: 1 } }).toColourspace('b-w').png().toFile(path)

const open = (spec: SamplesSpec, expectation = same) => openSamples(spec, expectation, quietTask)

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Fault)
  return error as Fault
}

beforeAll(async () => {
  await Promise.all([
    ...['b', 'a', 'C', 'd10', 'd9'].map((name, index) => picture(at('flat', `${name}.png`), 20, 12, index)),
    picture(at('nested', 'one', 'p.png'), 8, 8, 1), picture(at('nested', 'two', 'p.png'), 8, 8, 2), picture(at('nested', 'two', 'deep', 'q.png'), 8, 8, 3), picture(at('nested', '.hidden', 'r.png'), 8, 8),
    ...[1, 2, 3].flatMap((k) => [picture(at('pairs', `img_00${k}_SRF_2_LR.png`), 10, 6, k), picture(at('pairs', `img_00${k}_SRF_2_HR.png`), 21, 13, 100 + k)]),
    ...[1, 2].flatMap((k) => [picture(at('lr', `080${k}x2.png`), 10, 6, k), picture(at('hr', `080${k}.png`), 20, 12, 100 + k)]),
    picture(at('mixed', 'ok.png'), 9, 9, 1), picture(at('mixed', 'ok2.png'), 9, 9, 2),
    picture(at('gone', 'fine.png'), 9, 9), picture(at('gone', 'fine2.png'), 9, 9),
  ])
  await writeFile(at('nested', 'labels.txt'), 'not a list')
  await writeFile(at('mixed', 'broken.png'), 'text')
  await grey(at('mixed', 'grey.png'), 9, 9)
  const whole = await sharp({ create: { width: 64, height: 64, channels: 3, noise: { type: 'gaussian', mean: 128, sigma: 30 }, background: 'red' } }).png().toBuffer()
  await writeFile(at('gone', 'half.png'), whole.subarray(0, whole.length >> 1))
})

describe('finding pictures', () => {
  it('takes a folder in the order of names, by code units', async () => {
    expect((await open({ path: at('flat') })).ids).toEqual(['C', 'a', 'b', 'd10', 'd9'])
  })

  it('takes nested folders, names that occur twice with their folder, hidden ones and other files not', async () => {
    expect((await open({ path: at('nested') })).ids).toEqual(['one/p', 'q', 'two/p'])
  })

  it('includes and excludes by glob', async () => {
    expect((await open({ path: at('flat'), include: 'd*.png', exclude: ['*9*'] })).ids).toEqual(['d10'])
    expect((await open({ path: at('nested'), include: ['two/**'] })).ids).toEqual(['q', 'p'])
    expect((await open({ path: at('nested'), include: '*.png', exclude: 'two/deep/*' })).ids).toEqual(['one/p', 'two/p'])
  })

  it('takes a list in its own order, and one picture', async () => {
    await writeFile(at('list.txt'), '# mine\nflat/d9.png\n\n./flat/C.png\r\n')
    expect((await open({ path: at('list.txt') })).ids).toEqual(['d9', 'C'])
    expect((await open({ path: at('flat', 'a.png') })).ids).toEqual(['a'])
  })

  it('follows links, and a link in a circle only once', async () => {
    await picture(at('circle', 'a.png'), 4, 4)
    await symlink(at('circle'), at('circle', 'again'))
    await symlink(at('flat', 'b.png'), at('circle', 'b.png'))
    expect((await open({ path: at('circle') })).ids).toEqual(['a', 'b'])
  })

  it.each([
    ['a missing path', { path: at('nowhere') }, 'samples.missing', /no such file/],
    ['an empty folder', { path: at('empty') }, 'samples.none', /the folder is empty/],
    ['a folder of other things', { path: at('words') }, 'samples.none', /among 1 files \(\.md\)/],
    ['patterns that nothing passes', { path: at('flat'), include: '*.jpg' }, 'samples.none', /none of the 5 pictures passes/],
    ['an empty list', { path: at('nothing.txt') }, 'samples.none', /names no pictures/],
    ['a list that names one twice', { path: at('twice.txt') }, 'samples.list', /stands on line 1 already/],
    ['a list with a missing file', { path: at('wrong.txt') }, 'samples.picture', /ENOENT|no such file|missing/i],
    ['another kind of file', { path: at('words', 'a.md') }, 'samples.kind', /neither/],
    ['a count of 0', { path: at('flat'), count: 0 }, 'recipe.samples', /0 is not a whole number/],
    ['a fraction as seed', { path: at('flat'), seed: 0.5 }, 'recipe.samples', /0\.5 is not/],
  ])('refuses %s', async (_, spec, code, reason) => {
    await mkdir(at('empty'), { recursive: true })
    await mkdir(at('words'), { recursive: true })
    await writeFile(at('words', 'a.md'), 'x')
    await writeFile(at('nothing.txt'), '# nothing\n')
    await writeFile(at('twice.txt'), 'flat/a.png\nflat/../flat/a.png\n')
    await writeFile(at('wrong.txt'), 'flat/a.png\nflat/zz.png\n')
    const fault = await faultOf(open(spec))
    expect(fault.code).toBe(code)
    expect(fault.what).toMatch(reason)
    expect(fault.next).toBeTruthy()
  })

  it.skipIf(process.getuid?.() === 0)('refuses a folder that may not be read', async () => {
    await mkdir(at('locked'), { mode: 0o000 })
    expect((await faultOf(open({ path: at('locked') }))).code).toBe('samples.unreadable')
    await chmod(at('locked'), 0o755)
  })
})

describe('choosing samples', () => {
  it('draws fewer by seed, in the order of names', async () => {
    const ids = async (seed: number) => (await open({ path: at('flat'), count: 3, seed })).ids
    expect(await ids(1)).toEqual(await ids(1))
    const draws = await Promise.all(Array.from({ length: 12 }, (_, seed) => ids(seed)))
    for (const draw of draws) expect(draw).toEqual([...draw].toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(draws.map(String)).size).toBeGreaterThan(3)
    expect(new Set(draws.flat()).size).toBe(5)
  })

  it('takes several random crops of each picture in turn, each by seed and sample alone', async () => {
    const spec = { path: at('flat'), count: 12, seed: 7, preprocess: { range: [0, 255], crop: { mode: 'random', size: [4, 6] } } } as const
    const set = await open(spec)
    expect(set.ids).toEqual(['C#1', 'a#1', 'b#1', 'd10#1', 'd9#1', 'C#2', 'a#2', 'b#2', 'd10#2', 'd9#2', 'C#3', 'a#3'])
    const places = await Promise.all(set.ids.map(async (_, index) => {
      const { picture: part, feeds } = await set.load(index)
      expect(feeds['x']!.dims).toEqual([1, 3, 4, 6])
      return [part!.data[0], part!.data[24]]
    }))
    expect(new Set(places.map(String)).size).toBeGreaterThan(6)
    const fewer = await open({ ...spec, count: 6 })
    expect(await Promise.all(fewer.ids.map(async (_, index) => (await fewer.load(index)).feeds))).toEqual(await Promise.all([0, 1, 2, 3, 4, 5].map(async (index) => (await set.load(index)).feeds)))
  })

  it('asks for a random crop when more samples than pictures are wanted', async () => {
    for (const preprocess of [{}, { crop: { mode: 'center', size: [4, 4] } }] as const) {
      const fault = await faultOf(open({ path: at('flat'), count: 6, preprocess }))
      expect([fault.code, fault.next]).toEqual(['samples.count', expect.stringMatching(/random/)])
    }
  })

  it('loads what the preprocessing says, batch 1', async () => {
    const set = await open({ path: at('flat', 'a.png'), preprocess: { color: 'bgr', range: [0, 1] } }, net([1, 'h', 'w', 3], [1, 'h', 'w', 3]))
    const { feeds, picture: shown, id } = await set.load(0)
    expect([id, feeds['x']!.type, feeds['x']!.dims]).toEqual(['a', 'float32', [1, 12, 20, 3]])
    // Column 3, row 2, mark 1.
    const pixel = 3 * (2 * 20 + 3)
    expect([...(feeds['x']!.data as Float32Array).subarray(pixel, pixel + 3)]).toEqual([1, 2, 3].map((level) => Math.fround(level / 255)))
    expect([shown!.width, shown!.height, shown!.data[20 * 2 + 3]]).toEqual([20, 12, 3])
    expect(set.preprocess).toEqual({ color: 'bgr', range: [0, 1], mean: [0, 0, 0], scale: [1, 1, 1], layout: 'nhwc' })
  })

  it('pads, and says what was there before', async () => {
    const sample = await (await open({ path: at('flat', 'a.png'), preprocess: { pad: { multiple: 8 } } })).load(0)
    expect([sample.feeds['x']!.dims, sample.content, sample.picture!.width]).toEqual([[1, 3, 16, 24], [12, 20], 20])
  })

  it('refuses pictures where the model takes something else', async () => {
    const two = expectationOf(graph({ inputs: { x: [1, 3, 8, 8], z: [1, 4] }, outputs: { y: [1, 3, 8, 8] }, nodes: [node('my.domain:Net', ['x', 'z'], ['y'])] }))
    expect((await faultOf(open({ path: at('flat') }, two))).what).toMatch(/'x' \(float32\), 'z' \(float32\)/)
    expect((await faultOf(open({ path: at('flat') }, net([4, 3, 'h', 'w'], [4, 3, 'h', 'w'])))).code).toBe('samples.batch')
  })
})

describe('references', () => {
  const check = async (spec: SamplesSpec, ids: string[]) => {
    const set = await open({ ...spec, preprocess: { ...spec.preprocess, range: [0, 255] } }, double)
    expect(set.ids).toEqual(ids)
    expect(set.referenced).toBe(true)
    for (const [index] of ids.entries()) {
      const { picture: low, reference } = await set.load(index)
      expect([reference!.width, reference!.height]).toEqual([2 * low!.width, 2 * low!.height])
      // Marks tell that the right one was taken; places that it was cut at the same spot.
      expect(reference!.data.at(-1)).toBe(100 + low!.data.at(-1)!)
      expect(reference!.data[0]).toBe(2 * low!.data[0]!)
    }
    return set
  }
  const lows = [1, 2, 3].map((k) => `img_00${k}_SRF_2_LR`)

  it('pairs _LR with _HR when nothing is said, and mod-crops', async () => {
    expect((await check({ path: at('pairs') }, lows)).notes.join()).toMatch(/3 pictures are paired/)
  })

  it('pairs by pattern', async () => {
    await check({ path: at('pairs'), reference: { pattern: '*_HR' } }, lows)
  })

  it('pairs with another folder by stem, x2 left out', async () => {
    await check({ path: at('lr'), reference: at('hr') }, ['0801x2', '0802x2'])
  })

  it('pairs names that do not end alike', async () => {
    for (const k of [1, 2]) await Promise.all([picture(at('plain', `p${k}.png`), 4, 4, k), picture(at('plain', `gt-p${k}.png`), 8, 8, 100 + k)])
    await check({ path: at('plain'), reference: { pattern: 'gt-*' } }, ['p1', 'p2'])
  })

  it('crops the reference at the same place', async () => {
    await check({ path: at('pairs'), count: 9, seed: 2, preprocess: { crop: { mode: 'random', size: [3, 4] } } }, [1, 2, 3].flatMap((k) => lows.map((id) => `${id}#${k}`)))
  })

  it('turns both into luma for a luma model', async () => {
    const sample = await (await open({ path: at('pairs') }, luma)).load(0)
    expect([sample.picture!.color, sample.reference!.color, sample.feeds['x']!.dims]).toEqual(['y', 'y', [1, 1, 6, 10]])
    expect(sample.picture!.data[0]).toBeCloseTo(16 + 24.966 / 255, 4)
  })

  it('keeps references out of calibration, loaded or not', async () => {
    const set = await open({ path: at('pairs'), role: 'calibration' }, double)
    expect([set.ids, set.referenced, (await set.load(0)).reference]).toEqual([lows, false, undefined])
  })

  it('uses sizes where the factor is not known', async () => {
    const unknown = net([1, 3, 'h', 'w'], [1, 3, 'a', 'b'])
    expect(unknown.output.factor.value).toBeNull()
    const { reference } = await (await open({ path: at('pairs') }, unknown)).load(0)
    expect([reference!.width, reference!.height]).toEqual([20, 12])
  })

  it('names both sizes where they do not belong together', async () => {
    const fault = await faultOf(open({ path: at('pairs') }, net([1, 3, 'h', 'w'], [1, 3, '3h', '3w'])))
    expect(fault.code).toBe('samples.reference')
    expect(fault.what).toMatch(/3 of 3 pictures cannot be used: img_001_SRF_2_LR\.png \(it has 10×6 pixels and its reference 21×13, 30×18 is needed for factor 3\)/)
  })

  it('names a sample without reference', async () => {
    await picture(at('lonely', 'a_LR.png'), 4, 4)
    await picture(at('lonely', 'a_HR.png'), 8, 8)
    await picture(at('lonely', 'b_LR.png'), 4, 4)
    const fault = await faultOf(open({ path: at('lonely') }, double))
    expect([fault.code, fault.where, fault.what]).toEqual(['samples.reference', at('lonely', 'b_LR.png'), 'no reference was found for it'])
    expect((await open({ path: at('lonely'), skipLimit: 1 }, double)).skipped).toEqual([{ sample: 'b_LR.png', why: 'no reference was found for it' }])
  })

  it.each([
    ['a pattern without star', { path: at('pairs'), reference: { pattern: '_HR' } }, double, 'recipe.reference'],
    ['a pattern of a star', { path: at('pairs'), reference: { pattern: '*' } }, double, 'recipe.reference'],
    ['a pattern that takes all', { path: at('pairs'), reference: { pattern: 'img*' } }, double, 'samples.none'],
    ['references for a classifier', { path: at('pairs'), reference: { pattern: '*_HR' } }, classifier, 'recipe.reference'],
    ['a missing folder', { path: at('pairs'), reference: at('nowhere') }, double, 'samples.missing'],
  ])('refuses %s', async (_, spec, expectation, code) => {
    expect((await faultOf(open(spec, expectation))).code).toBe(code)
  })
})

describe('pictures that cannot be used', () => {
  it('ends with a fault that names the first ones, by default', async () => {
    const fault = await faultOf(open({ path: at('mixed') }))
    expect(fault.what).toMatch(/^2 of 4 pictures cannot be used: broken\.png \(.*unsupported image format\); grey\.png \(it is grey, the model takes colour\)$/)
    expect([fault.code, fault.where]).toEqual(['samples.picture', at('mixed')])
    expect(fault.next).toMatch(/skipLimit to 2/)
  })

  it('leaves them out up to the limit, named and counted', async () => {
    expect((await faultOf(open({ path: at('mixed'), skipLimit: 1 }))).what).toMatch(/^2 of 4/)
    const notes: string[] = []
    const set = await openSamples({ path: at('mixed'), skipLimit: 2 }, same, { ...quietTask, report: ({ note }: Progress) => void (note && notes.push(note)) })
    expect([set.ids, set.count, set.skipped.map(({ sample }) => sample)]).toEqual([['ok', 'ok2'], 2, ['broken.png', 'grey.png']])
    expect(notes.filter((note) => note.startsWith('Left out'))).toHaveLength(2)
  })

  it('names one alone as the place of the fault', async () => {
    const fault = await faultOf(open({ path: at('mixed'), exclude: 'broken.png' }))
    expect([fault.code, fault.where, fault.what]).toEqual(['samples.grey', at('mixed', 'grey.png'), 'it is grey, the model takes colour'])
  })

  it('takes grey for a luma model, and says so', async () => {
    const set = await open({ path: at('mixed', 'grey.png') }, luma)
    expect(set.notes.join()).toMatch(/1 pictures are grey/)
    expect((await set.load(0)).picture!.data[0]).toBe(9)
  })

  it('finds a truncated picture by decoding', async () => {
    expect(await faultOf(open({ path: at('gone') }))).toMatchObject({ code: 'samples.picture', where: at('gone', 'half.png') })
    expect((await open({ path: at('gone'), skipLimit: 1 })).ids).toEqual(['fine', 'fine2'])
  })

  it('decodes at opening up to 200 files only: in a larger set a broken one is found when its turn comes', async () => {
    await mkdir(at('many'))
    const tiny = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } }).png().toBuffer()
    const whole = await sharp({ create: { width: 64, height: 64, channels: 3, noise: { type: 'gaussian', mean: 128, sigma: 30 }, background: 'red' } }).png().toBuffer()
    for (let index = 100; index < 300; index++) await writeFile(at('many', `${index}.png`), tiny)
    await writeFile(at('many', '999.png'), whole.subarray(0, whole.length >> 1))
    const set = await open({ path: at('many') })
    expect([set.count, set.ids[200]]).toEqual([201, '999'])
    expect(await faultOf(set.load(200))).toMatchObject({ code: 'samples.picture', where: at('many', '999.png') })
    expect((await open({ path: at('many'), include: '9*', skipLimit: 1 }).catch((error: Fault) => error))).toBeInstanceOf(Fault)
  })

  it('does not go on with nothing, whatever the limit', async () => {
    expect((await faultOf(open({ path: at('mixed'), include: 'broken.png', skipLimit: 9 }))).code).toBe('samples.picture')
    expect((await faultOf(open({ path: at('mixed'), include: '{broken,grey}.png', skipLimit: 9 }))).what).toMatch(/^2 of 2/)
  })

  it('counts a picture that is smaller than the crop or of the wrong size', async () => {
    await picture(at('sizes', 'big.png'), 20, 20)
    await picture(at('sizes', 'small.png'), 6, 20)
    const crop = { crop: { mode: 'random', size: [8, 8] } } as const
    expect(await faultOf(open({ path: at('sizes'), preprocess: crop }))).toMatchObject({ code: 'samples.size', what: 'it has 6×20 pixels, less than the crop of 8×8' })
    expect((await open({ path: at('sizes'), preprocess: crop, skipLimit: 1, count: 3 })).ids).toEqual(['big#1', 'big#2', 'big#3'])
    const fit = { resize: { mode: 'stretch', size: [9, 9], kernel: 'area' } } as const
    expect((await faultOf(open({ path: at('sizes', 'big.png'), preprocess: fit }, classifier))).what).toMatch(/comes to 9×9 pixels, the model takes 8×8 only/)
  })

  it('notices a picture that changed since', async () => {
    await picture(at('moving', 'a.png'), 9, 9)
    const set = await open({ path: at('moving') })
    await picture(at('moving', 'a.png'), 9, 8)
    expect((await faultOf(set.load(0))).code).toBe('samples.changed')
  })

  it('stops when asked to', async () => {
    const stop = AbortSignal.abort(new Error('enough'))
    await expect(openSamples({ path: at('flat') }, same, { signal: stop, report: () => undefined })).rejects.toThrow('enough')
  })
})

describe('fixed sizes', () => {
  it('brings every picture to the size without being told, and says so', async () => {
    const set = await open({ path: at('flat') }, classifier)
    expect(set.preprocess!.resize).toEqual({ mode: 'fill', size: [8, 8], kernel: 'bilinear' })
    expect((await set.load(0)).feeds['x']!.dims).toEqual([1, 3, 8, 8])
    expect(set.notes.join()).toMatch(/8×8 pixels only/)
  })

  it('fills references alike', async () => {
    const set = await open({ path: at('pairs') }, net([1, 3, 16, 16], [1, 3, 32, 32]))
    const { picture: low, reference, feeds } = await set.load(0)
    expect([low!.width, reference!.width, reference!.height, feeds['x']!.dims]).toEqual([16, 32, 32, [1, 3, 16, 16]])
  })
})

describe('hash', () => {
  const spec: SamplesSpec = { path: at('hash'), count: 4, seed: 1, preprocess: { range: [0, 255], crop: { mode: 'random', size: [5, 5] } } }
  const hash = async (change: Partial<SamplesSpec> = {}, expectation = same) => (await open({ ...spec, ...change }, expectation)).sha256

  beforeAll(async () => {
    await Promise.all(['a', 'b', 'c'].map((name, mark) => picture(at('hash', `${name}.png`), 12, 12, mark)))
  })

  it('is the same for the same samples, wherever they lie', async () => {
    const before = await hash()
    expect(before).toMatch(/^[0-9a-f]{64}$/)
    expect(await hash()).toBe(before)
    await rename(at('hash'), at('hash-moved'))
    expect(await hash({ path: at('hash-moved') })).toBe(before)
    await rename(at('hash-moved'), at('hash'))
    await writeFile(at('hash', 'readme.md'), 'not a sample')
    expect(await hash({ skipLimit: 3 })).toBe(before)
  })

  it.each([
    ['seed', { seed: 2 }], ['count', { count: 5 }], ['crop size', { preprocess: { ...spec.preprocess, crop: { mode: 'random', size: [5, 6] } } }], ['range', { preprocess: { ...spec.preprocess, range: [0, 1] } }],
    ['mean', { preprocess: { ...spec.preprocess, mean: [1] } }], ['pictures', { exclude: 'b.png' }],
  ] as const)('changes with %s', async (_, change) => {
    expect(await hash(change)).not.toBe(await hash())
  })

  it('changes with the content of a picture and with its name', async () => {
    const before = await hash()
    await picture(at('hash', 'b.png'), 12, 12, 77)
    const after = await hash()
    expect(after).not.toBe(before)
    await rename(at('hash', 'b.png'), at('hash', 'b2.png'))
    expect(await hash()).not.toBe(after)
  })

  it('changes with a reference', async () => {
    const pairs = () => open({ path: at('lr'), reference: at('hr') }, double)
    const before = (await pairs()).sha256
    await picture(at('hr', '0801.png'), 20, 12, 55)
    expect((await pairs()).sha256).not.toBe(before)
    await picture(at('hr', '0801.png'), 20, 12, 101)
    expect((await pairs()).sha256).toBe(before)
  })
})
