import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { parseCoco, parseVoc, parseYolo } from '../../compare/detection/labels.ts'
import type { PictureTruth } from '../../compare/detection/measure.ts'
import type { ClassLabel } from '../../compare/topk.ts'
import { parseCsv } from '../../core/csv.ts'
import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { LabelFormat, LabelsSource } from '../../core/score.ts'
import type { OpenedSamples } from '../../samples/open-samples.ts'

/** A sample as labels are looked up for it. */
interface Labelled {
  readonly id: string
  /** Absolute; null for arrays, which are looked up by their id. */
  readonly path: string | null
  readonly size: readonly [height: number, width: number]
}

const FITTING = { classes: ['csv', 'folders'], boxes: ['yolo', 'voc', 'coco'] } as const

const wrong = (where: string, what: string, next: string): Fault => new Fault({ code: 'samples.labels', where, what, next })

const samplesOf = ({ ids, files }: OpenedSamples): Labelled[] => ids.map((id, index) => ({ id, path: files?.[index]!.path ?? null, size: files?.[index]!.size ?? [0, 0] }))

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Fault({ code: 'samples.labels', where: path, what: `the labels cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`, next: 'Correct `samples.evaluation.labels`.' }, { cause: error })
  }
}

async function neededText(path: string): Promise<string> {
  const text = await textOf(path)
  if (text === null) throw wrong(path, 'there is no such file', 'Correct `samples.evaluation.labels`.')
  return text
}

async function classNames({ classes }: LabelsSource): Promise<string[] | undefined> {
  if (classes === undefined) return undefined
  const lines = (await neededText(classes)).split(/\r?\n/).map((line) => line.trim())
  const names = lines.filter((line) => line !== '')
  const twice = lines.findIndex((line, index) => line !== '' && lines.indexOf(line) !== index)
  if (twice >= 0) throw wrong(`${classes}:${twice + 1}`, `«${lines[twice]}» stands on line ${lines.indexOf(lines[twice]!) + 1} already`, 'Name every class once, in the order of the outputs.')
  if (names.length === 0) throw wrong(classes, 'it names no class', 'Write a class name a line, in the order of the outputs.')
  return names
}

/** How the labels are written, by the recipe, the ending, or what the folder holds. */
async function formatOf(source: LabelsSource, kind: keyof typeof FITTING): Promise<LabelFormat> {
  const fit: readonly LabelFormat[] = FITTING[kind]
  const path = source.path ?? 'labels'
  const found = source.format ?? (await guessFormat(path))
  if (found !== undefined && fit.includes(found)) return found
  throw wrong(path, found === undefined ? 'what format these labels have cannot be seen' : `labels as ${found} do not say the ${kind === 'classes' ? 'class of a picture' : 'boxes of a picture'}`, `Set \`labels.format\` to ${fit.join(', ')}, or correct the path.`)
}

async function guessFormat(path: string): Promise<LabelFormat | undefined> {
  const facts = await stat(path).catch(() => null)
  if (facts === null) throw wrong(path, 'there is no such file or folder', 'Correct `samples.evaluation.labels`.')
  if (!facts.isDirectory()) return ({ '.csv': 'csv', '.json': 'coco' } as const)[extname(path).toLowerCase()]
  const endings = new Set((await readdir(path, { recursive: true })).map((name) => extname(name).toLowerCase()))
  return endings.has('.xml') ? 'voc' : endings.has('.txt') ? 'yolo' : undefined
}

/** Names that a sample may have in a list: the ends of its path, the longest last, then its stem and id. */
function namesOf({ id, path }: Labelled): string[] {
  if (path === null) return [id]
  const parts = path.split(sep)
  const ends = parts.map((_, index) => parts.slice(parts.length - 1 - index).join('/'))
  return [...ends, basename(path, extname(path)), id]
}

function lookedUp<T>(sample: Labelled, known: ReadonlyMap<string, T>, where: string): T {
  const names = namesOf(sample)
  // The longest path that is listed tells pictures of one name in several folders apart.
  const found = [...names.slice(0, -2).toReversed(), ...names.slice(-2)].find((name) => known.has(name))
  if (found !== undefined) return known.get(found)!
  throw wrong(where, `there is no label for «${sample.path === null ? sample.id : basename(sample.path)}»`, didYouMean(names[0]!, known.keys()) ?? 'Add it, or leave the picture out (`exclude`).')
}

/** The class of every sample, as an index of the output. Throws `samples.labels` naming file and line. */
export async function readClassLabels(source: LabelsSource, samples: OpenedSamples, offset: number): Promise<ReadonlyMap<string, ClassLabel>> {
  const format = await formatOf(source, 'classes')
  const names = await classNames(source)
  const all = samplesOf(samples)
  const labels = format === 'csv' ? csvLabels(source, await neededText(source.path!), names, all) : await folderLabels(names, all)
  return new Map(all.map(({ id }, index) => [id, { ...labels[index]!, label: labels[index]!.label + offset }]))
}

