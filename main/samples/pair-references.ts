import { Fault } from '../core/fault.ts'
import type { PictureFile } from './find-pictures.ts'

/** Pictures that are samples, and the reference of each where there is one. */
export interface Pairing {
  readonly samples: readonly PictureFile[]
  /** By the sample's name. */
  readonly references: ReadonlyMap<string, PictureFile>
  /** True where every sample must have a reference. */
  readonly required: boolean
  readonly notes: readonly string[]
}

const folderOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1)

export const stemOf = (name: string): string => name.slice(folderOf(name).length).replace(/\.[^.]*$/, '')

/** A stem without what marks its resolution: `0801x4`, `0801_LR`, `0801_SRF_4_HR` … → the part that both sides share. */
function coreOf(stem: string): string {
  let core = stem
  for (let before = ''; before !== core && core !== ''; ) {
    before = core
    core = core.replace(/[_\-. ]?(?:LR|HR|lr|hr)$/, '').replace(/[_\-. ]?[xX]\d$/, '')
  }
  return core === '' ? stem : core
}

/** References by stem; a stem in the sample's own folder wins over the same stem elsewhere, two elsewhere are no match. */
function lookup(references: readonly PictureFile[], keyOf: (stem: string) => string | undefined) {
  const byKey = new Map<string, PictureFile[]>()
  for (const file of references) {
    const key = keyOf(stemOf(file.name))
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), file])
  }
  return (sample: PictureFile, key: string): PictureFile | undefined => {
    const found = byKey.get(key) ?? []
    const near = found.filter((file) => folderOf(file.name) === folderOf(sample.name))
    return near.length === 1 ? near[0] : found.length === 1 ? found[0] : undefined
  }
}

function pairs(samples: readonly PictureFile[], find: (sample: PictureFile) => PictureFile | undefined): Map<string, PictureFile> {
  return new Map(samples.flatMap((sample) => {
    const reference = find(sample)
    return reference === undefined ? [] : [[sample.name, reference] as const]
  }))
}

/** `*_HR`: what stands for the star is the stem that sample and reference share. */
function byPattern(files: readonly PictureFile[], pattern: string): Pairing {
  const [before, after, more] = pattern.split('*')
  if (after === undefined || more !== undefined || before! + after === '') {
    throw new Fault({ code: 'recipe.reference', where: 'reference.pattern', what: `'${pattern}' is not a name with one *`, next: 'Write the references\' names with one * for the part that they share with the samples, e.g. *_HR.' })
  }
  const shared = (stem: string) =>
    stem.length > before!.length + after.length && stem.startsWith(before!) && stem.endsWith(after) ? stem.slice(before!.length, stem.length - after.length) : undefined
  const references = files.filter(({ name }) => shared(stemOf(name)) !== undefined)
  const samples = files.filter(({ name }) => shared(stemOf(name)) === undefined)
  const exact = lookup(references, shared)
  const loose = lookup(references, (stem) => coreOf(shared(stem)!))
  const found = pairs(samples, (sample) => exact(sample, stemOf(sample.name)) ?? exact(sample, coreOf(stemOf(sample.name))) ?? loose(sample, coreOf(stemOf(sample.name))))
  return { samples, references: found, required: true, notes: [] }
}

/** References of another folder: the same stem, or the same but for `_LR`, `_HR`, `x2`, `x3`, `x4` … at its end. */
export function byFolder(files: readonly PictureFile[], references: readonly PictureFile[]): Pairing {
  const exact = lookup(references, (stem) => stem)
  const loose = lookup(references, coreOf)
  return { samples: files, references: pairs(files, (sample) => exact(sample, stemOf(sample.name)) ?? loose(sample, coreOf(stemOf(sample.name)))), required: true, notes: [] }
}

/** Nothing said: `…_LR` and `…_HR` of the same stem are pairs; where there is one, every `…_HR` is a reference, never a sample. */
function byHabit(files: readonly PictureFile[]): Pairing {
  const high = (stem: string) => /^(.+)_(?:HR|hr)$/.exec(stem)?.[1]
  const low = (stem: string) => /^(.+)_(?:LR|lr)$/.exec(stem)?.[1]
  const find = lookup(files, high)
  const found = pairs(files, (sample) => {
    const stem = low(stemOf(sample.name))
    return stem === undefined ? undefined : find(sample, stem)
  })
  if (found.size === 0) return { samples: files, references: found, required: false, notes: [] }
  const samples = files.filter(({ name }) => high(stemOf(name)) === undefined)
  return { samples, references: found, required: true, notes: [`${found.size} pictures are paired with references by name (…_LR with …_HR).`] }
}

/** Divides the pictures of one folder or list into samples and references. */
export function pairReferences(files: readonly PictureFile[], pattern: string | undefined): Pairing {
  const pairing = pattern === undefined ? byHabit(files) : byPattern(files, pattern)
  if (pairing.samples.length > 0) return pairing
  throw new Fault({ code: 'samples.none', where: 'reference.pattern', what: `every picture matches the reference pattern '${pattern}', none is left as a sample`, next: 'Correct the pattern, or the path of the samples.' })
}
