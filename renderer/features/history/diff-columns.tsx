import type { RunDiff } from '../../client.ts'
import { wordIn, type Say } from '../../texts/texts.ts'
import type { Column } from '../../ui/data-table.tsx'
import { Delta } from '../../ui/delta.tsx'
import { fixed, shortRun, significant } from '../../ui/format.ts'
import { rangeText, spanOf } from '../../ui/scale-text.ts'

type ScaleDifference = RunDiff['scales'][number]
type LayerDifference = RunDiff['layers'][number]

/** A field of both sides where it differs, once where it is the same. */
const both = (a: string | undefined, b: string | undefined): string => (a === b ? (a ?? '–') : `${a ?? '–'} → ${b ?? '–'}`)

export const scaleColumns = (say: Say, { a, b }: RunDiff): readonly Column<ScaleDifference>[] => [
  { id: 'tensor', title: say('tensor'), width: 'minmax(120px, 1.6fr)', value: (row) => row.tensor, hint: (row) => row.tensor, cell: (row) => <span className="mono">{row.tensor}</span> },
  { id: 'kind', title: say('kind'), width: '84px', value: (row) => row.kind, cell: (row) => <span className="muted">{wordIn(say, 'kind', row.kind)}</span> },
  { id: 'method', title: say('method'), width: 'minmax(150px, 1fr)', value: (row) => row.b?.method ?? row.a?.method, hint: (row) => both(row.a?.method, row.b?.method), cell: (row) => both(row.a?.method, row.b?.method) },
  { id: 'range-a', title: `${say('range')} ${shortRun(a)}`, width: 'minmax(150px, 1fr)', align: 'right', hint: (row) => rangeText(row.a), cell: (row) => rangeText(row.a), value: (row) => row.a?.hi },
  { id: 'range-b', title: `${say('range')} ${shortRun(b)}`, width: 'minmax(150px, 1fr)', align: 'right', hint: (row) => rangeText(row.b), cell: (row) => rangeText(row.b), value: (row) => row.b?.hi },
  { id: 'scale-a', title: `${say('scale')} ${shortRun(a)}`, width: 'minmax(150px, 1fr)', align: 'right', hint: (row) => spanOf(row.a?.scale ?? []), cell: (row) => spanOf(row.a?.scale ?? []), value: (row) => row.a?.scale[0] },
  { id: 'scale-b', title: `${say('scale')} ${shortRun(b)}`, width: 'minmax(150px, 1fr)', align: 'right', hint: (row) => spanOf(row.b?.scale ?? []), cell: (row) => spanOf(row.b?.scale ?? []), value: (row) => row.b?.scale[0] },
  {
    id: 'change', title: 'Δ scale %', width: '96px', align: 'right', value: (row) => (row.scaleChange === null ? null : Math.abs(row.scaleChange)),
    cell: (row) => <Delta value={row.scaleChange === null ? null : row.scaleChange * 100} digits={2} />,
  },
]

export const layerColumns = (say: Say, { a, b }: RunDiff): readonly Column<LayerDifference>[] => [
  { id: 'tensor', title: say('tensor'), width: 'minmax(120px, 1.6fr)', value: (row) => row.tensor, hint: (row) => row.tensor, cell: (row) => <span className="mono">{row.tensor}</span> },
  { id: 'mode', title: say('layers.mode'), width: '110px', value: (row) => row.mode, cell: (row) => <span className="muted">{wordIn(say, 'layers', row.mode)}</span> },
  { id: 'sqnr-a', title: `SQNR dB ${shortRun(a)}`, width: 'minmax(120px, 1fr)', align: 'right', value: (row) => row.a?.sqnrDb, cell: (row) => fixed(row.a?.sqnrDb, 2) },
  { id: 'sqnr-b', title: `SQNR dB ${shortRun(b)}`, width: 'minmax(120px, 1fr)', align: 'right', value: (row) => row.b?.sqnrDb, cell: (row) => fixed(row.b?.sqnrDb, 2) },
  { id: 'sqnr', title: 'Δ dB', width: '90px', align: 'right', value: (row) => row.sqnrDelta, cell: (row) => <Delta value={row.sqnrDelta} digits={2} better="up" /> },
  { id: 'clip-a', title: `${say('layers.clipped')} ${shortRun(a)}`, width: 'minmax(120px, 1fr)', align: 'right', value: (row) => row.a?.clippedPercent, cell: (row) => fixed(row.a?.clippedPercent, 3) },
  { id: 'clip-b', title: `${say('layers.clipped')} ${shortRun(b)}`, width: 'minmax(120px, 1fr)', align: 'right', value: (row) => row.b?.clippedPercent, cell: (row) => fixed(row.b?.clippedPercent, 3) },
  { id: 'cosine', title: `Δ ${say('cosine')}`, width: '110px', align: 'right', value: (row) => row.cosineDelta, cell: (row) => significant(row.cosineDelta, 2) },
]
