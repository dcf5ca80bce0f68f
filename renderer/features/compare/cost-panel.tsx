import { memo } from 'react'
import { Link } from 'react-router'
import type { Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { bytes, fixed } from '../../ui/format.ts'
import { LineChart } from '../../ui/line-chart.tsx'
import { VersionMark } from '../../ui/marks.tsx'
import { Panel } from '../../ui/panel.tsx'
import { isExact } from '../run/layer-rows.ts'
import { operatorRows } from './operator-rows.ts'

/** SQNR along the model, in short; the layers screen has the numbers. */
export const CurvePanel = memo(function CurvePanel({ run }: { readonly run: Run }) {
  const say = useSay()
  const all = run.layers ?? []
  const layers = all.filter((layer) => layer.mode === (all.some(({ mode }) => mode === 'accumulated') ? 'accumulated' : 'alone') && !isExact(layer))
  if (layers.length < 2) return null
  return (
    <Panel title={say('layers.curve')} aside={<Link to={`/run/${run.run}/layers`}>{say('layers')}</Link>}>
      <div className="small-chart">
        <LineChart
          label={say('compare.curve.alt', { count: layers.length })} labels={layers.map(({ tensor }) => tensor)} tickLabels={layers.map(() => '')}
          lines={[{ name: 'SQNR', tone: 'simulated', points: layers.map(({ sqnrDb }) => sqnrDb) }]} write={(value) => fixed(value, 1)}
        />
      </div>
    </Panel>
  )
})

/** Where the time goes, operator by operator, and what the files weigh. */
export const OperatorsPanel = memo(function OperatorsPanel({ run }: { readonly run: Run }) {
  const say = useSay()
  const rows = operatorRows(run.operators ?? [])
  const most = Math.max(...rows.map(({ float, fused }) => Math.max(float, fused)), 1)
  if (rows.length === 0 && run.size === undefined) return null
  const cell = (version: 'float' | 'fused', us: number) => (
    <td data-align="right" className="bar-cell"><i data-version={version} style={{ width: `${(us / most) * 100}%` }} aria-hidden="true" /><span>{us === 0 ? '–' : fixed(us / 1000, 2)}</span></td>
  )
  return (
    <Panel title={say('compare.operators')} aside={run.size === undefined ? null : <span className="panel-note number" title={say('size')}>{bytes(run.size.floatBytes)} → {bytes(run.size.quantizedBytes)}</span>}>
      {rows.length === 0 ? <p className="panel-text">{say('compare.operators.none')}</p> : (
        <table className="plain operators">
          <thead><tr><th scope="col">{say('operator')}</th><th scope="col" data-align="right"><VersionMark version="float" /> ms</th><th scope="col" data-align="right"><VersionMark version="fused" /> ms</th></tr></thead>
          <tbody>
            {rows.map(({ op, float, fused, nodes }) => (
              <tr key={op}><th scope="row" className="mono" title={say('compare.operators.nodes', { count: nodes })}>{op}</th>{cell('float', float)}{cell('fused', fused)}</tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
})
