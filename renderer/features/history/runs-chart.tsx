import { useMemo } from 'react'
import type { RunSummary } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { digitsOf, fixed, modelName, moment, protocolName, shortRun } from '../../ui/format.ts'
import { LineChart } from '../../ui/line-chart.tsx'
import { Panel } from '../../ui/panel.tsx'

const MOST_POINTS = 200

/** Runs that can stand on one axis: the model and protocol that most of them have, the oldest first. */
export function comparable(runs: readonly RunSummary[]): readonly RunSummary[] {
  const measured = runs.filter((run) => run.quality !== null && run.quality.simulated !== null)
  const groups = [...Map.groupBy(measured, (run) => `${run.model}\n${run.quality?.protocol}`).values()]
  const largest = groups.toSorted((a, b) => b.length - a.length)[0] ?? []
  return largest.toSorted((a, b) => a.created.localeCompare(b.created)).slice(-MOST_POINTS)
}

/** Quality and latency over the runs of a model. The table below it holds the same numbers. */
export function RunsChart({ runs }: { readonly runs: readonly RunSummary[] }) {
  const say = useSay()
  const shown = useMemo(() => comparable(runs), [runs])
  const first = shown[0]
  const unit = first?.quality?.unit ?? 'dB'
  if (first === undefined || first.quality === null || shown.length < 2) return <section className="panel chart-panel empty"><p>{say('history.no-chart')}</p></section>
  const name = protocolName(first.quality.protocol)
  return (
    <section className="panel chart-panel">
      <Panel title={say('history.over', { model: modelName(first.model) })} aside={<span className="panel-note">{first.quality.protocol}</span>} grows>
        <LineChart
          label={say('history.chart-alt', { model: modelName(first.model), name, count: shown.length })}
          labels={shown.map((run) => `${shortRun(run.run)}  ${moment(run.created)}`)} tickLabels={shown.map((run) => shortRun(run.run))}
          write={(value, axis) => (axis === 'left' ? fixed(value, digitsOf(unit)) : fixed(value, 2))}
          lines={[
            { name: `${name} ${say('version.float')} ${unit}`, tone: 'float', dashed: true, points: shown.map((run) => run.quality?.float ?? null) },
            { name: `${name} ${say('version.simulated')} ${unit}`, tone: 'simulated', points: shown.map((run) => run.quality?.simulated ?? null) },
            { name: say('latency.ratio'), tone: 'fused', axis: 'right', dashed: true, points: shown.map((run) => run.latencyRatio) },
          ]}
        />
      </Panel>
    </section>
  )
}
