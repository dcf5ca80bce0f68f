import { Fault } from '../../core/fault.ts'
import type { Tensor } from '../../onnx/graph.ts'
import { float32, integers, isFloat } from '../../onnx/tensor.ts'
import type { Choice } from '../../samples/choose-samples.ts'
import type { Expectation } from '../../samples/expectation.ts'
import { geometryOf, type Geometry } from '../../samples/geometry.ts'
import { loadSample } from '../../samples/open-samples.ts'
import type { Picture, Preprocess } from '../../samples/sample.ts'
import { spellingsOf, type Spelling } from '../../samples/spellings.ts'
import { boardOf, learnBoard, outcomeOf, type ArrayBoard, type Outcome, type PictureBoard, type ViewedPart } from './sample-board.ts'
import { smallPicture } from './sample-memory.ts'
import { thumbnailOf } from './pictures.ts'

/** `model`: values as the graph lets guess that the model reads them. `stretched`: the least value black, the greatest white. */
export type Reading = 'model' | 'stretched'

export interface PreviewQuestion extends ViewedPart {
  /** Place in `names` of the look. */
  readonly file: number
  /** Which of the samples that are made of it. */
  readonly crop: number
  readonly as: Reading
}

interface Shown {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
  /** Its size before it was made small for the window. */
  readonly full: readonly [height: number, width: number]
}

export interface SamplePreview {
  /** Null where no sample is made of the file. */
  readonly id: string | null
  /** False: shown as if it were a sample; the draw left it out. */
  readonly isDrawn: boolean
  /** The file's pixels; null for arrays. */
  readonly before: Shown | null
  /** Part of the file's pixels that goes in: shares of its width and height; null where all of it does. */
  readonly region: { readonly left: number; readonly top: number; readonly width: number; readonly height: number } | null
  /** What the model gets, as a picture; null where it gets none. */
  readonly after: Shown | null
  /** Values that stand for black and white in `after`, and the share that lies outside of them. */
  readonly levels: { readonly low: number; readonly high: number; readonly outside: number } | null
  readonly tensor: { readonly input: string; readonly type: string; readonly dims: readonly number[]; readonly layout: string | null; readonly color: string | null } | null
  readonly channels: readonly ChannelFacts[]
  readonly spellings: readonly Spelling[]
  /** Why no sample can be made of the file. */
  readonly why: string | null
}

export interface ChannelFacts {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly mean: number
}

const SIDE = 512
const HEADERS_MS = 4_000

/** One file before and after preprocessing. Throws `samples.*` and `recipe.*` for what cannot be fed. */
export async function samplePreviewJob({ file, crop, as, ...viewed }: PreviewQuestion): Promise<SamplePreview> {
  const board = await boardOf(viewed)
  if (board.kind === 'arrays') return arrayPreview(board, file, as)
  const picture = board.pairing.samples[file]
  if (picture === undefined) throw unknownSample(file, board.pairing.samples.length)
  if (!(await learnBoard(board, performance.now() + HEADERS_MS))) {
    throw new Fault({ code: 'samples.not-known', where: board.folder, what: 'the pictures are still being looked through', next: 'Wait until the list is complete.' })
  }
  const outcome = await outcomeOf(board, viewed.part)
  const reason = outcome.unusable.reasonFor(picture.path)
  const before = reason?.code === 'samples.picture' ? null : shown(await smallPicture(picture.path, SIDE))
  const nothing = { id: null, isDrawn: false, before, region: null, after: null, levels: null, tensor: null, channels: [], spellings: outcome.preprocess === null ? [] : spellingsOf(outcome.preprocess) }
  if (outcome.preprocess === null && outcome.fault !== null) throw outcome.fault
  if (reason || outcome.preprocess === null) return { ...nothing, why: reason?.why ?? 'no picture can be used' }
  const choice = choiceOf(board, outcome, outcome.preprocess, picture.path, crop)
  if ('refused' in choice) return { ...nothing, why: choice.refused }
  const { expectation } = board
  const sample = await loadSample(choice.choice, 0, outcome.preprocess, expectation)
  const [height, width] = choice.choice.candidate.size
  return {
    ...nothing, id: choice.choice.id, isDrawn: choice.isDrawn, why: null,
    before: before && { ...before, full: [height, width] },
    region: regionOf(choice.choice.geometry, [height, width]),
    ...tensorFacts(sample.feeds[expectation.input!.name]!, board.guess, as, outcome.preprocess, expectation.input!.name),
  }
}

const unknownSample = (index: number, count: number): Fault =>
  new Fault({ code: 'input.unknown-sample', where: `file ${index}`, what: `there are ${count}`, next: 'Look at the list again: it may have changed.' })

