import { Link } from 'react-router'
import { JobProgress } from '../../app/job-progress.tsx'
import { isOver } from '../../app/live.ts'
import type { RewritePreview } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { shortRun } from '../../ui/format.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { ProofCard } from './proof-card.tsx'
import type { Proved } from './proved.ts'
import type { RewriteJob } from './use-rewrite-job.ts'

interface ProofPanelProps {
  readonly preview: RewritePreview | undefined
  readonly proved: Proved | null
  readonly work: RewriteJob
  /** Proves the same plan once more, as a run of its own. */
  readonly onAgain: () => void
}

/** What is proved of the ticked rewrites, a card each, and the job that proves them. Repairs stand elsewhere: nothing of them is proved. */
export function ProofPanel({ preview, proved, work, onAgain }: ProofPanelProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const { job } = work
  const steps = preview?.steps ?? []
  const hasProofs = steps.some(({ kind }) => kind === 'rewrite')
  // Where only repairs are ticked there is nothing to prove; their job and what went wrong with it is still told.
  const isTold = work.isRunning || job?.state === 'cancelled' || (job?.fault ?? work.fault ?? null) !== null
  const onlyRepairs = steps.length > 0 && !hasProofs
  if (onlyRepairs && !isTold) return null
  return (
    <section className="panel rewrite-proofs" data-grows aria-label={say(onlyRepairs ? 'rewrite.job' : 'rewrite.proofs')}>
      <header className="panel-head">
        <h2 className="panel-title">{say(onlyRepairs ? 'rewrite.job' : 'rewrite.proofs')}</h2>
        {proved === null ? null : <Link to={`/run/${proved.run}`} title={proved.run}>{say('rewrite.proved.run', { run: shortRun(proved.run) })}</Link>}
        <span className="bar-space" />
        {proved?.isWhole === true && hasProofs ? <Button tone="quiet" disabled={work.isRunning || whyNot !== undefined} title={whyNot ?? say('rewrite.again.what')} onClick={onAgain}>{say('rewrite.again')}</Button> : null}
      </header>
      <div className="proof-scroll" tabIndex={0} role="region" aria-label={say('rewrite.proofs.each')}>
        {job === undefined || isOver(job) ? null : <div className="proof-job"><JobProgress job={job} /><Button onClick={work.cancel}>{say('cancel')}</Button></div>}
        {job?.state === 'cancelled' ? <p className="panel-text"><span className="verdict" data-tone="muted">–</span> {say('rewrite.job.cancelled')}</p> : null}
        {job?.fault === undefined || job.fault === null ? null : (
          <>
            {job.fault.code === 'model.rewrite-broken' ? <p className="proof-verdict" data-verdict="broken"><span aria-hidden="true">✕</span> {say('rewrite.verdict.broken')}</p> : null}
            <FaultNotice fault={job.fault} />
          </>
        )}
        {work.fault === null ? null : <FaultNotice fault={work.fault} />}
        {steps.length === 0 ? <p className="panel-text">{say('rewrite.nothing-ticked')}</p> : null}
        {hasProofs && proved === null ? <p className="proof-none"><span aria-hidden="true">○</span> {say('rewrite.not-proved')}</p> : null}
        {proved !== null && !proved.isWhole ? <p className="proof-none"><span aria-hidden="true">!</span> {say('rewrite.partly-proved')}</p> : null}
        {steps.map((step, index) => (step.kind === 'rewrite' ? <ProofCard key={`${index} ${step.rewrite}`} step={step} proof={proved?.proofs[index] ?? undefined} /> : null))}
        {hasProofs ? <p className="panel-foot">{say('rewrite.tried')}</p> : null}
      </div>
    </section>
  )
}
