import { attributesOf, floatAttribute, floatsAttribute, int64sAttribute, intAttribute, stringAttribute } from './attribute.ts'
import { withAttributes } from './edit.ts'
import type { Node } from './graph.ts'
import type { Change, RaiseContext } from './opset.ts'
import { elementCount, float32, float32List, int64List, tensor, tensorOfNumbers } from './tensor.ts'

/** The node with its inputs replaced; '' at the end is dropped. */
function withInputList(node: Node, inputs: readonly string[]): Node {
  const end = inputs.findLastIndex((name) => name !== '')
  return { ...node, inputs: inputs.slice(0, end + 1) }
}

const text = (value: string) => ({ kind: 'string', value }) as const

/** The list of an attribute as an initializer; '' where the attribute is not given. */
function listInput(node: Node, name: string, context: RaiseContext): string {
  const values = int64sAttribute(node, name)
  return values === undefined ? '' : context.add(`${node.name}_${name}`, tensor('int64', [values.length], values))
}

/** An attribute that is a list becomes the second input, where it is given. */
const listToInput = (node: Node, name: string, context: RaiseContext): Node[] => {
  if (!node.attributes.has(name)) return [node]
  return [withInputList(withAttributes(node, { [name]: undefined }), [node.inputs[0]!, listInput(node, name, context)])]
}

/** Squeeze, Unsqueeze and the reductions: `axes` becomes the second input. */
export const axesToInput: Change = (node, context) => listToInput(node, 'axes', context)

/** A scalar of the model's float type. */
function scalar(node: Node, role: string, value: number, context: RaiseContext): string {
  const type = context.floatType
  if (type === null) throw context.refuse(node, 'the model mixes float32 and float64')
  return context.add(`${node.name}_${role}`, tensorOfNumbers(type, [], [value]))
}

/** Clip: `min` and `max` become inputs. */
export const clip11: Change = (node, context) => {
  const bound = (name: 'min' | 'max'): string => {
    const value = floatAttribute(node, name, undefined)
    return value === undefined ? '' : scalar(node, name, value, context)
  }
  return [withInputList(withAttributes(node, { min: undefined, max: undefined }), [node.inputs[0]!, bound('min'), bound('max')])]
}

/** Pad: `pads` and `value` become inputs. */
export const pad11: Change = (node, context) => {
  if (!node.attributes.has('pads')) throw context.refuse(node, "it has no attribute 'pads'")
  const value = stringAttribute(node, 'mode', 'constant') === 'constant' ? floatAttribute(node, 'value', 0) : 0
  const filling = value === 0 ? '' : scalar(node, 'value', value, context)
  return [withInputList(withAttributes(node, { pads: undefined, value: undefined }), [node.inputs[0]!, listInput(node, 'pads', context), filling])]
}

/** Slice: `starts`, `ends` and `axes` become inputs. */
export const slice10: Change = (node, context) => {
  const lists = ['starts', 'ends', 'axes'].map((name) => listInput(node, name, context))
  return [withInputList(withAttributes(node, { starts: undefined, ends: undefined, axes: undefined }), [node.inputs[0]!, ...lists])]
}

/** Split: the sizes become an input. */
export const split13: Change = (node, context) => listToInput(node, 'split', context)

/** Split: without sizes the number of parts must be said. */
export const split18: Change = (node) =>
  node.inputs.length > 1 ? [node] : [withAttributes(node, { num_outputs: { kind: 'int', value: BigInt(node.outputs.length) } })]

/** TopK: `k` becomes an input. */
export const topK10: Change = (node, context) => {
  const k = intAttribute(node, 'k', undefined)
  if (k === undefined) throw context.refuse(node, "it has no attribute 'k'")
  return [withInputList(withAttributes(node, { k: undefined }), [node.inputs[0]!, context.add(`${node.name}_k`, int64List([k]))])]
}

/** BatchNormalization: statistics for each pixel (`spatial` 0) are gone. */
export const batchNormalization9: Change = (node, context) => {
  if (intAttribute(node, 'spatial', 1) !== 1) throw context.refuse(node, "statistics for each pixel ('spatial' 0) no longer exist")
  return node.attributes.has('spatial') ? [withAttributes(node, { spatial: undefined })] : [node]
}

/** BatchNormalization: outputs beyond the first meant training and now mean something else. */
export const batchNormalization14: Change = (node, context) => {
  if (node.outputs.slice(1).some((name) => name !== '')) throw context.refuse(node, 'it is in training form (several outputs)')
  return [node]
}

/** AveragePool: with `ceil_mode`, padding past the declared border is no longer counted. */
export const averagePool19: Change = (node, context) => {
  if (intAttribute(node, 'ceil_mode', 0) === 1 && intAttribute(node, 'count_include_pad', 0) === 1) {
    throw context.refuse(node, "the average at the border changed where 'ceil_mode' and 'count_include_pad' are both set")
  }
  return [node]
}

/**
 * Softmax and its kin: up to opset 12 everything from `axis` on is one row; from 13 on `axis` alone is. The same where `axis` is the
 * last dimension or only ones follow; else the flattening is written out: Flatten → Softmax → Reshape to the shape of the input.
 */
