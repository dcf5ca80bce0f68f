import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodeOf, Fault } from '../../../main/core/fault.ts'
import { isRecipePath, readRecipe, recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { writeRecipe } from '../../../main/recipe/write-recipe.ts'
import type { RecipeOptions } from '../../../main/recipe/changes.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scalewright-recipe-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(text: string | Uint8Array, options?: RecipeOptions) {
  await writeFile(join(folder, 'r.yaml'), text)
  return readRecipe('r.yaml', options, folder)
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const outcome = await promise.then(() => 'no fault', (error: unknown) => error)
  expect(outcome).toBeInstanceOf(Fault)
  expect(exitCodeOf(outcome as Fault)).toBe(2)
  return outcome as Fault
}

describe('a recipe that is right', () => {
  test('may say preprocessing as the BM1684 guide does, in a file or after --set', async () => {
    const guide = 'resize_h=300,resize_w=320; mean_value=104:117:123,scale=0.017'
    const keys = { color: 'bgr', range: [0, 255], mean: [104, 117, 123], scale: [0.017, 0.017, 0.017], resize: { mode: 'stretch', size: [300, 320], kernel: 'opencv-linear' } }
    const recipe = await read(`model: net.onnx\nsamples:\n  calibration: { path: db, preprocess: "${guide}" }\n  evaluation: { path: db }\n`, { set: ['samples.evaluation.preprocess=crop_h=8,crop_w=9;scale=1:2:3,bgr2rgb=True'] })
    expect(recipe.samples.calibration!.preprocess).toEqual(keys)
    expect(recipe.samples.evaluation!.preprocess).toEqual({ color: 'rgb', range: [0, 255], mean: [0, 0, 0], scale: [1, 2, 3], crop: { mode: 'center', size: [8, 9] } })
    for (const [text, what] of [['resize_h=300', /both given/], ['means=1', /«means» is not known/], ['scale=1:2', /one number, or three/], ['scale=1,scale=2', /once/], ['bgr2rgb=yes', /True or False/], ['nonsense', /«nonsense»/]] as const) {
      const fault = await faultOf(read(`model: net.onnx\nsamples:\n  calibration:\n    path: db\n    preprocess: ${text}\n`))
      expect(fault).toMatchObject({ code: 'recipe.wrong-value', where: 'r.yaml:5:17', what: expect.stringMatching(what) as string })
    }
  })

  test('needs no more than a model; everything else has a default', async () => {
    const recipe = await read('model: net.onnx\n')
    expect(recipe).toEqual({
      model: join(folder, 'net.onnx'),
      board: 'ort-cpu',
      samples: {},
      calibration: { valuesPerTensor: 16_384 },
      quantize: {
        preset: 'ort-cpu',
        activations: { bits: 8, method: 'auto', percentile: 0.99999 },
        weights: { bits: 8, groups: 4, rounding: 'nearest', scale: 'absmax' },
        bias: { correction: 'off' },
        float: { inputs: [], outputs: [], blocks: [], names: [], ops: [], depthwise: false, first: false, last: false },
        layers: {},
        tail: 'auto',
        output: 'codes',
        sums: 'codes',
        fold: 'auto',
        input: 'auto',
      },
      compare: { layers: 'both', latency: true, operators: true, samples: 4 },
      gates: {},
      seed: 0,
    })
  })

  test('what looks at samples again is asked for key by key, and a layer may say it of its own weights', async () => {
    const { quantize } = await read('model: net.onnx\nquantize:\n  weights: { rounding: adaround, scale: search }\n  bias: { correction: analytic }\n  layers: { head: { rounding: nearest } }\n')
    expect([quantize.weights.rounding, quantize.weights.scale, quantize.bias.correction, quantize.layers['head']]).toEqual(['adaround', 'search', 'analytic', { rounding: 'nearest' }])
  })

  test('the example of the design is read, without what is not available yet', async () => {
    const recipe = await read(`
model: abpn_x3.onnx
board: ort-cpu
workspace: .
samples:
  calibration: { path: calib/, count: 100, include: "*.png", preprocess: { color: rgb, range: [0, 255], layout: nchw } }
  evaluation:  { path: set5/,  reference: hr/, metric: psnr-y, shave: 3 }
rewrite: []
quantize:
  activations: { bits: 8, method: mse }
  weights:     { bits: 8, granularity: channel, rounding: nearest }
  float:       { inputs: [], outputs: tail, blocks: [], depthwise: false }
  layers:
    conv_12: { th_strategy: USE_MAX, th_scale: 1.0, threshold: null, forward_with_float: false, bits: 16 }
gates: { psnr_y_drop_db: 0.1, worst_layer_cosine: 0.99 }
seed: 5
`)
    expect(recipe.workspace).toBe(folder)
    expect(recipe.samples.calibration).toEqual({
      path: join(folder, 'calib'), include: ['*.png'], count: 100, seed: 5, skipLimit: 0,
      preprocess: { color: 'rgb', range: [0, 255], layout: 'nchw' },
    })
    expect(recipe.samples.evaluation).toEqual({
      path: join(folder, 'set5'), seed: 5, skipLimit: 0, reference: join(folder, 'hr'), metric: 'psnr-y', shave: 3,
    })
    expect(recipe.quantize.float.outputs).toEqual(['tail'])
    expect(recipe.quantize.layers).toEqual({ conv_12: { th_strategy: 'USE_MAX', th_scale: 1, forward_with_float: false, bits: 16 } })
    expect(recipe.gates).toEqual({ psnr_y_drop_db: 0.1, worst_layer_cosine: 0.99 })
  })

  test("the guide's spellings of float regions mean ours, and are written back as ours", async () => {
    const recipe = await read('model: a.onnx\nquantize: { float: { fpfwd_inputs: conv_1, fpfwd_outputs: [a, b], outputs: b, fpfwd_blocks: "c:d", accuracy_opt: true, last: true } }\n')
    expect(recipe.quantize.float).toEqual({ inputs: ['conv_1'], outputs: ['b', 'a'], blocks: ['c:d'], names: [], ops: [], depthwise: true, first: false, last: true })
    expect(writeRecipe(recipe)).not.toContain('fpfwd')
    await expect(read('model: a.onnx\nquantize: { float: { fpfwd_block: c } }\n')).rejects.toMatchObject({ code: 'recipe.unknown-key', next: expect.stringContaining('fpfwd_blocks') as string })
  })

  test('a reference pattern is a pattern, not a path', async () => {
    const recipe = await read('model: a.onnx\nsamples: { evaluation: { path: e, reference: { pattern: "*_HR" } } }\n')
    expect(recipe.samples.evaluation?.reference).toEqual({ pattern: '*_HR' })
  })

  test.each([
    ['activations: { type: int16 }', 16, 8],
    ['activations: { bits: 16 }', 16, 8],
    ['weights: { type: int4 }', 8, 4],
    ['weights: { type: uint16, bits: 16 }', 8, 16],
  ])('bits follow the type: %s', async (text, activations, weights) => {
    const { quantize } = await read(`model: a.onnx\nquantize: { ${text} }\n`)
    expect([quantize.activations.bits, quantize.weights.bits]).toEqual([activations, weights])
  })

  test('is YAML or JSON by its name', () => {
    expect(['a.yaml', 'a.YML', 'a.json', 'a.onnx', 'a'].map(isRecipePath)).toEqual([true, true, true, false, false])
  })
})

