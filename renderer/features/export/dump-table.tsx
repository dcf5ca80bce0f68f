import { useMemo } from 'react'
import type { VerifiedBundle } from '../../../preload/contract/index.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { cosine, fixed, significant } from '../../ui/format.ts'
import { Tag } from '../../ui/marks.tsx'
import { useAddress } from '../../ui/use-address.ts'

type Dump = NonNullable<VerifiedBundle['dump']>
type Layer = Dump['layers'][number]

/** The bound of ACCEPT.md for a layer. */
const LEAST_COSINE = 0.99

/** Below the last row nothing is left empty. */
const [HEAD_PX, ROW_PX] = [90, 30]

/** Every tensor that the board gave, beside what our simulation makes of the same input. */
export function DumpTable({ dump }: { readonly dump: Dump }) {
  const say = useSay()
  const [parameters, set] = useAddress()
  const columns = useMemo(() => dumpColumns(say, dump), [say, dump])
  return (
    <section className="panel verify-layers" aria-label={say('verify.layers')} style={{ maxHeight: HEAD_PX + ROW_PX * dump.layers.length }}>
      <header className="panel-head"><h2 className="panel-title">{say('verify.layers')}</h2><span className="panel-note number">{dump.layers.length}</span></header>
      <DataTable label={say('verify.layers')} rows={dump.layers} columns={columns} keyOf={(row) => row.tensor} sort={parameters.get('sort') ?? 'cosine'} onSort={(sort) => set({ sort })} empty={say('none-fit')} />
    </section>
  )
}

function dumpColumns(say: Say, { outputs, worse }: Dump): readonly Column<Layer>[] {
  const before = new Map(worse.map(({ tensor, beforeDb }) => [tensor, beforeDb]))
  return [
    { id: 'tensor', title: say('tensor'), width: 'minmax(140px, 2fr)', frozen: true, value: (row) => row.tensor, hint: (row) => row.tensor, cell: (row) => <><span className="mono">{row.tensor}</span> {outputs.includes(row.tensor) ? <Tag>{say('verify.output')}</Tag> : null}</> },
    { id: 'op', title: 'Op', titleHint: say('operator'), width: 'minmax(80px, 1fr)', value: (row) => row.op, hint: (row) => row.op, cell: (row) => <span className="muted">{row.op}</span> },
    { id: 'cosine', title: say('cosine'), width: '90px', align: 'right', value: (row) => row.cosine, cell: (row) => (row.cosine === null || row.cosine < LEAST_COSINE ? <span data-tone="bad">✕ {cosine(row.cosine)}</span> : cosine(row.cosine)) },
    {
      id: 'sqnr', title: 'SQNR dB', width: '110px', align: 'right', value: (row) => row.sqnrDb, hint: (row) => (before.has(row.tensor) ? `${significant(before.get(row.tensor), 4)} → ${significant(row.sqnrDb, 4)} dB` : ''),
      cell: (row) => (before.has(row.tensor) ? <span data-tone="bad">▼ {fixed(row.sqnrDb, 2)}</span> : fixed(row.sqnrDb, 2)),
    },
    { id: 'max', title: say('layers.max-abs'), width: '90px', align: 'right', value: (row) => row.maxAbs, cell: (row) => significant(row.maxAbs, 3) },
  ]
}
