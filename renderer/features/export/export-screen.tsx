import { Link } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { useCall, type RunSummary } from '../../client.ts'
import { useProject } from '../../project/project.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { Empty } from '../../ui/empty.tsx'
import { isExportable } from '../../ui/exportable.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { modelName, moment, shortRun } from '../../ui/format.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { useAddress } from '../../ui/use-address.ts'
import { BundleScreen } from './bundle-screen.tsx'
import { VerifyScreen } from './verify-screen.tsx'
import './export.css'
import './verify.css'

const LOOKED_AT = 200

/** A run as a bundle for a board, written and verified; and any bundle verified again, with what a board gave for it. */
export function ExportScreen() {
  const say = useSay()
  const { ran } = useProject()
  const [parameters, set] = useAddress()
  const { data, error } = useCall('runs.list', { status: 'done', limit: LOOKED_AT })
  const crumbs = [{ name: say('place.export') }]
  const isVerify = parameters.get('view') === 'verify'
  if (data === undefined) return <Screen crumbs={crumbs}>{error === null ? null : <FaultNotice fault={error} />}</Screen>
  const runs = data.runs.filter(isExportable)
  const run = parameters.get('run') ?? ran?.id ?? runs[0]?.run
  const views = (
    <Segmented
      label={say('export.views')} value={isVerify ? 'verify' : 'bundle'} onChange={(view) => set({ view: view === 'verify' ? view : '' })}
      choices={[{ value: 'bundle', name: say('export.view.bundle') }, { value: 'verify', name: say('export.view.verify') }]}
    />
  )
  if (isVerify) return <VerifyScreen tools={views} />
  if (run === undefined) {
    return (
      <Screen crumbs={crumbs}>
        <div className="export-tools">{views}</div>
        <Empty title={say('export.none')} what={say('export.none.what')} label={say('place.export')}>
          <Link className="button" data-tone="primary" to="/calibrate">{say('pick-run.calibrate')}</Link><Link className="button" to="/">{say('jobs.none.next')}</Link>
        </Empty>
      </Screen>
    )
  }
  // Whatever is chosen, asked or written belongs to one run.
  const choose = (next: string): void => set({ run: next, board: '', out: '', job: '', check: '', file: '', formats: '' })
  return <BundleScreen key={run} run={run} tools={<>{views}<RunChoice runs={runs} run={run} onRun={choose} /></>} />
}

interface RunChoiceProps {
  readonly runs: readonly RunSummary[]
  readonly run: string
  readonly onRun: (run: string) => void
}

function RunChoice({ runs, run, onRun }: RunChoiceProps) {
  const say = useSay()
  const nameOf = (each: RunSummary): string => [modelName(each.model), shortRun(each.run), moment(each.created), wordIn(say, 'verb', each.verb), each.method, each.board].filter(Boolean).join(' · ')
  return (
    <label className="export-run">
      <span>{say('export.run')}</span>
      <select className="field" value={run} onChange={(event) => onRun(event.target.value)}>
        {runs.some((each) => each.run === run) ? null : <option value={run}>{shortRun(run)}</option>}
        {runs.map((each) => <option key={each.run} value={each.run}>{nameOf(each)}</option>)}
      </select>
    </label>
  )
}
