import type { ReactNode } from 'react'
import type { EngineWords } from '../../texts/engine-words.ts'
import type { Say } from '../../texts/texts.ts'
import { wordIn } from '../../texts/texts.ts'
import type { Column } from '../../ui/grid.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { cosine, fixed, NOTHING, significant } from '../../ui/format.ts'
import { Delta } from '../../ui/delta.tsx'
import { spanOf } from '../../ui/scale-text.ts'
import { isExact, type LayerRow } from './rows.ts'

/** `u8` of `uint8`: what every expert reads. */
export const shortType = (type: string): string => type.replace('uint', 'u').replace('int', 's').replace('float', 'f')

/** Below 20 dB a tensor has lost a tenth of its amplitude, below 30 dB it is worth a look. */
const toneOf = (sqnrDb: number): 'bad' | 'warning' | undefined => (sqnrDb < 20 ? 'bad' : sqnrDb < 30 ? 'warning' : undefined)

interface ColumnFacts {
  readonly words: EngineWords
  readonly worst: LayerRow | undefined
  /** The greatest share of all rows: the longest bar. */
  readonly mostShare: number
}

/** Every column that there is, in its order. */
export const layerColumns = (say: Say, { words, worst, mostShare }: ColumnFacts): readonly Column<LayerRow>[] => [
  { id: 'place', title: '#', titleHint: say('layers.place'), width: '44px', align: 'right', value: (row) => row.place, cell: (row) => <span className="muted">{row.place}</span> },
  {
    id: 'tensor', title: say('tensor'), width: 'minmax(100px, 2fr)', frozen: true, value: (row) => row.tensor, hint: (row) => row.tensor,
    cell: (row) => <><span className="mono">{row.tensor}</span>{row.draft === undefined ? null : <span className="manual-mark" role="img" aria-label={say('layers.manual')} title={say('layers.manual')}>●</span>}</>,
  },
  { id: 'kind', title: say('kind'), width: '86px', value: (row) => row.kind, cell: (row) => <span className="muted">{wordIn(say, 'kind', row.kind)}</span> },
  { id: 'op', title: 'Op', titleHint: say('operator'), width: 'minmax(78px, 1fr)', value: (row) => row.op, hint: (row) => row.op, cell: (row) => <span className="muted">{row.op || NOTHING}</span> },
  { id: 'node', title: say('layers.node'), width: 'minmax(90px, 1fr)', value: (row) => row.node, hint: (row) => row.node, cell: (row) => <span className="mono muted">{row.node || NOTHING}</span> },
  { id: 'type', title: say('type'), width: '50px', align: 'right', value: (row) => shortType(row.type), cell: (row) => (row.draft?.bits === undefined ? shortType(row.type) : <Changed>{shortType(row.type).replace(/\d+/, String(row.draft.bits))}</Changed>) },
  {
    id: 'method', title: say('method'), width: 'minmax(82px, 0.8fr)', value: (row) => row.draft?.method ?? row.method, hint: (row) => words(row.reason).text,
    cell: (row) => (row.draft === undefined ? <span className={row.plan?.fixed === null ? undefined : 'muted'}>{row.method}</span> : <Changed>{row.draft.float === true ? 'float' : (row.draft.method ?? (row.draft.lo === undefined && row.draft.hi === undefined ? row.method : say('layers.manual')))}</Changed>),
  },
  { id: 'lo', title: say('low'), width: 'minmax(62px, 0.5fr)', align: 'right', value: (row) => row.draft?.lo ?? row.lo, hint: (row) => significant(row.draft?.lo ?? row.lo, 6), cell: (row) => (row.draft?.lo === undefined ? number(row.lo) : <Changed>{number(row.draft.lo)}</Changed>) },
  { id: 'hi', title: say('high'), width: 'minmax(62px, 0.5fr)', align: 'right', value: (row) => row.draft?.hi ?? row.hi, hint: (row) => significant(row.draft?.hi ?? row.hi, 6), cell: (row) => (row.draft?.hi === undefined ? number(row.hi) : <Changed>{number(row.draft.hi)}</Changed>) },
  { id: 'step', title: say('layers.step'), width: 'minmax(84px, 0.8fr)', align: 'right', value: (row) => row.scale[0], hint: (row) => spanOf(row.scale), cell: (row) => (row.scale.length === 0 ? NOTHING : spanOf(row.scale)) },
  { id: 'zero', title: say('zero-point'), width: '84px', align: 'right', value: (row) => row.zeroPoint[0], cell: (row) => (row.scale.length === 0 ? NOTHING : spanOf(row.zeroPoint)) },
  { id: 'clip', title: say('layers.clip-percent'), titleHint: say('layers.clipped'), width: '62px', align: 'right', value: (row) => row.clippedPercent, cell: (row) => (row.clippedPercent === 0 ? <span className="muted">0</span> : fixed(row.clippedPercent, 3)) },
  {
    id: 'sqnr', title: 'SQNR dB', width: '82px', align: 'right', value: (row) => row.sqnrDb,
    cell: (row) => (
      <span data-tone={row.sqnrDb === null ? undefined : toneOf(row.sqnrDb)}>
        {row.key === worst?.key ? <span title={say('layers.worst-one')}>▾ </span> : null}{isExact(row) ? <span className="muted">{say('layers.exact')}</span> : fixed(row.sqnrDb, 2)}
      </span>
    ),
  },
  { id: 'delta', title: 'Δ dB', titleHint: say('layers.delta'), width: '76px', align: 'right', value: (row) => row.delta, cell: (row) => <Delta value={row.delta} digits={2} better="up" /> },
  { id: 'cosine', title: say('cosine'), width: '75px', align: 'right', value: (row) => row.cosine, cell: (row) => cosine(row.cosine) },
  { id: 'mse', title: 'MSE', width: '82px', align: 'right', value: (row) => row.mse, cell: (row) => significant(row.mse, 3) },
  { id: 'max', title: say('layers.max-abs'), width: '82px', align: 'right', value: (row) => row.maxAbs, cell: (row) => significant(row.maxAbs, 3) },
  {
    id: 'share', title: say('layers.share'), titleHint: say('layers.share.what'), width: 'minmax(76px, 0.7fr)', value: (row) => row.share, hint: (row) => (row.share === null ? '' : `${fixed(row.share * 100, 2)} %`),
    cell: (row) => (row.share === null ? null : <ShareBar share={row.share} most={mostShare} tone={row.sqnrDb === null ? undefined : toneOf(row.sqnrDb)} />),
  },
  { id: 'channels', title: say('layers.channels'), width: '76px', align: 'right', value: (row) => row.scale.length, cell: (row) => (row.scale.length > 1 ? row.scale.length : <span className="muted">1</span>) },
  { id: 'reason', title: say('scales.reason'), width: 'minmax(180px, 2.4fr)', value: (row) => row.reason, hint: (row) => words(row.reason).text, cell: (row) => <EngineText className="muted" text={row.reason} /> },
]

/** Shown until a person chooses; with a parent its Δ too. */
export const firstColumns = (hasParent: boolean): readonly string[] => ['tensor', 'op', 'type', 'method', 'lo', 'hi', 'clip', 'sqnr', ...(hasParent ? ['delta'] : []), 'cosine', 'share']

const number = (value: number | null): string => (value === 0 ? '0' : significant(value, 4))

function Changed({ children }: { readonly children: ReactNode }) {
  return <span className="changed-cell">{children}</span>
}

interface ShareBarProps {
  readonly share: number
  readonly most: number
  readonly tone: 'bad' | 'warning' | undefined
}

function ShareBar({ share, most, tone }: ShareBarProps) {
  return (
    <span className="share">
      <span className="unseen">{fixed(share * 100, 2)} %</span>
      <span className="share-bar" data-tone={tone} style={{ width: `${most === 0 ? 0 : Math.max(share > 0 ? 2 : 0, (100 * share) / most)}%` }} />
    </span>
  )
}
