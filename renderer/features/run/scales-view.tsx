import { useMemo } from 'react'
import type { ScaleRow } from '../../client.ts'
import { useEngineWords, type EngineWords } from '../../texts/engine-words.ts'
import { useSay, wordIn, type Say } from '../../texts/texts.ts'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { grouped, significant } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { spanOf } from '../../ui/scale-text.ts'
import { FilterField } from './filter-field.tsx'

const columnsOf = (say: Say, words: EngineWords): readonly Column<ScaleRow>[] => [
  { id: 'tensor', title: say('tensor'), width: 'minmax(140px, 1.4fr)', value: (row) => row.tensor, hint: (row) => row.tensor, cell: (row) => <span className="mono">{row.tensor}</span> },
  { id: 'kind', title: say('kind'), width: '92px', value: (row) => row.kind, cell: (row) => <span className="muted">{wordIn(say, 'kind', row.kind)}</span> },
  { id: 'type', title: say('type'), width: '76px', value: (row) => row.type, cell: (row) => <span className="mono">{row.type}</span> },
  { id: 'granularity', title: say('granularity'), width: '92px', value: (row) => row.scale.length, cell: (row) => (row.granularity === 'channel' ? say('scales.channels', { count: row.scale.length }) : say('scales.tensor')) },
  { id: 'scale', title: say('scale'), width: 'minmax(150px, 1fr)', align: 'right', value: (row) => row.scale[0], hint: (row) => spanOf(row.scale), cell: (row) => spanOf(row.scale) },
  { id: 'zero', title: say('zero-point'), width: '76px', align: 'right', value: (row) => row.zeroPoint[0], cell: (row) => spanOf(row.zeroPoint) },
  { id: 'lo', title: say('low'), width: '92px', align: 'right', value: (row) => row.lo, cell: (row) => (row.float ? '' : significant(row.lo)) },
  { id: 'hi', title: say('high'), width: '92px', align: 'right', value: (row) => row.hi, cell: (row) => (row.float ? '' : significant(row.hi)) },
  { id: 'method', title: say('method'), width: '104px', value: (row) => (row.float ? 'float' : row.method), cell: (row) => (row.float ? <span className="muted">{say('version.float')}</span> : row.method) },
  { id: 'reason', title: say('scales.reason'), width: 'minmax(180px, 2.4fr)', hint: (row) => words(row.reason).text, cell: (row) => <EngineText className="muted" text={row.reason} /> },
]

interface ScalesViewProps {
  readonly scales: readonly ScaleRow[]
  readonly sort: string
  readonly text: string
  readonly onChange: (change: Readonly<Record<string, string>>) => void
}

/** How every tensor is turned into codes, and why so. */
export function ScalesView({ scales, sort, text, onChange }: ScalesViewProps) {
  const say = useSay()
  const wanted = text.trim().toLowerCase()
  const rows = useMemo(() => scales.filter((row) => [row.tensor, row.kind, row.type, row.method].some((each) => each.toLowerCase().includes(wanted))), [scales, wanted])
  const words = useEngineWords()
  const columns = useMemo(() => columnsOf(say, words), [say, words])
  return (
    <Panel title={say('scales')} grows aside={<FilterField text={text} count={`${grouped(rows.length)} / ${grouped(scales.length)}`} onChange={(q) => onChange({ q })} />}>
      <DataTable label={say('scales')} rows={rows} columns={columns} keyOf={(row) => `${row.kind} ${row.tensor}`} sort={sort} onSort={(next) => onChange({ sort: next })} empty={say('none-fit')} />
    </Panel>
  )
}
