import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCaffemodel, type Blob } from '../../../main/intake/caffe/caffemodel.ts'
import { importNet } from '../../../main/intake/caffe/import-net.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Tensor } from '../../../main/onnx/graph.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { decodeNpz } from '../../../main/samples/npz.ts'
import { caffemodel } from '../../fixtures/caffe-files.ts'
import { numbers, runCaffe, type Plain } from '../../fixtures/caffe-reference.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

async function run(model: Uint8Array, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const session = await openSession(model, { mode: 'reference', threads: 1 })
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

/** Largest difference, as a part of the largest value. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  let [most, far] = [1e-12, 0]
  for (let index = 0; index < a.length; index++) {
    most = Math.max(most, Math.abs(b[index]!))
    far = Math.max(far, Math.abs(a[index]! - b[index]!))
  }
  return far / most
}

/** The import against the plain computation, on the same made-up weights. float32 sums of a few hundred products: 1e-5 of the largest. */
async function agree(source: string, dims: readonly number[], outputs?: readonly string[]): Promise<{ net: ReturnType<typeof importNet>; weights: Map<string, Blob[]> }> {
  const random = numbers(11)
  const input: Plain = { dims, data: Float64Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => Math.fround(random())) }
  const { blobs, weights } = runCaffe(source, { data: input })
  const net = importNet(source, { where: 'net.prototxt', weights: (layer) => weights.get(layer), ...(dims.length === 4 ? { size: [dims[2]!, dims[3]!] } : {}) })
  const found = await run(encodeModel(net.graph), { data: tensor('float32', dims, Float32Array.from(input.data)) })
  const names = outputs ?? Object.keys(found)
  for (const name of names) {
    expect(found[name]!.dims, name).toEqual(blobs.get(name)!.dims)
    expect(apart(found[name]!.data as Float32Array, blobs.get(name)!.data), name).toBeLessThan(1e-5)
  }
  return { net, weights }
}

const header = (h: number, w: number, c = 3): string => `name: "t" input: "data" input_shape { dim: 1 dim: ${c} dim: ${h} dim: ${w} }\n`
const layer = (type: string, rest: string, bottom = 'data', top = 'out'): string => `layer { name: "${type.toLowerCase()}_${top}" type: "${type}" ${bottom.split(' ').map((each) => `bottom: "${each}"`).join(' ')} ${top.split(' ').map((each) => `top: "${each}"`).join(' ')} ${rest} }\n`

