import { int64List } from '../../onnx/tensor.ts'
import { kernelOf, padsOf, pictureDims, stridesOf } from './convolution.ts'
import type { Convert } from './site.ts'

/**
 * Caffe counts windows with ceil where ONNX counts with floor; windows that begin beyond the padded picture are left out where there is
 * padding. The sizes are known, so what the last windows lack becomes padding at the end. An average divides by the part of its window
 * that lies in the padded picture: the padding is put on by itself, and what lies beyond it is not counted.
 * Rule: BVLC/caffe, src/caffe/layers/pooling_layer.cpp.
 */
export const pooling: Convert = (site) => {
  const param = site.layer.message('pooling_param')
  const [batch, channels, ...sides] = pictureDims(site)
  const method = param.text('pool', 'MAX').toUpperCase()
  if (method !== 'MAX' && method !== 'AVE' && method !== '0' && method !== '1') site.refuse(`pooling by ${method}`)
  const isMax = method === 'MAX' || method === '0'
  const { name } = site.inputs[0]!
  if (param.flag('global_pooling', false)) {
    site.emit(isMax ? 'GlobalMaxPool' : 'GlobalAveragePool', [name], [batch, channels, 1, 1], {}, 0)
    return
  }
  const [kernel, strides, pads] = [kernelOf(param, site), stridesOf(param, site), padsOf(param, site)]
  const round = /^(floor|1)$/i.test(param.text('round_mode', 'CEIL')) || !param.flag('ceil_mode', true) ? Math.floor : Math.ceil
  const counts = sides.map((side, axis) => {
    const [k, s, p] = [kernel[axis]!, strides[axis]!, pads[axis]!]
    const count = round((side + 2 * p - k) / s) + 1
    return (pads[0] > 0 || pads[1] > 0) && (count - 1) * s >= side + p ? count - 1 : count
  })
  if (counts.some((count) => count < 1)) site.refuse(`its kernel is larger than its input [${site.inputs[0]!.dims.join(', ')}]`)
  /** What the last window needs beyond `side` and the padding before it. */
  const ends = counts.map((count, axis) => (count - 1) * strides[axis]! + kernel[axis]! - sides[axis]! - pads[axis]!)
  if (ends.some((end, axis) => end >= kernel[axis]!)) site.refuse('its last window lies beyond the picture, where Caffe itself computes nothing sensible', 'Make the stride no larger than the kernel.')
  const shape = [batch, channels, ...counts]
  if (isMax) {
    site.emit('MaxPool', [name], shape, { kernel_shape: [...kernel], strides: [...strides], pads: [...pads, ...ends.map((end) => Math.max(0, end))] }, 0)
    return
  }
  const isPadded = pads.some((pad) => pad > 0)
  const from = isPadded
    ? site.emit('Pad', [name, site.constant(`${site.name}_pads`, int64List([0, 0, ...pads, 0, 0, ...pads]))], [batch, channels, ...sides.map((side, axis) => side + 2 * pads[axis]!)], { mode: 'constant' }).name
    : name
  const beyond = ends.map((end, axis) => Math.max(0, end - (isPadded ? pads[axis]! : 0)))
  site.emit('AveragePool', [from], shape, { kernel_shape: [...kernel], strides: [...strides], pads: [0, 0, ...beyond], count_include_pad: 0 }, 0)
}
