import type { ElementType } from '../onnx/element-type.ts'
import type { Dim, Graph, ValueInfo } from '../onnx/graph.ts'
import { topology } from '../onnx/topology.ts'
import type { Topology } from '../onnx/topology.ts'
import { guessOutput } from './expected-output.ts'
import { spatialScales } from './graph-geometry.ts'
import { firstConvEvidence, inputEvidence, outputEvidence } from './range-evidence.ts'
import type { RangeEvidence } from './range-evidence.ts'
import type { Preprocess } from './sample.ts'

/** A value and, in words, where it comes from. */
export interface Guess<T> {
  readonly value: T
  readonly how: string
}

export type Layout = 'nchw' | 'nhwc'
export type Color = 'rgb' | 'bgr' | 'y'
export type Levels = readonly [low: number, high: number]

/** How pictures of another size are brought to the size that a model is fixed to. */
export type Fit = 'crop' | 'fill' | 'stretch'

/** The input that takes pictures. */
export interface ExpectedInput {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly Dim[] | null
  readonly layout: Guess<Layout>
  readonly channels: 1 | 3
  readonly color: Guess<Color>
  /** What levels 0 and 255 become. */
  readonly range: Guess<Levels>
  readonly mean: Guess<readonly number[]>
  readonly scale: Guess<readonly number[]>
  /** [height, width] where both are fixed. */
  readonly size: Guess<readonly [number, number] | null>
  /** Height and width must be multiples of it, or the ways through the network do not meet again. */
  readonly multiple: Guess<number>
  readonly fit: Guess<Fit>
}

/** The output that is judged. */
export interface ExpectedOutput {
  readonly name: string
  /** `picture`: one or three channels of at least the input's size; everything else is a `vector`. */
  readonly kind: Guess<'picture' | 'vector'>
  readonly layout: Guess<Layout>
  readonly channels: Guess<number | null>
  readonly color: Guess<Color>
  readonly range: Guess<Levels>
  /** True where the range was only taken over from the input, so that it follows when the recipe sets another. */
  readonly rangeFollowsInput: boolean
  /** Pixels out for each pixel in, along a side; null: not known before the first run. */
  readonly factor: Guess<number | null>
}

/** What a model expects of its samples and what its output means. */
export interface Expectation {
  /** Every input that must be fed. */
  readonly inputs: readonly ValueInfo[]
  /** null: no input takes pictures; only arrays can be samples. */
  readonly input: ExpectedInput | null
  readonly output: ExpectedOutput
  /** Every guess, said aloud. */
  readonly notes: readonly string[]
}

/** What the recipe says of the model's sides; wins over any guess. */
export interface ExpectationParts {
  readonly preprocess?: Partial<Preprocess>
  readonly output?: { readonly kind?: 'picture' | 'vector'; readonly layout?: Layout; readonly color?: Color; readonly range?: Levels; readonly factor?: number }
}

const isPictureChannels = (dim: Dim | undefined): dim is 1 | 3 => dim === 1 || dim === 3

/** Layout and channels of an input by its shape, or by the Conv or Transpose that reads it. */
function layoutOf(graph: Graph, links: Topology, value: ValueInfo): (Guess<Layout> & { readonly channels: 1 | 3 }) | null {
  const dims = value.dims
  if (dims !== null && dims.length !== 4) return null
  if (dims !== null && isPictureChannels(dims[1])) return { value: 'nchw', channels: dims[1], how: `axis 1 of the input has ${dims[1]}` }
  if (dims !== null && isPictureChannels(dims[3])) return { value: 'nhwc', channels: dims[3], how: `the last axis of the input has ${dims[3]}` }
  if (dims !== null && typeof dims[1] === 'number') return null
  for (const node of links.consumers.get(value.name) ?? []) {
    const channels = graph.initializers.get(node.inputs[1] ?? '')?.dims[1]
    if (node.op === 'Conv' && isPictureChannels(channels)) return { value: 'nchw', channels, how: `'${node.name}' reads ${channels} channels of axis 1` }
  }
  return null
}

function colorOf(channels: 1 | 3, evidence: RangeEvidence | undefined): Guess<Color> {
  if (channels === 1) return { value: 'y', how: 'one channel: BT.601 studio luma' }
  if (evidence?.order !== undefined) return { value: evidence.order.color, how: evidence.order.how }
  return { value: 'rgb', how: 'assumed: rgb or bgr cannot be seen in a graph' }
}

