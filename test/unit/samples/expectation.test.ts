import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../main/onnx/model-file.ts'
import { expectationFrom, expectationOf } from '../../../main/samples/expectation.ts'
import { pictureOf } from '../../../main/samples/picture.ts'
import { floats, graph, longs, noise, node } from '../../fixtures/build-model.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

warnWithoutSharedData('the guesses about ten real models')
describe.skipIf(!hasSharedData)('the ten models', () => {
  // Truths as the folder's README states them; where the graph cannot show one, the guess and its honest note are here.
  it.each([
    ['abpn_x3', { color: 'rgb', range: [0, 255], layout: 'nchw', size: null, kind: 'picture', factor: 3, out: 'nchw', outRange: [0, 255] }],
    ['edsr8_x2', { color: 'rgb', range: [0, 1], layout: 'nchw', size: null, kind: 'picture', factor: 2, out: 'nchw', outRange: [0, 1] }],
    ['srmobile_x2', { color: 'rgb', range: [0, 255], layout: 'nchw', size: null, kind: 'picture', factor: 2, out: 'nchw', outRange: [0, 255] }],
    ['espcn_x3_zoo', { color: 'y', range: [0, 1], layout: 'nchw', size: [224, 224], kind: 'picture', factor: 3, out: 'nchw', outRange: [0, 1] }],
    ['fsrcnn_x2', { color: 'y', range: [0, 1], layout: 'nhwc', size: null, kind: 'picture', factor: 2, out: 'nchw', outRange: [0, 1] }],
    ['abpn_retrain_x4_120x160', { color: 'rgb', range: [0, 255], layout: 'nchw', size: [120, 160], kind: 'picture', factor: 4, out: 'nchw', outRange: [0, 255] }],
    ['srcnn_x3_cubic', { color: 'rgb', range: [0, 1], layout: 'nchw', size: [256, 256], kind: 'picture', factor: 3, out: 'nchw', outRange: [0, 1] }],
    // Truly bgr: a graph cannot show it.
    ['FastestDet', { color: 'rgb', range: [0, 1], layout: 'nchw', size: [352, 352], kind: 'vector', factor: null }],
    ['squeezenet_fp16', { color: 'rgb', range: [0, 1], layout: 'nchw', size: [224, 224], kind: 'vector', factor: null }],
    // Truly (x - 127) / 128, that is -0.992..1: the BatchNormalization shows the spread, not the formula.
    ['ultraface_slim_320', { color: 'rgb', range: [-1, 1], layout: 'nchw', size: [240, 320], kind: 'vector', factor: null }],
  ])('%s', async (name, truth) => {
    const { graph: read } = await readModel(join(sharedData, 'models', `${name}.onnx`))
    const { input, output } = expectationOf(read)
    const guess = {
      color: input?.color.value, range: input?.range.value, layout: input?.layout.value, size: input?.size.value, kind: output.kind.value, factor: output.factor.value,
      ...(output.kind.value === 'picture' ? { out: output.layout.value, outRange: output.range.value } : {}),
    }
    expect(guess).toEqual(truth)
    expect(input?.multiple.value).toBe(1)
  })

  it('says what cannot be seen', async () => {
    const notes = async (name: string) => expectationOf((await readModel(join(sharedData, 'models', `${name}.onnx`))).graph).notes.join('\n')
    expect(await notes('FastestDet')).toMatch(/colour rgb \(assumed: rgb or bgr cannot be seen in a graph\)/)
    expect(await notes('FastestDet')).toMatch(/0\.\.1 \(assumed, no mean\/std: preprocessing is not written in the model\)/)
    expect(await notes('squeezenet_fp16')).toMatch(/0\.\.1 \(assumed, no mean\/std/)
    expect(await notes('ultraface_slim_320')).toMatch(/-1\.\.1 \(estimated from the running mean and variance .* the exact formula cannot be seen\)/)
    expect(await notes('edsr8_x2')).toMatch(/colour rgb \(the means 0\.4488, 0\.4371, 0\.404 fall/)
    expect(await notes('squeezenet_fp16')).toMatch(/other sizes: fill/)
    expect(await notes('FastestDet')).toMatch(/other sizes: stretch/)
  })
})

const conv = (input: string, output: string, outputs: number, inputs: number, extra: Record<string, number[]> = {}) => ({
  node: node('Conv', [input, `w_${output}`], [output], { pads: [1, 1, 1, 1], ...extra }), weight: { [`w_${output}`]: noise([outputs, inputs, 3, 3]) },
})

describe('expectationOf', () => {
  const shuffle = (nodes: ReturnType<typeof node>[], initializers = {}, output = ['n', 3, 'a', 'b'] as (string | number)[] | null) => {
    const first = conv('x', 'c', 12, 3)
    return expectationOf(graph({ inputs: { x: ['n', 3, 'h', 'w'] }, outputs: { y: output }, nodes: [first.node, ...nodes], initializers: { ...first.weight, ...initializers } }))
  }

  it.each([
    ['DepthToSpace', [node('DepthToSpace', ['c'], ['y'], { blocksize: 2 })], {}],
    ['a Reshape-Transpose shuffle', [node('Reshape', ['c', 's1'], ['r']), node('Transpose', ['r'], ['t'], { perm: [0, 1, 4, 2, 5, 3] }), node('Reshape', ['t', 's2'], ['y'])], { s1: longs([0, 3, 2, 2, 10, 10]), s2: longs([0, 3, 20, 20]) }],
    ['ConvTranspose', [node('ConvTranspose', ['c', 'up'], ['y'], { strides: [2, 2] })], { up: noise([12, 3, 2, 2]) }],
    ['Resize and Conv', [node('Resize', ['c', '', 'k'], ['r']), node('Conv', ['r', 'up'], ['y'], { pads: [1, 1, 1, 1] })], { k: floats([4], [1, 1, 2, 2]), up: noise([3, 12, 3, 3]) }],
  ])('finds the factor of %s', (_, nodes, initializers) => {
    const { output } = shuffle(nodes, initializers)
    expect([output.kind.value, output.factor.value, output.channels.value]).toEqual(['picture', 2, 3])
  })

  it('finds channels and factor of an output without a shape', () => {
    const { output } = shuffle([node('DepthToSpace', ['c'], ['s'], { blocksize: 2 }), node('Relu', ['s'], ['y'])], {}, null)
    expect([output.kind.value, output.factor.value, output.channels.value, output.layout.value]).toEqual(['picture', 2, 3, 'nchw'])
  })

  it('leaves a factor open that only the first run can tell', () => {
    const nodes = [node('Resize', ['c', '', 'k'], ['r']), node('Conv', ['r', 'up'], ['y'], { pads: [1, 1, 1, 1] }), node('Exp', ['x'], ['k'])]
    const { output } = shuffle(nodes, { up: noise([3, 12, 3, 3]) })
    expect([output.kind.value, output.factor.value]).toEqual(['picture', null])
    expect(output.factor.how).toMatch(/first run/)
  })

  it('reads the factor from symbols such as 3h', () => {
    const { output } = expectationOf(graph({ inputs: { x: [1, 1, 'h', 'w'] }, outputs: { y: [1, 1, '3h', 'w*3'] }, nodes: [node('my.domain:Upscale', ['x'], ['y'])] }))
    expect([output.kind.value, output.factor.value]).toEqual(['picture', 3])
  })

  it('calls a smaller map, a class vector and a single number a vector', () => {
    const stride = conv('x', 'y', 3, 3, { strides: [2, 2] })
    expect(expectationOf(graph({ inputs: { x: ['n', 3, 'h', 'w'] }, outputs: { y: ['n', 3, 'a', 'b'] }, nodes: [stride.node], initializers: stride.weight })).output.kind.value).toBe('vector')
    const pooled = [node('GlobalAveragePool', ['x'], ['p']), node('Flatten', ['p'], ['y'])]
    const classifier = expectationOf(graph({ inputs: { x: [1, 3, 32, 32] }, outputs: { y: [1, 3] }, nodes: pooled }))
    expect([classifier.output.kind.value, classifier.input?.fit.value]).toEqual(['vector', 'fill'])
  })

  const affine = (op: string, values: number[], dims: number[]) => {
    const after = conv('m', 'y', 3, 3)
    return expectationOf(graph({
      inputs: { x: ['n', 3, 'h', 'w'] }, outputs: { y: ['n', 3, 'h', 'w'] }, nodes: [node(op, ['x', 'c'], ['m']), after.node], initializers: { c: floats(dims, values), ...after.weight },
    })).input!
  }

  it.each([
    ['Sub', [0.485, 0.456, 0.406], [0, 1], 'rgb'], ['Sub', [104, 117, 123], [0, 255], 'bgr'], ['Add', [-127.5], [0, 255], 'rgb'], ['Div', [255], [0, 255], 'rgb'],
    ['Mul', [1 / 127.5], [0, 255], 'rgb'], ['Mul', [255], [0, 1], 'rgb'], ['Mul', [3], [0, 1], 'rgb'],
  ] as const)('reads %s of %j at the input', (op, values, range, color) => {
    const input = affine(op, [...values], values.length === 3 ? [1, 3, 1, 1] : [])
    expect([input.range.value, input.color.value]).toEqual([range, color])
  })

  it('takes a bias that drowns a picture of 0..1 as a sign of larger levels', () => {
    const weights = (bias: number) => ({ w: noise([3, 3, 3, 3], 1, 0.01), b: floats([3], [bias, 0, 0]) })
    const of = (bias: number) => expectationOf(graph({ inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: [1, 3, 'h', 'w'] }, nodes: [node('Conv', ['x', 'w', 'b'], ['y'], { pads: [1, 1, 1, 1] })], initializers: weights(bias) })).input!.range
    expect(of(3).value).toEqual([0, 255])
    expect(of(0.1).value).toEqual([0, 1])
    expect(of(0.1).how).toMatch(/^assumed/)
  })

  it('takes levels as they are where the input takes bytes', () => {
    const { input } = expectationOf(graph({ inputs: { x: { type: 'uint8', dims: [1, 'h', 'w', 3] } }, outputs: { y: [1, 'h', 'w', 3] }, nodes: [node('Cast', ['x'], ['y'], { to: 1 })] }))
    expect(input).toMatchObject({ layout: { value: 'nhwc' }, range: { value: [0, 255] } })
  })

  it('asks for a multiple where a network goes down and up again', () => {
    const down = conv('x', 'd', 8, 3, { strides: [4, 4] })
    const up = node('ConvTranspose', ['d', 'up'], ['y'], { strides: [4, 4] })
    const { input } = expectationOf(graph({ inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: [1, 3, 'h', 'w'] }, nodes: [down.node, up], initializers: { ...down.weight, up: noise([8, 3, 4, 4]) } }))
    expect(input!.multiple.value).toBe(4)
  })

  it('finds the layout of an input without a shape by its first Conv, and none where nothing tells', () => {
    const first = conv('x', 'y', 8, 3)
    expect(expectationOf(graph({ inputs: { x: null }, outputs: { y: null }, nodes: [first.node], initializers: first.weight })).input).toMatchObject({ channels: 3, layout: { value: 'nchw' } })
    const { input, notes } = expectationOf(graph({ inputs: { x: [1, 10] }, outputs: { y: [1, 10] }, nodes: [node('Relu', ['x'], ['y'])] }))
    expect(input).toBeNull()
    expect(notes[0]).toMatch(/No input takes pictures \(x\)/)
  })
})

