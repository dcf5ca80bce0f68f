import { useEffect, useRef, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { secondsOf } from '../../app/foot.tsx'
import { JobProgress } from '../../app/job-progress.tsx'
import { isOver } from '../../app/live.ts'
import { call, useCall, type JobDetail, type MethodRow } from '../../client.ts'
import { useSay, wordIn, type Say } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes, clock, duration, NOTHING } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { changed } from '../../ui/search.ts'
import { shownValue } from './draft.ts'
import { LivePanel } from './live-panel.tsx'
import { LogPanel } from './log-panel.tsx'
import { stagesOf, type Stage } from './stages.ts'

interface RunStepProps {
  readonly job: string | null
  /** The job reached its end while it was watched here. */
  readonly onDone: (job: JobDetail) => void
  readonly onAgain: () => void
}

/** The job as it goes: what it does, how fast, what it sees, what it says; how to stop it, and what to do when it stopped. */
export function RunStep({ job: id, onDone, onAgain }: RunStepProps) {
  const say = useSay()
  const [parameters] = useSearchParams()
  const to = (step: string): { search: string } => ({ search: `?${changed(parameters, { step }).toString()}` })
  const { data: job, error } = useCall('jobs.get', { id: id ?? '' }, { enabled: id !== null })
  const watched = useRef<string | null>(null)
  useEffect(() => {
    if (job === undefined) return
    if (!isOver(job)) watched.current = job.id
    else if (job.state === 'done' && watched.current === job.id) {
      watched.current = null
      onDone(job)
    }
  }, [job, onDone])
  if (id === null) return <Empty title={say('calibrate.run.none')}><Link className="button" data-tone="primary" to={to('review')}>{say('calibrate.run.review')}</Link></Empty>
  if (error !== null) return <FaultNotice fault={error}><Link className="button" to={to('review')}>{say('calibrate.run.review')}</Link><Link className="button" to="/history">{say('history')}</Link></FaultNotice>
  if (job === undefined) return null
  const stages = stagesOf(job)
  const isPast = isOver(job) || stages.some(({ stage, state }) => stage === 'observe' && state === 'done')
  return (
    <div className="wizard-run">
      <div className="wizard-column">
        <Panel title={say('calibrate.progress')}>
          <div className="run-now">
            {isOver(job) ? <Ended job={job} to={to} onAgain={onAgain} /> : <Running job={job} />}
            <Spoken job={job} />
          </div>
        </Panel>
        <Panel title={say('calibrate.stages')} grows><Stages stages={stages} rows={job.runs} /></Panel>
      </div>
      <div className="wizard-column">
        <LivePanel live={job.live} isPast={isPast} />
        <LogPanel lines={job.log} />
      </div>
    </div>
  )
}

function Running({ job }: { readonly job: JobDetail }) {
  const say = useSay()
  const [fault, setFault] = useState<unknown>(null)
  const { progress } = job
  const remainingMs = progress?.remainingMs ?? null
  const rate = progress === null || progress.stageMs < 200 || progress.done === 0 || progress.unit !== 'pictures' ? null : (progress.done * 1000) / progress.stageMs
  const facts: readonly (readonly [string, string])[] = [
    [say('calibrate.rate'), rate === null ? NOTHING : rate.toFixed(rate < 10 ? 1 : 0)],
    [say('calibrate.left'), remainingMs === null ? NOTHING : clock(remainingMs / 1000)],
    [say('record.memory'), progress?.memoryBytes === undefined ? NOTHING : bytes(progress.memoryBytes)],
  ]
  return (
    <>
      <JobProgress job={job} />
      <dl className="run-facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="number">{value}</dd></div>)}</dl>
      <div className="run-acts">
        <Button onClick={() => void call('jobs.pause', { id: job.id, paused: !job.paused }).catch(setFault)}>{say(job.paused ? 'job.resume' : 'job.pause')}</Button>
        <Button onClick={() => void call('jobs.cancel', { id: job.id }).catch(setFault)}>{say('cancel')}</Button>
        <Link className="button" to="/" title={say('calibrate.background.what')}>{say('calibrate.background')}</Link>
      </div>
      {fault === null ? null : <FaultNotice fault={fault} />}
    </>
  )
}

interface EndedProps {
  readonly job: JobDetail
  readonly to: (step: string) => { search: string }
  readonly onAgain: () => void
}

function Ended({ job, to, onAgain }: EndedProps) {
  const say = useSay()
  if (job.state === 'done') {
    return (
      <div className="run-acts">
        <span className="verdict" data-tone="good">✓ {say('calibrate.run.done', { time: duration(secondsOf(job)) })}</span>
        <Link className="button" data-tone="primary" to={to('result')}>{say('calibrate.run.result')}</Link>
      </div>
    )
  }
  const again = <><Button onClick={onAgain}>{say('calibrate.run.again')}</Button><Link className="button" to={to('review')}>{say('calibrate.run.review')}</Link></>
  if (job.fault !== null) return <FaultNotice fault={job.fault}>{again}</FaultNotice>
  return (
    <>
      <p><span className="verdict" data-tone="muted">– {say('calibrate.run.stopped')}</span> {job.runs.length === 0 ? say('bundled.stopped') : say('calibrate.run.kept', { methods: job.runs.map(({ method }) => method).join(', ') })}</p>
      <div className="run-acts">{again}{job.runs.length === 0 ? null : <Link className="button" to={to('result')}>{say('calibrate.run.measured')}</Link>}</div>
    </>
  )
}

const SHAPES: Readonly<Record<Stage['state'], string>> = { done: '✓', running: '◐', open: '○', stopped: '✕' }

function Stages({ stages, rows }: { readonly stages: readonly Stage[]; readonly rows: readonly MethodRow[] }) {
  const came = (method: string): string => rows.filter((row) => row.method === method).map((row) => `${shownValue(row, 'simulated')}${row.unit === 'ratio' ? '' : ` ${row.unit}`}`).join('')
  const say = useSay()
  return (
    <ol className="stages" tabIndex={0} aria-label={say('calibrate.stages')}>
      {stages.map(({ stage, part, state, seconds }) => (
        <li key={`${stage} ${part ?? ''}`} data-state={state} aria-current={state === 'running' ? 'step' : undefined}>
          <span aria-hidden="true">{SHAPES[state]}</span> <span>{wordIn(say, 'stage', stage)}{part === null ? null : <span className="mono"> {part}</span>}<span className="unseen"> {say(`calibrate.stage.${state}`)}</span>{part === null || stage !== 'compare' ? null : <span className="number muted">{came(part)}</span>}</span>
          <span className="number">{seconds === null ? '' : duration(seconds)}</span>
        </li>
      ))}
    </ol>
  )
}

const SPEAK_EVERY_MS = 5000

/** What a listener hears of the job: where it is, at most every five seconds, and how it ended. */
function Spoken({ job }: { readonly job: JobDetail }) {
  const say = useSay()
  const now = spoken(say, job)
  const latest = useRef(now)
  const [heard, setHeard] = useState(now)
  useEffect(() => {
    latest.current = now
  }, [now])
  useEffect(() => {
    const timer = setInterval(() => setHeard(latest.current), SPEAK_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return <p className="unseen" aria-live="polite">{isOver(job) ? now : heard}</p>
}

function spoken(say: Say, { state, progress }: JobDetail): string {
  if (state !== 'running' || progress === null) return wordIn(say, 'status', state)
  return [wordIn(say, 'stage', progress.stage), progress.part, `${progress.done}/${progress.total}`].filter(Boolean).join(' ')
}
