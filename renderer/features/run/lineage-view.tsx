import { useMemo } from 'react'
import { Link } from 'react-router'
import { useCall, type Difference, type Run } from '../../client.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { digitsOf, fixed, modelName, moment, protocolName, shortRun } from '../../ui/format.ts'
import { StatusMark, Tag, Verdict } from '../../ui/marks.tsx'
import { Panel } from '../../ui/panel.tsx'
import { dropOf } from '../../ui/run-columns.ts'
import { RunMarksPart } from '../../ui/run-marks.tsx'
import { plainText } from '../../ui/scale-text.ts'
import { lineageRows, type LineageRow } from './lineage-rows.ts'
import './lineage.css'

/** Where a run comes from and what was made of it, with what each changed; and what is written on it. */
export function LineageView({ run }: { readonly run: Run }) {
  const say = useSay()
  const { data, error } = useCall('runs.lineage', { run: run.run })
  const rows = useMemo(() => lineageRows(data?.nodes ?? []), [data])
  return (
    <div className="lineage">
      <Panel title={say('run.lineage')} aside={<span className="panel-note">{say('lineage.note')}</span>} grows>
        {error === null ? null : <FaultNotice fault={error} />}
        <div className="lineage-scroll" tabIndex={0} role="region" aria-label={say('run.lineage')}>
          {run.model === undefined ? null : <p className="lineage-model"><b>{modelName(run.model.path)}</b> <span className="mono muted" title={run.model.sha256}>{run.model.sha256.slice(0, 12)}</span></p>}
          <ol>{rows.map((row) => <Line key={row.run.run} row={row} isThis={row.run.run === run.run} />)}</ol>
          {rows.length === 1 ? <p className="panel-text">{say('lineage.alone')}</p> : null}
        </div>
      </Panel>
      <div className="lineage-marks" tabIndex={0} role="region" aria-label={say('run.marks')}><Panel title={say('run.marks')}><RunMarksPart run={run.run} /></Panel></div>
    </div>
  )
}

function Line({ row, isThis }: { readonly row: LineageRow; readonly isThis: boolean }) {
  const say = useSay()
  const { run, goesOn, isLast, changes } = row
  const { quality } = run
  return (
    <li className="lineage-row" aria-current={isThis || undefined} aria-level={row.level + 1}>
      {goesOn.map((goes, level) => <span key={level} className="lineage-line" data-goes={goes || undefined} aria-hidden="true" />)}
      <span className="lineage-branch" data-last={isLast || undefined} aria-hidden="true" />
      <span className="lineage-run">
        <span className="lineage-head">
          <StatusMark status={run.status} />
          {isThis ? <b className="mono">{shortRun(run.run)}</b> : <Link className="mono" to={`/run/${run.run}?view=lineage`}>{shortRun(run.run)}</Link>}
          {run.baseline ? <span className="baseline-mark" role="img" aria-label={say('marks.is-baseline')}>◆</span> : null}
          <span>{wordIn(say, 'verb', run.verb)}</span>
          {quality === null ? null : <span className="number">{protocolName(quality.protocol)} {fixed(quality.simulated ?? quality.fused, digitsOf(quality.unit))} <span className="muted">({say('history.drop')} {fixed(dropOf(run), digitsOf(quality.unit))})</span></span>}
          {run.gates === null ? null : <Verdict passed={run.gates.failed === 0} />}
          {run.tags.map((tag) => <Tag key={tag}>{tag}</Tag>)}
          <time className="number muted lineage-time" dateTime={run.created}>{moment(run.created)}</time>
        </span>
        {run.parent === null ? null : <Changes changes={changes} parent={run.parent} run={run.run} />}
      </span>
    </li>
  )
}

const MOST_CHANGES = 4

/** What the recipe says otherwise than the parent's. */
function Changes({ changes, parent, run }: { readonly changes: readonly Difference[]; readonly parent: string; readonly run: string }) {
  const say = useSay()
  if (changes.length === 0) return <span className="lineage-changes muted">{say('lineage.same')}</span>
  const more = changes.length - MOST_CHANGES
  return (
    <span className="lineage-changes">
      {changes.slice(0, MOST_CHANGES).map(({ key, a, b }) => (
        <span key={key} title={`${key}: ${plainText(a)} → ${plainText(b)}`}><span className="mono muted">{key}</span> <span className="mono">{plainText(a)} → {plainText(b)}</span></span>
      ))}
      <Link to={`/diff/${parent},${run}`}>{more > 0 ? say('lineage.more', { count: more }) : say('lineage.diff')}</Link>
    </span>
  )
}