describe('layers, against plain loops', () => {
  test.each([
    ['a convolution', layer('Convolution', 'convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 }')],
    ['sides of their own', layer('Convolution', 'convolution_param { num_output: 4 kernel_h: 1 kernel_w: 3 pad_w: 1 stride_h: 2 }')],
    ['groups and dilation', `${layer('Convolution', 'convolution_param { num_output: 4 kernel_size: 1 }', 'data', 'a')}${layer('Convolution', 'convolution_param { num_output: 6 kernel_size: 3 group: 2 dilation: 2 bias_term: false }', 'a')}`],
    ['batch normalization and scale in place', layer('Convolution', 'convolution_param { num_output: 4 kernel_size: 1 bias_term: false }', 'data', 'a') + layer('BatchNorm', 'batch_norm_param { eps: 0.001 }', 'a', 'a') + layer('Scale', 'scale_param { bias_term: true }', 'a', 'a') + layer('ReLU', '', 'a', 'out')],
    ['PReLU, leaky ReLU, sigmoid, tanh, power', layer('PReLU', '', 'data', 'a') + layer('ReLU', 'relu_param { negative_slope: 0.1 }', 'a', 'b') + layer('Sigmoid', '', 'b', 'c') + layer('TanH', '', 'c', 'd') + layer('Power', 'power_param { scale: 0.5 shift: 2 power: 2 }', 'd')],
    ['element-wise sums, products and largest', layer('Power', 'power_param { scale: 2 }', 'data', 'a') + layer('Eltwise', 'eltwise_param { coeff: 1 coeff: -0.5 }', 'data a', 'b') + layer('Eltwise', 'eltwise_param { operation: PROD }', 'a b', 'c') + layer('Eltwise', 'eltwise_param { operation: MAX }', 'b c data')],
    ['concat, slice, permute, flatten, reshape, softmax', layer('Slice', 'slice_param { slice_point: 1 }', 'data', 's t') + layer('Concat', 'concat_param { axis: 1 }', 't s', 'a') + layer('Permute', 'permute_param { order: 0 order: 2 order: 3 order: 1 }', 'a', 'b') + layer('Flatten', '', 'b', 'c') + layer('Reshape', 'reshape_param { shape { dim: 0 dim: -1 dim: 3 } }', 'c', 'd') + layer('Softmax', 'softmax_param { axis: 2 }', 'd')],
    ['an inner product, either way round', layer('InnerProduct', 'inner_product_param { num_output: 5 }', 'data', 'a') + layer('InnerProduct', 'inner_product_param { num_output: 2 transpose: true bias_term: false }', 'a')],
    ['local response normalization', layer('LRN', 'lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 }')],
    ['dropout and copies', layer('Dropout', '', 'data', 'a') + layer('Split', '', 'a', 'b c') + layer('Eltwise', '', 'b c')],
  ])('%s', async (_name, layers) => {
    await agree(header(7, 9) + layers, [1, 3, 7, 9], ['out'])
  })

  test('pooling counts windows as Caffe does, for every size, kernel, stride and padding', async () => {
    for (const pool of ['MAX', 'AVE']) for (const kernel of [1, 2, 3]) for (const stride of [1, 2, 3].filter((step) => step <= kernel)) for (let pad = 0; pad < kernel; pad++) for (const side of [5, 6, 7, 8]) {
      await agree(header(side, 11 - side) + layer('Pooling', `pooling_param { pool: ${pool} kernel_size: ${kernel} stride: ${stride} pad: ${pad} }`), [1, 3, side, 11 - side], ['out'])
    }
    for (const pool of ['MAX', 'AVE']) await agree(header(5, 4) + layer('Pooling', `pooling_param { pool: ${pool} global_pooling: true }`), [1, 3, 5, 4], ['out'])
  })

  test('old headers and layers with capital types', async () => {
    await agree(`input: "data" input_dim: 1 input_dim: 3 input_dim: 6 input_dim: 6
layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
layers { name: "r" type: RELU bottom: "c" top: "c" }
layers { name: "p" type: POOLING bottom: "c" top: "p" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layers { name: "fc" type: INNER_PRODUCT bottom: "p" top: "out" inner_product_param { num_output: 3 } }
layers { name: "loss" type: SOFTMAX_LOSS bottom: "out" bottom: "label" top: "loss" }`.replace(/\nlayers \{ name: "loss".*/, ''), [1, 3, 6, 6], ['out'])
  })

  test('nets of VGG, SqueezeNet and ResNet kind', async () => {
    const conv = (name: string, from: string, outputs: number, kernel: number, more = ''): string => layer('Convolution', `convolution_param { num_output: ${outputs} kernel_size: ${kernel} pad: ${(kernel - 1) / 2} ${more} }`, from, name)
    const vgg = conv('a', 'data', 4, 3) + layer('ReLU', '', 'a', 'a') + layer('Pooling', 'pooling_param { kernel_size: 2 stride: 2 }', 'a', 'p') + layer('InnerProduct', 'inner_product_param { num_output: 6 }', 'p', 'f') + layer('ReLU', '', 'f', 'f') + layer('Dropout', '', 'f', 'f') + layer('InnerProduct', 'inner_product_param { num_output: 3 }', 'f', 'g') + layer('Softmax', '', 'g')
    await agree(header(9, 9) + vgg, [1, 3, 9, 9], ['out'])
    const squeeze = conv('s', 'data', 2, 1) + layer('ReLU', '', 's', 's') + conv('e1', 's', 3, 1) + conv('e3', 's', 3, 3) + layer('Concat', '', 'e1 e3', 'e') + layer('Pooling', 'pooling_param { pool: AVE global_pooling: true }', 'e')
    await agree(header(8, 8) + squeeze, [1, 3, 8, 8], ['out'])
    const residual = conv('c1', 'data', 3, 3, 'bias_term: false') + layer('BatchNorm', '', 'c1', 'c1') + layer('Scale', 'scale_param { bias_term: true }', 'c1', 'c1') + layer('ReLU', '', 'c1', 'c1') + layer('Eltwise', '', 'data c1', 'sum') + layer('ReLU', '', 'sum', 'out')
    await agree(header(8, 8) + residual, [1, 3, 8, 8], ['out'])
  })
})

describe('what cannot be taken in is refused with its line', () => {
  const refusal = (source: string, weights = {}) => faultOf(() => importNet(source, { where: 'net.prototxt', weights: (name) => (weights as Record<string, never>)[name] }))
  test.each([
    ['an unknown layer', `${header(4, 4)}${layer('Convolutoin', '')}`, 'model.caffe-layer', 'net.prototxt:2 (Convolutoin convolutoin_out)', /layers of type «Convolutoin» are not known/],
    ['a missing input', `${header(4, 4)}${layer('ReLU', '', 'dta')}`, 'model.caffe-layer', 'net.prototxt:2 (ReLU relu_out)', /nothing before it makes «dta»/],
    ['training data', 'layer { name: "d" type: "Data" top: "data" }', 'model.caffe-layer', 'net.prototxt:1', /no input/],
    ['no weights', `${header(4, 4)}${layer('Convolution', 'convolution_param { num_output: 1 kernel_size: 1 }')}`, 'model.caffe-layer', 'net.prototxt:2 (Convolution convolution_out)', /needs 1 learned blobs, the .caffemodel has 0/],
    ['a brace that is not closed', 'layer { name: "x"', 'model.caffe-syntax', 'net.prototxt:1', /has no «}»/],
    ['a word where a number belongs', `${header(4, 4)}\n\nlayer { name: "c" type: "Convolution" bottom: "data" top: "c"\n convolution_param { num_output: many } }`, 'model.caffe-syntax', 'net.prototxt:5', /`num_output` is a number/],
    ['nonsense', 'name: "x" @', 'model.caffe-syntax', 'net.prototxt:1', /«@» is not understood/],
    ['a window beyond the picture', header(5, 5) + layer('Pooling', 'pooling_param { kernel_size: 1 stride: 3 }'), 'model.caffe-layer', 'net.prototxt:2 (Pooling pooling_out)', /beyond the picture/],
    ['a solver', 'net: "train.prototxt" base_lr: 0.1', 'model.caffe-layer', 'net.prototxt:1', /no input/],
    ['an oldest file', `${header(4, 4)}layers { layer { name: "x" type: "conv" } }`, 'model.caffe-layer', 'net.prototxt:2', /oldest/],
  ])('%s', async (_name, source, code, where, what) => {
    expect(await refusal(source)).toMatchObject({ code, where, what: expect.stringMatching(what) })
  })

  test('a .caffemodel that is cut anywhere', async () => {
    const bytes = caffemodel(runCaffe(`${header(4, 4)}${layer('Convolution', 'convolution_param { num_output: 2 kernel_size: 3 }')}`, { data: { dims: [1, 3, 4, 4], data: new Float64Array(48) } }).weights)
    expect([...readCaffemodel(bytes, 'whole').keys()]).toEqual(['convolution_out'])
    for (let length = 0; length < bytes.length; length++) expect([length, (await faultOf(() => readCaffemodel(bytes.subarray(0, length), 'cut'))).code]).toEqual([length, 'model.caffe-weights'])
  })

  test('blobs of another size', async () => {
    const source = `${header(4, 4)}${layer('Convolution', 'convolution_param { num_output: 1 kernel_size: 1 bias_term: false }')}`
    expect((await refusal(source, { convolution_out: [{ dims: [1, 4, 1, 1], data: new Float32Array(4) }] })).what).toBe('its blob 1 should be [1, 3, 1, 1], the .caffemodel has [1, 4, 1, 1]')
  })
})

