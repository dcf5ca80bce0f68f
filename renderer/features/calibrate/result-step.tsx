import { Link, useSearchParams } from 'react-router'
import { useCall, type MethodRow, type Recommendation } from '../../client.ts'
import { withKey } from '../../project/project-text.ts'
import { changeProject, project, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { changed } from '../../ui/search.ts'
import { METHOD_PATH } from './draft.ts'
import { MethodsTable } from './methods-table.tsx'
import { reasonsOf } from './reason.ts'

interface ResultStepProps {
  /** Runs that are compared: those that the address names, those of the job, or that of the project. */
  readonly runs: readonly string[]
}

/** What each method came to, which to take and why; taking one makes its run that of the project. */
export function ResultStep({ runs }: ResultStepProps) {
  const say = useSay()
  const [parameters] = useSearchParams()
  const { data, error } = useCall('runs.methods', { runs: [...runs] }, { enabled: runs.length > 0 })
  if (runs.length === 0) {
    return <Empty title={say('calibrate.result.none')}><Link className="button" data-tone="primary" to={{ search: `?${changed(parameters, { step: 'review' }).toString()}` }}>{say('calibrate.run.review')}</Link></Empty>
  }
  if (error !== null) return <FaultNotice fault={error}><Link className="button" to="/history">{say('history')}</Link></FaultNotice>
  return data === undefined ? null : <Result rows={data.rows} recommendation={data.recommendation} />
}

function Result({ rows, recommendation }: { readonly rows: readonly MethodRow[]; readonly recommendation: Recommendation }) {
  const say = useSay()
  const [parameters, setParameters] = useSearchParams()
  const { ran } = useProject()
  const picked = rows.find(({ run }) => run === parameters.get('pick')) ?? rows.find(({ run }) => run === (ran?.id ?? '')) ?? rows.find(({ run }) => run === recommendation.run)!
  const isAccepted = ran?.id === picked.run
  return (
    <div className="wizard-result">
      <Panel title={say('calibrate.recommended')}>
        <div className="recommended">
          <p className="recommended-name"><span aria-hidden="true">★</span> <b className="mono">{recommendation.method}</b></p>
          <p>{reasonsOf(say, rows, recommendation).map((sentence) => <span key={sentence}>{sentence}</span>)}</p>
        </div>
      </Panel>
      <Panel title={say('calibrate.results')} aside={<span className="panel-note">{rows[0]?.protocol ?? ''}</span>}>
        <MethodsTable rows={rows} recommended={recommendation.run} picked={picked.run} accepted={ran?.id ?? null} onPick={(pick) => setParameters((known) => changed(known, { pick }), { replace: true })} />
        <div className="recommended-acts">
          {isAccepted ? <span className="verdict" data-tone="good" role="status">✓ {say('calibrate.accepted', { method: picked.method })}</span> : <span className="muted">{say('calibrate.accept.what')}</span>}
          <Link className="button" to={`/run/${picked.run}`}>{say('job.show-run')}</Link>
          {isAccepted
            ? <><Link className="button" to={`/run/${picked.run}/compare`}>{say('calibrate.to-compare')}</Link><Link className="button" data-tone="primary" to={`/run/${picked.run}/layers`}>{say('calibrate.to-layers')}</Link></>
            : <Button tone="primary" onClick={() => accept(picked)}>{say('calibrate.accept', { method: picked.method })}</Button>}
        </div>
      </Panel>
    </div>
  )
}

/** The run becomes the project's, with the recipe that it was started with; the draft goes on with its method. */
function accept({ run, method }: MethodRow): void {
  const { recipe, job } = project()
  changeProject({ recipe: withKey(recipe, METHOD_PATH, method), ran: { id: run, recipe: withKey(job?.recipe ?? recipe, METHOD_PATH, method) }, job: null })
}
