import { Fault, type FaultData } from '../../core/fault.ts'
import type { Expectation, Guess } from '../../samples/expectation.ts'
import { completePreprocess } from '../../samples/preprocess.ts'
import type { Preprocess } from '../../samples/sample.ts'
import type { Dim } from '../../onnx/graph.ts'
import { boardOf, learnBoard, outcomeOf, type ArrayBoard, type Outcome, type PictureBoard, type ViewedPart } from './sample-board.ts'
import { bytesOf, headerKnown } from './sample-memory.ts'
import type { SamplesPart } from './workpiece.ts'

/** What can be told of a file, a bit each, in this order. `out`: no sample can be made of it. */
export const FILE_MARKS = ['out', 'broken', 'grey', 'alpha', 'turned', 'deep', 'small', 'alone', 'misfit'] as const
type Mark = (typeof FILE_MARKS)[number]
export const markBit = (mark: Mark): number => 1 << FILE_MARKS.indexOf(mark)

/** A value of the preprocessing; `guess` is what would be there if the recipe said nothing. */
export interface Explained<T> {
  readonly value: T
  readonly given: boolean
  readonly guess: T
  /** Where the guess comes from. */
  readonly how: string
}

export type ExplainedPreprocess = { readonly [K in 'color' | 'range' | 'mean' | 'scale' | 'layout']: Explained<Preprocess[K]> } & {
  readonly [K in 'resize' | 'crop' | 'pad']: Explained<NonNullable<Preprocess[K]> | null>
}

export interface SamplesLook {
  readonly kind: 'pictures' | 'arrays'
  /** How many headers are known of how many; the rest says nothing until all are. */
  readonly seen: { readonly done: number; readonly total: number }
  /** Files that samples are made of, references left out; for arrays the samples' own names. */
  readonly names: readonly string[]
  /** By file; 0 where not known. Sizes after EXIF rotation. */
  readonly width: Uint32Array
  readonly height: Uint32Array
  readonly bytes: Float64Array
  readonly channels: Uint8Array
  readonly bits: Uint8Array
  readonly marks: Uint32Array
  /** Samples that are made of each file. */
  readonly drawn: Uint32Array
  /** Why files cannot be used; at most 500. */
  readonly reasons: readonly { readonly file: number; readonly why: string }[]
  /** Name of each file's reference, '' where it has none. Empty where no file has one. */
  readonly references: readonly string[]
  /** References without a sample: how many, and the first of them. */
  readonly spare: { readonly count: number; readonly names: readonly string[] }
  /** Samples that come out; null while headers are not known. */
  readonly count: number | null
  readonly input: { readonly name: string; readonly type: string; readonly dims: readonly Dim[] | null; readonly channels: number; readonly size: readonly [number, number] | null } | null
  /** What the model gives, and how it is judged by default. */
  readonly output: { readonly kind: 'picture' | 'vector'; readonly factor: number | null; readonly metric: string; readonly shave: number | null }
  readonly preprocess: ExplainedPreprocess | null
  readonly notes: readonly string[]
  readonly fault: FaultData | null
}

const HEADERS_MS = 700
const MOST_REASONS = 500
const MOST_SPARE = 100

/** What a part of the recipe finds: files, how they pair, what becomes of them. Headers of many files take several calls. */
export async function sampleLookJob(viewed: ViewedPart): Promise<SamplesLook> {
  const board = await boardOf(viewed, true)
  if (board.kind === 'arrays') return lookAtArrays(board)
  const isWhole = await learnBoard(board, performance.now() + HEADERS_MS)
  return lookAtPictures(board, viewed.part, isWhole ? await outcomeOf(board, viewed.part) : null)
}

