import { artifactPath, type Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { EngineText } from '../../ui/engine-text.tsx'
import { FindingList, findingCounts } from '../../ui/finding-list.tsx'
import { fixed } from '../../ui/format.ts'
import { Verdict } from '../../ui/marks.tsx'
import { Panel } from '../../ui/panel.tsx'
import { ZoomPicture } from '../../ui/zoom-picture.tsx'
import { toneOfSqnr, worstLayers } from './layer-rows.ts'
import { ProofsPanel } from './proofs-panel.tsx'
import { CostPanel, QualityPanel } from './quality-panels.tsx'

const WORST = 5

interface OverviewProps {
  readonly run: Run
  readonly onLayers: () => void
}

export function Overview({ run, onLayers }: OverviewProps) {
  const say = useSay()
  const hasPicture = run.artifacts?.some(({ role }) => role === 'picture') ?? false
  const isBare = !hasPicture && [run.quality, run.latency, run.size].every((part) => part === undefined) && [run.layers, run.gates, run.notes, run.findings, run.proofs].every((part) => (part ?? []).length === 0)
  if (isBare) return run.fault === undefined ? <section className="panel empty"><p>{say('run.nothing')}</p></section> : null
  return (
    <div className="overview" data-picture={hasPicture || undefined}>
      {hasPicture ? (
        <Panel title={say('picture.title')} aside={<span className="panel-note">{say('picture.note')}</span>} grows>
          <ZoomPicture path={artifactPath(run.run, 'picture')} label={say('picture.alt')} />
        </Panel>
      ) : null}
      <div className="overview-side" tabIndex={0} role="region" aria-label={say('run.results')}>
        <QualityPanel run={run} />
        <GatesPanel run={run} />
        <WorstPanel run={run} onLayers={onLayers} />
        <CostPanel run={run} />
        <ProofsPanel run={run} />
        <FindingsPanel run={run} />
        <NotesPanel run={run} />
      </div>
    </div>
  )
}

function GatesPanel({ run }: { readonly run: Run }) {
  const say = useSay()
  if (run.gates === undefined || run.gates.length === 0) return null
  return (
    <Panel title={say('gates')}>
      <table className="plain">
        <thead><tr><th scope="col">{say('gate.rule')}</th><th scope="col" data-align="right">{say('gate.measured')}</th><th scope="col"><span className="unseen">{say('gate.verdict')}</span></th></tr></thead>
        <tbody>
          {run.gates.map(({ rule, measured, passed }) => (
            <tr key={rule}><th scope="row" className="mono">{rule.replace('<=', '≤').replace('>=', '≥')}</th><td data-align="right">{fixed(measured, 4)}</td><td><Verdict passed={passed} /></td></tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function WorstPanel({ run, onLayers }: OverviewProps) {
  const say = useSay()
  const rows = worstLayers(run.layers ?? [], WORST)
  if (rows.length === 0) return null
  return (
    <Panel title={say('layers.worst')} aside={<button type="button" className="link" onClick={onLayers}>{say('layers.all', { count: new Set(run.layers?.map((layer) => layer.tensor)).size })}</button>}>
      <table className="plain">
        <thead><tr><th scope="col">{say('tensor')}</th><th scope="col">{say('operator')}</th><th scope="col" data-align="right">SQNR dB</th><th scope="col" data-align="right">{say('layers.clipped')}</th></tr></thead>
        <tbody>
          {rows.map(({ tensor, op, sqnrDb, clippedPercent }) => (
            <tr key={tensor}><th scope="row" className="mono">{tensor}</th><td className="muted">{op || '–'}</td><td data-align="right" data-tone={toneOfSqnr(sqnrDb)}>{fixed(sqnrDb, 2)}</td><td data-align="right">{fixed(clippedPercent, 3)}</td></tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function FindingsPanel({ run }: { readonly run: Run }) {
  const say = useSay()
  if (run.findings === undefined || run.findings.length === 0) return null
  return (
    <Panel title={say('findings')} aside={<span className="panel-note number">{findingCounts(say, run.findings)}</span>}>
      <FindingList findings={run.findings} model={run.model?.path} />
    </Panel>
  )
}

function NotesPanel({ run }: { readonly run: Run }) {
  const say = useSay()
  if (run.notes === undefined || run.notes.length === 0) return null
  return <Panel title={say('notes')}><ul className="notes">{run.notes.map((note) => <li key={note}><EngineText text={note} /></li>)}</ul></Panel>
}
