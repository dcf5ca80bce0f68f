import { addErrors, cosine, noErrors, sqnrDb } from '../../compare/errors.ts'
import { versionOutput, type VersionOutput } from '../../compare/scores.ts'
import { Fault } from '../../core/fault.ts'
import { quietTask } from '../../core/task.ts'
import type { Graph } from '../../onnx/graph.ts'
import { readModel, type ModelFile } from '../../onnx/model-file.ts'
import { readQdq } from '../../quantize/read-qdq.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { openSession, type Session } from '../../runtime/session.ts'
import type { Expectation } from '../../samples/expectation.ts'
import { bicubic, channelsOf } from '../../samples/picture.ts'
import { resample } from '../../samples/resample.ts'
import type { Picture, Sample } from '../../samples/sample.ts'
import { loadRewritten } from './rewritten.ts'
import { openPart, standalone, type OpenedPart } from './workpiece.ts'

/** A recorded comparison: the models and samples that a screen looks at. */
export interface ViewedRun {
  readonly recipe: Recipe
  readonly threads: number
  /** Path of the quantized model. */
  readonly quantized: string
  /** SHA-256 of the models' files as the run knew them. */
  readonly known?: { readonly model?: string | undefined; readonly quantized: string }
}

const VERSIONS = ['float', 'simulated', 'fused'] as const
type Version = (typeof VERSIONS)[number]

/** How levels 0..255 of the output are written as codes: code = level / step + zeroPoint. */
export interface LevelCodes {
  readonly step: number
  readonly zeroPoint: number
}

interface Bench {
  readonly key: string
  readonly opened: OpenedPart
  readonly sessions: Readonly<Record<Version, Session>>
  /** null where the output is float. */
  readonly codes: LevelCodes | null
}

/** Two runs may be looked at side by side, sample by sample: the sessions of both stay open until a third is asked for. */
const MOST_BENCHES = 2
let benches: readonly Bench[] = []

async function benchOf(viewed: ViewedRun): Promise<Bench> {
  const { recipe, threads, quantized, known: hashes } = viewed
  const key = JSON.stringify([recipe.model, recipe.samples, recipe.output, recipe.rewrite, quantized, threads, hashes])
  const known = benches.find((bench) => bench.key === key)
  const others = benches.filter((bench) => bench !== known)
  benches = known ? [known, ...others] : others.slice(0, MOST_BENCHES - 1)
  if (known) return known
  for (const { sessions } of others.slice(MOST_BENCHES - 1)) await closeAll(Object.values(sessions))
  const opened = await openBench(viewed, key)
  benches = [opened, ...benches]
  return opened
}

async function closeAll(sessions: readonly Session[]): Promise<void> {
  for (const session of sessions) await session.close()
}

async function openBench({ recipe, threads, quantized, known }: ViewedRun, key: string): Promise<Bench> {
  const piece = await loadRewritten(recipe)
  checkSame(piece.file, known?.model)
  const opened = (await openPart(piece, recipe, 'evaluation', quietTask)) ?? (await openPart(piece, recipe, 'calibration', quietTask))
  if (!opened) throw new Fault({ code: 'recipe.no-samples', what: 'the run names no samples to look at', where: 'samples', next: 'Compare it again with evaluation samples.' })
  const judged = await readModel(quantized)
  checkSame(judged, known?.quantized)
  const open: Session[] = []
  const add = async (model: Uint8Array, mode: Version): Promise<Session> => {
    const session = await openSession(model, { mode, threads, where: `${mode} model` })
    open.push(session)
    return session
  }
  const bytes = standalone(judged)
  try {
    const sessions = { float: await add(piece.graphBytes, 'float'), simulated: await add(bytes, 'simulated'), fused: await add(bytes, 'fused') }
    return { key, opened, sessions, codes: levelCodes(judged.graph, opened.expectation) }
  } catch (error) {
    await closeAll(open)
    throw error
  }
}

/** The run's numbers stand beside what is shown: it has to be made by the same models. */
function checkSame({ path, sha256 }: ModelFile, known: string | undefined): void {
  if (known === undefined || known === sha256) return
  throw new Fault({ code: 'model.changed', where: path, what: 'the file is not the one that the run was made with', next: 'Put that one back, or make a run with this one.' })
}

/** The output's codes in levels: its own units are what the model's range says 0 and 255 are. */
function levelCodes(judged: Graph, { output }: Expectation): LevelCodes | null {
  const row = readQdq(judged).rows.find((each) => each.kind === 'activation' && each.tensor === output.name)
  if (!row || row.type === 'float32' || row.granularity !== 'tensor') return null
  const [low, high] = output.range.value
  const scale = row.scale[0]!
  return { step: (scale * 255) / (high - low), zeroPoint: row.zeroPoint[0]! + low / scale }
}

export interface PictureList {
  readonly kind: 'picture' | 'vector'
  readonly part: 'evaluation' | 'calibration'
  readonly samples: readonly string[]
}

/** The samples of a comparison and what its model gives. */
export async function pictureListJob(viewed: ViewedRun): Promise<PictureList> {
  const { opened } = await benchOf(viewed)
  return { kind: opened.expectation.output.kind.value, part: opened.part, samples: opened.samples.ids }
}

export interface ViewedSample extends ViewedRun {
  readonly sample: number
}

interface Output extends VersionOutput {
  readonly dims: ReadonlyMap<string, readonly number[]>
}
type Outputs = Readonly<Record<Version, Output>>

