import { intAttribute } from '../../onnx/attribute.ts'
import type { Tensor } from '../../onnx/graph.ts'
import { elementCount, integers } from '../../onnx/tensor.ts'
import { noGradient, type Site } from './site.ts'
import type { Tape } from './tape.ts'

/** Where a part of a tensor begins and how far apart its values lie, an entry an axis. */
interface Place {
  readonly starts: readonly number[]
  readonly steps: readonly number[]
}

/** A part of `dims` back in its place in a tensor of the sizes `whole`, 0 around and between. */
export function placed(tape: Tape, part: string, dims: readonly number[], { starts, steps }: Place, whole: readonly number[]): string {
  const axes = dims.flatMap((size, axis) => (steps[axis]! > 1 ? [{ size, gap: 0 }, { size: 1, gap: steps[axis]! - 1 }] : [{ size, gap: 0 }]))
  const between = axes.length === dims.length ? part : tape.add('Reshape', [
    tape.add('Pad', [tape.add('Reshape', [part, tape.list(axes.map(({ size }) => size))]), tape.list([...axes.map(() => 0), ...axes.map(({ gap }) => gap)])]), tape.list(dims.map((size, axis) => size * steps[axis]!)),
  ])
  // Behind the last value there may be less than a whole step: a negative pad takes the rest away.
  const ends = whole.map((size, axis) => size - starts[axis]! - dims[axis]! * steps[axis]!)
  return [...starts, ...ends].every((amount) => amount === 0) ? between : tape.add('Pad', [between, tape.list([...starts, ...ends])])
}

const constantsOf = ({ node, forward }: Site, what: string): (Tensor | undefined)[] => node.inputs.slice(1).map((name) => {
  const found = forward.graph.initializers.get(name)
  if (!found && name !== '') throw noGradient(node, what)
  return found
})

/** What was cut out goes back into its place. */
export function slice(site: Site): string[] {
  const { node, gradient, tape, forward } = site
  const [starts, , axes, steps] = constantsOf(site, 'fine-tuning knows the gradient of a Slice with constant starts, axes and steps')
  const [from, to] = [forward.dims(node.inputs[0]!), forward.dims(node.outputs[0]!)]
  const begins = integers(starts!)
  const named = axes ? integers(axes).map((axis) => (axis < 0 ? axis + from.length : axis)) : begins.map((_, axis) => axis)
  const strides = steps ? integers(steps) : begins.map(() => 1)
  if (strides.some((step) => step < 0)) throw noGradient(node, 'fine-tuning knows no gradient of a Slice that goes backwards')
  const place = { starts: from.map(() => 0), steps: from.map(() => 1) }
  for (const [index, axis] of named.entries()) {
    const size = from[axis]!
    place.starts[axis] = Math.min(size, Math.max(0, begins[index]! < 0 ? begins[index]! + size : begins[index]!))
    place.steps[axis] = strides[index]!
  }
  return [placed(tape, gradient, to, place, from)]
}

/** Every slice that was taken goes back to where it was, 0 to the others. */
export function gather(site: Site): string[] {
  const { node, gradient, tape, forward } = site
  const [indices] = constantsOf(site, 'fine-tuning knows the gradient of a Gather with constant indices')
  const from = forward.dims(node.inputs[0]!)
  const given = intAttribute(node, 'axis', 0)
  const axis = given < 0 ? given + from.length : given
  const size = from[axis]!
  const taken = integers(indices!).map((index) => (index < 0 ? index + size : index))
  if (new Set(taken).size < taken.length) throw noGradient(node, 'fine-tuning knows the gradient of a Gather that takes no slice twice')
  const flat = tape.add('Reshape', [gradient, tape.list([...from.slice(0, axis), elementCount(indices!.dims), ...from.slice(axis + 1)])])
  // One slice of zeros behind them stands for all that were not taken.
  const withZeros = tape.add('Pad', [flat, tape.list([...from.map(() => 0), ...from.map((_, at) => (at === axis ? 1 : 0))])])
  const places = Array.from({ length: size }, (_, at) => (taken.includes(at) ? taken.indexOf(at) : taken.length))
  return [tape.add('Gather', [withZeros, tape.list(places)], { axis })]
}
