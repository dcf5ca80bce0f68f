import { Fault } from '../../core/fault.ts'
import { looksTheSame, type PictureDigest } from '../../samples/digest-picture.ts'
import { findSamples } from '../../samples/find-pictures.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { Picture } from '../../samples/sample.ts'
import { thumbnailOf } from './pictures.ts'
import { boardOf, learnBoard, outcomeOf, type PictureBoard, type ViewedPart } from './sample-board.ts'
import { digestKnown, learnDigests, smallPicture } from './sample-memory.ts'
import { samplePreviewJob } from './sample-preview.ts'
import type { SamplesPart } from './workpiece.ts'

export interface Thumbnail {
  readonly file: number
  /** Null: it cannot be read, `why` says why. */
  readonly picture: { readonly width: number; readonly height: number; readonly rgb: Uint8Array } | null
  readonly why: string | null
}

/** Files made small, as they stand in the folder; arrays as the model gets them. */
export async function sampleThumbnailsJob({ files, side, ...viewed }: ViewedPart & { readonly files: readonly number[]; readonly side: number }): Promise<readonly Thumbnail[]> {
  const board = await boardOf(viewed)
  const one = async (file: number): Promise<Thumbnail> => {
    try {
      if (board.kind === 'arrays') {
        const { after } = await samplePreviewJob({ ...viewed, file, crop: 0, as: 'stretched' })
        return { file, picture: after && thumbnailOf(pictureOf(after), side), why: null }
      }
      const path = board.pairing.samples[file]?.path
      if (path === undefined) throw new Fault({ code: 'input.unknown-sample', where: `file ${file}`, what: `there are ${board.pairing.samples.length} files` })
      return { file, picture: thumbnailOf(await smallPicture(path, side), side), why: null }
    } catch (error) {
      if (error instanceof Fault && /^(samples|input)\./.test(error.code)) return { file, picture: null, why: error.what }
      throw error
    }
  }
  return Promise.all(files.map(one))
}

function pictureOf({ width, height, rgb }: { readonly width: number; readonly height: number; readonly rgb: Uint8Array }): Picture {
  const size = width * height
  return { width, height, color: 'rgb', data: Float32Array.from({ length: size * 3 }, (_, at) => rgb[(at % size) * 3 + Math.floor(at / size)]!) }
}

/** Time for one call: another question may be waiting. */
const DIGEST_MS = 400
const HEADERS_MS = 700

export interface SamplesCoverage {
  readonly done: number
  readonly total: number
  /** Of the files below: place in `names` of the look. */
  readonly file: Uint32Array
  /** Mean and standard deviation of the luma, 0..255; entropy in bits; shares of black and white pixels. */
  readonly brightness: Float32Array
  readonly contrast: Float32Array
  readonly entropy: Float32Array
  readonly black: Float32Array
  readonly white: Float32Array
  /** The first file with the same content, where that is another one; −1 else. */
  readonly twin: Int32Array
  readonly broken: readonly { readonly file: number; readonly why: string }[]
}

interface DrawnFile {
  readonly file: number
  readonly name: string
  readonly path: string
}

/** Files that samples are made of, and their references; empty while headers are not known. */
async function drawnFiles(board: PictureBoard, part: SamplesPart): Promise<{ files: readonly DrawnFile[]; references: readonly DrawnFile[] } | null> {
  if (!(await learnBoard(board, performance.now() + HEADERS_MS))) return null
  const { choices } = await outcomeOf(board, part)
  const drawn = new Set(choices.map(({ candidate }) => candidate.path))
  const files = board.pairing.samples.flatMap(({ name, path }, file) => (drawn.has(path) ? [{ file, name, path }] : []))
  const references = files.flatMap(({ file, name }) => {
    const reference = board.pairing.references.get(name)
    return reference ? [{ file, name: reference.name, path: reference.path }] : []
  })
  return { files, references }
}

