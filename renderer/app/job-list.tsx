import { useState } from 'react'
import { Link } from 'react-router'
import { exportPath } from '../../preload/contract/index.ts'
import { call, useCall, type Job } from '../client.ts'
import { useSay, wordIn } from '../texts/texts.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { EngineText } from '../ui/engine-text.tsx'
import { FaultNotice } from '../ui/fault-notice.tsx'
import { bytes, duration, moment } from '../ui/format.ts'
import { secondsOf } from './foot.tsx'
import { JobProgress } from './job-progress.tsx'
import { isOver } from './live.ts'

/** Jobs, the newest first: progress, log, what does the same in a terminal. */
export function JobList({ onLeave }: { readonly onLeave?: () => void }) {
  const say = useSay()
  const { data, error } = useCall('jobs.list', {})
  if (error !== null) return <FaultNotice fault={error} />
  if (data === undefined) return null
  if (data.jobs.length === 0) return <p className="jobs-none">{say('jobs.none')} <Link to="/" onClick={onLeave}>{say('jobs.none.next')}</Link></p>
  return <ul className="jobs">{data.jobs.map((job) => <li key={job.id}><JobCard job={job} {...(onLeave ? { onLeave } : {})} /></li>)}</ul>
}

function JobCard({ job, onLeave }: { readonly job: Job; readonly onLeave?: () => void }) {
  const say = useSay()
  const [open, setOpen] = useState(false)
  const [fault, setFault] = useState<unknown>(null)
  const detail = useCall('jobs.get', { id: job.id }, { enabled: open || !isOver(job) }).data
  const tone = { queued: 'muted', running: 'accent', done: 'good', failed: 'bad', cancelled: 'muted' }[job.state]
  const shape = { queued: '○', running: '◐', done: '✓', failed: '✕', cancelled: '–' }[job.state]
  return (
    <article className="job" data-state={job.state}>
      <header>
        <h3>{wordIn(say, 'verb', job.kind)}</h3>
        <span className="verdict" data-tone={tone}>{job.paused ? `‖ ${say('job.paused')}` : `${shape} ${wordIn(say, 'status', job.state)}`}</span>
        <span className="job-time number">{job.started === null ? '' : duration(secondsOf(job))}</span>
      </header>
      {isOver(job) ? <p className="job-when number">{moment(job.created, true)}</p> : <JobProgress job={job} />}
      {job.fault === null ? null : <FaultNotice fault={job.fault} />}
      {fault === null ? null : <FaultNotice fault={fault} />}
      {open && detail !== undefined ? <JobLog lines={detail.log} /> : null}
      <footer>
        {job.run !== null && job.state === 'done' ? <Link className="button" to={`/run/${job.run}`} onClick={onLeave}>{say('job.show-run')}</Link> : null}
        {job.transfer?.kind === 'exported' ? <a className="button" href={exportPath(job.transfer.name)} download={job.transfer.name}>{say('job.download')} · {bytes(job.transfer.bytes)}</a> : null}
        {isOver(job) ? null : <Button onClick={() => void call('jobs.pause', { id: job.id, paused: !job.paused }).catch(setFault)}>{say(job.paused ? 'job.resume' : 'job.pause')}</Button>}
        {isOver(job) ? null : <Button onClick={() => void call('jobs.cancel', { id: job.id }).catch(setFault)}>{say('cancel')}</Button>}
        <Button aria-expanded={open} onClick={() => setOpen(!open)}>{say(open ? 'job.hide-log' : 'job.log')}</Button>
        {detail === undefined ? null : <CopyButton text={detail.command} label={say('copy.cli')} />}
      </footer>
    </article>
  )
}

function JobLog({ lines }: { readonly lines: readonly { readonly n: number; readonly time: string; readonly level: string; readonly text: string }[] }) {
  const say = useSay()
  if (lines.length === 0) return <p className="job-when">{say('job.no-log')}</p>
  return (
    <ol className="log mono" tabIndex={0} aria-label={say('job.log')}>
      {lines.map(({ n, time, level, text }) => <li key={n} data-level={level}><time dateTime={time}>{moment(time, true).slice(11)}</time> <EngineText text={text} /></li>)}
    </ol>
  )
}
