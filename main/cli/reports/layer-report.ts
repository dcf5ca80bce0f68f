import type { LayerError } from '../../core/run.ts'
import { section, tableLines } from '../layout.ts'
import { decibels, fixed, significant } from '../numbers.ts'
import type { ReportContext } from './context.ts'

const WORST = 5
const MODES = { accumulated: 'report.accumulated', alone: 'report.alone' } as const

/** The five tensors furthest from float; accumulated errors where they were measured, for they are what arrives at the output. */
export function worstLayersSection(layers: readonly LayerError[], context: ReportContext): string[] {
  const mode = layers.some((layer) => layer.mode === 'accumulated') ? 'accumulated' : 'alone'
  const worst = layers.filter((layer) => layer.mode === mode).toSorted((a, b) => a.sqnrDb - b.sqnrDb).slice(0, WORST)
  return layersPart(context.say('report.worst'), mode, worst, context)
}

/** Every layer error, a part for each way of measuring. */
export const layerSection = (layers: readonly LayerError[], context: ReportContext): string[][] =>
  (['accumulated', 'alone'] as const).map((mode) =>
    layersPart(context.say('report.layers'), mode, layers.filter((layer) => layer.mode === mode), context))

function layersPart(title: string, mode: LayerError['mode'], layers: readonly LayerError[], { say, style, longestName }: ReportContext): string[] {
  if (layers.length === 0) return []
  const right = 'right' as const
  const columns = [
    { title: say('report.node'), most: longestName },
    { title: say('report.operator') },
    { title: say('report.tensor'), most: longestName },
    { title: 'SQNR dB', align: right },
    { title: 'cosine', align: right },
    { title: 'MSE', align: right },
    { title: say('report.max-abs'), align: right },
    { title: `${say('report.clipped')} %`, align: right },
  ]
  const rows = layers.map((layer) => [
    layer.node, layer.op, layer.tensor, decibels(layer.sqnrDb, 2), fixed(layer.cosine, 6), significant(layer.mse, 3), significant(layer.maxAbs, 3),
    fixed(layer.clippedPercent, 2),
  ])
  return section(title, tableLines(columns, rows, style), style, say(MODES[mode]))
}
