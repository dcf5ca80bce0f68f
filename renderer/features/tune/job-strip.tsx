import type { TuneMode } from '../../../preload/contract/index.ts'
import { JobProgress } from '../../app/job-progress.tsx'
import { isOver } from '../../app/live.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import type { TuneJob } from './use-tune-job.ts'

const NAMES: Readonly<Record<TuneMode, TextKey>> = { sensitivity: 'tune.job.sensitivity', search: 'tune.job.search', pareto: 'tune.job.pareto', try: 'tune.job.try' }

/** The job under way: how far it is, how to let it rest, and how to end it. */
export function JobStrip({ work }: { readonly work: TuneJob }) {
  const say = useSay()
  const { job, mode, fault } = work
  return (
    <>
      {fault === null ? null : <FaultNotice fault={fault} />}
      {job === undefined || mode === null ? null : isOver(job) ? (job.fault === null ? null : <FaultNotice fault={job.fault} />) : (
        <section className="panel tune-job" aria-label={say(NAMES[mode])}>
          <b>{say(NAMES[mode])}</b>
          <JobProgress job={job} />
          <Button onClick={work.pause}>{say(job.paused ? 'job.resume' : 'job.pause')}</Button>
          <Button onClick={work.cancel} title={mode === 'search' ? say('tune.stop.what') : undefined}>{say(mode === 'search' ? 'tune.stop' : 'cancel')}</Button>
        </section>
      )}
    </>
  )
}