/** Facts of the pictures that samples are made of; each is decoded once. Goes on where the last call stopped. */
export async function sampleCoverageJob(viewed: ViewedPart): Promise<SamplesCoverage> {
  const board = await boardOf(viewed)
  const drawn = board.kind === 'arrays' ? { files: [] } : await drawnFiles(board, viewed.part)
  const files = drawn?.files ?? []
  await learnDigests(files.map(({ path }) => path), performance.now() + DIGEST_MS)
  const known = files.flatMap(({ file, path }) => {
    const digest = digestKnown(path)
    return digest === undefined ? [] : [{ file, digest }]
  })
  const good = known.flatMap(({ file, digest }) => (digest instanceof Fault ? [] : [{ file, digest }]))
  const first = new Map<string, number>()
  const twin = Int32Array.from(good, ({ file, digest }) => {
    const other = first.get(digest.sha256)
    if (other === undefined) first.set(digest.sha256, file)
    return other ?? -1
  })
  const column = (of: (digest: PictureDigest) => number) => Float32Array.from(good, ({ digest }) => of(digest))
  return {
    done: known.length, total: drawn === null ? known.length + 1 : files.length,
    file: Uint32Array.from(good, ({ file }) => file), twin,
    brightness: column(({ brightness }) => brightness), contrast: column(({ contrast }) => contrast), entropy: column(({ entropy }) => entropy),
    black: column(({ black }) => black), white: column(({ white }) => white),
    broken: known.flatMap(({ file, digest }) => (digest instanceof Fault ? [{ file, why: digest.what }] : [])),
  }
}

export interface SharedPicture {
  /** Names as the looks of the two parts have them; the evaluation's may be a reference. */
  readonly calibration: string
  readonly evaluation: string
  /** `same`: equal pixels. `alike`: looks the same. */
  readonly kind: 'same' | 'alike'
}

export interface SamplesLeak {
  readonly done: number
  readonly total: number
  readonly same: number
  readonly alike: number
  /** At most 500, equal ones first. */
  readonly pairs: readonly SharedPicture[]
  /** Parts whose arrays are not compared. */
  readonly notCompared: readonly SamplesPart[]
}

const MOST_PAIRS = 500
const FEW_PAIRS = 1_000_000

/** Pictures that both calibrate and evaluate, references included: what was seen while calibrating proves nothing. */
export async function sampleLeakJob({ recipe }: { readonly recipe: Recipe }): Promise<SamplesLeak> {
  const parts = ['calibration', 'evaluation'] as const
  const boards = await Promise.all(parts.map((part) => boardOf({ recipe, part })))
  const notCompared = parts.filter((_, index) => boards[index]!.kind === 'arrays')
  if (notCompared.length > 0) return { done: 0, total: 0, same: 0, alike: 0, pairs: [], notCompared }
  const [ours, theirs] = await Promise.all(parts.map((part, index) => drawnFiles(boards[index] as PictureBoard, part)))
  if (!ours || !theirs) return { done: 0, total: 1, same: 0, alike: 0, pairs: [], notCompared }
  const calibration = ours.files
  const evaluation = [...theirs.files, ...theirs.references]
  const paths = [...new Set([...calibration, ...evaluation].map(({ path }) => path))]
  await learnDigests(paths, performance.now() + DIGEST_MS)
  const known = (files: readonly DrawnFile[]) => files.flatMap(({ name, path }) => {
    const digest = digestKnown(path)
    return digest === undefined || digest instanceof Fault ? [] : [{ name, digest }]
  })
  const done = paths.filter((path) => digestKnown(path) !== undefined).length
  return { done, total: paths.length, notCompared, ...sharedOf(known(calibration), known(evaluation), done === paths.length) }
}

interface Digested {
  readonly name: string
  readonly digest: PictureDigest
}

/** Every pair is compared only in the end, where there are many. */
function sharedOf(calibration: readonly Digested[], evaluation: readonly Digested[], isWhole: boolean): Pick<SamplesLeak, 'same' | 'alike' | 'pairs'> {
  const same: SharedPicture[] = []
  const alike: SharedPicture[] = []
  const likens = isWhole || calibration.length * evaluation.length <= FEW_PAIRS
  const bySha = Map.groupBy(calibration, ({ digest }) => digest.sha256)
  for (const judged of evaluation) {
    const equal = bySha.get(judged.digest.sha256) ?? []
    for (const { name } of equal) same.push({ calibration: name, evaluation: judged.name, kind: 'same' })
    if (equal.length > 0 || !likens) continue
    for (const seen of calibration) if (looksTheSame(seen.digest, judged.digest)) alike.push({ calibration: seen.name, evaluation: judged.name, kind: 'alike' })
  }
  return { same: same.length, alike: alike.length, pairs: [...same, ...alike].slice(0, MOST_PAIRS) }
}

/** Files that a list names, absolute: they may lie anywhere, so whoever asked must be allowed to read them. */
export async function sampleListedJob(viewed: ViewedPart): Promise<readonly string[]> {
  const wish = viewed.recipe.samples[viewed.part]
  if (wish === undefined) return []
  const source = await findSamples(wish.path, wish)
  return source.kind === 'pictures' ? source.files.map(({ path }) => path) : []
}
