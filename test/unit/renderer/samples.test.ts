import { describe, expect, test } from 'vitest'
import { recipeFromText } from '../../../main/recipe/read-recipe.ts'
import type { SamplesCoverage, SamplesLook } from '../../../preload/contract/index.ts'
import { withKey } from '../../../renderer/project/project-text.ts'
import { cropWith, globsFrom, globsText, numberFrom, numberText, resizeWith, wholeFrom, withAt, withGiven } from '../../../renderer/features/samples/preprocess-form.ts'
import { folderOfAll, isSampleFile } from '../../../renderer/features/samples/sample-files.ts'
import { differing, filesKey, pathOf, placeOf } from '../../../renderer/features/samples/sample-place.ts'
import { orderOf, remarksOf, weightOf } from '../../../renderer/features/samples/worth.ts'

describe('the form of the preprocessing', () => {
  test('numbers as a person writes them, and back', () => {
    expect(['0.5', ' 1e-3 ', '1/255', '0,5', '-2'].map(numberFrom)).toEqual([0.5, 0.001, 1 / 255, 0.5, -2])
    expect(['', ' ', 'x', '1/', '/2', '1/0', '1/2/3', '1 2'].map(numberFrom)).toEqual([null, null, null, null, null, null, null, null])
    expect([wholeFrom('12', 1), wholeFrom('0', 1), wholeFrom('1.5', 1), wholeFrom('0', 0)]).toEqual([12, null, null, 0])
    for (const value of [0, 1, 123.675, 1 / 255, -0.25, 1e-7]) expect(numberFrom(numberText(value))).toBeCloseTo(value, 9)
  })

  test('one channel of a list, the others kept', () => {
    const mean = [1, 2, 3]
    expect(withAt(mean, 1, 9)).toEqual([1, 9, 3])
    expect(mean).toEqual([1, 2, 3])
  })

  test('a step that is switched on takes the size of the model, else of the pictures; switched off it leaves the recipe', () => {
    const free = { fixed: null, first: [40, 300] } as const
    expect(resizeWith('fill', null, { fixed: [32, 64], first: null })).toEqual({ mode: 'fill', size: [32, 64], kernel: 'bicubic' })
    expect(resizeWith('stretch', { mode: 'fit', size: [10, 20], kernel: 'area' }, free)).toEqual({ mode: 'stretch', size: [10, 20], kernel: 'area' })
    expect(cropWith('random', null, free)).toEqual({ mode: 'random', size: [40, 128] })
    expect([resizeWith('none', null, free), cropWith('none', null, free)]).toEqual([undefined, undefined])
    const on = withKey({}, ['samples', 'calibration', 'preprocess', 'crop'], cropWith('center', null, free))
    expect(withKey(on, ['samples', 'calibration', 'preprocess', 'crop'], undefined)).toEqual({})
  })

  test('what the form writes is a recipe that the program reads', () => {
    let recipe: Record<string, unknown> = { model: '/m.onnx', samples: { calibration: { path: '/c' } } }
    const set = (key: string, value: unknown) => { recipe = withKey(recipe, ['samples', 'calibration', ...key.split('.')], value) }
    set('preprocess.mean', withAt([0, 0, 0], 2, numberFrom('123.675')!))
    set('preprocess.scale', withAt([1, 1, 1], 0, numberFrom('1/58.395')!))
    set('preprocess.resize', resizeWith('fit', null, { fixed: [224, 224], first: null }))
    set('preprocess.crop', cropWith('random', null, { fixed: null, first: [50, 60] }))
    set('preprocess.pad', { multiple: 4 })
    set('include', globsFrom('*.png, set5/**'))
    const { calibration } = recipeFromText(JSON.stringify(recipe), '/').samples
    expect(calibration).toMatchObject({
      include: ['*.png', 'set5/**'],
      preprocess: { mean: [0, 0, 123.675], scale: [1 / 58.395, 1, 1], resize: { mode: 'fit', size: [224, 224], kernel: 'bicubic' }, crop: { mode: 'random', size: [50, 60] }, pad: { multiple: 4 } },
    })
  })

  test('what was typed stands at once, also what is impossible; what was taken back is a guess again', () => {
    const value = <T,>(value: T, given = false) => ({ value, given, guess: value, how: 'seen' })
    const found = { color: value('rgb' as const), range: value<[number, number]>([0, 1]), mean: { ...value([5, 5, 5], true), guess: [0, 0, 0] }, scale: value([1, 1, 1]), layout: value('nchw' as const), resize: value(null), crop: value(null), pad: value(null) }
    const shown = withGiven(found, { range: [7, 7], scale: [2], color: 'cmyk', crop: { mode: 'center', size: [4, 4] } })
    expect([shown.range, shown.mean, shown.scale, shown.color, shown.crop].map(({ value, given }) => [value, given])).toEqual([[[7, 7], true], [[0, 0, 0], false], [[1, 1, 1], true], ['rgb', true], [{ mode: 'center', size: [4, 4] }, true]])
    expect(withGiven(found, undefined).layout).toEqual(found.layout)
  })

  test('globs in one field', () => {
    expect([globsFrom('  '), globsFrom('*.png'), globsFrom('a/* ; b.png')]).toEqual([undefined, ['*.png'], ['a/*', 'b.png']])
    expect([globsText('x'), globsText(['a', 'b']), globsText(undefined)]).toEqual(['x', 'a b', ''])
  })
})

