import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { TruthBox } from './box.ts'

/** All parsers give boxes in pixels of the picture, and refuse the whole file with its line at the first thing that is wrong: `samples.labels`. */
const wrong = (where: string, what: string, next: string): Fault => new Fault({ code: 'samples.labels', where, what, next })

const YOLO_NEXT = 'A line is `class cx cy width height`: a whole number and four shares of the picture.'

/** YOLO: a box a line, `class cx cy width height` in shares of the picture. An empty file says that nothing is there. */
export function parseYolo(text: string, where: string, [height, width]: readonly [number, number]): TruthBox[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const words = line.trim().split(/\s+/)
    if (words[0] === '') return []
    const place = `${where}:${index + 1}`
    if (words.length !== 5) throw wrong(place, `the line has ${words.length} values, not 5`, YOLO_NEXT)
    const [label, cx, cy, w, h] = words.map(Number) as [number, number, number, number, number]
    if (!Number.isInteger(label) || label < 0) throw wrong(place, `«${words[0]}» is not a class number`, YOLO_NEXT)
    const bad = [cx, cy, w, h].findIndex((value) => !(value >= 0 && value <= 1))
    if (bad >= 0) throw wrong(place, `«${words[bad + 1]}» is not a share between 0 and 1`, YOLO_NEXT)
    if (w === 0 || h === 0) throw wrong(place, 'the box has no area', YOLO_NEXT)
    return [{ label, x1: (cx - w / 2) * width, y1: (cy - h / 2) * height, x2: (cx + w / 2) * width, y2: (cy + h / 2) * height, ignored: false, crowd: false }]
  })
}

/** The number of a class by its name. */
function classNumber(name: string, classes: readonly string[], where: string): number {
  const label = classes.indexOf(name)
  if (label < 0) throw wrong(where, `«${name}» is no class`, didYouMean(name, classes) ?? 'Give the names of all classes (`labels.classes`).')
  return label
}

const TAG = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\w[^>]*>|<(\/?)([\w:.-]+)[^>]*?(\/?)>/g

interface Element {
  readonly name: string
  readonly line: number
  readonly children: Element[]
  text: string
}

/** Elements and their text; enough of XML for what writes annotations: no entities but the five, attributes are passed over. */
function parseXml(text: string, where: string): Element {
  const root: Element = { name: '', line: 1, children: [], text: '' }
  const open = [root]
  let [at, line] = [0, 1]
  const next = 'Give a whole annotation file of Pascal VOC.'
  for (const found of text.matchAll(TAG)) {
    const between = text.slice(at, found.index)
    open.at(-1)!.text += between
    line += between.split('\n').length - 1
    const [whole, close, name, alone] = found
    at = found.index + whole.length
    if (name !== undefined && close === '/') {
      if (open.length < 2 || open.at(-1)!.name !== name) throw wrong(`${where}:${line}`, `</${name}> closes what is not open`, next)
      open.pop()
    } else if (name !== undefined) {
      const element: Element = { name, line, children: [], text: '' }
      open.at(-1)!.children.push(element)
      if (alone !== '/') open.push(element)
    }
    line += whole.split('\n').length - 1
  }
  if (open.length > 1) throw wrong(`${where}:${open.at(-1)!.line}`, `<${open.at(-1)!.name}> is never closed`, next)
  return root
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const plainText = (element: Element): string => element.text.trim().replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name]!)

/**
 * Pascal VOC: the objects of an annotation file. Its pixels count from 1; boxes come from 0, the last pixel as it is named, as the
 * evaluation of inclusive pixels wants them.
 */
