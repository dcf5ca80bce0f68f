import { Link } from 'react-router'
import { JobProgress } from '../../app/job-progress.tsx'
import { isOver } from '../../app/live.ts'
import type { RewritePreview, RewriteStep } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes, grouped, shortRun, significant } from '../../ui/format.ts'
import { verdictText } from '../../ui/proof-verdict.ts'
import { costOf } from './matches.ts'
import type { Proved, ProofFacts } from './proved.ts'
import type { RewriteJob } from './use-rewrite-job.ts'

interface ProofPanelProps {
  readonly preview: RewritePreview | undefined
  readonly proved: Proved | null
  readonly work: RewriteJob
  /** Where pictures are compared. */
  readonly compareTo: string
}

/** What is proved of the ticked rewrites, a card each, and the job that proves them. */
export function ProofPanel({ preview, proved, work, compareTo }: ProofPanelProps) {
  const say = useSay()
  const { job } = work
  const steps = preview?.steps ?? []
  const hasProofs = steps.some(({ kind }) => kind === 'rewrite')
  return (
    <section className="panel rewrite-proofs" data-grows aria-label={say('rewrite.proofs')}>
      <header className="panel-head"><h2 className="panel-title">{say('rewrite.proofs')}</h2>{proved === null ? null : <Link to={`/run/${proved.run}`} title={proved.run}>{say('rewrite.proved.run', { run: shortRun(proved.run) })}</Link>}</header>
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
        {steps.map((step, index) => <StepCard key={`${index} ${step.rewrite}`} step={step} proof={proved?.proofs[index]} compareTo={compareTo} />)}
        {hasProofs ? <p className="panel-foot">{say('rewrite.tried')}</p> : null}
      </div>
    </section>
  )
}

function StepCard({ step, proof, compareTo }: { readonly step: RewriteStep; readonly proof: ProofFacts | null | undefined; readonly compareTo: string }) {
  const say = useSay()
  const { macs, bytesMoved, channelPeak } = costOf(step.matches)
  const signed = (value: number | null, write: (size: number) => string): string | null => (value === null || value === 0 ? null : `${value < 0 ? '−' : '+'}${write(Math.abs(value))}`)
  const facts: readonly (readonly [string, string | null])[] = [
    [say('rewrite.proof.nodes'), String(step.matches.length)],
    ...(proof ? [
      [say('rewrite.proof.inputs'), String(proof.inputs)] as const,
      [say('rewrite.proof.max-abs'), significant(proof.maxAbs)] as const,
      [say('rewrite.proof.borders'), say(proof.borders ? 'rewrite.proof.borders.in' : 'rewrite.proof.borders.out')] as const,
    ] : []),
    ['MACs', signed(macs, grouped)],
    [say('rewrite.proof.bytes'), signed(bytesMoved, bytes)],
    [say('rewrite.proof.peak'), channelPeak === null ? null : String(channelPeak)],
  ]
  return (
    <article className="proof-card" data-kind={step.kind} aria-label={step.rewrite}>
      <header><h3 className="mono">{step.rewrite}</h3><Verdict kind={step.kind} proof={proof} /></header>
      {step.kind === 'repair' ? <p className="proof-repair">{say('rewrite.repair.effect')} <Link to={compareTo}>{say('rewrite.repair.compare')}</Link></p> : null}
      <dl className="facts">{facts.map(([name, value]) => (value === null ? null : <div key={name}><dt>{name}</dt><dd className="number">{value}</dd></div>))}</dl>
    </article>
  )
}

function Verdict({ kind, proof }: { readonly kind: RewriteStep['kind']; readonly proof: ProofFacts | null | undefined }) {
  const say = useSay()
  if (kind === 'repair') return <span className="proof-verdict" data-verdict="repair"><span aria-hidden="true">⚠</span> {say('rewrite.repair')}</span>
  if (!proof) return <span className="proof-verdict" data-verdict="open"><span aria-hidden="true">○</span> {say('rewrite.verdict.open')}</span>
  const { shape, text, what } = verdictText(proof.verdict)
  return <span className="proof-verdict" data-verdict={proof.verdict} title={say(what)}><span aria-hidden="true">{shape}</span> {say(text)}</span>
}
