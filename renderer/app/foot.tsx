import { useCall, type AppInfo, type Job } from '../client.ts'
import { useSay, wordIn, type Say } from '../texts/texts.ts'
import { bytes, clock, duration } from '../ui/format.ts'
import { useFrame } from './frame-context.ts'
import { workspaceName } from './names.ts'
import { isOver, useJobs } from './live.ts'
import { changeSettings, LANGUAGES, useSettings } from './settings.ts'
import { useInstructions } from './use-instructions.ts'

const LANGUAGE_NAMES = { en: 'EN', zh: '中文' } as const

export function Foot() {
  const say = useSay()
  const { openJobs } = useFrame()
  const { language } = useSettings()
  const info = useCall('app.info', {}, { refetchInterval: 15_000 }).data
  const jobs = useJobs()
  const shown = jobs.find((job) => job.state === 'running') ?? jobs[0]
  return (
    <footer className="foot">
      <button type="button" className="foot-job" onClick={openJobs} data-state={shown?.state}>{shown === undefined ? say('jobs.none-yet') : jobLine(say, shown)}</button>
      <span className="foot-space" />
      {info === undefined ? null : <Facts info={info} />}
      <span className="foot-languages" role="group" aria-label={say('language')}>
        {LANGUAGES.map((each) => (
          <button key={each} type="button" lang={each} aria-pressed={each === language} onClick={() => changeSettings({ language: each })}>{LANGUAGE_NAMES[each]}</button>
        ))}
      </span>
    </footer>
  )
}

function Facts({ info }: { readonly info: AppInfo }) {
  const say = useSay()
  const instructions = useInstructions()
  return (
    <>
      {info.writable ? null : <span className="foot-fact" data-tone="warning">{say('foot.read-only')}</span>}
      <span className="foot-fact foot-engine" title={info.cpu}>{[say('foot.cpu'), say('foot.threads', { count: info.threads }), instructions].filter(Boolean).join(' · ')}</span>
      <span className="foot-fact">{say('foot.memory', { free: bytes(info.memoryBytes.free), total: bytes(info.memoryBytes.total) })}</span>
      <span className="foot-fact">{say('foot.disk', { free: bytes(info.diskFreeBytes) })}</span>
      <span className="foot-fact" title={info.workspace}>{say('foot.workspace', { name: workspaceName(info.workspace) })}</span>
    </>
  )
}

/** How far a job is, in one line. */
export function jobLine(say: Say, job: Job): string {
  const kind = wordIn(say, 'verb', job.kind)
  if (job.state === 'queued') return say('job.queued', { kind, position: job.position })
  if (isOver(job)) return `${job.state === 'done' ? '✓' : job.state === 'failed' ? '✕' : '–'} ${kind} ${wordIn(say, 'status', job.state)} · ${duration(secondsOf(job))}`
  const { progress } = job
  if (job.paused) return `‖ ${kind} · ${say('job.paused')}`
  if (progress === null) return `◐ ${kind} · ${say('job.starting')}`
  const left = progress.remainingMs === null ? '' : ` · ${say('job.left', { time: clock(progress.remainingMs / 1000) })}`
  return `◐ ${kind} · ${wordIn(say, 'stage', progress.stage)} ${progress.done}/${progress.total}${left}`
}

/** Seconds from a job's start to its end, or to now. */
export const secondsOf = (job: Job, now = Date.now()): number =>
  job.started === null ? 0 : ((job.ended === null ? now : Date.parse(job.ended)) - Date.parse(job.started)) / 1000
