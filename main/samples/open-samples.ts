import { Fault } from '../core/fault.ts'
import { canonicalJson, sha256 } from '../core/hash.ts'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import { openArrays } from './array-samples.ts'
import { chooseSamples } from './choose-samples.ts'
import type { Choice } from './choose-samples.ts'
import type { Expectation } from './expectation.ts'
import { findSamples, picturesIn } from './find-pictures.ts'
import type { PictureFile } from './find-pictures.ts'
import { applyGeometry, padded, placeOf } from './geometry.ts'
import { inspectPictures } from './inspect-pictures.ts'
import type { Candidate } from './inspect-pictures.ts'
import { byFolder, pairReferences } from './pair-references.ts'
import type { Pairing } from './pair-references.ts'
import { modCrop, toLuma } from './picture.ts'
import { completePreprocess, toTensor } from './preprocess.ts'
import type { Role } from './preprocess.ts'
import { decodePicture, readBytes, readPicture } from './read-picture.ts'
import type { Picture, Preprocess, Sample, SampleSet, SampleSource } from './sample.ts'
import { Unusable } from './unusable.ts'

/** The recipe's words for one set of samples; paths absolute or relative to the working folder. */
export interface SamplesSpec {
  /** Folder, list (.txt), arrays (.npy, .npz) or one picture. */
  readonly path: string
  /** Globs over the path below the folder; one without a slash matches at any depth. */
  readonly include?: string | readonly string[]
  readonly exclude?: string | readonly string[]
  /** Fewer than there are: drawn by seed, name order kept. More: several random crops of each picture in turn. */
  readonly count?: number
  readonly seed?: number
  readonly preprocess?: Partial<Preprocess>
  /** A folder, or a pattern that turns a sample's stem into its reference's. */
  readonly reference?: string | { readonly pattern: string }
  /** Pictures that may be left out because they cannot be used; 0 when not given. */
  readonly skipLimit?: number
  /** What a guess for a fixed input size depends on: random parts to calibrate, the middle to evaluate. `evaluation` when not given. */
  readonly role?: Role
}

/** A SampleSet with what was decided about it. */
export interface OpenedSamples extends SampleSet {
  readonly kind: 'pictures' | 'arrays'
  /** Whole and final, for the recipe; null for arrays, which are used as they are. */
  readonly preprocess: Preprocess | null
  /** True where every sample has a reference. */
  readonly referenced: boolean
  /** File and its size by sample; null for arrays. */
  readonly files: readonly Pick<SampleSource, 'path' | 'size'>[] | null
  /** Remarks a person should see once. */
  readonly notes: readonly string[]
}

/** More pictures than this are not all decoded at opening: a broken one is then found when its turn comes. */
const DECODED_AT_OPENING = 200

/**
 * Opens samples: finds the files, pairs references, looks at every header, settles the preprocessing, decodes what is used
 * (up to 200 files) and hashes it. Throws `samples.*` Faults that name file and reason, `recipe.*` for impossible settings.
 */
export async function openSamples(spec: SamplesSpec, expectation: Expectation, task: Task): Promise<OpenedSamples> {
  checkSpec(spec)
  const source = await findSamples(spec.path, spec)
  if (source.kind === 'arrays') return openArrays(source.path, spec, expectation, task)
  checkOneInput(expectation)
  const pairing = await pairSamples(spec, source.files, expectation)
  const limit = spec.skipLimit ?? 0
  const unusable = new Unusable(source.folder, pairing.samples.length, limit)
  const role = spec.role ?? 'evaluation'
  const seen = await inspectPictures(pairing, expectation, spec.preprocess ?? {}, unusable, task)
  unusable.check(seen.candidates.length)
  const { preprocess, notes } = completePreprocess(expectation, spec.preprocess ?? {}, role, seen.candidates.map(({ size }) => size))
  const { chosen, hashes } = await chooseUsable(spec, expectation, preprocess, seen.candidates, unusable, task)
  const remarks = [...pairing.notes, ...seen.notes, ...notes, ...unusable.list.map(({ sample, why }) => `Left out: ${sample}: ${why}.`)]
  for (const note of remarks) task.report({ stage: 'samples', done: chosen.length, total: chosen.length, unit: 'pictures', note })
  return {
    kind: 'pictures', count: chosen.length, ids: chosen.map(({ id }) => id), sha256: hashOf(preprocess, chosen, hashes),
    skipped: unusable.list, preprocess, notes: remarks, files: chosen.map(({ candidate: { path, size } }) => ({ path, size })), referenced: chosen.every(({ candidate }) => candidate.reference !== undefined),
    load: (index) => loadSample(chosen[index], index, preprocess, expectation),
  }
}

function checkSpec({ count, seed, skipLimit }: SamplesSpec): void {
  for (const [key, value, least, most] of [['count', count, 1, 1e6], ['seed', seed, 0, 2 ** 32 - 1], ['skipLimit', skipLimit, 0, 1e9]] as const) {
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) continue
    throw new Fault({ code: 'recipe.samples', where: key, what: `${value} is not a whole number from ${least} to ${most}`, next: 'Correct it in the recipe.' })
  }
}

