import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundledSample } from '../../../main/app/demo.ts'
import { quietTask } from '../../../main/core/task.ts'
import { sha256 } from '../../../main/core/hash.ts'
import { latencyKnownJob } from '../../../main/engine/jobs/latency-known.ts'
import { observeJob } from '../../../main/engine/jobs/observe.ts'
import { paretoJob, type ParetoInput, type ParetoOutput } from '../../../main/engine/jobs/pareto.ts'
import { quantizeJob } from '../../../main/engine/jobs/quantize.ts'
import { sensitivityJob } from '../../../main/engine/jobs/sensitivity.ts'
import { trialJob } from '../../../main/engine/jobs/trial.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { readQdq } from '../../../main/quantize/read-qdq.ts'
import { withSettings } from '../../../main/recipe/changes.ts'
import { recipeFromText } from '../../../main/recipe/read-recipe.ts'
import type { Recipe } from '../../../main/recipe/recipe.ts'
import { floats, model, node, noise } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { upscalerRecipe } from '../../fixtures/tiny-upscaler.ts'

const folder = temporaryFolder()
let recipe: Recipe
let common: Omit<ParetoInput, 'cost'>
const statistics = join(folder, 'seen.bin')

beforeAll(async () => {
  recipe = await upscalerRecipe(folder)
  await observeJob({ recipe, threads: 1, statistics }, quietTask)
  common = { recipe, statistics: { path: statistics, sha256: sha256(await readFile(statistics)) }, samples: 2, threads: 1, workspace: folder }
})

const plansOf = (asked: Partial<ParetoInput> & Pick<ParetoInput, 'cost'>): Promise<ParetoOutput> => paretoJob({ ...common, ...asked }, quietTask)
const chosenOf = ({ points }: ParetoOutput) => points.find(({ chosen }) => chosen)!

/** Types of weights and activations in the file that a plan comes to, and bytes of what its convolutions hold. */
async function madeOf(settings: readonly string[]) {
  const out = join(folder, `made-${sha256(settings.join())}.onnx`)
  await quantizeJob({ recipe: withSettings(recipe, settings), statistics, out }, quietTask)
  const { graph } = await readModel(out)
  const { rows } = readQdq(graph)
  const typeOf = new Map(rows.map(({ tensor, type }) => [tensor, type]))
  const held = ['w1', 'b1', 'w2', 'w3'].map((name) => ({ name, count: { w1: 18, b1: 6, w2: 36, w3: 72 }[name]!, bits: Number(/\d+$/.exec(typeOf.get(name) ?? 'float32')![0]) }))
  return { typeOf, bytes: held.reduce((sum, { count, bits }) => sum + (count * bits) / 8, 0) }
}

describe('a budget on bytes', () => {
  it('is kept by the file, and what is left is spent', async () => {
    // All int8: 126 weights and 6 biases of 32 bits, 150 of 528 bytes; half of float leaves room for 114 bytes more.
    const found = await plansOf({ cost: 'bytes', mostCost: 0.5 })
    const chosen = chosenOf(found)
    const made = await madeOf(chosen.settings)
    expect(chosen.bytes).toBe(made.bytes)
    expect(chosen.bytes).toBeLessThanOrEqual(264)
    const int8 = found.points.find(({ plan }) => plan.length === 0)!
    expect(int8.bytes).toBe(150)
    expect(chosen.nsr).toBeLessThan(int8.nsr)
    expect((await trialJob({ ...common, recipe: withSettings(recipe, chosen.settings) }, quietTask)).nsr).toBe(chosen.nsr)
    expect(found.nearest).toBeNull()
  })

  it('that nothing keeps names the nearest', async () => {
    const found = await plansOf({ cost: 'bytes', mostCost: 0.25 })
    expect([chosenOf(found), found.nearest]).toEqual([undefined, 150 / 528])
  })
})