describe('a recipe that is wrong names file, line and column', () => {
  test.each<[string, string, string, RegExp, RegExp]>([
    ['syntax', 'model: a.onnx\nsamples: [1, 2\nseed: 3\n', 'r.yaml:3:1', /not valid YAML/, /Correct the line/],
    ['tab', 'model: a.onnx\nsamples:\n\tcalibration: x\n', 'r.yaml:3:1', /Tabs/, /two spaces/],
    ['key twice', 'model: a.onnx\nmodel: b.onnx\n', 'r.yaml:2:1', /unique/, /Correct/],
    ['alias without anchor', 'model: a.onnx\ngates: *g\n', 'r.yaml:2:8', /\*g/, /Correct/],
    ['unknown tag', 'model: !!js a\n', 'r.yaml:1:8', /tag/, /Correct/],
    ['key that is no text', 'model: a.onnx\n? [a]\n: 1\n', 'r.yaml:2:3', /plain text/, /Correct/],
  ])('%s', async (_name, text, where, what, next) => {
    const fault = await faultOf(read(text))
    expect(fault).toMatchObject({ code: 'recipe.syntax', where })
    expect(fault.what).toMatch(what)
    expect(fault.next).toMatch(next)
  })

  test.each<[string, string, RegExp]>([
    ['model: a.onnx\nquantise: {}\n', 'r.yaml:2:1', /^Did you mean quantize,/],
    ['model: a.onnx\nquantize:\n  activations:\n    metod: mse\n', 'r.yaml:4:5', /^Did you mean method,/],
    ['model: a.onnx\nquantize: { layers: { conv_1: { th_scal: 2 } } }\n', 'r.yaml:2:33', /th_scale/],
    ['model: a.onnx\nsamples:\n  evaluation: { path: e, reference: { patern: "*_HR" } }\n', 'r.yaml:3:39', /Did you mean pattern\?/],
    ['model: a.onnx\nsamples: { calibration: { path: c, preprocess: { resize: { mode: fit, sise: [8, 8] } } } }\n', 'r.yaml:2:71', /size/],
    ['model: a.onnx\n__proto__: { a: 1 }\n', 'r.yaml:2:1', /Did you mean/],
  ])('unknown key: %j', async (text, where, next) => {
    const fault = await faultOf(read(text))
    expect(fault).toMatchObject({ code: 'recipe.unknown-key', where })
    expect(fault.next).toMatch(next)
  })

  test('three names are offered for an unknown key', async () => {
    const fault = await faultOf(read('model: a.onnx\nquantize: { wieghts: {} }\n'))
    expect(fault.next).toMatch(/^Did you mean weights, \w+ or \w+\?$/)
    expect(fault.what).toBe('`quantize` has no key «wieghts»')
  })

  test.each<[string, string, string]>([
    ['quantize: { activations: { method: median } }', 'r.yaml:2:36', 'It takes one of auto, max, percentile, kl, symkl, jsd, mse, octav, admm or aciq.'],
    ['quantize: { activations: { bits: 7 } }', 'r.yaml:2:34', 'It takes one of 8 or 16.'],
    ['quantize: { activations: { bits: 8, type: int16 } }', 'r.yaml:2:43', 'It takes a type of as many bits as `bits` says; leave one of the two out.'],
    ['quantize: { activations: { percentile: 99.9 } }', 'r.yaml:2:40', 'It takes a share between 0.5 and 1, such as 0.9999.'],
    ['quantize: { layers: { c: { th_scale: 0 } } }', 'r.yaml:2:38', 'It takes more than 0.'],
    ['quantize: { layers: { c: { threshold: .nan } } }', 'r.yaml:2:39', 'It takes a number.'],
    ['quantize: { layers: { c: { threshold: .inf } } }', 'r.yaml:2:39', 'It takes a number.'],
    ['quantize: { layers: [c] }', 'r.yaml:2:21', 'It takes names with values.'],
    ['quantize: { float: { inputs: 3 } }', 'r.yaml:2:30', 'It takes a text, or a list.'],
    ['quantize: fast', 'r.yaml:2:11', 'It takes keys with values.'],
    ['samples: { calibration: { path: c, count: 1.5 } }', 'r.yaml:2:43', 'It takes a whole number.'],
    ['samples: { calibration: { path: c, count: 0 } }', 'r.yaml:2:43', 'It takes at least 1.'],
    ['samples: { calibration: { path: "" } }', 'r.yaml:2:33', 'It takes a text that is not empty.'],
    ['samples: { calibration: { path: c, preprocess: { range: [255, 255] } } }', 'r.yaml:2:57', 'It takes two different numbers.'],
    ['samples: { calibration: { path: c, preprocess: { crop: { mode: random, size: [96] } } } }', 'r.yaml:2:78', 'It takes a list of at least 2 items.'],
    ['samples: { evaluation: { path: e, shave: -1 } }', 'r.yaml:2:42', 'It takes at least 0.'],
    ['calibration: { valuesPerTensor: most }', 'r.yaml:2:33', 'It takes a whole number, or only all.'],
    ['output: { factor: 0 }', 'r.yaml:2:19', 'It takes more than 0.'],
    ['compare: { latency: yes }', 'r.yaml:2:21', 'It takes true or false.'],
    ['compare: { score: { kind: mobile-ai, c: 0 } }', 'r.yaml:2:41', 'It takes more than 0.'],
    ['compare: { score: { kind: ntire, c: 1 } }', 'r.yaml:2:27', 'It takes only mobile-ai.'],
    ['gates: { psnr_y_drop_db: little }', 'r.yaml:2:26', 'It takes a number.'],
    ['threads: 0', 'r.yaml:2:10', 'It takes at least 1.'],
    ['seed:', 'r.yaml:2:6', 'It takes a whole number.'],
  ])('impossible value: %s', async (line, where, next) => {
    const fault = await faultOf(read(`model: a.onnx\n${line}\n`))
    expect(fault).toMatchObject({ code: 'recipe.wrong-value', where, next })
    expect(fault.what).toMatch(/^`[\w.]+` cannot be /)
  })

  test.each<[string, string, string]>([
    ['seed: 1\n', '`model` is missing', 'r.yaml:1:1'],
    ['model: a.onnx\nsamples:\n  calibration: { count: 3 }\n', '`samples.calibration.path` is missing', 'r.yaml:3:16'],
    ['model: a.onnx\ncompare: { score: { kind: mobile-ai } }\n', '`compare.score.c` is missing', 'r.yaml:2:19'],
  ])('missing key: %j', async (text, what, where) => {
    expect(await faultOf(read(text))).toMatchObject({ code: 'recipe.missing-key', what, where })
  })

  test('`tune`: paths become absolute, its samples take the recipe\'s seed', async () => {
    const { tune } = await read('model: a.onnx\nseed: 7\ntune: { minutes: 10, samples: { path: held/, reference: hr/ } }\n')
    expect(tune).toEqual({ minutes: 10, floatShare: 0, samples: { path: join(folder, 'held'), reference: join(folder, 'hr'), seed: 7, skipLimit: 0 } })
  })

  test.each<[string, string | Uint8Array, string]>([
    ['empty', '', 'recipe.empty'],
    ['only a remark', '# later\n', 'recipe.empty'],
    ['a list', '- model\n', 'recipe.wrong-value'],
    ['bytes', Uint8Array.of(8, 10, 0, 1), 'recipe.not-text'],
    ['another encoding', Uint8Array.of(0x6d, 0xff, 0xfe), 'recipe.not-text'],
    ['two documents', 'model: a\n---\nmodel: b\n', 'recipe.syntax'],
  ])('%s', async (_name, text, code) => {
    const fault = await faultOf(read(text))
    expect(fault.code).toBe(code)
    expect(fault.where).toMatch(/^r\.yaml/)
  })

  test('missing file offers the nearest name; a folder is no recipe', async () => {
    await mkdir(join(folder, 'd.yaml'), { recursive: true })
    await writeFile(join(folder, 'quality.yaml'), 'model: a\n')
    expect(await faultOf(readRecipe('qualty.yaml', {}, folder))).toMatchObject({ code: 'input.missing-file', where: 'qualty.yaml', next: 'Did you mean quality.yaml?' })
    expect(await faultOf(readRecipe('d.yaml', {}, folder))).toMatchObject({ code: 'input.folder', where: 'd.yaml' })
  })

  test('a thousand nested aliases do not blow up', async () => {
    const bomb = ['a: &a [x, x]', ...Array.from({ length: 12 }, (_, i) => `b${i}: &b${i} [${Array(9).fill(i ? `*b${i - 1}` : '*a').join(', ')}]`)].join('\n')
    expect((await faultOf(read(bomb))).code).toBe('recipe.syntax')
  })
})

describe('a model with options is short for a recipe', () => {
  test('its samples serve calibration and evaluation', () => {
    const recipe = recipeFromOptions('net.onnx', { samples: 'pics', method: 'mse', threads: 2, seed: 7 }, folder)
    expect(recipe.model).toBe(join(folder, 'net.onnx'))
    expect(recipe.samples).toEqual({
      calibration: { path: join(folder, 'pics'), seed: 7, skipLimit: 0 },
      evaluation: { path: join(folder, 'pics'), seed: 7, skipLimit: 0 },
    })
    expect([recipe.quantize.activations.method, recipe.threads, recipe.seed]).toEqual(['mse', 2, 7])
    expect(recipeFromOptions('net.onnx', { samples: 'a', evaluation: 'b' }, folder).samples.evaluation?.path).toBe(join(folder, 'b'))
  })

  test('a wrong option is named as it was typed', () => {
    expect(() => recipeFromOptions('net.onnx', { method: 'median' }, folder)).toThrow(/--method median.*cannot be «median»/)
    expect(() => recipeFromOptions('net.onnx', { board: '' }, folder)).toThrow(/--board/)
  })
})
