import { measureLatency } from '../main/compare/latency.ts'
import { compareSizes } from '../main/compare/size.ts'
import { quietTask } from '../main/core/task.ts'
import { quantizeFrom } from '../main/engine/jobs/quantize.ts'
import { encodeModel } from '../main/onnx/encode.ts'
import { productsSaturate } from '../main/runtime/environment.ts'
import { say, type Figure } from './figure.ts'
import { observed, opened } from './pipeline.ts'
import { hasData, recipeOf, threads, timedSubject } from './subjects.ts'

/** Fused over float of ONNX Runtime's own QDQ model of edsr8_x2, by whether u8×s8 products need two instructions here. */
const ANCHOR_RATIO = { vnni: 0.38, plain: 0.52 }
const ANCHOR_SIZE = 0.265
const GOAL_SIZE = 0.27

/** Latency and size of the model that the default recipe makes, on one crop of 96×96. */
export async function benchSpeedAndSize(sections: ReadonlySet<string>): Promise<Figure[]> {
  const subject = timedSubject()
  say(`${[...sections].join(' and ')}: ${subject.name}`)
  const recipe = recipeOf(subject)
  const { piece, statistics } = await observed(recipe)
  const quantized = encodeModel(quantizeFrom(piece, recipe, statistics, subject.name).quantized.graph)
  const figures: Figure[] = []
  if (sections.has('latency')) {
    const { samples } = await opened(piece, recipe, 'calibration')
    const { feeds } = await samples.load(0)
    const { protocol, ratio, floatMs, fusedMs } = await measureLatency({ float: piece.file.bytes, quantized }, feeds, { threads }, quietTask)
    const row = { section: 'latency', subject: subject.name }
    const anchor = productsSaturate() === false ? ANCHOR_RATIO.vnni : ANCHOR_RATIO.plain
    figures.push({ ...row, name: `float, ${protocol}`, value: floatMs.median, unit: 'ms' }, { ...row, name: 'fused', value: fusedMs.median, unit: 'ms' })
    figures.push({ ...row, name: 'fused over float', value: ratio, unit: 'ratio', ...(hasData ? { anchor: String(anchor), goal: anchor } : {}) })
    // Other work on the machine lengthens runs, never shortens them.
    figures.push({ ...row, name: 'fused over float, fastest runs', value: fusedMs.min / floatMs.min, unit: 'ratio' })
  }
  if (sections.has('size')) {
    const { ratio } = compareSizes(piece.file.bytes.byteLength, quantized.byteLength)
    figures.push({ section: 'size', subject: subject.name, name: 'quantized over float file', value: ratio, unit: 'ratio', ...(hasData ? { anchor: String(ANCHOR_SIZE), goal: GOAL_SIZE } : {}) })
  }
  return figures
}
