import { IconPlayerPlayFilled } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { JobProgress } from '../../app/job-progress.tsx'
import { isOver } from '../../app/live.ts'
import { Screen } from '../../app/screen.tsx'
import { call, useCall, type Job } from '../../client.ts'
import { beginProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { ProjectPanel } from './project-panel.tsx'
import { RecentRuns } from './recent-runs.tsx'
import { WorkspaceFacts } from './workspace-facts.tsx'
import './home.css'

const RECENT = 12

export function HomeScreen() {
  const say = useSay()
  const runs = useCall('runs.list', { limit: RECENT })
  const isEmpty = runs.data?.runs.length === 0
  return (
    <Screen crumbs={[{ name: say('home') }]}>
      <div className="home">
        <div className="home-main">
          <Bundled isEmpty={isEmpty} />
          <ProjectPanel />
          {runs.error === null ? null : <FaultNotice fault={runs.error} />}
          {runs.data === undefined || isEmpty ? null : (
            <Panel title={say('home.recent')} aside={<Link to="/history">{say('home.all-runs')}</Link>} grows>
              <RecentRuns runs={runs.data.runs} />
            </Panel>
          )}
        </div>
        <aside className="home-side" aria-label={say('home.workspace')}><WorkspaceFacts /></aside>
      </div>
    </Screen>
  )
}

/**
 * The bundled project. The job that was started here stands in the address, so that it is found again after a reload;
 * when it is done its run is shown.
 */
function Bundled({ isEmpty }: { readonly isEmpty: boolean }) {
  const say = useSay()
  const navigate = useNavigate()
  const [parameters, setParameters] = useSearchParams()
  const [fault, setFault] = useState<unknown>(null)
  const writable = useCall('app.info', {}).data?.writable ?? true
  const watched = parameters.get('job')
  const jobs = useCall('jobs.list', {}).data?.jobs
  const job = jobs?.find(({ id }) => id === watched)
  useEffect(() => {
    if (job?.state === 'done' && job.run !== null) void navigate(`/run/${job.run}`, { replace: true })
  }, [job, navigate])

  async function start(): Promise<void> {
    setFault(null)
    try {
      const [{ id }, { recipe }] = await Promise.all([call('jobs.start', { kind: 'demo' }), call('recipe.bundled', {})])
      beginProject({ recipe, job: { id, recipe } })
      setParameters({ job: id }, { replace: true })
    } catch (thrown) {
      setFault(thrown)
    }
  }

  return (
    <section className="panel bundled" aria-label={say('bundled.title')}>
      <Sketch />
      <div className="bundled-text">
        <h2>{say(isEmpty ? 'home.empty' : 'bundled.title')}</h2>
        <p>{say('bundled.what')}</p>
        {job === undefined || job.state === 'done' ? (
          <div className="bundled-act">
            <Button tone="primary" disabled={!writable} onClick={() => void start()}>
              <IconPlayerPlayFilled size={14} aria-hidden /> {say('bundled.run')}
            </Button>
            <span>{writable ? say('bundled.cost') : say('home.read-only')}</span>
          </div>
        ) : <Watched job={job} onAgain={() => void start()} />}
        {fault === null ? null : <FaultNotice fault={fault} />}
      </div>
    </section>
  )
}

function Watched({ job, onAgain }: { readonly job: Job; readonly onAgain: () => void }) {
  const say = useSay()
  const [fault, setFault] = useState<unknown>(null)
  if (!isOver(job)) {
    return (
      <div className="bundled-running">
        <JobProgress job={job} />
        <Button onClick={() => void call('jobs.cancel', { id: job.id }).catch(setFault)}>{say('cancel')}</Button>
        {fault === null ? null : <FaultNotice fault={fault} />}
      </div>
    )
  }
  if (job.fault !== null) return <FaultNotice fault={job.fault}><Button onClick={onAgain}>{say('bundled.again')}</Button></FaultNotice>
  return <div className="bundled-act"><Button tone="primary" onClick={onAgain}>{say('bundled.again')}</Button><span>{say('bundled.stopped')}</span></div>
}

/** A ghost of what comes: values, and the steps they are put on. */
function Sketch() {
  const bars = [3, 5, 9, 16, 27, 42, 58, 66, 61, 47, 33, 22, 14, 9, 6, 4, 3, 2]
  return (
    <svg className="bundled-sketch" viewBox="0 0 200 120" aria-hidden="true">
      {bars.map((height, index) => <rect key={index} x={12 + index * 10} y={100 - height * 1.2} width={7} height={height * 1.2} rx={1} className={index > 13 ? 'sketch-out' : 'sketch-in'} />)}
      <path d="M8 100.5H192" className="sketch-line" />
      <path d="M150 12V100" className="sketch-threshold" />
      {Array.from({ length: 15 }, (_, index) => <path key={index} d={`M${10 + index * 10} 104v5`} className="sketch-line" />)}
    </svg>
  )
}