describe('where samples are', () => {
  const recipe = { model: '/m', seed: 3, quantize: { bits: 'nonsense' }, samples: { calibration: { path: '/c', preprocess: { mean: [1] } }, evaluation: { metric: 'sqnr' } } }

  test('only what the samples hang on is asked, and nothing while a path is missing', () => {
    expect(placeOf(recipe, ['calibration'])).toEqual({ model: '/m', seed: 3, samples: { calibration: recipe.samples.calibration } })
    expect([placeOf(recipe, ['calibration', 'evaluation']), placeOf({ samples: recipe.samples }, ['calibration']), pathOf(recipe, 'evaluation')]).toEqual([undefined, undefined, ''])
  })

  test('thumbnails stay while only the preprocessing changes', () => {
    const key = (part: object) => filesKey({ model: '/m', samples: { calibration: { path: '/c', ...part } } }, 'calibration')
    expect(key({ preprocess: { mean: [2] } })).toBe(key({}))
    expect(key({ include: ['*.png'] })).not.toBe(key({}))
  })

  test('uploaded files lie in one folder; a list or an array stands for itself', () => {
    expect(folderOfAll(['/w/u/1/a.png', '/w/u/1/b.png'])).toBe('/w/u/1')
    expect(folderOfAll(['/w/u/1/x/a.png', '/w/u/1/y/b.png'])).toBe('/w/u/1')
    expect(folderOfAll(['/w/u/1/a.png'])).toBe('/w/u/1')
    expect(folderOfAll(['/w/u/1/a.npz'])).toBe('/w/u/1/a.npz')
    expect(folderOfAll(['/w/u/1/a.png', '/w/u/1/list.txt'])).toBe('/w/u/1/list.txt')
    expect(folderOfAll(['C:\\w\\1\\a.png', 'C:\\w\\1\\b.png'])).toBe('C:\\w\\1')
    expect(['a.PNG', 'b.tiff', 'c.npz', 'd.onnx', 'e'].map(isSampleFile)).toEqual([true, true, true, false, false])
  })

  test('both parts should see the same values', () => {
    const value = <T,>(value: T) => ({ value, given: false, guess: value, how: '' })
    const of = (mean: number[]) => ({ color: value('rgb' as const), range: value<[number, number]>([0, 1]), mean: value(mean), scale: value([1]), layout: value('nchw' as const), resize: value(null), crop: value(null), pad: value(null) })
    expect([differing(of([0]), of([0])), differing(of([0]), of([1])), differing(of([0]), null)]).toEqual([[], ['mean'], []])
  })
})

describe('what files are worth', () => {
  const look = { names: ['a.png', 'b.png', 'c.png', 'd.png'], marks: Uint32Array.of(0, 0b1000, 0b11, 0b10000) } as unknown as SamplesLook
  const coverage: SamplesCoverage = {
    done: 3, total: 3, file: Uint32Array.of(0, 1, 3), brightness: Float32Array.of(0, 100, 99), contrast: Float32Array.of(0, 40, 1), entropy: Float32Array.of(0, 7, 1), black: Float32Array.of(1, 0, 0), white: Float32Array.of(0, 0.1, 0), twin: Int32Array.of(-1, 0, -1), broken: [],
  }

  test('remarks of header and pixels together, the worst in front', () => {
    const remarks = remarksOf(look, coverage)
    expect(remarks).toEqual([['black'], ['alpha', 'again'], ['out', 'broken'], ['turned', 'even']])
    expect(orderOf(look, remarks, 'worst', '')).toEqual([2, 1, 0, 3])
    expect(orderOf(look, remarks, 'name', ' B.PNG ')).toEqual([1])
    expect(weightOf(remarks[2]!)).toBeGreaterThan(weightOf(['black', 'white', 'even', 'again', 'alone']))
  })
})