describe('expectationFrom', () => {
  const guess = expectationOf(graph({ inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: [1, 3, 'h', 'w'] }, nodes: [node('Relu', ['x'], ['y'])] }))

  it('puts the recipe over the guess, what follows from it follows', () => {
    const merged = expectationFrom(guess, { preprocess: { color: 'bgr', range: [0, 255], mean: [1, 2, 3] } })
    expect(merged.input).toMatchObject({ color: { value: 'bgr', how: 'the recipe says so' }, range: { value: [0, 255] }, mean: { value: [1, 2, 3] }, layout: guess.input!.layout })
    expect(expectationFrom(guess, { preprocess: { mean: [7], scale: [2] } }).input).toMatchObject({ mean: { value: [7, 7, 7] }, scale: { value: [2, 2, 2] } })
    expect(merged.output).toMatchObject({ color: { value: 'bgr' }, range: { value: [0, 255] } })
    expect(merged.notes.join('\n')).toMatch(/colour bgr \(the recipe says so\)/)
  })

  it('keeps what the recipe says of the output', () => {
    const merged = expectationFrom(guess, { preprocess: { range: [0, 255] }, output: { range: [0, 1], layout: 'nhwc', color: 'rgb', factor: 2, kind: 'vector' } })
    expect(merged.output).toMatchObject({ range: { value: [0, 1] }, layout: { value: 'nhwc' }, factor: { value: 2 }, kind: { value: 'vector' }, rangeFollowsInput: false })
    expect(expectationFrom(merged, { preprocess: { range: [-1, 1] } }).output.range.value).toEqual([0, 1])
  })

  it('changes nothing where the recipe says nothing', () => {
    expect(expectationFrom(guess, {})).toEqual(guess)
  })
})

