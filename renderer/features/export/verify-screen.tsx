import type { ReactNode } from 'react'
import { Screen } from '../../app/screen.tsx'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { fileName, modelName, moment, shortRun } from '../../ui/format.ts'
import { useAddress } from '../../ui/use-address.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { FilePanel } from './file-panel.tsx'
import { JobPart } from '../../app/job-part.tsx'
import { useNamedJob } from '../../app/use-named-job.ts'
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
          <BundlePanel bundle={bundle} onBundle={(next) => set({ bundle: next, check: '', verified: '' })} />
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

interface BundlePanelProps {
  readonly bundle: string
  readonly onBundle: (path: string) => void
}

/** Which bundle: of this workspace, dropped, chosen, or by its path. */
function BundlePanel({ bundle, onBundle }: BundlePanelProps) {
  const say = useSay()
  const { data } = useCall('export.recent', {}, { staleTime: 0 })
  const recent = data?.bundles ?? []
  return (
    <FilePanel
      title={say('verify.bundle')} ending=".zip" choose={say('verify.bundle.choose')} onPath={onBundle}
      refused={{ code: 'input.bundle', what: 'none of these files is a .zip', next: 'Give the bundle as one .zip; the path of a folder can be typed.' }}
    >
      <label className="export-path"><span className="unseen">{say('verify.bundle.path')}</span><textarea className="field mono" rows={3} value={bundle} spellCheck={false} placeholder={say('verify.bundle.hint')} onChange={(event) => onBundle(event.target.value.replaceAll('\n', ''))} /></label>
      {recent.length === 0 ? null : (
        <div className="verify-recent">
          <h3>{say('verify.recent')}</h3>
          <ul>
            {recent.map(({ out, board, created, model, of, run }) => (
              <li key={run}>
                <button type="button" aria-pressed={out === bundle} title={out} onClick={() => onBundle(out)}>
                  <b>{modelName(model)}</b> <span>{board}</span>
                  <span className="muted number">{moment(created)}{of === null ? '' : ` · ${shortRun(of)}`}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </FilePanel>
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
  return (
    <FilePanel
      title={say('verify.dump')} ending=".npz" choose={say('verify.dump.choose')} onPath={onDump} acts={dump === '' ? null : <Button onClick={() => onDump('')}>{say('verify.dump.without')}</Button>}
      refused={{ code: 'samples.npz', what: 'none of these files is an .npz', next: 'Save the outputs of the board with numpy.savez.' }}
    >
      <p className="panel-text">{say('verify.dump.what')}</p>
      {dump === '' ? null : <p className="mono export-out" title={dump}>{fileName(dump)}</p>}
      <label className="verify-golden"><span>{say('verify.golden')}</span>
        {inputs.length === 0 ? <input className="field number" type="number" min={0} max={999} value={golden} onChange={(event) => onGolden(Math.max(0, Math.min(999, Math.trunc(event.target.valueAsNumber) || 0)))} /> : (
          <select className="field" value={golden} onChange={(event) => onGolden(Number(event.target.value))}>{inputs.map((name, index) => <option key={name} value={index}>{name}</option>)}</select>
        )}
      </label>
    </FilePanel>
  )
}
