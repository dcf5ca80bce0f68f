import { Link } from 'react-router'
import type { RunSummary } from '../../client.ts'
import { wordIn, type Say } from '../../texts/texts.ts'
import type { Column } from '../../ui/data-table.tsx'
import { digitsOf, fixed, modelName, moment, protocolName, shortRun, signed } from '../../ui/format.ts'
import { StatusMark, Tag, Verdict } from '../../ui/marks.tsx'
import { dropOf } from '../../ui/run-columns.ts'

const quality = (run: RunSummary, version: 'float' | 'simulated'): string =>
  run.quality === null ? '–' : fixed(run.quality[version], digitsOf(run.quality.unit))

const negated = (value: number | null): number | null => (value === null ? null : -value)

export const runColumns = (say: Say): readonly Column<RunSummary>[] => [
  {
    id: 'run', title: say('run'), width: '84px', value: (run) => run.run, hint: (run) => run.run,
    cell: (run) => <Link className="mono" to={`/run/${run.run}`} onClick={(event) => event.stopPropagation()}>{shortRun(run.run)}</Link>,
  },
  { id: 'verb', title: say('verb'), width: '80px', value: (run) => run.verb, cell: (run) => <span className="muted">{wordIn(say, 'verb', run.verb)}</span> },
  { id: 'model', title: say('model'), width: 'minmax(100px, 2fr)', value: (run) => modelName(run.model), cell: (run) => modelName(run.model), hint: (run) => run.model ?? '' },
  { id: 'status', title: say('status'), width: '92px', value: (run) => run.status, cell: (run) => <StatusMark status={run.status} /> },
  {
    id: 'protocol', title: say('measure'), width: '88px', value: (run) => run.quality?.protocol, hint: (run) => run.quality?.protocol ?? '',
    cell: (run) => <span className="muted">{run.quality === null ? '–' : protocolName(run.quality.protocol)}</span>,
  },
  { id: 'float', title: say('version.float'), width: '78px', align: 'right', value: (run) => run.quality?.float, cell: (run) => quality(run, 'float') },
  { id: 'simulated', title: say('version.simulated'), width: '84px', align: 'right', value: (run) => run.quality?.simulated, cell: (run) => quality(run, 'simulated') },
  { id: 'drop', title: say('drop'), width: '80px', align: 'right', value: (run) => negated(dropOf(run)), cell: (run) => signed(negated(dropOf(run)), digitsOf(run.quality?.unit ?? 'dB')) },
  { id: 'latency', title: say('latency.ratio'), width: '88px', align: 'right', value: (run) => run.latencyRatio, cell: (run) => fixed(run.latencyRatio, 2) },
  { id: 'size', title: say('size.ratio'), width: '66px', align: 'right', value: (run) => run.sizeRatio, cell: (run) => fixed(run.sizeRatio, 2) },
  {
    id: 'gates', title: say('gates'), width: '96px', value: (run) => (run.gates === null ? null : run.gates.failed),
    cell: (run) => (run.gates === null ? <span className="muted">–</span> : <Verdict passed={run.gates.failed === 0} />),
  },
  {
    id: 'tags', title: say('tags'), width: 'minmax(60px, 1.2fr)', value: (run) => run.tags.join(' '), hint: (run) => run.tags.join(' '),
    cell: (run) => run.tags.map((tag) => <Tag key={tag}>{tag}</Tag>),
  },
  { id: 'created', title: say('created'), width: '136px', align: 'right', value: (run) => run.created, cell: (run) => moment(run.created) },
]