async function sampleOf({ sample: index, ...viewed }: ViewedSample): Promise<{ readonly at: Bench; readonly sample: Sample }> {
  const at = await benchOf(viewed)
  const { samples } = at.opened
  if (index < samples.count) return { at, sample: await samples.load(index) }
  throw new Fault({ code: 'input.unknown-sample', where: `sample ${index}`, what: `the run has ${samples.count} samples`, next: `Give a number from 0 to ${samples.count - 1}.` })
}

async function outputsOf({ sessions, opened }: Bench, sample: Sample, asPicture: boolean): Promise<Outputs> {
  const run = async (version: Version): Promise<Output> => {
    const results = await sessions[version].run(sample.feeds)
    const dims = new Map(Object.entries(results).map(([name, tensor]) => [name, tensor.dims]))
    return { ...versionOutput(results, asPicture ? opened.expectation : null, version, sample.id), dims }
  }
  return { float: await run('float'), simulated: await run('simulated'), fused: await run('fused') }
}

export interface RawPicture {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly data: Float32Array
}

export interface SamplePictures {
  readonly sample: string
  /** Absent: the sample has none. */
  readonly pictures: Partial<Record<'float' | 'simulated' | 'fused' | 'reference' | 'bicubic', RawPicture>>
  /** null where the output is float. */
  readonly codes: LevelCodes | null
}

const raw = (picture: Picture): RawPicture => ({ width: picture.width, height: picture.height, channels: channelsOf(picture), data: picture.data })

/** What every version makes of one sample, as raw levels 0..255. Throws `model.no-picture`. */
export async function picturesJob(viewed: ViewedSample): Promise<SamplePictures> {
  const { at, sample } = await sampleOf(viewed)
  if (at.opened.expectation.output.kind.value !== 'picture') {
    throw new Fault({ code: 'model.no-picture', where: at.opened.expectation.output.name, what: 'this output is no picture', next: 'Look at its values instead.' })
  }
  const outputs = await outputsOf(at, sample, true)
  const float = outputs.float.picture!
  const small = sample.picture
  const enlarges = small !== undefined && small.width < float.width
  return {
    sample: sample.id, codes: at.codes,
    pictures: {
      ...Object.fromEntries(VERSIONS.map((version) => [version, raw(outputs[version].picture!)])),
      ...(sample.reference ? { reference: raw(sample.reference) } : {}),
      ...(enlarges ? { bicubic: raw(bicubic(small, Math.round(float.width / small.width))) } : {}),
    },
  }
}

/** The sample's input, made small: RGB bytes, row by row. */
export async function thumbnailJob({ side, ...viewed }: ViewedSample & { readonly side: number }): Promise<{ readonly width: number; readonly height: number; readonly rgb: Uint8Array }> {
  const { sample } = await sampleOf(viewed)
  if (sample.picture === undefined) throw new Fault({ code: 'samples.no-picture', where: sample.id, what: 'this sample is no picture', next: 'Look at its values instead.' })
  return thumbnailOf(sample.picture, side)
}

/** At most `side` pixels wide and high, never enlarged. */
export function thumbnailOf(picture: Picture, side: number): { width: number; height: number; rgb: Uint8Array } {
  const shrink = Math.min(1, side / Math.max(picture.width, picture.height))
  const [width, height] = [picture.width, picture.height].map((size) => Math.max(1, Math.round(size * shrink))) as [number, number]
  const small = shrink === 1 ? picture : resample(picture, height, width, 'area')
  const size = width * height
  const planes = channelsOf(small)
  const rgb = new Uint8Array(size * 3)
  for (let i = 0; i < size; i++) {
    for (let channel = 0; channel < 3; channel++) rgb[i * 3 + channel] = Math.min(255, Math.max(0, Math.round(small.data[(channel % planes) * size + i]!)))
  }
  return { width, height, rgb }
}

type Judged = Readonly<Record<'simulated' | 'fused', number>>

export interface OutputVectors {
  readonly name: string
  readonly dims: readonly number[]
  readonly float: Float32Array
  readonly simulated: Float32Array
  readonly fused: Float32Array
  readonly cosine: Judged
  readonly sqnrDb: Judged
  readonly sameTop: Readonly<Record<'simulated' | 'fused', boolean>>
}

/** Every float output of one sample as numbers, and how far each version is from float. */
export async function vectorsJob(viewed: ViewedSample): Promise<{ readonly sample: string; readonly outputs: readonly OutputVectors[] }> {
  const { at, sample } = await sampleOf(viewed)
  const outputs = await outputsOf(at, sample, false)
  return {
    sample: sample.id,
    outputs: [...outputs.float.values].map(([name, float]) => {
      const [simulated, fused] = [outputs.simulated.values.get(name)!, outputs.fused.values.get(name)!]
      const sums = { simulated: errorsOf(float, simulated), fused: errorsOf(float, fused) }
      const top = topOf(float)
      return {
        name, dims: outputs.float.dims.get(name)!, float, simulated, fused,
        cosine: { simulated: cosine(sums.simulated), fused: cosine(sums.fused) },
        sqnrDb: { simulated: sqnrDb(sums.simulated), fused: sqnrDb(sums.fused) },
        sameTop: { simulated: topOf(simulated) === top, fused: topOf(fused) === top },
      }
    }),
  }
}

function errorsOf(float: Float32Array, other: Float32Array) {
  const sums = noErrors()
  addErrors(sums, float, other)
  return sums
}

const topOf = (values: Float32Array): number => values.reduce((top, value, index) => (value > values[top]! ? index : top), 0)
