import { useMemo } from 'react'
import type { LayerError } from '../../client.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { cosine, fixed, grouped, significant } from '../../ui/format.ts'
import { LineChart } from '../../ui/line-chart.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { isExact, shownLayers, toneOfSqnr } from './layer-rows.ts'
import { FilterField } from './filter-field.tsx'

const columnsOf = (say: Say, worst: number): readonly Column<LayerError>[] => [
  { id: 'tensor', title: say('tensor'), width: 'minmax(140px, 2fr)', value: (row) => row.tensor, hint: (row) => row.tensor, cell: (row) => <span className="mono">{row.tensor}</span> },
  { id: 'op', title: say('operator'), width: 'minmax(90px, 1fr)', value: (row) => row.op, cell: (row) => <span className="muted">{row.op || '–'}</span> },
  {
    id: 'sqnr', title: 'SQNR dB', width: 'minmax(96px, 1fr)', align: 'right', value: (row) => row.sqnrDb,
    cell: (row) => <span data-tone={toneOfSqnr(row.sqnrDb)}>{row.sqnrDb === worst ? <span title={say('layers.worst-one')}>▾ </span> : null}{isExact(row) ? <span className="muted">{say('layers.exact')}</span> : fixed(row.sqnrDb, 2)}</span>,
  },
  { id: 'cosine', title: say('cosine'), width: 'minmax(96px, 1fr)', align: 'right', value: (row) => row.cosine, cell: (row) => cosine(row.cosine) },
  { id: 'mse', title: 'MSE', width: 'minmax(96px, 1fr)', align: 'right', value: (row) => row.mse, cell: (row) => significant(row.mse, 3) },
  { id: 'max', title: say('layers.max-abs'), width: 'minmax(96px, 1fr)', align: 'right', value: (row) => row.maxAbs, cell: (row) => significant(row.maxAbs, 3) },
  { id: 'clip', title: say('layers.clipped'), width: 'minmax(96px, 1fr)', align: 'right', value: (row) => row.clippedPercent, cell: (row) => fixed(row.clippedPercent, 4) },
]

interface LayersViewProps {
  readonly layers: readonly LayerError[]
  readonly mode: LayerError['mode']
  readonly sort: string
  readonly text: string
  readonly onChange: (change: Readonly<Record<string, string>>) => void
}

/** Every layer: where the error comes from. */
export function LayersView({ layers, mode, sort, text, onChange }: LayersViewProps) {
  const say = useSay()
  const rows = useMemo(() => shownLayers(layers, mode, text), [layers, mode, text])
  const worst = Math.min(...rows.map((row) => row.sqnrDb))
  const columns = useMemo(() => columnsOf(say, worst), [say, worst])
  const tensors = useMemo(() => [...new Set(layers.map((layer) => layer.tensor))], [layers])
  const lines = useMemo(() => (['accumulated', 'alone'] as const).map((each) => {
    const known = new Map(layers.filter((layer) => layer.mode === each && !isExact(layer)).map((layer) => [layer.tensor, layer.sqnrDb]))
    return { mode: each, points: tensors.map((tensor) => known.get(tensor) ?? null) }
  }).filter(({ points }) => points.some((point) => point !== null)), [layers, tensors])
  return (
    <div className="layers">
      <Panel title={say('layers.curve')} aside={<span className="panel-note">{say('layers.curve.note')}</span>} grows>
        <LineChart
          label={say('layers.curve.alt', { count: tensors.length })} labels={tensors} write={(value) => fixed(value, 1)}
          lines={lines.map((line) => ({ name: say(`layers.${line.mode}`), tone: line.mode === 'alone' ? 'float' : 'simulated', dashed: line.mode === 'alone', points: line.points }))}
          onPick={(index) => onChange({ q: tensors[index] ?? '' })}
        />
      </Panel>
      <Panel
        title={say('layers')} grows
        aside={(
          <>
            <FilterField text={text} count={`${grouped(rows.length)} / ${grouped(layers.filter((layer) => layer.mode === mode).length)}`} onChange={(q) => onChange({ q })} />
            <Segmented
              label={say('layers.mode')} value={mode} onChange={(next) => onChange({ mode: next === 'alone' ? 'alone' : '' })}
              choices={[{ value: 'accumulated', name: say('layers.accumulated') }, { value: 'alone', name: say('layers.alone') }]}
            />
          </>
        )}
      >
        <DataTable label={say('layers')} rows={rows} columns={columns} keyOf={(row) => row.tensor} sort={sort} onSort={(next) => onChange({ sort: next })} empty={say('none-fit')} />
      </Panel>
    </div>
  )
}