function lookAtPictures(board: PictureBoard, part: SamplesPart, outcome: Outcome | null): SamplesLook {
  const files = board.pairing.samples
  const facts = { width: new Uint32Array(files.length), height: new Uint32Array(files.length), bytes: new Float64Array(files.length), channels: new Uint8Array(files.length), bits: new Uint8Array(files.length), marks: new Uint32Array(files.length) }
  const reasons: { file: number; why: string }[] = []
  let done = 0
  for (const [index, { name, path }] of files.entries()) {
    facts.bytes[index] = bytesOf(path)
    const header = headerKnown(path)
    if (header !== undefined) done += 1
    if (header !== undefined && !(header instanceof Fault)) {
      facts.width[index] = header.width
      facts.height[index] = header.height
      facts.bits[index] = header.bits
      facts.channels[index] = (header.grey ? 1 : 3) + (header.alpha ? 1 : 0)
      facts.marks[index] = (header.grey ? markBit('grey') : 0) | (header.alpha ? markBit('alpha') : 0) | (header.turned ? markBit('turned') : 0) | (header.bits === 16 ? markBit('deep') : 0)
    }
    const reference = board.pairing.references.get(name)
    const reason = outcome?.unusable.reasonFor(path) ?? (reference && outcome?.unusable.reasonFor(reference.path))
    if (!reason) continue
    facts.marks[index]! |= markBit('out') | markBit(markOf(reason.code, reference !== undefined))
    if (reasons.length < MOST_REASONS) reasons.push({ file: index, why: reason.why })
  }
  const indexOf = new Map(files.map(({ path }, index) => [path, index]))
  const drawn = new Uint32Array(files.length)
  for (const { candidate } of outcome?.choices ?? []) drawn[indexOf.get(candidate.path)!]! += 1
  const { references } = board.pairing
  return {
    kind: 'pictures', names: files.map(({ name }) => name), seen: { done, total: files.length }, ...facts, drawn, reasons,
    references: references.size === 0 ? [] : files.map(({ name }) => references.get(name)?.name ?? ''),
    spare: { count: board.spare.length, names: board.spare.slice(0, MOST_SPARE).map(({ name }) => name) },
    count: outcome === null ? null : outcome.choices.length,
    ...sidesOf(board.expectation, references.size > 0 && files.every(({ name }) => references.has(name))),
    preprocess: outcome === null ? null : explained(board, part, outcome),
    notes: outcome?.notes ?? [], fault: outcome?.fault?.toJSON() ?? null,
  }
}

function markOf(code: string, isPaired: boolean): Mark {
  if (code === 'samples.size') return 'small'
  if (code === 'samples.grey') return 'grey'
  if (code === 'samples.reference') return isPaired ? 'misfit' : 'alone'
  return 'broken'
}

function lookAtArrays({ samples, expectation }: ArrayBoard): SamplesLook {
  const zeros = samples.count
  return {
    kind: 'arrays', names: samples.ids, seen: { done: zeros, total: zeros }, width: new Uint32Array(zeros), height: new Uint32Array(zeros), bytes: new Float64Array(zeros),
    channels: new Uint8Array(zeros), bits: new Uint8Array(zeros), marks: new Uint32Array(zeros), drawn: new Uint32Array(zeros).fill(1),
    reasons: [], references: [], spare: { count: 0, names: [] }, count: samples.count, ...sidesOf(expectation, false), preprocess: null, notes: samples.notes, fault: null,
  }
}

function sidesOf({ input, output }: Expectation, isReferenced: boolean): Pick<SamplesLook, 'input' | 'output'> {
  const isPicture = output.kind.value === 'picture'
  return {
    input: input && { name: input.name, type: input.type, dims: input.dims, channels: input.channels, size: input.size.value },
    output: { kind: output.kind.value, factor: output.factor.value, metric: isPicture && isReferenced ? 'psnr-y' : 'sqnr', shave: output.factor.value === null ? null : Math.round(output.factor.value) },
  }
}

/** Every value with what it would be if the recipe said nothing, and how that was found. */
function explained({ wish, guess, expectation }: PictureBoard, part: SamplesPart, { preprocess, candidates, notes }: Outcome): ExplainedPreprocess | null {
  const [input, now] = [guess.input, expectation.input]
  if (input === null || now === null) return null
  const given = wish.preprocess ?? {}
  const level = <K extends 'color' | 'range' | 'mean' | 'scale' | 'layout'>(key: K): Explained<Preprocess[K]> => {
    const guessed = input[key] as Guess<Preprocess[K]>
    return { value: preprocess?.[key] ?? (now[key] as Guess<Preprocess[K]>).value, given: given[key] !== undefined, guess: guessed.value, how: guessed.how }
  }
  const { resize: _resize, crop: _crop, pad: _pad, ...levels } = given
  const proposal = preprocess === null ? null : completePreprocess(expectation, levels, part, candidates.map(({ size }) => size))
  const isSaid = given.resize !== undefined || given.crop !== undefined || given.pad !== undefined
  const shape = <K extends 'resize' | 'crop' | 'pad'>(key: K): Explained<NonNullable<Preprocess[K]> | null> => {
    const guessed = (proposal?.preprocess[key] ?? null) as NonNullable<Preprocess[K]> | null
    const value = (preprocess?.[key] ?? given[key] ?? null) as NonNullable<Preprocess[K]> | null
    return { value, given: given[key] !== undefined, guess: guessed, how: guessed !== null ? (proposal?.notes[0] ?? notes.at(-1) ?? '') : isSaid ? 'the recipe says what is done' : 'nothing has to be done' }
  }
  return { color: level('color'), range: level('range'), mean: level('mean'), scale: level('scale'), layout: level('layout'), resize: shape('resize'), crop: shape('crop'), pad: shape('pad') }
}

