import type { ExportPlace } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes } from '../../ui/format.ts'
import { Segmented } from '../../ui/segmented.tsx'
import type { NamedJob } from '../../app/use-named-job.ts'
import { JobPart } from '../../app/job-part.tsx'

interface DestinationPanelProps {
  readonly out: string
  readonly place: ExportPlace | undefined
  /** Why it could not be asked. */
  readonly placeFault: unknown
  /** What the bundle takes, about. */
  readonly needs: number | undefined
  /** Checks that failed. */
  readonly errors: number
  readonly force: boolean
  readonly work: NamedJob
  readonly onOut: (out: string) => void
  readonly onForce: (force: boolean) => void
}

const isZip = (out: string): boolean => /\.zip$/i.test(out)

/** Where the bundle goes, what stands there, and whether it goes there although a check failed. */
export function DestinationPanel({ out, place, placeFault, needs, errors, force, work, onOut, onForce }: DestinationPanelProps) {
  const say = useSay()
  const fault = placeFault ?? place?.fault ?? null
  return (
    <section className="panel export-place" aria-label={say('export.place')}>
      <header className="panel-head">
        <h2 className="panel-title">{say('export.place')}</h2>
        <Segmented label={say('export.kind')} value={isZip(out) ? 'zip' : 'folder'} onChange={(kind) => { if ((kind === 'zip') !== isZip(out)) onOut(kind === 'zip' ? `${out.replace(/\/+$/, '')}.zip` : out.replace(/\.zip$/i, '')) }} choices={[{ value: 'zip', name: say('export.kind.zip') }, { value: 'folder', name: say('export.kind.folder') }]} />
      </header>
      <label className="export-path"><span className="unseen">{say('export.path')}</span><textarea className="field mono" rows={3} value={out} spellCheck={false} aria-invalid={fault !== null} onChange={(event) => onOut(event.target.value.replaceAll('\n', ''))} /></label>
      {place === undefined || fault !== null ? null : (
        <p className="panel-text export-facts">
          <span>{place.replaces ? <><span className="verdict" data-tone="warning">!</span> {say('export.replaces')}</> : <><span className="verdict" data-tone="good">✓</span> {say('export.is-new')}</>}</span>
          <span className="number">{needs === undefined ? null : `${say('export.needs', { bytes: bytes(needs) })}, `}{say('export.free', { free: bytes(place.freeBytes) })}</span>
        </p>
      )}
      {fault === null ? null : <FaultNotice fault={fault} />}
      {errors === 0 ? null : (
        <div className="export-force">
          <label className="check"><input type="checkbox" checked={force} onChange={(event) => onForce(event.target.checked)} /> {say('export.force', { count: errors })}</label>
          <p>{say('export.force.what')}</p>
        </div>
      )}
      <JobPart work={work} cancelled={say('export.cancelled')} />
    </section>
  )
}