warnWithoutSharedData('real Caffe nets')
describe.skipIf(!hasSharedData)('real nets', () => {
  const file = (name: string): string => join(sharedData, 'caffe', name)

  test.each([['det1', [40, 56]], ['det2', undefined]] as const)('MTCNN %s gives what another reader gives', async (name, size) => {
    const blobs = readCaffemodel(readFileSync(file(`mtcnn_${name}.caffemodel`)), name)
    const net = importNet(readFileSync(file(`mtcnn_${name}.prototxt`), 'utf8'), { where: name, weights: (layer) => blobs.get(layer), ...(size ? { size } : {}) })
    const golden = decodeNpz(readFileSync(join(sharedData, `golden/caffe_mtcnn_${name}.npz`)), name)
    const found = await run(encodeModel(net.graph), { data: golden.get('input')! })
    for (const output of [...golden.keys()].filter((key) => key !== 'input')) {
      expect(found[output]!.dims).toEqual(golden.get(output)!.dims)
      // The issue's bound: another reader sums in another order.
      expect(Math.max(...(found[output]!.data as Float32Array).map((value, index) => Math.abs(value - (golden.get(output)!.data as Float32Array)[index]!)))).toBeLessThan(1e-4)
    }
  })

  test('every cut of a .caffemodel is refused', async () => {
    const bytes = readFileSync(file('mtcnn_det1.caffemodel'))
    for (let length = 1; length < bytes.length; length += 501) expect((await faultOf(() => readCaffemodel(bytes.subarray(0, length), 'cut'))).code, `${length} bytes`).toBe('model.caffe-weights')
  })

  test('MobileNet-SSD: offsets and scores as plain loops give them, boxes computed, the decoder outside', async () => {
    // Small pictures: the loops of the reference are slow.
    const { net, weights } = await agree(readFileSync(file('mobilenet_ssd_deploy.prototxt'), 'utf8'), [1, 3, 64, 64], ['mbox_loc', 'mbox_conf_flatten'])
    expect(net.detection).toMatchObject({ classes: 21, code: 'CENTER_SIZE', nmsThreshold: 0.45, offsets: 'mbox_loc', scores: 'mbox_conf_flatten' })
    expect(net.graph.outputs.map(({ name }) => name)).toEqual(['mbox_loc', 'mbox_conf_flatten'])
    const whole = importNet(readFileSync(file('mobilenet_ssd_deploy.prototxt'), 'utf8'), { where: 'ssd', weights: (layer) => weights.get(layer) })
    expect(whole.priors!.dims).toEqual([1, 2, 1917 * 4])
    // The first box of conv11 (19 × 19, smallest side 60 of 300): around half a step.
    const data = whole.priors!.data as Float32Array
    for (const [index, corner] of [(150 / 19 - 30) / 300, (150 / 19 - 30) / 300, (150 / 19 + 30) / 300, (150 / 19 + 30) / 300].entries()) expect(data[index]).toBeCloseTo(corner, 6)
    expect([...data.subarray(1917 * 4, 1917 * 4 + 4)]).toEqual([0.1, 0.1, 0.2, 0.2].map(Math.fround))
  })
})
