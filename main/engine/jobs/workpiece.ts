import { sha256 } from '../../core/hash.ts'
import type { Task } from '../../core/task.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph } from '../../onnx/graph.ts'
import { readModel, type ModelFile } from '../../onnx/model-file.ts'
import { prepareGraph } from '../../onnx/prepare.ts'
import type { PictureRanges } from '../../quantize/fixed-ranges.ts'
import type { Recipe, SamplesRecipe } from '../../recipe/recipe.ts'
import { expectationFrom, expectationOf, type Expectation } from '../../samples/expectation.ts'
import { openSamples, type OpenedSamples } from '../../samples/open-samples.ts'
import type { Sample } from '../../samples/sample.ts'

/** Lowest opset that quantization works on: channels of a weight have an axis from here on. */
export const WORK_OPSET = 13

/** A model made ready for work, with what it expects of samples. */
export interface Workpiece {
  readonly file: ModelFile
  /** Float32, opset 13 or newer, constants as initializers; tensors keep their names. */
  readonly graph: Graph
  readonly graphBytes: Uint8Array
  readonly graphSha256: string
  /** What the preparation did, in words; empty when nothing. */
  readonly steps: readonly string[]
  /** From the graph alone; what the recipe says of samples is put over it by `expectationFor`. */
  readonly guess: Expectation
}

/** Reads and prepares a model. Throws `input.*` and `model.*` Faults naming file, node or tensor. */
export async function loadWorkpiece(path: string, read: (path: string) => Promise<ModelFile> = readModel): Promise<Workpiece> {
  const file = await read(path)
  const { graph, steps } = prepareGraph(file.graph, { opset: WORK_OPSET })
  const graphBytes = encodeModel(graph)
  return { file, graph, graphBytes, graphSha256: sha256(graphBytes), steps, guess: expectationOf(graph) }
}

/** The model's file as bytes that stand alone, weights inside. */
export const standalone = (file: ModelFile): Uint8Array => (file.externalFiles.length === 0 ? file.bytes : encodeModel(file.graph))

/** The guess with what the recipe says of these samples put over it. */
export const expectationFor = (piece: Pick<Workpiece, 'guess'>, { output }: Recipe, part: SamplesRecipe | undefined): Expectation =>
  expectationFrom(piece.guess, { ...(part?.preprocess ? { preprocess: part.preprocess } : {}), ...(output ? { output } : {}) })

export type SamplesPart = 'calibration' | 'evaluation'

export interface OpenedPart {
  readonly part: SamplesPart
  readonly expectation: Expectation
  readonly samples: OpenedSamples
}

/** Samples of one part of the recipe, or undefined where it names none. */
export async function openPart(piece: Workpiece, recipe: Recipe, part: SamplesPart, task: Task): Promise<OpenedPart | undefined> {
  const wish = recipe.samples[part]
  if (!wish) return undefined
  const expectation = expectationFor(piece, recipe, wish)
  return { part, expectation, samples: await openSamples({ ...wish, role: part }, expectation, task) }
}

/** Which graph inputs and outputs are pictures, on which grid their levels lie. */
export function pictureRanges(expectation: Expectation): PictureRanges {
  const { input, output } = expectation
  const inputs = new Map<string, { lo: number; hi: number }>()
  if (input) {
    const [low, high] = input.range.value
    const ends = input.mean.value.flatMap((mean, channel) => [low, high].map((level) => (level - mean) * (input.scale.value[channel] ?? 1)))
    inputs.set(input.name, { lo: Math.min(0, ...ends), hi: Math.max(0, ...ends) })
  }
  const outputs = new Map<string, { lo: number; hi: number }>()
  if (output.kind.value === 'picture') {
    const [lo, hi] = output.range.value
    if (lo === 0) outputs.set(output.name, { lo, hi })
  }
  return { inputs, outputs }
}

/** The upscale factor, where the graph did not tell it, from a picture and its reference. */
export function withFactor(expectation: Expectation, sample: Sample): Expectation {
  const { factor } = expectation.output
  if (factor.value !== null || !sample.picture || !sample.reference) return expectation
  const value = Math.round(sample.reference.width / sample.picture.width)
  return { ...expectation, output: { ...expectation.output, factor: { value, how: 'from the sizes of a sample and its reference' } } }
}
