import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { modelName, shortRun } from '../../ui/format.ts'
import { hasOwnScreen, RunTabs, viewsOf, viewTo } from '../../ui/run-tabs.tsx'
import { changed } from '../../ui/search.ts'
import { commandOf } from './command.ts'
import { LineageView } from './lineage-view.tsx'
import { Overview } from './overview.tsx'
import { RecordView } from './record-view.tsx'
import { RunHead } from './run-head.tsx'
import { ScalesView } from './scales-view.tsx'
import { isExportable } from '../../ui/exportable.ts'
import { TakeUp } from './take-up.tsx'
import './run.css'

/** One recorded run: what it was, what it gave, and everything that belongs to it. */
export function RunScreen() {
  const say = useSay()
  const { run: id = '' } = useParams()
  const navigate = useNavigate()
  const [parameters, setParameters] = useSearchParams()
  const { data, error } = useCall('runs.show', { run: id })
  const workspace = useCall('app.info', {}).data?.workspace
  const set = (change: Readonly<Record<string, string>>) => setParameters((known) => changed(known, change), { replace: true })
  const crumbs = [{ name: say('history'), to: '/history' }, { name: data === undefined ? say('run') : modelName(data.run.model?.path) }, { name: shortRun(id), mono: true }]
  if (data === undefined) return <Screen crumbs={crumbs}>{error === null ? null : <FaultNotice fault={error} />}</Screen>

  const { run } = data
  const view = viewsOf(run).find((each) => each === parameters.get('view') && !hasOwnScreen(each)) ?? 'overview'
  return (
    <Screen
      crumbs={crumbs} steps={<RunTabs run={run} view={view} />}
      action={workspace === undefined ? null : <><TakeUp run={run} />{isExportable(run) && run.artifacts?.some(({ role }) => role === 'quantized-model') ? <Link className="button" to={`/export?run=${run.run}`} title={say('run.to-export.what')}>{say('run.to-export')}</Link> : null}<CopyButton text={commandOf(run, workspace)} label={say('copy.cli')} /></>}
    >
      <div className="run">
        <RunHead run={run} tags={data.tags} archived={data.archived} />
        <div className="run-view" id="run-view" role="tabpanel" aria-labelledby={`tab-${view}`}>
          {view === 'overview' ? <Overview run={run} onLayers={() => void navigate(viewTo(run.run, 'layers'))} /> : null}
          {view === 'scales' ? <ScalesView scales={run.scales ?? []} sort={parameters.get('sort') ?? ''} text={parameters.get('q') ?? ''} onChange={set} /> : null}
          {view === 'lineage' ? <LineageView run={run} /> : null}
          {view === 'record' ? <RecordView run={run} /> : null}
        </div>
      </div>
    </Screen>
  )
}