export function parseVoc(text: string, where: string, classes: readonly string[]): TruthBox[] {
  const root = parseXml(text, where).children.find(({ name }) => name === 'annotation')
  if (!root) throw wrong(`${where}:1`, 'there is no <annotation>', 'Give a whole annotation file of Pascal VOC.')
  const child = (element: Element, name: string): Element => {
    const found = element.children.find((each) => each.name === name)
    if (found) return found
    throw wrong(`${where}:${element.line}`, `<${element.name}> has no <${name}>`, 'Give a whole annotation file of Pascal VOC.')
  }
  return root.children.filter(({ name }) => name === 'object').map((object) => {
    const name = child(object, 'name')
    const label = classNumber(plainText(name), classes, `${where}:${name.line}`)
    const box = child(object, 'bndbox')
    const [xmin, ymin, xmax, ymax] = ['xmin', 'ymin', 'xmax', 'ymax'].map((side) => {
      const element = child(box, side)
      const value = Number(element.text.trim() || Number.NaN)
      if (!Number.isFinite(value)) throw wrong(`${where}:${element.line}`, `<${side}> «${element.text.trim()}» is no number`, 'Give pixels, the first being 1.')
      return value
    }) as [number, number, number, number]
    if (xmax < xmin || ymax < ymin) throw wrong(`${where}:${box.line}`, `the box [${xmin}, ${ymin}, ${xmax}, ${ymax}] ends before it begins`, 'Correct the annotation.')
    const difficult = object.children.find((each) => each.name === 'difficult')
    const ignored = difficult !== undefined && plainText(difficult) === '1'
    return { label, x1: xmin - 1, y1: ymin - 1, x2: xmax - 1, y2: ymax - 1, ignored, crowd: false }
  })
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Boxes of every picture by its file name. Classes are those of `classes`, else the categories in order of their ids. */
export function parseCoco(text: string, where: string, classes?: readonly string[]): ReadonlyMap<string, readonly TruthBox[]> {
  const next = 'Give the instances file of a COCO data set: images, annotations, categories.'
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new Fault({ code: 'samples.labels', where, what: `this is no JSON: ${(error as Error).message}`, next }, { cause: error })
  }
  const list = (key: string): Record<string, unknown>[] => {
    const value = isObject(json) ? json[key] : undefined
    if (!Array.isArray(value)) throw wrong(where, `there is no list «${key}»`, next)
    const bad = value.findIndex((each) => !isObject(each))
    if (bad >= 0) throw wrong(`${where}: ${key}[${bad}]`, 'this is no object', next)
    return value as Record<string, unknown>[]
  }
  const number = (item: Record<string, unknown>, key: string, place: string): number => {
    if (typeof item[key] === 'number' && Number.isFinite(item[key])) return item[key]
    throw wrong(`${where}: ${place}`, `«${key}» is no number`, next)
  }
  const string = (item: Record<string, unknown>, key: string, place: string): string => {
    if (typeof item[key] === 'string') return item[key]
    throw wrong(`${where}: ${place}`, `«${key}» is no text`, next)
  }
  const categories = list('categories').map((item, index) => ({ id: number(item, 'id', `categories[${index}]`), name: string(item, 'name', `categories[${index}]`) })).toSorted((a, b) => a.id - b.id)
  const labels = new Map(categories.map(({ id, name }, index) => [id, classes ? classNumber(name, classes, `${where}: categories`) : index]))
  const files = new Map(list('images').map((item, index) => [number(item, 'id', `images[${index}]`), string(item, 'file_name', `images[${index}]`)]))
  const boxes = new Map([...files.values()].map((file) => [file, [] as TruthBox[]]))
  for (const [index, item] of list('annotations').entries()) {
    const place = `annotations[${index}]`
    const file = files.get(number(item, 'image_id', place))
    const label = labels.get(number(item, 'category_id', place))
    if (file === undefined || label === undefined) throw wrong(`${where}: ${place}`, file === undefined ? `there is no image ${String(item['image_id'])}` : `there is no category ${String(item['category_id'])}`, next)
    const { bbox } = item
    if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every((value) => typeof value === 'number' && Number.isFinite(value))) throw wrong(`${where}: ${place}`, '«bbox» is not four numbers', next)
    const [x, y, width, height] = bbox as [number, number, number, number]
    if (width < 0 || height < 0) throw wrong(`${where}: ${place}`, `the box [${bbox.join(', ')}] ends before it begins`, next)
    const crowd = item['iscrowd'] === 1
    boxes.get(file)!.push({ label, x1: x, y1: y, x2: x + width, y2: y + height, ignored: crowd, crowd })
  }
  return boxes
}