/** Throws `samples.batch` or `samples.not-pictures` where pictures cannot feed the model. */
export function checkOneInput({ inputs, input }: Expectation): void {
  const batch = input?.dims?.[0]
  if (typeof batch === 'number' && batch !== 1) {
    throw new Fault({ code: 'samples.batch', where: input!.name, what: `the model takes ${batch} pictures at once, samples are fed one by one`, next: 'Export the model with a batch of 1 or an open batch.' })
  }
  if (input !== null && inputs.length === 1 && (input.type === 'float32' || input.type === 'float16' || input.type === 'uint8')) return
  const names = inputs.map(({ name, type }) => `'${name}' (${type})`).join(', ')
  const what = `pictures can feed a model with one picture input of float32, float16 or uint8; this one takes ${names || 'nothing'}`
  throw new Fault({ code: 'samples.not-pictures', what, next: 'Give samples as an .npz file with arrays named like the inputs.' })
}

/** Samples and references. Calibration needs no references, but their files must not be taken for samples. */
export async function pairSamples(spec: SamplesSpec, files: readonly PictureFile[], expectation: Expectation): Promise<Pairing> {
  const picture = expectation.output.kind.value === 'picture'
  if (spec.reference !== undefined && !picture) {
    throw new Fault({ code: 'recipe.reference', where: 'reference', what: `the output '${expectation.output.name}' is no picture, so there is nothing to compare references with`, next: 'Leave `reference` out: outputs are compared with those of the float model.' })
  }
  let pairing: Pairing
  if (typeof spec.reference === 'string') pairing = byFolder(files, await picturesIn(spec.reference, {}))
  else if (picture) pairing = pairReferences(files, spec.reference?.pattern)
  else pairing = { samples: files, references: new Map(), required: false, notes: [] }
  return spec.role === 'calibration' ? { ...pairing, references: new Map(), required: false } : pairing
}

/** Draws samples from what is usable, looks at them closely, and draws again while one turns out not to be. */
async function chooseUsable(spec: SamplesSpec, expectation: Expectation, preprocess: Preprocess, all: readonly Candidate[], unusable: Unusable, task: Task): Promise<{ chosen: Choice[]; hashes: Map<string, string> }> {
  const hashes = new Map<string, string>()
  const isUsable = ({ path, reference }: Candidate) => !unusable.has(path) && !(reference !== undefined && unusable.has(reference.path))
  let candidates = all
  for (;;) {
    unusable.check(candidates.length)
    const chosen = chooseSamples(candidates, spec, preprocess, expectation, unusable)
    if (candidates.every(isUsable)) await hashFiles(chosen, hashes, unusable, task)
    if (candidates.every(isUsable)) return { chosen, hashes }
    candidates = candidates.filter(isUsable)
  }
}

/** Reads every file of the samples once: its hash, and whether it decodes. */
async function hashFiles(chosen: readonly Choice[], hashes: Map<string, string>, unusable: Unusable, task: Task): Promise<void> {
  const files = new Map(chosen.flatMap(({ candidate }) => [candidate, ...(candidate.reference === undefined ? [] : [candidate.reference])]).map(({ path, name }) => [path, name]))
  let done = 0
  for (const [path, name] of files) {
    task.report({ stage: 'samples', done: done++, total: files.size, unit: 'pictures' })
    await breathe(task)
    if (hashes.has(path)) continue
    try {
      const bytes = await readBytes(path)
      if (files.size <= DECODED_AT_OPENING) await decodePicture(bytes, path)
      hashes.set(path, sha256(bytes))
    } catch (error) {
      unusable.addFault(name, error)
    }
  }
  task.report({ stage: 'samples', done: files.size, total: files.size, unit: 'pictures' })
}

/** Everything that shapes a sample and nothing else: names, contents, steps. Not where the files lie. */
function hashOf(preprocess: Preprocess, chosen: readonly Choice[], hashes: ReadonlyMap<string, string>): string {
  const samples = chosen.map(({ id, candidate, geometry }) => ({
    id, geometry, file: hashes.get(candidate.path),
    reference: candidate.reference && { file: hashes.get(candidate.reference.path), factor: candidate.reference.factor },
  }))
  return sha256(canonicalJson({ format: 1, preprocess, samples }))
}

/** The sample of a choice, its picture read anew. Throws `samples.changed` and what reading throws. */
export async function loadSample(choice: Choice | undefined, index: number, preprocess: Preprocess, expectation: Expectation): Promise<Sample> {
  if (choice === undefined) throw new Fault({ code: 'bug.samples', what: `there is no sample ${index}` })
  const { id, candidate, geometry } = choice
  const input = expectation.input!
  const kernel = preprocess.resize?.kernel ?? 'bicubic'
  const read = await readPicture(candidate.path)
  if (read.height !== candidate.size[0] || read.width !== candidate.size[1]) {
    throw new Fault({ code: 'samples.changed', where: candidate.path, what: 'the picture has another size than when the samples were opened', next: 'Leave the pictures alone while they are used, and start again.' })
  }
  const picture = applyGeometry(preprocess.color === 'y' ? toLuma(read) : read, geometry, kernel, 1)
  const fed = padded(picture, geometry)
  const feeds = { [input.name]: toTensor(fed, preprocess, input.type === 'uint8' ? 'uint8' : 'float32') }
  const content = fed === picture ? {} : { content: [picture.height, picture.width] as const }
  const source = { path: candidate.path, size: candidate.size, ...placeOf(candidate.size, geometry) }
  if (candidate.reference === undefined) return { id, feeds, picture, source, ...content }
  const { path, factor } = candidate.reference
  const reference = modCrop(asOutput(await readPicture(path), expectation), factor)
  return { id, feeds, picture, source, reference: applyGeometry(reference, geometry, kernel, factor), ...content }
}

const asOutput = (picture: Picture, expectation: Expectation): Picture => (expectation.output.color.value === 'y' ? toLuma(picture) : picture)