function csvLabels({ path, file, label }: LabelsSource, text: string, names: readonly string[] | undefined, samples: readonly Labelled[]): ClassLabel[] {
  const where = path!
  const records = parseCsv(text, where)
  const first = records[0]
  if (!first || first.cells.length < 2) throw wrong(`${where}:1`, 'a line with a file and a label is wanted', 'Write `file,label` and a line for every picture.')
  const isWhole = (cell: string) => /^\d+$/.test(cell.trim())
  const number = (cell: string): number | undefined => (isWhole(cell) ? Number(cell) : names?.includes(cell.trim()) === true ? names.indexOf(cell.trim()) : undefined)
  const isNamed = file !== undefined || label !== undefined
  const hasHead = isNamed || number(first.cells[1]!) === undefined
  const column = (name: string | undefined, fallback: number): number => {
    const at = name === undefined ? fallback : first.cells.findIndex((cell) => cell.trim() === name)
    if (at < 0) throw wrong(`${where}:1`, `there is no column «${name}»`, didYouMean(name!, first.cells) ?? 'Correct `labels.file` and `labels.label`.')
    return at
  }
  const [fileAt, labelAt] = [column(file, 0), column(label, 1)]
  const known = new Map<string, ClassLabel>()
  for (const { line, cells } of hasHead ? records.slice(1) : records) {
    const place = `${where}:${line}`
    if (cells.length <= Math.max(fileAt, labelAt)) throw wrong(place, `the line has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`, 'Write a file and a label on every line.')
    const name = cells[fileAt]!.trim().replaceAll('\\', '/').replace(/^\.\//, '')
    const value = number(cells[labelAt]!)
    if (value === undefined) throw wrong(place, `«${cells[labelAt]!.trim()}» is not a class`, names === undefined ? 'Give class numbers from 0, or the names of the classes (`labels.classes`).' : (didYouMean(cells[labelAt]!.trim(), names) ?? 'Correct it.'))
    if (known.has(name)) throw wrong(place, `«${name}» is labelled on line ${known.get(name)!.where.slice(where.length + 1)} already`, 'Label every picture once.')
    known.set(name, { label: value, where: place })
  }
  return samples.map((sample) => lookedUp(sample, known, where))
}

/** The folder that a picture lies in is its class. Without names the folders beside it are counted in name order, or by their numbers. */
async function folderLabels(names: readonly string[] | undefined, samples: readonly Labelled[]): Promise<ClassLabel[]> {
  const first = samples[0]?.path
  if (first === null || first === undefined) throw wrong('labels', 'arrays lie in no folders', 'Give a CSV of labels.')
  const root = dirname(dirname(first))
  const beside = names ?? (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name).toSorted()
  const isNumbered = names === undefined && beside.every((name) => /^\d+$/.test(name))
  return samples.map(({ path }) => {
    const folder = basename(dirname(path!))
    const label = isNumbered ? Number(folder) : beside.indexOf(folder)
    if (names === undefined && dirname(dirname(path!)) !== root) throw wrong(path!, `the picture does not lie in a folder of ${root}`, 'Put a folder for each class side by side, or give the names of the classes (`labels.classes`).')
    if (label < 0) throw wrong(path!, `its folder «${folder}» is no class`, didYouMean(folder, beside) ?? 'Give the names of all classes (`labels.classes`).')
    return { label, where: path! }
  })
}

/** The boxes of every sample in pixels of its file. `root`: the folder of the samples. Throws `samples.labels` naming file and line. */
export async function readBoxLabels(source: LabelsSource, samples: OpenedSamples, root: string): Promise<ReadonlyMap<string, PictureTruth>> {
  const format = await formatOf(source, 'boxes')
  if (source.path === undefined || samples.files === null) throw wrong(source.path ?? 'labels', 'boxes are labelled for pictures in files', 'Give pictures as samples and the path of their labels.')
  const all = samplesOf(samples)
  if (format === 'coco') {
    const known = parseCoco(await neededText(source.path), source.path, await classNames(source))
    return new Map(all.map((sample) => [sample.id, { boxes: lookedUp(sample, known, source.path!), where: source.path! }]))
  }
  const names = await classNames(source)
  if (format === 'voc' && names === undefined) throw wrong(source.path, 'these labels name classes, and which output stands for which is not known', 'Give a file with the class names in order (`labels.classes`).')
  const truth = new Map<string, PictureTruth>()
  let files = 0
  for (const sample of all) {
    const [text, where] = await labelFile(source.path, root, sample.path!, format === 'voc' ? '.xml' : '.txt')
    if (text !== null) files++
    // A picture without a file is one without objects in YOLO's data sets; VOC writes a file for every picture.
    if (text === null && format === 'voc') throw wrong(where, 'there is no such file', 'Every picture has an annotation of its own name in Pascal VOC.')
    truth.set(sample.id, { where, boxes: text === null ? [] : format === 'voc' ? parseVoc(text, where, names!) : parseYolo(text, where, sample.size) })
  }
  if (files === 0) throw wrong(source.path, `none of the ${all.length} pictures has a file of its name here`, 'Correct `samples.evaluation.labels`.')
  return truth
}

/** The label file below `folder` where the picture lies below `root`, else right in `folder`. */
async function labelFile(folder: string, root: string, picture: string, ending: string): Promise<readonly [string | null, string]> {
  const below = relative(root, picture)
  const stem = basename(picture, extname(picture))
  const direct = join(folder, `${stem}${ending}`)
  const nested = below.startsWith('..') ? direct : join(folder, dirname(below), `${stem}${ending}`)
  for (const path of new Set([nested, direct])) {
    const text = await textOf(path)
    if (text !== null) return [text, path]
  }
  return [null, nested]
}
