import { JobProgress } from './job-progress.tsx'
import { isOver } from './live.ts'
import { useSay } from '../texts/texts.ts'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/fault-notice.tsx'
import type { NamedJob } from './use-named-job.ts'
import './job-part.css'

/** A job under way with its progress, or how it ended where it did not end well. */
export function JobPart({ work: { job, fault, cancel }, cancelled }: { readonly work: NamedJob; readonly cancelled: string }) {
  const say = useSay()
  return (
    <>
      {job === undefined || isOver(job) ? null : <div className="job-part"><JobProgress job={job} /><Button onClick={cancel}>{say('cancel')}</Button></div>}
      {job?.state === 'cancelled' ? <p className="panel-text" role="status"><span className="verdict" data-tone="muted">–</span> {cancelled}</p> : null}
      {job?.state !== 'failed' || job.fault === null ? null : <FaultNotice fault={job.fault} />}
      {fault === null ? null : <FaultNotice fault={fault} />}
    </>
  )
}