export const softmax13: Change = (node, context) => {
  const axis = intAttribute(node, 'axis', 1)
  const input = node.inputs[0]!
  if (isRow(input, axis, context)) return [withAttributes(node, { axis: { kind: 'int', value: BigInt(axis) } })]
  const [shape, flat, rows] = ['shape', 'flat', 'rows'].map((part) => context.name(`${node.outputs[0]}_${part}`)) as [string, string, string]
  const extra = (op: string, inputs: string[], output: string, attributes = {}): Node =>
    ({ name: context.name(`${node.name}_${op}`), op, domain: '', inputs, outputs: [output], attributes: attributesOf(attributes) })
  return [
    extra('Shape', [input], shape),
    extra('Flatten', [input], flat, { axis }),
    { ...withAttributes(node, { axis: { kind: 'int', value: 1n } }), inputs: [flat], outputs: [rows] },
    extra('Reshape', [rows, shape], node.outputs[0]!),
  ]
}

function isRow(input: string, axis: number, context: RaiseContext): boolean {
  if (axis === -1) return true
  const dims = context.dims(input)
  if (dims !== null) return dims.slice((axis < 0 ? axis + dims.length : axis) + 1).every((dim) => dim === 1)
  // Exporters often leave inner shapes out; the classifier's usual tail is known without them.
  return axis === 1 && ['GlobalAveragePool', 'GlobalMaxPool'].includes(context.producer(input)?.op ?? '')
}

/** Upsample: `scales` becomes an input. */
export const upsample9: Change = (node, context) => {
  const scales = floatsAttribute(node, 'scales', undefined)
  if (scales === undefined) throw context.refuse(node, "it has no attribute 'scales'")
  return [withInputList(withAttributes(node, { scales: undefined }), [node.inputs[0]!, context.add(`${node.name}_scales`, float32List(scales))])]
}

/** Upsample becomes Resize. It looks up `floor(i / scale)`, or interpolates around `i / scale`. */
export const upsample10: Change = (node) => [asymmetric({ ...node, op: 'Resize' }, 'floor')]

/** Resize as it was before it could be told how: coordinates `i / scale`. */
function asymmetric(node: Node, nearestMode: 'floor' | 'ceil'): Node {
  const told = withAttributes(node, { coordinate_transformation_mode: text('asymmetric'), nearest_mode: text(nearestMode) })
  return { ...told, inputs: [node.inputs[0]!, '', node.inputs[1]!] }
}

/**
 * Resize: coordinates and rounding can be told. ONNX Runtime rounded down where it enlarged and up where it shrank, so the direction
 * must be known for `nearest`.
 */
export const resize11: Change = (node, context) => {
  // One that was an Upsample is told already.
  if (node.attributes.has('coordinate_transformation_mode')) return [node]
  if (stringAttribute(node, 'mode', 'nearest') !== 'nearest') return [asymmetric(node, 'floor')]
  const scales = context.constant(node.inputs[1]!)
  if (scales === undefined) throw context.refuse(node, 'its scales are computed, so it is not known whether it enlarges or shrinks')
  const values = [...float32(scales)]
  if (values.every((scale) => scale >= 1)) return [asymmetric(node, 'floor')]
  if (values.every((scale) => scale <= 1)) return [asymmetric(node, 'ceil')]
  throw context.refuse(node, 'it enlarges one axis and shrinks another')
}

/** Resize: `tf_half_pixel_for_nn` is gone; unused inputs are left out instead of given empty. */
export const resize13: Change = (node, context) => {
  const mode = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel')
  if (mode === 'tf_half_pixel_for_nn') throw context.refuse(node, "'tf_half_pixel_for_nn' no longer exists")
  const [input, roi = '', scales = '', sizes = ''] = node.inputs
  const isEmpty = (name: string): boolean => context.constant(name)?.dims.includes(0) ?? false
  const inputs = [input!, mode === 'tf_crop_and_resize' ? roi : '', isEmpty(scales) ? '' : scales, sizes]
  return [withInputList(node, inputs)]
}

/** RoiAlign: the meaning of coordinates can be told; the default is another. */
export const roiAlign16: Change = (node) =>
  node.attributes.has('coordinate_transformation_mode')
    ? [node]
    : [withAttributes(node, { coordinate_transformation_mode: text('output_half_pixel') })]

/** GridSample: the modes are named as in Resize. */
export const gridSample20: Change = (node) => {
  const renamed: Record<string, string> = { bilinear: 'linear', bicubic: 'cubic' }
  const mode = stringAttribute(node, 'mode', 'bilinear')
  return [withAttributes(node, { mode: text(renamed[mode] ?? mode) })]
}

/** GroupNormalization: scale and bias are given for each channel instead of each group. */
export const groupNormalization21: Change = (node, context) => {
  const groups = intAttribute(node, 'num_groups', undefined)
  const channels = context.dims(node.inputs[0]!)?.[1]
  if (groups === undefined || typeof channels !== 'number' || channels % groups !== 0) {
    throw context.refuse(node, 'its number of channels is not known')
  }
  const spread = (name: string, role: string): string => {
    const values = context.constant(name)
    if (values === undefined || elementCount(values.dims) !== groups) throw context.refuse(node, `its ${role} is not a constant for each group`)
    const perGroup = float32(values)
    const each = channels / groups
    const perChannel = Float32Array.from({ length: channels }, (_, channel) => perGroup[Math.floor(channel / each)]!)
    return context.add(`${node.name}_${role}`, tensor('float32', [channels], perChannel))
  }
  return [{ ...node, inputs: [node.inputs[0]!, spread(node.inputs[1]!, 'scale'), spread(node.inputs[2]!, 'bias')] }]
}

/** Scatter goes by another name. */
export const scatter11: Change = (node) => [{ ...node, op: 'ScatterElements' }]

/** Scan lost its batch axis. */
export const scan9: Change = (node, context) => {
  throw context.refuse(node, 'it no longer has a batch axis')
}
