import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import type { Expectation } from './expectation.ts'
import type { PictureFile } from './find-pictures.ts'
import type { Pairing } from './pair-references.ts'
import { readPictureHeader } from './read-picture.ts'
import type { PictureHeader } from './read-picture.ts'
import type { Preprocess } from './sample.ts'
import type { Unusable } from './unusable.ts'

type Size = readonly [height: number, width: number]

/** A picture whose header is fine, with its reference. Sizes after EXIF rotation. */
export interface Candidate extends PictureFile {
  readonly size: Size
  readonly reference?: PictureFile & { readonly factor: number }
}

export interface Inspection {
  readonly candidates: readonly Candidate[]
  readonly notes: readonly string[]
}

const AT_ONCE = 16

const shown = ([height, width]: Size): string => `${width}×${height}`

/** Pixels of the reference for each of the sample, or why they do not fit: after the mod-crop it must be exactly `factor` times as large. */
function factorBetween(size: Size, reference: Size, expected: number | null): number | string {
  const factor = expected ?? Math.round(reference[0] / size[0])
  if (!Number.isInteger(factor) || factor < 1) return `references need a whole factor, the model's is ${factor}`
  const cropped: Size = [reference[0] - (reference[0] % factor), reference[1] - (reference[1] % factor)]
  if (cropped[0] === size[0] * factor && cropped[1] === size[1] * factor) return factor
  const wanted = expected === null ? 'no whole multiple of it' : `${shown([size[0] * factor, size[1] * factor])} is needed for factor ${factor}`
  return `it has ${shown(size)} pixels and its reference ${shown(reference)}, ${wanted}`
}

/** Looks at the header of every sample and reference: readable, coloured as needed, sizes that belong together. `headerAt`: where headers are kept. */
export async function inspectPictures(
  pairing: Pairing, expectation: Expectation, given: Partial<Preprocess>, unusable: Unusable, task: Task, headerAt: (path: string) => PictureHeader | Promise<PictureHeader> = readPictureHeader,
): Promise<Inspection> {
  const candidates: Candidate[] = []
  const counts = { alpha: 0, grey: 0 }
  const color = given.color ?? expectation.input!.color.value
  const readHeader = async (file: PictureFile | undefined, label: string): Promise<PictureHeader | undefined> => {
    if (file === undefined) return undefined
    try {
      return await headerAt(file.path)
    } catch (error) {
      unusable.addFault(label, error)
      return undefined
    }
  }
  const inspect = async (file: PictureFile): Promise<Candidate | undefined> => {
    const { name, path } = file
    const header = await readHeader(file, name)
    if (header === undefined) return undefined
    if (header.grey && color !== 'y') return void unusable.add(name, path, 'samples.grey', 'it is grey, the model takes colour')
    if (header.alpha) counts.alpha++
    if (header.grey) counts.grey++
    const size: Size = [header.height, header.width]
    const pair = pairing.references.get(name)
    if (pair === undefined) {
      if (pairing.required) return void unusable.add(name, path, 'samples.reference', 'no reference was found for it')
      return { ...file, size }
    }
    const reference = await readHeader(pair, pair.name)
    if (reference === undefined) return undefined
    if (reference.grey && expectation.output.color.value !== 'y') return void unusable.add(name, path, 'samples.grey', `its reference ${pair.name} is grey, the model gives colour`)
    const factor = factorBetween(size, [reference.height, reference.width], expectation.output.factor.value)
    if (typeof factor === 'string') return void unusable.add(name, path, 'samples.reference', factor)
    return { ...file, size, reference: { ...pair, factor } }
  }
  const files = pairing.samples
  for (let from = 0; from < files.length; from += AT_ONCE) {
    task.report({ stage: 'samples', done: from, total: files.length, unit: 'pictures' })
    await breathe(task)
    const found = await Promise.all(files.slice(from, from + AT_ONCE).map(inspect))
    candidates.push(...found.filter((candidate) => candidate !== undefined))
  }
  const notes = [
    ...(counts.alpha > 0 ? [`${counts.alpha} pictures have an alpha channel, which is left out.`] : []),
    ...(counts.grey > 0 ? [`${counts.grey} pictures are grey: their levels are taken as luma as they stand.`] : []),
  ]
  return { candidates, notes }
}
