import { useRef, useState, type ReactNode } from 'react'
import { Screen } from '../../app/screen.tsx'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { useUpload } from '../../use-upload.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes, fileName } from '../../ui/format.ts'
import { useAddress } from '../../ui/use-address.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { JobPart } from './job-part.tsx'
import { useNamedJob } from './use-named-job.ts'
import { VerifyReport } from './verify-report.tsx'

/** A bundle, whoever wrote it, checked again; and what a board gave, compared with our simulation. */
export function VerifyScreen({ tools }: { readonly tools: ReactNode }) {
  const say = useSay()
  const whyNot = useWhyNot()
  const [parameters, set] = useAddress()
  const [bundle, dump] = [parameters.get('bundle') ?? '', parameters.get('dump') ?? '']
  const golden = /^\d{1,3}$/.test(parameters.get('golden') ?? '') ? Number(parameters.get('golden')) : 0
  const work = useNamedJob('verify', parameters.get('check'), (check) => set({ check, verified: '' }))
  const seen = work.job?.state === 'done' ? work.job.run : parameters.get('verified')
  const { data: verified, error } = useCall('export.verified', { run: seen ?? '' }, { enabled: seen !== null })
  const why = whyNot ?? (bundle === '' ? say('verify.start.none') : undefined)
  const inputs = [...new Set(verified?.golden.map(({ input }) => input))]
  return (
    <Screen
      crumbs={[{ name: say('place.export') }, { name: say('export.view.verify') }]}
      action={
        <Button
          tone="primary" disabled={why !== undefined || work.isRunning} title={why}
          onClick={() => work.start({ kind: 'verify', bundle, ...(dump === '' ? {} : { outputs: dump, golden }) })}
        >
          {say(work.isRunning ? 'export.verifying' : dump === '' ? 'verify.start' : 'verify.start.dump')}
        </Button>
      }
    >
      <div className="export-tools">{tools}</div>
      <div className="verify">
        <div className="verify-form">
          <section className="panel" aria-label={say('verify.bundle')}>
            <header className="panel-head"><h2 className="panel-title">{say('verify.bundle')}</h2></header>
            <label className="export-path"><span className="unseen">{say('verify.bundle.path')}</span><textarea className="field mono" rows={3} value={bundle} spellCheck={false} placeholder={say('verify.bundle.hint')} onChange={(event) => set({ bundle: event.target.value.replaceAll('\n', '') })} /></label>
          </section>
          <DumpPanel dump={dump} golden={golden} inputs={inputs} onDump={(next) => set({ dump: next })} onGolden={(next) => set({ golden: next === 0 ? '' : String(next) })} />
          <JobPart work={work} cancelled={say('verify.cancelled')} />
        </div>
        <div className="verify-found" tabIndex={0} role="region" aria-label={say('export.view.verify')}>
          {error === null ? null : <FaultNotice fault={error} />}
          {verified !== undefined && seen !== null ? <VerifyReport verified={verified} run={seen} /> : (
            <Empty title={say('verify.none')} what={say('verify.none.what')}><span className="muted">{why ?? bundle}</span></Empty>
          )}
        </div>
      </div>
    </Screen>
  )
}

interface DumpPanelProps {
  readonly dump: string
  readonly golden: number
  /** Names of the golden inputs, where they are known. */
  readonly inputs: readonly string[]
  readonly onDump: (path: string) => void
  readonly onGolden: (golden: number) => void
}

/** Takes what a board gave: dropped here, or chosen. */
function DumpPanel({ dump, golden, inputs, onDump, onGolden }: DumpPanelProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const upload = useUpload()
  const picker = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  function take(files: readonly File[]): void {
    const file = files.find(({ name }) => /\.npz$/i.test(name))
    if (file === undefined) upload.refuse({ code: 'samples.npz', what: 'none of these files is an .npz', where: files.map(({ name }) => name).slice(0, 5).join(', '), next: 'Save the outputs of the board with numpy.savez.' })
    else upload.start([file], ([path]) => onDump(path ?? ''))
  }
  return (
    <section
      className="panel verify-dump" aria-label={say('verify.dump')} data-over={isOver || undefined}
      onDragOver={(event) => { event.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)}
      onDrop={(event) => { event.preventDefault(); setOver(false); take([...event.dataTransfer.files]) }}
    >
      <header className="panel-head"><h2 className="panel-title">{say('verify.dump')}</h2></header>
      <p className="panel-text">{say('verify.dump.what')}</p>
      {dump === '' ? null : <p className="mono export-out" title={dump}>{fileName(dump)}</p>}
      {upload.progress === null ? null : <p className="panel-text" role="status">{say('verify.dump.sending', { sent: bytes(upload.progress.sent), total: bytes(upload.progress.total) })}</p>}
      {upload.fault === null ? null : <FaultNotice fault={upload.fault} />}
      <label className="verify-golden"><span>{say('verify.golden')}</span>
        {inputs.length === 0 ? <input className="field number" type="number" min={0} max={999} value={golden} onChange={(event) => onGolden(Math.max(0, Math.min(999, Math.trunc(event.target.valueAsNumber) || 0)))} /> : (
          <select className="field" value={golden} onChange={(event) => onGolden(Number(event.target.value))}>{inputs.map((name, index) => <option key={name} value={index}>{name}</option>)}</select>
        )}
      </label>
      <div className="export-acts">
        <Button disabled={whyNot !== undefined || upload.progress !== null} title={whyNot} onClick={() => picker.current?.click()}>{say('verify.dump.choose')}</Button>
        {dump === '' ? null : <Button onClick={() => onDump('')}>{say('verify.dump.without')}</Button>}
        {upload.progress === null ? null : <Button onClick={upload.stop}>{say('cancel')}</Button>}
      </div>
      <input ref={picker} type="file" accept=".npz" hidden tabIndex={-1} aria-label={say('verify.dump.choose')} onChange={(event) => { take([...(event.target.files ?? [])]); event.target.value = '' }} />
    </section>
  )
}
