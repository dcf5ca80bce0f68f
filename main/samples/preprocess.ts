import { Fault } from '../core/fault.ts'
import { roundHalfEven } from '../core/round.ts'
import type { Tensor } from '../onnx/graph.ts'
import { tensor } from '../onnx/tensor.ts'
import type { ExpectedInput, Expectation } from './expectation.ts'
import type { Picture, Preprocess } from './sample.ts'

type Size = readonly [height: number, width: number]

export type Role = 'calibration' | 'evaluation'

function perChannel(name: string, values: readonly number[] | undefined, guess: readonly number[], channels: number): readonly number[] {
  if (values === undefined) return guess
  if (values.length === 1) return Array.from({ length: channels }, () => values[0]!)
  if (values.length === channels) return values
  throw new Fault({ code: 'recipe.preprocess', where: `preprocess.${name}`, what: `${values.length} values are given, the model has ${channels} channels`, next: 'Give one value, or one a channel.' })
}

function checkColor(color: Preprocess['color'], input: ExpectedInput): void {
  if ((color === 'y') === (input.channels === 1)) return
  const next = input.channels === 1 ? 'Set color to y.' : 'Set color to rgb or bgr.'
  throw new Fault({ code: 'recipe.preprocess', where: 'preprocess.color', what: `color ${color} does not make the ${input.channels} channels of the model's input '${input.name}'`, next })
}

function checkLayout(layout: Preprocess['layout'], input: ExpectedInput): void {
  const axis = layout === 'nchw' ? 1 : 3
  const dim = input.dims?.[axis]
  if (typeof dim !== 'number' || dim === input.channels) return
  const what = `layout ${layout} puts the ${input.channels} channels on axis ${axis}, where the model's input '${input.name}' has ${dim}`
  throw new Fault({ code: 'recipe.preprocess', where: 'preprocess.layout', what, next: `Set layout to ${layout === 'nchw' ? 'nhwc' : 'nchw'}, or leave it out.` })
}

function checkNumbers(preprocess: Preprocess): void {
  const { range, scale, resize, crop, pad } = preprocess
  const sides = [...(resize?.size ?? []), ...(crop?.size ?? []), ...(pad === undefined ? [] : [pad.multiple])]
  const wrong = sides.find((side) => !Number.isInteger(side) || side < 1 || side > 16384)
  if (wrong !== undefined) throw new Fault({ code: 'recipe.preprocess', where: 'preprocess', what: `${wrong} is not a number of pixels`, next: 'Give whole numbers from 1 to 16384, height first.' })
  if (range[0] === range[1] || scale.some((value) => value === 0)) {
    throw new Fault({ code: 'recipe.preprocess', where: 'preprocess', what: 'range or scale makes every pixel the same value', next: 'Give a range with two different ends and scales that are not 0.' })
  }
}

/** How pictures of these sizes are brought to what the input takes, when the recipe says neither resize nor crop. */
function proposal(input: ExpectedInput, role: Role, sizes: readonly Size[]): { change: Partial<Preprocess>; note?: string } {
  const size = input.size.value
  if (size === null) {
    const multiple = input.multiple.value
    if (sizes.every(([height, width]) => height % multiple === 0 && width % multiple === 0)) return { change: {} }
    return { change: { pad: { multiple } }, note: `Pictures are padded to multiples of ${multiple}: ${input.multiple.how}.` }
  }
  const [height, width] = size
  if (sizes.every((each) => each[0] === height && each[1] === width)) return { change: {} }
  const wanted = `The model takes ${width}×${height} pixels only, the pictures have other sizes:`
  if (input.fit.value !== 'crop') {
    const mode = input.fit.value
    const how = mode === 'fill' ? 'scaled to cover it and cut at the middle' : 'stretched to it'
    return { change: { resize: { mode, size, kernel: 'bilinear' } }, note: `${wanted} they are ${how} (${input.fit.how}).` }
  }
  if (sizes.every((each) => each[0] >= height && each[1] >= width)) {
    const mode = role === 'calibration' ? 'random' : 'center'
    return { change: { crop: { mode, size } }, note: `${wanted} a ${mode} part of each is taken, nothing is resized.` }
  }
  const change: Partial<Preprocess> = { resize: { mode: 'fill', size, kernel: 'bicubic' } }
  return { change, note: `${wanted} some are smaller, so all are scaled to cover it and cut at the middle, references alike. Numbers are not those of the unscaled pictures.` }
}

/**
 * A whole Preprocess: what the recipe says, else what the graph lets guess, else a way to a fixed size. `notes` says what was
 * proposed. `sizes` are those of the pictures. Throws a `recipe.preprocess` Fault for impossible values.
 */
export function completePreprocess(expectation: Expectation, given: Partial<Preprocess>, role: Role, sizes: readonly Size[]): { preprocess: Preprocess; notes: string[] } {
  const input = expectation.input
  if (input === null) throw new Fault({ code: 'samples.not-pictures', what: 'no input of this model takes pictures', next: 'Give samples as .npy or .npz arrays named like the inputs.' })
  const base: Preprocess = {
    color: given.color ?? input.color.value,
    range: given.range ?? input.range.value,
    mean: perChannel('mean', given.mean, input.mean.value, input.channels),
    scale: perChannel('scale', given.scale, input.scale.value, input.channels),
    layout: given.layout ?? input.layout.value,
    ...(given.resize === undefined ? {} : { resize: given.resize }),
    ...(given.crop === undefined ? {} : { crop: given.crop }),
    ...(given.pad === undefined ? {} : { pad: given.pad }),
  }
  checkColor(base.color, input)
  checkLayout(base.layout, input)
  checkNumbers(base)
  if (given.resize !== undefined || given.crop !== undefined || given.pad !== undefined) return { preprocess: base, notes: [] }
  const { change, note } = proposal(input, role, sizes)
  return { preprocess: { ...base, ...change }, notes: note === undefined ? [] : [note] }
}

/**
 * A picture as a model's input of batch 1: colours in order, levels 0..255 onto `range`, then `(v - mean) * scale` a channel,
 * layout. float32, or uint8 (rounded half to even) where the input is uint8. The picture's planes must fit the colour.
 */
export function toTensor(picture: Picture, preprocess: Preprocess, type: 'float32' | 'uint8'): Tensor {
  const { width, height } = picture
  const channels = preprocess.color === 'y' ? 1 : 3
  const size = width * height
  const nhwc = preprocess.layout === 'nhwc'
  const values = type === 'uint8' ? new Uint8ClampedArray(channels * size) : new Float32Array(channels * size)
  const [low, high] = preprocess.range
  for (let channel = 0; channel < channels; channel++) {
    const from = (preprocess.color === 'bgr' ? 2 - channel : channel) * size
    const [to, step] = nhwc ? [channel, channels] : [channel * size, 1]
    const [mean, scale] = [preprocess.mean[channel]!, preprocess.scale[channel]!]
    for (let i = 0; i < size; i++) {
      const value = (low + (picture.data[from + i]! * (high - low)) / 255 - mean) * scale
      values[to + i * step] = type === 'uint8' ? roundHalfEven(value) : value
    }
  }
  const dims = nhwc ? [1, height, width, channels] : [1, channels, height, width]
  return tensor(type, dims, values instanceof Uint8ClampedArray ? new Uint8Array(values.buffer) : values)
}
