import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Fault } from '../../../main/core/fault.ts'
import { parseAssignment } from '../../../main/recipe/changes.ts'
import { applySet, changeRecipe, readRecipe, recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { writeRecipe } from '../../../main/recipe/write-recipe.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scalewright-changes-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const base = () => recipeFromOptions('net.onnx', { samples: 'pics' }, folder)

function faultOf(act: () => unknown): Fault {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(Fault)
    return error as Fault
  }
  throw new Error('no fault was thrown')
}

describe('--set', () => {
  test.each<[string, (string | number)[], unknown]>([
    ['a.b=1', ['a', 'b'], 1],
    ['a=true', ['a'], true],
    ['a=[1, 2]', ['a'], [1, 2]],
    ['a={bits: 16}', ['a'], { bits: 16 }],
    ['a=*.png', ['a'], '*.png'],
    ['a=x=y', ['a'], 'x=y'],
    ['a=b # no remark', ['a'], 'b # no remark'],
    ['a="12"', ['a'], '12'],
    ['a=', ['a'], null],
    ['a=[1, 2', ['a'], '[1, 2'],
    ['l."m.0=conv".bits=16', ['l', 'm.0=conv', 'bits'], 16],
    ['l."say \\"hi\\"".bits=8', ['l', 'say "hi"', 'bits'], 8],
  ])('%s', (text, path, value) => {
    expect(parseAssignment(text)).toEqual({ path, value, where: `--set ${text}` })
  })

  test.each(['a', '=1', 'a..b=1', '.a=1', '"a=1', ''])('%j is no assignment', (text) => {
    expect(faultOf(() => parseAssignment(text))).toMatchObject({ code: 'recipe.bad-set', where: `--set ${text}` })
  })

  test('changes one key and leaves the given recipe alone', () => {
    const before = base()
    const after = applySet(before, 'quantize.activations.method=kl', folder)
    expect(after.quantize.activations.method).toBe('kl')
    expect(before).toEqual(base())
    expect({ ...after, quantize: before.quantize }).toEqual(before)
  })

  test('makes groups that are not there, takes keys away with null', () => {
    const set = applySet(base(), 'quantize.layers."m.0.conv".bits=16', folder)
    expect(set.quantize.layers).toEqual({ 'm.0.conv': { bits: 16 } })
    expect(applySet(set, 'quantize.layers=null', folder).quantize.layers).toEqual({})
    expect(applySet(base(), 'samples.evaluation=null', folder).samples.evaluation).toBeUndefined()
    expect(applySet(base(), 'samples.nothing.here=null', folder)).toEqual(base())
  })

  test('of bits and type the one that was named last counts', () => {
    const wide = applySet(base(), 'quantize.activations.type=int16', folder)
    expect(wide.quantize.activations).toMatchObject({ bits: 16, type: 'int16' })
    const narrow = applySet(wide, 'quantize.activations.bits=8', folder)
    expect(narrow.quantize.activations).toMatchObject({ bits: 8 })
    expect(narrow.quantize.activations.type).toBeUndefined()
  })

  test('a seed reseeds the samples as well', () => {
    const recipe = changeRecipe(base(), { seed: 3 }, folder)
    expect([recipe.seed, recipe.samples.calibration?.seed, recipe.samples.evaluation?.seed]).toEqual([3, 3, 3])
  })

  test.each<[string, string, RegExp]>([
    ['quantise.activations.method=mse', 'recipe.unknown-key', /quantize/],
    ['quantize.activations.method=median', 'recipe.wrong-value', /one of auto/],
    ['quantize.activations={method: median}', 'recipe.wrong-value', /one of auto/],
    ['model.path=x', 'recipe.bad-set', /Set `model` itself/],
    ['model=null', 'recipe.missing-key', /model: path/],
    ['__proto__.polluted=1', 'recipe.unknown-key', /Did you mean/],
    ['constructor.prototype.polluted=1', 'recipe.unknown-key', /Did you mean/],
    ['tune.minutes=0', 'recipe.wrong-value', /positive|0/],
  ])('%s is refused and named', (assignment, code, next) => {
    const fault = faultOf(() => applySet(base(), assignment, folder))
    expect(fault.code).toBe(code)
    expect(fault.next).toMatch(next)
    if (assignment !== 'model=null') expect(fault.where).toBe(`--set ${assignment}`)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('paths of the file count from its folder, those of the command line from where it was typed', async () => {
    await writeFile(join(folder, 'r.yaml'), 'model: net.onnx\nsamples: { calibration: { path: pics } }\n')
    const elsewhere = join(folder, 'elsewhere')
    const recipe = await readRecipe(join(folder, 'r.yaml'), { set: ['samples.evaluation={path: set5, reference: hr}'], workspace: 'ws' }, elsewhere)
    expect(recipe.model).toBe(join(folder, 'net.onnx'))
    expect(recipe.samples.calibration?.path).toBe(join(folder, 'pics'))
    expect(recipe.samples.evaluation).toMatchObject({ path: join(elsewhere, 'set5'), reference: join(elsewhere, 'hr') })
    expect(recipe.workspace).toBe(join(elsewhere, 'ws'))
  })

  test('can complete a recipe that is not whole without it; what the file says wrong is still found in the file', async () => {
    await writeFile(join(folder, 'half.yaml'), 'seed: 4\ngates: { a: x }\n')
    const fault = await readRecipe('half.yaml', { set: ['model=net.onnx'] }, folder).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'recipe.wrong-value', where: 'half.yaml:2:13' })
    const recipe = await readRecipe('half.yaml', { set: ['model=net.onnx', 'gates.a=1'] }, folder)
    expect([recipe.model, recipe.seed, recipe.gates]).toEqual([join(folder, 'net.onnx'), 4, { a: 1 }])
  })
})

describe('writing', () => {
  test('a written recipe reads back as the same recipe', async () => {
    const recipe = changeRecipe(base(), {
      set: [
        'quantize.layers={"a.b": {bits: 16, threshold: 2.5}, "body/*": {forward_with_float: true}}',
        'samples.evaluation={path: e, reference: {pattern: "*_HR"}, preprocess: {range: [0, 1], mean: [0.5], resize: {mode: fit, size: [8, 9]}}}',
        'gates={psnr_y_drop_db: 0.1}', 'workspace=ws', 'threads=2',
      ],
    }, folder)
    for (const text of [writeRecipe(recipe), writeRecipe(recipe, folder)]) {
      await writeFile(join(folder, 'w.yaml'), text)
      expect(await readRecipe('w.yaml', {}, folder)).toEqual(recipe)
    }
    expect(writeRecipe(recipe, folder)).toMatch(/^model: net\.onnx\nboard: ort-cpu\nworkspace: ws\nsamples:\n/)
    expect(writeRecipe(recipe, join(folder, 'deeper'))).toContain(`model: ${folder}`)
  })

  test('keys stand in the order of the schema, whatever order they came in', () => {
    const recipe = base()
    const shuffled = Object.fromEntries(Object.entries(recipe).toReversed()) as unknown as typeof recipe
    expect(writeRecipe(shuffled)).toBe(writeRecipe(recipe))
    expect(Object.keys(parse(writeRecipe(recipe)) as object)).toEqual(['model', 'board', 'samples', 'calibration', 'quantize', 'compare', 'gates', 'seed'])
  })
})