describe('a budget on products', () => {
  it('of 16 bits is kept by the types in the file', async () => {
    // Products of the convolutions by pixel: 18, 36, 72 of 126.
    const found = await plansOf({ cost: 'macs_int16', mostCost: 0.3 })
    const chosen = chosenOf(found)
    const { typeOf } = await madeOf(chosen.settings)
    const wide = (name: string): boolean => typeOf.get(name)?.endsWith('16') === true
    const share = ((wide('image') || wide('w1') ? 18 : 0) + (wide('r') || wide('w2') ? 36 : 0) + (wide('sum') || wide('w3') ? 72 : 0)) / 126
    expect(chosen.macsInt16).toBeCloseTo(share, 12)
    expect(share).toBeGreaterThan(0)
    expect(share).toBeLessThanOrEqual(0.3)
    expect(chosen.macsFloat).toBe(0)
  })

  it('times bits is kept, and takes the third choice, int16 weights, where there is room', async () => {
    const found = await plansOf({ cost: 'bitmacs', mostCost: 4 })
    const chosen = chosenOf(found)
    expect(chosen.bitMacs).toBeLessThanOrEqual(4)
    expect(chosen.bitMacs).toBeGreaterThan(1.5)
    expect(chosen.plan.some(({ precision }) => precision === 'int16')).toBe(true)
    const unit = chosen.plan.find(({ precision, unit: name }) => precision === 'int16' && name.startsWith('conv_'))!.unit
    const { typeOf } = await madeOf(chosen.settings)
    expect(typeOf.get({ conv_1: 'w1', conv_2: 'w2', conv_3: 'w3' }[unit]!)).toBe('int16')
    const nothing = await plansOf({ cost: 'bitmacs', mostCost: 0.9 })
    expect([chosenOf(nothing), nothing.nearest]).toEqual([undefined, 1])
  })
})

describe('a budget on latency', () => {
  const conv = (precision: string, ms: number): string => `Conv,1,none,6,6,12,12,${precision},${ms}`
  const other = (op: string, precision: string, ms: number): string => `${op},,,6,6,12,12,${precision},${ms}`
  const table = (...rows: string[]): string => ['op,kernel,group,input_channels,output_channels,height,width,precision,median_ms', ...rows, ''].join('\n')
  const ROWS = [conv('float32', 8), conv('int8', 2), ...['QuantizeLinear', 'DequantizeLinear'].map((op) => other(op, 'int8', 0.5)), ...['float32', 'int8'].flatMap((precision) => ['Add', 'DepthToSpace', 'Clip'].map((op) => other(op, precision, 0.25)))]
  const withTable = async (name: string, rows: readonly string[], most?: number) => {
    const workspace = join(folder, name)
    await mkdir(join(workspace, 'boards'), { recursive: true })
    await writeFile(join(workspace, 'boards', 'ort-cpu.csv'), table(...rows))
    return plansOf({ cost: 'latency', workspace, ...(most === undefined ? {} : { mostCost: most }) })
  }

  it('is kept by the table of the board', async () => {
    const found = await withTable('with', [...ROWS, conv('int16', 3), ...['QuantizeLinear', 'DequantizeLinear', 'Add', 'DepthToSpace', 'Clip'].map((op) => other(op, 'int16', 0.5))], 0.5)
    const chosen = chosenOf(found)
    expect(found.latencyFrom).toBe('board')
    expect(chosen.latency).toBeLessThanOrEqual(0.5)
    expect(chosen.nsr).toBeLessThan(found.points.find(({ plan }) => plan.length === 0)!.nsr)
    expect(found.notes.filter((note) => note.includes('table'))).toEqual([])
  })

  it('takes no precision that the table has no time of, and says so; without a row for float nothing can be told', async () => {
    const found = await withTable('without', ROWS)
    expect(found.points.flatMap(({ plan }) => plan).filter(({ precision }) => precision.includes('int16'))).toEqual([])
    expect(found.notes.join('\n')).toContain('units were not offered every precision')
    await expect(withTable('no-float', ROWS.filter((row) => !row.includes('float32')), 0.5)).rejects.toMatchObject({ code: 'input.no-times', what: expect.stringContaining('float32 row for Conv') as string })
    await expect(plansOf({ cost: 'latency', mostCost: 0.5 })).rejects.toMatchObject({ code: 'input.no-times' })
    // The same is known before anything was measured.
    const known = (name: string, latency = false): Promise<void> => latencyKnownJob({ recipe: { ...recipe, compare: { ...recipe.compare, latency, operators: true } }, workspace: join(folder, name) })
    await expect(known('no-float')).rejects.toMatchObject({ code: 'input.no-times', what: expect.stringContaining('float32 row for Conv') as string })
    await expect(known('none')).rejects.toMatchObject({ code: 'input.no-times', where: 'ort-cpu' })
    await Promise.all([known('without'), known('none', true)])
  })
})

