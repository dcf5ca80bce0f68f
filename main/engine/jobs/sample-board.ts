import { stat } from 'node:fs/promises'
import { Fault } from '../../core/fault.ts'
import { quietTask } from '../../core/task.ts'
import type { EvaluationRecipe, Recipe, SamplesRecipe } from '../../recipe/recipe.ts'
import { chooseSamples, type Choice } from '../../samples/choose-samples.ts'
import type { Expectation } from '../../samples/expectation.ts'
import { findSamples, picturesIn, type PictureFile } from '../../samples/find-pictures.ts'
import { inspectPictures, type Candidate } from '../../samples/inspect-pictures.ts'
import { checkOneInput, openSamples, pairSamples, type OpenedSamples, type SamplesSpec } from '../../samples/open-samples.ts'
import type { Pairing } from '../../samples/pair-references.ts'
import { completePreprocess } from '../../samples/preprocess.ts'
import type { Preprocess } from '../../samples/sample.ts'
import { Unusable } from '../../samples/unusable.ts'
import { headerAt, learnHeaders, refreshFiles } from './sample-memory.ts'
import { expectationFor, loadWorkpiece, type SamplesPart } from './workpiece.ts'

/** Samples of a recipe that a screen looks at. */
export interface ViewedPart {
  /** Checked, paths absolute; names samples for the part. */
  readonly recipe: Recipe
  readonly part: SamplesPart
}

type PartRecipe = SamplesRecipe & Pick<EvaluationRecipe, 'reference'>

interface Common {
  readonly wish: PartRecipe
  /** What the graph alone says, and that with the recipe put over it. */
  readonly guess: Expectation
  readonly expectation: Expectation
}

/** Arrays, opened; used as they are. */
export interface ArrayBoard extends Common {
  readonly kind: 'arrays'
  readonly samples: OpenedSamples
}

/** Pictures: which files there are and how they pair. */
export interface PictureBoard extends Common {
  readonly kind: 'pictures'
  readonly folder: string
  readonly pairing: Pairing
  /** References that belong to no sample. */
  readonly spare: readonly PictureFile[]
}

export type Board = ArrayBoard | PictureBoard

/** What comes of a board's pictures once their headers are known. */
export interface Outcome {
  readonly candidates: readonly Candidate[]
  /** Null where what the recipe says is impossible. */
  readonly preprocess: Preprocess | null
  readonly choices: readonly Choice[]
  readonly unusable: Unusable
  readonly notes: readonly string[]
  /** What opening these samples would throw. */
  readonly fault: Fault | null
}

/** Listings are used again for so long, unless a fresh one is asked for. */
const LISTING_MS = 1_000

let model: { readonly key: string; readonly guess: Expectation } | undefined
const listings = new Map<string, { readonly at: number; readonly board: Board }>()

/** What a model expects of samples, kept as long as its file stays the same. Throws `input.*` and `model.*`. */
async function guessOf(path: string): Promise<Expectation> {
  const facts = await stat(path).catch(() => null)
  const key = JSON.stringify([path, facts?.mtimeMs, facts?.size])
  if (model?.key !== key) model = { key, guess: (await loadWorkpiece(path)).guess }
  return model.guess
}

const wishOf = ({ recipe, part }: ViewedPart): PartRecipe => {
  const wish = recipe.samples[part]
  if (wish) return wish
  throw new Fault({ code: 'recipe.no-samples', what: `the recipe names no ${part} samples`, where: `samples.${part}`, next: 'Choose a folder, a list or arrays.' })
}

/** The files of a part and how they pair. `fresh`: the folder is looked through again. Throws `samples.*`, `recipe.*`, `model.*`. */
export async function boardOf(viewed: ViewedPart, fresh = false): Promise<Board> {
  const wish = wishOf(viewed)
  const guess = await guessOf(viewed.recipe.model)
  const expectation = expectationFor({ guess }, viewed.recipe, wish)
  const key = JSON.stringify([viewed.part, viewed.recipe.model, wish.path, wish.include, wish.exclude, wish.reference, viewed.recipe.output, wish.count, wish.seed])
  const held = listings.get(key)
  const common = { wish, guess, expectation }
  if (held && (!fresh || performance.now() - held.at < LISTING_MS)) return { ...held.board, ...common }
  const board = await listed(viewed, common)
  // Arrays are held whole.
  if (listings.size > 8 || board.kind === 'arrays') listings.clear()
  listings.set(key, { at: performance.now(), board })
  return board
}

async function listed({ part }: ViewedPart, common: Common): Promise<Board> {
  const { wish, expectation } = common
  const spec: SamplesSpec = { ...wish, role: part }
  const source = await findSamples(wish.path, wish)
  if (source.kind === 'arrays') return { ...common, kind: 'arrays', samples: await openSamples(spec, expectation, quietTask) }
  checkOneInput(expectation)
  const pairing = await pairSamples(spec, source.files, expectation)
  const used = new Set([...pairing.references.values()].map(({ path }) => path))
  const isSample = new Set(pairing.samples.map(({ path }) => path))
  const others = typeof wish.reference === 'string' ? await picturesIn(wish.reference, {}) : source.files.filter(({ path }) => !isSample.has(path))
  await refreshFiles([...pairing.samples.map(({ path }) => path), ...used])
  return { ...common, kind: 'pictures', folder: source.folder, pairing, spare: part === 'calibration' ? [] : others.filter(({ path }) => !used.has(path)) }
}

/** Reads headers until the time is over; true when all are known. */
export const learnBoard = ({ pairing }: PictureBoard, end: number): Promise<boolean> =>
  learnHeaders([...pairing.samples, ...pairing.references.values()].map(({ path }) => path), end)

/** Draws the samples as opening them would, without decoding a picture. Every header must be known. */
export async function outcomeOf({ wish, expectation, pairing, folder }: PictureBoard, part: SamplesPart): Promise<Outcome> {
  const given = wish.preprocess ?? {}
  const unusable = new Unusable(folder, pairing.samples.length, wish.skipLimit)
  const seen = await inspectPictures(pairing, expectation, given, unusable, quietTask, headerAt)
  let candidates = seen.candidates
  let preprocess: Preprocess | null = null
  const notes = [...pairing.notes, ...seen.notes]
  const end = (choices: readonly Choice[], fault?: Fault): Outcome =>
    ({ candidates, preprocess, choices, unusable, notes, fault: fault ?? unusable.verdict(candidates.length) ?? null })
  if (candidates.length === 0) return end([])
  try {
    const completed = completePreprocess(expectation, given, part, candidates.map(({ size }) => size))
    preprocess = completed.preprocess
    notes.push(...completed.notes)
    for (;;) {
      const choices = chooseSamples(candidates, wish, preprocess, expectation, unusable)
      const usable = candidates.filter(({ path }) => !unusable.has(path))
      if (usable.length === candidates.length || usable.length === 0) {
        candidates = usable
        return end(choices)
      }
      candidates = usable
    }
  } catch (error) {
    if (error instanceof Fault && /^(recipe|samples)\./.test(error.code)) return end([], error)
    throw error
  }
}
