import { useNavigate } from 'react-router'
import type { RunSummary } from '../../client.ts'
import { useSay, wordIn, type Say } from '../../texts/texts.ts'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { digitsOf, fixed, modelName, moment, protocolName, shortRun, signed } from '../../ui/format.ts'
import { StatusMark } from '../../ui/marks.tsx'
import { dropOf } from '../../ui/run-columns.ts'

const columnsOf = (say: Say): readonly Column<RunSummary>[] => [
  { id: 'run', title: say('run'), width: '84px', cell: (run) => <span className="mono">{shortRun(run.run)}</span>, hint: (run) => run.run },
  { id: 'model', title: say('model'), width: 'minmax(110px, 2fr)', cell: (run) => modelName(run.model), hint: (run) => run.model ?? '' },
  { id: 'verb', title: say('verb'), width: 'minmax(72px, 1fr)', cell: (run) => <span className="muted">{wordIn(say, 'verb', run.verb)}</span> },
  { id: 'status', title: say('status'), width: 'minmax(90px, 1fr)', cell: (run) => <StatusMark status={run.status} /> },
  {
    id: 'quality', title: say('quality.simulated'), width: 'minmax(150px, 1.4fr)', align: 'right',
    cell: (run) => run.quality === null ? '–' : `${protocolName(run.quality.protocol)} ${fixed(run.quality.simulated ?? run.quality.fused, digitsOf(run.quality.unit))}`,
  },
  { id: 'drop', title: say('drop'), width: '84px', align: 'right', cell: (run) => signed(negated(dropOf(run)), digitsOf(run.quality?.unit ?? 'dB')) },
  { id: 'created', title: say('created'), width: '136px', align: 'right', cell: (run) => moment(run.created) },
]

const negated = (value: number | null): number | null => (value === null ? null : -value)

export function RecentRuns({ runs }: { readonly runs: readonly RunSummary[] }) {
  const say = useSay()
  const navigate = useNavigate()
  return <DataTable label={say('home.recent')} rows={runs} columns={columnsOf(say)} keyOf={(run) => run.run} onOpen={(run) => void navigate(`/run/${run.run}`)} />
}
