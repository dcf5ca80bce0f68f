import type { ComparedRuns } from '../../../preload/contract/index.ts'
import { wordIn, type Say, type TextKey } from '../../texts/texts.ts'
import { Delta } from '../../ui/delta.tsx'
import { cosine, fixed, modelName, shortRun, significant } from '../../ui/format.ts'
import type { Column } from '../../ui/grid.tsx'
import { rangeText, spanOf } from '../../ui/scale-text.ts'
import type { ScaleRow } from '../../client.ts'
import { layerBetter, layerDelta, scaleDelta, type LayerMeasure, type ScaleMeasure } from './compared-rows.ts'
import { recipeText } from './run-columns.tsx'

type Scales = ComparedRuns['scales'][number]
type Layers = ComparedRuns['layers'][number]

const tensorColumn = <Row extends { readonly tensor: string }>(say: Say): Column<Row> => ({
  id: 'tensor', title: say('tensor'), width: 'minmax(160px, 1.6fr)', frozen: true, value: (row) => row.tensor, hint: (row) => row.tensor,
  cell: (row) => <span className="mono">{row.tensor}</span>,
})

/** What a scale row says of one measure. */
export function scaleText(row: ScaleRow | null, measure: ScaleMeasure): string {
  if (row === null) return '–'
  if (measure === 'method') return row.float ? 'float' : row.method
  if (measure === 'type') return row.type
  if (measure === 'range') return rangeText(row)
  return row.float ? 'float' : spanOf(measure === 'scale' ? row.scale : row.zeroPoint)
}

const WORDS: readonly ScaleMeasure[] = ['method', 'type']

/** A column for each run, followed by what it changed against the baseline. */
export function scaleColumns(say: Say, { runs }: ComparedRuns, base: number, measure: ScaleMeasure): readonly Column<Scales>[] {
  const isWord = WORDS.includes(measure)
  const unit = measure === 'scale' ? ' %' : ''
  return [
    tensorColumn<Scales>(say),
    { id: 'kind', title: say('kind'), width: '92px', value: (row) => row.kind, cell: (row) => <span className="muted">{wordIn(say, 'kind', row.kind)}</span> },
    ...runs.flatMap((summary, index): Column<Scales>[] => {
      const { run } = summary
      const hint = `${modelName(summary.model)} · ${recipeText(say, summary)}`
      const text = (row: Scales): string => scaleText(row.values[index] ?? null, measure)
      const delta = (row: Scales): number | null => scaleDelta(row.values[index] ?? null, row.values[base] ?? null, measure)
      const value: Column<Scales> = {
        id: `run${index}`, title: shortRun(run), titleHint: hint, width: 'minmax(128px, 1fr)', align: 'right', hint: text,
        value: isWord || measure === 'range' ? text : (row) => row.values[index]?.[measure === 'scale' ? 'scale' : 'zeroPoint'][0],
        cell: (row) => <span className={index !== base && text(row) === scaleText(row.values[base] ?? null, measure) ? 'muted' : undefined}>{text(row)}</span>,
      }
      if (index === base || isWord) return [value]
      return [value, { id: `delta${index}`, title: `Δ ${shortRun(run)}${unit}`, width: '104px', align: 'right', value: (row) => size(delta(row)), cell: (row) => (measure === 'scale' ? <Delta value={delta(row)} digits={2} /> : <Delta value={delta(row)} />) }]
    }),
  ]
}

/** Changes are sorted by how large they are. */
const size = (value: number | null): number | null => (value === null ? null : Math.abs(value))

export const layerText = (value: number | undefined, measure: LayerMeasure): string =>
  measure === 'sqnrDb' ? fixed(value, 2) : measure === 'cosine' ? cosine(value) : measure === 'clippedPercent' ? fixed(value, 4) : significant(value, 3)

const DIGITS: Readonly<Partial<Record<LayerMeasure, number>>> = { sqnrDb: 2, cosine: 6, clippedPercent: 4 }

export const layerMeasureName = (measure: LayerMeasure): TextKey =>
  ({ sqnrDb: 'measure.sqnr', cosine: 'cosine', mse: 'measure.mse', maxAbs: 'layers.max-abs', clippedPercent: 'layers.clipped' } as const)[measure]

export function layerColumns(say: Say, { runs }: ComparedRuns, base: number, measure: LayerMeasure): readonly Column<Layers>[] {
  const digits = DIGITS[measure]
  return [
    tensorColumn<Layers>(say),
    { id: 'op', title: say('operator'), width: '96px', value: (row) => row.op, hint: (row) => row.op, cell: (row) => <span className="muted">{row.op || '–'}</span> },
    ...runs.flatMap((summary, index): Column<Layers>[] => {
      const { run } = summary
      const hint = `${modelName(summary.model)} · ${recipeText(say, summary)}`
      const delta = (row: Layers): number | null => layerDelta(row.values[index] ?? null, row.values[base] ?? null, measure)
      const value: Column<Layers> = {
        id: `run${index}`, title: shortRun(run), titleHint: hint, width: 'minmax(80px, 1fr)', align: 'right',
        value: (row) => row.values[index]?.[measure], cell: (row) => layerText(row.values[index]?.[measure], measure),
      }
      if (index === base) return [value]
      return [value, {
        id: `delta${index}`, title: `Δ ${shortRun(run)}`, titleHint: hint, width: 'minmax(92px, 0.6fr)', align: 'right', value: delta,
        cell: (row) => <Delta value={delta(row)} better={layerBetter(measure)} {...(digits === undefined ? {} : { digits })} />,
      }]
    }),
  ]
}
