import { float32List, float32Scalar, tensor } from '../../onnx/tensor.ts'
import { pictureDims } from './convolution.ts'
import type { Fields } from './prototxt.ts'
import type { Convert, Site } from './site.ts'

/** A node that takes the layer's input and gives its top, of the same size. */
export const same = (op: string): Convert => (site) => void site.emit(op, [site.inputs[0]!.name], site.inputs[0]!.dims, {}, 0)

export const relu: Convert = (site) => {
  const slope = site.layer.message('relu_param').number('negative_slope', 0)
  site.emit(slope === 0 ? 'Relu' : 'LeakyRelu', [site.inputs[0]!.name], site.inputs[0]!.dims, slope === 0 ? {} : { alpha: slope }, 0)
}

/** Slopes of one axis become [C, 1, 1], so that they meet the channels. */
export const prelu: Convert = (site) => {
  const { name, dims } = site.inputs[0]!
  const shared = site.layer.message('prelu_param').flag('channel_shared', false)
  const channels = shared ? 1 : (dims[1] ?? 1)
  const { data } = site.learned(0, [channels])
  const slopes = site.constant(`${site.name}_slopes`, tensor('float32', shared ? [] : [channels, ...dims.slice(2).map(() => 1)], data))
  site.emit('PRelu', [name, slopes], dims, {}, 0)
}

/** Means and variances were summed over training: the third blob says by what to divide them. */
export const batchNorm: Convert = (site) => {
  const { name, dims } = site.inputs[0]!
  const channels = dims[1] ?? 1
  const [sum] = site.learned(2, [1]).data as Float32Array
  const divided = (index: number): Float32Array => (site.learned(index, [channels]).data as Float32Array).map((value) => (sum === 0 ? 0 : value / sum!))
  const put = (wish: string, data: Float32Array): string => site.constant(`${site.name}_${wish}`, float32List([...data]))
  site.emit('BatchNormalization', [name, put('scale', new Float32Array(channels).fill(1)), put('bias', new Float32Array(channels)), put('mean', divided(0)), put('variance', divided(1))], dims,
    { epsilon: site.layer.message('batch_norm_param').number('eps', 1e-5) }, 0)
}

/** A factor (and summand) a channel, learned or a second input. */
export const scale: Convert = (site) => {
  const param = site.layer.message('scale_param')
  const hasBias = param.flag('bias_term', false)
  if (site.inputs.length > 1) {
    if (hasBias) site.refuse('a scale by a second input with a bias of its own')
    site.emit('Mul', [site.inputs[0]!.name, aligned(site, param)], site.inputs[0]!.dims, {}, 0)
    return
  }
  const factors = perChannel(site, param, 0, 'factors')
  const { dims } = site.inputs[0]!
  if (!hasBias) return void site.emit('Mul', [site.inputs[0]!.name, factors], dims, {}, 0)
  const product = site.emit('Mul', [site.inputs[0]!.name, factors], dims)
  site.emit('Add', [product.name, perChannel(site, param, 1, 'bias')], dims, {}, 0)
}

export const bias: Convert = (site) => {
  const param = site.layer.message('bias_param')
  const other = site.inputs.length > 1 ? aligned(site, param) : perChannel(site, param, 0, 'bias')
  site.emit('Add', [site.inputs[0]!.name, other], site.inputs[0]!.dims, {}, 0)
}

function perChannel(site: Site, param: Fields, blob: number, wish: string): string {
  const { dims } = site.inputs[0]!
  const axis = axisOf(param.number('axis', 1), dims.length)
  const axes = param.number('num_axes', 1) === -1 ? dims.length - axis : param.number('num_axes', 1)
  const shape = dims.slice(axis, axis + axes)
  const { data } = site.learned(blob, shape)
  return site.constant(`${site.name}_${wish}`, tensor('float32', [...shape, ...dims.slice(axis + axes).map(() => 1)], data))
}

/** A second input whose axes begin at `axis` of the first. */
function aligned(site: Site, param: Fields): string {
  const [first, second] = [site.inputs[0]!, site.inputs[1]!]
  const axis = axisOf(param.number('axis', 1), first.dims.length)
  if (axis + second.dims.length === first.dims.length) return second.name
  const dims = [...second.dims, ...first.dims.slice(axis + second.dims.length).map(() => 1)]
  return site.emit('Reshape', [second.name, site.constant(`${site.name}_shape`, shapeTensor(dims))], dims).name
}

