import { equalBins } from '../calibrate/methods/equal-bins.ts'
import { viewOf } from '../calibrate/methods/view.ts'
import type { TensorStatistics } from '../calibrate/statistics.ts'
import { planesOf, roundedPicture } from '../compare/planes.ts'
import { psnr } from '../compare/psnr.ts'
import { differenceHeat } from '../compare/side-by-side.ts'
import { cropTo, worstTile } from '../compare/tile.ts'
import type { LayerError } from '../core/run.ts'
import type { Tensor } from '../onnx/graph.ts'
import type { Expectation } from '../samples/expectation.ts'
import { pictureOf, pngOf } from '../samples/picture.ts'
import type { Picture } from '../samples/sample.ts'
import type { TensorQuant } from './record.ts'

/** What calibration saw of a layer's output in float, and the range that its codes hold. Real units. */
export interface LayerHistogram {
  readonly tensor: string
  readonly op: string
  /** Of the layer with everything before it quantized too. */
  readonly cosine: number
  readonly sqnrDb: number
  /** Window that is drawn: all that was seen, the range and 0. */
  readonly from: number
  readonly to: number
  /** Values in equal bins between the two. */
  readonly counts: readonly number[]
  /** The clip range. */
  readonly range: readonly [lo: number, hi: number]
  /** Values seen outside of the range, per cent. */
  readonly outsidePercent: number
}

const WORST_LAYERS = 6
const BINS = 96

/** Layers by accumulated cosine, the worst first; equal ones by name. */
export const worstFirst = (layers: readonly LayerError[]): readonly LayerError[] =>
  layers.filter(({ mode }) => mode === 'accumulated').toSorted((a, b) => a.cosine - b.cosine || (a.tensor < b.tensor ? -1 : 1))

/** Histograms of the layers that lost most, as far as calibration looked at them. */
export function layerHistograms(layers: readonly LayerError[], records: readonly TensorQuant[], seen: ReadonlyMap<string, TensorStatistics>): LayerHistogram[] {
  const quantized = new Map(records.map((record) => [record.name, record]))
  return worstFirst(layers).flatMap(({ tensor, op, cosine, sqnrDb }) => {
    const [record, statistics] = [quantized.get(tensor), seen.get(tensor)]
    return record && statistics && statistics.count > 0 ? [{ tensor, op, cosine, sqnrDb, ...binned(statistics, record.range) }] : []
  }).slice(0, WORST_LAYERS)
}

function binned(statistics: TensorStatistics, range: TensorQuant['range']): Pick<LayerHistogram, 'from' | 'to' | 'counts' | 'range' | 'outsidePercent'> {
  const view = viewOf(statistics)
  const from = Math.min(statistics.min, range[0], 0)
  const most = Math.max(statistics.max, range[1], 0)
  const to = most > from ? most : from + 1
  const { counts } = equalBins(view, { of: 'signed', bins: BINS, from, to })
  const inside = equalBins(view, { of: 'signed', bins: 1, from: range[0], to: range[1] > range[0] ? range[1] : to })
  return { from, to, counts: [...counts], range, outsidePercent: view.count === 0 ? 0 : (100 * (inside.below + inside.above)) / view.count }
}

/** What both models make of one golden input. */
export interface GoldenOutputs {
  readonly input: string
  readonly float: Readonly<Record<string, Tensor>>
  readonly simulated: Readonly<Record<string, Tensor>>
}

/** One row of the picture sheet: the window in which the two differ most, as PNGs. */
export interface SheetRow {
  readonly input: string
  /** Of the whole output, pixels. */
  readonly width: number
  readonly height: number
  readonly tile: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
  readonly float: Uint8Array
  readonly quantized: Uint8Array
  readonly difference: Uint8Array
  /** What the difference is multiplied by. */
  readonly gain: number
  /** Greatest difference of a pixel in the window, mean over its channels, levels of 255. */
  readonly maxLevels: number
  /** Quantized against float, of the whole output, PSNR of luma in dB; null: no level differs. */
  readonly psnrDb: number | null
}

/** Largest side of a window, pixels: a row of three fits a page. */
const SIDE = 256
/** Beyond it rounding of the float sums would be shown, which no level is. */
const MOST_GAIN = 256

/** The golden outputs as pictures; empty where the model gives none. */
export async function pictureSheet(outputs: readonly GoldenOutputs[], expectation: Expectation): Promise<SheetRow[]> {
  const { output } = expectation
  if (output.kind.value !== 'picture') return []
  const rows: SheetRow[] = []
  for (const { input, float, simulated } of outputs) rows.push(await sheetRow(input, pictureOf(float[output.name]!, expectation), pictureOf(simulated[output.name]!, expectation)))
  return rows
}

async function sheetRow(input: string, float: Picture, quantized: Picture): Promise<SheetRow> {
  const { x, y, width, height } = worstTile(float, quantized, SIDE)
  const tile = { x, y, width, height }
  const [a, b] = [cropTo(float, tile)!, cropTo(quantized, tile)!]
  const { heat, gain, max } = differenceHeat(a, b, MOST_GAIN)
  const db = psnr(planesOf(roundedPicture(quantized), 'y'), planesOf(roundedPicture(float), 'y'))
  return { input, width: float.width, height: float.height, tile, float: await pngOf(a), quantized: await pngOf(b), difference: await pngOf(heat), gain, maxLevels: max, psnrDb: Number.isFinite(db) ? db : null }
}
