import { IconDownload } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { ExportedBundle, VerifiedBundle } from '../../../preload/contract/index.ts'
import { artifactPath } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { bytes, fileName, shortRun } from '../../ui/format.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { JobPart } from '../../app/job-part.tsx'
import type { NamedJob } from '../../app/use-named-job.ts'

interface WrittenPanelProps {
  /** Of the export. */
  readonly run: string
  readonly bundle: ExportedBundle
  /** It was written just now, from this screen. */
  readonly isNew: boolean
  readonly verified: VerifiedBundle | undefined
  readonly checking: NamedJob
  readonly onVerify: () => void
  readonly toVerify: string
}

/** What was written, where it is, and whether it was found whole afterwards. */
export function WrittenPanel({ run, bundle, isNew, verified, checking, onVerify, toVerify }: WrittenPanelProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const title = say(isNew ? 'export.written' : 'export.written.last')
  const { out, kind, present, sha256, forced, files } = bundle
  return (
    <section className="panel export-written" aria-label={title}>
      <header className="panel-head"><h2 className="panel-title">{title}</h2><Link to={`/run/${run}`} title={run}>{say('export.written.run', { run: shortRun(run) })}</Link></header>
      <p className="mono export-out">{out}</p>
      <p className="panel-text export-facts">
        <span className="number">{say('export.written.files', { count: files.length, bytes: bytes(bundle.bytes) })}</span>
        <span className="mono" title={sha256}>SHA-256 {sha256.slice(0, 12)}</span>
        {forced ? <span className="verdict" data-tone="warning">! {say('export.written.forced')}</span> : null}
      </p>
      {present ? null : <p className="panel-text"><span className="verdict" data-tone="warning">!</span> {say('export.written.gone')}</p>}
      <div className="export-verdict" role="status">
        {checking.isRunning ? <p>{say('export.verifying')}</p> : verified === undefined ? <p className="muted">{say('export.not-verified-yet')}</p> : (
          <>
            <p className="export-word" data-tone={verified.passed ? 'good' : 'bad'}>{verified.passed ? '✓' : '✕'} {say(verified.passed ? 'export.verified' : 'export.not-verified')}</p>
            <p className="muted">{say('export.verified.golden', { passed: verified.golden.filter(({ passed }) => passed).length, count: verified.golden.length })}</p>
          </>
        )}
      </div>
      <JobPart work={checking} cancelled={say('verify.cancelled')} />
      <div className="export-acts">
        <Button disabled={!present || checking.isRunning || whyNot !== undefined} title={whyNot} onClick={onVerify}>{say(verified === undefined ? 'export.verify-now' : 'export.verify-again')}</Button>
        <CopyButton text={out} label={say('export.copy-path')} />
        <CopyButton text={sha256} label={say('export.copy-hash')} />
        {kind === 'zip' && present ? <a className="button" href={artifactPath(run, 'bundle')} download={fileName(out)}><IconDownload size={15} aria-hidden /> {say('export.download')}</a> : null}
        <Link className="button" to={toVerify}>{say('export.to-verify')}</Link>
      </div>
    </section>
  )
}