/** The largest reduction on the way, when the way back up has to meet it. */
function multipleOf(scales: ReadonlyMap<string, { down: number; across: number }>, picture: boolean): Guess<number> {
  const least = Math.min(...[...scales.values()].map((scale) => Math.min(scale.down, scale.across)))
  const multiple = picture ? Math.round(1 / least) : 1
  return multiple > 1
    ? { value: multiple, how: `the network works at 1/${multiple} of the size in between` }
    : { value: 1, how: 'no reduction that would have to be undone' }
}

function fitOf(graph: Graph, kind: 'picture' | 'vector'): Guess<Fit> {
  if (kind === 'picture') return { value: 'crop', how: 'a picture model sees details as they are: pictures are cropped, not resized' }
  const flat = graph.outputs.every(({ dims }) => dims !== null && (dims.length === 2 || (dims.length === 4 && dims[2] === 1 && dims[3] === 1)))
  return flat
    ? { value: 'fill', how: 'a classifier: the middle of the picture at its own proportions' }
    : { value: 'stretch', how: 'not a classifier: the whole picture, so that positions map back by two factors' }
}

function rangeOf(graph: Graph, links: Topology, { name: input, type }: ValueInfo, output: string | null, own: RangeEvidence | undefined): Guess<Levels> {
  if (type === 'uint8') return { value: [0, 255], how: 'the input takes bytes' }
  if (own !== undefined) return { value: own.range, how: own.how }
  const tail = output === null ? undefined : outputEvidence(graph, links, output)
  if (tail !== undefined) return { value: tail.range, how: `as the output's: ${tail.how}` }
  if (output === null) return { value: [0, 1], how: 'assumed, no mean/std: preprocessing is not written in the model' }
  const conv = firstConvEvidence(graph, links, input)
  return conv === undefined ? { value: [0, 1], how: 'assumed, nothing in the graph says it' } : { value: conv.range, how: conv.how }
}

/** The input's own dims, where both spatial ones are numbers. */
function sizeOf(dims: readonly Dim[] | null, layout: Layout): Guess<readonly [number, number] | null> {
  const [height, width] = layout === 'nchw' ? [dims?.[2], dims?.[3]] : [dims?.[1], dims?.[2]]
  if (typeof height !== 'number' || typeof width !== 'number') return { value: null, how: 'the shape leaves height or width open' }
  return { value: [height, width], how: 'fixed by the shape of the input' }
}

/**
 * What a model expects, read from its graph alone. Guesses that no evidence supports say so in `how`; `notes` holds all of
 * them as sentences. Write the result into the recipe; expectationFrom reads it back.
 */
export function expectationOf(graph: Graph): Expectation {
  const links = topology(graph)
  const takes = graph.inputs.flatMap((value) => {
    const layout = layoutOf(graph, links, value)
    return layout === null ? [] : [{ value, layout }]
  })
  const first = takes[0]
  const scales = first === undefined ? new Map<string, never>() : spatialScales(graph, links, first.value.name)
  const shape = guessOutput(graph, links, first && { value: first.value, layout: first.layout.value }, scales)
  const picture = shape.kind.value === 'picture'
  let input: ExpectedInput | null = null
  if (first !== undefined) {
    const { value, layout } = first
    const own = inputEvidence(graph, links, value.name)
    const channels = layout.channels
    input = {
      name: value.name, type: value.type, dims: value.dims, channels,
      layout: { value: layout.value, how: layout.how },
      color: colorOf(channels, own),
      range: rangeOf(graph, links, value, picture ? shape.name : null, own),
      mean: { value: Array.from({ length: channels }, () => 0), how: 'none' },
      scale: { value: Array.from({ length: channels }, () => 1), how: 'none' },
      size: sizeOf(value.dims, layout.value),
      multiple: multipleOf(scales, picture),
      fit: fitOf(graph, shape.kind.value),
    }
  }
  return withNotes({ inputs: graph.inputs, input, output: { ...shape, ...outputLevels(graph, links, shape, input) }, notes: [] })
}

