import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { float32ToFloat16 } from '../../../main/onnx/float-bits.ts'
import type { Graph, Tensor } from '../../../main/onnx/graph.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { prepareGraph } from '../../../main/onnx/prepare.ts'
import { float32, tensorOfNumbers } from '../../../main/onnx/tensor.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { floats, graph, longs, node, noise } from '../../fixtures/build-model.ts'
import type { ModelSpec } from '../../fixtures/build-model.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

type Feeds = Record<string, Tensor>

async function run(model: Uint8Array, feeds: Feeds): Promise<Record<string, Tensor>> {
  const session = await openSession(model, { mode: 'reference', threads: 1 })
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

/** Largest difference of any output over that output's largest magnitude; shapes and names must agree. */
function difference(expected: Record<string, Tensor>, found: Record<string, Tensor>): number {
  expect(Object.keys(found)).toEqual(Object.keys(expected))
  return Math.max(...Object.entries(expected).map(([name, tensor]) => {
    expect(found[name]!.dims).toEqual(tensor.dims)
    const [a, b] = [tensor, found[name]!].map((one) => (one.data instanceof BigInt64Array ? Float64Array.from(one.data, Number) : one.type === 'bool' ? Float64Array.from(one.data as Uint8Array) : float32(one))) as [Float32Array, Float32Array]
    const size = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-30)
    return a.reduce((worst, value, index) => Math.max(worst, Math.abs(value - b[index]!) / size), 0)
  }))
}

/** The kernels of two opsets may sum in another order: float32 sums of some hundred terms differ by about 1e-6 of the largest value. */
const TOLERANCE = 1e-5

warnWithoutSharedData('raising the opset of real models')
describe.skipIf(!hasSharedData)('real models compute the same', () => {
  const folder = join(sharedData, 'models')
  const paths = hasSharedData ? readdirSync(folder).filter((name) => name.endsWith('.onnx')) : []

  it('there are ten', () => expect(paths).toHaveLength(10))

  it.each(paths)('%s under opset 13 and 21', async (name) => {
    const { graph: original, bytes } = await readModel(join(folder, name))
    const [input] = original.inputs as [Graph['inputs'][number]]
    const dims = input.dims!.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? 1 : 24))
    const half = input.type === 'float16'
    const random = noise(dims)
    const values = half ? tensorOfNumbers('float16', dims, Array.from(float32(random), float32ToFloat16)) : random
    const expected = await run(bytes, { [input.name]: values })
    const feeds = { [input.name]: half ? { ...random, data: float32(values) } : values }
    for (const opset of [13, 21]) {
      const { graph: prepared } = prepareGraph(original, { opset })
      expect(prepared.opsets.get('')).toBeGreaterThanOrEqual(opset)
      expect(prepared.outputs.map((output) => output.name)).toEqual(original.outputs.map((output) => output.name))
      // float16: the original rounds every one of its 66 tensors to 11 bits, steps of 2^-11 = 5e-4.
      expect(difference(expected, await run(encodeModel(prepared), feeds))).toBeLessThan(half ? 2e-3 : TOLERANCE)
    }
  })

  it('squeezenet_fp16: the rise alone changes nothing', async () => {
    const { graph: original } = await readModel(join(folder, 'squeezenet_fp16.onnx'))
    const feeds = { [original.inputs[0]!.name]: noise([1, 3, 224, 224]) }
    const [old, ...raised] = [7, 13, 21].map((opset) => encodeModel(prepareGraph(original, { opset }).graph)) as [Uint8Array, ...Uint8Array[]]
    const expected = await run(old, feeds)
    for (const model of raised) expect(difference(expected, await run(model, feeds))).toBeLessThan(TOLERANCE)
  })
})

type Case = [name: string, spec: Omit<ModelSpec, 'inputs' | 'outputs'> & Partial<ModelSpec>, expectedOps?: string[]]
const image = { inputs: { x: [1, 4, 6, 6] } }
const bn = { initializers: { s: noise([4], 2), b: noise([4], 3), m: noise([4], 4), v: floats([4], [0.5, 1, 2, 3]) } }
const scales = (...values: number[]): Tensor => floats([values.length], values)

