import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { BoxesDecode, DecodeSettings, GridDecode, SsdDecode } from '../../core/score.ts'
import type { Detection } from './box.ts'
import { priorBoxes } from './priors.ts'

/** An output as plain numbers, row-major. */
export interface Output {
  readonly dims: readonly number[]
  readonly data: ArrayLike<number>
}

export type Outputs = ReadonlyMap<string, Output>

export interface Decoded {
  /** In pixels of the input, those below the least score left out; nothing is suppressed yet. */
  readonly detections: readonly Detection[]
  /** Classes that the outputs tell apart. */
  readonly classes: number
}

/**
 * Boxes of one sample from a model's outputs. `size`: of the input, [height, width] in pixels. Each place gives one box at most, of its
 * best class (of equals the lower). Throws `recipe.metric` where the outputs do not fit the settings.
 */
export function decodeBoxes(settings: DecodeSettings, outputs: Outputs, size: readonly [number, number], least: number): Decoded {
  if (settings.kind === 'grid') return decodeGrid(settings, outputs, size, least)
  return settings.kind === 'ssd' ? decodeSsd(settings, outputs, size, least) : decodeRows(settings, outputs, size, least)
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

const misfit = (output: string, what: string, next: string): Fault => new Fault({ code: 'recipe.metric', where: `output ${output}`, what, next })

function outputOf(outputs: Outputs, name: string | undefined, isFit: (output: Output) => boolean, what: string): readonly [string, Output] {
  if (name !== undefined) {
    const output = outputs.get(name)
    if (output) return [name, output]
    throw misfit(name, 'the model has no such output', didYouMean(name, outputs.keys()) ?? 'Correct `samples.evaluation.metric.decode`.')
  }
  const fit = [...outputs].filter(([, output]) => isFit(output))
  if (fit.length === 1) return fit[0]!
  throw misfit([...outputs.keys()].join(', '), `${fit.length} outputs could be ${what}`, 'Name the output in `samples.evaluation.metric.decode`.')
}

const shapeOf = ({ dims }: Output): string => `[${dims.join(', ')}]`

function decodeGrid(settings: GridDecode, outputs: Outputs, size: readonly [number, number], least: number): Decoded {
  const names = settings.outputs ?? [outputOf(outputs, undefined, ({ dims }) => dims.length === 4, 'a grid of boxes')[0]]
  const maps = names.map((name) => decodeMap(settings, outputOf(outputs, name, () => true, ''), size, least))
  return { detections: maps.flatMap(({ detections }) => detections), classes: Math.min(...maps.map(({ classes }) => classes)) }
}

function decodeMap({ order, xy, wh, logits, powers }: GridDecode, [name, output]: readonly [string, Output], [height, width]: readonly [number, number], least: number): Decoded {
  const { dims, data } = output
  const [batch, channels = 0, rows = 0, columns = 0] = dims
  if (dims.length !== 4 || batch !== 1 || channels < 6) throw misfit(name, `its shape is ${shapeOf(output)}, a grid of boxes is [1, 5 + classes, height, width]`, 'Choose another output or decoder.')
  const cells = rows * columns
  const classes = channels - 5
  const [object, box] = order === 'object-box-class' ? [0, 1] : [4, 0]
  const probability = (value: number) => (logits ? sigmoid(value) : value)
  const shift = xy === 'tanh' ? Math.tanh : xy === 'sigmoid' ? sigmoid : (value: number) => value
  const detections: Detection[] = []
  for (let cell = 0; cell < cells; cell++) {
    const at = (channel: number) => data[channel * cells + cell]!
    const { label, value } = best(classes, (index) => at(5 + index))
    const score = Math.max(0, probability(at(object))) ** powers[0] * Math.max(0, probability(value)) ** powers[1]
    if (!(score >= least)) continue
    const cx = ((shift(at(box)) + (cell % columns)) / columns) * width
    const cy = ((shift(at(box + 1)) + Math.floor(cell / columns)) / rows) * height
    const [across, down] = wh === 'sigmoid' ? [sigmoid(at(box + 2)) * width, sigmoid(at(box + 3)) * height] : [(Math.exp(at(box + 2)) * width) / columns, (Math.exp(at(box + 3)) * height) / rows]
    detections.push({ ...around(cx, cy, across, down), label, score })
  }
  return { detections, classes }
}

const around = (cx: number, cy: number, width: number, height: number) => ({ x1: cx - width / 2, y1: cy - height / 2, x2: cx + width / 2, y2: cy + height / 2 })

/** The largest of so many values and its index; of equals the first. */
function best(count: number, at: (index: number) => number): { readonly label: number; readonly value: number } {
  let [label, value] = [0, at(0)]
  for (let index = 1; index < count; index++) if (at(index) > value) [label, value] = [index, at(index)]
  return { label, value }
}

interface Rows {
  readonly count: number
  /** Values a row. */
  readonly width: number
  at(row: number, column: number): number
}

/** [1, N, width] or [N, width], or transposed; where that is not said, the shorter axis holds the values of a row. */
function rowsOf(name: string, output: Output, { width, transposed }: { readonly width?: number; readonly transposed?: boolean }): Rows {
  const { data } = output
  const dims = output.dims.length > 2 && output.dims[0] === 1 ? output.dims.slice(1) : output.dims
  const [a = 0, b = 0] = dims
  if (dims.length !== 2 || (width !== undefined && b !== width)) throw misfit(name, `its shape is ${shapeOf(output)}, rows ${width === undefined ? '' : `of ${width} values `}are wanted`, 'Choose another output or decoder.')
  if (width !== undefined || !(transposed ?? b > a)) return { count: a, width: b, at: (row, column) => data[row * b + column]! }
  return { count: b, width: a, at: (row, column) => data[column * b + row]! }
}

/** Scores [1, N, classes] or [1, N], of as many rows as there are boxes. */
function scoresOf(name: string, output: Output, count: number): Rows {
  const { data, dims } = output
  const total = data.length
  const width = dims.at(-1) === count ? 1 : dims.at(-1)!
  if (count === 0 || total !== count * width) throw misfit(name, `its shape is ${shapeOf(output)}, scores of ${count} boxes are wanted`, 'Choose another output or decoder.')
  return { count, width, at: (row, column) => data[row * width + column]! }
}

/** Best class of a row among its scores, the background left out. `classes`: those that are left. */
function judged(background: number | null, width: number): { readonly classes: number; of(at: (index: number) => number): { readonly label: number; readonly value: number } } {
  const indices = Array.from({ length: width }, (_, index) => index).filter((index) => index !== background)
  return { classes: indices.length, of: (at) => best(indices.length, (index) => at(indices[index]!)) }
}

function decodeRows(settings: BoxesDecode, outputs: Outputs, size: readonly [number, number], least: number): Decoded {
  const { format, objectness, logits, background } = settings
  const [name, output] = outputOf(outputs, settings.boxes, ({ dims }) => dims.length === 3 || dims.length === 2, 'boxes')
  const rows = rowsOf(name, output, { ...(settings.scores === undefined ? {} : { width: 4 }), ...(settings.transposed === undefined ? {} : { transposed: settings.transposed }) })
  const behind = objectness ? 5 : 4
  const apart = settings.scores === undefined ? undefined : scoresOf(...outputOf(outputs, settings.scores, () => true, ''), rows.count)
  const width = apart?.width ?? rows.width - behind
  if (width < 1) throw misfit(name, `its shape is ${shapeOf(output)}: rows of ${rows.width} values hold a box${objectness ? ', an objectness' : ''} and no class`, 'Name the output of the scores (`scores`), or choose another decoder.')
  const labels = settings.classes === undefined ? undefined : scoresOf(...outputOf(outputs, settings.classes, () => true, ''), rows.count)
  const choose = judged(labels === undefined ? background : null, width)
  const probability = (value: number) => (logits ? sigmoid(value) : value)
  const [down, across] = settings.unit === 'share' ? size : [1, 1]
  const detections: Detection[] = []
  let highest = 0
  for (let row = 0; row < rows.count; row++) {
    const { label: index, value } = choose.of((column) => (apart ? apart.at(row, column) : rows.at(row, behind + column)))
    const label = labels === undefined ? index : movedUp(Math.round(labels.at(row, 0)), background)
    const score = probability(value) * (objectness ? probability(rows.at(row, 4)) : 1)
    if (label === null || !(score >= least)) continue
    highest = Math.max(highest, label)
    const [a, b, c, d] = [rows.at(row, 0) * across, rows.at(row, 1) * down, rows.at(row, 2) * across, rows.at(row, 3) * down] as const
    const box = format === 'cxcywh' ? around(a, b, c, d) : format === 'xywh' ? { x1: a, y1: b, x2: a + c, y2: b + d } : { x1: a, y1: b, x2: c, y2: d }
    detections.push({ ...box, label, score })
  }
  return { detections, classes: labels === undefined ? choose.classes : Infinity }
}

/** Class number without the background; null for the background itself. */
const movedUp = (label: number, background: number | null): number | null => (background === null || label < background ? label : label === background ? null : label - 1)

function decodeSsd(settings: SsdDecode, outputs: Outputs, size: readonly [number, number], least: number): Decoded {
  const { variances: [center, extent], softmax, background } = settings
  const [name, output] = outputOf(outputs, settings.boxes, () => true, '')
  const [scoresName, scoresOutput] = outputOf(outputs, settings.scores, () => true, '')
  const priors = priorBoxes(settings.priors, size)
  if (output.data.length !== priors.length * 4) throw misfit(name, `its shape is ${shapeOf(output)}, the settings make ${priors.length} default boxes`, 'Correct `priors`: their number times 4 is the number of values.')
  const scores = { data: scoresOutput.data, width: scoresOutput.data.length / priors.length }
  if (!Number.isInteger(scores.width)) throw misfit(scoresName, `its shape is ${shapeOf(scoresOutput)}, scores of ${priors.length} default boxes are wanted`, 'Choose another output or decoder.')
  const choose = judged(background, scores.width)
  const [height, width] = size
  const detections: Detection[] = []
  for (const [row, prior] of priors.entries()) {
    const raw = (index: number) => scores.data[row * scores.width + index]!
    const { label, value } = choose.of(raw)
    const score = softmax ? 1 / Array.from({ length: scores.width }, (_, index) => Math.exp(raw(index) - value)).reduce((sum, each) => sum + each, 0) : value
    if (!(score >= least)) continue
    const offset = (index: number) => output.data[row * 4 + index]!
    const cx = prior.cx + offset(0) * center * prior.width
    const cy = prior.cy + offset(1) * center * prior.height
    detections.push({ ...around(cx * width, cy * height, prior.width * Math.exp(offset(2) * extent) * width, prior.height * Math.exp(offset(3) * extent) * height), label, score })
  }
  return { detections, classes: choose.classes }
}