describe('pictureOf', () => {
  const guess = expectationOf(graph({ inputs: { x: [1, 3, 'h', 'w'] }, outputs: { y: [1, 3, 'h', 'w'] }, nodes: [node('Relu', ['x'], ['y'])] }))
  const levels = [0, 51, 102, 153, 204, 255]

  it('undoes layout, colour order and range', () => {
    const nchw = pictureOf(floats([1, 3, 1, 2], levels), expectationFrom(guess, { output: { range: [0, 255] } }))
    expect(nchw).toEqual({ width: 2, height: 1, color: 'rgb', data: Float32Array.from(levels) })
    const nhwc = floats([1, 1, 2, 3], [204, 102, 0, 255, 153, 51].map((level) => level / 127.5 - 1))
    const back = pictureOf(nhwc, expectationFrom(guess, { output: { range: [-1, 1], layout: 'nhwc', color: 'bgr' } }))
    // float32 at ±1 and back at 255: a few 1e-5.
    for (const [i, level] of levels.entries()) expect(back.data[i]).toBeCloseTo(level, 3)
  })

  it('neither rounds nor clips', () => {
    expect([...pictureOf(floats([1, 3, 1, 1], [-7.25, 300, 0.5]), expectationFrom(guess, { output: { range: [0, 255] } })).data]).toEqual([-7.25, 300, 0.5])
  })

  it('refuses what is not one picture', () => {
    for (const dims of [[2, 3, 1, 1], [1, 6], [1, 1, 2, 3]]) expect(() => pictureOf(floats(dims, levels), guess)).toThrow(/is not one picture of 3 channels/)
  })
})
