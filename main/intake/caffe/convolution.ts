import { elementCount } from '../../onnx/tensor.ts'
import type { Fields } from './prototxt.ts'
import type { Convert, Site } from './site.ts'

type Pair = readonly [height: number, width: number]

/** `kernel_size: 3`, twice for height and width, or `kernel_h` and `kernel_w`. */
function pairOf(param: Fields, name: string, { refuse }: Site, fallback: number, [height, width] = [`${name}_h`, `${name}_w`]): Pair {
  if (param.has(height!) || param.has(width!)) return [param.number(height!, fallback), param.number(width!, fallback)]
  const sizes = param.numbers(name)
  if (sizes.length > 2) refuse(`\`${name}\` of more than two axes`)
  return [sizes[0] ?? fallback, sizes[1] ?? sizes[0] ?? fallback]
}

export const kernelOf = (param: Fields, site: Site): Pair => {
  const kernel = pairOf(param, 'kernel_size', site, 0, ['kernel_h', 'kernel_w'])
  return kernel.every((side) => Number.isInteger(side) && side > 0) ? kernel : site.refuse('it has no kernel size', 'Say `kernel_size`.')
}
export const stridesOf = (param: Fields, site: Site): Pair => pairOf(param, 'stride', site, 1)
export const padsOf = (param: Fields, site: Site): Pair => pairOf(param, 'pad', site, 0)

/** Batch, channels, height and width of the first input. */
export function pictureDims({ inputs, refuse }: Site): readonly [number, number, number, number] {
  const dims = inputs[0]?.dims ?? []
  return dims.length === 4 ? (dims as unknown as readonly [number, number, number, number]) : refuse(`it takes a tensor of four axes, not [${dims.join(', ')}]`)
}

/** Convolution, with or without groups; ConvolutionDepthwise of the forks has a group a channel. */
export const convolution: Convert = (site) => {
  const param = site.layer.message('convolution_param')
  const [batch, channels, height, width] = pictureDims(site)
  const { kernel, strides, pads, dilations, outputs, group } = common(param, site, channels)
  const weight = site.constant(`${site.name}_w`, site.learned(0, [outputs, channels / group, ...kernel]))
  const sides = [height, width].map((side, axis) => Math.floor((side + 2 * pads[axis]! - (dilations[axis]! * (kernel[axis]! - 1) + 1)) / strides[axis]!) + 1)
  if (sides.some((side) => side < 1)) site.refuse(`its kernel is larger than its input [${site.inputs[0]!.dims.join(', ')}]`)
  site.emit('Conv', [site.inputs[0]!.name, weight, ...bias(param, site, outputs)], [batch, outputs, ...sides], {
    kernel_shape: [...kernel], strides: [...strides], pads: [...pads, ...pads], dilations: [...dilations], group,
  }, 0)
}

export const deconvolution: Convert = (site) => {
  const param = site.layer.message('convolution_param')
  const [batch, channels, height, width] = pictureDims(site)
  const { kernel, strides, pads, dilations, outputs, group } = common(param, site, channels)
  const weight = site.constant(`${site.name}_w`, site.learned(0, [channels, outputs / group, ...kernel]))
  const sides = [height, width].map((side, axis) => strides[axis]! * (side - 1) + dilations[axis]! * (kernel[axis]! - 1) + 1 - 2 * pads[axis]!)
  site.emit('ConvTranspose', [site.inputs[0]!.name, weight, ...bias(param, site, outputs)], [batch, outputs, ...sides], {
    kernel_shape: [...kernel], strides: [...strides], pads: [...pads, ...pads], dilations: [...dilations], group,
  }, 0)
}

function common(param: Fields, site: Site, channels: number) {
  const isDepthwise = /depthwise/i.test(site.type)
  const outputs = param.number('num_output', isDepthwise ? channels : 0)
  const group = isDepthwise ? channels : param.number('group', 1)
  if (outputs < 1 || channels % group !== 0 || outputs % group !== 0) site.refuse(`${channels} channels in, ${outputs} out and ${group} groups do not go together`)
  if (param.number('axis', 1) !== 1 || param.flag('force_nd_im2col', false)) site.refuse('a convolution over other axes than height and width')
  return { kernel: kernelOf(param, site), strides: stridesOf(param, site), pads: padsOf(param, site), dilations: pairOf(param, 'dilation', site, 1), outputs, group }
}

const bias = (param: Fields, site: Site, outputs: number): string[] => (param.flag('bias_term', true) ? [site.constant(`${site.name}_b`, site.learned(1, [outputs]))] : [])

/** Everything from `axis` on is one vector. ONNX: Gemm, which multiplies [N, K] by the transposed [M, K]. */
export const innerProduct: Convert = (site) => {
  const param = site.layer.message('inner_product_param')
  const { name, dims } = site.inputs[0]!
  if (param.number('axis', 1) !== 1) site.refuse('an inner product over other axes than all but the first')
  const [batch, outputs] = [dims[0] ?? 1, param.number('num_output', 0)]
  const length = elementCount(dims.slice(1))
  const turned = param.flag('transpose', false)
  const weight = site.constant(`${site.name}_w`, site.learned(0, turned ? [length, outputs] : [outputs, length]))
  const flat = dims.length === 2 ? name : site.emit('Flatten', [name], [batch, length], { axis: 1 }).name
  site.emit('Gemm', [flat, weight, ...bias(param, site, outputs)], [batch, outputs], { transB: turned ? 0 : 1 }, 0)
}