const cases: Case[] = [
  ['BatchNormalization 7', { opset: 7, ...bn, nodes: [node('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'], { spatial: 1 })] }],
  ['BatchNormalization 9', { opset: 9, ...bn, nodes: [node('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'], { epsilon: 0.01 })] }],
  ['Clip 6', { opset: 7, nodes: [node('Clip', ['x'], ['y'], { min: -0.25, max: 0.5 })] }],
  ['Clip 6, one side', { opset: 10, nodes: [node('Clip', ['x'], ['y'], { max: 0 })] }],
  ['Dropout 7', { opset: 7, nodes: [node('Dropout', ['x'], ['a'], { ratio: 0.9 }), node('Relu', ['a'], ['y'])] }, ['Relu']],
  ['Pad 2, constant', { opset: 7, nodes: [node('Pad', ['x'], ['y'], { pads: [0, 0, 1, 2, 0, 0, 3, 0], value: { kind: 'float', value: 0.5 } })] }],
  ['Pad 2, reflect', { opset: 10, nodes: [node('Pad', ['x'], ['y'], { mode: 'reflect', pads: [0, 0, 2, 2, 0, 0, 2, 2] })] }],
  ['Pad 2, cropping', { opset: 10, nodes: [node('Pad', ['x'], ['y'], { pads: [0, 0, -1, -1, 0, 0, 0, 0] })] }],
  ['Slice 1', { opset: 9, nodes: [node('Slice', ['x'], ['y'], { axes: [1, 3], starts: [1, -4], ends: [3, 1000] })] }],
  ['Slice 1 without axes', { opset: 9, nodes: [node('Slice', ['x'], ['y'], { starts: [0, 1], ends: [1, 3] })] }],
  ['Squeeze, Unsqueeze 1', { opset: 9, nodes: [node('Unsqueeze', ['x'], ['a'], { axes: [0, 3] }), node('Squeeze', ['a'], ['y'], { axes: [0] })] }],
  ['Squeeze 11 without axes', { opset: 11, nodes: [node('Squeeze', ['x'], ['y'])] }],
  ['Split 2', { opset: 9, nodes: [node('Split', ['x'], ['a', 'b'], { axis: 1, split: [1, 3] }), node('Concat', ['b', 'a'], ['y'], { axis: 1 })] }],
  ['Split 2, equal parts', { opset: 9, nodes: [node('Split', ['x'], ['a', 'b'], { axis: 1 }), node('Sub', ['b', 'a'], ['y'])] }],
  ['Split 13, equal parts', { opset: 13, nodes: [node('Split', ['x'], ['a', 'b', 'c'], { axis: 2 }), node('Concat', ['b', 'a', 'c'], ['y'], { axis: 2 })] }],
  ['ReduceSum 1', { opset: 9, nodes: [node('ReduceSum', ['x'], ['y'], { axes: [2, 3], keepdims: 0 })] }],
  ['ReduceSum 11 over all', { opset: 11, nodes: [node('ReduceSum', ['x'], ['y'])] }],
  ['ReduceMean 1', { opset: 9, nodes: [node('ReduceMean', ['x'], ['y'], { axes: [1] })] }],
  ['ReduceMax 13 with a negative axis', { opset: 13, nodes: [node('ReduceMax', ['x'], ['y'], { axes: [-1] })] }],
  ['ReduceL2 11 over all', { opset: 11, nodes: [node('ReduceL2', ['x'], ['y'], { keepdims: 0 })] }],
  ['TopK 1', { opset: 9, outputs: { y: null, i: { type: 'int64', dims: null } }, nodes: [node('TopK', ['x'], ['y', 'i'], { k: 2, axis: 3 })] }],
  ['Softmax 1 on its default axis', { opset: 9, nodes: [node('Softmax', ['x'], ['y'])] }, ['Shape', 'Flatten', 'Softmax', 'Reshape']],
  ['Softmax 11 on axis 2', { opset: 11, nodes: [node('Softmax', ['x'], ['y'], { axis: 2 })] }, ['Shape', 'Flatten', 'Softmax', 'Reshape']],
  ['Softmax 11 on axis 0', { opset: 11, nodes: [node('Softmax', ['x'], ['y'], { axis: 0 })] }],
  ['Softmax 11 on axis -2', { opset: 11, nodes: [node('Softmax', ['x'], ['y'], { axis: -2 })] }, ['Shape', 'Flatten', 'Softmax', 'Reshape']],
  ['Softmax 11 on the last axis', { opset: 11, nodes: [node('Softmax', ['x'], ['y'], { axis: 3 })] }, ['Softmax']],
  ['Softmax 11 on axis -1', { opset: 11, nodes: [node('Softmax', ['x'], ['y'], { axis: -1 })] }, ['Softmax']],
  ['Softmax 9 after pooling', { opset: 9, nodes: [node('GlobalAveragePool', ['x'], ['g']), node('Softmax', ['g'], ['y'])] }, ['GlobalAveragePool', 'Softmax']],
  ['Softmax 9 before ones', { opset: 9, values: { g: [1, 4, 1, 1] }, nodes: [node('ReduceMean', ['x'], ['g'], { axes: [2, 3] }), node('Softmax', ['g'], ['y'])] }, ['ReduceMean', 'Softmax']],
  ['LogSoftmax 9', { opset: 9, nodes: [node('LogSoftmax', ['x'], ['y'], { axis: 1 })] }, ['Shape', 'Flatten', 'LogSoftmax', 'Reshape']],
  ['Hardmax 9', { opset: 9, nodes: [node('Hardmax', ['x'], ['y'], { axis: 2 })] }],
  ['Upsample 7, nearest', { opset: 7, nodes: [node('Upsample', ['x'], ['y'], { scales: [1, 1, 2, 3] })] }],
  ['Upsample 9, nearest, fractional', { opset: 9, initializers: { s: scales(1, 1, 1.5, 2.7) }, nodes: [node('Upsample', ['x', 's'], ['y'])] }],
  ['Upsample 9, linear', { opset: 9, initializers: { s: scales(1, 1, 2, 1.6) }, nodes: [node('Upsample', ['x', 's'], ['y'], { mode: 'linear' })] }],
  ['Upsample 9, computed scales', { opset: 9, inputs: { x: [1, 4, 6, 6], s: [4] }, nodes: [node('Upsample', ['x', 's'], ['y'])] }],
  ['Resize 10, nearest, larger', { opset: 10, initializers: { s: scales(1, 1, 2, 1.5) }, nodes: [node('Resize', ['x', 's'], ['y'])] }],
  ['Resize 10, nearest, smaller', { opset: 10, initializers: { s: scales(1, 1, 0.5, 0.6) }, nodes: [node('Resize', ['x', 's'], ['y'])] }],
  ['Resize 10, linear', { opset: 10, initializers: { s: scales(1, 1, 0.6, 2) }, nodes: [node('Resize', ['x', 's'], ['y'], { mode: 'linear' })] }],
  ['Resize 11, empty inputs', { opset: 11, initializers: { roi: scales(), none: scales(), z: longs([1, 4, 9, 13]) }, nodes: [node('Resize', ['x', 'roi', 'none', 'z'], ['y'], { mode: 'linear' })] }],
  ['Resize 11, cubic', { opset: 11, initializers: { roi: scales(), s: scales(1, 1, 2, 2) }, nodes: [node('Resize', ['x', 'roi', 's'], ['y'], { mode: 'cubic', cubic_coeff_a: -0.5 })] }],
  ['Resize 11, crop', { opset: 11, initializers: { roi: scales(0, 0, 0.1, 0.2, 1, 1, 0.8, 0.9), s: scales(1, 1, 1, 2) }, nodes: [node('Resize', ['x', 'roi', 's'], ['y'], { mode: 'linear', coordinate_transformation_mode: 'tf_crop_and_resize' })] }],
  ['AveragePool 7', { opset: 7, nodes: [node('AveragePool', ['x'], ['y'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 })] }],
  ['AveragePool 10, ceiling', { opset: 10, nodes: [node('AveragePool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 })] }],
  ['MaxPool 8, ceiling', { opset: 10, nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 })] }],
  ['PRelu 7', { opset: 7, initializers: { slope: noise([4, 1, 1], 9) }, nodes: [node('PRelu', ['x', 'slope'], ['y'])] }],
  ['Conv, ConvTranspose 1', { opset: 7, initializers: { w: noise([4, 4, 3, 3], 5), u: noise([4, 2, 2, 2], 6) }, nodes: [node('Conv', ['x', 'w'], ['a'], { auto_pad: 'SAME_UPPER' }), node('ConvTranspose', ['a', 'u'], ['y'], { strides: [2, 2] })] }],
  ['Flatten, Gemm, Reshape', { opset: 7, initializers: { w: noise([144, 5], 7), c: noise([5], 8), z: longs([5, -1]) }, nodes: [node('Flatten', ['x'], ['f']), node('Gemm', ['f', 'w', 'c'], ['g'], { alpha: 0.5 }), node('Reshape', ['g', 'z'], ['y'])] }],
  ['DepthToSpace, Transpose', { opset: 9, nodes: [node('DepthToSpace', ['x'], ['a'], { blocksize: 2 }), node('Transpose', ['a'], ['y'], { perm: [0, 2, 3, 1] })] }],
  ['Shape, Gather, Constant, Concat', { opset: 9, nodes: [node('Shape', ['x'], ['sh']), node('Constant', [], ['i'], { value: longs([1, 0]) }), node('Gather', ['sh', 'i'], ['a']), node('Constant', [], ['m'], { value: longs([-1]) }), node('Concat', ['a', 'm'], ['t'], { axis: 0 }), node('Reshape', ['x', 't'], ['y'])] }],
  ['Scatter 9', { opset: 9, initializers: { i: longs([1, 0], [1, 1, 1, 2]), u: floats([1, 1, 1, 2], [7, 8]) }, nodes: [node('Scatter', ['x', 'i', 'u'], ['y'], { axis: 3 })] }],
  ['RoiAlign 10', { opset: 10, initializers: { r: floats([1, 4], [0, 0, 4, 5]), i: longs([0]) }, nodes: [node('RoiAlign', ['x', 'r', 'i'], ['y'], { output_height: 3, output_width: 3, spatial_scale: 1 })] }],
  ['GridSample 16', { opset: 16, initializers: { g: noise([1, 3, 3, 2], 11) }, nodes: [node('GridSample', ['x', 'g'], ['y'], { mode: 'bicubic' })] }],
  ['GridSample 16, default', { opset: 16, initializers: { g: noise([1, 3, 3, 2], 11) }, nodes: [node('GridSample', ['x', 'g'], ['y'])] }],
  ['GroupNormalization 18', { opset: 18, initializers: { s: noise([2], 13), b: noise([2], 14) }, nodes: [node('GroupNormalization', ['x', 's', 'b'], ['y'], { num_groups: 2 })] }],
  ['activations', { opset: 7, nodes: ['Sigmoid', 'Tanh', 'Elu', 'LeakyRelu', 'HardSigmoid', 'Softplus', 'Exp', 'Neg', 'Abs', 'Relu'].map((op, index, all) => node(op, [index === 0 ? 'x' : `t${index - 1}`], [index === all.length - 1 ? 'y' : `t${index}`])) }],
  ['arithmetic', { opset: 7, initializers: { w: noise([4, 1, 1], 12) }, nodes: [node('Add', ['x', 'w'], ['a']), node('Mul', ['a', 'w'], ['b']), node('Max', ['b', 'x'], ['c']), node('Pow', ['c', 'c'], ['d']), node('Sum', ['c', 'x'], ['e']), node('Sub', ['e', 'b'], ['y'])] }],
]

describe('each operator that changed', () => {
  it.each(cases)('%s', async (_, spec, expectedOps) => {
    const original = graph({ ...image, outputs: { y: null }, ...spec })
    const feeds: Feeds = Object.fromEntries(original.inputs.map((input) => [input.name, input.name === 's' ? scales(1, 1, 2, 2) : noise(input.dims as number[], 21)]))
    const expected = await run(encodeModel(original), feeds)
    for (const opset of [13, 21]) {
      const { graph: prepared, steps } = prepareGraph(original, { opset })
      expect(prepared.opsets.get('')).toBe(Math.max(opset, spec.opset!))
      if (opset > spec.opset!) expect(steps.at(-1)).toContain(`raised from opset ${spec.opset} to ${opset}`)
      if (expectedOps !== undefined) expect(prepared.nodes.map((entry) => entry.op).toSorted()).toEqual(expectedOps.toSorted())
      expect(difference(expected, await run(encodeModel(prepared), feeds))).toBeLessThan(TOLERANCE)
    }
  })
})
