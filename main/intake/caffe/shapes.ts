import { elementCount } from '../../onnx/tensor.ts'
import { axisOf, shapeTensor } from './arithmetic.ts'
import type { Convert } from './site.ts'

export const concat: Convert = (site) => {
  const param = site.layer.message('concat_param')
  const rank = site.inputs[0]!.dims.length
  const axis = axisOf(param.has('axis') ? param.number('axis', 1) : param.number('concat_dim', 1), rank)
  const alike = site.inputs.every(({ dims }) => dims.length === rank && dims.every((dim, index) => index === axis || dim === site.inputs[0]!.dims[index]))
  if (!alike) site.refuse(`its inputs do not fit together: ${site.inputs.map(({ dims }) => `[${dims.join(', ')}]`).join(', ')}`)
  const dims = site.inputs[0]!.dims.map((dim, index) => (index === axis ? site.inputs.reduce((sum, input) => sum + input.dims[axis]!, 0) : dim))
  site.emit('Concat', site.inputs.map(({ name }) => name), dims, { axis }, 0)
}

export const slice: Convert = (site) => {
  const param = site.layer.message('slice_param')
  const { name, dims } = site.inputs[0]!
  const axis = axisOf(param.has('axis') ? param.number('axis', 1) : param.number('slice_dim', 1), dims.length)
  const inner = param.numbers('slice_point')
  const even = Array.from({ length: site.tops - 1 }, (_, index) => ((index + 1) * dims[axis]!) / site.tops)
  const points = [0, ...(inner.length === 0 ? even : inner), dims[axis]!]
  if (points.length !== site.tops + 1 || points.some((point, index) => !Number.isInteger(point) || (index > 0 && point <= points[index - 1]!))) site.refuse('it is cut at places that do not fit')
  for (let top = 0; top < site.tops; top++) {
    const [from, to] = [points[top]!, points[top + 1]!]
    const list = (wish: string, value: number): string => site.constant(`${site.name}_${wish}`, shapeTensor([value]))
    site.emit('Slice', [name, list('from', from), list('to', to), list('axis', axis)], dims.map((dim, index) => (index === axis ? to - from : dim)), {}, top)
  }
}

export const permute: Convert = (site) => {
  const { name, dims } = site.inputs[0]!
  const given = site.layer.message('permute_param').numbers('order')
  const perm = [...given, ...dims.map((_, axis) => axis).filter((axis) => !given.includes(axis))]
  if (perm.length !== dims.length || new Set(perm).size !== dims.length) site.refuse(`the order ${given.join(' ')} is none of ${dims.length} axes`)
  site.emit('Transpose', [name], perm.map((axis) => dims[axis]!), { perm }, 0)
}

export const flatten: Convert = (site) => {
  const param = site.layer.message('flatten_param')
  const { name, dims } = site.inputs[0]!
  const [from, to] = [axisOf(param.number('axis', 1), dims.length), axisOf(param.number('end_axis', -1), dims.length)]
  reshapeTo(site, name, [...dims.slice(0, from), elementCount(dims.slice(from, to + 1)), ...dims.slice(to + 1)])
}

/** 0 copies a size, -1 is what is left; only the axes from `axis` on, `num_axes` of them. */
export const reshape: Convert = (site) => {
  const param = site.layer.message('reshape_param')
  const { name, dims } = site.inputs[0]!
  const from = axisOf(param.number('axis', 0), dims.length + (param.number('axis', 0) < 0 ? 1 : 0))
  const count = param.number('num_axes', -1) === -1 ? dims.length - from : param.number('num_axes', -1)
  const wished = param.message('shape').numbers('dim').map((dim, index) => (dim === 0 ? dims[from + index]! : dim))
  const known = elementCount([...dims.slice(0, from), ...wished.filter((dim) => dim > 0), ...dims.slice(from + count)])
  const made = [...dims.slice(0, from), ...wished.map((dim) => (dim === -1 ? elementCount(dims) / known : dim)), ...dims.slice(from + count)]
  if (elementCount(made) !== elementCount(dims) || made.some((dim) => !Number.isInteger(dim))) site.refuse(`[${dims.join(', ')}] cannot be seen as [${made.join(', ')}]`)
  reshapeTo(site, name, made)
}

function reshapeTo(site: Parameters<Convert>[0], name: string, dims: readonly number[]): void {
  // The batch stays open: 0 copies it.
  const shape = site.constant(`${site.name}_shape`, shapeTensor(dims[0] === site.inputs[0]!.dims[0] ? [0, ...dims.slice(1)] : dims))
  site.emit('Reshape', [name, shape], dims, {}, 0)
}

/** The part of the first input that the second covers. */
export const crop: Convert = (site) => {
  const param = site.layer.message('crop_param')
  const [first, second] = site.inputs
  if (second === undefined) return site.refuse('it has no second input')
  const axis = axisOf(param.number('axis', 2), first!.dims.length)
  const offsets = param.numbers('offset')
  const axes = first!.dims.map((_, index) => index).slice(axis)
  const starts = axes.map((_, index) => offsets[offsets.length === 1 ? 0 : index] ?? 0)
  const ends = axes.map((at, index) => starts[index]! + second.dims[at]!)
  if (ends.some((end, index) => end > first!.dims[axes[index]!]!)) site.refuse('the part lies outside')
  const list = (wish: string, values: readonly number[]): string => site.constant(`${site.name}_${wish}`, shapeTensor(values))
  site.emit('Slice', [first!.name, list('from', starts), list('to', ends), list('axes', axes)], first!.dims.map((dim, at) => (at < axis ? dim : second.dims[at]!)), {}, 0)
}