describe('a budget on the loss of the score', () => {
  it('takes the cheapest plan that keeps it, and names the nearest where none does', async () => {
    const all = await plansOf({ cost: 'bitmacs' })
    const int8 = all.points.find(({ plan }) => plan.length === 0)!
    const most = int8.lost! / 2
    const found = await plansOf({ cost: 'bitmacs', mostLoss: most })
    const chosen = chosenOf(found)
    expect(chosen.lost).toBeLessThanOrEqual(most)
    expect(found.points.filter(({ lost, bitMacs }) => lost! <= most && bitMacs < chosen.bitMacs)).toEqual([])
    const trial = await trialJob({ ...common, recipe: withSettings(recipe, chosen.settings) }, quietTask)
    expect(trial.floatScore! - trial.score!).toBe(chosen.lost)
    const nothing = await plansOf({ cost: 'bitmacs', mostLoss: -10 })
    expect([chosenOf(nothing), nothing.nearest]).toEqual([undefined, Math.min(...nothing.points.map(({ lost }) => lost!))])
  })
})

it('a board that refuses 16 bits is not offered them', async () => {
  const found = await plansOf({ cost: 'bitmacs', recipe: { ...recipe, board: 'tflite' } })
  expect(found.points.flatMap(({ plan }) => plan).filter(({ precision }) => precision !== 'float')).toEqual([])
  expect(found.notes).toContainEqual(expect.stringContaining('the board tflite refuses it'))
})

describe('where noises are not independent', () => {
  /** y = Σ conv_i(image), added in float: [1, v] a convolution, scaled. Codes of 1 are exact, so the errors are those of v, by the distance from the nearest of 127 steps. */
  async function branches(name: string, convolutions: readonly { readonly steps: number; readonly factor?: number }[]): Promise<ParetoOutput> {
    const path = join(folder, name)
    await mkdir(path, { recursive: true })
    const last = convolutions.length - 1
    const sums = convolutions.slice(1).map((_, at) => node('Add', [at === 0 ? 'c0' : `s${at}`, `c${at + 1}`], [at + 1 === last ? 'y' : `s${at + 1}`], {}, `add_${at}`))
    await writeFile(join(path, 'net.onnx'), model({
      inputs: { image: [1, 3, 'h', 'w'] }, outputs: { y: [1, 1, 'h', 'w'] },
      nodes: [...convolutions.map((_, at) => node('Conv', ['image', `w${at}`], [`c${at}`], {}, `conv_${at}`)), ...sums],
      initializers: Object.fromEntries(convolutions.map(({ steps, factor = 1 }, at) => [`w${at}`, floats([1, 3, 1, 1], [factor, (factor * steps) / 127, 0])])),
    }))
    const preprocess = { color: 'rgb', range: [0, 255], layout: 'nchw', crop: { mode: 'center', size: [16, 16] } }
    const samples = { path: join(bundledSample(), 'calibration'), count: 2, preprocess }
    const net = recipeFromText(JSON.stringify({ model: 'net.onnx', threads: 1, samples: { calibration: samples, evaluation: samples }, output: { kind: 'vector' }, quantize: { float: { ops: ['Add'] } } }), path)
    const seen = join(path, 'seen.bin')
    await observeJob({ recipe: net, threads: 1, statistics: seen }, quietTask)
    return paretoJob({ ...common, recipe: net, statistics: { path: seen, sha256: sha256(await readFile(seen)) }, cost: 'bytes' }, quietTask)
  }
  /** Of plans that are noisier than sums in float32. */
  const parted = ({ points }: ParetoOutput): number => Math.max(...points.filter(({ nsr }) => nsr > 1e-12).map(({ nsr, predictedNsr }) => Math.max(nsr, predictedNsr) / Math.min(nsr, predictedNsr)))

  it('predictions are made again from what units add to each other, and meet what is measured', async () => {
    const found = await branches('alike', [1, 2, 3, 1.5].map((factor) => ({ steps: 38.4, factor })))
    // Errors of 1, 2, 3 and 1.5 that add up: the power of the sum is 56.25, the sum of powers 16.25.
    expect(found.notes[0]).toMatch(/^Predicted and measured noise parted by 3\.46: /)
    expect(found.notes[1]).toMatch(/^With that, predicted and measured noise part by 1\.\d\d at most\.$/)
    expect(found.points.length).toBeGreaterThanOrEqual(5)
    expect(parted(found)).toBeLessThan(1.05)
  })

  it('what cannot be predicted so is said', async () => {
    const found = await branches('opposed', [38.45, 38.57, 38.4, 38.63, 38.36, 38.67, 38.32, 38.71].map((steps) => ({ steps })))
    expect(found.notes.at(-1)).toMatch(/^Predicted and measured noise still part by [\d.]+ after 3 rounds\.$/)
    expect(parted(found)).toBeGreaterThan(1.5)
  })
})