/** Range and colour of the output: its own evidence, else those of the input. */
function outputLevels(graph: Graph, links: Topology, shape: ReturnType<typeof guessOutput>, input: ExpectedInput | null): Pick<ExpectedOutput, 'range' | 'color' | 'rangeFollowsInput'> {
  const tail = shape.kind.value === 'picture' ? outputEvidence(graph, links, shape.name) : undefined
  const range: Guess<Levels> = tail !== undefined
    ? { value: tail.range, how: tail.how }
    : { value: input?.range.value ?? [0, 1], how: "as the input's" }
  return { range, rangeFollowsInput: tail === undefined, color: outputColor(shape.channels.value, input?.color.value) }
}

function outputColor(channels: number | null, input: Color | undefined): Guess<Color> {
  if (channels === 1) return { value: 'y', how: 'one channel' }
  return { value: input === 'bgr' ? 'bgr' : 'rgb', how: input === 'y' ? 'three channels' : "as the input's" }
}

const SAID = 'the recipe says so'

const say = <T>(guess: Guess<T>, value: T | undefined): Guess<T> => (value === undefined ? guess : { value, how: SAID })

/** One value stands for every channel. */
const perChannel = (values: readonly number[] | undefined, channels: number): readonly number[] | undefined =>
  values?.length === 1 ? Array.from({ length: channels }, () => values[0]!) : values

/** A guess with what the recipe says put over it. Values that only followed from the guessed ones follow the recipe's. */
export function expectationFrom(guess: Expectation, parts: ExpectationParts): Expectation {
  const { preprocess = {}, output = {} } = parts
  const input = guess.input && {
    ...guess.input,
    layout: say(guess.input.layout, preprocess.layout),
    color: say(guess.input.color, preprocess.color),
    range: say<Levels>(guess.input.range, preprocess.range),
    mean: say<readonly number[]>(guess.input.mean, perChannel(preprocess.mean, guess.input.channels)),
    scale: say<readonly number[]>(guess.input.scale, perChannel(preprocess.scale, guess.input.channels)),
  }
  const followed = guess.output.rangeFollowsInput && input ? { ...guess.output.range, value: input.range.value } : guess.output.range
  return withNotes({
    inputs: guess.inputs,
    input,
    output: {
      ...guess.output,
      kind: say(guess.output.kind, output.kind),
      layout: say(guess.output.layout, output.layout),
      range: say<Levels>(followed, output.range),
      rangeFollowsInput: guess.output.rangeFollowsInput && output.range === undefined,
      color: say(input ? outputColor(guess.output.channels.value, input.color.value) : guess.output.color, output.color),
      factor: say<number | null>(guess.output.factor, output.factor),
    },
    notes: [],
  })
}

const text = (value: unknown): string => (Array.isArray(value) ? value.join('..') : String(value))

function withNotes(expectation: Expectation): Expectation {
  const { input, output, inputs } = expectation
  const notes: string[] = []
  if (input === null) notes.push(`No input takes pictures (${inputs.map((value) => value.name).join(', ')}): samples must be arrays (.npy or .npz).`)
  else {
    const size = input.size.value
    notes.push(
      `Input '${input.name}': layout ${input.layout.value} (${input.layout.how}).`,
      `Input '${input.name}': colour ${input.color.value} (${input.color.how}).`,
      `Input '${input.name}': levels 0..255 become ${text(input.range.value)} (${input.range.how}).`,
    )
    if (input.mean.how === SAID || input.scale.how === SAID) notes.push(`Input '${input.name}': mean ${input.mean.value.join(', ')}, scale ${input.scale.value.join(', ')} (${SAID}).`)
    if (size !== null) notes.push(`Input '${input.name}': ${size[0]} rows × ${size[1]} columns (${input.size.how}); other sizes: ${input.fit.value} (${input.fit.how}).`)
    if (input.multiple.value > 1) notes.push(`Input '${input.name}': height and width in multiples of ${input.multiple.value} (${input.multiple.how}).`)
  }
  notes.push(`Output '${output.name}': ${output.kind.value} (${output.kind.how}).`)
  if (output.kind.value === 'picture') {
    notes.push(
      `Output '${output.name}': layout ${output.layout.value} (${output.layout.how}), colour ${output.color.value} (${output.color.how}), levels ${text(output.range.value)} (${output.range.how}).`,
      `Output '${output.name}': factor ${output.factor.value ?? 'not known yet'} (${output.factor.how}).`,
    )
  }
  return { ...expectation, notes }
}