export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)
export const shapeTensor = (dims: readonly number[]) => tensor('int64', [dims.length], BigInt64Array.from(dims, BigInt))

export const eltwise: Convert = (site) => {
  const param = site.layer.message('eltwise_param')
  const operation = param.text('operation', 'SUM').toUpperCase()
  const { inputs } = site
  if (inputs.length < 2 || inputs.some(({ dims }) => dims.join() !== inputs[0]!.dims.join())) site.refuse(`its inputs are of different sizes: ${inputs.map(({ dims }) => `[${dims.join(', ')}]`).join(', ')}`)
  const factors = param.numbers('coeff')
  const names = inputs.map(({ name, dims }, index) => (operation === 'SUM' && (factors[index] ?? 1) !== 1 ? site.emit('Mul', [name, site.constant(`${site.name}_factor`, float32Scalar(factors[index]!))], dims).name : name))
  const op = { SUM: 'Add', 1: 'Add', PROD: 'Mul', 0: 'Mul', MAX: 'Max', 2: 'Max' }[operation]
  if (op === undefined) return site.refuse(`an element-wise operation ${operation}`)
  names.slice(1).reduce((left, right, index) => site.emit(op, [left, right], inputs[0]!.dims, {}, index === names.length - 2 ? 0 : undefined).name, names[0]!)
}

/** (shift + scale · x) ^ power. */
export const power: Convert = (site) => {
  const param = site.layer.message('power_param')
  const steps: [string, number][] = []
  if (param.number('scale', 1) !== 1) steps.push(['Mul', param.number('scale', 1)])
  if (param.number('shift', 0) !== 0) steps.push(['Add', param.number('shift', 0)])
  if (param.number('power', 1) !== 1) steps.push(['Pow', param.number('power', 1)])
  let value = site.inputs[0]!
  if (steps.length === 0) return site.pass(value)
  for (const [index, [op, number]] of steps.entries()) value = site.emit(op, [value.name, site.constant(`${site.name}_${op.toLowerCase()}`, float32Scalar(number))], value.dims, {}, index === steps.length - 1 ? 0 : undefined)
}

export const elu: Convert = (site) => void site.emit('Elu', [site.inputs[0]!.name], site.inputs[0]!.dims, { alpha: site.layer.message('elu_param').number('alpha', 1) }, 0)

export const softmax: Convert = (site) => {
  const { name, dims } = site.inputs[0]!
  site.emit('Softmax', [name], dims, { axis: axisOf(site.layer.message('softmax_param').number('axis', 1), dims.length) }, 0)
}

/** Local response normalization across channels; Caffe and ONNX mean the same by alpha, beta and size. */
export const lrn: Convert = (site) => {
  const param = site.layer.message('lrn_param')
  if (!/^(ACROSS_CHANNELS|0)$/i.test(param.text('norm_region', 'ACROSS_CHANNELS'))) site.refuse('normalization within channels')
  site.emit('LRN', [site.inputs[0]!.name], site.inputs[0]!.dims, { size: param.number('local_size', 5), alpha: param.number('alpha', 1), beta: param.number('beta', 0.75), bias: param.number('k', 1) }, 0)
}

/** SSD's normalization of each place over its channels, times a learned factor a channel. */
export const normalize: Convert = (site) => {
  const param = site.layer.message('norm_param')
  const [, channels] = pictureDims(site)
  const { name, dims } = site.inputs[0]!
  if (param.flag('across_spatial', true)) site.refuse('normalization over the whole picture')
  const squares = site.emit('Mul', [name, name], dims)
  const sum = site.emit('ReduceSum', [squares.name, site.constant(`${site.name}_axis`, shapeTensor([1]))], [dims[0]!, 1, ...dims.slice(2)], { keepdims: 1 })
  const shifted = site.emit('Add', [sum.name, site.constant(`${site.name}_eps`, float32Scalar(param.number('eps', 1e-10)))], sum.dims)
  const root = site.emit('Sqrt', [shifted.name], sum.dims)
  const unit = site.emit('Div', [name, root.name], dims)
  const shared = param.flag('channel_shared', true)
  const { data } = site.learned(0, [shared ? 1 : channels])
  site.emit('Mul', [unit.name, site.constant(`${site.name}_factors`, tensor('float32', shared ? [1, 1, 1] : [channels, 1, 1], data))], dims, {}, 0)
}