/** The sample that is drawn from a file, or the one that would be. */
function choiceOf({ wish, expectation }: PictureBoard, { choices, candidates }: Outcome, preprocess: Preprocess, path: string, crop: number): { choice: Choice; isDrawn: boolean } | { refused: string } {
  const drawn = choices.filter(({ candidate }) => candidate.path === path)
  const choice = drawn[Math.min(crop, drawn.length - 1)]
  if (choice) return { choice, isDrawn: true }
  const index = candidates.findIndex((candidate) => candidate.path === path)
  const candidate = candidates[index]
  if (candidate === undefined) return { refused: 'no sample can be made of it' }
  const geometry = geometryOf(candidate.size, preprocess, expectation.input!.size.value !== null, wish.seed, index)
  return 'refused' in geometry ? geometry : { choice: { id: candidate.name, candidate, geometry }, isDrawn: false }
}

/** Where the window of a geometry lies in the file's own pixels. */
function regionOf({ resize, window }: Geometry, [height, width]: readonly [number, number]): SamplePreview['region'] {
  const [down, across] = resize ?? [height, width]
  if (window === undefined || (window.size[0] === down && window.size[1] === across)) return null
  return { left: window.left / across, top: window.top / down, width: window.size[1] / across, height: window.size[0] / down }
}

async function arrayPreview({ samples, guess }: ArrayBoard, index: number, as: Reading): Promise<SamplePreview> {
  if (index >= samples.count) throw unknownSample(index, samples.count)
  const { id, feeds } = await samples.load(index)
  const input = guess.input?.name ?? Object.keys(feeds)[0]!
  return { id, isDrawn: true, before: null, region: null, spellings: [], why: null, ...tensorFacts(feeds[input]!, guess, as, null, input) }
}

type TensorFacts = Pick<SamplePreview, 'after' | 'levels' | 'tensor' | 'channels'>

function tensorFacts(tensor: Tensor, guess: Expectation, as: Reading, preprocess: Preprocess | null, input: string): TensorFacts {
  const values = isFloat(tensor.type) ? float32(tensor) : Float32Array.from(integers(tensor))
  const layout = preprocess?.layout ?? guess.input?.layout.value ?? null
  const facts = { input, type: tensor.type, dims: tensor.dims, layout, color: preprocess?.color ?? null }
  const planes = layout === null ? null : planesOf(values, tensor.dims, layout)
  if (planes === null || guess.input === null) return { after: null, levels: null, tensor: facts, channels: [{ name: '', ...rangeOf(values) }] }
  const color = preprocess?.color ?? null
  const names = color === null ? planes.channels.map((_, index) => String(index)) : color === 'y' ? ['Y'] : [...color.toUpperCase()]
  const channels = planes.channels.map((plane, index) => ({ name: names[index] ?? String(index), ...rangeOf(plane) }))
  if (planes.channels.length !== 1 && planes.channels.length !== 3) return { after: null, levels: null, tensor: facts, channels }
  const [low, high] = as === 'model' ? guess.input.range.value : [Math.min(...channels.map(({ min }) => min)), Math.max(...channels.map(({ max }) => max))]
  let outside = 0
  const [least, most] = [Math.min(low, high), Math.max(low, high)]
  for (const value of values) if (value < least || value > most) outside += 1
  return { after: shown(asPicture(planes, orderOf(guess, color), low, high)), levels: { low, high, outside: outside / values.length }, tensor: facts, channels }
}

/** The order that the model reads its channels in; where the graph does not tell, the order of the recipe. */
function orderOf(guess: Expectation, color: string | null): string {
  const { value, how } = guess.input!.color
  return how.startsWith('assumed') ? (color ?? value) : value
}

interface Planes {
  readonly width: number
  readonly height: number
  readonly channels: readonly Float32Array[]
}

/** Null where a tensor is no picture of one batch. */
function planesOf(values: Float32Array, dims: readonly number[], layout: 'nchw' | 'nhwc'): Planes | null {
  if (dims.length !== 4 || dims[0] !== 1) return null
  const [count, height, width] = layout === 'nchw' ? [dims[1]!, dims[2]!, dims[3]!] : [dims[3]!, dims[1]!, dims[2]!]
  const size = width * height
  const channels = Array.from({ length: count }, (_, channel) =>
    layout === 'nchw' ? values.subarray(channel * size, (channel + 1) * size) : Float32Array.from({ length: size }, (_each, at) => values[at * count + channel]!))
  return { width, height, channels }
}

function asPicture({ width, height, channels }: Planes, order: string, low: number, high: number): Picture {
  const size = width * height
  const data = new Float32Array(size * channels.length)
  const step = high === low ? 0 : 255 / (high - low)
  for (const [channel, plane] of channels.entries()) {
    const to = (order === 'bgr' ? channels.length - 1 - channel : channel) * size
    for (let i = 0; i < size; i++) data[to + i] = (plane[i]! - low) * step
  }
  return { width, height, color: channels.length === 3 ? 'rgb' : 'y', data }
}

function rangeOf(values: Float32Array): { min: number; max: number; mean: number } {
  let [min, max, sum] = [Infinity, -Infinity, 0]
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  return values.length === 0 ? { min: 0, max: 0, mean: 0 } : { min, max, mean: sum / values.length }
}

const shown = (picture: Picture): Shown => ({ ...thumbnailOf(picture, SIDE), full: [picture.height, picture.width] })