it('a plan and advice name nothing whose naming changes the graph: what is named is not folded', async () => {
  const path = join(folder, 'centred')
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'net.onnx'), model({
    inputs: { image: [1, 3, 'h', 'w'] }, outputs: { y: [1, 2, 'h', 'w'] },
    nodes: [node('Sub', ['image', 'mean'], ['centred']), node('Conv', ['centred', 'w1'], ['a'], { pads: [1, 1, 1, 1] }, 'conv_1'), node('Relu', ['a'], ['r']), node('Conv', ['r', 'w2'], ['y'], {}, 'conv_2')],
    initializers: { mean: floats([1, 3, 1, 1], [114, 111, 103]), w1: noise([4, 3, 3, 3], 1), w2: noise([2, 4, 1, 1], 2) },
  }))
  const preprocess = { color: 'rgb', range: [0, 255], layout: 'nchw', crop: { mode: 'center', size: [16, 16] } }
  const samples = { path: join(bundledSample(), 'calibration'), count: 2, preprocess }
  const net = recipeFromText(JSON.stringify({ model: 'net.onnx', threads: 1, samples: { calibration: samples, evaluation: samples }, output: { kind: 'vector' } }), path)
  const seen = join(path, 'seen.bin')
  await observeJob({ recipe: net, threads: 1, statistics: seen }, quietTask)
  const foldedWith = async (...settings: string[]) => (await quantizeJob({ recipe: withSettings(net, settings), statistics: seen, out: join(path, 'made.onnx') }, quietTask)).notes.filter((note) => note.startsWith('Folded'))
  const folded = await foldedWith()
  expect(folded).toHaveLength(1)
  expect(await foldedWith('quantize.layers.image.bits=16')).not.toEqual(folded)
  const found = await paretoJob({ ...common, recipe: net, statistics: { path: seen, sha256: sha256(await readFile(seen)) }, cost: 'bitmacs' }, quietTask)
  expect(found.points.flatMap(({ settings }) => settings).some((setting) => setting.startsWith('quantize.layers.conv_1.'))).toBe(true)
  for (const { settings } of found.points) expect(await foldedWith(...settings)).toEqual(folded)
  // Sensitivity names as little: advice rests on what it names.
  const { units } = await sensitivityJob({ ...common, recipe: net, statistics: { path: seen, sha256: sha256(await readFile(seen)) }, modes: ['alone'], evaluate: false }, quietTask)
  expect(units.find(({ op }) => op === 'Input')).toMatchObject({ layer: null })
  const named = units.flatMap(({ layer }) => layer ?? [])
  expect(named.length).toBeGreaterThan(0)
  for (const layer of named) expect(await foldedWith(`quantize.layers.${layer}.bits=16`)).toEqual(folded)
})
