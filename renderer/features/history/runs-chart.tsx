import { useCallback, useMemo } from 'react'
import { useNavigate } from 'react-router'
import type { RunPageFilter } from '../../../preload/contract/index.ts'
import { useCall, type Run, type RunSummary } from '../../client.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { digitsOf, fixed, modelName, moment, protocolName, shortRun } from '../../ui/format.ts'
import { LineChart, type Axis, type ChartLine } from '../../ui/line-chart.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useStable } from '../../ui/use-stable.ts'
import { groupsOf, limitOf } from './chart-rows.ts'

/** The newest of the runs that fit are looked at. */
const MOST_RUNS = 400

interface RunsChartProps {
  readonly filter: NonNullable<RunPageFilter>
  /** The model that was chosen; null: the one with most runs. */
  readonly model: string | null
  readonly onModel: (model: string) => void
}

/** Quality and latency over the runs of a model. The table beside it holds the same numbers. */
export function RunsChart({ filter, model, onModel }: RunsChartProps) {
  const say = useSay()
  const { data } = useCall('runs.page', { filter, limit: MOST_RUNS }, { keepPrevious: true })
  const groups = useMemo(() => groupsOf(data?.runs ?? []), [data])
  const group = groups.find(({ key }) => key === model) ?? groups[0]
  if (data === undefined) return <section className="panel chart-panel" />
  if (group === undefined || group.runs.length < 2) return <section className="panel chart-panel empty"><p>{say('history.no-chart')}</p></section>
  return (
    <section className="panel chart-panel">
      <Panel
        title={say('history.over', { name: protocolName(group.protocol) })} grows
        aside={groups.length < 2 ? <span className="panel-note" title={group.protocol}>{modelName(group.model)}</span> : (
          <select className="field chart-model" aria-label={say('model')} title={group.protocol} value={group.key} onChange={(event) => onModel(event.target.value === groups[0]?.key ? '' : event.target.value)}>
            {groups.map((each) => <option key={each.key} value={each.key}>{[modelName(each.model), groups.some((other) => other !== each && other.model === each.model) ? protocolName(each.protocol) : '', each.runs.length].filter(Boolean).join(' · ')}</option>)}
          </select>
        )}
      >
        <Chart runs={group.runs} protocol={group.protocol} model={group.model} />
      </Panel>
    </section>
  )
}

interface ChartProps {
  readonly runs: readonly RunSummary[]
  readonly protocol: string
  readonly model: string | null
}

function Chart({ runs, protocol, model }: ChartProps) {
  const say = useSay()
  const navigate = useNavigate()
  const newest = runs.findLast((run) => run.gates !== null)?.run
  const gates: Run['gates'] = useCall('runs.show', { run: newest ?? '' }, { enabled: newest !== undefined }).data?.run.gates
  const unit = runs[0]?.quality?.unit ?? 'dB'
  const name = protocolName(protocol)
  // As text: the gates of another run that draw the same line draw nothing anew.
  const limits = JSON.stringify(runs.map((run) => limitOf(gates ?? [], protocol, run.quality?.float ?? null)))
  const labels = useMemo(() => ({ long: runs.map((run) => `${shortRun(run.run)}  ${moment(run.created)}`), short: runs.map((run) => shortRun(run.run)) }), [runs])
  const lines = useMemo(() => linesOf(say, runs, JSON.parse(limits) as readonly (number | null)[]), [say, runs, limits])
  const write = useCallback((value: number, axis: Axis) => (axis === 'left' ? fixed(value, unit === 'dB' ? 2 : digitsOf(unit)) : fixed(value, 2)), [unit])
  const pick = useStable((index: number) => { const run = runs[index]; if (run !== undefined) void navigate(`/run/${run.run}`) })
  return <LineChart label={say('history.chart-alt', { model: modelName(model), name, count: runs.length })} labels={labels.long} tickLabels={labels.short} write={write} onPick={pick} lines={lines} />
}

const linesOf = (say: Say, runs: readonly RunSummary[], limits: readonly (number | null)[]): readonly ChartLine[] => [
  { name: say('version.float'), tone: 'float', dashed: true, points: runs.map((run) => run.quality?.float ?? null) },
  { name: say('version.simulated'), tone: 'simulated', points: runs.map((run) => run.quality?.simulated ?? null), failed: runs.map((run) => (run.gates?.failed ?? 0) > 0), pinned: runs.map((run) => run.baseline === true) },
  ...(limits.every((limit) => limit === null) ? [] : [{ name: say('history.limit'), tone: 'bad' as const, dotted: true, points: limits }]),
  { name: say('latency.ratio'), tone: 'fused', axis: 'right', dashed: true, points: runs.map((run) => run.latencyRatio) },
]
