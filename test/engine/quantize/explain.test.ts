import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeStatistics } from '../../../main/calibrate/statistics-file.ts'
import { explainJob } from '../../../main/engine/jobs/explain.ts'
import { loadWorkpiece } from '../../../main/engine/jobs/workpiece.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { tensorOfNumbers } from '../../../main/onnx/tensor.ts'
import { quantizeOptions } from '../../../main/quantize/options.ts'
import { quantize } from '../../../main/quantize/quantize.ts'
import { recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { floats, model, node } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { statisticsOfValues } from '../../fixtures/value-statistics.ts'

/** x → conv_1 → relu_1 → pool (moves) → conv_2 → sigmoid → conv_3 → erf (float) → y; 1 × 1 weights of one channel, so that everything is known by hand. */
const bytes = model({
  inputs: { x: [1, 1, 4, 4] }, outputs: { y: null },
  nodes: [
    node('Conv', ['x', 'w1'], ['a'], {}, 'conv_1'), node('Relu', ['a'], ['r'], {}, 'relu_1'), node('MaxPool', ['r'], ['p'], { kernel_shape: [1, 1] }, 'pool'),
    node('Conv', ['p', 'w2'], ['b'], {}, 'conv_2'), node('Sigmoid', ['b'], ['s'], {}, 'sigmoid'), node('Conv', ['s', 'w3'], ['c'], {}, 'conv_3'), node('Erf', ['c'], ['y'], {}, 'erf'),
  ],
  initializers: { w1: floats([1, 1, 1, 1], [1]), w2: floats([1, 1, 1, 1], [2]), w3: floats([1, 1, 1, 1], [-1]) },
})

/** 0..100 in steps of one, with one value far out. */
const ramp = (peak: number): Float32Array => Float32Array.from([...Array.from({ length: 1001 }, (_, index) => index / 10), peak])

describe('why a tensor is quantized as it is', () => {
  const folder = temporaryFolder()
  let path: string
  let statistics: string
  beforeAll(async () => {
    path = join(folder, 'tiny.onnx')
    statistics = join(folder, 'tiny.statistics')
    await writeFile(path, bytes)
    const { graphSha256 } = await loadWorkpiece(path)
    const seen = statisticsOfValues({ x: ramp(100), r: ramp(400), b: ramp(200), s: ramp(1) })
    await writeFile(statistics, encodeStatistics({ ...seen, modelSha256: graphSha256 }))
  })
  const explain = (tensor: string, ...set: string[]) =>
    explainJob({ recipe: recipeFromOptions(path, { set: ['quantize.activations.method=max', 'quantize.input=observed', 'quantize.tail=off', ...set] }), statistics, tensor })

  it('follows a convolution behind its Relu, and tells what every method would give', async () => {
    const told = await explain('conv_1')
    expect(told).toMatchObject({ asked: 'conv_1', tensor: 'r', kind: 'activation', layer: 'conv_1', ops: ['Conv', 'Relu'], group: ['r', 'p'], by: 'method', line: 'quantize.activations.method' })
    expect(told.row).toMatchObject({ lo: 0, hi: 400, method: 'max' })
    expect(told.now).toMatchObject({ clippedPercent: 0 })
    expect(told.methods.map(({ name }) => name)).toEqual(['auto', 'max', 'percentile', 'kl', 'symkl', 'jsd', 'mse', 'octav', 'admm', 'aciq'])
    expect(told.methods.find(({ name }) => name === 'max')).toMatchObject({ lo: 0, hi: 400, clippedPercent: 0 })
    expect(told.steps.filter(({ applies }) => applies).map(({ rule }) => rule)).toEqual(['method', 'bound', 'group'])
  })

  it('names the line that won: exact before pattern before op, key by key, and what each lost', async () => {
    const told = await explain('r', 'quantize.layers={"op:Conv": {th_scale: 0.9, method: mse}, "conv_*": {method: kl}, conv_1: {method: max}}')
    expect(told).toMatchObject({ by: 'method', line: 'quantize.layers: conv_1' })
    expect(told.wishes).toEqual([
      { line: 'conv_1', kind: 'exact', key: 'method', value: 'max', tensor: 'r', used: true },
      { line: 'conv_*', kind: 'pattern', key: 'method', value: 'kl', tensor: 'r', used: false },
      { line: 'op:Conv', kind: 'op', key: 'th_scale', value: '0.9', tensor: 'r', used: true },
      { line: 'op:Conv', kind: 'op', key: 'method', value: 'mse', tensor: 'r', used: false },
    ])
    expect(told.row!.hi).toBeCloseTo(360, 9)
  })

  it('gives a threshold of the recipe the last word over method and th_scale, and counts what it cuts', async () => {
    const told = await explain('r', 'quantize.layers={conv_1: {threshold: 50, th_scale: 0.5}}')
    expect(told).toMatchObject({ by: 'given', line: 'quantize.layers: conv_1' })
    expect(told.wishes.find(({ key }) => key === 'th_scale')!.used).toBe(false)
    expect(told.row).toMatchObject({ lo: 0, hi: 50 })
    // 50.1, 50.2 … 100 and 400 of 1,002 values lie beyond the last code and its half step (50 / 255 / 2 = 0.098 < 0.1); bins are coarser than that.
    expect(told.now!.clippedPercent).toBeCloseTo((100 * 501) / 1002, 0)
  })

  it('says of a wish for a tensor that shares the scale whose it is', async () => {
    const told = await explain('r', 'quantize.layers={p: {threshold: 80}}')
    expect(told).toMatchObject({ by: 'given', line: 'quantize.layers: p', row: { hi: 80 } })
    expect(told.wishes).toEqual([{ line: 'p', kind: 'exact', key: 'threshold', value: '80', tensor: 'p', used: true }])
  })

  it('lets a range that is known win over methods, and names wishes that do nothing', async () => {
    const told = await explain('sigmoid', 'quantize.layers={s: {method: kl}}')
    expect(told).toMatchObject({ tensor: 's', by: 'known', row: { lo: 0, hi: 1, method: 'result-range' } })
    expect(told.wishes).toEqual([{ line: 's', kind: 'exact', key: 'method', value: 'kl', tensor: 's', used: false }])
  })

  it('says why a tensor is in float and by which line; what a quantized layer reads of it carries codes all the same', async () => {
    expect(await explain('erf')).toMatchObject({ kind: 'float', by: 'float', line: null, row: null, steps: [{ says: 'Erf is not computed on codes' }, {}, {}, {}, {}, {}, {}, {}] })
    expect(await explain('conv_1', 'quantize.float.names=[conv_1]')).toMatchObject({ kind: 'float', by: 'float', line: 'quantize.float.names' })
    expect(await explain('b', 'quantize.layers={conv_2: {forward_with_float: true}}')).toMatchObject({ kind: 'activation', steps: [{ rule: 'float', applies: false, says: 'conv_2: quantize.layers: conv_2' }, {}, {}, {}, {}, {}, {}, {}] })
  })

  it('explains weights by their largest value', async () => {
    expect(await explain('w2')).toMatchObject({ kind: 'weight', layer: 'conv_2', by: 'known', line: 'quantize.weights', row: { lo: 0, hi: 2, method: 'absmax' } })
  })

  it('names the line that gave weights their width, and what a less exact one said', async () => {
    const told = await explain('w2', 'quantize.layers={"op:Conv": {weight_bits: 4}, conv_2: {bits: 16, weight_bits: 16}}')
    expect(told).toMatchObject({ kind: 'weight', line: 'quantize.layers: conv_2', row: { type: 'int16' } })
    expect(told.wishes.map(({ line, key, value, used }) => [line, key, value, used])).toEqual([['conv_2', 'weight_bits', '16', true], ['op:Conv', 'weight_bits', '4', false]])
    expect(await explain('w1', 'quantize.layers={"op:Conv": {weight_bits: 4}}')).toMatchObject({ line: 'quantize.layers: op:Conv', row: { type: 'int4' } })
  })

  it('names the nearest where there is no such tensor', async () => {
    await expect(explain('conv_22')).rejects.toMatchObject({ code: 'input.unknown-tensor', where: 'conv_22', next: expect.stringContaining('conv_2') as string })
  })

  it('counts what tuning changed of the layer: scales before and after, and codes that moved', async () => {
    const recipe = recipeFromOptions(path, { set: ['quantize.activations.method=max', 'quantize.input=observed', 'quantize.tail=off', 'quantize.bias.correction=empirical', 'quantize.layers.conv_1.rounding=adaround', 'quantize.finetune={steps: 10}'] })
    const plain = await explainJob({ recipe, statistics, tensor: 'conv_2' })
    expect(plain.tuning).toEqual({ keys: ['quantize.finetune', 'quantize.layers.conv_1.rounding=adaround', 'quantize.bias.correction=empirical'], run: null, changes: [] })
    // The model of a run whose conv_2 has twice the step and another code.
    const tuned = quantize((await loadWorkpiece(path)).graph, quantizeOptions(), () => ({ lo: 0, hi: 255, method: 'max', why: '' }))
    const row = tuned.table.find(({ tensor }) => tensor === 'w2')!
    const weight = { ...row, scale: [row.scale[0]! * 2], method: 'finetune', reason: 'tuned' }
    const model = join(folder, 'tuned.onnx')
    const graph = { ...tuned.graph, initializers: new Map([...tuned.graph.initializers, ['w2_quantized', tensorOfNumbers('int8', [1, 1, 1, 1], [64])]]) }
    await writeFile(model, encodeModel(graph))
    const told = await explainJob({ recipe, statistics, tensor: 'conv_2', made: { run: 'R', model, scales: tuned.table.map((each) => (each === row ? weight : each)) } })
    expect(told.tuning).toMatchObject({ run: 'R', changes: [{ kind: 'activation' }, { tensor: 'w2', kind: 'weight', scaleBefore: row.scale, scaleAfter: weight.scale, codes: { moved: 1, of: 1 }, reason: 'finetune: tuned' }] })
    expect(told.row).toEqual(plain.row)
    const constant = await explainJob({ recipe, statistics, tensor: 'w1', made: { run: 'R', model, scales: tuned.table } })
    expect(constant.tuning!.changes).toMatchObject([{ tensor: 'w1', codes: { moved: 0, of: 1 } }])
    expect((await explain('conv_2')).tuning).toBeNull()
  })
})
