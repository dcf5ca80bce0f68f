import { useEffect, useState } from 'react'
import type { Job } from '../client.ts'
import { useSay, wordIn } from '../texts/texts.ts'
import { clock } from '../ui/format.ts'
import { secondsOf } from './foot.tsx'

/** How far a job is: its stage, a bar, what is counted, how long it took and will take. */
export function JobProgress({ job }: { readonly job: Job }) {
  const say = useSay()
  const now = useNow(job.ended === null)
  const { progress } = job
  const stage = job.paused ? say('job.paused') : progress === null ? say(job.state === 'queued' ? 'job.waiting' : 'job.starting') : wordIn(say, 'stage', progress.stage)
  const share = progress === null || progress.total === 0 ? 0 : Math.min(1, progress.done / progress.total)
  return (
    <div className="progress">
      <div className="progress-line">
        <b>{stage}{progress?.part === undefined || job.paused ? null : <span className="mono"> {progress.part}</span>}</b>
        {progress === null ? null : <span className="number">{progress.done}/{progress.total}{progress.unit ? ` ${wordIn(say, 'unit', progress.unit)}` : ''}</span>}
        <span className="progress-space" />
        <span className="number">{clock(secondsOf(job, now))}</span>
        {job.paused || progress === null || progress.remainingMs === null ? null : <span>{say('job.left', { time: clock(progress.remainingMs / 1000) })}</span>}
      </div>
      <div className="progress-track" role="progressbar" aria-label={stage} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
        <div style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  )
}

/** The time, told anew every second while it matters. */
function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [running])
  return now
}
